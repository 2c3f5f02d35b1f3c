"""The tables of docs/performance.md, each between two marks."""
import datetime
import json
import os
import pathlib

from .processes import machine

DOCUMENTS = pathlib.Path(__file__).resolve().parents[3] / "docs"
# The file of a run in which parts, each a process of its own, leave their figures for others.
FIGURES = "TERN_BENCHMARK_FIGURES"


def write(part, columns, rows, remarks=(), document="performance.md"):
    """Prints a table, and puts it where `<!-- PART -->` and `<!-- end of PART -->` are."""
    file = DOCUMENTS / document
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)] + ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", f"{datetime.date.today()}: {machine()}."] + [f"{remark}." for remark in remarks]
    print("\n".join(lines), flush=True)
    text = file.read_text(encoding="utf-8").splitlines()
    first, last = text.index(f"<!-- {part} -->"), text.index(f"<!-- end of {part} -->")
    text[first + 1:last] = lines
    new = file.with_suffix(".new")
    new.write_text("\n".join(text) + "\n", encoding="utf-8")
    os.replace(new, file)


def aim(value, most=None, least=None, unit=""):
    """A target, and whether it is met."""
    if most is not None:
        return f"at most {most:g}{unit}: {'met' if value <= most else 'missed'}"
    return f"at least {least:g}{unit}: {'met' if value >= least else 'missed'}"


def keep(**figures):
    """Leaves figures for other parts of this run."""
    if name := os.environ.get(FIGURES):
        file = pathlib.Path(name)
        file.write_text(json.dumps(kept() | figures))


def kept():
    """The figures that the parts of this run have left so far."""
    try:
        return json.loads(pathlib.Path(os.environ[FIGURES]).read_text())
    except (KeyError, OSError, ValueError):
        return {}
