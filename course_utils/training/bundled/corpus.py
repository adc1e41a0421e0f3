"""The corpus of the bundled model: stories of the small world and Tang verse, in three splits.

Held-out stories share no derivation with training ones: a story's split is a digest of its text, and the grammar is
unambiguous, so that a text stands for its derivation. Held-out poems share neither text nor title with training ones
(see verse.py).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from ...world import Story, sample
from . import verse

SPLITS = ("train", "validation", "test")


def split_of(text: str) -> str:
    """The split a story belongs to: 96 % train, 2 % validation, 2 % test."""
    bucket = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 100
    return "train" if bucket < 96 else "validation" if bucket < 98 else "test"


def stories(language: str, split: str, seed: int) -> Iterator[Story]:
    """Endless stories of one split. The same seed gives the same stories."""
    rng = Random(f"{language}-{split}-{seed}")
    while True:
        story = sample(language, rng)
        if split_of(story.text) == split:
            yield story


def poems(source: Path, seed: int) -> dict[str, list[str]]:
    """The poems of each split, as text, in a fixed random order. `source`: the npm package, packed or unpacked."""
    parts = verse.splits(verse.poems(source), seed)
    texts = {split: [verse.text(poem) for poem in parts[split]] for split in SPLITS}
    for split in SPLITS:
        Random(f"verse-{split}-{seed}").shuffle(texts[split])
    return texts
