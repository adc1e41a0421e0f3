"""`python -m course_utils prefetch`: all that a class needs, in one folder, before the day.

The folder holds `course/` (a copy of the course), `wheels/` (its packages), `hub/` (models, as a hub cache),
`INSTALL.txt` (what to do in the room) and `SHA256SUMS`, which is written last: where it is, the rest is whole.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..files import write_atomically
from ..language import CourseError, both
from ..notebooks import repository
from . import manifest, models, room, wheels

COURSE = ("course_utils", "notebooks", "images", "tests", "pyproject.toml", "environment.yml", "README.md", "TEACHING.md",
          "LICENSE", "LICENSE-TEXT", "THIRD_PARTY.md", "conftest.py")
INSTRUCTIONS = "INSTALL.txt"
_NOT_THE_COURSE = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", "*.egg-info", ".pytest_cache")
_COURSE_BYTES = 60_000_000
_OWN = {"course", "wheels", "hub", INSTRUCTIONS.lower(), manifest.SUMS.lower()}


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch, or with --check only compare; return 0 if the folder is whole."""
    options = _parser().parse_args(argv)
    folder = options.to.expanduser().resolve()
    if options.check:
        return _check(folder)
    targets = [] if options.no_wheels else _targets(options.platform, options.python)
    _prepare(folder)
    wheels.discard_broken(folder / "wheels")
    for name in manifest.discard_damaged(folder):
        _say(f"damaged, fetched again: {name}", f"已損壞，重新取得：{name}")
    (folder / manifest.SUMS).unlink(missing_ok=True)  # until everything is there again, the folder is not whole
    found = [models.look_up(name) for name in options.models]
    _check_space(folder, sum(models.missing_bytes(one, folder / "hub") for one in found), targets)
    _copy_course(repository(), folder / "course")
    wanted = wheels.requirements(repository())
    for target in targets:
        _say(f"packages for {target.platform}, Python {target.python}", f"{target.platform}、Python {target.python} 的套件")
        wheels.fetch(folder / "wheels", target, wanted, options.torch_index)
    for model in found:
        _say(f"model {model.name}", f"模型 {model.name}")
        models.fetch(model, folder / "hub")
    names = [f"{one.platform}, Python {one.python}" for one in wheels.complete(folder / "wheels", wanted)]
    text = room.instructions(names, list(dict.fromkeys([*options.models, *models.present(folder / "hub")])))
    write_atomically(folder / INSTRUCTIONS, text.encode("utf-8"))
    count = manifest.write(folder)
    print(text)
    _say(f"All is in {folder}: {count} files, with checksums. The text above is in {INSTRUCTIONS}.",
         f"全部都在 {folder}：{count} 個檔案，附檢查碼。上面的文字在 {INSTRUCTIONS}。")
    return 0


def _parser() -> argparse.ArgumentParser:
    def told(en: str, zh: str) -> str:
        return both(en, zh).replace("\n", " ")

    parser = argparse.ArgumentParser(
        prog="python -m course_utils prefetch",
        description=told("Bring what a class needs into one folder: the course, its packages, models of the hub.",
                         "把一個班級需要的東西備齊到一個資料夾：課程、套件、hub 上的模型。"),
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help=told("a GPT-2 of the hub, such as gpt2", "hub 上的 GPT-2，例如 gpt2"))
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help=told("the folder", "放在哪個資料夾"))
    parser.add_argument("--platform", action="append", metavar="NAME",
                        help=told(f"{', '.join(wheels.PLATFORMS)}; again for another; by default this machine's",
                                  "可以重複；預設是這台電腦的平台"))
    parser.add_argument("--python", action="append", metavar="VERSION",
                        help=told("such as 3.12; again for another; by default this one's", "例如 3.12，可以重複；預設是現在這個"))
    parser.add_argument("--no-wheels", action="store_true", help=told("without packages", "不要套件"))
    parser.add_argument("--torch-index", default=wheels.TORCH_INDEX, metavar="URL",
                        help=told("where the CPU build of PyTorch for Linux is", "Linux 的 CPU 版 PyTorch 在哪裡"))
    parser.add_argument("--check", action="store_true", help=told("only compare the folder with its checksums", "只用檢查碼檢查這個資料夾"))
    return parser


