"""The sampling playground: what each setting does to the distribution, and texts sampled with it."""

from dataclasses import asdict
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from .. import insight, show
from ..insight.samples import MOST_SAMPLES, MOST_SEEDS, Samples, sample
from ..show.html import filter_bars, lines, spans
from ..texts import Bilingual, CourseError
from . import controls
from .jobs import Job, Pace
from .panel import Events, Panel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NAME = Bilingual("Sampling playground", "取樣實驗台")
_PROMPT = Bilingual("Prompt", "提示詞")
_SEED = Bilingual("Seed", "種子")
_SAMPLES = Bilingual("Samples", "段數")
_LENGTH = Bilingual("New tokens", "新 token 數")
_GENERATE = Bilingual("Generate", "生成")
_STOP = Bilingual("Stop", "停止")
_RESET = Bilingual("Turn all settings off", "關掉所有設定")
_CALL = Bilingual("The call that gives exactly this", "得到一模一樣結果的程式")
_SLIDERS = {
    "temperature": (0.1, 3.0, 0.05),
    "top_k": (0, 50, 1),
    "top_p": (0.05, 1.0, 0.05),
    "min_p": (0.0, 1.0, 0.01),
    "repetition_penalty": (0.5, 2.0, 0.05),
}


class Playground(Panel):
    """`sampling`: the settings; `samples`: what was generated last, None before; `job`: the work under way."""

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        prompt: str,
        sampling: insight.Sampling,
    ) -> None:
        self.model, self.tokenizer, self.sampling = model, tokenizer, sampling
        self.numbers = {"seed": 0, "samples": 2, "max_new_tokens": 40}
        self.samples: Samples | None = None
        self.job = Job()
        self._reading = insight.read_prompt(model, tokenizer, prompt)
        html = "".join((
            controls.text_area("prompt", _PROMPT),
            controls.row(*(controls.slider(name, *range_) for name, range_ in _SLIDERS.items()),
                         controls.button("reset", _RESET)),
            controls.region("bars"),
            controls.row(
                controls.number("seed", _SEED, 0, MOST_SEEDS - 1),
                controls.number("samples", _SAMPLES, 1, MOST_SAMPLES),
                controls.number("max_new_tokens", _LENGTH, 1, model.config.max_position_embeddings - 1),
                controls.button("generate", _GENERATE), controls.button("stop", _STOP),
                controls.region("progress", role="status"),
            ),
            controls.region("samples"),
            f"<details><summary>{spans(_CALL)}</summary>{controls.copy_button('call')}{controls.region('call')}</details>",
        ))  # fmt: skip
        events: Events = {
            "prompt": self.read,
            "reset": self.reset,
            "generate": self.generate,
            "stop": self.stop,
            **{name: partial(self.set, name) for name in _SLIDERS},
            **{name: partial(self.set_number, name) for name in self.numbers},
        }
        super().__init__(NAME, html, events)
        self.put(prompt=prompt, **self.numbers, **asdict(sampling))
        self._draw()

    def read(self, prompt: str) -> None:
        """Take another prompt."""
        self._reading = insight.read_prompt(self.model, self.tokenizer, prompt)
        self.put(prompt=prompt)
        self._draw()

    def set(self, name: str, value: float) -> None:
        """Change one setting, such as "top_p"."""
        number = int(value) if name == "top_k" else round(float(value), 4)
        self.sampling = insight.Sampling(**{**asdict(self.sampling), name: number})
        self.put(**{name: number})
        self._draw()

    def reset(self, _: object = None) -> None:
        """Set everything to where it changes nothing."""
        self.sampling = insight.Sampling()
        self.put(**asdict(self.sampling))
        self._draw()

    def set_number(self, name: str, value: float) -> None:
        """Change "seed", "samples" or "max_new_tokens"; they count at the next `generate`."""
        self.numbers[name] = int(value)
        self.put(**{name: int(value)})

    def generate(self, _: object = None) -> None:
        """Start to sample in the background; `stop` ends it, and what is written by then stays."""
        if self.job.is_running:
            raise CourseError(
                "A text is being generated: press Stop first, or wait.",
                "正在生成，請先按「停止」，或等它寫完。",
            )
        prompt, sampling, numbers = self._reading.prompt, self.sampling, dict(self.numbers)
        self._pace, self._total = Pace(), numbers["max_new_tokens"]
        self.show(progress="… 0", samples="", call="")
        self.job.start(lambda: self._work(prompt, sampling, numbers))

    def stop(self, _: object = None) -> None:
        """Stop at the next token."""
        self.job.stop()

    def twin(self) -> show.Picture:
        """Return the bars as a picture."""
        return show.filters(self._reading.filtered(self.sampling))

    def _work(self, prompt: str, sampling: insight.Sampling, numbers: dict[str, int]) -> None:
        with self.reporting(on_error=lambda: self.show(progress="")):
            self.samples = sample(self.model, self.tokenizer, prompt, sampling, watch=self._watch, **numbers)
            self._show_samples(self.samples, is_over=True)

    def _watch(self, samples: Samples) -> bool:
        self._pace.draw(lambda: self._show_samples(samples, is_over=False))
        return self.job.may_go_on

    def _show_samples(self, samples: Samples, is_over: bool) -> None:
        boxes = "".join(
            f'<div class="course-sample" tabindex="0">{lines(samples.prompt)}<span class="new">{lines(text)}'
            f"</span>{' ∎' if ended else ''}</div>"
            for text, ended in zip(samples.texts, samples.ended, strict=True)
        )
        stopped = is_over and not self.job.may_go_on
        state = spans(Bilingual("stopped", "已停止")) if stopped else "✓" if is_over else "…"
        # The call is that of a finished result only: of what is still growing it would be out of date at once.
        call = f"<pre>{escape(samples.call)}</pre>" if is_over else ""
        self.show(
            samples=f'<div class="course-samples">{boxes}</div>',
            call=call,
            progress=f"{state} {samples.steps} / {self._total} token",
        )

    def _draw(self) -> None:
        self.show(bars=filter_bars(self._reading.filtered(self.sampling)))


def sampling_playground(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str = "",
    sampling: insight.Sampling | None = None,
) -> Playground:
    """Return a widget with a slider for each sampling setting, bars before and after each, and a generate button.

    `sampling`: the settings to begin with. Raise CourseError for a model without an LM head, or a prompt that is
    too long.
    """
    return Playground(model, tokenizer, prompt, sampling or insight.Sampling())
