"""The measures of the bundled model, each a small function. The settings and the table are in report.py."""

import math
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

import torch
from tqdm.auto import tqdm
from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ...insight import token_bytes
from ...insight.pieces import decoded
from ...world import Story, is_story, true_next
from .baselines import AddOne

CERTAIN = 1 - 1e-9
KINDS = ("name", "pronoun", "thing", "colour")
_PRONOUNS = {
    "en": re.compile(r"\b(?:he|she|his|her|him)\b", re.IGNORECASE),
    "zh": re.compile("[他她牠](?!們)"),
}


class Subject:
    """A model and its tokenizer, as the measures ask them."""

    def __init__(self, model: GPT2LMHeadModel | None, tokenizer: PreTrainedTokenizerBase):
        self.model, self.tokenizer = model, tokenizer
        self.end: int = tokenizer.eos_token_id

    @classmethod
    def load(cls, folder: Path) -> "Subject":
        """The model in `folder`, on the CPU."""
        model = GPT2LMHeadModel.from_pretrained(folder).eval()
        return cls(model, PreTrainedTokenizerFast.from_pretrained(folder))

    @property
    def lm(self) -> GPT2LMHeadModel:
        """The model, where there is one."""
        assert self.model is not None, "only a tokenizer was given"
        return self.model

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text).input_ids)

    @torch.no_grad()
    def log_probabilities(self, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """For each row, log P of the next token after each of its tokens, in nats: [tokens, vocabulary]."""
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[self.end] * (width - len(row))] for row in rows])
        logits = self.lm(input_ids=ids).logits.float()  # padding on the right is never seen
        return [logits[i, : len(row)].log_softmax(-1) for i, row in enumerate(rows)]

    def continuations(self, prompts: Sequence[str], top_p: float, batch: int = 100) -> list[str | None]:
        """Each prompt with a sampled continuation; None where the context ended before the text did."""
        rows = [self.ids(prompt) for prompt in prompts]
        out: list[str | None] = []
        for at in tqdm(range(0, len(rows), batch), desc="sampling", leave=False):
            out += self._sample(rows[at : at + batch], top_p)
        return out

    @torch.no_grad()
    def _sample(self, rows: list[list[int]], top_p: float) -> list[str | None]:
        width = max(map(len, rows))
        ids = torch.tensor([[*[self.end] * (width - len(row)), *row] for row in rows])
        mask = torch.tensor([[*[0] * (width - len(row)), *[1] * len(row)] for row in rows])
        made = self.lm.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=True,
            top_p=top_p,
            top_k=0,
            temperature=1.0,
            max_new_tokens=self.lm.config.n_positions - width,
            pad_token_id=self.end,
        )[:, width:].tolist()
        return [
            decoded(self.tokenizer, row + new[: new.index(self.end)]) if self.end in new else None
            for row, new in zip(rows, made, strict=True)
        ]


def batches(items: Sequence, size: int, label: str) -> Iterator[Sequence]:
    """`items` by the `size`, with a progress bar."""
    for at in tqdm(range(0, len(items), size), desc=label, leave=False):
        yield items[at : at + size]


def cost(subject: Subject, texts: Sequence[str], starts: Sequence[int], label: str) -> list[float]:
    """-log P in nats of each text's tokens from number `start` ≥ 1 on, counted from 0, and of its end."""
    out = []
    for some in batches(list(zip(texts, starts, strict=True)), 8, label):
        rows = [subject.ids(text) for text, _ in some]
        for row, logp, (_, start) in zip(rows, subject.log_probabilities(rows), some, strict=True):
            targets = torch.tensor([*row[start:], subject.end])
            out.append(-logp[start - 1 :].gather(1, targets[:, None]).sum(dtype=torch.float64).item())
    return out


