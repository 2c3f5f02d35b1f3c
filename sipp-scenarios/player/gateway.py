"""The gateway that scenarios are played against: one that runs, or one of our own."""
import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import time
import urllib.error
import urllib.request

from .phones import RTP_ABOVE
from .report import Result

USERS = 4
# Of one call: the called phone's, its caller's, and room for video.
PORTS = 8
# What the gateway has for RTP, by its defaults.
GATEWAY_PORTS = range(20_000, 30_000)
READY_WITHIN = 30
IDLE_WITHIN = 45


def port_trouble(plays, first_port):
    """Why phones cannot have the ports from there on; empty where they can."""
    count = PORTS * len(plays)
    if count > RTP_ABOVE:
        return f"{len(plays)} calls take {count} ports, and their RTP begins {RTP_ABOVE} above: play fewer scenarios"
    for first, what in ((first_port, "phones"), (first_port + RTP_ABOVE, "their RTP")):
        ports = f"{first} to {first + count - 1} are for {what}"
        if first + count > 65_536:
            return f"{ports}, and the last port is 65535"
        if first < GATEWAY_PORTS.stop and first + count > GATEWAY_PORTS.start:
            return f"{ports}, and {GATEWAY_PORTS.start} to {GATEWAY_PORTS.stop - 1} for the gateway's RTP"
    return ""


def phone_port(play, first_port):
    """Where a called scenario listens; its RTP has the port 2000 above, video 2 more."""
    return first_port + PORTS * play.number


def caller_port(play, first_port):
    return phone_port(play, first_port) + 4


def phone_name(play):
    """What is dialled to reach a called scenario."""
    return f"phone-{play.number}"


def configuration_parts(plays, address, first_port):
    """The routes to the phones, for a configuration."""
    lines = ["routes:", "  - {match: echo, to: echo}"]
    for play in plays:
        if not play.phone:
            continue
        transport = ";transport=tcp" if play.kind == "tcp" else ""
        srtp = ", srtp: required" if play.kind == "srtp" else ""
        target = f"sip sip:{{user}}@{address}:{phone_port(play, first_port)}{transport}"
        lines.append(f'  - {{match: {phone_name(play)}, from: anyone, to: "{target}"{srtp}}}')
    return "\n".join(lines + ['  - {match: "*", to: user}'])


class RunningGateway:
    """One that somebody else started."""

    def __init__(self, target, api, users):
        host, separator, port = target.rpartition(":")
        if not separator or not port.isdigit():
            raise ValueError(f"--target {target} is not HOST:PORT")
        try:
            self.host = socket.gethostbyname(host)
        except OSError as error:
            raise ValueError(f"--target {target}: {error}") from error
        self.port, self.api, self.is_own = int(port), api, False
        self.users = [tuple(user.split(":", 1)) for user in users]

    async def end(self):
        return []

    async def stop(self):
        """It is not ours to end."""

    def kill(self):
        """Nor this way."""


class OwnGateway:
    """One that lives as long as the scenarios are played."""

    is_own = True

    @classmethod
    async def start(cls, tern, address, plays, first_port, folder):
        self = cls()
        self.host, self.port, self.http = address, free_port(address), free_port("127.0.0.1", udp=False)
        self.password = secrets.token_hex(12)
        self.users = [(f"user-{number}", self.password) for number in range(USERS)]
        self.api = f"ws://127.0.0.1:{self.http}/api"
        self.folder, self.log = folder, folder / "gateway.log"
        file = folder / "tern.yaml"
        file.touch(mode=0o600)
        file.write_text(self.configuration(plays, first_port), encoding="utf-8")
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                tern, "serve", "--config", str(file), stdout=log, stderr=log, start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("TERN_")})
        try:
            await self.ready()
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self.kill()
            await self.stop()
            raise
        return self

    def configuration(self, plays, first_port):
        users = "\n".join(f"  - {{name: {name}, password: {password}}}" for name, password in self.users)
        return f"""sip:
  listen: ["udp:{self.host}:{self.port}", "tcp:{self.host}:{self.port}"]
  domain: {self.host}
http: {{listen: "127.0.0.1:{self.http}"}}
media: {{address: {self.host}}}
janus: {{mode: managed, directory: "{self.folder}/janus"}}
recordings: {{directory: "{self.folder}/recordings"}}
registrar: {{database: ":memory:"}}
records: {{database: memory}}
calls: {{ring_timeout: 6s}}
# Many calls at once on a machine that does other things as well are no overload here.
limits: {{loop_delay: 10s}}
users:
{users}
  - {{name: admin, password: {self.password}, admin: true}}
{configuration_parts(plays, self.host, first_port)}
"""

    async def ready(self):
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self.process.returncode is not None:
                raise RuntimeError(f"the gateway ended at its start:\n{self.last_words()}")
            if (await self.get("/readyz"))[0] == 200:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"the gateway was not ready within {READY_WITHIN} s:\n{self.last_words()}")

    async def get(self, path):
        """The status and body of an answer; (0, '') without one."""
        token = base64.b64encode(f"admin:{self.password}".encode()).decode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", headers={"Authorization": f"Basic {token}"})

        def fetch():
            # Straight to it, whatever proxy the environment names.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            try:
                with opener.open(request, timeout=5) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, ""
            except OSError:
                return 0, ""

        return await asyncio.to_thread(fetch)

    async def end(self):
        """Ends it. A result of its own says whether it held nothing any more, and ended as it should."""
        began = time.monotonic()
        reason = await self.left_over()
        code = await self.stop()
        reason = reason or (f"it ended with code {code}" if code else "")
        return [Result("the gateway is idle afterwards", time.monotonic() - began, reason, self.last_words() if reason else "")]

    async def left_over(self):
        counts, end = {}, time.monotonic() + IDLE_WITHIN
        while time.monotonic() < end and self.process.returncode is None:
            status, body = await self.get("/status")
            if status == 200:
                state = json.loads(body)
                counts = {name: state.get(name) for name in ("calls", "sessions", "sip_legs", "clients") if state.get(name)}
                if not counts:
                    return ""
            await asyncio.sleep(0.2)
        return f"left over: {counts}"

    async def stop(self):
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self.process.wait(), 15)
            except asyncio.TimeoutError:
                self.kill()
                await self.process.wait()
        return self.process.returncode

    def kill(self):
        """Ends it and its Janus at once, without a word."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self):
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def free_port(address, udp=True):
    """A port that nobody has, for TCP and, if need be, UDP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            try:
                if udp:
                    datagrams.bind((address, port))
                return port
            except OSError:
                continue
    raise RuntimeError("no port is free for UDP and TCP")
