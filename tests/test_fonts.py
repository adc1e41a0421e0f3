"""The bundled font: what it must cover, its licence, and the command that makes it."""

import json
from pathlib import Path

from fontTools.ttLib import TTFont

import course_utils
from course_utils.insight import byte_alphabet
from course_utils.show.fonts import BUNDLED_FONT, coverage, families
from course_utils.training.bundled import fonts

PACKAGE = Path(course_utils.__file__).parent


def encoded(text):
    letters = {byte: char for char, byte in byte_alphabet().items()}
    return "".join(letters[byte] for byte in text.encode())


def test_every_whole_character_of_the_bundled_tokenizer_can_be_drawn():
    characters = {char for char in fonts.tokenizer_characters(fonts.TOKENIZER) if char.isprintable()}
    assert len(characters) > 256
    assert "".join(sorted(characters - coverage())) == ""


def test_everyday_chinese_and_the_signs_of_the_label_rule_can_be_drawn():
    assert set("「」，。；：？！（）《》…—、·␣⏎⟨⟩→×Ġ“”’") <= coverage()
    assert set("一國裡為麼嗎妳夢鑰匙龍") <= coverage()
    assert {chr(code) for code in range(0x20, 0x7F)} <= coverage()


def test_every_sign_in_the_pictures_own_words_can_be_drawn():
    for source in (PACKAGE / "show").glob("*.py"):
        characters = {char for char in source.read_text(encoding="utf-8") if char.isprintable()}
        assert characters <= coverage(), source.name


def test_chinese_comes_from_the_bundled_font_and_latin_keeps_its_shape():
    assert families() == ("Noto Sans TC", "DejaVu Sans")
    own = TTFont(BUNDLED_FONT).getBestCmap()
    assert ord("王") in own
    assert ord("’") not in own


def test_the_font_is_small_and_free():
    assert BUNDLED_FONT.stat().st_size <= 2_750_000
    licence = (BUNDLED_FONT.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    names = TTFont(BUNDLED_FONT)["name"]
    assert "Adobe" in names.getDebugName(0)
    assert "Open Font License" in names.getDebugName(13)
    # The licence reserves this name for the unmodified font.
    assert "Source" not in "".join(names.getDebugName(number) for number in (1, 4, 6))


def test_tokenizer_characters_are_those_of_whole_pieces(tmp_path):
    pieces = [encoded("王子"), encoded(" 好")[:-1], encoded(" é"), "<|endoftext|>", encoded("中")[:1]]
    path = tmp_path / "tokenizer.json"
    document = {
        "added_tokens": [{"content": "<|endoftext|>"}],
        "model": {"vocab": {piece: at for at, piece in enumerate(pieces)}},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    assert fonts.tokenizer_characters(path) == set("王子 é<|endoftext|>")


def test_the_command_makes_the_same_file_twice_and_says_what_is_missing(tmp_path, capsys):
    made = [tmp_path / "a.ttf", tmp_path / "b.ttf"]
    missing = [fonts.subset([BUNDLED_FONT], path, set("王子a龘·\n")) for path in made]
    assert missing == [{"龘"}, {"龘"}]
    assert made[0].read_bytes() == made[1].read_bytes()
    assert set(TTFont(made[0]).getBestCmap()) == set(map(ord, "王子a"))
    fonts.main([str(BUNDLED_FONT), "--tokenizer", str(tmp_path / "none"), "--output", str(made[0])])
    assert made[0].name in capsys.readouterr().out


def test_a_second_source_gives_what_the_first_one_lacks(tmp_path):
    first, joined = tmp_path / "first.ttf", tmp_path / "joined.ttf"
    assert fonts.subset([BUNDLED_FONT], first, set("王a")) == set()
    assert fonts.subset([first, BUNDLED_FONT], joined, set("王子a龘")) == {"龘"}
    both, whole = TTFont(joined), TTFont(BUNDLED_FONT)
    assert set(both.getBestCmap()) == set(map(ord, "王子a"))
    for char in "王子a":
        own, original = both.getBestCmap()[ord(char)], whole.getBestCmap()[ord(char)]
        drawn, expected = both["glyf"][own], whole["glyf"][original]
        assert drawn.getCoordinates(both["glyf"])[0] == expected.getCoordinates(whole["glyf"])[0]
        assert both["hmtx"][own] == whole["hmtx"][original]