def story_costs(subject: Subject, stories: Sequence[Story]) -> tuple[float, float]:
    """(the model's, the grammar's) mean -log P of a story in nats, given the language and its first token.

    The grammar tells only stories, and only in one language; the model must first guess from nothing whether
    a story in English, one in Chinese or a poem will come. The first token settles that, so both are asked
    for the rest: the model for the second token up to end-of-text, the grammar for log P(story) - log P(first
    token), where P(first token) is the truth after an empty beginning. That the text ends where it does is
    part of both.
    """
    first = true_next(subject.tokenizer, [], stories[0].language)
    texts = [story.text for story in stories]
    ours = cost(subject, texts, [1] * len(texts), "stories")
    true = [math.log(first[subject.ids(story.text)[0]]) - story.log_probability for story in stories]
    return sum(ours) / len(ours), sum(true) / len(true)


def opening(story: Story) -> str:
    """The beginning of a story up to and including the hero's name."""
    name = getattr(story.plan["hero.name"], story.language)
    return story.text[: story.text.index(name) + len(name)]


def valid(texts: Iterable[str | None]) -> list[bool]:
    """Which texts came to their end and are, as a whole, sentences of the grammar."""
    return [text is not None and is_story(text) for text in texts]


@dataclass(frozen=True)
class Probe:
    """A place in a text where the next token is certain; `ids` are the tokens before it."""

    kind: str
    ids: tuple[int, ...]
    answer: int


def probes(subject: Subject, stories: Iterable[Story], each: int, distance: int) -> list[Probe]:
    """Up to `each` cloze probes of each kind, at most one of a kind from a story.

    A probe asks for the first token of a name, a thing or a colour of the story, or for a pronoun, where the
    truth leaves one token only and the word was last met at least `distance` tokens before. For a pronoun,
    all names of the story and all pronouns must be that far away, since they may tell which one it is.
    """
    found: dict[str, list[Probe]] = {kind: [] for kind in KINDS}
    for story in tqdm(stories, desc=f"cloze {each}", leave=False):
        if all(len(members) >= each for members in found.values()):
            break
        ids, places = _places(subject, story, distance)
        for kind, members in found.items():
            if len(members) < each:
                at = _certain(subject, ids, places[kind], story)
                members += [Probe(kind, tuple(ids[:at]), ids[at])] if at else []
    return [probe for members in found.values() for probe in members]


def _certain(subject: Subject, ids: list[int], places: list[int], story: Story) -> int | None:
    """One of the places, at random, where the truth leaves one token only."""
    for at in Random(story.text).sample(places, len(places)):
        if true_next(subject.tokenizer, ids[:at], story.language).get(ids[at], 0.0) >= CERTAIN:
            return at
    return None


def _places(subject: Subject, story: Story, distance: int) -> tuple[list[int], dict[str, list[int]]]:
    """(token ids of a story, {kind: places of words last met at least `distance` tokens before})."""
    coded = subject.tokenizer(story.text, return_offsets_mapping=True)
    token_at: dict[int, int] = {}
    for i, (start, stop) in enumerate(coded.offset_mapping):
        token_at.update(dict.fromkeys(range(start, stop), i))

    def met(pattern: re.Pattern) -> list[int]:
        return [token_at[match.start()] for match in pattern.finditer(story.text)]

    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    words = _words(story)
    names = {at for pattern in words["name"] for at in met(pattern)}
    patterns = [(kind, pattern) for kind in KINDS for pattern in words[kind]]
    for kind, pattern in patterns:
        places = met(pattern)
        telling = names.union(places) if kind == "pronoun" else places
        for at in places:
            last = max((place for place in telling if place < at), default=None)
            if last is not None and at - last >= distance:
                found[kind].append(at)
    return list(coded.input_ids), found


def _words(story: Story) -> dict[str, list[re.Pattern]]:
    """The words of each kind in a story, as patterns."""

    def exactly(key: str) -> re.Pattern:
        word = re.escape(getattr(story.plan[key], story.language))
        return re.compile(rf"\b{word}\b" if story.language == "en" else word)

    names = [exactly(f"{role}.name") for role in ("hero", "helper", "rival")]
    return {
        "name": names,
        "pronoun": [_PRONOUNS[story.language]],
        "thing": [exactly("thing")],
        "colour": [exactly("colour")],
    }


