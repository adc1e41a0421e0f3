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
    Mutation("no mask passed on", "attention", "attn_mask=mask, ", "", red="attention-mask"),
    Mutation(
        "not causal without a mask",
        "attention",
        "is_causal=mask is None and T > 1",
        "is_causal=False",
        red="attention-mask",
    ),
    Mutation(
        "attention drops in evaluation",
        "attention",
        "self.attn_dropout.p * self.training",
        "self.attn_dropout.p",
        red="dropout",
    ),
    Mutation(
        "attention drops nothing",
        "attention",
        "self.attn_dropout.p * self.training",
        "0.0",
        red="dropout-library",
    ),
    Mutation("attention adds all", "attention", "self.resid_dropout(", "(", red="dropout-library"),
    Mutation("the MLP adds all", "mlp", "self.dropout(self", "(self", red="dropout-library"),
    Mutation("the embeddings stay whole", "gpt2", "self.drop(self", "(self", red="dropout-library"),
    Mutation("additions not scaled", "init", "2 * config.n_layer", "1", red="init-check"),
    Mutation("scaled too little", "init", "2 * config.n_layer", "config.n_layer", red="init-check"),
    Mutation("another width", "init", "config.initializer_range", "0.1", red="init-check"),
    Mutation("not initialised", "gpt2", "initialize(self, config)", "pass", red="loss"),
    Mutation("embeddings as they should be", "wide", "model.transformer.wte.reset_parameters()", "pass"),
    Mutation("the triangle not moved", "places", ".tril(past)", ".tril()", red="places-check"),
    Mutation("padding seen", "places", "mask & real", "mask", red="places-check"),
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
        "places",
        "positions = (attention_mask.cumsum",
        "_ = (attention_mask.cumsum",
        red="places-check",
    ),
    Mutation(
        "a head of its own", "lm", "self.lm_head.weight = self.transformer.wte.weight", "pass", red="wide"
    ),
    Mutation("the prefix kept", "files", '.removeprefix("transformer.")', "", raises="KeyError"),
    Mutation(
        "values in the place of keys",
        "cache",
        "self.keys[layer, :, :, self.length : end] = k",
        "self.keys[layer, :, :, self.length : end] = v",
        red="cache-equal",
    ),
    Mutation("not in bfloat16", "half", "dtype=torch.bfloat16", "dtype=torch.float32", raises="ValueError"),
    Mutation("no room", "cache-check", "room=ids.shape[1]", "room=2", raises="IndexError"),
    Mutation("the least probable", "choose", "argmax", "argmin", red="generate-check"),
    Mutation(
        "times the temperature",
        "choose",
        "logits.float() / temperature",
        "logits.float() * temperature",
        red="choose-half",
    ),
    Mutation("probabilities of three digits", "choose", "logits.float()", "logits", red="choose-half"),
    Mutation("drawn from the static cache", "static", "do_sample=False", "do_sample=True"),
    Mutation("on behind the padding", "generate", "    check_request(model", "    id, (model", red="refused"),
    Mutation(
        "the last real token looked at",
        "silent",
        "right.attention_mask)[1, -1]",
        "right.attention_mask)[1, alone.shape[1] - 1]",
    ),
    Mutation("another model saved", "save", "gpt2.save(model", "gpt2.save(GPT2LM(config)", red="save-equal"),
    Mutation(
        "settings of generation left behind",
        "save",
        "model.generation_config = GenerationConfig(",
        "_ = GenerationConfig(",
        red="save-settings",
    ),
    Mutation("the best token at one end only", "no-cache", "[:, -1]", "[:, 0]", red="speed", slow=True),
]
