"""How `generate` chooses its tokens, step by step; and what its cache costs and saves.

A trace wraps the library's own `generate`, which hands out its numbers; what is shown of them is computed
afterwards, in one batch. So a trace has the tokens that `generate` gives, and costs little more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList

from ..texts import CourseError
from .forward import _shape, _shortened, as_found, text_ids
from .labels import visible
from .narrow import embedding_of, generate
from .pieces import decoded, id_label

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_SET_BY_US = {"attention_mask", "input_ids", "inputs", "max_length", "num_beams", "num_return_sequences"} | {
    "output_logits", "output_scores", "return_dict_in_generate"
}  # fmt: skip
_NEVER = -1e8
"""Less than any log-probability: `generate` starts its empty beams at -1e9."""
_DEAD = float("-inf")


@dataclass(frozen=True, eq=False)
class Trace:
    """How one continuation of `prompt` was chosen, token by token, greedily or by sampling.

    `ids`, `labels`: the chosen tokens, one for each step; `text`: the continuation.
    `log_probabilities`: float32 [steps], of the chosen token, in nats, as the model has it.
    `chances`: float32 [steps], the probability of the chosen token after temperature, top-k and the like; in greedy
    decoding, which takes the first for certain, 1.
    `kept`: int64 [steps], how many tokens still had a chance then.
    `candidate_ids`: int64 [steps, k], the tokens that the model holds most probable, the first one first;
    `candidate_labels`: as many labels; `candidates`: float32 [steps, k], their probability as the model has
    it; `candidate_chances`: float32 [steps, k], the same after temperature, top-k and the like.
    """

    prompt: str
    text: str
    ids: tuple[int, ...]
    labels: tuple[str, ...]
    log_probabilities: torch.Tensor
    chances: torch.Tensor
    kept: torch.Tensor
    candidate_ids: torch.Tensor
    candidate_labels: tuple[tuple[str, ...], ...]
    candidates: torch.Tensor
    candidate_chances: torch.Tensor

    @property
    def cumulative(self) -> torch.Tensor:
        """Return the log-probability of the continuation up to each step, in nats: float64 [steps]."""
        return self.log_probabilities.double().cumsum(dim=0)

    def __repr__(self) -> str:
        shape = _shape(self.candidates, "step", "candidate")
        return f"Trace(prompt={_shortened(visible(self.prompt))!r}, candidates {shape})"


@dataclass(frozen=True)
class BeamNode:
    """One continuation that a beam search looked at.

    `step` counts from 0; `parent` is the number of the node that it continues, None for the prompt;
    `log_probability` is the token's own, `total` that of the continuation so far, in nats.
    `fate`: "kept" (continued in the next step), "ended" (finished here) or "dropped".
    """

    step: int
    parent: int | None
    id: int
    label: str
    log_probability: float
    total: float
    fate: str


@dataclass(frozen=True)
class Hypothesis:
    """A finished continuation: its nodes in order, `total` in nats, `score` = total / length ** length_penalty."""

    ids: tuple[int, ...]
    text: str
    path: tuple[int, ...]
    total: float
    score: float


@dataclass(frozen=True)
class BeamTrace:
    """A beam search: the candidates of each step, the best one first, and the results, the best one first.

    At each step `generate` ranks all continuations of all live beams, and looks at twice as many as it has
    beams (more if there are several end tokens).
    """

    prompt: str
    num_beams: int
    nodes: tuple[BeamNode, ...]
    results: tuple[Hypothesis, ...]

    @property
    def steps(self) -> int:
        """Return how many steps the search took."""
        return 1 + max(node.step for node in self.nodes)

    def __repr__(self) -> str:
        return f"BeamTrace({self.num_beams} beams, {self.steps} steps, {len(self.nodes)} candidates)"


@dataclass(frozen=True, eq=False)
class CacheGrowth:
    """The time of one more token after texts of several lengths, and the size of the cache.

    `lengths`: int64 [n], in tokens; `with_cache`, `without_cache`: float64 [n], in seconds, the quickest of
    several runs; `bytes`: int64 [n], of all keys and values for so many tokens.
    """

    lengths: torch.Tensor
    with_cache: torch.Tensor
    without_cache: torch.Tensor
    bytes: torch.Tensor

    @property
    def gain(self) -> torch.Tensor:
        """Return how many times as long a token takes without the cache: float64 [n]."""
        return self.without_cache / self.with_cache

    def __repr__(self) -> str:
        return f"CacheGrowth({len(self.lengths)} lengths from {self.lengths[0]} to {self.lengths[-1]} tokens)"


def trace(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    k: int = 5,
    max_new_tokens: int = 20,
    **options: Any,
) -> Trace:
    """Return how `model.generate(**options)` continues `prompt`, with `k` candidates at each step.

    `options`: any of `generate`'s, but for beams, lengths and outputs. The same seed gives the same tokens.
    Raise CourseError for a model without an LM head, a text that is too long, an option that does not
    belong here, or k < 1.
    """
    if k < 1:
        raise CourseError(f"k must be at least 1, not {k}.", f"k 至少要是 1，不能是 {k}。")
    ids = prepare(model, tokenizer, prompt, max_new_tokens, options)
    with as_found(model):
        output = _generate(model, tokenizer, ids, max_new_tokens, {**options, "output_logits": True})
    sampled = options.get("do_sample", model.generation_config.do_sample)
    if not sampled:
        output.scores = tuple(map(_only_the_first, output.scores))
    return _read_trace(tokenizer, prompt, k, output, ids.shape[1])


def _only_the_first(scores: torch.Tensor) -> torch.Tensor:
    """Return the scores [1, vocab] of a step as greedy decoding uses them: no other token has a chance."""
    return torch.full_like(scores, _DEAD).scatter(1, scores.argmax(dim=-1, keepdim=True), 0.0)


def beams(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    num_beams: int = 3,
    max_new_tokens: int = 6,
    **options: Any,
) -> BeamTrace:
    """Return how a beam search of `model.generate(**options)` continues `prompt`.

    Raise CourseError as `trace` does, and for less than 2 beams or beams that sample.
    """
    if num_beams < 2 or options.get("do_sample"):
        raise CourseError(
            "A beam search has at least 2 beams and does not sample: "
            "for one beam, or for sampling, take insight.trace.",
            "束搜尋至少要有 2 束，而且不取樣：只要一束或要取樣，請用 insight.trace。",
        )
    ids = prepare(model, tokenizer, prompt, max_new_tokens, options)
    live = _LiveBeams(ids.shape[1])
    options["logits_processor"] = LogitsProcessorList([*(options.get("logits_processor") or ()), live])
    options |= {"num_beams": num_beams, "num_return_sequences": num_beams, "do_sample": False}
    with as_found(model):
        output = _generate(model, tokenizer, ids, max_new_tokens, options)
    search = _Search(live.rows, output, num_beams)
    search.run(_end_tokens(model, options), _namer(tokenizer))
    results = [
        Hypothesis(end, decoded(tokenizer, end), path, search.nodes[path[-1]].total, score)
        for end, path, score in search.results()
    ]
    return BeamTrace(prompt, num_beams, tuple(search.nodes), tuple(results))


def cache_growth(
    model: "PreTrainedModel", lengths: Sequence[int] | None = None, repeats: int = 3
) -> CacheGrowth:
    """Measure one more token after `lengths` tokens, with the cache and without, the quickest of `repeats`.

    `lengths`: by default 16, 32, 64, … up to the last one that leaves room for a token.
    Raise CourseError for a length that leaves no room.
    """
    limit = model.config.max_position_embeddings
    chosen = [16 << i for i in range(16) if 16 << i < limit] if lengths is None else list(lengths)
    if not chosen or min(chosen) < 1 or max(chosen) >= limit or repeats < 1:
        raise CourseError(
            f"Lengths from 1 to {limit - 1} are needed (this model takes {limit} tokens), and at least 1 repeat.",
            f"需要 1 到 {limit - 1} 的長度（這個模型最多讀 {limit} 個 token），而且至少要測 1 次。",
        )
    vocabulary = embedding_of(model).num_embeddings
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (1, max(chosen) + 1), generator=generator).to(model.device)
    with as_found(model):
        _one_length(model, ids[:, :2], 1)  # the first call of all is slow
        rows = [_one_length(model, ids[:, : length + 1], repeats) for length in chosen]
    with_cache, without_cache, sizes = zip(*rows, strict=True)
    return CacheGrowth(
        lengths=torch.tensor(chosen),
        with_cache=torch.tensor(with_cache, dtype=torch.float64),
        without_cache=torch.tensor(without_cache, dtype=torch.float64),
        bytes=torch.tensor(sizes),
    )


def _read_trace(tokenizer: "PreTrainedTokenizerBase", prompt: str, k: int, output: Any, start: int) -> Trace:
    """Return what `generate` handed out as a Trace; `start`: the length of the prompt."""
    # One row for each step: there is a single sequence.
    logits, scores = torch.cat(output.logits).cpu(), torch.cat(output.scores).cpu()
    chosen = output.sequences[0, start:].cpu()
    logp, after = logits.log_softmax(dim=-1), scores.softmax(dim=-1)
    best = logp.topk(min(k, logp.shape[-1]), dim=-1)
    name = _namer(tokenizer)
    return Trace(
        prompt=prompt,
        text=decoded(tokenizer, chosen.tolist()),
        ids=tuple(chosen.tolist()),
        labels=tuple(map(name, chosen.tolist())),
        log_probabilities=logp.gather(1, chosen[:, None])[:, 0],
        chances=after.gather(1, chosen[:, None])[:, 0],
        kept=scores.isfinite().sum(dim=-1),
        candidate_ids=best.indices,
        candidate_labels=tuple(tuple(map(name, row)) for row in best.indices.tolist()),
        candidates=best.values.exp(),
        candidate_chances=after.gather(1, best.indices),
    )


class _LiveBeams(LogitsProcessor):
    """Changes nothing; keeps what each live beam had written at each step: [step][beam] -> ids."""

    def __init__(self, prompt_length: int) -> None:
        self.start = prompt_length
        self.rows: list[list[tuple[int, ...]]] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.rows.append([tuple(row) for row in input_ids[:, self.start :].tolist()])
        return scores


class _Search:
    """Works out the candidates of each step from the live beams and their scores, as `generate` ranks them.

    `live_beams`: [step][beam] -> the ids that it has written; `finished`: the ids of each result.
    """

    # With 2 beams: at step 0 both are empty and only the first counts, so that its best tokens, say A and B, are
    # the candidates. The live beams of step 1 are then (A,) and (B,). To the total of each the log-probabilities of all
    # tokens are added, and the best of all these sums are the candidates of step 1: say (B, C), (A, D), (B, E), …
    # Those that are live beams of step 2 were kept, those that are a result ended, and the others were dropped.

    def __init__(self, live_beams: list[list[tuple[int, ...]]], output: Any, num_beams: int) -> None:
        self.live_beams, self.num_beams = [*live_beams, []], num_beams
        self.step_scores = [step.cpu() for step in output.scores]
        self.result_scores = output.sequences_scores.tolist()
        lengths = (output.beam_indices >= 0).sum(dim=-1).tolist()
        written = output.sequences[:, -output.beam_indices.shape[1] :].tolist()
        self.finished = [tuple(row[:length]) for row, length in zip(written, lengths, strict=True)]
        self.nodes: list[BeamNode] = []
        self.node_of_path: dict[tuple[int, ...], int] = {}

    def run(self, end_tokens: set[int], name: Callable[[int], str]) -> None:
        """Fill `nodes`. `end_tokens`: those after which a beam is finished."""
        for step, table in enumerate(self.step_scores):
            beams = self.live_beams[step]
            so_far = torch.tensor([self._total(number, path) for number, path in enumerate(beams)])
            totals = table + so_far[:, None]  # [beams, vocab]
            # `generate` ranks more candidates than beams: some of them may end here, and beams must be left to go on.
            best = totals.flatten().topk(min(max(2, 1 + len(end_tokens)) * self.num_beams, totals.numel()))
            candidates = zip(best.values.tolist(), best.indices.tolist(), strict=True)
            for rank, (total, place) in enumerate(candidates):
                beam, token = divmod(place, table.shape[-1])
                if total > _NEVER:  # not a continuation of a beam that is empty or has ended
                    ended = rank < self.num_beams and token in end_tokens
                    path, own = (*beams[beam], token), table[beam, token].item()
                    self._add(step, path, own, total, ended, name(token))

    def results(self) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
        """Return ids, the numbers of the nodes that lead there, and score of each result."""
        paths = [
            tuple(self.node_of_path[end[:length]] for length in range(1, len(end) + 1))
            for end in self.finished
        ]
        return list(zip(self.finished, paths, self.result_scores, strict=True))

    def _total(self, beam: int, path: tuple[int, ...]) -> float:
        if not path:  # all beams start from the prompt, and only the first one counts
            return 0.0 if beam == 0 else _DEAD
        return self.nodes[self.node_of_path[path]].total if path in self.node_of_path else _DEAD

    def _add(
        self, step: int, path: tuple[int, ...], own: float, total: float, ended: bool, label: str
    ) -> None:
        if ended or path in self.finished:
            fate = "ended"
        elif path in self.live_beams[step + 1]:
            fate = "kept"
        else:
            fate = "dropped"
        self.node_of_path[path] = len(self.nodes)
        self.nodes.append(BeamNode(step, self.node_of_path.get(path[:-1]), path[-1], label, own, total, fate))


def prepare(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    new: int,
    options: dict[str, Any],
) -> torch.Tensor:
    """Return the prompt's ids, [1, seq], or say why `generate` cannot go on from there."""
    if not hasattr(model, "generate"):
        raise CourseError(
            f"{type(model).__name__} has no generate(): load GPT2LMHeadModel, which has an LM head.",
            f"{type(model).__name__} 沒有 generate()：請載入有 LM head 的 GPT2LMHeadModel。",
        )
    if wrong := ", ".join(sorted(_SET_BY_US & options.keys())):
        raise CourseError(
            f"Leave out {wrong}: a trace follows one prompt for max_new_tokens tokens, "
            "and insight.beams takes num_beams.",
            f"請拿掉 {wrong}：這裡只跟著一個提示寫 max_new_tokens 個 token；num_beams 請給 insight.beams。",
        )
    ids, limit = text_ids(model, tokenizer, prompt), model.config.max_position_embeddings
    room = limit - ids.shape[1]
    if not 1 <= new <= room:
        raise CourseError(
            f"max_new_tokens must be from 1 to {room} after this prompt, not {new}: the model takes {limit} tokens.",
            f"在這個提示之後，max_new_tokens 必須是 1 到 {room}，不能是 {new}：這個模型最多讀 {limit} 個 token。",
        )
    return ids


