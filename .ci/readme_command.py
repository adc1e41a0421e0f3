"""Print the command that the README marks `<!-- command: NAME -->`, literally: README and CI cannot part."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def command(name: str, text: str) -> str:
    """Return the one fenced block that follows the mark; raise ValueError if there is not exactly one."""
    found = re.findall(rf"<!-- command: {re.escape(name)} -->\s*\n```(?:bash|sh)\n(.*?)\n```", text, re.S)
    if len(found) != 1:
        raise ValueError(f"README.md marks {len(found)} commands {name!r}, not one")
    return found[0].strip()


if __name__ == "__main__":
    print(command(sys.argv[1], README.read_text(encoding="utf-8")))
