"""Models of the hub, into a cache that can be copied and shared."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..checkpoints import WANTED, checkpoint, download, hub_answers
from ..files import sha256
from ..texts import CourseError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling


@dataclass(frozen=True)
class Model:
    """A model on the hub: its name, its present revision, and the files that the course needs."""

    name: str
    revision: str
    files: tuple["RepoSibling", ...]


def look_up(name: str) -> Model:
    """Ask the hub what a model consists of. Raise CourseError if there is none of that name, or no hub."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
    from huggingface_hub.utils import filter_repo_objects

    if not hub_answers(10):
        raise CourseError(
            "The Hugging Face hub does not answer. Connect to the network (and unset HF_HUB_OFFLINE), then run this again: "
            "what has arrived is kept.",
            "Hugging Face hub 沒有回應。請連上網路（並取消 HF_HUB_OFFLINE 的設定），再執行一次：已經下載的部分會保留。",
        )
    try:
        info = HfApi().model_info(name, files_metadata=True, timeout=30)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CourseError(
            f"There is no model {name!r} on the Hugging Face hub, or it needs a login (`hf auth login`). Check the spelling.",
            f"Hugging Face hub 上沒有 {name!r} 這個模型，或者它需要登入（`hf auth login`）。請檢查拼字。",
        ) from error
    except Exception as error:
        raise CourseError(
            f"The hub could not tell about {name!r} ({type(error).__name__}). Run this again.",
            f"無法從 hub 查到 {name!r}（{type(error).__name__}）。請再執行一次。",
        ) from error
    files = filter_repo_objects(
        info.siblings or [], allow_patterns=WANTED, ignore_patterns=["*/*"], key=lambda one: one.rfilename
    )
    return Model(name, info.sha or "main", tuple(files))


def missing_bytes(model: Model, hub: Path) -> int:
    """Return how much of the model is still to come, in bytes, counting whole files."""
    return sum(one.size or 0 for one in model.files if _cached(model, one.rfilename, hub) is None)


def fetch(model: Model, hub: Path) -> Path:
    """Bring the model into the cache `hub`, and return its folder there; what has arrived before is not fetched again.

    Raise CourseError if the fetch breaks off, if a file is not what the hub says it is (it is then deleted), or if
    the model is no GPT-2.
    """
    folder = download(
        model.name, hub
    )  # by its name and not by its revision: the cache must know what "main" is
    bad = [one.rfilename for one in model.files if not _is_right(one, folder / one.rfilename)]
    for name in bad:
        (folder / name).resolve().unlink(missing_ok=True)
        (folder / name).unlink(missing_ok=True)
    if bad:
        raise CourseError(
            f"Of {model.name!r}, {', '.join(bad)} arrived damaged and was deleted. Run this again.",
            f"{model.name!r} 的 {'、'.join(bad)} 在下載途中損壞，已經刪除。請再執行一次。",
        )
    return Path(checkpoint(folder))


def present(hub: Path) -> list[str]:
    """Return the names of the models in the cache, those of earlier runs too."""
    folders = {weights.parents[2] for weights in hub.glob("models--*/snapshots/*/*.safetensors")}
    return sorted(
        one.name.removeprefix("models--").replace("--", "/")
        for one in folders
        if (one / "refs" / "main").is_file()
    )


def _cached(model: Model, file: str, hub: Path) -> str | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model.name, file, cache_dir=hub, revision=model.revision)
    return found if isinstance(found, str) else None


def _is_right(file: "RepoSibling", path: Path) -> bool:
    """Compare with the hub's checksum: SHA-256 for large files, git's own for the others."""
    if not path.is_file():
        return False
    if file.lfs is not None:
        return sha256(path) == file.lfs.sha256
    content = path.read_bytes()
    return file.blob_id in (None, hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest())
