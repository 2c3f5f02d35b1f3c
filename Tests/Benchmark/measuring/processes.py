"""Programs that are started and ended, and what the system says of them."""
import os
import pathlib
import select
import shutil
import subprocess
import time

END_WITHIN = 10
PROCESSORS = sorted(os.sched_getaffinity(0))
# What is measured has the first processor to itself, all else the second.
MEASURED = PROCESSORS[0]
OTHER = PROCESSORS[1] if len(PROCESSORS) > 1 else PROCESSORS[0]


class Failure(Exception):
    """Why something cannot be measured."""


class Program:
    """A program on one processor; its output is in a file, or read line by line."""

    def __init__(self, command, log, processor, talks=False):
        self.name = pathlib.Path(command[0]).name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE if talks else subprocess.DEVNULL, stdout=subprocess.PIPE if talks else output, stderr=output,
                start_new_session=True, preexec_fn=lambda: os.sched_setaffinity(0, [processor]), bufsize=0)
        self.unread = b""
        prefer([self.pid])

    @property
    def pid(self):
        return self.process.pid

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except OSError:
            raise Failure(f"{self.name} has ended:\n{self.last_words()}") from None

    def hear(self, within):
        """Its next line."""
        end = time.monotonic() + within
        while b"\n" not in self.unread:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failure(f"{self.name} says nothing within {within} s:\n{self.last_words()}")
            some = os.read(self.process.stdout.fileno(), 1 << 16)
            if not some:
                raise Failure(f"{self.name} has ended:\n{self.last_words()}")
            self.unread += some
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def wait_and_account(self, within):
        """Its exit code, and the seconds of processor time that it took."""
        end, pid = time.monotonic() + within, 0
        while not pid:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if not pid:
                if time.monotonic() > end:
                    self.stop()
                    raise Failure(f"{self.name} has not ended after {within:.0f} s:\n{self.last_words()}")
                time.sleep(0.05)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, usage.ru_utime + usage.ru_stime

    def stop(self, gently=True):
        """Asks it to end, and makes it."""
        if self.process.poll() is None:
            if self.process.stdin:
                self.process.stdin.close()
            if gently:
                self.process.terminate()
                try:
                    self.process.wait(END_WITHIN)
                except subprocess.TimeoutExpired:
                    pass
            if self.process.poll() is None:
                for pid in descendants(self.pid)[::-1]:
                    try:
                        os.kill(pid, 9)
                    except ProcessLookupError:
                        pass
                self.process.wait()

    def last_words(self):
        return self.log.read_text(errors="replace")[-3000:]


def descendants(pid):
    """A process and all that it has started, those that these have started included."""
    found = [pid]
    for one in found:
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(word) for word in task.read_text().split()]
            except OSError:
                pass
    return found


def prefer(pids):
    """Has these programs' sessions run before what else the machine has to do, where that is allowed: all that take part, alike."""
    for pid in pids:
        try:
            pathlib.Path(f"/proc/{pid}/autogroup").write_text("-20")
        except OSError:
            pass


def processor_time(pids):
    """Seconds of processor time of these processes, threads that have ended included, to the nanosecond."""
    # The clock of a process, as clock_getcpuclockid(3) makes it.
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def resident(pid):
    """Bytes of a process in memory, of its own and shared."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise Failure(f"process {pid} has no memory")


def missing(programs):
    """Those of the programs that are not there."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [program for program in programs if not shutil.which(program, path=path)]


def machine():
    """What the figures were measured on, in a line."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return f"{model or os.uname().machine}, {len(PROCESSORS)} processors, Linux {os.uname().release.split('-')[0]}, load {os.getloadavg()[0]:.1f} at the start"


def path(program):
    """Where it is, also where only root looks."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or program


def library(folder):
    """A folder below /usr/lib of this architecture."""
    return next((str(found) for found in pathlib.Path("/usr/lib").glob(f"*/{folder}")), f"/usr/lib/{folder}")


def is_bound(port):
    """Whether somebody in this network namespace has this UDP port."""
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(line.split()[1].split(":")[1], 16) == port for line in lines)
