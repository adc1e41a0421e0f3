"""Mutations of notebook 04."""

from . import Mutation

NOTEBOOK = "04_conversion.ipynb"

MUTATIONS: list[Mutation] = [
    Mutation(
        "a checkpoint with a head of its own",
        "own-checkpoint",
        "CHECKPOINT, **dropout",
        "CHECKPOINT, tie_word_embeddings=False, **dropout",
        red="stored-names",
    ),
    Mutation(
        "dropout forgotten",
        "own-checkpoint",
        '"resid_pdrop": 0.1}',
        '"resid_pdrop": 0.0}; dropout.clear()',
        red="flag-after-train",
    ),
    Mutation(
        "no wish for generate()",
        "own-checkpoint",
        "max_new_tokens = 12",
        "max_new_tokens = None",
        red="snippet-verify",
    ),
    Mutation(
        "the positions for the embedding", "by-hand-logits", "base.wte.weight.T", "base.wte.weight.flip(0).T"
    ),
    Mutation(
        "a base of another layer count", "load-base-report", "FOLDER, output", "FOLDER, n_layer=1, output"
    ),
    Mutation(
        "a healthy pair, one bias changed",
        "verify-healthy",
        "report = conversion",
        "base.ln_f.bias.data[0] += 1\nreport = conversion",
    ),
    Mutation(
        "the snippet mended in place",
        "snippet",
        "gpt2_lm.transformer = gpt2_base",
        "gpt2_lm.transformer = gpt2_base\ngpt2_lm.tie_weights()",
        red="snippet-wrong",
    ),
    Mutation(
        "the snippet in evaluation mode",
        "snippet",
        "gpt2_lm.transformer = gpt2_base",
        "gpt2_lm.transformer = gpt2_base\ngpt2_lm.eval()",
        red="snippet-verify",
    ),
    Mutation(
        "the right embedding at once",
        "thrown-away-embedding",
        "shell.transformer = gpt2_base",
        "shell.transformer = gpt2_base\nshell.tie_weights()",
    ),
    Mutation("really in training mode", "flag-lies", "print(", "gpt2_lm.train()\nprint("),
    Mutation("eval for train", "flag-after-train", "gpt2_lm.train()", "gpt2_lm.eval()"),
    Mutation("not tied again", "mend-snippet", "gpt2_lm.tie_weights()", "pass"),
    Mutation("mode forgotten", "mend-snippet", "gpt2_lm.eval()", "pass"),
    Mutation(
        "settings forgotten",
        "mend-snippet",
        "GenerationConfig.from_pretrained(FOLDER)",
        "GenerationConfig.from_model_config(gpt2_lm.config)",
    ),
    Mutation(
        "a copy for the base itself",
        "to-lm-head",
        "to_lm_head(gpt2_base)",
        "to_lm_head(gpt2_base, copy=True)",
    ),
    Mutation(
        "tensors replaced, not filled",
        "state-dict-copy",
        "load_state_dict(gpt2_base.state_dict())",
        "load_state_dict(gpt2_base.state_dict(), assign=True)",
    ),
    Mutation(
        "loaded into the right part",
        "strict-false",
        "empty.load_state",
        "empty.transformer.load_state",
        raises="IndexError",
    ),
    Mutation("the prefix misspelt", "prefix-added", 'f"transformer.', 'f"transfomer.'),
    Mutation(
        "the head given too",
        "prefix-strict",
        "try:",
        'prefixed["lm_head.weight"] = weights["wte.weight"]\ntry:',
    ),
    Mutation("the copy was no copy", "sharing-trained", "copy=True", "copy=False"),
    Mutation(
        "the shared one copied",
        "sharing-trained",
        "one_step(conversion.to_base(lm))",
        "one_step(conversion.to_base(lm, copy=True))",
    ),
    Mutation(
        "one block frozen", "freezing", "lm.transformer.requires_grad_", "lm.transformer.h[0].requires_grad_"
    ),
    Mutation("saved without the tied name", "save-file", "lm.state_dict()", "lm.transformer.state_dict()"),
    Mutation("a rounded round trip", "round-trip", "equal = ", "again.bfloat16().float()\nequal = "),
    Mutation(
        "the whole model's folder",
        "save-base-load-lm",
        'from_pretrained(f"{FOLDER}/base"',
        "from_pretrained(FOLDER",
    ),
    Mutation("a tied head all along", "untied-load", "tie_word_embeddings=False", "tie_word_embeddings=True"),
    Mutation(
        "the untied head left random",
        "untied-mended",
        "untied.transformer.wte.weight)",
        "untied.lm_head.weight)",
    ),
    Mutation("resized through the base", "resize-lm", "lm.resize_token", "lm.transformer.resize_token"),
    Mutation("untied too late", "resize-untied-inside", "lm.lm_head.weight = ", "_ = "),
    Mutation(
        "not made smaller again",
        "resize-mended",
        "lm.resize_token_embeddings(rows,",
        "lm.resize_token_embeddings(rows + 1,",
    ),
    Mutation(
        "not tied again by resizing",
        "resize-mended",
        "lm.config.tie_word_embeddings = True",
        "lm.config.tie_word_embeddings = False",
    ),
    Mutation("resized as a whole", "resize-base-inside", "lm.transformer.resize_token", "lm.resize_token"),
    Mutation("three labels", "classifier", "num_labels=2", "num_labels=3"),
    Mutation("one sentence at a time", "classifier-padding", '["Hello, how are you?", text]', "[text]"),
    Mutation("a wrong padding token", "classifier-mended", "= tokenizer.pad_token_id", "= 1"),
    Mutation(
        "the classifier's settings given",
        "classifier-file-load",
        "messages = load_report()",
        "messages = load_report(); lm.generation_config = saved",
    ),
    Mutation(
        "an untied Llama",
        "llama",
        "tie_word_embeddings=True",
        "tie_word_embeddings=False",
        raises="CourseError",
    ),
    Mutation("a tied Llama", "llama-refused", "vocab_size=100", "vocab_size=100, tie_word_embeddings=True"),
    Mutation(
        "eager all along",
        "lab-attentions-broken",
        "with torch",
        'lm.set_attn_implementation("eager")\nwith torch',
    ),
    Mutation("not eager", "lab-attentions-mended", '"eager"', '"sdpa"'),
    Mutation(
        "a mask that works",
        "lab-head-mask-broken",
        "masked = lm(**inputs, head_mask=nothing)",
        "masked = lm(inputs.input_ids.flip(1), head_mask=nothing)",
    ),
    Mutation("a hook that does nothing", "lab-head-mask-mended", "] = 0", "] *= 1"),
    Mutation("the tie left alone", "lab-tie-broken", "lm.lm_head.weight = ", "_ = ", red="lab-tie-mended"),
    Mutation("not tied again in the lab", "lab-tie-mended", "lm.tie_weights()", "pass"),
    Mutation("no name changed", "lab-strict-broken", '"positions"', '"wpe"'),
    Mutation(
        "padding with positions",
        "lab-padding-broken",
        "padded = lm(**batch)",
        "padded = lm(**batch, position_ids=(batch.attention_mask.cumsum(-1) - 1).clamp(min=0))",
    ),
    Mutation(
        "positions from one",
        "lab-padding-mended",
        "(batch.attention_mask.cumsum(dim=-1) - 1)",
        "(batch.attention_mask.cumsum(dim=-1))",
    ),
    Mutation("ln_f once", "lab-ln-f-broken", "lm.lm_head(lm.transformer.ln_f(last))", "lm.lm_head(last)"),
    Mutation(
        "the state before last",
        "lab-ln-f-broken",
        "hidden_states[-1]",
        "hidden_states[-2]",
        red="lab-ln-f-mended",
    ),
    Mutation("measured in evaluation mode", "lab-dropout-broken", "lm.train()", "lm.eval()"),
    Mutation("one dropout left on", "lab-dropout-mended", "lm.eval()\nprint", "print"),
    Mutation("a model left in training mode", "lab-widget", "bench = play", "lm.train()\nbench = play"),
]
