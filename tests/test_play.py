"""The widgets without a browser: what they show, what their events do, and that nothing breaks or runs in them."""

import re
import subprocess
import sys
import time

import pytest
import torch
from tiny import build
from transformers import AutoTokenizer

from course_utils import BUNDLED, CourseError, conversion, insight, play, world
from course_utils.play.writers import Autocomplete, Storyteller

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "a & b",
    "\u202eevil\u202c",
    "a\u200bb",
    "\x00\x07",
    "שלום",
    "</textarea>",
    "{{",
    "\n\n\n",
]


ANY_LENGTH = (Autocomplete, Storyteller)  # their context slides


@pytest.fixture
def model():
    return build(scale=20, n_positions=120)


def widgets(model, tokenizer):
    return [
        play.next_token(model, tokenizer, "ab"),
        play.sampling_playground(model, tokenizer, "ab"),
        play.attention_explorer(model, tokenizer, "ab"),
        play.conversion_lab(model.transformer, tokenizer, "ab"),
        play.autocomplete(model, tokenizer, "ab"),
        play.storyteller(model, tokenizer, "ab"),
    ]


def text_event(widget):
    return "prompt" if "prompt" in widget.events else "text"


def shown(widget):
    return widget.html + "".join(widget.regions.values())


def test_each_has_a_plain_name_and_a_picture(model, tokenizer):
    for widget in widgets(model, tokenizer):
        bundle = widget._repr_mimebundle_()
        assert re.fullmatch(r"\[.* \| .*\]", bundle["text/plain"]) and bundle["image/png"].startswith(
            b"\x89PNG"
        )
        assert "application/vnd.jupyter.widget-view+json" in bundle


def test_every_control_has_a_name_and_an_event(model, tokenizer):
    for widget in widgets(model, tokenizer):
        controls = re.findall(r'data-(?:input|click)="(\w+)"', widget.html)
        assert controls and set(controls) == set(widget.events) - {"append", "accept"}
        for control in re.findall(r"<(?:input|textarea)[^>]*>", widget.html):
            before = widget.html[: widget.html.index(control)]
            assert before.count("<label") == before.count("</label>") + 1, control
        inputs = set(re.findall(r'data-input="(\w+)"', widget.html))
        assert inputs <= set(widget.values)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_data(model, tokenizer, text):
    for widget in widgets(model, tokenizer):
        widget.handle(text_event(widget), text)
        if hasattr(widget, "job"):
            widget.handle(next(name for name in ("generate", "tie", "go") if name in widget.events), True)
            widget.job.wait()
        html = shown(widget)
        assert widget.regions["message"] == ""
        assert not re.search(
            r"<script|<img(?! src=\"data:image/png;base64)|onerror=\"|</textarea>.*</textarea>.*</textarea>",
            html,
        )
        assert "\u202e" not in html and "\u200b" not in html and "\x00" not in html


@pytest.mark.parametrize("text", ["a" * 10_000, "\ud83d", "ab\udc00"])
def test_what_cannot_be_read_gives_a_message_and_changes_nothing(model, tokenizer, text):
    for widget in widgets(model, tokenizer):
        if isinstance(widget, ANY_LENGTH) and len(text) > 1000:
            continue
        before = {name: html for name, html in widget.regions.items() if name != "message"}
        widget.handle(text_event(widget), text)
        message = widget.regions["message"]
        assert 'lang="zh-Hant"' in message and 'lang="en"' in message and len(message) < 1000
        assert {name: html for name, html in widget.regions.items() if name != "message"} == before
        widget.handle(text_event(widget), "abc")
        assert widget.regions["message"] == ""


def test_an_error_nobody_thought_of_is_shown_as_text(model, tokenizer):
    widget = play.next_token(model, tokenizer, "ab")
    widget.events["text"] = lambda value: 1 / 0
    widget.handle("text", "x")
    assert "ZeroDivisionError" in widget.regions["message"]


def test_messages_that_no_control_sends_are_ignored(model, tokenizer):
    widget = play.next_token(model, tokenizer, "ab")
    before = dict(widget.regions)
    for content in (None, [], "text", {}, {"name": "nowhere"}, {"name": None, "value": 3}):
        widget.receive(widget, content, [])
    assert widget.regions == before


