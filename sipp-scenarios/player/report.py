"""The table of what passed and failed, and JUnit's XML."""
import dataclasses
import re
import sys
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass(frozen=True)
class Result:
    """One call's. `reason` is empty where it passed; `skipped` says why it was not played."""

    name: str
    seconds: float
    reason: str = ""
    details: str = ""
    skipped: str = ""

    @property
    def word(self):
        return "skipped" if self.skipped else "FAILED" if self.reason else "ok"


def print_table(results):
    width = max(len(result.name) for result in results)
    for result in results:
        print(f"{result.word:<7}  {result.name:<{width}}  {result.seconds:6.1f} s  {' '.join((result.reason or result.skipped).split())}".rstrip())
    counts = {word: sum(result.word == word for result in results) for word in ("ok", "FAILED", "skipped")}
    print(f"\n{counts['ok']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped")
    sys.stdout.flush()


def write_junit(results, file):
    count = {"tests": str(len(results)), "failures": str(sum(bool(one.reason) for one in results)),
             "skipped": str(sum(bool(one.skipped) for one in results)), "time": f"{sum(one.seconds for one in results):.1f}"}
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", name="sipp-scenarios", errors="0", **count)
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", classname="sipp-scenarios", name=_clean(result.name), time=f"{result.seconds:.1f}")
        if result.skipped:
            ElementTree.SubElement(case, "skipped", message=_clean(result.skipped))
        elif result.reason:
            failure = ElementTree.SubElement(case, "failure", message=_clean(result.reason))
            failure.text = _clean(result.details[-20_000:])
    file.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suites).write(file, encoding="utf-8", xml_declaration=True)


def _clean(text):
    """Without what XML may not have."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
