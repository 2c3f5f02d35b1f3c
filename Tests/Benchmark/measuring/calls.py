"""Calls of phones, by SIPp."""
import time

from . import sipp
from .gateway import CALLEE_PORT
from .processes import Failure

CALLER_PORT = 6080
# For what follows the last call: retransmissions, and what SIPp waits for.
PATIENCE = 45
# Seconds that a call stands where nobody ends it before.
STAND = 7200
ATTEMPTS = 5
# The part of the calls that have to stand in the end.
ENOUGH = 0.9
# Counters of SIPp's statistics.
ANSWERED, REFUSED = "GenericCounter1(C)", "GenericCounter2(C)"


def media_options(bench):
    """Where phones take media, and where SIPp says that they speak."""
    options = ["-key", "rtp_port", str(bench.rtp_port)]
    if bench.speech:
        options += ["-trace_logs", "-log_file", str(bench.speech)]
    return options


def called_phone(bench):
    """A phone that takes calls until it is stopped."""
    run = sipp.Run(bench.folder, "callee", None, bench.address, CALLEE_PORT, options=["-l", "15000", *media_options(bench)])
    # It has bound its port before it writes anything.
    wait_until(lambda: (run.folder / "statistics").exists(), 10, "SIPp does not start")
    return run


def call(bench, target, service, rate, count, hold, rtt=True, port=CALLER_PORT, name="caller"):
    """Makes so many calls that last `hold` seconds, and waits for their end."""
    run = begin(bench, target, service, rate, count, hold, port, name, rtt)
    run.finish(count / rate + hold + PATIENCE)
    return run


def begin(bench, target, service, rate, count, hold, port, name, rtt=False):
    options = ["-s", service, "-r", str(rate), "-m", str(count), "-l", "15000", "-d", str(int(hold * 1000)), *media_options(bench)]
    return sipp.Run(bench.folder, "caller", target, bench.address, port, name, options, rtt)


class Standing:
    """Calls that stand until they are of no interest any more."""

    def __init__(self, bench, target, service, first_port):
        self.bench, self.target, self.service, self.port = bench, target, service, first_port
        self.runs, self.count = [], 0

    def grow(self, count, rate):
        """Waits until there are so many. Those that are refused because of the load are made again, more slowly."""
        for _ in range(ATTEMPTS):
            more = count - self.count
            if more <= 0:
                return
            port = self.port + len(self.runs)
            run = begin(self.bench, self.target, self.service, rate, more, STAND, port, f"standing-{port}")
            self.runs.append(run)

            def all_have_come():
                ended = run.program.process.poll() is not None
                come = run.count(ANSWERED) + run.count(REFUSED) + run.failed
                if ended and come < more:
                    raise Failure(f"SIPp ({run.name}) has ended: {run.errors()}")
                return come >= more

            wait_until(all_have_come, more / rate + PATIENCE, f"{more} calls do not come to stand")
            self.count += run.count(ANSWERED) - run.failed
            rate = max(5, rate // 2)
            if self.count < count:
                # By then the gateway has found out what it can take.
                time.sleep(5)
        if self.count < count * ENOUGH:
            raise Failure(f"only {self.count} of {count} calls stand: {self.runs[-1].errors()}")

    def stop(self):
        for run in self.runs:
            run.stop()


def wait_until(condition, limit, problem):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failure(problem)
        time.sleep(0.1)
