"""Batches for the bundled model: rows of a few fixed shapes, so that a compiled step is compiled once for each."""

from collections.abc import Iterator
from random import Random

import torch

from ..finetune import IGNORE

# width of a row -> rows in a batch
SHAPES = {176: 17, 208: 14, 224: 13, 240: 12, 256: 12, 512: 6}
PACKED = 512
WIDEST_ALONE = 256


class Batches:
    """Endless batches from endless streams of documents (lists of token ids).

    A story stands alone in its row, which begins at the story's start: so agreement
    at a distance is learned earlier. Poems are packed into rows, and one batch in ten packs documents of all kinds into rows as wide as the
    context, so that every position is trained. `end` ends each document, and begins every second row.
    """

    def __init__(self, streams: dict[str, Iterator[list[int]]], end: int, rng: Random):
        self.streams, self.end, self.rng = streams, end, rng
        self.waiting: dict[int, list[list[int]]] = {width: [] for width in SHAPES}

    def draw(self, shares: dict[str, float]) -> tuple[torch.Tensor, torch.Tensor]:
        """(input_ids, labels), both [rows, width]. `shares`: of batches, by the name of a stream or "packed"."""
        kind = self.rng.choices(list(shares), list(shares.values()))[0]
        if kind in ("verse", "packed"):
            width = PACKED if kind == "packed" else 256
            names = [name for name in self.streams if kind == "packed" or name == "verse"]
            return self._tensors([self._pack(names, width) for _ in range(SHAPES[width])], width)
        return self._alone(kind)

    def _alone(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        too_wide = 0
        while too_wide < 1000:
            row = self._start() + next(self.streams[name]) + [self.end]
            width = next((w for w in SHAPES if len(row) <= w <= WIDEST_ALONE), None)
            if width is None:
                too_wide += 1  # the few that are wider are met in packed rows
                continue
            queue = self.waiting[width]
            queue.append(row)
            if len(queue) == SHAPES[width]:
                self.waiting[width] = []
                return self._tensors(queue, width)
        raise ValueError(
            f"a thousand documents of {name!r} were wider than {WIDEST_ALONE} tokens: "
            "does the tokenizer fit them?"
        )

    def _start(self) -> list[int]:
        return [self.end] if self.rng.random() < 0.5 else []

    def _pack(self, names: list[str], width: int) -> list[int]:
        row = self._start()
        while len(row) < width:
            row += next(self.streams[self.rng.choice(names)]) + [self.end]
        return row[:width]

    def _tensors(self, rows: list[list[int]], width: int) -> tuple[torch.Tensor, torch.Tensor]:
        ids = torch.full((len(rows), width), self.end)
        labels = torch.full((len(rows), width), IGNORE)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = labels[i, : len(row)] = torch.tensor(row)
        return ids, labels
