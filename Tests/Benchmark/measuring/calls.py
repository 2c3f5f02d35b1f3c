"""Calls of phones, by SIPp."""
import time

from . import sipp
from .gateway import CALLEE_PORT
from .processes import Failure

CALLER_PORT = 6080
# For what follows the last call: retransmissions, and what SIPp waits for.
PATIENCE = 45


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
        """Waits until there are so many."""
        more = count - self.count
        if more <= 0:
            return
        run = begin(self.bench, self.target, self.service, rate, more, 7200, self.port + len(self.runs), f"standing-{self.port + len(self.runs)}")
        self.runs.append(run)
        self.count = count

        def stand():
            if run.failed or run.count("GenericCounter2(C)"):
                raise Failure(f"calls that are to stand fail: {run.errors()}")
            return run.count("GenericCounter1(C)") >= more

        wait_until(stand, more / rate + PATIENCE, f"{more} calls do not come to stand")

    def stop(self):
        for run in self.runs:
            run.stop()


def wait_until(condition, limit, problem):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failure(problem)
        time.sleep(0.1)
