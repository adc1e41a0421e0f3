"""Mutations of notebook 06."""

from . import Mutation

NOTEBOOK = "06_fine_tuning.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation(
        "in training mode from the start",
        "load",
        '    model.loss_type = "ForCausalLM"\n    return model',
        '    model.loss_type = "ForCausalLM"\n    return model.train()',
    ),
    Mutation(
        "the padding counts",
        "labels",
        "batch = pad([[5, 6, 7, 8], [5, 6]], END)",
        "batch = pad([[5, 6, 7, 8], [5, 6, END, END]], END)",
    ),
    Mutation("no shift", "labels-by-hand", 'batch["labels"][:, 1:]', 'batch["labels"][:, :-1]'),
    Mutation("the sum for the mean", "labels-by-hand", "[:, None]).mean()", "[:, None]).sum()"),
    Mutation(
        "nothing padded",
        "packing",
        "rows = [row(story)[0] for story in stories]",
        "rows = [row(story)[0][:40] for story in stories]",
    ),
    Mutation(
        "the new sentence left out",
        "baseline",
        '"new": new_rows',
        '"new": [row(story, new=False)[0] for story in held_out]',
        red="truth",
    ),
    Mutation("a truth per token", "truth", "/ len(held_out)", "/ len(held_out) / 200"),
    Mutation("the wanted ending", "before-text", '== ""', "== coda(held_out[0])"),
    Mutation(
        "the test is trained on",
        "batches",
        "for story in stories))",
        "for story in held_out * 9))",
        red="batches",
    ),
    Mutation("no step is taken", "loop", "        optimizer.step()\n", "", red="train-run"),
    Mutation("old stories for new ones", "forgetting", "- before[kind]", "- after[name][kind]"),
    Mutation(
        "the same model twice",
        "perplexity",
        "after[name][kind]",
        'after["before"][kind]',
        red="perplexity-picture",
    ),
    Mutation("the whole story as the end", "forgetting-end", "len(ids) - 1", "1"),
    Mutation(
        "another model converted", "convert", "to_lm_head(base)", "to_lm_head(conversion.to_base(fresh()))"
    ),
    Mutation("nothing masked", "mask", "batched(train_rows, train_starts)", "batched(train_rows)", slow=True),
    Mutation("only new stories", "mix", "new=at % 2 == 0", "new=True", slow=True),
    Mutation("nothing frozen", "freeze", ".requires_grad_(False)", ".requires_grad_(True)", slow=True),
    Mutation(
        "the most forgotten first",
        "compare",
        "min(forgot, key=forgot.get) ==",
        "max(forgot, key=forgot.get) ==",
    ),
    Mutation("what is lost for what is learned", "compare-new", '-worse(name, "new")', 'worse(name, "new")'),
    Mutation(
        "plenty of data",
        "overfit",
        "[pad(train_rows[:2], END)] * (4 if SMALL else 1))",
        "batches[4 * turn:4 * turn + 4])",
        red="overfit-picture",
        slow=True,
    ),
    Mutation(
        "the first is kept",
        "overfit",
        'if min(curve["held out"]) == curve["held out"][-1]',
        "if turn == 0",
        red="best",
        slow=True,
    ),
    Mutation("Trainer shuffles", "trainer", '"sequential"', '"random"', red="trainer-run"),
    Mutation(
        "another rate for Trainer",
        "trainer",
        "learning_rate=LEARNING_RATE",
        "learning_rate=9 * LEARNING_RATE",
        red="trainer-run",
    ),
    Mutation(
        "the loss is named both times",
        "trainer-count",
        "first_loss(None)",
        'first_loss("ForCausalLM")',
        red="trainer-count-check",
    ),
    Mutation(
        "the loss is named neither time",
        "trainer-count",
        'first_loss("ForCausalLM")',
        "first_loss(None)",
        red="trainer-count-check",
    ),
    Mutation(
        "nothing kept",
        "resume",
        'until=2, **settings)\nrest = finetune(fresh(), data, folder=f"{place.name}/run"',
        'until=2, **settings)\nrest = finetune(fresh(), data[:2], folder=f"{place.name}/other"',
    ),
    Mutation("another schedule", "resume-check", "data, **settings)", "data, **settings | dict(warmup=1))"),
]
