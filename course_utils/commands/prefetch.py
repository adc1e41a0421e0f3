"""`python -m course_utils prefetch`: all that a class needs, in one folder, before the day.

The folder holds `course/` (a copy of the course), `wheels/` (its packages), `hub/` (models, as a hub cache),
`INSTALL.txt` (what to do in the room) and `SHA256SUMS` (written last: if it exists, the folder is complete).
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..files import write_atomically
from ..place import course_folder, is_packed
from ..prefetch import course, manifest, models, room, wheels
from ..texts import Bilingual, CourseError
from .commandline import Parser

INSTRUCTIONS = "INSTALL.txt"
_FOLDERS, _FILES = ("course", "wheels", "hub"), (INSTRUCTIONS, manifest.SUMS)
_LOCK = ".prefetch.lock"


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch, or with --check only compare; return 0 if the folder is whole."""
    options = _parser().parse_args(argv)
    folder = options.to.expanduser().resolve()
    if options.check:
        return _check(folder)
    targets = [] if options.no_wheels else _targets(options.platform, options.python)
    with _alone_in(folder):
        found = _clear(folder, options.models, targets)
        text = _fill(folder, found, targets, options.torch_index)
        count = manifest.write(folder)
    print(text)
    _say(
        Bilingual(
            f"All is in {folder}: {count} files, with checksums. The text above is in {INSTRUCTIONS}.",
            f"全部都在 {folder}，共 {count} 個檔案，附檢查碼。上面的說明存在 {INSTRUCTIONS}。",
        )
    )
    return 0


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Make the folder, and let no other run into it meanwhile. Raise CourseError if it will not do, if another run is
    there, and for whatever the system refuses."""
    try:
        _prepare(folder)
        with FileLock(folder / _LOCK, timeout=0):
            yield
    except Timeout as error:
        raise CourseError(
            f"Another `prefetch` is at work in {folder}. Wait until it has ended, then run this again.",
            f"另一個 `prefetch` 正在處理 {folder}。請等它結束，再執行一次。",
        ) from error
    except OSError as error:
        raise CourseError(
            f"{folder} could not be filled: {error}. Choose another folder, or mend that and run this again: what has arrived "
            "is kept.",
            f"無法備齊 {folder}：{error}。請換一個資料夾，或排除這個問題再執行一次，已經下載的部分會保留。",
        ) from error


def _clear(folder: Path, names: Sequence[str], targets: Sequence[wheels.Target]) -> list[models.Model]:
    """Look the models up, and delete what is damaged. Raise CourseError, with a whole folder still whole, for what
    stands against replacing the course, for a model that cannot be had, and for a full disk."""
    _keep_own_work(folder)
    found = [models.look_up(name) for name in names]
    wheels.discard_broken(folder / "wheels")  # no whole folder has any
    _check_space(folder, sum(models.missing_bytes(one, folder / "hub") for one in found), targets)
    for name in manifest.discard_damaged(folder):
        _say(Bilingual(f"damaged, fetched again: {name}", f"已損壞，重新取得：{name}"))
    (folder / manifest.SUMS).unlink(
        missing_ok=True
    )  # until everything is there again, the folder is not whole
    return found


def _fill(
    folder: Path, found: Sequence[models.Model], targets: Sequence[wheels.Target], torch_index: str
) -> str:
    """Bring everything into the folder but the checksums; return the instructions. Raise CourseError if that fails."""
    course.copy(course_folder(), folder / "course")
    wanted = wheels.requirements(course_folder())
    for target in targets:
        _say(Bilingual(f"packages for {target}", f"{target.platform}、Python {target.python} 的套件"))
        wheels.fetch(folder / "wheels", target, wanted, torch_index)
    for model in found:
        _say(Bilingual(f"model {model.name}", f"模型 {model.name}"))
        models.fetch(model, folder / "hub")
    complete = wheels.complete(folder / "wheels", wanted)
    _check_complete(targets, complete)
    names = dict.fromkeys([*(model.name for model in found), *models.present(folder / "hub")])
    text = room.instructions([str(one) for one in complete], list(names))
    write_atomically(folder / INSTRUCTIONS, text.encode("utf-8"))
    return text


def _parser() -> Parser:
    parser = Parser(
        "prefetch",
        Bilingual(
            "Bring what a class needs into one folder: the course, its packages, models of the hub.",
            "把一個班級需要的課程、套件與 hub 上的模型，備齊到一個資料夾。",
        ),
    )
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help=Bilingual("a GPT-2 of the hub, such as gpt2", "hub 上的 GPT-2，例如 gpt2"),
    )
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help=Bilingual("the folder", "放在哪個資料夾")
    )
    parser.add_argument(
        "--platform",
        action="append",
        metavar="NAME",
        help=Bilingual(
            f"{', '.join(wheels.PLATFORMS)}; again for another; by default this machine's",
            "可以重複；預設是這台電腦的平台",
        ),
    )
    parser.add_argument(
        "--python",
        action="append",
        metavar="VERSION",
        help=Bilingual(
            "such as 3.12; again for another; by default this one's",
            "例如 3.12，可以重複；預設是目前使用的版本",
        ),
    )
    parser.add_argument("--no-wheels", action="store_true", help=Bilingual("without packages", "不要套件"))
    parser.add_argument(
        "--torch-index",
        default=wheels.TORCH_INDEX,
        metavar="URL",
        help=Bilingual("where the CPU build of PyTorch for Linux is", "Linux 的 CPU 版 PyTorch 在哪裡"),
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=Bilingual("only compare the folder with its checksums", "只用檢查碼檢查這個資料夾"),
    )
    return parser


def _targets(platforms: Sequence[str] | None, pythons: Sequence[str] | None) -> list[wheels.Target]:
    if not (platforms and pythons):
        own = wheels.here()
        platforms, pythons = platforms or [own.platform], pythons or [own.python]
    return list(dict.fromkeys(wheels.checked(name, python) for name in platforms for python in pythons))


def _prepare(folder: Path) -> None:
    """Make the folder. Raise CourseError if it holds what is somebody's own: parts of it are replaced, and the checksums
    take in all of it."""
    root = course_folder()
    beside = Path.cwd() if is_packed(root) else root.parent
    if course.overlaps(folder, root):
        raise CourseError(
            f"{folder} and the course that is copied there, {root}, would lie one in the other. Choose another folder, such as "
            f"`--to {beside / 'gpt2-class'}`.",
            f"{folder} 與要複製過去的課程 {root} 會一個包住另一個。請換一個資料夾，例如 `--to {beside / 'gpt2-class'}`。",
        )
    folder.mkdir(parents=True, exist_ok=True)
    own = {name.lower() for name in (*_FOLDERS, *_FILES)}
    others = [
        path.name
        for path in folder.iterdir()
        if not (path.name.startswith((".", "$")) or path.name.lower() in own or manifest.is_litter(path.name))
    ]
    if others:
        raise CourseError(
            f"{folder} holds other things ({_some(others)}). Give a folder of its own: `--to {folder / 'gpt2-class'}`.",
            f"{folder} 裡有別的檔案（{_some(others)}）。請指定一個專用的資料夾：`--to {folder / 'gpt2-class'}`。",
        )
    for name in (*_FOLDERS, *_FILES):
        _check_kind(folder / name)


def _check_kind(path: Path) -> None:
    """Raise CourseError if something else is where a folder or a file of the class's folder goes: a link, too, as what it
    leads to would not be copied with the rest."""
    kind = Bilingual("folder", "資料夾") if path.name in _FOLDERS else Bilingual("file", "檔案")
    if path.is_symlink() or (path.exists() and path.is_dir() != (path.name in _FOLDERS)):
        raise CourseError(
            f"{path} is in the way: a {kind.en} of that name is made there. Move it to another place, then run this again.",
            f"{path} 的位置要用來放同名的{kind.zh}。請把它移到別處，再執行一次。",
        )


def _keep_own_work(folder: Path) -> None:
    """Raise CourseError if replacing the copy of the course would lose what somebody added or changed there."""
    work = course.own_work(folder, course_folder())
    if work:
        raise CourseError(
            f"{folder / 'course'} would be replaced, and holds files that were changed, or are not of the course "
            f"({_some(work)}). Move them, or all of `course`, out of {folder}, then run this again.",
            f"{folder / 'course'} 會被換成新的，但裡面有改過或不屬於課程的檔案（{_some(work)}）。"
            f"請把它們或整個 `course` 移到 {folder} 之外，再執行一次。",
        )


def _check_complete(targets: Sequence[wheels.Target], complete: Sequence[wheels.Target]) -> None:
    """Raise CourseError if there is not all of what was asked for: the folder must not pass for whole."""
    lacking = "; ".join(str(one) for one in targets if one not in complete)
    if lacking:
        raise CourseError(
            f"There are not all packages for: {lacking}. Run this again; or with `--no-wheels`, and packages are installed from "
            "the network.",
            f"這些平台的套件沒有備齊：{lacking}。請再執行一次；或加上 `--no-wheels`，改從網路安裝套件。",
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:3]) + ("…" if len(names) > 3 else "")


def _check_space(folder: Path, of_models: int, targets: Sequence[wheels.Target]) -> None:
    """Raise CourseError before anything is fetched if the disk has no room for it."""
    of_wheels = sum(
        wheels.BYTES
        for one in targets
        if wheels.missing(folder / "wheels", one, wheels.requirements(course_folder()))
    )
    needed, free = of_models + of_wheels + course.BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise CourseError(
            f"About {needed / 1e9:.1f} GB are needed in {folder}, and {free / 1e9:.1f} GB are free. Make room, or choose a "
            "folder on another disk.",
            f"{folder} 大約需要 {needed / 1e9:.1f} GB，目前可用的是 {free / 1e9:.1f} GB。請清出空間，或換到另一個磁碟的資料夾。",
        )


def _check(folder: Path) -> int:
    found = manifest.check(folder)
    for names, how in (
        (found.missing, Bilingual("missing", "不見了")),
        (found.changed, Bilingual("changed", "內容不對")),
        (found.extra, Bilingual("not listed", "不在清單上")),
    ):
        for name in names:
            print(f"✗ {name}: {how.inline()}")
    if found:
        _say(
            Bilingual(
                "The folder is not whole. Copy it again, or run `prefetch` on it.",
                "這個資料夾不完整。請重新複製，或再執行一次 `prefetch`。",
            )
        )
        return 1
    _say(
        Bilingual(
            f"All {len(manifest.listed(folder))} files are as they should be.",
            f"{len(manifest.listed(folder))} 個檔案全部正確。",
        )
    )
    return 0


def _say(text: Bilingual) -> None:
    print(text, flush=True)
