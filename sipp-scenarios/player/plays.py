"""What is played: the lines `Play:`, `SIPp:` and `Takes:` in the heads of the scenario files."""
import dataclasses
import fnmatch
import re
import shlex


class HeaderError(Exception):
    """A head that cannot be read."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One file."""

    name: str
    path: object
    options: tuple = ()
    seconds: int = 0
    has_rtp_port: bool = False


@dataclasses.dataclass(frozen=True)
class User:
    """A browser's user, played by the stand-in `browser`."""

    actions: tuple
    video: bool = False


@dataclasses.dataclass(frozen=True)
class Play:
    """One call: who calls whom. `caller` and `callee` are a Scenario or a User; a caller may be None, which is one that looks at nothing but
    the `status` that it gets; a callee may be a text, the name that is dialled."""

    name: str
    number: int
    caller: object
    callee: object
    status: int = 0
    kind: str = "plain"
    rtp: bool = True

    @property
    def user(self):
        return next((one for one in (self.caller, self.callee) if isinstance(one, User)), None)

    @property
    def phone(self):
        """The called scenario, which has a route to it."""
        return self.callee if isinstance(self.callee, Scenario) else None

    @property
    def scenarios(self):
        return [one for one in (self.caller, self.callee) if isinstance(one, Scenario)]

    @property
    def seconds(self):
        """How long it takes by itself; most take a few seconds."""
        return max(one.seconds for one in self.scenarios)

    @property
    def needs_webrtc(self):
        return bool(self.user) and bool({"answers", "calls"} & set(self.user.actions))

    def matches(self, pattern):
        return not pattern or fnmatch.fnmatchcase(self.name, f"*{pattern}*")


KINDS = ("plain", "tcp", "srtp")
LINE = re.compile(r"^\s*(Play|SIPp|Takes):\s*(.*?)\s*$", re.MULTILINE)
CALLS = re.compile(r"calls (?P<name>[a-z0-9-]+)(?: over (?P<kind>tcp|srtp))?(?P<silent> without rtp)?")
CALLS_USER = re.compile(
    r"calls a user who (?:(?P<answers>answers)(?P<video> with video)?(?P<bye> and hangs up)?|(?P<rejects>rejects)|lets it ring)")
GETS = re.compile(r"called by a phone that gets (?P<status>[3-6][0-9][0-9])")
BY_USER = re.compile(r"called by a user(?P<video> with video)?(?P<bye> who hangs up)?")


def read_plays(folder):
    """All calls of a folder, numbered in the order of their files' names."""
    heads, scenarios = {}, {}
    for path in sorted(folder.glob("*.xml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        head = re.search(r"<!--(.*?)-->", text.split("<scenario", 1)[0], re.DOTALL)
        lines = LINE.findall(head.group(1)) if head else []
        heads[path.stem] = [value for key, value in lines if key == "Play"]
        takes = " ".join(value for key, value in lines if key == "Takes")
        if takes and not re.fullmatch(r"[0-9]{1,4} s", takes):
            raise HeaderError(f"{path}: `Takes: {takes}` is no time such as `Takes: 45 s`")
        scenarios[path.stem] = Scenario(
            path.stem, path, tuple(shlex.split(" ".join(value for key, value in lines if key == "SIPp"))),
            int(takes.split()[0]) if takes else 0, bool(re.search(r'<Global variables="[^"]*\brtp_port\b', text)))
    plays = []
    for name, values in heads.items():
        for value in values:
            plays.append(_play(scenarios[name], value, len(plays), scenarios))
    played = {one.name for play in plays for one in play.scenarios}
    for name in scenarios:
        if name not in played:
            raise HeaderError(f"{scenarios[name].path}: no line `Play:` in its head, and no other scenario's plays it (docs/sipp.md)")
    return plays


def _play(scenario, value, number, scenarios):
    if match := CALLS_USER.fullmatch(value):
        actions = ("rejects",) if match["rejects"] else ("answers",) if match["answers"] else ("rings",)
        user = User(actions + (("hangs-up",) if match["bye"] else ()), bool(match["video"]))
        return Play(f"{scenario.name} {value}", number, scenario, user)
    if match := GETS.fullmatch(value):
        return Play(f"{scenario.name} {value}", number, None, scenario, status=int(match["status"]))
    if match := BY_USER.fullmatch(value):
        user = User(("calls",) + (("hangs-up",) if match["bye"] else ()), bool(match["video"]))
        return Play(f"{scenario.name} {value}", number, user, scenario)
    if match := CALLS.fullmatch(value):
        callee = match["name"]
        if callee.startswith(("uas-", "uac-")):
            if callee not in scenarios:
                raise HeaderError(f"{scenario.path}: `Play: {value}`: there is no {callee}.xml")
            callee = scenarios[callee]
        return Play(f"{scenario.name} {value}", number, scenario, callee, kind=match["kind"] or "plain", rtp=not match["silent"])
    raise HeaderError(f"{scenario.path}: `Play: {value}` is not understood (docs/sipp.md)")
