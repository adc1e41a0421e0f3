"""Install the newest release of everything that the course depends on, whatever its upper pins say.

newest.py list              print the requirements of pyproject.toml without their upper bounds
newest.py install [ARG...]  install them with pip (ARG: further arguments of pip), then the course itself
newest.py versions FILE     write what is installed, and what is pinned, to FILE as JSON
"""

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
# A lower bound says what the course needs, and stays; an exact pin becomes a lower bound.
_LOWER = {">=": ">=", ">": ">", "==": ">=", "~=": ">=", "!=": "!="}


def requirements(pyproject: dict) -> list[Requirement]:
    """Return what the course and its tests depend on, as it is pinned."""
    project = pyproject["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]]


def lifted(requirement: Requirement) -> Requirement:
    """Return the requirement without its upper bounds; extras and markers stay."""
    kept = [
        f"{_LOWER[one.operator]}{one.version.removesuffix('.*')}"
        for one in requirement.specifier
        if one.operator in _LOWER
    ]
    result = Requirement(str(requirement))
    result.specifier = SpecifierSet(",".join(kept))
    return result


def versions(pinned: list[Requirement]) -> dict[str, dict[str, str | bool | None]]:
    """Return, by name: what is pinned, what is installed (None: nothing), and whether the pin allows it."""
    return {one.name: {"pinned": str(one.specifier), **_installed(one)} for one in pinned}


def _installed(requirement: Requirement) -> dict[str, str | bool | None]:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return {"installed": None, "inside": False}
    return {"installed": version, "inside": requirement.specifier.contains(version, prereleases=True)}


def install(pinned: list[Requirement], further: list[str]) -> None:
    """Bring every requirement to its newest release; raise CalledProcessError if pip cannot."""
    pip = [sys.executable, "-m", "pip", "install", *further]
    newest = [str(lifted(one)) for one in pinned]
    subprocess.run([*pip, "--upgrade", "--upgrade-strategy", "eager", *newest], check=True)
    subprocess.run([*pip, "--no-deps", "--editable", str(ROOT)], check=True)


def main(action: str, *arguments: str) -> int:
    """Do one of the three things above."""
    pinned = requirements(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    if action == "list":
        print("\n".join(str(lifted(one)) for one in pinned))
    elif action == "install":
        install(pinned, list(arguments))
    elif action == "versions":
        Path(arguments[0]).write_text(json.dumps(versions(pinned), indent=1), encoding="utf-8")
    else:
        raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
