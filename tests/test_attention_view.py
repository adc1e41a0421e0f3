"""Attention weights made small: what comes out again, the size, and a page that labels cannot break."""

import json
import re

import numpy as np
import pytest
import torch
from tiny import build, byte_tokenizer

from course_utils import CourseError, insight
from course_utils.insight.forward import Attention
from course_utils.show.attention_view import attention_view


def attention(length, layers=2, heads=2, sharp=1.0, seed=0):
    """Causal weights drawn at random, each row a distribution; `sharp` makes them peaked."""
    draw = torch.Generator().manual_seed(seed)
    scores = sharp * torch.randn(layers, heads, length, length, generator=draw)
    weights = scores.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf).softmax(-1)
    return Attention(weights, tuple(insight.tokens(byte_tokenizer(), "a" * length)))


@pytest.mark.parametrize("sharp", [0.1, 1.0, 5.0, 30.0])
@pytest.mark.parametrize("length", [1, 2, 40, 300])
def test_weights_come_back_within_the_stated_error(length, sharp):
    given = attention(length, sharp=sharp)
    view = attention_view(given)
    wanted = given.weights.numpy()
    largest = np.maximum(wanted.max(-1), np.minimum(1, 127 / np.arange(1, length + 1)))
    error = np.abs(view.unpacked() - wanted)
    assert (error <= largest[..., None] / 510 + 2e-5).all()
    assert (np.triu(view.unpacked(), 1) == 0).all()
    assert len(view.packed) == 2 * 2 * (2 * length + length * (length + 1) // 2)


def test_the_size_grows_no_faster_than_the_square_of_the_length():
    sizes = [len(attention_view(attention(length)).html()) for length in (64, 128, 256, 512)]
    assert all(longer <= 4.2 * shorter for shorter, longer in zip(sizes, sizes[1:]))


def test_a_page_of_its_own_holds_the_labels_as_data(tmp_path):
    model, tokenizer = build(n_positions=64), byte_tokenizer()
    given = insight.attention(model, tokenizer, "</script><b>&")
    page = attention_view(given).save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("</script>") == 1 and "<b>" not in page
    data = json.loads(re.search(r"const DATA = (\{.*?\});\n", page).group(1))
    assert "".join(data["labels"]) == "</script><b>&"
    assert not re.search(r"https?://|@import|url\(", page)


def test_weights_that_look_ahead_are_refused():
    given = attention(4)
    given.weights[0, 0, 1, 3] = 0.1
    with pytest.raises(CourseError, match="causal"):
        attention_view(given)
