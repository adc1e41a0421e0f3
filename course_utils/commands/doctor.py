"""`python -m course_utils doctor`: is everything here that the course needs, and if not, what to do.

Each check is a function that returns findings, and runs even where the others fail. Nothing is changed, and
the only thing asked of the network is whether the Hugging Face hub answers, for two seconds.
"""

import json
import os
import platform
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from .. import console, folders
from ..machine import memory_bytes
from ..place import ASSETS, course_folder
from ..texts import Bilingual, CourseError
from .commandline import Parser

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "gpt2-course"
OK, WARNING, PROBLEM = "ok", "warning", "problem"
_MARKS = {OK: "✓", WARNING: "!", PROBLEM: "✗"}
_GIB = 2**30
_EXACT = frozenset({"transformers"})  # what the course says about it does not hold for other versions
_CORES = 2
_MEMORY_GIB = 2
_REINSTALL = Bilingual(
    "Install the course again, in the environment that runs this: its wheel, or in the repository `pip install -e .`",
    "請在執行本指令的環境裡重新安裝課程：安裝 wheel，或在儲存庫裡執行 `pip install -e .`",
)
_NO_HOME = Bilingual(
    "Set HOME to a folder that you can write to.",
    "請把 HOME 設成一個可以寫入的資料夾。",
)


@dataclass(frozen=True)
class Finding:
    """What one check found: a verdict ("ok", "warning", "problem"), the fact, a remedy unless it is ok."""

    verdict: str
    fact: Bilingual
    remedy: Bilingual | None = None

    def __str__(self) -> str:
        line = f"{_MARKS[self.verdict]} {self.fact.inline()}"
        return line if self.remedy is None else f"{line}\n{indent(str(self.remedy), '    → ')}"

    def as_json(self) -> dict[str, str]:
        """Return what `--json` prints of it: texts alone."""
        remedy = self.remedy or Bilingual("", "")
        return {
            "verdict": self.verdict,
            "en": self.fact.en,
            "zh": self.fact.zh,
            "remedy_en": remedy.en,
            "remedy_zh": remedy.zh,
        }


def main(argv: list[str] | None = None) -> int:
    """Print every finding; return 1 if something that the course cannot do without is broken, else 0."""
    parser = Parser(
        "doctor",
        Bilingual(
            "Check what the course needs, and say what to do.", "檢查執行課程所需的條件，並說明該怎麼做。"
        ),
    )
    parser.add_argument("--json", action="store_true", help=Bilingual("print JSON", "以 JSON 印出"))
    options = parser.parse_args(argv)
    console.fit(sys.stdout, sys.stderr)
    findings = []
    for finding in examine(CHECKS):
        findings.append(finding)
        if not options.json:
            print(finding, flush=True)
    if options.json:
        print(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False, indent=1))
    else:
        print(f"\n{_summary(findings)}")
    return int(any(finding.verdict == PROBLEM for finding in findings))


def examine(checks: Iterable[Callable[[], Iterable[Finding]]]) -> Iterator[Finding]:
    """Yield what each check finds; one that breaks is a finding of its own."""
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # a doctor that crashes helps nobody
            name, what = check.__name__.removeprefix("check_"), f"{type(error).__name__}: {error}"
            remedy = _REINSTALL if folders.home_folder() else _NO_HOME
            yield Finding(
                WARNING,
                Bilingual(f"{name}: could not be checked ({what})", f"{name}：無法檢查（{what}）"),
                remedy,
            )


def _summary(findings: list[Finding]) -> Bilingual:
    problems = sum(finding.verdict == PROBLEM for finding in findings)
    warnings = sum(finding.verdict == WARNING for finding in findings)
    if problems:
        return Bilingual(
            f"{problems} to mend before the course can run (✗), {warnings} to know about (!).",
            f"有 {problems} 項要先修好才能上課（✗），{warnings} 項請留意（!）。",
        )
    if warnings:
        return Bilingual(
            f"The course can run; {warnings} to know about (!).", f"可以上課；有 {warnings} 項請留意（!）。"
        )
    return Bilingual("All is well.", "一切正常。")


