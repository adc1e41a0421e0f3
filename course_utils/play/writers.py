"""Two small programs on a language model: completions as you type, and a story told by turns."""

from html import escape
from typing import TYPE_CHECKING

from .. import insight, show
from ..insight.forward import check_head
from ..insight.long_texts import LongText, write_on
from ..insight.pieces import decoded
from ..show.html import lines, spans
from ..texts import Bilingual, CourseError
from . import controls
from .jobs import Job, Pace
from .panel import Events, Panel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

COMPLETE = Bilingual("Autocomplete", "自動完成")
TELL = Bilingual("Storyteller", "輪流說故事")
_TEXT = Bilingual("Your text", "你的文字")
_LENGTH = Bilingual("At most, in tokens", "最多幾個 token")
_UNDO = Bilingual("Undo", "復原")
_YOURS = Bilingual("Your part (may be empty)", "換你說（可以留白）")
_GO = Bilingual("Add it, and the model goes on", "加進去，讓模型接下去")
_STOP = Bilingual("Stop", "停止")
_ANEW = Bilingual("Begin anew", "重新開始")
_CHOICES = 20  # beams: each costs as much as a text of its own
_LONGEST = 20_000  # tokens of a story: beyond it the page itself would grow slow


class Autocomplete(Panel):
    """`completions`: what may follow the text, the most probable first; `ids`: the text's tokens."""

    def __init__(
        self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str, choices: int
    ) -> None:
        self.model, self.tokenizer, self.choices = model, tokenizer, choices
        self.longest = min(40, model.config.max_position_embeddings - 1)  # one position is the text's
        self.length = min(6, self.longest)
        self._before: list[str] = []
        html = "".join((
            controls.text_area("text", _TEXT, rows=3),
            controls.region("completions", live=True),
            controls.row(controls.button("undo", _UNDO), controls.number("length", _LENGTH, 1, self.longest)),
        ))  # fmt: skip
        events: Events = {
            "text": self.type,
            "accept": self.accept,
            "undo": self.undo,
            "length": self.set_length,
        }
        super().__init__(COMPLETE, html, events)
        self._show(text)
        self.put(text=text, length=self.length)

    def type(self, text: str) -> None:
        """Complete another text."""
        self._show(text)
        self.put(text=text)

    def accept(self, number: int | str) -> None:
        """Put a completion, by its number from 0, behind the text."""
        if not 0 <= int(number) < len(self.completions):
            raise CourseError("There is no such completion.", "沒有這個建議。")
        before, longer = self.text, self.text + self.completions[int(number)]
        self._show(longer)
        self._before.append(before)
        self.put(text=longer)

    def undo(self, _: object = None) -> None:
        """Take back the completion that was accepted last."""
        if not self._before:
            raise _nothing_to_undo()
        self._show(self._before.pop())
        self.put(text=self.text)

    def set_length(self, value: float) -> None:
        """Change how long a completion may be, in tokens."""
        self.length = min(max(int(value), 1), self.longest)
        self.put(length=self.length)
        self._show(self.text)

    def twin(self) -> show.Picture:
        """Return the next token's distribution as a picture."""
        return show.probabilities(insight.next_tokens(self.model, self.tokenizer, self.ids, 8), None)

    def _show(self, text: str) -> None:
        ids, completions = self._completed(text)
        self.text, self.ids, self.completions = text, ids, completions
        buttons = (
            f'<button type="button" data-click="accept" data-value="{at}">{escape(_seen(one))}</button>'
            for at, one in enumerate(completions)
        )
        self.show(completions=controls.row(*buttons))

    def _completed(self, text: str) -> tuple[list[int], list[str]]:
        # The oldest tokens go when the text is longer than the context: only its end matters to a completion.
        room = self.model.config.max_position_embeddings - self.length
        ids = _ids(self.tokenizer, text)[-room:]
        found = insight.completions(
            self.model, self.tokenizer, ids, choices=self.choices, max_new_tokens=self.length
        )
        return ids, list(found)


