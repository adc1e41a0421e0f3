"""show: pictures without boxes or warnings, tables that treat what they show as data."""

import io
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from PIL import Image

from course_utils import CourseError, show
from course_utils.insight import NextTokens, Token, token_label
from course_utils.show import fonts

PIECES = [
    "很", "久", " 以前", "，", "在", "一個", "遙遠", "的", b"\xe4\xb8", "\n", "$x^2$", "<|endoftext|>",
    " unbelievably", "🦫", "שלום", "\u200b", "<script>alert('&')</script>",
]  # fmt: skip


def row(pieces):
    return [
        Token(
            position=at,
            id=100 + at,
            label=token_label(piece),
            bytes=piece if isinstance(piece, bytes) else piece.encode(),
            is_whole=isinstance(piece, str),
            is_special=piece == "<|endoftext|>",
        )
        for at, piece in enumerate(pieces)
    ]


def next_tokens(pieces=PIECES, prompt="很久很久以前，在一個遙遠的王國裡，住著一位\n名叫小明的 prince $ $"):
    shares = torch.full((len(pieces),), 0.9 / len(pieces))
    return NextTokens(
        prompt=prompt,
        ids=tuple(range(len(pieces))),
        labels=tuple(map(token_label, pieces)),
        probabilities=shares,
        entropy=0.0,
        rest=0.1,
        full=shares,
    )


def attention(length, layers=2, heads=6):
    weights = np.tril(np.random.default_rng(0).random((layers, heads, length, length)) + 0.01)
    weights /= weights.sum(-1, keepdims=True)
    return SimpleNamespace(weights=weights, tokens=row((PIECES * 12)[:length]))


def hidden(length):
    norms = np.random.default_rng(0).random((4, length)) * 50 + 1
    return SimpleNamespace(norms=norms, tokens=row((PIECES * 12)[:length]))