class TestNextToken:
    def test_append_and_undo(self, model, tokenizer):
        widget = play.next_token(model, tokenizer, "ab", k=3)
        first = list(widget.ids)
        bar = insight.next_tokens(model, tokenizer, "ab", 3)
        assert re.findall(r'data-click="append" data-value="(\d+)"', widget.regions["next"]) == list(
            map(str, bar.ids)
        )
        widget.handle("append", str(bar.ids[0]))
        assert widget.ids == [*first, bar.ids[0]]
        widget.handle("undo", None)
        assert widget.ids == first and widget.values["text"] == "ab"
        widget.handle("undo", None)
        assert "undo" in widget.regions["message"] and widget.ids == first

    def test_a_byte_of_a_character_can_be_appended(self, model, tokenizer):
        widget = play.next_token(model, tokenizer, "")
        first, second, third = tokenizer("很").input_ids
        for token in (first, second, third):
            widget.append(token)
        assert widget.ids == [256, first, second, third] and "E5" in widget.regions["tokens"].upper()

    def test_no_room_for_another(self, model, tokenizer):
        widget = play.next_token(model, tokenizer, "a" * 120)
        widget.handle("append", "5")
        assert "120" in widget.regions["message"] and len(widget.ids) == 120

    def test_the_truth_stands_beside_the_model(self):
        tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
        model = build(vocab_size=len(tokenizer), n_positions=64)
        widget = play.next_token(model, tokenizer, "Once upon a time", truth=world.true_next)
        assert "truth" in widget.regions["next"] and widget.regions["note"] == ""
        widget.handle("text", "Nobody begins so")
        assert "truth" not in widget.regions["next"] and "no truth" in widget.regions["note"]


class TestPlayground:
    def test_a_slider_changes_the_last_column_only_by_its_setting(self, model, tokenizer):
        widget = play.sampling_playground(model, tokenizer, "ab")
        widget.handle("top_k", 5.0)
        assert widget.sampling == insight.Sampling(top_k=5) and "5 tokens" in widget.regions["bars"]
        widget.handle("temperature", 0.7000000001)
        assert widget.sampling.temperature == 0.7
        widget.handle("reset", None)
        assert widget.sampling == insight.Sampling() and widget.values["top_k"] == 0

    def test_a_cut_token_is_written_differently_from_a_rare_one(self, model, tokenizer):
        widget = play.sampling_playground(model, tokenizer, "ab", insight.Sampling(top_k=1))
        assert widget.regions["bars"].count("<td>0</td>") == 10

    def test_generate_is_what_sample_gives(self, model, tokenizer):
        widget = play.sampling_playground(model, tokenizer, "ab", insight.Sampling(top_p=0.9))
        for name, value in (("seed", 3.0), ("samples", 2.0), ("max_new_tokens", 12.0)):
            widget.handle(name, value)
        widget.handle("generate", None)
        widget.job.wait()
        wanted = insight.sample(model, tokenizer, "ab", widget.sampling, seed=3, samples=2, max_new_tokens=12)
        assert widget.samples == wanted and "max_new_tokens=12" in widget.regions["call"]

    @pytest.mark.parametrize("number", [("samples", 9.0), ("max_new_tokens", 5000.0), ("seed", -1.0)])
    def test_numbers_out_of_range_give_a_message(self, model, tokenizer, number):
        widget = play.sampling_playground(model, tokenizer, "ab")
        widget.handle(*number)
        widget.handle("generate", None)
        widget.job.wait()
        assert number[0] in widget.regions["message"] and widget.samples is None

    def test_it_can_be_stopped_and_started_again(self, tokenizer):
        model = build(n_positions=2000)
        widget = play.sampling_playground(model, tokenizer, "ab")
        widget.handle("max_new_tokens", 1900.0)
        widget.handle("generate", None)
        until = time.monotonic() + 60
        while not widget.regions.get("samples") and time.monotonic() < until:
            time.sleep(0.01)
        widget.handle("generate", None)
        assert "Stop" in widget.regions["message"]
        widget.handle("stop", None)
        widget.job.wait(60)
        assert not widget.job.is_running and "stopped" in widget.regions["progress"]
        assert (
            0 < widget.samples.steps < 1900
            and f"max_new_tokens={widget.samples.steps}," in widget.samples.call
        )
        widget.handle("max_new_tokens", 3.0)
        widget.handle("generate", None)
        widget.job.wait()
        assert widget.samples.steps == 3 and widget.regions["message"] == ""


