"""The true distribution of the next token, as the grammar and the tokenizer together define it.

Of all stories, take those whose canonical tokens begin with the given ones; each weighs what the grammar says. The
share of each continuation among them is its true probability. It is computed exactly, by walking the grammar.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..insight import token_bytes
from ..insight.pieces import decoded
from ..texts import CourseError
from .grammar import Beginning, Grammar
from .stories import LANGUAGES, grammar

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Split = Callable[[str], list[tuple[str, list[int]]]]


class NotAStory(CourseError):
    """No story of the small world begins with the given tokens."""


def true_next(
    tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int], language: str | None = None
) -> dict[int, float]:
    """The true probability of each possible next token after `ids`: {token id: probability}, the first one first.

    The end-of-text token stands for the end of the story. `language` is found from the text where it is not given.
    Raise NotAStory if no story begins with these tokens.
    """
    languages = LANGUAGES if language is None else (language,)
    for one in languages:
        if found := next_of(
            grammar(one),
            ids,
            splitter(tokenizer),
            tokenizer.eos_token_id,
            b"".join(token_bytes(tokenizer, i) for i in ids),
        ):
            return found
    text = decoded(tokenizer, ids)
    raise NotAStory(
        f"No story of the small world begins with {text!r}, so there is no true probability to give. "
        "Try the opening of a story, such as 'Once upon a time'.",
        f"小世界裡沒有以 {text!r} 開頭的故事，所以沒有真正的機率可說。請改用故事的開頭，例如「很久很久以前」。",
    )


def splitter(tokenizer: "PreTrainedTokenizerBase") -> Split:
    """How the tokenizer splits a text: into pieces that no token crosses, each with its token ids."""
    core = tokenizer.backend_tokenizer
    known: dict[str, list[int]] = {}

    def split(text: str) -> list[tuple[str, list[int]]]:
        out = []
        for piece, (start, end) in core.pre_tokenizer.pre_tokenize_str(text):
            if piece not in known:
                known[piece] = [token.id for token in core.model.tokenize(piece)]
            out.append((text[start:end], known[piece]))
        return out

    return split


def next_of(rules: Grammar, ids: Sequence[int], split: Split, end: int, raw: bytes) -> dict[int, float]:
    """As `true_next`, for any grammar; `raw` is the bytes that `ids` stand for. Empty if nothing begins so."""
    text = raw.decode("utf-8", errors="ignore")  # a character cut short is left to the tokens below
    pieces = split(text)
    settled = "".join(piece for piece, _ in pieces[:-1])
    known = [i for _, tokens in pieces[:-1] for i in tokens]
    if list(ids[: len(known)]) != known:
        return {}
    open_ids, rest = list(ids[len(known) :]), text[len(settled) :]

    def enough(tail: str) -> bool:
        return len(_tokens(split(rest + tail)[:-1])) > len(open_ids)

    weights: dict[int, float] = {}
    for way in rules.beginnings(text):
        for longer in rules.extend(way, enough):
            token = _next_token(longer, rest, open_ids, split, end)
            if token is not None:
                weights[token] = weights.get(token, 0.0) + longer.probability
    total = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return {token: weight / total for token, weight in ranked}


def _next_token(way: Beginning, rest: str, open_ids: list[int], split: Split, end: int) -> int | None:
    tokens = _tokens(split(rest + way.tail)) + ([end] if way.ended else [])
    if tokens[: len(open_ids)] != open_ids or len(tokens) == len(open_ids):
        return None
    return tokens[len(open_ids)]


def _tokens(pieces: Iterable[tuple[str, list[int]]]) -> list[int]:
    return [i for _, tokens in pieces for i in tokens]
