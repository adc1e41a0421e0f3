"""Train the bundled model by a recipe, go on where a run was broken off, and install what came of it."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from ...checkpoints import BUNDLED
from ...files import replace_atomically, sha256
from ..finetune import IGNORE
from . import corpus, tokenizer
from .batches import Batches
from .muon import Muon

CARD = "README.md"
FIXED = ("n_embd", "n_layer", "n_head", "seed")  # what a resumed run cannot change


@dataclass(frozen=True)
class Recipe:
    """Everything the result depends on, besides the verse."""

    n_embd: int = 192
    n_layer: int = 4
    n_head: int = 6
    steps: int = 7500
    warmup: int = 50
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    stories_first: float = 0.15  # up to here almost only stories: the model learns to copy names earlier
    chinese_last: float = 0.6  # from here on more Chinese stories: keeping characters apart is learned last
    seed: int = 0

    def shares(self, progress: float) -> dict[str, float]:
        """The share of batches of each kind, when `progress` (0 to 1) of the training is done."""
        if progress < self.stories_first:
            return {"en": 0.45, "zh": 0.47, "verse": 0.06, "packed": 0.02}
        if progress < self.chinese_last:
            return {"en": 0.32, "zh": 0.36, "verse": 0.27, "packed": 0.05}
        return {"en": 0.28, "zh": 0.44, "verse": 0.25, "packed": 0.03}

    def rate(self, step: int, progress: float) -> float:
        """The learning rate: warm-up over some steps, then a straight line down to zero."""
        return self.learning_rate * min((step + 1) / self.warmup, 1.0) * (1 - progress)


def build_tokenizer(poems: list[str], seed: int) -> PreTrainedTokenizerFast:
    """Train the tokenizer on all training poems and enough stories that each of their words becomes one token."""
    stories = [
        story.text
        for language in ("en", "zh")
        for story in islice(corpus.stories(language, "train", seed + 1), 6000)
    ]
    names = [
        f'"{name}'
        for story in islice(corpus.stories("en", "train", seed + 2), 3000)
        for key, value in story.plan.items()
        if key.endswith(".name")
        for name in [value.en]
    ]
    return tokenizer.train(poems + stories + names)


def build_model(recipe: Recipe, tok: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """GPT-2's architecture unchanged, untrained."""
    config = GPT2Config(
        vocab_size=len(tok),
        n_positions=tokenizer.CONTEXT,
        n_embd=recipe.n_embd,
        n_layer=recipe.n_layer,
        n_head=recipe.n_head,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tok.bos_token_id,
        eos_token_id=tok.eos_token_id,
    )
    torch.manual_seed(recipe.seed)
    return GPT2LMHeadModel(config)


def streams(texts: list[str], tok: PreTrainedTokenizerFast, seed: int) -> dict[str, Iterator[list[int]]]:
    """Endless streams of training documents, as token ids."""

    def of_stories(language: str):
        for story in corpus.stories(language, "train", seed):
            yield tok(story.text).input_ids

    def of_verse():
        while True:
            for text in texts:
                yield tok(text).input_ids

    return {"en": of_stories("en"), "zh": of_stories("zh"), "verse": of_verse()}


