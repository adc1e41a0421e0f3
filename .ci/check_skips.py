"""Judge the skips of a test run: `check_skips.py JUNIT_XML`.

CI can install what tests need, so a test that was skipped counts as a failure, unless its reason starts with
a phrase below: what CI really cannot have.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

ALLOWED = re.compile(
    r"needs (a GPU|the network|Windows|macOS|another operating system|not to be root)\b", re.I
)


def skips(junit: Path) -> Iterator[tuple[str, str]]:
    """Yield name and reason of every skipped test; an expected failure is not a skip."""
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        for skipped in case.findall("skipped"):
            if skipped.get("type") != "pytest.xfail":
                yield f"{case.get('classname')}::{case.get('name')}", skipped.get("message") or ""


def refused(junit: Path) -> list[str]:
    """Return a line for each skip that must not be."""
    return [f"{name}: {reason}" for name, reason in skips(junit) if not ALLOWED.match(reason)]


def main(junit: str) -> int:
    """Print the verdict; return 1 if a skip must not be, or if no test ran at all."""
    root = ElementTree.parse(junit).getroot()
    count = sum(1 for _ in root.iter("testcase"))
    bad = refused(Path(junit))
    for line in bad:
        print(f"skipped, which counts as a failure here: {line}")
    skipped = sum(1 for _ in skips(Path(junit)))
    print(f"skips: {count} tests, {skipped} skipped, {len(bad)} of them without a good reason")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
