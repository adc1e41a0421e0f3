"""Which weights the course runs on: the bundled model, a model of the Hugging Face hub, or a folder.

`checkpoint()` only chooses and checks. What it returns goes into the library's own `from_pretrained`.
"""

import errno
import json
import os
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

from .files import sha256
from .texts import CourseError

BUNDLED = Path(__file__).parent / "assets" / "model"

HUB_SECONDS = 2.0
WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]  # the files of a hub model that the course needs
_BARS = "HF_HUB_DISABLE_PROGRESS_BARS"
_CHECKSUMS = "SHA256SUMS"
_ORGANISATIONS = {
    **dict.fromkeys(("gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"), "openai-community"),
    "distilgpt2": "distilbert",
}
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "vocab.txt", "*.model")
_FINAL_NORMS = ("transformer.ln_f.weight", "ln_f.weight")


def checkpoint(name: str | os.PathLike[str] | None = None) -> str:
    """Return the folder of the checkpoint to load, as a string for any `from_pretrained`.

    `name` is "bundled" or "" (the model that comes with the course), a folder, or a name on the Hugging Face
    hub such as "gpt2"; a folder of that name comes first, as in the library. Without `name`, the environment
    variable COURSE_CHECKPOINT decides, and without that the bundled model is taken.

    For a hub name, too, the answer is a folder: the snapshot in the local cache, fetched now if it is not
    there and the hub can be reached. Loading a folder asks nobody, while loading a name asks the hub about
    file after file and, with no network, retries each for 23 seconds, even when the model is cached.

    Raise CourseError, with what to do, for a hub name that is neither cached nor reachable (in about three
    seconds), and for a folder without a config, tokenizer or safetensors weights, or with damaged ones.
    The bundled model is compared with its SHA-256 checksums and needs no network.

    In a notebook, the first call turns off the bars of the library's loading, which take a moment only; those of
    downloads stay. HF_HUB_DISABLE_PROGRESS_BARS, where it is set, decides instead, and so does
    `transformers.utils.logging.enable_progress_bar()` afterwards.
    """
    _turn_off_loading_bars()
    chosen = os.environ.get("COURSE_CHECKPOINT", "") if name is None else os.fspath(name)
    chosen = chosen.strip()
    if chosen in ("", "bundled") or _is_bundled(chosen):
        return _bundled()
    # The functions of os.path take whatever is typed: an unknown `~user`, a name too long, one with a null character.
    folder = os.path.expanduser(chosen)
    if os.path.isdir(folder):
        return _checked(Path(folder).resolve())
    if os.path.exists(folder) or not _is_hub_name(chosen):
        raise CourseError(
            f"There is no checkpoint folder {chosen!r}. Give an existing folder, the name of a model on the "
            'Hugging Face hub such as "gpt2", or "bundled".',
            f'找不到檢查點資料夾 {chosen!r}。請指定一個存在的資料夾、Hugging Face hub 上的模型名稱（例如 "gpt2"），'
            '或 "bundled"。',
        )
    return _from_hub(chosen)


@cache
def _turn_off_loading_bars() -> None:
    """Load without bars in this notebook, once: what the learner sets later stays."""
    if "ipykernel" not in sys.modules or _BARS in os.environ:
        return
    try:
        from huggingface_hub.utils import are_progress_bars_disabled, enable_progress_bars
        from transformers.utils import logging
    except ImportError:  # half an install, which the doctor tells of
        return
    downloads_have_bars = not are_progress_bars_disabled()
    logging.disable_progress_bar()
    if downloads_have_bars:
        enable_progress_bars()


def applies(kind: str, where: str | os.PathLike[str]) -> bool:
    """Return whether claims of a kind hold for the checkpoint `where`, the value of `checkpoint()`.

    "bundled" claims speak of the bundled model only; "trained" claims need weights that have learned
    something (in weights as they were initialised, every entry of `ln_f.weight` is 1). Where they do not
    hold, print one line that says so, in both languages. Raise ValueError for another kind.
    """
    folder = Path(where) if os.path.isdir(where) else Path(checkpoint(where))
    if kind == "bundled":
        holds, what, zh = _is_bundled(folder), "the bundled model", "附帶的小模型"
    elif kind == "trained":
        holds, what, zh = _is_trained(folder), "trained weights", "訓練過的權重"
    else:
        raise ValueError(f'kind must be "trained" or "bundled", not {kind!r}')
    if not holds:
        print(f"這一段只適用於{zh}，在此略過。 This part speaks of {what} and is skipped here.")
    return holds


def fingerprint(folder: str | os.PathLike[str]) -> str:
    """Return what tells one checkpoint from another, wherever it lies: the SHA-256 of its settings and its weights.

    `folder`: the value of `checkpoint()`.
    """
    folder = Path(folder)
    return " ".join(sha256(file) for file in [folder / "config.json", *_weight_files(folder)])


