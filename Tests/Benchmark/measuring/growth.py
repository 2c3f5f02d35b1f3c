"""What a call costs from its set-up to its end while others stand."""
import time

from . import tables
from .calls import CALLER_PORT, Standing, call
from .gateway import Gateway

FEW = 10
RATE = 50
HOLD = 1


def measure(bench):
    """Two gateways, one with few calls that stand, one with more and more, are called in turn."""
    steps, rounds, count = bench.option("steps", (10, 100, 1000, 5000)), int(bench.option("rounds", 2)), int(bench.option("batch", 500))
    few, many = Gateway(bench, "few", 5062, 8082), Gateway(bench, "many", 5064, 8084)
    others = [Standing(bench, few.target, "echo", CALLER_PORT + 100), Standing(bench, many.target, "echo", CALLER_PORT + 200)]
    try:
        for gateway in (few, many):
            call(bench, gateway.target, "echo", 100, int(bench.option("warm", 1000)), 0.2, rtt=False)
        others[0].grow(FEW, 100)
        rows = []
        for standing in steps:
            others[1].grow(standing, 120)
            # Of set-up nothing goes on any more.
            time.sleep(2)
            idle = [at_rest(few), at_rest(many)]
            costs = [[], []]
            for turn in range(rounds * 2):
                which = (turn + turn // 2) % 2
                costs[which].append(cost(bench, (few, many)[which], count, idle[which]))
            own, other = min(costs[1]), min(costs[0])
            ratio = own / other
            print(f"{standing} standing: {own:.2f} ms a call, {other:.2f} ms with {FEW}, at rest {idle[1]:.2%}", flush=True)
            rows.append([f"{standing:,}", f"{own:.2f} ms", f"{other:.2f} ms", f"{ratio:.2f}", tables.aim(ratio, most=1.2), f"{idle[1]:.1%}"])
        tables.write(
            "growth", ["calls that stand", "CPU of the gateway a call", f"of another one meanwhile, with {FEW}", "ratio", "target", "CPU at rest"], rows,
            [f"{count} calls to the echo of {HOLD} s at {RATE} a second, {rounds} times each in turn; the cheapest counts, less what the gateway takes at rest"])
    finally:
        for one in (*others, few, many):
            one.stop()


def at_rest(gateway, seconds=4):
    """The processor's share that it takes while nothing is set up or ends."""
    before, begin = gateway.processor_time(), time.monotonic()
    time.sleep(seconds)
    return (gateway.processor_time() - before) / (time.monotonic() - begin)


def cost(bench, gateway, count, idle):
    """Milliseconds of the gateway's own for a call."""
    before, begin = gateway.processor_time(), time.monotonic()
    run = call(bench, gateway.target, "echo", RATE, count, HOLD, rtt=False)
    if run.failed:
        print(f"{run.failed} calls failed: {run.errors()}", flush=True)
    time.sleep(1)
    return (gateway.processor_time() - before - idle * (time.monotonic() - begin)) * 1000 / count
