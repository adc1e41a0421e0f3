"""A stand-in for the real GPT-2, for where there is no network: `python -m standin CACHE_DIR`, in this folder's parent.

Its configuration, tokenizer and sizes are GPT-2's; its weights are random, so what it writes is noise. It lies in a hub
cache: with HF_HOME=CACHE_DIR HF_HUB_OFFLINE=1 the name "gpt2" leads to it.

`merges.txt.gz` holds the merges of OpenAI's tokenizer (THIRD_PARTY.md); its vocabulary follows from them.
"""

import gzip
import shutil
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

from course_utils import insight

MERGES = Path(__file__).with_name("merges.txt.gz")
END = "<|endoftext|>"
REVISION = "0" * 40


def merges() -> list[tuple[str, str]]:
    """GPT-2's 50,000 merges, the first one first."""
    lines = gzip.decompress(MERGES.read_bytes()).decode("utf-8").splitlines()
    return [(left, right) for left, right in map(str.split, lines)]


def vocabulary() -> dict[str, int]:
    """GPT-2's 50,257 tokens: the bytes, what each merge gives, and the end of a text."""
    signs = sorted(insight.byte_alphabet().items(), key=lambda pair: (ord(pair[0]) >= 256, pair[1]))
    texts = [*(sign for sign, _ in signs), *(left + right for left, right in merges()), END]
    return {text: number for number, text in enumerate(texts)}


def tokenizer() -> GPT2Tokenizer:
    """GPT-2's tokenizer."""
    return GPT2Tokenizer(vocab=vocabulary(), merges=merges())


def make(cache: Path, layers: int = 12) -> Path:
    """Write a hub cache that answers to "gpt2", with so many of its layers; return the snapshot's folder."""
    repository = cache / "hub" / "models--gpt2"
    shutil.rmtree(repository, ignore_errors=True)
    snapshot = repository / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(REVISION, encoding="ascii")
    tokenizer().save_pretrained(snapshot)
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(n_layer=layers)).save_pretrained(snapshot)
    return snapshot
