"""What the runner needs, and what to do where it is missing."""
import functools
import os
import pathlib
import shutil
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def own_address():
    """The address that the default route starts from; loopback without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
            return one.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def tern(given):
    """The gateway's program; None where there is none."""
    built = [str(ROOT / ".build" / kind / "tern") for kind in ("release", "debug")]
    for path in [given] if given else built + [shutil.which("tern")]:
        if path and os.access(path, os.X_OK):
            return path
    return None


@functools.cache
def browser_python():
    """A Python that can play a browser; None where there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if not subprocess.run([python, "-c", "import aiortc, websockets"], capture_output=True, timeout=30, check=False).returncode:
                return python
        except (OSError, subprocess.TimeoutExpired):
            continue
    return None


def missing(plays, address, options):
    """A line for each thing that is missing for these calls."""
    lines = []
    if not shutil.which("sipp"):
        lines.append("SIPp, which plays the phones: apt install sip-tester")
    if not shutil.which("perl"):
        lines.append("Perl, which rtp-phone is written in: apt install perl")
    with_users = any(play.user for play in plays)
    if with_users and not browser_python():
        lines.append("aiortc and websockets for Python, a stand-in for the browser in calls with users: "
                     "apt install python3-aiortc python3-websockets")
    if any(play.needs_webrtc for play in plays) and address.startswith("127."):
        lines.append("an address that is not loopback, for WebRTC in calls with users: give it by --address")
    if not options.target and not tern(options.tern):
        lines.append("the gateway, tern: build it by `make run`, install its package, or name a running one by --target")
    return lines
