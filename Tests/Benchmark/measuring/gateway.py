"""A gateway of the release build, on the processor that is measured."""
import secrets
import time
import urllib.error
import urllib.request

from .processes import MEASURED, OTHER, Failure, Program, descendants, prefer, processor_time, resident

READY_WITHIN = 60
STAND_IN_PORT = 8188
# Of phones that are called.
CALLEE_PORT = 7080


class Gateway:
    """One with a Janus of its own, or with a stand-in that answers at once and has no media.

    The log, records, traces and registrations are as they are by default, in files of this run.
    """

    def __init__(self, bench, name="gateway", port=5062, http=8082, stand_in=True, users=0):
        self.bench, self.port, self.http = bench, port, http
        self.address = bench.address
        self.folder = bench.folder / name
        self.folder.mkdir()
        self.password = secrets.token_hex(12)
        self.stand_in = None
        stand_in_port = STAND_IN_PORT + port
        if stand_in:
            self.stand_in = Program([bench.benchmarks, "stand-in", f"port={stand_in_port}"], self.folder / "stand-in", OTHER, talks=True)
            self.stand_in.hear(READY_WITHIN)
        file = self.folder / "tern.yaml"
        file.touch(mode=0o600)
        file.write_text(self.configuration(stand_in_port, users), encoding="utf-8")
        self.program = Program([bench.tern, "serve", "--config", str(file)], self.folder / "log", MEASURED)
        self.ready()

    def configuration(self, stand_in_port, users):
        if self.stand_in:
            # No phone sends anything, and that is no reason to end a call.
            janus, timeout = f"janus: {{mode: external, urls: ['ws://127.0.0.1:{stand_in_port}/']}}", "0"
        else:
            # As many loops as it has processors.
            janus, timeout = f"janus: {{directory: {self.folder}/janus, event_loops: 1}}", "60"
        # A configuration has 10,000 at most.
        names = [f"user{number}" for number in range(1, users + 1)] or ["browser"]
        accounts = "\n".join(f"  - {{name: {name}, password: {self.password}}}" for name in names)
        return f"""sip:
  listen: ["udp:{self.address}:{self.port}"]
  domain: {self.address}
  maximum_calls: 20000
http: {{listen: "127.0.0.1:{self.http}"}}
media: {{address: {self.address}, rtp_ports: 20000-39999, timeout: {timeout}}}
{janus}
recordings: {{directory: {self.folder}/recordings}}
registrar: {{database: {self.folder}/registrations.sqlite}}
records: {{database: {self.folder}/records.sqlite}}
api: {{sessions_per_user: 10000}}
users:
{accounts}
trunks:
  - {{name: phones, targets: ["sip:{self.address}:7"], from_addresses: [{self.address}], maximum_calls: 20000}}
routes:
  - {{match: echo, to: echo, from: trunk}}
  - {{match: phone, to: "sip sip:phone@{self.address}:{CALLEE_PORT}", from: trunk}}
  - {{match: browser, to: user {names[0]}, from: trunk}}
"""

    @property
    def target(self):
        return f"{self.address}:{self.port}"

    def ready(self):
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self.program.process.poll() is not None:
                break
            if self.get("/readyz") is not None:
                # Its Janus may have a session of its own.
                prefer(descendants(self.program.pid))
                return
            time.sleep(0.1)
        self.stop()
        raise Failure(f"the gateway is not ready:\n{self.program.last_words()}")

    def get(self, path):
        """The answer 200; None for another."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def processor_time(self):
        """Seconds of the gateway's own process."""
        return processor_time([self.program.pid])

    def figure(self, metric):
        """A metric that has no labels."""
        for line in (self.get("/metrics") or "").splitlines():
            if line.startswith(metric + " "):
                return float(line.split()[1])
        raise Failure(f"the gateway does not tell {metric}")

    def allocated(self):
        """Bytes that it has allocated."""
        return self.figure("tern_allocated_memory_bytes")

    def resident(self):
        return resident(self.program.pid)

    def stop(self):
        """Its calls are of no interest any more: it is not asked to wait for them."""
        self.program.stop(gently=False)
        if self.stand_in:
            self.stand_in.stop()
