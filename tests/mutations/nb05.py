"""Mutations of notebook 05."""

from . import Mutation

NOTEBOOK = "05_features.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation(
        "a model with a head",
        "load",
        "base = GPT2Model.from",
        "from transformers import GPT2LMHeadModel\nbase = GPT2LMHeadModel.from",
    ),
    Mutation("the same text twice", "token-in-context", 'states("a blue ring")', 'states("a red ring")'),
    Mutation("another token at the end", "token-in-context", "a blue ring", "a blue kite"),
    Mutation("a length too many", "pooling-check", "attention_mask[0].sum()", "attention_mask[1].sum()"),
    Mutation("padding on the left", "pooling", '"right"', '"left"', red="pooling-check"),
    Mutation("the last column", "vectors", "length - 1]", "-1]"),
    Mutation("no mask", "vectors", "(hidden * mask).sum", "hidden.sum"),
    Mutation(
        "one entry only",
        "vectors",
        "torch.stack(base(**batch, output_hidden_states=True).hidden_states)",
        "base(**batch).last_hidden_state[None]",
        red="stories-vectors",
    ),
    Mutation(
        "not made unit vectors", "isotropy", "normalize(vectors, dim=-1)", "vectors", red="isotropy-picture"
    ),
    Mutation(
        "centred from the start",
        "isotropy",
        'raw = {"last token": mean_cosine(en_last[-1])',
        'raw = {"last token": mean_cosine(en_last[-1] - en_last[-1].mean(dim=0))',
        red="isotropy-picture",
    ),
    Mutation(
        "each is its own partner shuffled",
        "retold",
        "== torch.arange(len(asked))",
        "== torch.arange(len(asked)).flip(0)",
        red="retold-picture",
    ),
    Mutation(
        "every word weighs the same",
        "bag",
        "return counts * torch.log",
        "return counts + 0 * torch.log",
        red="retold-picture",
    ),
    Mutation("English for Chinese", "languages", "(english, chinese)", "(english, english)"),
    Mutation(
        "the map learned from nothing",
        "languages-map",
        "learn.T @ target)",
        "0 * learn.T @ target)",
        red="languages-map-picture",
    ),
    Mutation(
        "the plot known beforehand",
        "plot",
        ".argmax(dim=1).tolist()",
        ".argmax(dim=1).tolist()\n    nearest = range(len(nearest))",
        red="plot-picture",
    ),
    Mutation("an interval too narrow", "interval", "z=1.96", "z=0.1", red="plot-picture"),
    Mutation(
        "labels that are no labels",
        "endings-vectors",
        'story.sentiment == "happy"',
        "len(story.text) % 2 == 0",
        red="probe-picture",
        slow=True,
    ),
    Mutation(
        "a probe that does not learn", "fit", "optimizer.step(closure)", "closure()", red="probe-picture"
    ),
    Mutation(
        "no control",
        "control",
        'torch.randperm(len(labels["train"]), generator=torch.Generator().manual_seed(seed))',
        'torch.arange(len(labels["train"]))',
        red="control-check",
    ),
    Mutation(
        "the answer at hand",
        "hero-places",
        '"2 sentences": None',
        '"2 sentences": start - 1',
        red="hero-picture",
    ),
    Mutation(
        "the name taken for the kind",
        "hero-places",
        '"named": start - 1',
        '"named": start + len(name)',
        red="hero-picture",
    ),
    Mutation(
        "no other story before",
        "hero-places",
        'opening(told[at - 1]) + " " + text',
        "text",
        red="hero-picture",
    ),
    Mutation(
        "heroes that are no heroes",
        "hero",
        "story.hero.en) for",
        'story.plan["rival.kind"].en) for',
        red="hero-picture",
    ),
    Mutation(
        "a loaded head",
        "classifier",
        "num_labels=2",
        "num_labels=2, problem_type='regression'",
        red="train-loop",
        raises="RuntimeError",
    ),
    Mutation(
        "the first token", "score-by-hand", "vectors([short, long])[0][-1]", "vectors([short, long])[1][-1]"
    ),
    Mutation("positions from one", "side", "cumsum(dim=-1) - 1)", "cumsum(dim=-1))"),
    Mutation(
        "the head frozen too", "frozen", "classifier.transformer.requires_grad_", "classifier.requires_grad_"
    ),
    Mutation(
        "the test in the training set",
        "batches",
        'Random(1).sample(2 * groups["train"], STEPS * BATCH)',
        'unseen[:9] + Random(1).sample(2 * groups["train"], STEPS * BATCH - 9)',
    ),
    Mutation(
        "rows and columns changed", "confusion", "matrix[truth, guess] += 1", "matrix[guess, 1 - truth] += 1"
    ),
    Mutation(
        "nothing was trained", "train-loop", "    optimizer.step()\n", "", red="evaluate-picture", slow=True
    ),
]
