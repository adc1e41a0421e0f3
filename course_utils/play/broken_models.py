"""The conversion lab: break a model with an LM head, watch `verify` name the fault and the text fall apart, mend it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import torch
from torch import nn
from transformers import GenerationConfig

from .. import conversion, insight, show
from ..insight.decoding import prepare
from ..show.html import blocks, lines, spans
from ..texts import Bilingual
from . import controls
from .jobs import Job
from .panel import Events, Panel

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, GPT2Model, PreTrainedTokenizerBase

NAME = Bilingual("Conversion lab", "轉換實驗室")
_PROMPT = Bilingual("Prompt", "提示詞")
_MEND = Bilingual("Mend everything", "全部修好")
_STOP = Bilingual("Stop", "停止")
_DROPOUT = Bilingual(
    "Every dropout here is 0.1, as in GPT-2's published settings, so that training mode shows.",
    "這裡的每個 dropout 都設成 0.1，和 GPT-2 公開的設定相同，訓練模式才看得出來。",
)
_WRITING = Bilingual("Writing …", "正在寫……")
_WHOLE = Bilingual("Whole", "完好的模型")
_NOW = Bilingual("This one", "目前的模型")
_DONE = Bilingual("What was done to it", "對它做了什麼")
DROPOUT = 0.1
NEW_TOKENS = 60


@dataclass(frozen=True)
class Fault:
    """A way to break a model: its name for the learner, the code as shown, and the function that does it."""

    name: Bilingual
    code: str
    apply: Callable[["GPT2LMHeadModel"], None]


def _break_tie(lm: "GPT2LMHeadModel") -> None:
    head = torch.empty_like(lm.lm_head.weight)
    nn.init.normal_(
        head, std=lm.config.initializer_range, generator=torch.Generator(head.device).manual_seed(0)
    )
    lm.lm_head.weight = nn.Parameter(head)


def _swap(lm: "GPT2LMHeadModel") -> None:
    blocks = lm.transformer.h
    blocks[0], blocks[1] = blocks[1], blocks[0]


def _train(lm: "GPT2LMHeadModel") -> None:
    lm.train()


def _forget(lm: "GPT2LMHeadModel") -> None:
    lm.generation_config = GenerationConfig()


FAULTS = {
    "tie": Fault(Bilingual("break the tie", "解除綁定"),
                 "lm.lm_head.weight = nn.Parameter(torch.randn_like(lm.lm_head.weight) * 0.02)", _break_tie),
    "layer": Fault(Bilingual("swap two layers", "對調兩層"),
                   "h = lm.transformer.h; h[0], h[1] = h[1], h[0]", _swap),
    "train": Fault(Bilingual("training mode", "訓練模式"), "lm.train()", _train),
    "generation": Fault(Bilingual("lose the generation config", "弄丟生成設定"),
                        "lm.generation_config = GenerationConfig()", _forget),
}  # fmt: skip


class ConversionLab(Panel):
    """`whole`: a copy that stays so, and its `base`; `lm`: the patient; `report`: what `verify` says of it; `texts`: whole, now."""

    def __init__(self, base: "GPT2Model", tokenizer: "PreTrainedTokenizerBase", prompt: str) -> None:
        self.whole = conversion.to_lm_head(base, copy=True)
        self.base = self.whole.transformer
        self.tokenizer, self.prompt = tokenizer, prompt
        _set_dropout(self.base)
        self.faults: frozenset[str] = frozenset()
        self.texts = {"whole": "", "now": ""}
        self.job = Job()
        html = "".join((
            controls.row(*(controls.checkbox(name, fault.name) for name, fault in FAULTS.items()),
                         controls.button("mend", _MEND)),
            controls.note(_DROPOUT),
            controls.region("drawing"), controls.region("report", live=True),
            controls.text_area("prompt", _PROMPT, rows=1),
            controls.row(controls.button("stop", _STOP), controls.region("progress", role="status")),
            controls.region("texts"),
            f"<details><summary>{spans(_DONE)}</summary>{controls.region('code')}</details>",
        ))  # fmt: skip
        events: Events = {
            "mend": self.mend,
            "prompt": self.read,
            "stop": self.stop,
            **{name: partial(self.toggle, name) for name in FAULTS},
        }
        super().__init__(NAME, html, events)
        prepare(self.whole, tokenizer, prompt, NEW_TOKENS, {})
        self.put(prompt=prompt)
        self._rebuild()

    def toggle(self, name: str, on: bool) -> None:
        """Break the model in one more way, or mend that one."""
        self.faults = self.faults | {name} if on else self.faults - {name}
        self._rebuild()
        self.write()

    def mend(self, _: object = None) -> None:
        """Take every fault away."""
        self.faults = frozenset()
        self._rebuild()
        self.write()

    def read(self, prompt: str) -> None:
        """Take another prompt."""
        prepare(self.lm, self.tokenizer, prompt, NEW_TOKENS, {})
        self.prompt = prompt
        self.put(prompt=prompt)
        self.write()

    def stop(self, _: object = None) -> None:
        """Stop writing at the next token."""
        self.job.stop()

    def write(self) -> None:
        """Let both models continue the prompt, greedily, in the background."""
        self.job.start(self._write)

    def twin(self) -> show.Picture:
        """Return the pipeline as a picture."""
        return show.pipeline(conversion.pipeline(self.base, self.lm))

    def _rebuild(self) -> None:
        """Make the patient anew from the whole base model, with the faults chosen."""
        self.job.stop()
        self.job.wait()
        self.lm = conversion.to_lm_head(self.base, copy=True)
        for name in sorted(self.faults):
            FAULTS[name].apply(self.lm)
        self.report = conversion.verify(self.base, self.lm)
        picture = self.twin()
        png = base64.b64encode(picture._repr_png_()).decode("ascii")
        code = "\n".join(FAULTS[name].code for name in sorted(self.faults))
        self.put(**{name: name in self.faults for name in FAULTS})
        self.show(
            drawing=f'<img src="data:image/png;base64,{png}" alt="{escape(picture.alt)}">',
            report=_checks(self.report),
            code=f"<pre>{escape(code)}</pre>" if code else "–",
        )

    def _write(self) -> None:
        with self.reporting():
            for place, model in (("whole", self.whole), ("now", self.lm)):
                self._continue(place, model)
        self.show(progress="")

    def _continue(self, place: str, model: "GPT2LMHeadModel") -> None:
        def watch(text: str) -> bool:
            self.texts[place] = text
            self.show(texts=self._text_boxes(), progress=spans(_WRITING))
            return self.job.may_go_on

        insight.continuation(model, self.tokenizer, self.prompt, max_new_tokens=NEW_TOKENS, watch=watch)

    def _text_boxes(self) -> str:
        boxes = "".join(
            f'<div class="course-sample" tabindex="0"><strong>{spans(title)}</strong>\n{lines(self.prompt)}'
            f'<span class="new">{lines(self.texts[place])}</span></div>'
            for place, title in (("whole", _WHOLE), ("now", _NOW))
        )
        return f'<div class="course-samples">{boxes}</div>'


def _set_dropout(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = DROPOUT


def _checks(report: conversion.Report) -> str:
    items = []
    for check in report.checks:
        said = check.problem or check.doubt
        why = "" if said is None else blocks(said)
        items.append(
            f'<li class="{check.state}">{check.sign} <code>{check.name}</code> {spans(check.asks)}{why}</li>'
        )
    return f'<ul class="course-checks">{"".join(items)}</ul>'


def conversion_lab(
    base: "GPT2Model", tokenizer: "PreTrainedTokenizerBase", prompt: str = ""
) -> ConversionLab:
    """Return a widget in which a copy of `base` gets an LM head and is broken and mended; `base` itself is not.

    Raise CourseError if `base` is no base model, or the prompt leaves no room.
    """
    return ConversionLab(base, tokenizer, prompt)
