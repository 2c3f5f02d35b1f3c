"""The phones: SIPp with a scenario, and a caller that looks at nothing but the final status."""
import asyncio
import contextlib
import os
import pathlib
import re
import secrets
import signal
import socket
import sys
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent.parent
LISTENS_WITHIN = 10
RTP_ABOVE = 2000


class Phone:
    """SIPp, playing a scenario once."""

    def __init__(self, scenario, address, port, process, folder):
        self.scenario, self.address, self.port, self.process, self.folder = scenario, address, port, process, folder

    @classmethod
    async def start(cls, scenario, address, port, folder, arguments, rtp=True):
        """`arguments` come last; without `rtp` the scenario judges the signalling alone."""
        folder = folder / f"{scenario.name}-{port}"
        folder.mkdir(parents=True, exist_ok=True)
        command = ["sipp", "-sf", str(scenario.path), "-i", address, "-mi", address, "-p", str(port), "-m", "1", "-nostdin"]
        for kind, file in (("err", "error"), ("logs", "log"), ("msg", "message")):
            command += [f"-trace_{kind}", f"-{file}_file", str(folder / file)]
        if "-rtp_echo" in scenario.options:
            command += ["-mp", str(port + RTP_ABOVE)]
        if not rtp and scenario.has_rtp_port:
            command += ["-set", "rtp_port", str(port + RTP_ABOVE)]
        # Scenarios with RTP start rtp-phone by its name.
        environment = dict(os.environ, PATH=f"{HERE}:{os.environ.get('PATH', '')}", TERM=os.environ.get("TERM", "dumb"))
        with (folder / "screen").open("wb") as screen:
            process = await asyncio.create_subprocess_exec(
                *command, *scenario.options, *arguments, stdout=screen, stderr=screen, stdin=asyncio.subprocess.DEVNULL,
                env=environment, start_new_session=True)
        return cls(scenario, address, port, process, folder)

    async def listens(self):
        """Waits until it has its port."""
        for _ in range(LISTENS_WITHIN * 20):
            if self.process.returncode is not None or self._has_port():
                return
            await asyncio.sleep(0.05)

    def _has_port(self):
        """Whether a socket has its address and port, UDP or, where it plays over TCP, TCP, and is its own as far as can be seen.

        proc_net_udp, proc_net_tcp: address:port in hexadecimal, the address as the machine has it in memory.
        """
        table = "tcp" if {"t1", "tn"} & set(self.scenario.options) else "udp"
        # SIPp listens on all addresses, whatever -i says.
        places = {f"{int.from_bytes(socket.inet_aton(one), sys.byteorder):08X}:{self.port:04X}" for one in (self.address, "0.0.0.0")}
        lines = pathlib.Path(f"/proc/net/{table}").read_text(encoding="ascii", errors="replace").splitlines()[1:]
        found = {fields[9] for fields in map(str.split, lines) if fields[1] in places}
        own = _sockets(self.process.pid)
        return bool(found if own is None else found & own)

    async def reason(self):
        """Waits for its end; why it failed, or an empty text."""
        code = await self.process.wait()
        return "" if code == 0 else f"{self.scenario.name}: {self._why(code)}"

    def kill(self):
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def stop(self):
        self.kill()
        await self.process.wait()

    def details(self):
        """What SIPp said, and the messages."""
        parts = [f"==> {self.scenario.name}: {name}\n{self._text(name)[-8_000:]}" for name in ("error", "log", "message") if self._text(name)]
        return "\n".join(parts)

    def _text(self, name):
        file = self.folder / name
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    @property
    def _words(self):
        """What SIPp 3.6 writes, and what it means; what comes first is the cause of the others."""
        return {
            r"while expecting '(.*?)' .*?received '([^\r\n]*)": lambda match: f"waited for {match[1]}, and got {match[2]}",
            r"Aborting call on an unexpected (\w+)": lambda match: f"got a {match[1]} that it does not wait for",
            r"receive timeout on message .*?:(\d+)": lambda match: f"waited for {self._awaited(int(match[1]))}, and nothing came",
            r"Failed regexp match: looking in '[^']*', with regexp '([^']*)'":
                lambda match: f"a message does not have what it should: {match[1]}",
        }

    def _why(self, code):
        errors, logs = self._text("error"), self._text("log")
        if verdict := re.search(r"RTP of call \d+: (failed.*)", logs):
            return f"RTP {verdict[1].strip()}"
        found = [(match.start(), word(match)) for pattern, word in self._words.items() for match in [re.search(pattern, errors)] if match]
        if found:
            return min(found)[1]
        lines = [line for line in (errors or self._text("screen")).splitlines() if line.strip() and "events occurred" not in line]
        word = f"SIPp was ended by signal {-code}" if code < 0 else f"SIPp ended with code {code}"
        return f"{word}: {lines[-1].strip()[:200]}" if lines else word

    def _awaited(self, index):
        """The messages that the scenario waits for at that place, as `100, 180 or 200`."""
        try:
            root = ElementTree.parse(self.scenario.path).getroot()
        except ElementTree.ParseError:
            return "a message"
        steps = [one for one in root if one.tag in ("send", "recv", "pause", "nop", "timewait")]
        names = []
        for step in steps[index:]:
            if step.tag != "recv":
                break
            names.append(step.get("response") or step.get("request"))
            if step.get("optional") != "true":
                break
        names = list(dict.fromkeys(names))
        return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "a message"