class Storyteller(Panel):
    """`told`: the story so far, as (who, ids) with "you" or "model"; `forgotten`: tokens that the model no longer sees."""

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        text: str,
        sampling: insight.Sampling,
    ) -> None:
        self.model, self.tokenizer, self.sampling = model, tokenizer, sampling
        self.length, self.job = 30, Job()
        self.told: list[tuple[str, tuple[int, ...]]] = []
        self.forgotten = 0
        html = "".join((
            controls.region("story", live=False, scrolls=True),
            controls.text_area("text", _YOURS),
            controls.row(controls.button("go", _GO), controls.button("stop", _STOP), controls.button("undo", _UNDO),
                         controls.button("anew", _ANEW), controls.number("length", _LENGTH, 1, 500),
                         controls.region("progress", role="status")),
        ))  # fmt: skip
        super().__init__(
            TELL,
            html,
            {
                "text": self.type,
                "go": self.go,
                "stop": self.stop,
                "undo": self.undo,
                "anew": self.anew,
                "length": self.set_length,
            },
        )
        self.text = text
        _ids(tokenizer, text)  # a text that cannot be read is refused at once
        self.put(text=text, length=self.length)
        self._draw()

    @property
    def ids(self) -> tuple[int, ...]:
        """All tokens of the story; at least the end-of-text token, from which a new one begins."""
        return (self.tokenizer.eos_token_id, *(token for _, part in self.told for token in part))

    def type(self, text: str) -> None:
        """Keep what the learner is writing; it joins the story at `go`."""
        _ids(self.tokenizer, text)
        self.text = text
        self.put(text=text)

    def go(self, _: object = None) -> None:
        """Add the learner's part, and let the model go on in the background; `stop` ends it."""
        self._free()
        # What a learner types is text, also when it spells the end-of-text token.
        yours = self._encoded(self._joined(self.text)) if self.text else ()
        if len(self.ids) + len(yours) + self.length > _LONGEST:
            raise CourseError(
                "The story is very long by now: begin a new one.", "這個故事已經很長了，請重新開始一個。"
            )
        if yours:
            self.told.append(("you", yours))
        self.text = ""
        self.put(text="")
        self._pace = Pace()
        ids, forgotten, seed = self.ids, self.forgotten, len(self.told)
        self.told.append(("model", ()))
        self._draw()
        self.job.start(lambda: self._work(ids, forgotten, seed))

    def stop(self, _: object = None) -> None:
        """Stop at the next token; what is written stays."""
        self.job.stop()

    def undo(self, _: object = None) -> None:
        """Take back the last part, the model's or the learner's."""
        self._free()
        if not self.told:
            raise _nothing_to_undo()
        self.told.pop()
        self.forgotten = min(self.forgotten, len(self.ids) - 1)
        self._draw()

    def anew(self, _: object = None) -> None:
        """Begin a new story."""
        self._free()
        self.told, self.forgotten = [], 0
        self._draw()

    def set_length(self, value: float) -> None:
        """Change how many tokens the model may write at a turn."""
        self.length = min(max(int(value), 1), 500)
        self.put(length=self.length)

    def twin(self) -> show.Picture:
        """Return the next token's distribution as a picture."""
        context = list(self.ids[-self.model.config.max_position_embeddings :])
        return show.probabilities(insight.next_tokens(self.model, self.tokenizer, context, 8), None)

    def _encoded(self, typed: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(typed, split_special_tokens=True).input_ids)

    def _joined(self, text: str) -> str:
        """Return the text with a space before it where two words of a Latin script would run together."""
        before = decoded(self.tokenizer, self.told[-1][1]) if self.told else ""
        apart = not before or before[-1].isspace()
        needs = not apart and (before[-1] + text[0]).isascii() and (text[0].isalnum() or text[0] in "\"'(")
        return f" {text}" if needs else text

    def _free(self) -> None:
        if self.job.is_running:
            raise CourseError(
                "The model is writing: press Stop first, or wait.", "模型正在寫，請先按「停止」，或等它寫完。"
            )

    def _work(self, ids: tuple[int, ...], forgotten: int, seed: int) -> None:
        with self.reporting(on_error=self._draw):
            self._take(
                write_on(
                    self.model,
                    self.tokenizer,
                    ids,
                    self.sampling,
                    max_new_tokens=self.length,
                    forgotten=forgotten,
                    seed=seed,
                    watch=self._watch,
                )
            )
            self._draw(is_over=True)

    def _watch(self, text: LongText) -> bool:
        self._take(text)
        self._pace.draw(self._draw)
        return self.job.may_go_on

    def _take(self, text: LongText) -> None:
        self.told[-1] = ("model", text.ids[text.start :])
        self.forgotten, self.ended = text.forgotten, text.ended

    def _draw(self, is_over: bool = False) -> None:
        at, parts = 1, []
        for who, ids in self.told:
            gone = min(max(self.forgotten - at, 0), len(ids))
            old, seen = decoded(self.tokenizer, ids[:gone]), decoded(self.tokenizer, ids[gone:])
            marked = f'<span class="new">{lines(seen)}</span>' if who == "model" else lines(seen)
            parts.append((f'<span class="gone">{lines(old)}</span>' if old else "") + marked)
            at += len(ids)
        if is_over and self.ended:
            parts.append(" ∎")
        stopped = spans(Bilingual("stopped", "已停止")) if is_over and not self.job.may_go_on else ""
        forgot = spans(
            Bilingual(f"{self.forgotten} tokens out of sight", f"模型已經看不到 {self.forgotten} 個 token")
        )
        self.show(
            story=f'<div class="course-sample">{"".join(parts)}</div>',
            progress=f"{stopped} {len(self.ids)} token {forgot if self.forgotten else ''}",
        )