def hub_answers(seconds: float = HUB_SECONDS) -> bool:
    """Return whether the Hugging Face hub answers within `seconds`; False at once with HF_HUB_OFFLINE=1.

    The question runs in a thread of its own, because looking a name up can take longer than any timeout.
    """
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    statuses: list[int] = []

    def ask() -> None:
        try:
            answer = get_session().head(f"{constants.ENDPOINT}/api/models/gpt2", timeout=seconds)
            statuses.append(answer.status_code)
        except Exception:  # whatever goes wrong here, the hub did not answer
            return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return any(status < 500 and status != 407 for status in statuses)


def _is_hub_name(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _is_bundled(name: str | os.PathLike[str]) -> bool:
    try:
        return os.path.realpath(os.path.expanduser(name)) == os.path.realpath(BUNDLED)
    except ValueError:  # no path at all: a null character, half of a surrogate pair
        return False


def _bundled() -> str:
    """Return the bundled folder after comparing every file in it with SHA256SUMS."""
    try:
        lines = (BUNDLED / _CHECKSUMS).read_text(encoding="utf-8").splitlines()
        digests = dict(_checksum(line) for line in lines if line)
        wrong = [file for file, digest in digests.items() if sha256(BUNDLED / file) != digest]
        wrong += {"model.safetensors"} - digests.keys()
    except (OSError, ValueError) as error:
        wrong = [Path(getattr(error, "filename", None) or _CHECKSUMS).name]
    if wrong:
        files = ", ".join(wrong)
        raise CourseError(
            f"The model that comes with the course is missing or was changed ({files}). Get it back with "
            f"`git checkout -- course_utils/assets/model`, or install the course afresh.",
            f"附帶的小模型不見了，或內容有改動（{files}）。請用 `git checkout -- course_utils/assets/model` 還原，"
            "或重新安裝課程。",
        )
    return str(BUNDLED)


def _checksum(line: str) -> tuple[str, str]:
    """Turn a line of `sha256sum` (the digest, a space, a space or a star, the file) into file and digest."""
    digest, file = line.split(maxsplit=1)
    return file.removeprefix("*"), digest.lower()


def _from_hub(name: str) -> str:
    folder = cached(name)
    if folder and _is_complete(folder):
        return _checked(folder)
    if hub_answers():
        return _checked(download(name))
    if folder and _pickles(folder):
        return _checked(folder)
    raise CourseError(
        f"{name!r} is not a folder here, it is not (completely) in the local cache, and the Hugging Face hub "
        "does not answer. Connect to the network and run this again, or take the bundled model, which needs "
        'none: unset COURSE_CHECKPOINT, or write checkpoint("bundled").',
        f"{name!r} 不是這裡有的資料夾，也沒有（完整地）存在本機快取中，而 Hugging Face hub 沒有回應。請連上網路後再執行一次；"
        '或改用不需要網路的附帶的小模型，方法是取消 COURSE_CHECKPOINT 的設定，或寫 checkpoint("bundled")。',
    )


def cached(name: str) -> Path | None:
    """Return the snapshot folder of a hub model in the local cache, whole or not; None if none can be found there."""
    from huggingface_hub import constants, try_to_load_from_cache

    names = [name]
    if name in _ORGANISATIONS:
        names.append(f"{_ORGANISATIONS[name]}/{name}")
    for candidate in names:
        try:
            config = try_to_load_from_cache(candidate, "config.json", cache_dir=constants.HF_HUB_CACHE)
        except (OSError, ValueError):  # a damaged entry
            continue
        if isinstance(config, str):
            return Path(config).parent
    return None


def download(name: str, cache: Path | None = None) -> Path:
    """Fetch a hub model into the library's cache, or another one, and return its folder; what is there is not fetched
    again. Raise CourseError, with what to do, if that fails."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, cache_dir=cache, allow_patterns=WANTED, ignore_patterns=["*/*"]))
    except RepositoryNotFoundError as error:
        raise CourseError(
            f"There is no model {name!r} on the Hugging Face hub, or it needs a login (`hf auth login`). "
            "Check the spelling.",
            f"Hugging Face hub 上沒有 {name!r} 這個模型，或者它需要登入（`hf auth login`）。請檢查拼字。",
        ) from error
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise _broken_off(name, error) from error
        where = cache or constants.HF_HUB_CACHE
        raise CourseError(
            f"{name!r} is not (completely) in the cache {where}, and nothing can be written there. If others share this "
            "cache, ask its owner to fetch the model (`python -m course_utils prefetch`); or set HF_HUB_CACHE to a folder "
            "of your own.",
            f"快取 {where} 裡沒有（完整的）{name!r}，而且那裡無法寫入。如果這是大家共用的快取，請它的管理者下載這個模型"
            "（`python -m course_utils prefetch`）；或把 HF_HUB_CACHE 設成你自己的資料夾。",
        ) from error
    except Exception as error:
        raise _broken_off(name, error) from error


def _broken_off(name: str, error: Exception) -> CourseError:
    return CourseError(
        f"Fetching {name!r} failed ({type(error).__name__}). Run this again: what has arrived is kept.",
        f"下載 {name!r} 失敗（{type(error).__name__}）。請再執行一次，已經下載的部分會保留。",
    )


def _is_complete(folder: Path) -> bool:
    weights = _weight_files(folder)
    has_tokenizer = any(next(folder.glob(pattern), None) for pattern in _TOKENIZER_FILES)
    return bool(weights) and all(file.exists() for file in weights) and has_tokenizer


def _pickles(folder: Path) -> list[str]:
    return sorted(file.name for pattern in _PICKLES for file in folder.glob(pattern))


def _checked(folder: Path) -> str:
    """Return the folder as a string if GPT-2 can be loaded from it; raise CourseError otherwise."""
    config = _check_config(folder)
    _check_weights(folder)
    _check_tokenizer(folder, config)
    return str(folder)


def _check_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config["model_type"]
        # 50257 is what the library takes where the file says nothing.
        if not isinstance(config.setdefault("vocab_size", 50257), int):
            raise TypeError("vocab_size is no whole number")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{folder} has no readable config.json, so it is not a checkpoint. Give the folder that "
            "`model.save_pretrained(folder)` wrote.",
            f"{folder} 裡沒有可讀的 config.json，所以不是檢查點。請指定 `model.save_pretrained(folder)` 寫出的資料夾。",
        ) from error
    if kind != "gpt2":
        raise CourseError(
            f'{folder} holds a model of type {kind!r}; this course needs GPT-2 ("gpt2"). Choose another one.',
            f'{folder} 裡的模型是 {kind!r}；這門課需要 GPT-2（"gpt2"）。請換一個檢查點。',
        )
    return config


def _weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files that the library would load: one file, or the shards of an index."""
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    try:
        index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
        return [folder / file for file in sorted(set(index["weight_map"].values()))]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []


def _check_weights(folder: Path) -> None:
    files = _weight_files(folder)
    if not files:
        _raise_no_weights(folder)
    for file in files:
        if not _is_whole(file):
            raise CourseError(
                f"The weight file {file} is damaged or incomplete ({_size(file)} bytes). Delete it, and "
                "download or save it again.",
                f"權重檔 {file} 已損壞或不完整（{_size(file)} 位元組）。請刪除它，再重新下載或儲存一次。",
            )


def _raise_no_weights(folder: Path) -> None:
    pickles = _pickles(folder)
    if pickles:
        raise CourseError(
            f"{folder} has weights only as {', '.join(pickles)}. Such files can run code when they are "
            "loaded, so the course takes safetensors only. If you trust them, convert them once: "
            "`GPT2LMHeadModel.from_pretrained(folder).save_pretrained(new_folder)`, and save the tokenizer "
            "there too.",
            f"{folder} 裡的權重只有 {'、'.join(pickles)}。這類檔案在載入時可能執行程式碼，所以這門課只用 safetensors。"
            "如果你信任它們，請先轉換一次：`GPT2LMHeadModel.from_pretrained(folder).save_pretrained(new_folder)`，"
            "並把 tokenizer 也存到那裡。",
        )
    raise CourseError(
        f"{folder} has no model.safetensors. Give the folder that `model.save_pretrained(folder)` wrote.",
        f"{folder} 裡沒有 model.safetensors。請指定 `model.save_pretrained(folder)` 寫出的資料夾。",
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _is_whole(file: Path) -> bool:
    """Return whether a safetensors file can be read and its size is what its header describes."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):
            return True
    except (SafetensorError, OSError):
        return False


def _check_tokenizer(folder: Path, config: dict[str, Any]) -> None:
    """Load the tokenizer as a notebook will: without its files that succeeds, and gives an empty one."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        ids = tokenizer("GPT-2", add_special_tokens=False).input_ids
    except Exception:  # a tokenizer can fail in as many ways as there are classes of it
        ids = []
    if not ids:
        raise CourseError(
            f"{folder} has no working tokenizer: it would turn every text into nothing. Save it there too: "
            "`tokenizer.save_pretrained(folder)`.",
            f"{folder} 裡沒有能用的 tokenizer，任何文字都會切成零個 token。請把它也存到那裡：`tokenizer.save_pretrained(folder)`。",
        )
    if tokenizer.vocab_size > config["vocab_size"]:
        raise CourseError(
            f"The tokenizer in {folder} has more tokens than the model has embeddings: the two do not belong "
            "together. Save both from the same source.",
            f"{folder} 裡的 tokenizer 認得的 token，比模型的嵌入還多，可見兩者不是同一套。請從同一個來源儲存兩者。",
        )


def _is_trained(folder: Path) -> bool:
    from safetensors import safe_open

    for file in _weight_files(folder):
        with safe_open(file, framework="pt") as weights:
            for name in set(_FINAL_NORMS).intersection(weights.keys()):
                return bool((weights.get_tensor(name) != 1).any())
    raise CourseError(
        f"The weights in {folder} have no ln_f.weight, so they are not those of a GPT-2. "
        "Choose another checkpoint.",
        f"{folder} 裡的權重沒有 ln_f.weight，所以不是 GPT-2 的權重。請換一個檢查點。",
    )
