"""What a core and a GiB carry, in docs/operations.md, from the figures of a whole run."""
from . import tables

GIB = 1024 * 1024 * 1024 / 1000
NEEDED = ("echo_rate", "phone_rate", "echo_cpu", "phone_cpu", "empty", "echo_memory", "phone_memory", "browser_memory", "registration_memory",
          "echo_second", "phone_second", "browser_second")


def write():
    """Writes the table when the parts have left all that it needs."""
    figures = tables.kept()
    if any(name not in figures for name in NEEDED):
        return

    def second(name):
        return f"{figures[f'{name}_second']:.2f} ms of CPU a second", f"{1000 / figures[f'{name}_second']:,.0f}", ""

    def memory(name):
        each = max(figures[f"{name}_memory"], 0.1)
        return f"{each:.0f} KB", "", f"{GIB / each:,.0f}"

    def rate(name):
        return f"{figures[f'{name}_cpu']:.2f} ms of CPU", f"{figures[f'{name}_rate']:,}", ""

    rows = [
        ["new call a second to the echo, signalling", *rate("echo")],
        ["new call a second from phone to phone, signalling", *rate("phone")],
        ["call to the echo that stands, with its RTP", *second("echo")],
        ["call from phone to phone that stands, with its RTP", *second("phone")],
        ["call from a phone to a browser that stands, with its RTP", *second("browser")],
        ["call to the echo that stands, memory of the gateway", *memory("echo")],
        ["call from phone to phone that stands, memory of the gateway", *memory("phone")],
        ["browser that is logged in and idle", *memory("browser")],
        ["registration", *memory("registration")],
    ]
    tables.write("sizing", ["what", "takes", "a core carries", "a GiB holds"], rows, [f"The gateway itself takes {figures['empty'] / 1000:.0f} MB"], "operations.md")