def _nothing_to_undo() -> CourseError:
    return CourseError("There is nothing to undo.", "沒有可以復原的步驟。")


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the tokens of a text, of an empty one the end-of-text token. Raise CourseError if it is no text."""
    if not isinstance(text, str):
        raise CourseError(
            f"A text (str) is needed here, not {type(text).__name__}.",
            f"這裡需要文字（str），不是 {type(text).__name__}。",
        )
    return insight.token_ids(tokenizer, text)


def _check(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
    """Raise CourseError for a model or a tokenizer that cannot write: without an LM head, without an end of a text."""
    check_head(model)
    if tokenizer.eos_token_id is None:
        raise CourseError(
            "This tokenizer has no end-of-text token, from which an empty text goes on: load the one that belongs to the "
            "model, or set `tokenizer.eos_token`.",
            "這個 tokenizer 沒有結尾 token（EOS），空的文字就沒有開頭可以接。請載入和模型同一套的 tokenizer，或設定 `tokenizer.eos_token`。",
        )


def _seen(text: str) -> str:
    """Return the text with its leading space and its line breaks to be seen."""
    return ("␣" + text[1:] if text.startswith(" ") else text).replace("\n", "⏎")


def autocomplete(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str = "", *, choices: int = 3
) -> Autocomplete:
    """Return a widget that completes a text as it is typed: the best `choices` of a beam search, to be clicked.

    Of a text longer than the context the end is read. Raise CourseError for a model without an LM head, a tokenizer
    without an end-of-text token, what is no text, or `choices` that are not a whole number from 1 to 20.
    """
    _check(model, tokenizer)
    if not isinstance(choices, int) or not 1 <= choices <= _CHOICES:
        raise CourseError(
            f"choices must be a whole number from 1 to {_CHOICES}, not {choices!r}.",
            f"choices 必須是 1 到 {_CHOICES} 的整數，不能是 {choices!r}。",
        )
    return Autocomplete(model, tokenizer, text, choices)


def storyteller(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    text: str = "",
    sampling: insight.Sampling | None = None,
) -> Storyteller:
    """Return a widget in which you and the model tell a story by turns, with a stop button and a limit for each turn.

    The story may grow longer than the context, which then slides; what the model no longer sees is grey.
    `sampling`: top-p 0.9 if not given. Raise CourseError for a model without an LM head, a tokenizer without an
    end-of-text token, or what is no text.
    """
    _check(model, tokenizer)
    return Storyteller(model, tokenizer, text, sampling or insight.Sampling(top_p=0.9))
