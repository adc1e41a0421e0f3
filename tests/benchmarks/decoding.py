"""What a trace costs beside `generate`, and what the cache gains: `python tests/benchmarks/decoding.py`.

Not a test: times depend on the machine and on what else it does. A trace should cost at most 1.15 times what
`generate` does for the same tokens. Both run in turn, so that a busy machine slows both; a ratio is between
the quickest runs of each. The tokens of both are compared; the exit status is 1 if they differ or a ratio is
above the limit.
"""

import argparse
import sys
from collections.abc import Callable
from time import perf_counter

import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

from course_utils import checkpoint, insight

STRATEGIES = {
    "greedy": {"do_sample": False},
    "top-k 50": {"do_sample": True},
    "top-p 0.9": {"do_sample": True, "top_k": 0, "top_p": 0.9},
    "4 beams": {"do_sample": False, "num_beams": 4},
}


def seconds(call: Callable[[], object]) -> tuple[float, object]:
    """The time of one call under a fixed seed, and what it returned."""
    torch.manual_seed(0)
    start = perf_counter()
    result = call()
    return perf_counter() - start, result


def ratio(
    model: GPT2LMHeadModel, tokenizer: object, prompt: str, new: int, repeats: int, options: dict
) -> tuple:
    """(time of `generate` for a token in ms, trace / generate, whether the tokens are the same)."""
    inputs = tokenizer(prompt, return_tensors="pt")
    start = inputs.input_ids.shape[1]
    options = {**options, "max_new_tokens": new, "eos_token_id": None, "pad_token_id": 0}
    follow = insight.beams if "num_beams" in options else insight.trace
    plain, traced, same = [], [], True
    for _ in range(repeats + 1):
        took, output = seconds(lambda: model.generate(**inputs, **options))
        plain.append(took)
        took, found = seconds(lambda: follow(model, tokenizer, prompt, **options))
        traced.append(took)
        ids = found.results[0].ids if "num_beams" in options else found.ids
        same = same and tuple(output[0, start:].tolist()) == ids
    return 1000 * min(plain[1:]) / new, min(traced[1:]) / min(plain[1:]), same


def main() -> int:
    """Print a line for each strategy, and the cache's gain by length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="bundled", help="bundled, a folder, or a name on the hub")
    parser.add_argument("--prompt", default="Once upon a time")
    parser.add_argument("--tokens", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=float, default=1.15)
    chosen = parser.parse_args()
    folder = checkpoint(chosen.checkpoint)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), GPT2LMHeadModel.from_pretrained(folder)
    failed = False
    for name, options in STRATEGIES.items():
        each, times, same = ratio(model, tokenizer, chosen.prompt, chosen.tokens, chosen.repeats, options)
        failed = failed or times > chosen.limit or not same
        verdict = "same tokens" if same else "OTHER TOKENS"
        print(f"{name:10} {each:7.2f} ms a token; trace / generate = {times:.3f}; {verdict}", flush=True)
    growth = insight.cache_growth(model, repeats=chosen.repeats)
    for row in zip(
        growth.lengths, growth.with_cache, growth.without_cache, growth.gain, growth.bytes, strict=True
    ):
        length, with_cache, without, gain, size = (value.item() for value in row)
        print(
            f"{length:5} tokens: {1e3 * with_cache:7.2f} ms with the cache ({size / 2**20:.2f} MiB), "
            f"{1e3 * without:8.2f} ms without: {gain:.1f} times"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
