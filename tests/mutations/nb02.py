"""Mutations of notebook 02."""

from . import Mutation

NOTEBOOK = "02_lm_head.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation(
        "a head with a bias",
        "head-inside",
        "kinds =",
        "lm.lm_head.bias = torch.nn.Parameter(torch.zeros(1))\nkinds =",
    ),
    Mutation(
        "a softmax after all",
        "head-inside",
        "kinds =",
        "lm.add_module('softmax', torch.nn.Softmax(-1))\nkinds =",
    ),
    Mutation(
        "probabilities instead of logits",
        "head-output",
        "last = logits[0, -1]",
        "last = logits[0, -1].softmax(-1)",
    ),
    Mutation(
        "the wrong matrix",
        "logits-by-hand",
        "lm.transformer.wte.weight.T",
        "lm.transformer.wte.weight.flip(0).T",
    ),
    Mutation(
        "the embeddings taken for hidden states",
        "logits-by-hand",
        "lm.transformer(**inputs).last_hidden_state",
        "lm.transformer.wte(inputs.input_ids)",
    ),
    Mutation("another token's embedding", "dot-product-check", "wte.weight[token]", "wte.weight[token - 1]"),
    Mutation(
        "an equal copy",
        "tying-check",
        "head, embedding = lm.lm_head.weight,",
        "head, embedding = lm.lm_head.weight.clone(),",
    ),
    Mutation("one count for both names", "tying-once", "lm.state_dict().values()", "lm.parameters()"),
    Mutation("another vocabulary", "tying-meta", "50257", "50256"),
    Mutation("tied twice", "tying-meta", "tie_word_embeddings=False", "tie_word_embeddings=True"),
    Mutation(
        "a softmax of powers of 2",
        "softmax-by-hand",
        "(last - last.max()).exp()",
        "(last - last.max()).exp2()",
    ),
    Mutation("logits multiplied, not shifted", "softmax-by-hand", "(last + 5)", "(last * 5)"),
    Mutation("multiplied by T", "temperature-entropy", "(last / T)", "(last * T)"),
    Mutation(
        "a temperature of its own for each token",
        "temperature-entropy",
        "(last / T)",
        "(last / T ** (torch.arange(len(last)) % 2))",
    ),
    Mutation("the least probable first", "next-tokens", "last.topk(7)", "(-last).topk(7)"),
    Mutation("a power of 2, not of e", "next-bars", ".exp())", ".exp2())"),
    Mutation(
        "the loss named before",
        "loss-library",
        "assert lm.loss_type is None",
        "lm.loss_type = 'x'; assert lm.loss_type is None",
    ),
    Mutation("another position", "next-tokens", '"Once upon a time, in a"', '"Once upon a time, in"'),
    Mutation(
        "the divergence from uniform", "truth-divergence", "guess.full[token]", "torch.tensor(1 / 6000)"
    ),
    Mutation(
        "a truth of something else",
        "truth-divergence",
        "inputs.input_ids[0].tolist()",
        "inputs.input_ids[0, :-1].tolist()",
    ),
    Mutation("no temperature", "truth-temperature", "(last / 2)", "(last / 1)"),
    Mutation(
        "the loss unshifted",
        "loss-by-hand",
        "output.logits[0, :-1], batch.input_ids[0, 1:]",
        "output.logits[0], batch.input_ids[0]",
    ),
    Mutation(
        "shifted once after all",
        "loss-wrong-shift",
        "input_ids=ids[:, :-1], labels=ids[:, 1:]",
        "input_ids=ids, labels=ids",
    ),
    Mutation(
        "shifted by hand", "loss-wrong-shift", "output.logits[0], ids[0]", "output.logits[0, :-1], ids[0, 1:]"
    ),
    Mutation("nothing masked", "mask-check", "labels[0, :5] = -100", ""),
    Mutation("one masked too few", "mask-check", "labels[0, :5]", "labels[0, :4]"),
    Mutation("another text", "likelihood-picture", "tokenizer, text)", "tokenizer, text[:-1])"),
    Mutation(
        "a model that knows something",
        "perplexity-uniform",
        "torch.zeros(1, lm.config.vocab_size)",
        "torch.eye(lm.config.vocab_size)[:1]",
    ),
    Mutation(
        "the same unit", "perplexity-per-unit", "len(text.split()) - 1", "len(scored.log_probabilities)"
    ),
    Mutation(
        "a worse model",
        "entropy-floor",
        "insight.likelihood(lm, tokenizer, story.text)",
        "insight.likelihood(lm, tokenizer, story.text.lower())",
    ),
    Mutation(
        "ln_f twice",
        "lens-norm",
        "once = lm.lm_head(states[-1])",
        "once = lm.lm_head(lm.transformer.ln_f(states[-1]))",
    ),
    Mutation("ln_f once in both", "lens-norm", "lm.transformer.ln_f(states[-1])", "states[-1]"),
    Mutation("another layer", "lens-middle", "states[1]", "states[0]"),
    Mutation(
        "the lens upside down",
        "lens-picture",
        "lens.divergence.mean(dim=-1)",
        "lens.divergence.mean(dim=-1).flip(0)",
    ),
    Mutation(
        "no layer nearer than the one below",
        "lens-picture",
        "assert (distance.diff() < 0)",
        "assert (distance.diff() > 0)",
    ),
    Mutation("the answer, not the embeddings", "lens-echo", "assert (lens.ids[0]", "assert (lens.ids[-1]"),
    Mutation("every token fits itself best", "lens-echo", "tried @ wte.T", "torch.eye(len(wte))"),
    Mutation(
        "the shorter one wins", "lens-echo", "length = wte.norm(dim=-1)", "length = 1 / wte.norm(dim=-1)"
    ),
    Mutation("a token more to play with", "next-token-widget", 'time, in a"', 'time, in a quiet"'),
    Mutation("the name spelt right", "misspelt", "lables=ids", "labels=ids"),
    Mutation("a mask that is used", "misspelt", "atention_mask=nothing", "attention_mask=nothing"),
    Mutation(
        "generate gets the right name", "misspelt-generate", "atention_mask=torch", "attention_mask=torch"
    ),
    Mutation("the beginning is scored too", "continuation", "[first - 1:, 0]", "[:, 0]"),
    Mutation("scored a token late", "continuation", "[first - 1:, 0]", "[first:, 0]"),
    Mutation("nothing is added", "continuation-mean", " named Otto.", ""),
    Mutation(
        "the longer one is less likely throughout", "continuation-mean", "fox named Otto.", "lamp named Otto."
    ),
    Mutation(
        "the space stays where it belongs",
        "continuation-cut",
        'continuation(START + " ", "brave fox")',
        'continuation(START, " brave fox")',
    ),
    Mutation(
        "the beginning without the space",
        "continuation-cut",
        'tokenizer(START + " ").input_ids',
        "tokenizer(START).input_ids",
    ),
    Mutation("what was only read counts, too", "stride", "labels[:, : done - end] = -100", "pass"),
    Mutation("pieces that do not overlap", "stride", "max(0, end - context)", "done"),
    Mutation("the first token counts", "stride", "/ (ids.shape[1] - 1)", "/ ids.shape[1]"),
    Mutation("nothing is cut", "stride-long", "context=32", "context=512"),
]
