"""The whole gateway with real RTP, against Janus' own SIP plugin and against Kamailio with rtpengine: the same SIPp files, the same phones."""
import json
import os
import time

from . import tables
from .calls import CALLER_PORT, REFUSED, Standing, call, called_phone
from .processes import OTHER, Failure, Program, missing, processor_time
from .sides import JanusSIP, Kamailio, Tern
from .sipp import within

# Path, who is compared, seconds that a call lasts, and which of the figures of others a fraction of which is the target.
PATHS = (
    ("echo", "phone's echo", (Tern,), 3, {}),
    ("phone", "phone to phone", (Tern, Kamailio), 3, {Kamailio: 0.2}),
    ("browser", "phone to browser", (Tern, JanusSIP, Kamailio), 1, {JanusSIP: 1.0, Kamailio: 1.1}),
)
PACKAGES = {"kamailio": "kamailio", "rtpengine": "rtpengine-daemon"}
MEDIAN, LONGEST = 50, 150
# Calls that stand, and for how many seconds they are watched.
STANDING, WATCHED = 50, 8
# What calls that stand may lose: with more it is no longer they that are measured.
MOST_LOSS = 0.05


def measure(bench):
    rates, seconds = bench.option("rates", (20, 40)), bench.option("seconds", 20)
    paths = [path for path in PATHS if path[0] in bench.option("paths", ",".join(path[0] for path in PATHS)).split(",")]
    chosen = bench.option("sides", "tern,janus-sip,kamailio").split(",")
    rows, remarks, found = [], [], {}
    fifo = bench.folder / "speech"
    os.mkfifo(fifo, 0o600)
    phones = Program([bench.benchmarks, "phones", f"address={bench.address}", f"port={bench.rtp_port}", f"input={fifo}"], bench.folder / "phones", OTHER, talks=True)
    try:
        phones.hear(20)
        bench.speech = fifo
        for path, title, sides, hold, targets in paths:
            for side in (side for side in sides if side.key in chosen):
                if lacking := missing(side.needs):
                    remark = f"{side.name} was left out: `apt-get install {' '.join(PACKAGES[name] for name in lacking)}` installs what is missing"
                    remarks += [remark] if remark not in remarks else []
                    continue
                try:
                    found[path, side] = compared(bench, phones, fifo, side, path, hold, rates, seconds)
                except Failure as failure:
                    print(f"{title}, {side.name}: {failure}", flush=True)
                    remarks.append(f"{title} by {side.name} could not be measured")
        echo = {rate: found["echo", Tern][rate]["cpu"] for rate in rates} if ("echo", Tern) in found else {}
        for path, title, sides, hold, targets in paths:
            for side in sides:
                for rate in rates if (path, side) in found else ():
                    figures = found[path, side][rate]
                    rows.append([
                        title, side.name, f"{rate}", f"{figures['cpu']:.1f} ms", f"{found[path, side]['second']:.2f} ms", f"{figures['first']:.0f}, {figures['longest']:.0f} ms",
                        f"{figures['lost']} of {figures['calls']}", f"{figures['loss']:.2%}", judged(found, path, side, rate, targets, echo)])
        tables.keep(**{f"{path}_second": figures["second"] for (path, side), figures in found.items() if side is Tern})
        tables.write("comparison", ["calls", "by", "a second", "CPU a call", "CPU a second of a call that stands", "first packet: p50, longest", "calls lost", "packets lost", "target"], rows, [
            f"Each rate for {seconds:.0f} s; calls of {PATHS[0][3]} s, those to browsers of {PATHS[2][3]} s; one processor for all that is measured, "
            "the other for SIPp, phones and browsers"] + remarks)
    finally:
        bench.speech = None
        phones.stop(gently=False)


def compared(bench, phones, fifo, side, path, hold, rates, seconds):
    """The figures of one side at each rate."""
    running, callee = side(bench, path), None
    try:
        if path == "phone":
            callee = called_phone(bench)
        result = {}
        play(bench, phones, fifo, running, callee, path, 10, 30, hold)
        for rate in rates:
            result[rate] = play(bench, phones, fifo, running, callee, path, rate, int(rate * seconds), hold)
            print(f"{path}, {side.name}, {rate}/s: " + ", ".join(f"{name} {figure:.4g}" for name, figure in result[rate].items()), flush=True)
        result["second"] = standing(bench, phones, fifo, running, path)
        if running.callee and (failures := running.callee.failures()):
            print(f"{path}, {side.name}: browsers could not take {failures} calls", flush=True)
        return result
    finally:
        if callee:
            callee.stop()
        running.stop()


def play(bench, phones, fifo, side, callee, path, rate, count, hold):
    failed = callee.failed if callee else 0
    pids = side.pids()
    before = processor_time(pids)
    run = call(bench, side.target, path, rate, count, hold, rtt=False)
    # What follows the last BYE.
    time.sleep(1)
    spent = processor_time(pids) - before
    heard = report(phones, fifo)
    first = sorted(heard["first"])
    parties = 2 if callee else 1
    silent = parties * count - len(first)
    if run.failed:
        print(f"{path}, {side.name}: {run.failed} calls failed: {run.errors()[-500:]}", flush=True)
    return {
        "cpu": spent * 1000 / count, "calls": count, "lost": max(run.failed + run.count(REFUSED), -(-silent // parties), (callee.failed - failed) if callee else 0),
        "first": within(first, 0.5), "longest": first[-1] if first else float("nan"), "loss": 1 - heard["arrived"] / max(heard["sent"], 1),
    }


def standing(bench, phones, fifo, side, path):
    """Milliseconds of processor time that a second of a call takes."""
    calls = Standing(bench, side.target, path, CALLER_PORT + 1)
    try:
        calls.grow(STANDING, 20)
        time.sleep(2)
        pids = side.pids()
        before, begin = processor_time(pids), time.monotonic()
        time.sleep(WATCHED)
        spent = (processor_time(pids) - before) * 1000 / (time.monotonic() - begin) / STANDING
    finally:
        calls.stop()
        heard = report(phones, fifo)
    loss = 1 - heard["arrived"] / max(heard["sent"], 1)
    print(f"{path}, {side.name}: {spent:.2f} ms a second of a call, {loss:.1%} of the packets lost", flush=True)
    if loss > MOST_LOSS:
        raise Failure(f"{loss:.0%} of the packets of calls that stand are lost")
    return spent


def report(phones, fifo):
    """What the phones since the last report have come to."""
    with fifo.open("w") as speech:
        speech.write("report\n")
    return json.loads(phones.hear(30))


def judged(found, path, side, rate, targets, echo):
    """The targets of Tern's figures."""
    if side is not Tern:
        return ""
    figures, words = found[path, Tern][rate], []
    for other, most in targets.items():
        if (path, other) in found:
            ratio = figures["cpu"] / found[path, other][rate]["cpu"]
            words.append(f"{ratio:.2f} of {other.name}'s CPU, " + tables.aim(ratio, most=most))
    if path == "echo" and ("phone", Kamailio) in found:
        ratio = echo[rate] / found["phone", Kamailio][rate]["cpu"]
        words.append(f"{ratio:.2f} of {Kamailio.name}'s CPU phone to phone, " + tables.aim(ratio, most=0.2))
    words.append("p50 " + tables.aim(figures["first"], most=MEDIAN, unit=" ms"))
    if rate == 20:
        words.append("longest " + tables.aim(figures["longest"], most=LONGEST, unit=" ms"))
    words.append("calls lost " + tables.aim(figures["lost"], most=0))
    return "; ".join(words)