def check_python() -> Iterator[Finding]:
    """The interpreter's version, and which one it is."""
    version = platform.python_version()
    if sys.version_info >= (3, 11):  # noqa: UP036, an older Python may run this file
        yield Finding(OK, Bilingual(f"Python {version}", f"Python {version}"))
        return
    yield Finding(
        PROBLEM,
        Bilingual(f"Python {version} is too old", f"Python {version} 太舊"),
        Bilingual("Make an environment with Python 3.11 or newer.", "請用 Python 3.11 以上的版本建立環境。"),
    )


def check_packages() -> Iterator[Finding]:
    """Every requirement of the course: installed, and in the range that the course is tested with."""
    for requirement in requirements():
        yield compare(requirement)


def requirements() -> list["Requirement"]:
    """Read the pins of the installed course, or, where it is not installed, those of its pyproject.toml."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        text = (course_folder() / "pyproject.toml").read_text(encoding="utf-8")
        lines = tomllib.loads(text)["project"]["dependencies"]
    wanted = [Requirement(line) for line in lines]
    return [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def compare(requirement: "Requirement") -> Finding:
    """Hold the installed version of a package against a pin."""
    name, wanted = requirement.name, str(requirement.specifier) or "*"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(PROBLEM, Bilingual(f"{name} is not installed", f"沒有安裝 {name}"), _REINSTALL)
    if requirement.specifier.contains(version, prereleases=True):
        return Finding(OK, Bilingual(f"{name} {version}", f"{name} {version}"))
    return Finding(
        PROBLEM if name in _EXACT else WARNING,
        Bilingual(
            f"{name} {version}; the course is tested with {wanted}",
            f"{name} {version}；課程測試過的版本是 {wanted}",
        ),
        _REINSTALL,
    )


def check_torch() -> Iterator[Finding]:
    """Return whether torch can be loaded and computes: a broken library shows only then."""
    try:
        import torch

        total, threads = torch.ones(2).sum().item(), torch.get_num_threads()
    except Exception as error:
        yield _broken_torch(f"{type(error).__name__}: {error}".splitlines()[0])
        return
    if total != 2:
        yield _broken_torch("1 + 1 != 2")
        return
    yield Finding(
        OK, Bilingual(f"torch computes, with {threads} threads", f"torch 可以計算，使用 {threads} 個執行緒")
    )


def _broken_torch(reason: str) -> Finding:
    return Finding(
        PROBLEM, Bilingual(f"torch does not work ({reason})", f"torch 無法使用（{reason}）"), _REINSTALL
    )


def check_cores() -> Iterator[Finding]:
    """The processor cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores >= _CORES:
        yield Finding(OK, Bilingual(f"{cores} processor cores", f"{cores} 個處理器核心"))
        return
    yield Finding(
        WARNING,
        Bilingual("only one processor core", "只有一個處理器核心"),
        Bilingual(
            "The course works, but notebooks take up to twice their stated time.",
            "可以上課，但 notebook 需要的時間最多是標示時間的兩倍。",
        ),
    )


def check_memory() -> Iterator[Finding]:
    """The machine's memory, or the container's where that is less."""
    size = memory_bytes()
    if size is None:
        yield Finding(
            WARNING,
            Bilingual("memory: unknown", "記憶體：不明"),
            Bilingual(
                f"See for yourself that there are {_MEMORY_GIB} GB.", f"請自行確認有 {_MEMORY_GIB} GB。"
            ),
        )
    elif size >= _MEMORY_GIB * _GIB:
        yield Finding(OK, Bilingual(f"{size / _GIB:.1f} GB of memory", f"記憶體 {size / _GIB:.1f} GB"))
    else:
        yield Finding(
            WARNING,
            Bilingual(f"only {size / _GIB:.1f} GB of memory", f"記憶體只有 {size / _GIB:.1f} GB"),
            Bilingual(
                "Keep one notebook open at a time, close other programs, and stay with the bundled model.",
                "請一次只開一份 notebook，關閉其他程式，並使用附帶的小模型。",
            ),
        )


