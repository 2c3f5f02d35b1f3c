"""Users of the gateway, whose browser is played by the program `browser`."""
import asyncio
import contextlib
import json
import os
import pathlib
import signal

from . import needs

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "browser"


class StandIn:
    """The program `browser`, logged in as a user. Its lines are JSON."""

    def __init__(self, process):
        self.process, self.lines, self.failure = process, [], ""

    @classmethod
    async def start(cls, user, api, play, dialled, folder):
        name, password = user
        arguments = [*play.user.actions, *(["video"] if play.user.video else [])]
        log = (folder / f"browser-{play.number}").open("wb")
        with log:
            process = await asyncio.create_subprocess_exec(
                needs.browser_python() or "python3", str(PROGRAM), api, name, dialled, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=dict(os.environ, TERN_PASSWORD=password), start_new_session=True)
        return cls(process)

    async def next(self):
        """The next line; None at the end."""
        line = await self.process.stdout.readline()
        if not line:
            return None
        self.lines.append(line.decode(errors="replace").strip())
        try:
            return json.loads(line)
        except ValueError:
            return {}

    async def logs_in(self):
        """Waits until it is logged in; whether it is."""
        while (line := await self.next()) is not None:
            if line.get("state") == "ready":
                return True
            self.failure = line.get("failed", self.failure)
        return False

    async def reason(self):
        """Waits for its end; why it failed, or an empty text."""
        while (line := await self.next()) is not None:
            self.failure = line.get("failed", self.failure)
        code = await self.process.wait()
        return "" if code == 0 else f"the user's browser: {self.failure or f'it ended with code {code}'}"

    def kill(self):
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def stop(self):
        self.kill()
        await self.process.wait()

    def details(self):
        return "\n".join(["==> the user's browser"] + self.lines)
