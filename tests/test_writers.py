"""Writing beyond the context, and the two widgets that live on it."""

import threading

import pytest
import torch
from tiny import END, build, byte_tokenizer

from course_utils import CourseError, insight, play
from course_utils.insight.long_texts import write_on

CONTEXT = 48


@pytest.fixture
def model():
    return build(scale=20, n_positions=CONTEXT)


def endless(model):
    """The model never ends a text."""
    model.generation_config.eos_token_id = None
    return model


FREE = insight.Sampling()


def test_within_the_context_it_is_generate(model, tokenizer):
    ids = tokenizer("ab").input_ids
    torch.manual_seed(3)
    wanted = model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, 2, dtype=torch.long),
        max_new_tokens=20,
        pad_token_id=256,
        **FREE.options(),
    )[0].tolist()
    text = write_on(model, tokenizer, ids, FREE, max_new_tokens=20, seed=3)
    assert list(text.ids) == (wanted[: wanted.index(256)] if 256 in wanted else wanted)
    assert (text.start, text.forgotten, text.ended) == (2, 0, 256 in wanted)


def test_the_context_slides_and_each_token_is_drawn_from_what_is_in_sight(model, tokenizer):
    greedy = insight.Sampling(top_k=1)
    text = write_on(endless(model), tokenizer, tokenizer("ab").input_ids, greedy, max_new_tokens=130)
    ids = list(text.ids)
    assert 256 not in ids and len(ids) == 132 and text.forgotten > 0
    forgotten = 0
    for at in range(2, len(ids)):
        if at - forgotten >= CONTEXT:
            forgotten = at - CONTEXT // 2
        with torch.no_grad():
            assert model(torch.tensor([ids[forgotten:at]])).logits[0, -1].argmax() == ids[at]
    assert text.forgotten == forgotten


def test_it_can_be_stopped_and_leaves_the_random_state(model, tokenizer):
    before = torch.get_rng_state()
    seen = []
    text = write_on(
        endless(model),
        tokenizer,
        [97],
        FREE,
        max_new_tokens=100,
        watch=lambda text: seen.append(text) or len(seen) < 5,
    )
    assert len(seen) == 5 and len(text.ids) <= 6 and torch.equal(torch.get_rng_state(), before)
    assert text.ids == seen[-1].ids


@pytest.mark.parametrize("ids, new", [([], 5), ([1], 0)])
def test_nothing_to_go_on_from(model, tokenizer, ids, new):
    with pytest.raises(CourseError, match="at least 1"):
        write_on(model, tokenizer, ids, FREE, max_new_tokens=new)


def test_a_base_model_cannot_write(model, tokenizer):
    for make in (play.autocomplete, play.storyteller):
        with pytest.raises(CourseError):
            make(model.transformer, tokenizer, "ab")


def test_a_tokenizer_without_an_end_of_text_token_is_refused_at_once(model):
    tokenizer = byte_tokenizer()
    tokenizer.eos_token = None
    for make in (play.autocomplete, play.storyteller):
        with pytest.raises(CourseError, match="end-of-text token"):
            make(model, tokenizer, "ab")


@pytest.mark.parametrize("text", ["\ud83d", None, 5, ["a"], [97]])
def test_what_is_no_text_is_refused_at_once(model, tokenizer, text):
    for make in (play.autocomplete, play.storyteller):
        with pytest.raises(CourseError):
            make(model, tokenizer, text)
        widget = make(model, tokenizer, "ab")
        widget.handle("text", text)
        assert widget.text == widget.values["text"] == "ab" and widget.regions["message"]
        assert "Error" not in widget.regions["message"]


