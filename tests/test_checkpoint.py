"""Choosing the checkpoint: what it returns, and that every mistake is a clear error in both languages."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from hubs import refusing
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, GPT2Model, PreTrainedTokenizerFast

from course_utils import checkpoints
from course_utils.checkpoints import BUNDLED, applies, checkpoint, hub_answers
from course_utils.texts import CourseError

VOCABULARY = 300
PATIENT = 60  # seconds: on a busy machine the libraries alone take a few


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny untrained GPT-2 with its tokenizer, saved as the library saves them."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=16, n_embd=8, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(["once upon a time"], vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"])
    PreTrainedTokenizerFast(tokenizer_object=trainer._tokenizer, eos_token="<|endoftext|>").save_pretrained(
        folder
    )
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may break."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No checkpoint from the environment, an empty hub cache, and a hub that refuses every connection."""
    monkeypatch.delenv("COURSE_CHECKPOINT", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with refusing() as address:
        set_hub(monkeypatch, address)
        yield


def set_hub(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    huggingface_hub.close_session()


@pytest.fixture
def bundled(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny model in the place of the bundled one, with checksums."""
    place = Path(shutil.copytree(made, tmp_path / "bundled"))
    digests = [(hashlib.sha256(file.read_bytes()).hexdigest(), file.name) for file in sorted(place.iterdir())]
    (place / "SHA256SUMS").write_text(
        "".join(f"{digest}  {name}\n" for digest, name in digests), encoding="utf-8"
    )
    monkeypatch.setattr(checkpoints, "BUNDLED", place)
    return place


def cache_as(name: str, source: Path, tmp_path: Path) -> Path:
    """Put a folder into the hub's cache as the snapshot of a name, as the hub's library lays it out."""
    repository = tmp_path / "hub" / ("models--" + name.replace("/", "--"))
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40, encoding="ascii")
    return Path(shutil.copytree(source, repository / "snapshots" / ("0" * 40)))


def message_of(call: str | None) -> str:
    """The error of checkpoint(call); it must speak both languages."""
    with pytest.raises(CourseError) as caught:
        checkpoint(call)
    chinese, english = str(caught.value).split("\n")
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    return english


# Which one


@pytest.mark.parametrize("name", [None, "", "bundled", " "])
def test_the_bundled_model_is_the_default(name: str | None, bundled: Path, monkeypatch) -> None:
    assert checkpoint(name) == str(bundled)
    monkeypatch.setenv("COURSE_CHECKPOINT", name or "")
    assert checkpoint() == str(bundled)


def test_the_bundled_model_asks_nobody(bundled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a network connection was tried")

    monkeypatch.setattr(socket.socket, "connect", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    where = checkpoint()
    GPT2LMHeadModel.from_pretrained(where)
    assert AutoTokenizer.from_pretrained(where)("once").input_ids


def test_an_argument_comes_before_the_environment(bundled: Path, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_CHECKPOINT", str(folder))
    assert checkpoint() == str(folder)
    assert checkpoint("bundled") == str(bundled)


@pytest.mark.parametrize("model_class", [GPT2Model, GPT2LMHeadModel])
def test_a_folder_is_returned_absolute_and_loads(model_class: type, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder.parent)
    where = checkpoint(folder.name)
    assert where == str(folder)
    assert checkpoint(folder) == where
    model_class.from_pretrained(where)


def test_shards_are_accepted_and_a_missing_one_is_not(folder: Path) -> None:
    GPT2LMHeadModel.from_pretrained(folder).save_pretrained(folder, max_shard_size="8KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert checkpoint(str(folder)) == str(folder)
    shards[-1].unlink()
    assert "damaged or incomplete" in message_of(str(folder))


def test_the_model_that_comes_with_the_course() -> None:
    where = checkpoint("bundled")
    assert where == str(BUNDLED)
    config = GPT2Model.from_pretrained(where).config
    assert len(AutoTokenizer.from_pretrained(where)) == config.vocab_size
    assert applies("trained", where) and applies("bundled", where)


# The bundled model, broken


def test_a_changed_byte_in_the_bundled_model_is_found(bundled: Path) -> None:
    content = bytearray((bundled / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (bundled / "model.safetensors").write_bytes(content)
    assert "(model.safetensors)" in message_of(None)
    assert "git checkout" in message_of(str(bundled))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "SHA256SUMS"])
def test_a_missing_file_of_the_bundled_model_is_named(name: str, bundled: Path) -> None:
    (bundled / name).unlink()
    assert f"({name})" in message_of(None)


@pytest.mark.parametrize("content", ["", "nonsense\n", "\n"])
def test_damaged_checksums_are_no_proof(content: str, bundled: Path) -> None:
    (bundled / "SHA256SUMS").write_text(content, encoding="utf-8")
    assert "missing or was changed" in message_of(None)


def test_checksums_may_mark_binary_files_with_a_star(bundled: Path) -> None:
    sums = bundled / "SHA256SUMS"
    sums.write_text(sums.read_text(encoding="utf-8").replace("  ", " *"), encoding="utf-8")
    assert checkpoint() == str(bundled)


# Folders, broken


SIZES = [f'{{"model_type": "gpt2", "vocab_size": {size}}}' for size in ("null", '"257"', "2.5")]


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", *SIZES])
def test_a_folder_without_a_readable_config(content: str | None, folder: Path) -> None:
    (folder / "config.json").unlink()
    if content is not None:
        (folder / "config.json").write_text(content, encoding="utf-8")
    assert "no readable config.json" in message_of(str(folder))


def test_another_architecture(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    assert "'llama'" in message_of(str(folder))


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights(keep: int, folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    assert "damaged or incomplete" in message_of(str(folder))


def test_weights_with_a_tail_and_a_pointer_in_their_place(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    assert "damaged or incomplete" in message_of(str(folder))
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", encoding="ascii")
    assert "damaged or incomplete" in message_of(str(folder))


def test_pickled_weights_are_refused_with_a_way_out(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    message = message_of(str(folder))
    assert "pytorch_model.bin" in message
    assert "save_pretrained" in message


def test_pickled_weights_beside_safetensors_do_no_harm(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not read")
    assert checkpoint(str(folder)) == str(folder)
    GPT2LMHeadModel.from_pretrained(folder)


def test_no_weights_at_all(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "no model.safetensors" in message_of(str(folder))


def remove_tokenizer(folder: Path) -> None:
    for file in folder.glob("*token*"):
        file.unlink()


def test_a_missing_tokenizer_does_not_pass_as_an_empty_one(folder: Path) -> None:
    remove_tokenizer(folder)
    assert len(AutoTokenizer.from_pretrained(folder)) <= 1, "the library gives an empty tokenizer, silently"
    assert "no working tokenizer" in message_of(str(folder))


def test_a_damaged_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    assert "no working tokenizer" in message_of(str(folder))


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 10}), encoding="utf-8")
    assert "do not belong" in message_of(str(folder))


@pytest.mark.parametrize(
    "name",
    [
        "./nowhere",
        "a/b/c",
        "~/nowhere",
        "不存在",
        "C:\\nowhere",
        "../x",
        "~nosuchuser/x",
        "x" * 5000,
        "a\0b",
        "\ud83d",
    ],
)
def test_a_folder_that_is_not_there(name: str) -> None:
    assert "There is no checkpoint folder" in message_of(name)


def test_a_file_is_no_folder(folder: Path) -> None:
    assert "There is no checkpoint folder" in message_of(str(folder / "config.json"))


# Names on the hub


@pytest.mark.parametrize(
    ("asked", "stored"), [("gpt2", "gpt2"), ("gpt2", "openai-community/gpt2"), ("a/b", "a/b")]
)
def test_a_cached_name_gives_its_snapshot_and_asks_nobody(asked, stored, made, tmp_path, monkeypatch) -> None:
    snapshot = cache_as(stored, made, tmp_path)

    def fail(*_: object, **__: object) -> bool:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(checkpoints, "hub_answers", fail)
    where = checkpoint(asked)
    assert where == str(snapshot)
    GPT2LMHeadModel.from_pretrained(where)


@pytest.mark.parametrize("name", ["gpt2", "someone/something"])
def test_an_unknown_name_without_a_network_fails_soon(name: str) -> None:
    start = time.monotonic()
    message = message_of(name)
    assert time.monotonic() - start < 10  # about 3 seconds; without the check it is 23
    assert "does not answer" in message
    assert 'checkpoint("bundled")' in message


def test_a_network_that_swallows_everything_fails_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        set_hub(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        assert "does not answer" in message_of("gpt2")
        assert time.monotonic() - start < 10


def test_offline_mode_is_believed(monkeypatch: pytest.MonkeyPatch, hub: str) -> None:
    set_hub(monkeypatch, hub)
    assert hub_answers(PATIENT)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert not hub_answers(PATIENT)


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer"])
def test_half_a_snapshot_is_not_enough(missing: str, made: Path, tmp_path: Path) -> None:
    snapshot = cache_as("gpt2", made, tmp_path)
    remove_tokenizer(snapshot) if missing == "tokenizer" else (snapshot / missing).unlink()
    assert "not (completely) in the local cache" in message_of("gpt2")


def test_a_cached_pickle_is_refused(made: Path, tmp_path: Path) -> None:
    snapshot = cache_as("a/b", made, tmp_path)
    (snapshot / "model.safetensors").rename(snapshot / "pytorch_model.bin")
    assert "can run code" in message_of("a/b")


@pytest.mark.parametrize("damaged", ["refs/main", "snapshots"])
def test_a_damaged_entry_of_the_cache_is_none(damaged: str, made: Path, tmp_path: Path) -> None:
    place = cache_as("gpt2", made, tmp_path).parents[1] / damaged
    if place.is_dir():
        shutil.rmtree(place)
    place.write_bytes(b"\xff\xfe\0")
    assert "not (completely) in the local cache" in message_of("gpt2")


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub that is there and knows no model."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_name_that_the_hub_does_not_know(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_hub(monkeypatch, hub)
    assert hub_answers(PATIENT)
    assert "There is no model 'no/such'" in message_of("no/such")


def test_a_name_that_the_hub_knows_is_fetched_without_pickles(made, tmp_path, monkeypatch) -> None:
    asked = {}

    def fetch(name: str, **options: object) -> str:
        asked.update(options, name=name)
        return str(cache_as(name, made, tmp_path))

    monkeypatch.setattr(checkpoints, "hub_answers", lambda: True)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert os.path.isdir(checkpoint("gpt2"))
    assert asked["name"] == "gpt2"
    assert "*.safetensors" in asked["allow_patterns"]
    assert not any("bin" in pattern for pattern in asked["allow_patterns"])


def test_a_download_that_breaks_off_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object, **__: object) -> str:
        raise ConnectionError("gone")

    monkeypatch.setattr(checkpoints, "hub_answers", lambda: True)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert "Run this again" in message_of("gpt2")


# Which claims hold


def train_a_little(folder: Path, model_class: type = GPT2LMHeadModel) -> None:
    model = model_class.from_pretrained(folder)
    torch.nn.init.normal_(model.base_model.ln_f.weight)
    model.save_pretrained(folder)


@pytest.mark.parametrize("model_class", [GPT2Model, GPT2LMHeadModel])
def test_trained_claims_need_trained_weights(model_class: type, folder: Path, capsys) -> None:
    model_class.from_pretrained(folder).save_pretrained(folder)
    assert applies("trained", str(folder)) is False
    line = capsys.readouterr().out
    assert (
        line
        == "這一段只適用於訓練過的權重，在此略過。 This part speaks of trained weights and is skipped here.\n"
    )
    train_a_little(folder, model_class)
    capsys.readouterr()
    assert applies("trained", str(folder)) is True
    assert capsys.readouterr().out == ""


def test_bundled_claims_hold_for_the_bundled_model_only(bundled: Path, folder: Path, capsys) -> None:
    assert applies("bundled", checkpoint()) is True
    assert applies("bundled", str(bundled) + "/") is True
    assert capsys.readouterr().out == ""
    train_a_little(folder)
    capsys.readouterr()
    assert applies("bundled", str(folder)) is False
    assert "the bundled model" in capsys.readouterr().out


def test_claims_about_a_name_are_about_its_snapshot(made: Path, tmp_path: Path) -> None:
    cache_as("gpt2", made, tmp_path)
    assert applies("trained", "gpt2") is False


def test_other_kinds_and_other_weights(folder: Path) -> None:
    with pytest.raises(ValueError, match="structural"):
        applies("structural", str(folder))
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(CourseError, match="no ln_f.weight"):
        applies("trained", str(folder))


def test_a_digest_tells_checkpoints_apart_wherever_they_lie(made: Path, folder: Path) -> None:
    assert checkpoints.fingerprint(made) == checkpoints.fingerprint(folder)
    model = GPT2LMHeadModel.from_pretrained(folder)
    with torch.no_grad():
        model.transformer.ln_f.bias += 1
    model.save_pretrained(folder)
    assert checkpoints.fingerprint(made) != checkpoints.fingerprint(folder)
