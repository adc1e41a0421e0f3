"""Write the issue of the weekly run on the newest releases: what changed, and what failed.

    newest_issue.py VERSIONS JUNIT LOG --title FILE --body FILE

VERSIONS is what `newest.py versions` wrote, JUNIT the tests' results, LOG the installation's output; where there is no
JUNIT, no test was run, and the end of LOG tells why.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

SHOWN = 60  # an issue holds 65,536 characters
_CHARACTERS = 300
_LOG_LINES = 40


@dataclass(frozen=True)
class Results:
    """The tests of a run: how many there were, and the first line of what each failed one says."""

    tests: int
    failed: dict[str, str]


def results(junit: Path) -> Results | None:
    """Read a run's results; None where there are none, or only a part of the file."""
    try:
        cases = list(ElementTree.parse(junit).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    failed = {}
    for case in cases:
        for problem in [*case.findall("failure"), *case.findall("error")]:
            failed[f"{case.get('classname')}::{case.get('name')}"] = _first_line(problem)
    return Results(len(cases), failed)


def _first_line(problem: ElementTree.Element) -> str:
    lines = (problem.get("message") or problem.text or "").strip().splitlines()
    return lines[0][:_CHARACTERS] if lines else ""


def title(found: Results | None) -> str:
    """Return the issue's title."""
    if found is None:
        return "Newest releases: no test could be run"
    return f"Newest releases: {len(found.failed)} of {found.tests} tests fail"


def body(versions: dict[str, dict], found: Results | None, log: str) -> str:
    """Return the issue's text, in Markdown."""
    beyond = {name: one for name, one in versions.items() if not one["inside"]}
    lines = [
        f"Python {sys.version.split()[0]}, the newest release of every dependency.",
        "",
        "## What changed",
        "",
    ]
    if beyond:
        lines += ["| Package | Pinned | Here |", "|---|---|---|"]
        lines += [
            f"| {name} | {_code(one['pinned'])} | {one['installed'] or 'not installed'} |"
            for name, one in sorted(beyond.items())
        ]
    else:
        lines += ["Every package is within its pin: a release that the pins allow broke something."]
    within = [f"{name} {one['installed']}" for name, one in sorted(versions.items()) if one["inside"]]
    lines += ["", f"Within their pins: {', '.join(within) or 'none'}.", "", "## What failed", ""]
    return "\n".join(lines + _failures(found, log)) + "\n"


def _failures(found: Results | None, log: str) -> list[str]:
    if found is None:
        end = [_plain(line) for line in log.splitlines()[-_LOG_LINES:]]
        return ["No test was run. The end of the installation's output:", "", "```text", *end, "```"]
    if not found.failed:
        return ["No test failed, and yet the run did: see its log."]
    shown = list(found.failed.items())[:SHOWN]
    lines = [f"- {_code(name)}: {_code(said)}" if said else f"- {_code(name)}" for name, said in shown]
    hidden = len(found.failed) - len(shown)
    return [*lines, f"- and {hidden} more"] if hidden else lines


def _code(text: str) -> str:
    """Return the text as code that no character in it can end, in a table either."""
    return f"`{_plain(text).replace('`', chr(39)).replace('|', chr(0xFF5C))}`"


def _plain(text: str) -> str:
    return re.sub(r"[^\S ]+|[\x00-\x1f]", " ", text).replace("```", "'''")[:_CHARACTERS]


def main(argv: list[str] | None = None) -> int:
    """Write title and body into their files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("versions", "junit", "log"):
        parser.add_argument(name, type=Path)
    for name in ("--title", "--body"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args(argv)
    found = results(options.junit)
    log = options.log.read_text(encoding="utf-8", errors="replace") if options.log.is_file() else ""
    versions = json.loads(options.versions.read_text(encoding="utf-8"))
    options.title.write_text(title(found) + "\n", encoding="utf-8")
    options.body.write_text(body(versions, found, log), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