class RefusedCaller:
    """A phone that calls, and looks at nothing but the final status (RFC 3261, section 17.1.1)."""

    def __init__(self, address, port, target, dialled, status):
        self.address, self.target, self.dialled, self.status = address, target, dialled, status
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((address, port))
        self.port, self.branch, self.tag, self.call = port, *(secrets.token_hex(8) for _ in range(3))

    def request(self, method, to, body=""):
        uri = f"sip:{self.dialled}@{self.target[0]}:{self.target[1]}"
        head = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {self.address}:{self.port};rport;branch=z9hG4bK{self.branch}",
                "Max-Forwards: 70", f"From: <sip:caller@{self.address}:{self.port}>;tag={self.tag}", f"To: {to or f'<{uri}>'}",
                f"Call-ID: {self.call}", f"CSeq: 1 {method}", f"Contact: <sip:caller@{self.address}:{self.port}>"]
        head += ["Content-Type: application/sdp"] if body else []
        return "\r\n".join(head + [f"Content-Length: {len(body)}", "", body]).encode()

    async def reason(self):
        """Calls; why it failed, or an empty text."""
        sdp = "\r\n".join(["v=0", f"o=- 1 1 IN IP4 {self.address}", "s=-", f"c=IN IP4 {self.address}", "t=0 0",
                           f"m=audio {self.port + RTP_ABOVE} RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000", ""])
        loop, invite, wait = asyncio.get_running_loop(), self.request("INVITE", "", sdp), 0.5
        await loop.sock_sendto(self.socket, invite, self.target)
        provisional = False
        for _ in range(200):
            try:
                text = (await asyncio.wait_for(loop.sock_recv(self.socket, 65_535), 32 if provisional else wait)).decode(errors="replace")
            except asyncio.TimeoutError:
                if provisional or wait > 16:
                    return "the caller got no final response"
                wait *= 2
                await loop.sock_sendto(self.socket, invite, self.target)
                continue
            first = text.split("\r\n", 1)[0]
            if not first.startswith("SIP/2.0 "):
                continue
            if first.startswith("SIP/2.0 1"):
                provisional = True
                continue
            to = re.search(r"^(?:To|t)\s*:\s*([^\r\n]*)", text, re.MULTILINE | re.IGNORECASE)
            await loop.sock_sendto(self.socket, self.request("ACK", to[1] if to else ""), self.target)
            return "" if first.startswith(f"SIP/2.0 {self.status} ") else f"the caller should get {self.status}, and got {first[8:]}"
        return "the caller got no final response"

    def kill(self):
        self.socket.close()

    async def stop(self):
        self.kill()

    def details(self):
        return ""


def _sockets(process):
    """The numbers of a process' sockets; None where they cannot be seen."""
    try:
        descriptors = list(pathlib.Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return None
    numbers = set()
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            if match := re.fullmatch(r"socket:\[([0-9]+)\]", os.readlink(descriptor)):
                numbers.add(match[1])
    return numbers
