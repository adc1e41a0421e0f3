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
        "torch.stack(model(**batch, output_hidden_states=True).hidden_states)",
        "model(**batch).last_hidden_state[None]",
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
    Mutation("no places", "entry-zero", " / len(ids) + places", " / len(ids)"),
    Mutation("turned only", "whiten", " / (size[:keep] + 1e-6)", ""),
    Mutation(
        "whitening that only subtracts the mean",
        "retold",
        "whiten(x[rest], keep) for keep in KEEP",
        "(lambda v: v - x[rest].mean(dim=0)) for keep in KEEP",
        red="retold-picture",
    ),
    Mutation(
        "hidden states that are no better than words",
        "retold-run",
        "[whitened(x, y) for x, y in zip(en_mean, again_mean)]",
        "[whitened(en_mean[0], again_mean[0]) for _ in en_mean]",
        red="retold-picture",
    ),
    Mutation(
        "a map between vectors that are not whitened",
        "languages-map",
        "mapped(whiten(x[rest], keep)(x), whiten(y[rest], keep)(y))",
        "mapped(standard(x), standard(y), keep)",
        red="languages-map-picture",
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
        "all of one length",
        "norms",
        'features["train"].norm(dim=-1)',
        'normalize(features["train"], dim=-1).norm(dim=-1)',
    ),
    Mutation("a probe that is shifted", "probe", "score.bias -=", "score.bias +=", red="probe-layers"),
    Mutation(
        "a trained model as the control",
        "untrained",
        "GPT2Model(base.config).eval()",
        "base",
        red="untrained-check",
    ),
    Mutation(
        "features as they come, under a heavy penalty",
        "probe",
        "mean, spread = bias * x[~held].mean(dim=0), x[~held].std(dim=0) + 1e-6",
        "mean, spread = torch.zeros(x.shape[1]), torch.ones(x.shape[1])\n    return fit(x, y, 0.01, bias)",
        red="hero-picture",
    ),
    Mutation(
        "the wording known all along",
        "hero",
        "accuracy(score, x[unseen_way], hero[unseen_way]) for",
        "accuracy(score, x[known_way], hero[known_way]) for",
        red="hero-picture",
    ),
    Mutation(
        "the careless probe takes care",
        "hero-careless",
        "fit(last_named[learn], hero[learn], bias=False)",
        "probe(last_named[learn], hero[learn])",
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
        'opening(told[at - 1]).split(". ")[0] + ". " + text',
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
    Mutation("the end in sight", "end", "last_hidden_state[:, -1]", "last_hidden_state[:, -2]"),
    Mutation(
        "the padding borrowed again",
        "own-pad",
        'padder.add_special_tokens({"pad_token": "<|pad|>"})',
        "padder.pad_token = padder.eos_token",
        red="own-pad-check",
    ),
    Mutation(
        "the head frozen too", "frozen", "classifier.transformer.requires_grad_", "classifier.requires_grad_"
    ),
    Mutation(
        "the test in the training set",
        "batches",
        'Random(epoch).sample(groups["train"], TRAIN)',
        'unseen[:9] + Random(epoch).sample(groups["train"], TRAIN - 9)',
    ),
    Mutation(
        "both epochs in one heap",
        "batches",
        'Random(epoch).sample(groups["train"], TRAIN)',
        'Random(epoch).sample(2 * groups["train"], TRAIN)',
    ),
    Mutation(
        "rows and columns changed", "confusion", "matrix[truth, guess] += 1", "matrix[guess, 1 - truth] += 1"
    ),
    Mutation(
        "the pairs all even",
        "evaluate-pairs",
        "(mine & ~theirs)",
        "(theirs & ~mine)",
        red="evaluate-picture",
        slow=True,
    ),
    Mutation(
        "nothing was trained", "train-loop", "    optimizer.step()\n", "", red="evaluate-picture", slow=True
    ),
    Mutation(
        "the hook changes nothing",
        "change",
        "residual[0, -1] = change(residual[0, -1])",
        "change(residual[0, -1])",
        red="change-measure",
    ),
    Mutation(
        "the whole state is taken out",
        "change-direction",
        "state + ((middle - state) @ along) * along",
        "middle",
        red="change-measure",
    ),
    Mutation("every ending gets its own state", "change-swap", ".roll(-1, dims=0)", ""),
    Mutation("the state stays", "change-swap", "lambda state: other", "lambda state: state"),
]
