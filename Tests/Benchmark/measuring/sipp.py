"""SIPp, and what its statistics say."""
import pathlib
import shutil

from .processes import OTHER, Failure, Program

SCENARIOS = pathlib.Path(__file__).resolve().parent.parent / "scenarios"


class Run:
    """SIPp playing a scenario of this folder."""

    def __init__(self, folder, scenario, target, address, port, name=None, options=(), rtt=False):
        self.name, self.rtt = name or scenario, rtt
        self.folder = folder / f"sipp-{self.name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        command = ["sipp", *([target] if target else []), "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", address, "-p", str(port), "-nostdin",
                   "-trace_err", "-error_file", str(self.folder / "errors"), "-trace_stat", "-stf", str(self.folder / "statistics"), "-fd", "1", *options]
        if rtt:
            command += ["-trace_rtt", "-rtt_freq", "1"]
        # SIPp writes the times where it is started.
        command = ["env", "-C", str(self.folder), *command]
        self.program = Program(command, self.folder / "output", OTHER)

    def finish(self, within):
        """Waits for its end. Calls that failed are in the statistics; that it did not play is a failure."""
        code, self.processor_time = self.program.wait_and_account(within)
        if code not in (0, 1):
            raise Failure(f"SIPp ({self.name}) ended:\n{self.program.last_words()}\n{self.errors()}")

    def stop(self):
        self.program.stop(gently=False)

    def errors(self):
        try:
            return (self.folder / "errors").read_text(errors="replace")[-2000:]
        except OSError:
            return ""

    def count(self, column):
        """A column of the last row of its statistics; 0 before there is one."""
        try:
            rows = [line.split(";") for line in (self.folder / "statistics").read_text().splitlines()]
            names, last = rows[0], rows[-1]
            return int(last[next(index for index, name in enumerate(names) if name.startswith(column))])
        except (OSError, IndexError, ValueError, StopIteration):
            return 0

    @property
    def failed(self):
        return self.count("FailedCall(C)")

    @property
    def current(self):
        return self.count("CurrentCall")

    def times(self):
        """Milliseconds that the scenario timed, in order."""
        found = []
        for file in self.folder.glob("*_rtt.csv"):
            for line in file.read_text().splitlines()[1:]:
                fields = line.split(";")
                if len(fields) > 1:
                    found.append(float(fields[1]))
        return sorted(found)


def within(times, part):
    """The time that this part of them is within."""
    return times[min(len(times) - 1, int(len(times) * part))] if times else float("nan")
