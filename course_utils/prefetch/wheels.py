"""A wheelhouse: every package that the course needs, for the platforms and Pythons of a class."""

import platform
import re
import subprocess
import sys
import tomllib
import unicodedata
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging import tags
from packaging.metadata import parse_email
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ..texts import CourseError

TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
BYTES = 600_000_000  # one platform's packages take about 310 MB; pip unpacks torch while it looks at it
_GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")
_MARKERS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
PLATFORMS = ("linux-x86_64", "linux-arm64", "macos-arm64", "windows-x86_64")


@dataclass(frozen=True)
class Target:
    """What packages are fetched for: one of PLATFORMS and a Python such as "3.12"."""

    platform: str
    python: str

    def __str__(self) -> str:
        return f"{self.platform}, Python {self.python}"

    @property
    def system(self) -> str:
        return self.platform.partition("-")[0]

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, the best first."""
        machine = self.platform.partition("-")[2]
        if self.system == "linux":
            name = {"arm64": "aarch64"}.get(machine, machine)
            return (
                *(f"manylinux_{glibc}_{name}" for glibc in _GLIBC),
                f"manylinux2014_{name}",
                f"manylinux2010_{name}",
                f"manylinux1_{name}",
                f"linux_{name}",
            )
        if self.system == "macos":
            return tuple(tags.mac_platforms((14, 0), machine))
        return ("win_amd64",)

    @cached_property
    def tags(self) -> frozenset[tags.Tag]:
        """The tags of wheels that run there."""
        version = tuple(int(part) for part in self.python.split("."))
        interpreter = f"cp{self.python.replace('.', '')}"
        return frozenset(
            [
                *tags.cpython_tags(version, platforms=self.platforms),
                *tags.compatible_tags(version, interpreter, self.platforms),
            ]
        )

    def environment(self) -> dict[str, str]:
        """What the markers of requirements ask about."""
        machine = {"windows-x86_64": "AMD64", "linux-arm64": "aarch64"}.get(
            self.platform, self.platform.partition("-")[2]
        )
        return {
            **_MARKERS[self.system],
            "platform_machine": machine,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }


def here() -> Target:
    """The platform and the Python of this process. Raise CourseError for one that the course does not support."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    return checked(f"{system}-{machine}", f"{sys.version_info.major}.{sys.version_info.minor}")


def checked(name: str, python: str) -> Target:
    """Parse a platform and a Python version (full-width digits are accepted). Raise CourseError, with what there is
    to choose from, if there is none."""
    version = unicodedata.normalize("NFKC", python)
    if name not in PLATFORMS:
        known = ", ".join(PLATFORMS)
        raise CourseError(
            f"There is no platform {name!r} for the course; choose from: {known}.",
            f"課程不支援 {name!r} 這個平台；請從這些裡面選：{known}。",
        )
    if not re.fullmatch(r"3\.[1-9][0-9]?", version) or int(version.removeprefix("3.")) < 11:
        raise CourseError(
            f"Python {python!r} will not do: give 3.11 or newer, as in `--python 3.12`.",
            f"Python {python!r} 不行：請給 3.11 以上，例如 `--python 3.12`。",
        )
    return Target(name, version)


def requirements(course: Path) -> list[Requirement]:
    """Return what the course's pyproject.toml asks for, and what building it needs."""
    text = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        Requirement(line) for line in (*text["project"]["dependencies"], *text["build-system"]["requires"])
    ]


