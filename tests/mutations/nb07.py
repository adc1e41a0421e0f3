"""Mutations of notebook 07."""

from . import Mutation

NOTEBOOK = "07_from_scratch.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation("the measure asleep", "close", "(ours - theirs).abs().max()", "0 * (ours - theirs).abs().max()"),
    Mutation(
        "the weight the other way round",
        "conv1d",
        "torch.randn(n_in, n_out)",
        "torch.randn(n_out, n_in)",
        red="conv1d-check",
        raises="RuntimeError",
    ),
    Mutation(
        "no bias", "conv1d", "torch.addmm(self.bias, ", "torch.addmm(0 * self.bias, ", red="conv1d-check"
    ),
    Mutation("the exact GELU", "mlp", ', approximate="tanh"', "", red="mlp-exact"),
    Mutation("the upper triangle", "attention-mask", ".tril()", ".triu()"),
    Mutation("not divided by the root", "formula", " / math.sqrt(8)", ""),
    Mutation("everything seen", "blind", "torch.zeros(5, 5", "torch.ones(5, 5"),
    Mutation("no mask passed on", "attention", ", attn_mask=mask", "", red="attention-mask"),
    Mutation(
        "the norm forgotten",
        "block",
        "self.attn(self.ln_1(x), mask, cache)",
        "self.attn(x, mask, cache)",
        red="block-equal",
    ),
    Mutation("nothing added", "block", "return x + self.mlp", "return self.mlp", red="block-equal"),
    Mutation("no positions", "gpt2", " + self.wpe(positions)", "", red="gpt2-check"),
    Mutation("no final norm", "gpt2", "return self.ln_f(x)", "return x", red="gpt2-check"),
    Mutation(
        "positions that count the padding",
        "gpt2",
        "positions = (attention_mask.cumsum",
        "_ = (attention_mask.cumsum",
        red="padding-check",
    ),
    Mutation(
        "a head of its own", "lm", "self.lm_head.weight = self.transformer.wte.weight", "pass", red="lm-check"
    ),
    Mutation("the prefix kept", "files", '.removeprefix("transformer.")', "", raises="KeyError"),
    Mutation(
        "values in the place of keys",
        "cache",
        "self.keys[layer, :, :, self.length : end] = k",
        "self.keys[layer, :, :, self.length : end] = v",
        red="cache-equal",
    ),
    Mutation("no room", "cache-check", "room=ids.shape[1]", "room=2", raises="IndexError"),
    Mutation("the least probable", "choose", "argmax", "argmin", red="generate-check"),
    Mutation(
        "times the temperature",
        "choose",
        "logits / temperature",
        "logits * temperature",
        red="generate-check",
    ),
    Mutation("another model saved", "save", "gpt2.save(model", "gpt2.save(GPT2LM(config)", red="save-equal"),
    Mutation("the best token at one end only", "no-cache", "[:, -1]", "[:, 0]", red="speed", slow=True),
]