def right(subject: Subject, asked: Sequence[Probe]) -> dict[str, tuple[int, int]]:
    """For each kind of probe: (how often the model's likeliest token is the answer, the number of probes)."""
    score = {kind: [0, 0] for kind in KINDS}
    for some in batches(asked, 8, "cloze"):
        for probe, logp in zip(some, subject.log_probabilities([probe.ids for probe in some]), strict=True):
            score[probe.kind][0] += logp[-1].argmax().item() == probe.answer
            score[probe.kind][1] += 1
    return {kind: (hits, count) for kind, (hits, count) in score.items()}


def choice_points(
    subject: Subject, stories: Sequence[Story], count: int, rng: Random
) -> list[tuple[list[int], dict[int, float]]]:
    """`count` random places in stories, not the first, where two tokens or more may come: (ids, truth)."""
    rows = [subject.ids(story.text) for story in stories]
    found: list[tuple[list[int], dict[int, float]]] = []
    bar = tqdm(total=count, desc="choice points", leave=False)
    while len(found) < count:
        at = rng.randrange(len(rows))
        before = rows[at][: rng.randrange(1, len(rows[at]) + 1)]
        truth = true_next(subject.tokenizer, before, stories[at].language)
        if len(truth) > 1:
            found.append((before, truth))
            bar.update()
    bar.close()
    return found


def divergences(
    subject: Subject, points: Sequence[tuple[list[int], dict[int, float]]], other: AddOne
) -> tuple[float, float]:
    """Mean Kullback-Leibler divergence from the truth, Σ p log(p / q) in nats: (the model's, the other's)."""
    ours = theirs = 0.0
    for some in batches(points, 8, "divergence"):
        guesses = subject.log_probabilities([before for before, _ in some])
        for (before, truth), logp in zip(some, guesses, strict=True):
            ours += sum(p * (math.log(p) - logp[-1, token].item()) for token, p in truth.items())
            theirs += sum(p * math.log(p / other.probability(token, before)) for token, p in truth.items())
    return ours / len(points), theirs / len(points)


def verse_costs(subject: Subject, texts: Sequence[str]) -> list[float]:
    """-log P in nats of each poem's body and end, given 《title》 and the line break after it."""
    starts = [len(subject.ids(title_of(text))) for text in texts]
    return cost(subject, texts, starts, "verse")


def title_of(text: str) -> str:
    """The first row of a poem with its line break: the prompt that asks for the poem."""
    return text[: text.index("\n") + 1]


def lines_of(text: str) -> list[str]:
    """The lines of a poem in any form, right or wrong: what stands between stops in its body."""
    return [line for line in re.split(r"[，。？！；\s]+", text[len(title_of(text)) :]) if line]


def byte_share(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> float:
    """The share of the bytes of `texts` that stand in tokens which are not whole characters."""
    whole, broken = 0, 0
    for text in texts:
        for piece in (token_bytes(tokenizer, i) for i in tokenizer(text).input_ids):
            if piece.decode("utf-8", errors="ignore").encode() == piece:
                whole += len(piece)
            else:
                broken += len(piece)
    return broken / max(whole + broken, 1)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def load_seconds(folder: Path, times: int = 3) -> float:
    """The median time to load model and tokenizer, libraries imported."""
    return median(_seconds(lambda: Subject.load(folder)) for _ in range(times))


def tokens_per_second(subject: Subject, prompt: str, new: int = 200, times: int = 3) -> float:
    """The median speed of `generate`: one text, greedy, cached, `new` tokens, the end kept from coming."""
    ids = torch.tensor([subject.ids(prompt)])

    def write() -> None:
        subject.lm.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            min_new_tokens=new,
            max_new_tokens=new,
            pad_token_id=subject.end,
        )

    write()
    return new / median(_seconds(write) for _ in range(times))


def _seconds(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