def check_checkpoint() -> Iterator[Finding]:
    """The bundled model against its checksums, and the checkpoint that COURSE_CHECKPOINT asks for."""
    from ..checkpoints import BUNDLED, checkpoint

    chosen = os.environ.get("COURSE_CHECKPOINT", "").strip()
    for name in dict.fromkeys(["bundled", chosen or "bundled"]):
        try:
            folder = Path(checkpoint(name))
        except CourseError as error:
            yield Finding(PROBLEM, Bilingual(f"checkpoint {name!r}", f"檢查點 {name!r}"), error.text)
            continue
        if folder == BUNDLED:
            yield Finding(OK, Bilingual("the bundled model is intact", "附帶的小模型完好"))
        else:
            yield Finding(OK, Bilingual(f"checkpoint {name!r}: {folder}", f"檢查點 {name!r}：{folder}"))


def check_network() -> Iterator[Finding]:
    """Return whether the Hugging Face hub answers; the course itself needs no network."""
    from ..checkpoints import hub_answers

    if hub_answers():
        yield Finding(OK, Bilingual("the Hugging Face hub answers", "Hugging Face hub 有回應"))
        return
    yield Finding(
        WARNING,
        Bilingual("the Hugging Face hub does not answer", "Hugging Face hub 沒有回應"),
        Bilingual(
            "The course needs no network. To fetch the real GPT-2, connect (and unset HF_HUB_OFFLINE).",
            "課程不需要網路。要下載真正的 GPT-2，請連上網路（並取消 HF_HUB_OFFLINE 的設定）。",
        ),
    )


def check_cached_models() -> Iterator[Finding]:
    """The GPT-2 models of the hub that can be used without a network, and what is wrong with the cache they are in."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    for place in (cache, *cache.parents):
        if os.path.exists(place) and not os.path.isdir(place):
            yield _not_a_folder(place, cache)
            return
    whole, partial, unreadable = _cached_models(cache)
    if unreadable:
        yield Finding(
            WARNING,
            Bilingual(f"cannot be read: {', '.join(unreadable)}", f"無法讀取：{'、'.join(unreadable)}"),
            Bilingual(
                f"Ask the owner of the cache to let all read it: `chmod -R a+rX {cache}`.",
                f"請這個快取的管理者開放讀取權限：`chmod -R a+rX {cache}`。",
            ),
        )
    if partial:
        yield Finding(
            WARNING,
            Bilingual(
                f"not complete in the cache {cache}: {', '.join(partial)}",
                f"快取 {cache} 裡的模型不完整：{'、'.join(partial)}",
            ),
            Bilingual(
                "They cannot be used without a network. To complete one where there is a network: "
                f"`python -c \"from course_utils import checkpoint; checkpoint('{partial[0]}')\"`. "
                "If that does not help, delete its folder in the cache first.",
                "沒有網路就無法使用。請在有網路的地方補齊："
                f"`python -c \"from course_utils import checkpoint; checkpoint('{partial[0]}')\"`。"
                "如果仍然不完整，請先刪除這個模型在快取裡的資料夾。",
            ),
        )
    if whole:
        yield _of_whole_models(whole, cache)
    elif not (unreadable or partial):
        yield Finding(OK, Bilingual("no GPT-2 model of the hub is cached", "快取中沒有 hub 上的 GPT-2 模型"))


def _not_a_folder(place: Path, cache: Path) -> Finding:
    return Finding(
        WARNING,
        Bilingual(
            f"no model can be kept in the cache {cache}: {place} is not a folder",
            f"快取 {cache} 無法存放模型：{place} 不是資料夾",
        ),
        Bilingual(
            "Set HF_HOME to a folder, or unset it (and HF_HUB_CACHE).",
            "請把 HF_HOME 設成一個資料夾，或取消 HF_HOME（與 HF_HUB_CACHE）的設定。",
        ),
    )


def _of_whole_models(names: list[str], cache: Path) -> Finding:
    from huggingface_hub import constants

    fact = Bilingual(f"cached GPT-2 models: {', '.join(names)}", f"快取中的 GPT-2 模型：{'、'.join(names)}")
    if folders.is_writable(cache):
        return Finding(OK, fact)
    fact = Bilingual(f"{fact.en} (read-only: {cache})", f"{fact.zh}（唯讀：{cache}）")
    if constants.HF_HUB_OFFLINE:
        return Finding(OK, fact)
    return Finding(
        WARNING,
        fact,
        Bilingual(
            "Set HF_HUB_OFFLINE=1, so that nothing tries to renew them there.",
            "請設定 HF_HUB_OFFLINE=1，就不會有程式嘗試更新這些模型。",
        ),
    )


def cached_models() -> list[str]:
    """Return the names of the GPT-2 models in the hub's local cache that can be used without a network."""
    from huggingface_hub import constants

    return _cached_models(Path(constants.HF_HUB_CACHE))[0]


