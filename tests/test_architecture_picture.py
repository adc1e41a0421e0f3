"""The committed picture is what the code draws, and it is well-formed in both languages."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from course_utils.show.architecture import WORDS, architecture

IMAGES = Path(__file__).parents[1] / "images"


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_picture_is_up_to_date(language):
    drawn = architecture(language)
    assert (IMAGES / f"architecture-{language}.svg").read_text(encoding="utf-8") == drawn
    text = "".join(ET.fromstring(drawn).itertext())
    for name in (
        "GPT2Model",
        "GPT2LMHeadModel",
        "wte + wpe",
        "ln_f",
        "lm_head",
        "softmax",
        WORDS[language]["tie"],
    ):
        assert name in text


def test_both_languages_have_the_same_words():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
