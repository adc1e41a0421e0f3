"""Mutations of notebook 01."""

from . import Mutation

NOTEBOOK = "01_base_model.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation("a token lost", "tokens-hello", '"Hello, how are you?"', '"Hello, how are you"'),
    Mutation("the space forgotten", "space-matters", 'tokenizer(" how")', 'tokenizer("how")'),
    Mutation("a text that falls back to bytes", "chinese-count", '"你好，很久不見。"', '"你好，龘龘不見。"'),
    Mutation("whole characters only", "rare", '龘 🦊")\n', '你 好")\n'),
    Mutation(
        "positions shifted by one", "wte-lookup", "base.wpe.weight[position]", "base.wpe.weight[position + 1]"
    ),
    Mutation("a block left out", "blocks", "in base.h:", "in base.h[:-1]:", red="last-hidden-state"),
    Mutation("ln_f forgotten", "blocks", "base.ln_f(residual)", "residual", red="last-hidden-state"),
    Mutation(
        "ln_f twice",
        "blocks",
        "base.ln_f(residual)",
        "base.ln_f(base.ln_f(residual))",
        red="last-hidden-state",
    ),
    Mutation("the embeddings not counted", "hidden-tuple", "base.config.n_layer + 1", "base.config.n_layer"),
    Mutation(
        "the last state taken for raw", "ln-f-twice", "torch.allclose(residual,", "torch.allclose(by_hand,"
    ),
    Mutation(
        "ln_f once after all", "ln-f-twice", "base.ln_f(states[-1])", "base.ln_f(residual)", red="ln-f-check"
    ),
    Mutation(
        "an earlier token changed",
        "causality-check",
        "changed[0, -1]",
        "changed[0, 2]",
        red="causality-first",
    ),
    Mutation("only a later token changed", "causality-first", "changed[0, 0]", "changed[0, 3]"),
    Mutation(
        "eager all along",
        "attention-empty",
        "with torch.no_grad():",
        'base.set_attn_implementation("eager")\nwith torch.no_grad():',
    ),
    Mutation(
        "the softmax over the wrong axis",
        "attention-rows-check",
        "weights.sum(dim=-1)",
        "weights.sum(dim=-2)",
    ),
    Mutation(
        "the mask turned over",
        "attention-rows-check",
        "weights.triu(diagonal=1)",
        "weights.tril(diagonal=-1)",
    ),
    Mutation("padding on the right", "padding-broken", '"left"', '"right"', red="padding-mended"),
    Mutation(
        "positions from one",
        "padding-mended",
        "(batch.attention_mask.cumsum(dim=-1) - 1)",
        "(batch.attention_mask.cumsum(dim=-1))",
    ),
    Mutation("the mask forgotten", "pooling", "(mended * mask)", "mended"),
    Mutation(
        "its own words for its translation",
        "similarity-content",
        "[world.translate(story, rng) for story in english]",
        "english",
        red="similarity-content-check",
    ),
    Mutation("stories for verse", "similarity-content-check", "cosine[:60, 120:]", "cosine[:60, :60]"),
    Mutation(
        "another text to play with", "attention-explorer", "名叫樂樂。樂樂沒什麼", "名叫安安。安安沒什麼"
    ),
    Mutation(
        "blocks that stay with SDPA", "eager-blocks", "base.set_attn_implementation(implementation)", "pass"
    ),
    Mutation("the last token stays", "eager-blocks", "other[0, -1] = tokenizer.eos_token_id", "pass"),
    Mutation("the state of the last token", "eager-blocks", "[0, 0].abs()", "[0, -1].abs()"),
]
