"""What to do in the room: the exact commands, for a folder of this content, in both languages."""

from collections.abc import Sequence

_POSIX = """\
FOLDER="/where/this/folder/is"
python3 -m venv gpt2-env
source gpt2-env/bin/activate
cp -r "$FOLDER/course" gpt2-course
chmod -R u+w gpt2-course
cd gpt2-course
python -m pip install {wheels}-e .
{settings}python -m course_utils doctor
python -m course_utils lab"""
_WINDOWS = """\
$FOLDER = "D:\\where\\this\\folder\\is"
py -m venv gpt2-env
gpt2-env\\Scripts\\Activate.ps1
Copy-Item -Recurse "$FOLDER\\course" gpt2-course
cd gpt2-course
python -m pip install {wheels}-e .
{settings}python -m course_utils doctor
python -m course_utils lab"""


def posix(models: Sequence[str], with_wheels: bool = True) -> str:
    """Return the commands for Linux and macOS. The copy of a read-only folder is made writable."""
    settings = (
        f'export HF_HUB_CACHE="$FOLDER/hub" HF_HUB_OFFLINE=1 COURSE_CHECKPOINT={models[0]}\n'
        if models
        else ""
    )
    return _POSIX.format(settings=settings, wheels='--no-index --find-links "$FOLDER/wheels" ' * with_wheels)


def windows(models: Sequence[str], with_wheels: bool = True) -> str:
    """Return the commands for PowerShell."""
    settings = (
        f'$env:HF_HUB_CACHE = "$FOLDER\\hub"; $env:HF_HUB_OFFLINE = "1"; $env:COURSE_CHECKPOINT = "{models[0]}"\n'
        if models
        else ""
    )
    return _WINDOWS.format(
        settings=settings, wheels='--no-index --find-links "$FOLDER\\wheels" ' * with_wheels
    )


def instructions(targets: Sequence[str], models: Sequence[str]) -> str:
    """Return the text that goes into the folder. `targets`: what there are packages for; `models`: which hub models."""
    what_zh = "、".join([f"套件（{'；'.join(targets)}）"] * bool(targets) + [f"模型 {one}" for one in models])
    what_en = ", ".join(
        [f"packages ({'; '.join(targets)})"] * bool(targets) + [f"model {one}" for one in models]
    )
    network_zh = "不需要網路。建立環境的 Python 必須是上面列出的版本。" if targets else "套件要從網路安裝。"
    network_en = (
        "No network is needed. The Python that makes the environment must be of a version named here."
        if targets
        else "Packages are installed from the network."
    )
    return f"""\
這個資料夾裡有：{"、".join(["課程", what_zh] if what_zh else ["課程"])}。{network_zh}
This folder holds: {", ".join(["the course", what_en] if what_en else ["the course"])}. {network_en}

Linux / macOS
-------------
{posix(models, bool(targets))}

Windows (PowerShell)
--------------------
{windows(models, bool(targets))}

第一行改成這個資料夾的位置：隨身碟、網路磁碟機，或複製到電腦裡的副本都可以，唯讀也可以。每位學生的課程副本放在自己的資料夾裡。
In the first line, put where this folder is: a USB stick, a network drive or a copy on the computer; it may be
read-only. Each student's copy of the course is in a folder of his or her own.

檢查複製後的資料夾 · To check a copied folder
---------------------------------------------
sha256sum --quiet --check SHA256SUMS
python -m course_utils prefetch --check --to FOLDER
"""