PICTURES = {
    "bars": lambda: show.probabilities(next_tokens()),
    "bars with truth": lambda: show.probabilities(next_tokens(), {0: 0.5, 99: 0.5}),
    "one bar": lambda: show.probabilities(next_tokens(["王"], prompt="")),
    "map 1": lambda: show.attention_map(attention(1), 0, 0),
    "map 2": lambda: show.attention_map(attention(2), 1, 5),
    "map 17": lambda: show.attention_map(attention(17), 1, 5),
    "map 60": lambda: show.attention_map(attention(60), 0, 3),
    "heads 1": lambda: show.attention_heads(attention(1)),
    "heads 60": lambda: show.attention_heads(attention(60)),
    "heads of a layer": lambda: show.attention_heads(attention(9), layer=1),
    "norms 1": lambda: show.norms(hidden(1)),
    "norms 200": lambda: show.norms(hidden(200)),
    "matrix": lambda: show.matrix(
        np.eye(3), ["國破山河在，城春草木深，感時花濺淚", "龘 $a$\n", "The prince"]
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_draw_without_warning_and_stay_small(name):
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = PICTURES[name]()
        png = picture._repr_png_()
    assert dict(matplotlib.rcParams) == before
    assert len(png) < 60_000
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.width <= 1250
    assert picture.alt
    assert repr(picture).startswith("<Figure size ")


def test_a_dollar_sign_is_no_formula():
    axes = PICTURES["bars"]().axes[0]
    texts = [text for text in axes.get_yticklabels() if "$" in text.get_text()]
    assert texts
    assert not any(text.get_parse_math() for text in texts)


def test_bars_have_the_numbers():
    picture = show.probabilities(next_tokens(["a", "b"]), {0: 0.25, 7: 0.75})
    widths = [bar.get_width() for bar in picture.axes[0].patches]
    assert widths == pytest.approx([0.45, 0.45, 0.1, 0.25, 0, 0.75])
    printed = [text.get_text() for text in picture.axes[0].texts]
    assert printed == ["45.0 %", "45.0 %", "10.0 %", "25.0 %", "0.0 %", "75.0 %"]
    assert [label.get_text() for label in picture.axes[0].get_yticklabels()] == ["a", "b", "其餘 the rest"]


def test_the_map_shows_the_weights_and_hides_only_exact_zeros():
    data = attention(5)
    data.weights[0, 1, 0, 4] = 0.5
    shown = show.attention_map(data, 0, 1).axes[0].images[0].get_array()
    assert np.array_equal(shown.mask, data.weights[0, 1] == 0)
    assert shown[0, 4] == 0.5
    assert np.allclose(shown.filled(0), data.weights[0, 1])


def test_the_heads_are_each_in_their_place():
    data = attention(5, layers=2, heads=3)
    axes = show.attention_heads(data).axes[0]
    sheet = np.asarray(axes.images[0].get_array().filled(np.nan))
    assert [text.get_text() for text in axes.texts] == [
        f"L{at} H{head}" for at in (0, 1) for head in (0, 1, 2)
    ]
    left, top = (round(value + 0.5) for value in (axes.texts[4].get_position()[0], 5 + 2 * 2 - 0.5))
    assert np.allclose(np.maximum(sheet[top : top + 5, left : left + 5], 0), data.weights[1, 1])


@pytest.mark.parametrize("arguments", [(2, 0), (-1, 0), (0, 6), (0, -1)])
def test_a_head_that_is_not_there(arguments):
    with pytest.raises(CourseError, match="There is no"):
        show.attention_map(attention(3), *arguments)


def test_a_layer_that_is_not_there():
    with pytest.raises(CourseError, match="There is no layer 2"):
        show.attention_heads(attention(3), layer=2)


def test_a_matrix_needs_a_label_for_each_row():
    with pytest.raises(CourseError, match="2 labels"):
        show.matrix(np.eye(3), ["a", "b"])


def test_drawable_leaves_no_box():
    assert show.drawable("王子 Ġ ␣⏎⟨E4·B8⟩ é שלום → …") == "王子 Ġ ␣⏎⟨E4·B8⟩ é שלום → …"
    assert show.drawable("🦫龘") == "⟨U+1F9AB⟩⟨U+9F98⟩"


def test_shortened_counts_columns():
    assert fonts.shortened("王子公主", 8) == "王子公主"
    assert fonts.shortened("王子公主", 7) == "王子公…"
    assert fonts.shortened("prince", 3) == "pr…"


class Reader(HTMLParser):
    """Collect the elements and the text of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_tokens_are_data():
    shown = show.tokens(row(PIECES))
    page = Reader(shown._repr_html_())
    assert set(page.tags) == {"div", "span", "code", "bdi", "sub"}
    labels = [token.label for token in shown.tokens]
    assert [text for text in page.text if text.strip()][::2] == labels
    assert "\u200b" not in shown._repr_html_() + repr(shown)
    lines = repr(shown).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [[str(at), str(100 + at)] for at in range(len(PIECES))]
    assert all(line.endswith(label) for line, label in zip(lines[2:], labels, strict=True))


def test_printed_and_html_forms_are_stable():
    assert repr(show.tokens(row(PIECES))) == repr(show.tokens(row(PIECES)))
    assert show.tokens(row(PIECES))._repr_html_() == show.tokens(row(PIECES))._repr_html_()


def test_no_tokens_at_all():
    assert repr(show.tokens([])).startswith("position")
    assert show.tokens([])._repr_html_()


def test_table_escapes_and_aligns():
    shown = show.table(
        [("王子\n", 0.123456, 1), ("<b>\u202e&", np.float32(2), True)], ("名稱 name", "p", "n")
    )
    assert repr(shown).splitlines() == [
        "名稱 name     p       n",
        "────────────  ──────  ────",
        "王子⏎         0.1235  1",
        "<b>⟨U+202E⟩&  2       True",
    ]
    page = Reader(shown._repr_html_())
    assert "b" not in page.tags
    assert "<b>⟨U+202E⟩&" in "".join(page.text)


def test_a_row_of_the_wrong_length():
    with pytest.raises(CourseError, match="1 cells where there are 2 columns"):
        show.table([("a",)], ("x", "y"))


def test_drawing_knows_no_model_and_no_pyplot():
    code = (
        "import sys; import course_utils.show as show; show.matrix([[1.0]], ['a'])._repr_png_();"
        "assert not {'torch', 'transformers', 'matplotlib.pyplot', 'ipywidgets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_stores_the_picture_with_and_without_pyplot():
    picture = "show.matrix([[1.0, 0.5], [0.5, 1.0]], ['王子', 'a$b$'])"
    cells = [f"from course_utils import show\n{picture}", f"import matplotlib.pyplot\n{picture}"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    for cell in notebook.cells:
        (output,) = cell.outputs
        assert output.output_type == "execute_result"
        assert set(output.data) == {"image/png", "text/plain"}
        assert output.data["text/plain"].startswith("<Figure size ")
