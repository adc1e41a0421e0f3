"""Print where the time of a test run went: `times.py junit.xml` adds up the tests of each file, the longest first."""

import sys
import xml.etree.ElementTree as ET
from collections import Counter

SHOWN = 20


def by_file(junit: str) -> Counter[str]:
    """Return the seconds of each file's tests, fixtures included; a class counts to its file."""
    seconds: Counter[str] = Counter()
    for case in ET.parse(junit).iter("testcase"):
        file = ".".join(part for part in case.get("classname", "").split(".") if not part.startswith("Test"))
        seconds[file] += float(case.get("time", 0))
    return seconds


def table(seconds: Counter[str]) -> str:
    """Return the table as text, with the sum: the work of all workers together."""
    rows = seconds.most_common(SHOWN)
    rest = seconds.total() - sum(one for _, one in rows)
    return "\n".join(
        f"{one:8.0f} s  {file}"
        for file, one in [*rows, ("the rest", rest), ("all workers together", seconds.total())]
    )


if __name__ == "__main__":
    print(table(by_file(sys.argv[1])))
