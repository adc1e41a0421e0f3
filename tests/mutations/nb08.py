"""Mutations of notebook 08."""

from . import Mutation

NOTEBOOK = "08_choosing.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation(
        "the states before the last block",
        "load",
        "lm.transformer(**inputs).last_hidden_state",
        "lm.transformer(**inputs, output_hidden_states=True).hidden_states[-2]",
    ),
    Mutation(
        "another Auto class",
        "auto-model",
        "auto = AutoModel.from_pretrained",
        "from transformers import AutoModelForCausalLM\nauto = AutoModelForCausalLM.from_pretrained",
    ),
    Mutation("two labels", "auto-heads", "num_labels=3", "num_labels=2", red="auto-table"),
    Mutation(
        "an untied head",
        "auto-heads",
        "n_layer=1,",
        "n_layer=1, tie_word_embeddings=False,",
        red="auto-table",
    ),
    Mutation("one task twice", "pipeline", '"feature-extraction", "text-generation"', '"text-generation"'),
    Mutation("a decoder for BERT", "kinds-check", '"BERT": bert', '"BERT": gpt2'),
    Mutation("the first token changed", "kinds-check", "[5, 6, 7, 9]", "[4, 6, 7, 8]"),
    Mutation(
        "other settings", "other-decoder", "type(auto.from_config(llama))", "type(auto.from_config(config))"
    ),
    Mutation(
        "tied again",
        "errors-check",
        "copied.transformer = lm.transformer",
        "copied.transformer = lm.transformer\ncopied.tie_weights()",
    ),
    Mutation("new tokens only", "errors-check", "max_length=12", "min_new_tokens=12, max_new_tokens=12"),
    Mutation(
        "a random embedding untied",
        "errors-check",
        "with torch.no_grad():\n    right",
        "lm.lm_head.weight = copied.lm_head.weight\nwith torch.no_grad():\n    right",
    ),
    Mutation(
        "the least probable first",
        "complete",
        "topk(choices)",
        "topk(choices, largest=False)",
        red="complete-check",
    ),
    Mutation(
        "without the prompt",
        "complete",
        "torch.cat([ids.expand(choices, -1), first[:, None]], dim=1)",
        "first[:, None]",
        red="complete-check",
    ),
    Mutation(
        "three times the same",
        "complete",
        "topk(choices).indices",
        "topk(choices).indices[:1].expand(choices)",
        red="complete-check",
    ),
    Mutation("all counted as different", "alike", "len(set(place.tolist()))", "len(place)"),
    Mutation("the oldest stay", "slide", "ids[-(limit // 2) :]", "ids[: limit + 1]", red="slide-check"),
    Mutation("the least probable told", "slide", "argmax()", "argmin()", red="slide-check"),
    Mutation("a longer limit", "slide-check", "limit=16", "limit=160"),
    Mutation(
        "another name",
        "forget",
        'tokenizer(f" {name}")',
        "tokenizer(f\" {story.plan['helper.name'].en}\")",
        red="forget-picture",
    ),
    Mutation("the name in sight", "forget-picture", "away = len(ids) - ids.index(token)", "away = len(ids)"),
    Mutation("at the same place", "positions", "arange(10, 10 + short", "arange(0, short"),
    Mutation(
        "a template of one's own",
        "chat",
        "messages = [",
        'tokenizer.chat_template = "{{ messages }}"\nmessages = [',
    ),
    Mutation("the names the other way round", "renamed", '(" Anna", " Zoe")', '(" Zoe", " Anna")'),
    Mutation(
        "begun already",
        "storyteller",
        "assert teller.told",
        'teller.told.append(("you", (5,)))\nassert teller.told',
    ),
    Mutation(
        "a head mask that works", "old-names", "assert torch", "heads_off.logits = -now.logits; assert torch"
    ),
    Mutation(
        "something that does not raise",
        "old-names-check",
        "Trainer(lm, tokenizer=tokenizer)",
        "repr(tokenizer)",
    ),
    Mutation(
        "the new name of the strategy",
        "old-names-check",
        "TrainingArguments(evaluation",
        "TrainingArguments(eval",
    ),
    Mutation("the new name of the cache", "old-names-check", "past_key_values=now.cache", "cache=now.cache"),
    Mutation("the new way into the cache", "old-names-check", "now.cache[0][0]", "now.cache.layers[0].keys"),
    Mutation(
        "typed text that may end the story",
        "typed-end",
        "split_special_tokens=True",
        "split_special_tokens=False",
    ),
]
