"""What the gateway keeps in memory for a call, a browser and a registration."""
import resource
import time

from . import sipp, tables
from .calls import CALLER_PORT, Standing, call, called_phone
from .gateway import Gateway
from .processes import OTHER, Failure, Program

# What frees later, as timers of SIP transactions (RFC 3261, table 4), is gone after this.
SETTLE = 35


# REGISTERs a second: below what the gateway sheds.
REGISTER_RATE = 200
CALL_RATE = 120
# Connections that are no browsers'.
SPARE = 20


def measure(bench):
    """Each subject has a gateway of its own; all settle at the same time."""
    subjects = []
    try:
        for kind in (Echo, Phones, Browsers, Registrations):
            subjects.append(kind(bench, len(subjects)))
        empty = subjects[0].gateway.resident() / 1000
        for subject in subjects:
            subject.warm()
        time.sleep(bench.option("settle", SETTLE))
        before = [Memory(subject.gateway) for subject in subjects]
        for subject in subjects:
            subject.load()
        time.sleep(bench.option("settle", SETTLE))
        after = [Memory(subject.gateway) for subject in subjects]
        rows = [now.row(then, subject) for now, then, subject in zip(after, before, subjects)]
        tables.keep(empty=empty, **{subject.key: max(now.each(then, subject)) for now, then, subject in zip(after, before, subjects)})
    finally:
        for subject in subjects:
            subject.stop()
    tables.write("memory", ["", "number", "allocated each", "of that for time lines", "memory of the process each", "target"], rows, [
        f"The gateway itself, with nothing to do, has {empty / 1000:.0f} MB. Without media; Janus is not in it. The same was done before with fewer, so that what is made once is not counted: "
        f"{bench.option('warm', 5000):,} short calls, a fiftieth of the browsers, a twentieth of the registrations"])


class Memory:
    """What there is at a moment, in KB."""

    def __init__(self, gateway):
        self.allocated, self.resident = gateway.allocated() / 1000, gateway.resident() / 1000
        self.traces = gateway.figure("tern_trace_memory_bytes") / 1000

    def each(self, before, subject):
        return [(now - then) / subject.count for now, then in
                ((self.allocated, before.allocated), (self.traces, before.traces), (self.resident, before.resident))]

    def row(self, before, subject):
        each = self.each(before, subject)
        target = tables.aim(each[0], most=subject.most, unit=" KB") if subject.most else ""
        return [subject.name, f"{subject.count:,}", *(f"{figure:.1f} KB" for figure in each), target]


class Subject:
    """Something that a gateway keeps many of."""

    most = None

    def __init__(self, bench, number, users=0):
        self.bench, self.number = bench, number
        self.gateway, self.parts = Gateway(bench, f"memory-{number}", 5062 + 2 * number, 8082 + 2 * number, users=users), []

    def stop(self):
        for part in self.parts:
            part.stop()
        self.gateway.stop()


class Echo(Subject):
    name, key, service, most = "call to the echo", "echo_memory", "echo", 40

    def warm(self):
        # Fills what keeps the last calls.
        self.count = self.bench.option("calls", 2000)
        call(self.bench, self.gateway.target, self.service, CALL_RATE, self.bench.option("warm", 5000), 0.2, rtt=False)

    def load(self):
        standing = Standing(self.bench, self.gateway.target, self.service, CALLER_PORT + 100 * (1 + self.number))
        self.parts.insert(0, standing)
        standing.grow(self.count, CALL_RATE)
        self.count = standing.count


class Phones(Echo):
    name, key, service = "call from phone to phone", "phone_memory", "phone"

    def warm(self):
        self.parts.append(called_phone(self.bench))
        super().warm()


class Browsers(Subject):
    name, key, most = "WebSocket that is logged in and idle", "browser_memory", 12

    def __init__(self, bench, number):
        # The gateway gives WebSockets a quarter of its descriptors.
        self.all = min(bench.option("browsers", 10_000), resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4 - SPARE)
        super().__init__(bench, number, users=self.all)

    def warm(self):
        self.program = Program([self.bench.benchmarks, "browsers", f"url=ws://127.0.0.1:{self.gateway.http}/api", f"password={self.gateway.password}"],
                               self.bench.folder / "browsers", OTHER, talks=True)
        self.parts.append(self.program)
        self.program.hear(20)
        self.few = max(1, self.all // 50)
        self.log_in(1, self.few)

    def load(self):
        self.count = self.all - self.few
        self.log_in(self.few + 1, self.all)

    def log_in(self, first, last):
        self.program.say(f"{first} {last}")
        self.program.hear(240)


class Registrations(Subject):
    name, key = "registration", "registration_memory"

    def __init__(self, bench, number):
        self.all = bench.option("registrations", 10_000)
        super().__init__(bench, number, users=self.all)

    def warm(self):
        self.few = max(1, self.all // 20)
        self.register(1, self.few)

    def load(self):
        before = self.gateway.figure("tern_registrations")
        self.register(self.few + 1, self.all)
        # One that was shed is none.
        self.count = int(self.gateway.figure("tern_registrations") - before)
        if self.count < (self.all - self.few) / 2:
            raise Failure(f"only {self.count} of {self.all - self.few} phones could register")

    def register(self, first, last):
        users = self.bench.folder / "users.csv"
        lines = [f"user{number};[authentication username=user{number} password={self.gateway.password}]" for number in range(first, last + 1)]
        users.write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n")
        run = sipp.Run(self.bench.folder, "register", self.gateway.target, self.bench.address, CALLER_PORT, options=[
            "-inf", str(users), "-r", str(REGISTER_RATE), "-m", str(last - first + 1), "-l", "5000"])
        run.finish((last - first + 1) / REGISTER_RATE + 60)