class TestAutocomplete:
    @pytest.mark.parametrize("choices", [0, 21, 2.5, "3", None])
    def test_choices_are_a_whole_number_from_1_to_20(self, model, tokenizer, choices):
        with pytest.raises(CourseError, match="from 1 to 20"):
            play.autocomplete(model, tokenizer, "ab", choices=choices)

    @pytest.mark.parametrize("context", [4, 32])
    def test_the_context_bounds_the_length(self, tokenizer, context):
        widget = play.autocomplete(build(n_positions=context), tokenizer, "a" * 50, choices=1)
        widget.handle("length", 40)
        widget.handle("text", "a" * 60)
        assert (
            widget.regions["message"] == ""
            and widget.values["length"] == context - 1
            and len(widget.ids) == 1
        )

    def test_an_empty_text_is_completed(self, model, tokenizer):
        assert play.autocomplete(model, tokenizer, choices=20).ids == [256]

    def test_the_completions_are_those_of_the_beam_search(self, model, tokenizer):
        widget = play.autocomplete(model, tokenizer, "ab", choices=2)
        found = model.generate(
            torch.tensor([tokenizer("ab").input_ids]),
            attention_mask=torch.ones(1, 2, dtype=torch.long),
            num_beams=2,
            num_return_sequences=2,
            max_new_tokens=6,
            do_sample=False,
            pad_token_id=256,
        )
        texts = tokenizer.batch_decode(found[:, 2:], skip_special_tokens=True)
        assert widget.completions == list(
            dict.fromkeys(text for text in texts if text and "\ufffd" not in text)
        )

    def test_accept_undo_and_length(self, model, tokenizer):
        widget = play.autocomplete(model, tokenizer, "ab")
        widget.completions = ["cd"]
        widget.handle("accept", "0")
        assert widget.text == widget.values["text"] == "abcd" and widget.regions["message"] == ""
        widget.handle("undo", None)
        assert widget.text == widget.values["text"] == "ab"
        widget.handle("undo", None)
        assert "undo" in widget.regions["message"]
        widget.handle("accept", "99")
        assert "no such completion" in widget.regions["message"]
        widget.handle("length", 1000)
        assert widget.length == widget.values["length"] == 40

    def test_of_a_long_text_the_end_is_read(self, model, tokenizer):
        widget = play.autocomplete(model, tokenizer, "a" * 500)
        assert len(widget.ids) == CONTEXT - 6


class TestStoryteller:
    def test_turns_are_told_and_taken_back(self, model, tokenizer):
        widget = play.storyteller(model, tokenizer, "ab")
        widget.handle("length", 7)
        widget.handle("go", None)
        widget.job.wait()
        assert widget.regions["message"] == "" and widget.values["text"] == ""
        assert [who for who, _ in widget.told] == ["you", "model"] and len(widget.told[1][1]) <= 7
        widget.handle("go", None)
        widget.job.wait()
        assert [who for who, _ in widget.told] == ["you", "model", "model"]
        for _ in range(3):
            widget.handle("undo", None)
        assert widget.told == [] and widget.ids == (256,)
        widget.handle("undo", None)
        assert "undo" in widget.regions["message"]

    def test_an_end_that_is_typed_is_text(self, model, tokenizer):
        widget = play.storyteller(endless(model), tokenizer, "ab")
        widget.handle("text", f"ab{END}cd")
        widget.handle("go", None)
        widget.job.wait()
        (who, ids) = widget.told[0]
        assert who == "you"
        assert tokenizer.eos_token_id not in ids
        assert tokenizer.decode(ids) == f"ab{END}cd"

    @pytest.mark.parametrize(
        "told, yours, joined",
        [
            ("a town.", "She", " She"),
            ("a town.", '"No', ' "No'),
            ("a town. ", "She", "She"),
            ("一座小鎮。", "她", "她"),
            ("a town.", "她", "她"),
            ("a town", ", and", ", and"),
            ("", "She", "She"),
        ],
    )
    def test_words_do_not_run_together(self, model, tokenizer, told, yours, joined):
        widget = play.storyteller(model, tokenizer)
        widget.told = [("model", tuple(tokenizer(told).input_ids))] if told else []
        widget.type(yours)
        widget.go()
        widget.job.wait()
        assert tokenizer.decode(widget.told[-2][1]) == joined

    def test_stop_ends_the_turn_and_keeps_what_is_there(self, model, tokenizer):
        widget = play.storyteller(endless(model), tokenizer, "ab")
        widget.handle("length", 500)
        watch, steps = widget._watch, []

        def stop_after_three(text):
            steps.append(text)
            if len(steps) == 3:
                widget.handle("stop", None)
            return watch(text)

        widget._watch = stop_after_three
        widget.handle("go", None)
        widget.job.wait(30)
        assert (
            not widget.job.is_running
            and len(widget.told[1][1]) <= 3
            and "已停止" in widget.regions["progress"]
        )

    def test_a_story_longer_than_the_context(self, model, tokenizer):
        widget = play.storyteller(endless(model), tokenizer, "a" * 200)
        widget.handle("go", None)
        widget.job.wait()
        assert widget.forgotten > 0 and 'class="gone"' in widget.regions["story"]
        assert "看不到" in widget.regions["progress"] and widget.regions["message"] == ""
        widget.handle("anew", None)
        assert widget.told == [] and widget.forgotten == 0 and widget.twin()._repr_png_()

    def test_two_turns_at_once_are_refused(self, model, tokenizer):
        widget = play.storyteller(model, tokenizer, "ab")
        over = threading.Event()
        widget.job.start(lambda: over.wait(60))
        for event in ("go", "undo", "anew"):
            widget.handle(event, None)
            assert "Stop" in widget.regions["message"]
        over.set()
        widget.job.wait()
