"""The language setting, bilingual messages, and the switch as far as it can be tested without a browser."""

import json
import pickle
import re
from pathlib import Path

import pytest

from course_utils import files
from course_utils.folders import data_folder
from course_utils.language import current, language_switch, set_current
from course_utils.texts import Bilingual, CourseError


@pytest.fixture(autouse=True)
def no_language_from_outside(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_LANGUAGE", raising=False)


def test_without_a_setting_both_languages_are_shown() -> None:
    assert current() == "both"
    assert str(Bilingual("Saved.", "已儲存。")) == "已儲存。\nSaved."


@pytest.mark.parametrize(
    ("chosen", "message"), [("zh", "已儲存。"), ("en", "Saved."), ("both", "已儲存。\nSaved.")]
)
def test_a_choice_is_saved_and_used(chosen: str, message: str, own_data: Path) -> None:
    assert set_current(chosen) is True
    assert current() == chosen
    assert str(Bilingual("Saved.", "已儲存。")) == message
    assert json.loads((own_data / "settings.json").read_text(encoding="utf-8")) == {"language": chosen}
    assert [file.name for file in own_data.iterdir()] == ["settings.json"]


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    set_current("zh")
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    assert current() == "en"


@pytest.mark.parametrize("value", ["", "fr", "EN "])
def test_an_unknown_language_in_the_environment_counts_as_not_set(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_current("zh")
    monkeypatch.setenv("COURSE_LANGUAGE", value)
    assert current() == "zh"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"language": "fr"}', b'{"language": ["zh"]}']
)
def test_a_damaged_settings_file_counts_as_not_set_and_is_mended(content: bytes, own_data: Path) -> None:
    own_data.mkdir()
    (own_data / "settings.json").write_bytes(content)
    assert current() == "both"
    assert set_current("en") is True
    assert current() == "en"


def test_other_settings_are_kept(own_data: Path) -> None:
    own_data.mkdir()
    (own_data / "settings.json").write_text('{"other": 1}', encoding="utf-8")
    set_current("zh")
    assert json.loads((own_data / "settings.json").read_text(encoding="utf-8")) == {
        "other": 1,
        "language": "zh",
    }


def test_where_nothing_can_be_written_the_choice_holds_for_the_process(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file" / "below"))  # not even root can make this folder
    assert set_current("en") is False
    assert current() == "en"


def test_a_failed_write_leaves_the_old_settings_and_no_litter(own_data: Path, monkeypatch) -> None:
    set_current("zh")

    def fail(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(files.os, "replace", fail)
    assert set_current("en") is False
    assert json.loads((own_data / "settings.json").read_text(encoding="utf-8")) == {"language": "zh"}
    assert [file.name for file in own_data.iterdir()] == ["settings.json"]


def test_choosing_an_unknown_language_says_which_there_are() -> None:
    with pytest.raises(CourseError, match='choose "zh", "en" or "both"'):
        set_current("fr")


def test_the_data_folder_has_a_usual_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA")
    assert data_folder().is_absolute()
    assert data_folder().name == "gpt2-course"


def test_an_error_shows_both_languages_whatever_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    error = pickle.loads(pickle.dumps(CourseError("Broken.", "壞了。")))
    assert str(error) == "壞了。\nBroken."


@pytest.mark.parametrize(("chosen", "line"), [("zh", "甲 乙"), ("en", "a b"), ("both", "甲 乙 | a b")])
def test_a_text_is_put_on_one_line(chosen: str, line: str) -> None:
    set_current(chosen)
    assert Bilingual("a\nb", "甲\n乙").inline(" | ") == line
    assert Bilingual("GPT-2", "GPT-2").inline(" | ") == "GPT-2"


@pytest.mark.parametrize("chosen", ["zh", "en", "both"])
def test_the_switch_shows_the_same_text_whatever_the_setting(chosen: str) -> None:
    set_current(chosen)
    switch = language_switch()
    bundle = switch._repr_mimebundle_()
    assert bundle["text/plain"] == "[中文 | English | 雙語]"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert switch.value == chosen


def test_choosing_in_the_switch_saves() -> None:
    switch = language_switch()
    switch.value = "en"
    assert current() == "en"
    assert language_switch().value == "en"


def test_every_rule_that_hides_is_scoped_to_a_notebook() -> None:
    rules = re.findall(r"([^{}]+)\{([^}]*)\}", re.sub(r"/\*.*?\*/", "", language_switch()._css, flags=re.S))
    hiding = [
        re.sub(r"\s+", " ", selector).strip()
        for selectors, body in rules
        if "display: none" in body
        for selector in selectors.split(",\n")
    ]
    assert len(hiding) == 2
    for selector, language in zip(hiding, ("zh", "en")):
        assert selector.startswith(f'.jp-Notebook[data-course-language="{language}"] ')
        assert " :is(.jp-RenderedMarkdown, .course-bilingual) [lang=" in selector
