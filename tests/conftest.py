"""What several test files need: a data folder of the test's own, and a tokenizer with a token for each byte."""

from pathlib import Path

import pytest
from tiny import byte_tokenizer
from transformers import PreTrainedTokenizerFast

from course_utils import language, record


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The learner's data folder, for this test alone and still to be made; nothing is remembered from another test."""
    folder = tmp_path / "data"
    monkeypatch.setenv("COURSE_DATA", str(folder))
    monkeypatch.setattr(record, "_unsaved", {})
    monkeypatch.setattr(language, "_unsaved", None)
    return folder


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each byte; files that need another tokenizer have a fixture of this name themselves."""
    return byte_tokenizer()