def _cached_models(cache: Path) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the GPT-2 models that are whole, those that are not, and what this user cannot read."""
    whole: set[str] = set()
    partial: set[str] = set()
    unreadable: set[str] = set()
    try:
        folders = [cache / name for name in os.listdir(cache) if name.startswith("models--")]
    except (FileNotFoundError, NotADirectoryError):
        return [], [], []
    except OSError:
        return [], [], [str(cache)]
    for folder in folders:
        name = folder.name.removeprefix("models--").replace("--", "/")
        try:
            kind, has_weights = _look_into(folder)
        except PermissionError:
            unreadable.add(name)
        except (OSError, ValueError):  # damaged: a file in a folder's place, a name that is no text
            partial.add(name)
        else:
            if kind == "gpt2":
                (whole if has_weights else partial).add(name)
    return sorted(whole), sorted(partial), sorted(unreadable)


def _look_into(folder: Path) -> tuple[str | None, bool]:
    """Return a cached model's type, and whether its weights are there, in the revision that its name means.

    Raise PermissionError if something of it cannot be read, another OSError or ValueError if it is damaged.
    """
    snapshots, named = folder / "snapshots", folder / "refs" / "main"
    if not os.path.lexists(snapshots):
        return None, False
    kinds = {one: _type_of(snapshots / one / "config.json") for one in sorted(os.listdir(snapshots))}
    present = named.read_text(encoding="utf-8").strip() if os.path.lexists(named) else ""
    if present not in kinds:
        return next(filter(None, kinds.values()), None), False
    weights = [name for name in os.listdir(snapshots / present) if name.endswith(".safetensors")]
    return kinds[present], bool(weights) and all(_can_be_read(snapshots / present / name) for name in weights)


def _can_be_read(file: Path) -> bool:
    """Return whether the file is there; raise PermissionError if it is and this user cannot read it."""
    try:
        file.open("rb").close()
    except FileNotFoundError:  # a link that leads nowhere
        return False
    return True


def _type_of(config: Path) -> str | None:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except PermissionError:
        raise
    except (OSError, ValueError, AttributeError):
        return None


def check_kernel() -> Iterator[Finding]:
    """Return whether the notebooks' kernel, python3, is there and is this interpreter."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = "`python -m ipykernel install --sys-prefix --name python3`"
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (NoSuchKernel, IndexError):
        yield Finding(
            PROBLEM,
            Bilingual("no kernel named python3", "沒有名為 python3 的 kernel"),
            Bilingual(remedy, remedy),
        )
        return
    if _is_this_interpreter(command):
        yield Finding(
            OK, Bilingual("the notebook kernel is this Python", "notebook 的 kernel 就是這個 Python")
        )
    else:
        yield Finding(
            WARNING,
            Bilingual(
                f"the notebook kernel is another Python: {command}",
                f"notebook 的 kernel 是另一個 Python：{command}",
            ),
            Bilingual(remedy, remedy),
        )


