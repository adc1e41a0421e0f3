"""Mutations of notebook 00."""

from . import Mutation

NOTEBOOK = "00_start_here.ipynb"
LOAD_LM = "lm = GPT2LMHeadModel.from_pretrained(CHECKPOINT)"

MUTATIONS: list[Mutation] = [
    Mutation("the parts of the base instead", "parts", "lm.named_children()", "base.named_children()"),
    Mutation(
        "a head with a bias",
        "load",
        LOAD_LM,
        LOAD_LM + "\nlm.lm_head = torch.nn.Linear(lm.config.n_embd, lm.config.vocab_size)",
        red="head",
    ),
    Mutation("the last position cut off", "hello", ".last_hidden_state", ".last_hidden_state[:, :-1]"),
    Mutation("a softmax taken already", "softmax", "logits[0, -1]", "logits[0, -1].softmax(dim=-1)"),
    Mutation(
        "the tie broken, the head disturbed",
        "load",
        LOAD_LM,
        LOAD_LM + "\nlm.lm_head.weight = torch.nn.Parameter(torch.randn_like(lm.lm_head.weight))",
        red="truth-bars",
    ),
    Mutation(
        "the wrong position read",
        "next-tokens",
        '"Once upon a time, in a"',
        '"Once upon a time, in"',
        red="truth-bars",
    ),
    Mutation(
        "another story's beginning",
        "story-en",
        '"Once upon a time"',
        '"The capital of France is"',
        red="story-check",
    ),
    Mutation(
        "a word of the story changed",
        "story-zh",
        "print(故事)",
        '故事 = 故事.replace("。", "，", 1)\nprint(故事)',
        red="story-check",
    ),
]