def fetch(folder: Path, target: Target, wanted: Sequence[Requirement], torch_index: str) -> None:
    """Bring into `folder` the wheels that `wanted` needs on the target; those that are there are not fetched again.

    pip is asked for what is missing, without what that needs in turn, until nothing is missing: pip itself would judge
    conditions such as `; platform_system == "Linux"` by the machine it runs on and not by the target, and so bring the
    wrong packages and leave out the right ones. Raise CourseError when something cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    discard_broken(folder)
    asked = [of_the_processor(one, target) for one in wanted]
    before: set[str] = set()
    while lacking := missing(folder, target, asked):
        names = {str(one) for one in lacking}
        if names <= before:
            raise CourseError(
                f"No wheel for {target.platform}, Python {target.python}: {', '.join(sorted(names))}.",
                f"找不到 {target.platform}、Python {target.python} 用的 wheel：{'、'.join(sorted(names))}。",
            )
        before |= names
        _pip_download(folder, target, lacking, torch_index)


def missing(folder: Path, target: Target, wanted: Sequence[Requirement]) -> list[Requirement]:
    """Return the requirements, direct or not, that no wheel in the folder meets on the target."""
    there = _wheels(folder, target)
    environment = target.environment()
    queue, seen = list(wanted), set()
    lacking: dict[str, Requirement] = {}
    while queue:
        one = queue.pop(0)
        name = canonicalize_name(one.name)
        if (key := (name, frozenset(one.extras), str(one.specifier))) in seen:
            continue
        seen.add(key)
        fit = [
            path for version, path in there.get(name, []) if one.specifier.contains(version, prereleases=True)
        ]
        if fit:
            queue += [needed for needed in _needs(fit[0]) if _applies(needed, one.extras, environment)]
        elif name in lacking:  # one wheel that meets both, if there is one
            lacking[name].specifier &= one.specifier
        else:
            lacking[name] = Requirement(f"{one.name}{one.specifier}")
    return list(lacking.values())


def complete(folder: Path, wanted: Sequence[Requirement]) -> list[Target]:
    """Return the targets for which the folder has everything, those of earlier runs too."""
    minors = {
        int(found[1]) for path in folder.glob("torch-*.whl") if (found := re.search(r"-cp3(\d+)-", path.name))
    }
    targets = [Target(name, f"3.{minor}") for name in PLATFORMS for minor in sorted(minors)]
    return [
        one for one in targets if not missing(folder, one, [of_the_processor(need, one) for need in wanted])
    ]


def discard_broken(folder: Path) -> list[str]:
    """Delete wheels that cannot be unpacked, as after a full disk; return their names."""
    broken = [path for path in folder.glob("*.whl") if not _is_whole(path)]
    for path in broken:
        path.unlink()
    return [path.name for path in broken]


def of_the_processor(one: Requirement, target: Target) -> Requirement:
    """On Linux, ask for the CPU build of torch by name: any other brings gigabytes of CUDA."""
    if canonicalize_name(one.name) != "torch" or target.system != "linux":
        return one
    version = str(one.specifier).removeprefix("==")
    return Requirement(f"torch=={version}+cpu")


def _wheels(folder: Path, target: Target) -> dict[str, list[tuple[Version, Path]]]:
    """{name: [(version, wheel)]} of the wheels that run on the target, the newest first."""
    found: dict[str, list[tuple[Version, Path]]] = {}
    for path in folder.glob("*.whl"):
        try:
            name, version, _, of_wheel = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if of_wheel & target.tags:
            found.setdefault(name, []).append((version, path))
    return {name: sorted(wheels, reverse=True) for name, wheels in found.items()}


def _needs(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        raw, _ = parse_email(archive.read(_metadata(archive)))
    return [Requirement(line) for line in raw.get("requires_dist", [])]


def _metadata(archive: zipfile.ZipFile) -> str:
    return next(
        (
            name
            for name in archive.namelist()
            if name.endswith(".dist-info/METADATA") and name.count("/") == 1
        ),
        "",
    )


def _applies(one: Requirement, extras: set[str], environment: dict[str, str]) -> bool:
    if one.marker is None:
        return True
    return any(one.marker.evaluate({**environment, "extra": extra}) for extra in extras or {""})


def _is_whole(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None and bool(_metadata(archive))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError):
        return False


def _pip_download(folder: Path, target: Target, wanted: Sequence[Requirement], torch_index: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--dest",
        str(folder),
        "--no-deps",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--implementation",
        "cp",
        "--python-version",
        target.python,
        *_each("--platform", target.platforms),
    ]
    if target.system == "linux" and torch_index and _answers(torch_index):
        command += ["--extra-index-url", torch_index]
    ended = subprocess.run([*command, *map(str, wanted)], check=False)
    if ended.returncode:
        raise CourseError(
            f"pip could not fetch everything for {target.platform}, Python {target.python}; its last lines above say what. "
            "Run this again: what has arrived is kept. On Linux the CPU build of PyTorch comes from "
            f"{TORCH_INDEX}, which must be reachable, or another place with it given as --torch-index.",
            f"pip 無法備齊 {target.platform}、Python {target.python} 的套件，原因見上面最後幾行。請再執行一次：已經下載的會保留。"
            f"在 Linux 上，CPU 版的 PyTorch 來自 {TORCH_INDEX}，必須連得到它，或用 --torch-index 指定另一個有它的地方。",
        )


def _each(option: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        yield from (option, value)


def _answers(index: str) -> bool:
    """Return whether there is anything at the address: pip would ask it again and again for every package."""
    try:
        with urllib.request.urlopen(f"{index.rstrip('/')}/torch/", timeout=10):
            return True
    except (OSError, ValueError):
        return False