def _generate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    ids: torch.Tensor,
    new: int,
    options: dict[str, Any],
) -> Any:
    """Run `generate` so that it hands out its scores, and whatever `options` ask for besides."""
    if model.generation_config.pad_token_id is None:
        options = {"pad_token_id": tokenizer.eos_token_id, **options}
    return generate(
        model,
        ids,
        max_new_tokens=new,
        return_dict_in_generate=True,
        output_scores=True,
        **options,
    )


def _end_tokens(model: "PreTrainedModel", options: dict[str, Any]) -> set[int]:
    end = options.get("eos_token_id", model.generation_config.eos_token_id)
    return set() if end is None else {end} if isinstance(end, int) else set(end)


def _namer(tokenizer: "PreTrainedTokenizerBase") -> Callable[[int], str]:
    """Return a function id -> label that asks the tokenizer once for each id."""
    known: dict[int, str] = {}

    def name(token_id: int) -> str:
        if token_id not in known:
            known[token_id] = id_label(tokenizer, token_id)
        return known[token_id]

    return name


def _one_length(model: "PreTrainedModel", ids: torch.Tensor, repeats: int) -> tuple[float, float, int]:
    """Return seconds with the cache, seconds without, and the cache's bytes before the last token of `ids`."""
    cache = model(ids[:, :-1], use_cache=True, logits_to_keep=1).cache
    size = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)

    def one_more() -> None:
        model(ids[:, -1:], cache=cache, use_cache=True, logits_to_keep=1)
        cache.crop(-1)

    def all_again() -> None:
        model(ids, use_cache=False, logits_to_keep=1)

    return _quickest(one_more, 3 * repeats, model), _quickest(all_again, repeats, model), size


def _quickest(call: Callable[[], None], repeats: int, model: "PreTrainedModel") -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        if model.device.type == "cuda":  # its work goes on after the call is back
            torch.cuda.synchronize(model.device)
        times.append(perf_counter() - start)
    return min(times)