def _targets(platforms: Sequence[str] | None, pythons: Sequence[str] | None) -> list[wheels.Target]:
    own = wheels.here() if not (platforms and pythons) else None
    return [wheels.checked(name, python)
            for name in dict.fromkeys(platforms or [own.platform]) for python in dict.fromkeys(pythons or [own.python])]


def _prepare(folder: Path) -> None:
    """Make the folder. Raise CourseError if it cannot be written, or holds what is somebody's own: parts of it are
    replaced, and the checksums take in all of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".writable", b"")
        (folder / ".writable").unlink()
    except OSError as error:
        raise CourseError(
            f"Nothing can be written in {folder} ({error.strerror}). Choose another folder.",
            f"無法寫入 {folder}（{error.strerror}）。請換一個資料夾。",
        ) from error
    others = [path.name for path in folder.iterdir()
              if not (path.name.startswith((".", "$")) or path.name.lower() in _OWN | manifest.LITTER)]
    if others:
        raise CourseError(
            f"{folder} holds other things ({_some(others)}). Give a folder of its own: `--to {folder / 'gpt2-class'}`.",
            f"{folder} 裡有別的東西（{_some(others)}）。請給一個專用的資料夾：`--to {folder / 'gpt2-class'}`。",
        )
    work = _not_of_the_course(folder / "course")
    if work:
        raise CourseError(
            f"{folder / 'course'} would be replaced, and holds what is not of the course ({_some(work)}). Move that to "
            "another place, then run this again.",
            f"{folder / 'course'} 會被換成新的，但裡面有不屬於課程的東西（{_some(work)}）。請先把它移到別處，再執行一次。",
        )


def _not_of_the_course(folder: Path) -> list[str]:
    """The names in a copy of the course that are neither copied there nor made by installing from it."""
    there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    made = _NOT_THE_COURSE(str(folder), there) | set(COURSE) | manifest.LITTER
    return sorted(name for name in there if name not in made and not name.startswith("."))


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:3]) + ("…" if len(names) > 3 else "")


def _check_space(folder: Path, of_models: int, targets: Sequence[wheels.Target]) -> None:
    """Raise CourseError before anything is fetched if the disk has no room for it."""
    of_wheels = sum(wheels.BYTES for one in targets if wheels.missing(folder / "wheels", one, wheels.requirements(repository())))
    needed, free = of_models + of_wheels + _COURSE_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise CourseError(
            f"About {needed / 1e9:.1f} GB are needed in {folder}, and {free / 1e9:.1f} GB are free. Make room, or choose a "
            "folder on another disk.",
            f"{folder} 大約需要 {needed / 1e9:.1f} GB，目前可用的是 {free / 1e9:.1f} GB。請清出空間，或換到另一個磁碟的資料夾。",
        )


def _copy_course(root: Path, to: Path) -> None:
    """Copy the course without what was made while using it; a copy that is there is replaced by a whole one."""
    part = to.with_name(".course")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in COURSE:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, part / name, ignore=_NOT_THE_COURSE)
        elif source.is_file():
            shutil.copy2(source, part / name)
    shutil.rmtree(to, ignore_errors=True)
    part.replace(to)


def _check(folder: Path) -> int:
    found = manifest.check(folder)
    for names, en, zh in ((found.missing, "missing", "不見了"), (found.changed, "changed", "內容不對"), (found.extra, "not listed", "不在清單上")):
        for name in names:
            print(f"✗ {name}: {both(en, zh).replace(chr(10), ' | ')}")
    if found:
        _say("The folder is not whole. Copy it again, or run `prefetch` on it.", "這個資料夾不完整。請重新複製，或再執行一次 `prefetch`。")
        return 1
    _say(f"All {len(manifest.listed(folder))} files are as they should be.", f"{len(manifest.listed(folder))} 個檔案全部正確。")
    return 0


def _say(en: str, zh: str) -> None:
    print(both(en, zh), flush=True)
