"""Mutations of notebook 03."""

from . import Mutation

NOTEBOOK = "03_generation.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation("the least probable", "loop-by-hand", "logits.argmax(", "logits.argmin(", red="loop-equal"),
    Mutation("another position", "loop-by-hand", "logits[:, -1]", "logits[:, 0]", red="loop-equal"),
    Mutation("another seed", "sampling-equal", "manual_seed(SEED)\ntheirs", "manual_seed(SEED + 1)\ntheirs"),
    Mutation("new tokens after all", "length-50", "max_length=50", "max_new_tokens=50"),
    Mutation("the prompt counted", "length-new", "max_new_tokens=30", "max_length=30"),
    Mutation("a longer maximum", "length-new", "max_length=3)", "max_length=30)"),
    Mutation(
        "one more than the default", "length-none", "do_sample=False)", "do_sample=False, max_new_tokens=21)"
    ),
    Mutation("no argument given", "settings-win", "max_new_tokens=3)", "top_k=3)"),
    Mutation(
        "an id of the vocabulary", "length-id", "[[lm.config.vocab_size]]", "[[lm.config.vocab_size - 1]]"
    ),
    Mutation("never divided", "length-penalty", "length_penalty=penalty", "length_penalty=0.0"),
    Mutation("one end only", "stop-any-check", "[third, first]", "[third]"),
    Mutation(
        "the prompt counted too", "stop-criteria-check", "[:, self.start :]", "", red="stop-prompt-check"
    ),
    Mutation(
        "somebody writes", "stream-timeout", "next(silent)", 'silent.on_finalized_text("a"); next(silent)'
    ),
    Mutation("a text that just fits", "length-past", "n_positions + 1,", "n_positions,"),
    Mutation("sampled, not greedy", "greedy-trace", "do_sample=False", "do_sample=True, top_k=0"),
    Mutation(
        "sampled once",
        "greedy-repeat",
        "once = lm.generate(**opening, max_new_tokens=8, do_sample=False)",
        "once = lm.generate(**opening, max_new_tokens=8, do_sample=True, top_k=0)",
    ),
    Mutation("times T", "temperature-entropy", "logits / T", "logits * T"),
    Mutation("another temperature", "temperature-scores", "temperature=0.5", "temperature=0.7"),
    Mutation(
        "a temperature that counts", "temperature-ignored", "do_sample=False", "do_sample=True, top_k=0"
    ),
    Mutation("almost zero", "temperature-zero-check", "temperature=0.0", "temperature=0.1"),
    Mutation("top-k off", "top-k-fifty", "do_sample=True)\npure", "do_sample=True, top_k=0)\npure"),
    Mutation("a smaller nucleus", "cuts", "top_k=0, top_p=0.9", "top_k=0, top_p=0.5", red="cuts-check"),
    Mutation("a higher floor", "cuts", "top_k=0, min_p=0.05", "top_k=0, min_p=0.9", red="cuts-check"),
    Mutation("six, not five", "cuts", "dict(top_k=5)", "dict(top_k=6)", red="cuts-check"),
    Mutation("another penalty", "penalty-by-hand", "repetition_penalty=1.5", "repetition_penalty=1.6"),
    Mutation(
        "a token of the prompt let off",
        "penalty-by-hand",
        "input_ids[0].unique()",
        "input_ids[0][1:].unique()",
    ),
    Mutation("the second best", "beams-equal", "search.results[0]", "search.results[1]"),
    Mutation("not divided by the length", "beams-score-check", "sum(steps) / len(steps)) <", "sum(steps)) <"),
    Mutation(
        "not so hot", "strategies", "temperature=2.0", "temperature=0.5", red="compare-check", slow=True
    ),
    Mutation("the loss itself", "measures", "return -lm(", "return lm(", red="compare-check"),
    Mutation("the shift forgotten", "scores-check", "first - 1:-1", "first - 2:-2"),
    Mutation("the cache under its old name", "cache-same", "cache=cache", "past_key_values=cache"),
    Mutation("a token missing from the cache", "cache-same", "ids[:, :-1]", "ids[:, :-2]"),
    Mutation("keys without values", "cache-bytes", "2 * lm.config.n_layer", "lm.config.n_layer"),
    Mutation("short texts only", "cache-curve", "[16, 64, 128, 256, 448]", "[16, 18]"),
    Mutation("padding where it should be", "batch-right", 'padding_side = "right"', 'padding_side = "left"'),
    Mutation("padding on the right again", "batch-left", 'padding_side = "left"', 'padding_side = "right"'),
    Mutation("the mask not left out", "batch-mask", '{"input_ids": left.input_ids}', "left"),
    Mutation("the end forgotten", "stop-any-check", ", eos_token_id=third", ""),
    Mutation("another stop string", "stop-strings-check", '["."]', '[","]', red="stop-strings-period"),
    Mutation("a sentence more", "stop-criteria-check", ">= 2 for", ">= 3 for"),
    Mutation("a token less", "stream-print", "max_new_tokens=12", "max_new_tokens=11"),
    Mutation("the prompt streamed as well", "stream-pieces", "skip_prompt=True", "skip_prompt=False"),
    Mutation("one beam can be streamed", "stream-beams-check", "num_beams=3", "num_beams=1"),
    Mutation("always the same seed", "seed-batch", "manual_seed(seed)", "manual_seed(SEED)"),
    Mutation("nothing drawn before", "seed-shift", "torch.rand(1)", "pass"),
    Mutation(
        "a rule that forbids nothing",
        "without-a",
        'scores.masked_fill(self.banned.to(scores.device), float("-inf"))',
        "scores",
    ),
    Mutation("lines of five", "sevens", "== 7:", "== 5:", red="poems-check"),
    Mutation(
        "any token may follow",
        "sevens",
        'return scores.masked_fill(~allowed, float("-inf"))',
        "return scores",
        red="poems-check",
    ),
    Mutation("cooler, not hotter", "playground", "for T in (1, 3)", "for T in (3, 1)"),
    Mutation("no copy of the cache", "cache-reuse", "deepcopy(beginning)", "beginning"),
    Mutation(
        "another beginning",
        "cache-reuse",
        "lm(**opening,",
        "lm(**tokenizer(OPENING[::-1], return_tensors='pt'),",
        raises="RuntimeError",
    ),
    Mutation("the English full stop", "stop-chinese", 'stop_strings=["。"]', 'stop_strings=["."]'),
    Mutation(
        "a token is decoded as it comes",
        "half-characters",
        "sent.append(text)",
        "sent.append(tokenizer.decode(token))",
    ),
    Mutation("a character that is one token", "half-characters", 'tokenizer("龘")', 'tokenizer("a")'),
]
