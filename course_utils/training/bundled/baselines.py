"""What the bundled model is measured against: two n-gram models, and the rhymes of a corpus of verse."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import TypedDict

import numpy as np

Table = tuple[np.ndarray, np.ndarray]  # sorted keys, and the value of each


class Order(TypedDict):
    """What a Kneser-Ney model counts of the grams of one length, and the discount of their counts."""

    counts: Table
    totals: Table
    kinds: Table
    discount: float


class AddOne:
    """An n-gram model over token ids with add-one (Laplace) smoothing: P(w | h) = (c(h w) + 1) / (c(h) + V).

    `documents` are lists of ids; each is ended by `end`, which also stands, n - 1 times, before its
    beginning.
    """

    def __init__(self, documents: Iterable[Sequence[int]], vocabulary: int, end: int, order: int = 5):
        self.vocabulary, self.end, self.order = vocabulary, end, order
        self.grams: Counter[tuple[int, ...]] = Counter()
        self.histories: Counter[tuple[int, ...]] = Counter()
        for document in documents:
            padded = (*[end] * (order - 1), *document, end)
            for at in range(len(padded) - order + 1):
                self.grams[padded[at : at + order]] += 1
                self.histories[padded[at : at + order - 1]] += 1

    def probability(self, token: int, before: Sequence[int]) -> float:
        """P(`token` | the document so far); `before` may be of any length."""
        history = (*[self.end] * (self.order - 1), *before)[-(self.order - 1) :]
        return (self.grams[(*history, token)] + 1) / (self.histories[history] + self.vocabulary)


class KneserNey:
    """An interpolated Kneser-Ney trigram over characters (Chen & Goodman 1998, An Empirical Study of
    Smoothing Techniques for Language Modeling, TR-10-98, Kneser-Ney smoothing in its interpolated form).

    P(w|uv) = max(c(uvw) - D₃, 0) / c(uv•) + D₃ N₁₊(uv•) / c(uv•) · P(w|v), where c(uv•) counts uv as a
    history. The lower orders are the same formula over continuation counts, the number of different
    characters met before: N₁₊(•vw) for the bigram, N₁₊(•w) for the unigram; the unigram is interpolated with
    the uniform distribution. Each order's discount is n₁ / (n₁ + 2 n₂), with n₁ and n₂ the grams of that
    order whose count is 1 and 2. A text has two marks before its beginning and one after its end.

    The vocabulary is the characters of the training texts, the end, and one entry for all others: a character
    never met gets the whole probability of that entry, which favours this model.
    """

    END, UNKNOWN = 0, 1

    def __init__(self, texts: Iterable[str]):
        codes = [np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32) for text in texts]
        self.characters = np.unique(np.concatenate(codes))
        self.size = len(self.characters) + 2
        grams = np.concatenate([self._grams(self._ids(code)) for code in codes])
        self.orders: list[Order] = []
        for order in (3, 2, 1):
            kinds, counts = np.unique(grams, return_counts=True)
            self.orders.append(self._order(kinds, counts, self.size))
            grams = kinds % self.size ** (order - 1)  # each kind of gram once, without its first character

    def log_probabilities(self, text: str) -> np.ndarray:
        """log P in nats of each character of `text` and of its end, given all before: [len(text) + 1]."""
        code = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        return np.log(self.probabilities(self._grams(self._ids(code))))

    def probabilities(self, grams: np.ndarray) -> np.ndarray:
        """P(w | uv) for trigrams written as the number (u · size + v) · size + w."""
        result = np.full(len(grams), 1 / self.size)
        for level, power in zip(reversed(self.orders), (1, 2, 3), strict=True):
            own = grams % self.size**power
            total = _look_up(*level["totals"], own // self.size)
            kinds = _look_up(*level["kinds"], own // self.size)
            kept = np.maximum(_look_up(*level["counts"], own) - level["discount"], 0)
            mixed = (kept + level["discount"] * kinds * result) / np.maximum(total, 1)
            result = np.where(total > 0, mixed, result)
        return result

    @staticmethod
    def _order(grams: np.ndarray, counts: np.ndarray, size: int) -> Order:
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        histories, starts, kinds = np.unique(grams // size, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, starts)
        return {
            "counts": (grams, counts),
            "totals": (histories, totals),
            "kinds": (histories, kinds),
            "discount": once / (once + 2 * twice) if once else 0.5,
        }

    def _ids(self, code: np.ndarray) -> np.ndarray:
        found = np.minimum(np.searchsorted(self.characters, code), len(self.characters) - 1)
        return np.where(self.characters[found] == code, found + 2, self.UNKNOWN).astype(np.int64)

    def _grams(self, ids: np.ndarray) -> np.ndarray:
        padded = np.concatenate([[self.END, self.END], ids, [self.END]])
        return (padded[:-2] * self.size + padded[1:-1]) * self.size + padded[2:]


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


class Rhymes:
    """Which characters rhyme, learned from verse alone.

    The even lines of a regulated poem rhyme. Every two of their last characters within one poem are a pair; a
    pair of two different characters is attested if it occurs at least twice and more often than the two would
    meet by chance (positive pointwise mutual information). `poems`: the lines of each poem.
    """

    def __init__(self, poems: Iterable[Sequence[str]]):
        self.pairs: Counter[frozenset[str]] = Counter()
        self.ends: Counter[str] = Counter()
        for lines in poems:
            for one, other in combinations(rhyme_words(lines), 2):
                self.pairs[frozenset((one, other))] += 1
                self.ends.update((one, other))
        self.total = self.pairs.total()

    def attested(self, one: str, other: str) -> bool:
        """Return whether the two characters rhyme, as far as these poems show. A character does not rhyme with itself."""
        if one == other:
            return False
        met = self.pairs[frozenset((one, other))]
        by_chance = 2 * (self.ends[one] / (2 * self.total)) * (self.ends[other] / (2 * self.total))
        return met >= 2 and met / self.total > by_chance

    def rate(self, poems: Iterable[Sequence[str]]) -> tuple[float, int]:
        """(the share of attested pairs among those of neighbouring even lines, the number of such pairs)."""
        found = [self.attested(*pair) for lines in poems for pair in pairwise(rhyme_words(lines))]
        return (sum(found) / len(found) if found else float("nan")), len(found)


def rhyme_words(lines: Sequence[str]) -> list[str]:
    """The last characters of the even lines."""
    return [line[-1] for line in lines[1::2]]