def _is_this_interpreter(command: str) -> bool:
    """A bare `python` in a kernel means the interpreter of the server, so this one."""
    if Path(command).name == command:
        return True
    return Path(command).absolute() == Path(sys.executable).absolute()


def check_widgets() -> Iterator[Finding]:
    """Return whether JupyterLab has the extension that draws widgets."""
    from jupyter_core.paths import jupyter_path

    extension = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager", "package.json")
    if any((Path(folder) / extension).is_file() for folder in jupyter_path()):
        yield Finding(OK, Bilingual("JupyterLab can draw widgets", "JupyterLab 可以顯示互動元件"))
        return
    yield Finding(
        WARNING,
        Bilingual(
            "JupyterLab lacks the widget extension: both languages show, and controls do not",
            "JupyterLab 沒有互動元件的擴充套件，所以兩種語言會同時顯示，控制項則不會出現",
        ),
        Bilingual(
            "`pip install --force-reinstall jupyterlab_widgets`",
            "`pip install --force-reinstall jupyterlab_widgets`",
        ),
    )


def check_fonts() -> Iterator[Finding]:
    """The font that draws Chinese labels in figures."""
    folder = ASSETS / "fonts"
    fonts = sorted(file.name for file in folder.glob("*") if file.suffix.lower() in (".otf", ".ttf"))
    if fonts:
        yield Finding(OK, Bilingual(f"font for Chinese labels: {fonts[0]}", f"中文標籤的字型：{fonts[0]}"))
        return
    yield Finding(
        WARNING,
        Bilingual(
            "the font for Chinese labels is missing: figures show boxes",
            "缺少中文標籤的字型，圖中的中文會變成方框",
        ),
        Bilingual(
            "Get it back with `git checkout -- course_utils/assets/fonts`, or install the course again.",
            "請用 `git checkout -- course_utils/assets/fonts` 還原，或重新安裝課程。",
        ),
    )


def check_home() -> Iterator[Finding]:
    """Return whether there is a home folder to write to: Jupyter, matplotlib and the models' cache all want one."""
    own = folders.home_folder()
    if own is not None and folders.is_writable(own):
        yield Finding(OK, Bilingual(f"the home folder {own} can be written", f"家目錄 {own} 可以寫入"))
        return
    yield Finding(
        WARNING,
        Bilingual(
            f"the home folder cannot be written: {own}" if own else "this user has no home folder",
            f"家目錄無法寫入：{own}" if own else "這個使用者沒有家目錄",
        ),
        Bilingual(
            "The course works all the same: `python -m course_utils lab` keeps settings and progress in the working "
            "copy. To keep them elsewhere, set HOME to a folder that you can write to.",
            "還是可以上課，`python -m course_utils lab` 會把設定與進度存在工作副本裡。想存在別處，請把 HOME 設成一個可以寫入的資料夾。",
        ),
    )


def check_data_folder() -> Iterator[Finding]:
    """Return whether the learner's settings can be saved."""
    folder = folders.data_folder()
    if folders.is_writable(next(place for place in (folder, *folder.parents) if place.exists())):
        yield Finding(OK, Bilingual(f"settings are kept in {folder}", f"設定存放在 {folder}"))
        return
    yield Finding(
        WARNING,
        Bilingual(f"settings and progress cannot be saved in {folder}", f"設定與進度無法存到 {folder}"),
        Bilingual(
            "Set COURSE_DATA to a folder that you can write to.",
            "請把 COURSE_DATA 設成一個可以寫入的資料夾。",
        ),
    )


CHECKS: tuple[Callable[[], Iterable[Finding]], ...] = (
    check_python,
    check_packages,
    check_torch,
    check_cores,
    check_memory,
    check_checkpoint,
    check_network,
    check_cached_models,
    check_kernel,
    check_widgets,
    check_fonts,
    check_home,
    check_data_folder,
)