class TestConversionLab:
    FAULTS = {
        "tie": {"tie", "logits"},
        "layer": {"weights", "settings", "logits"},
        "train": {"mode"},
        "generation": {"generation"},
    }

    @pytest.fixture
    def base(self, model, tmp_path):
        """A base model with a checkpoint, whose generation settings can be lost."""
        model.generation_config.max_length = 77
        model.save_pretrained(tmp_path)
        return type(model.transformer).from_pretrained(tmp_path)

    def test_each_fault_is_named_and_mended(self, base, tokenizer):
        before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
        widget = play.conversion_lab(base, tokenizer, "ab")
        assert widget.report
        for name, failed in self.FAULTS.items():
            widget.handle(name, True)
            widget.job.wait()
            assert set(widget.report.failed) == failed and widget.regions["message"] == ""
            assert all(f"✗ <code>{check}</code>" in widget.regions["report"] for check in failed)
            assert widget.texts["whole"]
            widget.handle(name, False)
            assert widget.report
        assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())
        widget.job.wait()

    def test_all_at_once_and_mended(self, base, tokenizer):
        widget = play.conversion_lab(base, tokenizer, "ab")
        for name in self.FAULTS:
            widget.handle(name, True)
        assert set(widget.report.failed) == set().union(*self.FAULTS.values())
        assert widget.regions["code"].count("\n") == 3
        widget.handle("mend", None)
        widget.job.wait()
        assert widget.report and not any(widget.values[name] for name in self.FAULTS)
        assert widget.texts["now"] == widget.texts["whole"]

    def test_the_drawing_follows_the_fault(self, base, tokenizer):
        widget = play.conversion_lab(base, tokenizer, "ab")
        assert "the head is tied" in widget.regions["drawing"]
        widget.handle("layer", True)
        drawn = conversion.pipeline(widget.base, widget.lm)
        assert [part.name for part in drawn.parts if not part.is_same] == ["h[0]", "h[1]"]
        assert "h[0], h[1]" in widget.regions["drawing"]
        widget.job.wait()

    @pytest.mark.filterwarnings("ignore:.*changed after loading")
    def test_what_cannot_be_judged_is_shown_as_such(self, tokenizer, tmp_path, monkeypatch):
        monkeypatch.setenv("COURSE_LANGUAGE", "en")
        whole = build(tie_word_embeddings=False, n_positions=120)
        whole.save_pretrained(tmp_path)
        base = type(whole.transformer).from_pretrained(tmp_path)
        widget = play.conversion_lab(base, tokenizer, "ab")
        assert widget.report
        assert "weight of its own" in widget.regions["drawing"]
        with torch.no_grad():
            base.ln_f.bias.add_(1)
        widget = play.conversion_lab(base, tokenizer, "ab")
        assert widget.report.unjudged == ("weights", "logits") and not widget.report.failed
        for name in widget.report.unjudged:
            assert f'<li class="unjudged">? <code>{name}</code>' in widget.regions["report"]
        assert "no longer what its checkpoint holds" in widget.regions["report"]
        widget.handle("tie", True)
        widget.job.wait()
        assert "✗ <code>logits</code>" not in widget.regions["report"] and not widget.report
        assert widget.regions["message"] == ""

    def test_a_model_with_a_head_is_refused(self, model, tokenizer):
        with pytest.raises(CourseError, match="to_base"):
            play.conversion_lab(model, tokenizer, "ab")


def test_importing_the_package_loads_no_widget():
    code = "import sys; from course_utils import play; print([m for m in ('anywidget', 'ipywidgets', 'torch') if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_a_process_ends_while_a_widget_is_writing():
    code = (
        "import sys; sys.path.insert(0, 'tests')\nfrom tiny import build, byte_tokenizer\nfrom course_utils import play\n"
        "w = play.sampling_playground(build(n_positions=3000), byte_tokenizer(), 'ab')\n"
        "w.handle('max_new_tokens', 2900.0); w.handle('generate', None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
