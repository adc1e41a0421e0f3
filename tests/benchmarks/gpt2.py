"""GPT-2 from scratch beside the library and a loop without a cache: `python tests/benchmarks/gpt2.py [CHECKPOINT]`.

Not a test: times depend on the machine. Greedy tokens per second after a prompt of 8 tokens and one of 256, and the
largest difference of the logits. The three ways run in turn, so that a busy machine slows all of them, and the
quickest run of each counts. To reach on the bundled model: at least 1.5 times the library's `generate`, with equal
tokens, and a difference of at most 1e-5 of the largest logit; the exit status is 1 if it is not reached.
"""

import sys
from collections.abc import Callable
from time import perf_counter

import torch
from transformers import GPT2LMHeadModel

from course_utils import checkpoint, gpt2

NEW, REPEATS, WANTED = 100, 5, 1.5


@torch.no_grad()
def without_cache(model: gpt2.GPT2LM, ids: torch.Tensor) -> torch.Tensor:
    """minGPT's way: everything is read again for each token."""
    for _ in range(NEW):
        ids = torch.cat([ids, model(ids)[:, -1].argmax(-1, keepdim=True)], dim=1)
    return ids


def seconds(call: Callable[[], torch.Tensor]) -> tuple[float, torch.Tensor]:
    """The time of one call, and its result."""
    start = perf_counter()
    result = call()
    return perf_counter() - start, result


def main(name: str) -> int:
    reference, ours = GPT2LMHeadModel.from_pretrained(name), gpt2.load(name)
    options = {"max_new_tokens": NEW, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    reached = True
    for length in (8, 256):
        ids = torch.randint(1000, (1, length), generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            theirs = reference(ids).logits
            difference = ((ours(ids) - theirs).abs().max() / theirs.abs().max()).item()
        ways = {
            "from scratch": lambda: gpt2.generate(ours, ids, NEW),
            "transformers": lambda: reference.generate(ids, attention_mask=torch.ones_like(ids), **options),
            "no cache": lambda: without_cache(ours, ids),
        }
        runs = [{way: seconds(call) for way, call in ways.items()} for _ in range(REPEATS)]
        best = {way: min(run[way][0] for run in runs) for way in ways}
        same = all(torch.equal(run[way][1], runs[0]["transformers"][1]) for run in runs for way in ways)
        ratio = best["transformers"] / best["from scratch"]
        reached &= same and difference <= 1e-5 and ratio >= WANTED
        rates = ", ".join(f"{way} {NEW / time:.0f}" for way, time in best.items())
        print(
            f"prompt of {length}: tokens/s {rates}; {ratio:.2f} × the library; same tokens: {same}; "
            f"logits differ by {difference:.1e}"
        )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else checkpoint()))
