"""Signalling alone: what a call costs the gateway, and how many one core carries."""
from . import tables
from .calls import REFUSED, call, called_phone
from .gateway import Gateway
from .processes import Failure, processor_time
from .sipp import within

HOLD = 1
# Set-up times of more are no good.
LONGEST = 100
STEP = 1.3


def measure(bench):
    seconds = bench.option("seconds", 5)
    echo, phones = carry(bench, "echo", seconds), carry(bench, "phone", seconds)
    two = (echo, phones)
    tables.keep(echo_rate=echo["rate"], phone_rate=phones["rate"], echo_cpu=echo["cpu"], phone_cpu=phones["cpu"])
    tables.write("signalling", ["", "echo", "phone to phone", "target"], [
        ["CPU of the gateway a call, at 40 a second"] + [f"{one['cpu40']:.2f} ms" for one in two] + [tables.aim(max(one["cpu40"] for one in two), most=1.5, unit=" ms")],
        ["INVITE to 200 at 40 a second: p50, p99"] + [f"{one['p50']:.0f}, {one['p99']:.0f} ms" for one in two] + [""],
        [f"calls a second with p99 within {LONGEST} ms, and none refused"] + [f"{one['rate']}" for one in two]
        + [tables.aim(min(one["rate"] for one in two), least=2000)],
        ["CPU of the gateway a call, at that rate"] + [f"{one['cpu']:.2f} ms" for one in two] + [""],
        ["calls a second that one core would carry at that cost"] + [f"{1000 / one['cpu']:.0f}" for one in two]
        + [tables.aim(min(1000 / one["cpu"] for one in two), least=2000)],
        ["what that is of the gateway's processor"] + [f"{one['busy']:.0%}" for one in two] + [""],
        ["what SIPp and the stand-in take of theirs"] + [f"{one['load']:.0%}" for one in two] + [""],
    ], [f"Calls of {HOLD} s; each rate for {seconds:.0f} s, each {STEP} times the one before; SIPp tells times in steps of 4 ms"])


def carry(bench, kind, seconds):
    """The figures of one kind of calls."""
    gateway, callee = Gateway(bench, f"signalling-{kind}"), None
    try:
        if kind == "phone":
            callee = called_phone(bench)
        call(bench, gateway.target, kind, 50, 200, HOLD, rtt=False)
        figures = step(bench, gateway, callee, kind, 40, 400)
        if figures["lost"] > 200:
            raise Failure(f"{figures['lost']} of 400 calls at 40 a second were not answered:\n{gateway.program.last_words()}")
        result = {"cpu40": figures["cpu"], "p50": figures["p50"], "p99": figures["p99"], "rate": 40 if not figures["lost"] and figures["p99"] <= LONGEST else 0, **{name: figures[name] for name in ("cpu", "busy", "load")}}
        rate = bench.option("first", 80)
        for _ in range(16):
            # What else the machine does may spoil one attempt.
            for _ in range(2):
                figures = step(bench, gateway, callee, kind, int(rate), int(rate * seconds))
                print(f"{kind}, {rate:.0f}/s: CPU {figures['cpu']:.2f} ms, p50 {figures['p50']:.0f}, p99 {figures['p99']:.0f}, not answered {figures['lost']}, "
                      f"gateway {figures['busy']:.0%}, load {figures['load']:.0%}", flush=True)
                if good := not figures["lost"] and figures["p99"] <= LONGEST:
                    break
            if not good:
                break
            result.update({"rate": int(rate), **{name: figures[name] for name in ("cpu", "busy", "load")}})
            rate *= STEP
        return result
    finally:
        if callee:
            callee.stop()
        gateway.stop()


def step(bench, gateway, callee, kind, rate, count):
    """Calls at one rate."""
    others = [gateway.stand_in.pid] + ([callee.program.pid] if callee else [])
    failed = callee.failed if callee else 0
    before, load = gateway.processor_time(), processor_time(others)
    run = call(bench, gateway.target, kind, rate, count, HOLD)
    spent, load = gateway.processor_time() - before, processor_time(others) - load
    times = run.times()
    return {
        "cpu": spent * 1000 / count, "p50": within(times, 0.5), "p99": within(times, 0.99), "busy": spent * rate / count,
        "load": (load + run.processor_time) * rate / count, "lost": run.failed + run.count(REFUSED) + ((callee.failed - failed) if callee else 0),
    }