def optimizers(model: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings, biases and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".h." in name]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    return [
        Muon(matrices, recipe.learning_rate, weight_decay=recipe.weight_decay),
        torch.optim.AdamW(rest, recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def loss_of(model: GPT2LMHeadModel, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the next token, in nats."""
    hidden = model.transformer(input_ids=ids, use_cache=False).last_hidden_state
    return F.cross_entropy(
        model.lm_head(hidden[:, :-1]).flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORE
    )


class Run:
    """A training run that can be stopped at any time and goes on from its last checkpoint.

    It may go on with another schedule; the log then says from which step.
    """

    def __init__(self, recipe: Recipe, work: Path, texts: list[str], minutes: float | None):
        self.recipe, self.work, self.minutes = recipe, work, minutes
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = self._tokenizer(texts)
        self.model = build_model(recipe, self.tokenizer)
        self.model.to(self.device)  # type: ignore[arg-type]  # as in finetune.py
        self.optimizers = optimizers(self.model, recipe)
        self.step, self.seconds = 0, 0.0
        self.log: list[list[float]] = []
        self.changes: list[dict[str, object]] = []
        self._resume()
        # A resumed run continues with other documents than an unbroken one would have seen.
        seed = recipe.seed + 1000 * self.step
        self.batches = Batches(
            streams(texts, self.tokenizer, seed), self.tokenizer.eos_token_id, Random(seed)
        )

    @property
    def progress(self) -> float:
        spent = self.seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(max(self.step / self.recipe.steps, spent), 1.0)

    def train(self, every: float = 120.0, compiled: bool = True) -> None:
        """Train to the end, with a checkpoint every `every` seconds. `compiled` is faster and needs a C++ compiler."""

        def loss_function(ids, labels):
            return loss_of(self.model, ids, labels)

        if compiled:
            loss_function = torch.compile(loss_function, dynamic=False)
        bar, saved = tqdm(total=self.recipe.steps, initial=self.step, mininterval=5), time.monotonic()
        while self.progress < 1:
            started = time.monotonic()
            loss = self._train_step(loss_function)
            self.step, self.seconds = self.step + 1, self.seconds + time.monotonic() - started
            self.log.append([self.step, round(self.seconds, 1), round(loss, 4)])
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}", progress=f"{self.progress:.0%}", refresh=False)
            if time.monotonic() - saved > every:
                self.save()
                saved = time.monotonic()
        self.save()

    def _train_step(self, loss_function) -> float:
        rate = self.recipe.rate(self.step, self.progress)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        ids, labels = self.batches.draw(self.recipe.shares(self.progress))
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=fast_bfloat16(self.device)):
            loss = loss_function(ids.to(self.device), labels.to(self.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss.item()

    def save(self) -> None:
        """Write the model folder and the state to resume from; the state last, and at one stroke."""
        self.tokenizer.save_pretrained(self.work / "model")
        self.model.save_pretrained(self.work / "model")
        record = {
            "recipe": asdict(self.recipe),
            "minutes": self.minutes,
            "changes": self.changes,
            "loss": self.log,
        }
        (self.work / "log.json").write_text(json.dumps(record), encoding="utf-8")
        state = {
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
            **record,
        }
        replace_atomically(self.work / "state.pt", lambda file: torch.save(state, file))

    def _resume(self) -> None:
        if not (self.work / "state.pt").exists():
            return
        state = torch.load(self.work / "state.pt", map_location=self.device, weights_only=True)
        recipe = asdict(self.recipe)
        if any(state["recipe"][name] != recipe[name] for name in FIXED):
            sys.exit(f"{self.work} holds a run of another model: choose another --work, or empty it")
        self.changes = state["changes"]
        if state["recipe"] != recipe:
            self.changes.append({"step": state["step"], "recipe": recipe, "minutes": self.minutes})
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.step, self.seconds, self.log = state["step"], state["seconds"], state["loss"]

    def _tokenizer(self, texts: list[str]) -> PreTrainedTokenizerFast:
        folder = self.work / "model"
        if not (folder / "tokenizer.json").exists():
            build_tokenizer(texts, self.recipe.seed).save_pretrained(folder)
        return PreTrainedTokenizerFast.from_pretrained(folder)


def fast_bfloat16(device: str) -> bool:
    """Return whether the machine computes in bfloat16. Without such instructions a CPU is slower with it, not faster."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def install(work: Path, target: Path = BUNDLED) -> None:
    """Copy a trained model into the package and write its checksums. The model card is written by hand."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((work / "model").iterdir()):
        shutil.copyfile(path, target / path.name)
    shutil.copyfile(work / "log.json", target / "training_log.json")
    names = sorted(p.name for p in target.iterdir() if p.name not in (CARD, "SHA256SUMS"))
    sums = [f"{sha256(target / name)}  {name}\n" for name in names]
    (target / "SHA256SUMS").write_text("".join(sums), encoding="utf-8", newline="\n")
