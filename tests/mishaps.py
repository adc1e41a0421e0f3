"""How each entry of the catalogue comes about: a function that provokes it on the installed packages.

Each takes a folder to write in. None needs a network: what the hub says is said by a server of this process.
"""

import contextlib
import io
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import tiny
import torch
import torch.nn.functional as F
from jupyter_client.manager import start_new_kernel
from transformers import (
    AutoModel,
    DynamicCache,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
    GPT2Tokenizer,
    TextStreamer,
    Trainer,
    TrainingArguments,
    pipeline,
)

from course_utils import checkpoint

PROVOCATIONS: dict[str, Callable[[Path], Any]] = {}


def provokes(slug: str) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Put a function into the table."""

    def register(function: Callable[[Path], Any]) -> Callable[[Path], Any]:
        assert slug not in PROVOCATIONS, slug
        PROVOCATIONS[slug] = function
        return function

    return register


def inputs(text: str = "Hello") -> Any:
    return tiny.byte_tokenizer()(text, return_tensors="pt")


def ids() -> torch.Tensor:
    return inputs().input_ids


def generate(**settings: Any) -> torch.Tensor:
    return tiny.build().generate(**inputs(), **{"pad_token_id": 256} | settings)


def quiet_model() -> GPT2LMHeadModel:
    """A model that has been told its loss."""
    model = tiny.build()
    model.loss_type = "ForCausalLM"
    return model


def saved(folder: Path, **sizes: int) -> str:
    """The folder of a checkpoint."""
    tiny.build(**sizes).save_pretrained(folder)
    tiny.byte_tokenizer().save_pretrained(folder)
    return str(folder)


# generate()


@provokes("no-length-given")
def _(folder):
    generate()


@provokes("past-the-last-position")
def _(folder):
    tiny.build()(torch.zeros(1, 60, dtype=torch.long))


@provokes("longer-than-trained")
def _(folder):
    # At 49 tokens something else stops it: the next step would be an error.
    stop = [lambda ids, scores: torch.tensor([ids.shape[1] > 48])]
    generate(max_length=60, do_sample=False, eos_token_id=None, stopping_criteria=stop)


@provokes("right-padding")
def _(folder):
    tokenizer = tiny.byte_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    batch = tokenizer(["a", "hello"], padding=True, padding_side="right", return_tensors="pt")
    tiny.build().generate(**batch, max_new_tokens=2, pad_token_id=256)


@provokes("attention-mask-not-given")
def _(folder):
    tiny.build().generate(torch.cat([ids(), ids()]), max_new_tokens=1)


@provokes("temperature-not-positive")
def _(folder):
    generate(max_new_tokens=1, do_sample=True, temperature=0.0)


@provokes("flags-ignored")
def _(folder):
    generate(max_new_tokens=1, do_sample=False, top_k=5)


@provokes("streamer-with-beams")
def _(folder):
    generate(max_new_tokens=1, num_beams=2, streamer=TextStreamer(tiny.byte_tokenizer()))


@provokes("strategy-left-the-library")
def _(folder):
    generate(max_new_tokens=1, penalty_alpha=0.6, top_k=4)


@provokes("several-greedy-texts")
def _(folder):
    generate(max_new_tokens=1, do_sample=False, num_return_sequences=2)


@provokes("no-new-tokens")
def _(folder):
    generate(max_new_tokens=0)


@provokes("prompt-fills-max-length")
def _(folder):
    generate(max_length=3)


@provokes("two-lengths")
def _(folder):
    generate(max_new_tokens=2, max_length=20)


@provokes("unknown-generate-argument")
def _(folder):
    generate(max_new_token=2)


@provokes("stop-strings-need-the-tokenizer")
def _(folder):
    generate(max_new_tokens=1, stop_strings=["a"])


@provokes("probabilities-not-finite")
def _(folder):
    model = tiny.build()
    model.lm_head.weight.data.fill_(float("nan"))
    model.generate(**inputs(), pad_token_id=256, do_sample=True, max_new_tokens=2)


@provokes("generation-config-invalid")
def _(folder):
    model = tiny.build()
    model.generation_config.temperature = 0.5
    model.save_pretrained(folder)


@provokes("base-model-cannot-generate")
def _(folder):
    tiny.build().transformer.generate(**inputs())


# One class asked for what the other one has


@provokes("base-output-has-no-logits")
def _(folder):
    _ = tiny.build().transformer(**inputs()).logits


@provokes("lm-output-has-no-hidden-state")
def _(folder):
    _ = tiny.build()(**inputs()).last_hidden_state


@provokes("output-unpacked-like-a-tuple")
def _(folder):
    logits, cache = tiny.build()(ids())
    _ = logits[:, -1]


@provokes("pipeline-over-a-base-model")
def _(folder):
    pipeline("text-generation", model=GPT2Model(tiny.build().config), tokenizer=tiny.byte_tokenizer())("a")


@provokes("part-lies-in-the-base")
def _(folder):
    _ = tiny.build().wte


@provokes("base-has-no-transformer")
def _(folder):
    _ = tiny.build().transformer.transformer


@provokes("generate-returns-ids")
def _(folder):
    _ = generate(max_new_tokens=1).logits


@provokes("method-left-the-library")
def _(folder):
    tiny.build().greedy_search(ids())


@provokes("tensor-in-place-of-a-number")
def _(folder):
    int(tiny.build()(ids()).logits)


@provokes("truth-of-a-tensor")
def _(folder):
    assert ids() == ids()


@provokes("tokenizer-wants-text")
def _(folder):
    tiny.byte_tokenizer()(ids())


@provokes("decode-wants-ids")
def _(folder):
    tiny.byte_tokenizer().decode("hello")


@provokes("encoding-is-no-tensor")
def _(folder):
    torch.tensor(tiny.byte_tokenizer()("Hello"))


# The tokenizer, and inputs


@provokes("tokenizer-has-no-padding-token")
def _(folder):
    tiny.byte_tokenizer()(["a", "abc"], padding=True)


@provokes("texts-of-different-length")
def _(folder):
    tiny.byte_tokenizer()(["a", "abc"], return_tensors="pt")


@provokes("classifier-needs-padding-id")
def _(folder):
    GPT2ForSequenceClassification(tiny.build().config)(torch.ones(2, 3, dtype=torch.long))


@provokes("text-longer-than-the-model")
def _(folder):
    tokenizer = tiny.byte_tokenizer()
    tokenizer.model_max_length = 10
    tokenizer("a" * 20)


@provokes("no-tokens-at-all")
def _(folder):
    empty = GPT2Tokenizer.from_pretrained("gpt2")  # nothing is cached, and nothing is said
    tiny.build()(**empty("hello", return_tensors="pt"))


@provokes("text-in-place-of-a-tensor")
def _(folder):
    tiny.build()(**tiny.byte_tokenizer()("hello"))


@provokes("encoding-not-unpacked")
def _(folder):
    tiny.build()(inputs())


@provokes("batch-dimension-missing")
def _(folder):
    tiny.build()(ids()[0])


@provokes("ids-are-not-integers")
def _(folder):
    tiny.build()(ids().float())


@provokes("token-id-out-of-range")
def _(folder):
    tiny.build()(torch.tensor([[1000]]))


@provokes("new-embeddings-resized")
def _(folder):
    tiny.build().resize_token_embeddings(300)


@provokes("old-tokenizer-method")
def _(folder):
    tiny.byte_tokenizer().encode_plus("a")


@provokes("no-chat-template")
def _(folder):
    tiny.byte_tokenizer().apply_chat_template([{"role": "user", "content": "hello"}])


@provokes("logits-are-not-ids")
def _(folder):
    tiny.byte_tokenizer().decode(tiny.build()(ids()).logits[0, -1])


# Outputs


@provokes("attention-not-computed")
def _(folder):
    tiny.build()(ids(), output_attentions=True).attentions[0]


@provokes("sdpa-cannot-return-attention")
def _(folder):
    tiny.build().config.output_attentions = True


@provokes("output-not-asked-for")
def _(folder):
    tiny.build()(ids()).hidden_states[-1]


@provokes("no-loss-without-labels")
def _(folder):
    tiny.build()(ids()).loss.backward()


@provokes("cache-is-an-object")
def _(folder):
    tiny.build()(ids(), use_cache=True).cache[0]


@provokes("cache-given-as-a-tuple")
def _(folder):
    pair = (torch.zeros(1, 2, 1, 8), torch.zeros(1, 2, 1, 8))
    tiny.build()(ids(), cache=(pair, pair))


@provokes("cache-under-its-old-name")
def _(folder):
    model = tiny.build()
    cache = model(ids(), use_cache=True).cache
    model(ids(), past_key_values=cache)


@provokes("crop-wants-a-negative-number")
def _(folder):
    tiny.build()(ids(), use_cache=True).cache.crop(3)


@provokes("detach-before-numpy")
def _(folder):
    tiny.build()(ids()).logits.numpy()


@provokes("cache-off-while-checkpointing")
def _(folder):
    model = tiny.build()
    model.activation_checkpointing_enable()
    model.train()(ids())


# Loading and saving


@provokes("weights-missing")
def _(folder):
    GPT2ForSequenceClassification.from_pretrained(saved(folder))


@provokes("weights-unexpected")
def _(folder):
    GPT2LMHeadModel.from_pretrained(saved(folder), n_layer=1)


@provokes("weights-of-another-size")
def _(folder):
    GPT2LMHeadModel.from_pretrained(saved(folder), n_positions=64)


@provokes("tensors-share-memory")
def _(folder):
    from safetensors.torch import save_file

    save_file(tiny.build().state_dict(), folder / "model.safetensors")


@provokes("not-in-the-cache")
def _(folder):
    GPT2LMHeadModel.from_pretrained("gpt2")


@provokes("name-not-valid")
def _(folder):
    GPT2LMHeadModel.from_pretrained("../my models/gpt2")


@contextlib.contextmanager
def hub(status: int, **headers: str) -> Iterator[None]:
    """A hub that gives every question this answer, in place of the real one."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *_):
            pass

    from huggingface_hub import close_session, constants

    close_session()  # one made before may ask a proxy
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        here = f"http://127.0.0.1:{server.server_port}"
        template = here + "/{repo_id}/resolve/{revision}/{filename}"
        online = {"HF_HUB_OFFLINE": False, "ENDPOINT": here, "HUGGINGFACE_CO_URL_TEMPLATE": template}
        try:
            with mock.patch.multiple(constants, **online), mock.patch.dict(os.environ, {"NO_PROXY": "*"}):
                yield
        finally:
            server.shutdown()


@provokes("no-such-model")
def _(folder):
    with hub(404, X_Error_Code="RepoNotFound"):
        GPT2Model.from_pretrained("gtp2", cache_dir=folder)


@provokes("requests-without-login")
def _(folder):
    # The words are the real hub's, which sends them in this header to who is not logged in.
    said = (
        "unauthenticated; You are sending unauthenticated requests to the HF Hub. Please set a HF_TOKEN to enable "
        "higher rate limits and faster downloads."
    )
    answer = hub(404, X_Error_Code="EntryNotFound", X_Repo_Commit="a" * 40, X_HF_Warning=said)
    with answer, contextlib.suppress(OSError):
        GPT2Config.from_pretrained("gpt2", cache_dir=folder)


@provokes("no-weights-in-the-folder")
def _(folder):
    GPT2Model.from_pretrained(folder)


@provokes("config-without-model-type")
def _(folder):
    (folder / "config.json").write_text("{}")
    AutoModel.from_pretrained(folder)


@provokes("config-not-json")
def _(folder):
    (folder / "config.json").write_text("{")
    GPT2Model.from_pretrained(folder)


@provokes("weights-damaged")
def _(folder):
    weights = Path(saved(folder)) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    GPT2Model.from_pretrained(folder)


@provokes("state-dict-does-not-fit")
def _(folder):
    model = tiny.build()
    model.load_state_dict(model.transformer.state_dict())


@provokes("pickle-refused")
def _(folder):
    torch.save(tiny.build(), folder / "model.pt")
    torch.load(folder / "model.pt")


@provokes("another-kind-of-model")
def _(folder):
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 8}))
    GPT2Config.from_pretrained(folder)


@provokes("config-expected")
def _(folder):
    GPT2LMHeadModel(tiny.build().transformer)


@provokes("name-left-the-library")
def _(folder):
    from transformers import AdamW  # noqa: F401


@provokes("task-left-the-library")
def _(folder):
    pipeline("text2text-generation", model=saved(folder))


@provokes("argument-of-another-time")
def _(folder):
    GPT2Model.from_pretrained(saved(folder), load_in_8bit=True)


@provokes("torchvision-not-needed")
def _(folder):
    import transformers

    vars(transformers).pop("ViTImageProcessor", None)
    getattr(transformers, "ViTImageProcessor")  # noqa: B009


@provokes("flash-attention-not-installed")
def _(folder):
    GPT2Model.from_pretrained(saved(folder), attn_implementation="flash_attention_2")


# Training and torch


@provokes("accelerate-missing")
def _(folder):
    import transformers.training_args as module

    with mock.patch.object(module, "is_accelerate_available", lambda *_: False):
        TrainingArguments(str(folder))


@provokes("old-training-argument")
def _(folder):
    TrainingArguments(str(folder), evaluation_strategy="epoch")


@provokes("trainer-takes-a-processing-class")
def _(folder):
    Trainer(model=tiny.build(), tokenizer=tiny.byte_tokenizer())


def train_on(folder: Path, example: dict[str, Any]) -> None:
    arguments = TrainingArguments(str(folder), report_to="none", max_steps=1, use_cpu=True)
    Trainer(model=quiet_model(), args=arguments, train_dataset=[example] * 2).train()


@provokes("trainer-got-no-loss")
def _(folder):
    train_on(folder, {"input_ids": ids()[0]})


@provokes("trainer-got-an-empty-batch")
def _(folder):
    train_on(folder, {"text": "a"})


@provokes("loss-type-not-set")
def _(folder):
    tiny.build()(ids(), labels=ids())


@provokes("pin-memory-without-gpu")
def _(folder):
    next(iter(torch.utils.data.DataLoader([torch.ones(1)], pin_memory=True)))


@provokes("backward-twice")
def _(folder):
    loss = quiet_model()(ids(), labels=ids()).loss
    loss.backward()
    loss.backward()


@provokes("no-gradients-recorded")
def _(folder):
    with torch.no_grad():
        loss = quiet_model()(ids(), labels=ids()).loss
    loss.backward()


@provokes("weight-changed-in-place")
def _(folder):
    tiny.build().lm_head.weight.mul_(2)


@provokes("backward-needs-one-number")
def _(folder):
    tiny.build()(ids()).logits.backward()


@provokes("labels-do-not-fit")
def _(folder):
    quiet_model()(ids(), labels=ids()[:, 1:])


@provokes("shapes-do-not-fit")
def _(folder):
    tiny.build()(ids(), output_hidden_states=True).hidden_states[-1][0] @ torch.ones(17, 2)


@provokes("different-dtypes")
def _(folder):
    torch.nn.Linear(16, 2)(tiny.build().half()(ids(), output_hidden_states=True).hidden_states[-1])


@provokes("different-devices")
def _(folder):
    tiny.build()(ids()).logits + torch.ones(257, device="meta")  # a device that every machine has


@provokes("no-gpu-here")
def _(folder):
    with pytest.MonkeyPatch.context() as patch:  # a build of torch for the CPU, on any machine
        patch.setattr(torch.cuda, "_initialized", False)
        patch.delattr(torch._C, "_cuda_getDeviceCount", raising=False)
        tiny.build().to("cuda")


@provokes("out-of-memory")
def _(folder):
    torch.empty(10**15)


@provokes("heads-do-not-divide")
def _(folder):
    GPT2Model(GPT2Config(n_embd=10, n_head=3))


@provokes("gradient-checkpointing-renamed")
def _(folder):
    tiny.build().gradient_checkpointing_enable()


# Python, Jupyter, matplotlib and the course


@provokes("blank-left-open")
def _(folder):
    eval("____")


@provokes("name-not-defined")
def _(folder):
    eval("tokenizer")


@provokes("package-not-in-this-kernel")
def _(folder):
    import a_package_of_another_environment  # noqa: F401


@provokes("widget-model-not-found")
def _(folder):
    # The page says it: its words are looked up in the script of the widget manager that is installed.
    scripts = Path(sys.prefix, "share", "jupyter", "labextensions", "@jupyter-widgets").rglob("*.js")
    words = re.compile(r'"(Error displaying widget: [^"]+)"')
    said = {match for script in scripts for match in words.findall(script.read_text(encoding="utf-8"))}
    print(*sorted(said), sep="\n", file=sys.stderr)


@provokes("kernel-without-encryption")
def _(folder):
    with (folder / "said").open("w+b") as said:
        manager, client = start_new_kernel(kernel_name="python3", stderr=said)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    print((folder / "said").read_text(encoding="utf-8"), file=sys.stderr)


def _draw(title: str, **settings: Any) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.suptitle(title, **settings)
    figure.savefig(io.BytesIO())


@provokes("font-without-this-character")
def _(folder):
    _draw("貓", fontfamily="DejaVu Sans")


@provokes("font-not-found")
def _(folder):
    _draw("cat", fontfamily=["A font of another machine", "DejaVu Sans"])


@provokes("too-many-figures")
def _(folder):
    from matplotlib import pyplot

    try:
        for _ in range(21):
            pyplot.figure()
    finally:
        pyplot.close("all")


@provokes("progress-bar-without-widgets")
def _(folder):
    import tqdm.notebook

    kernel = {"IPython": SimpleNamespace(get_ipython=lambda: None), "ipykernel.zmqshell": sys}
    with mock.patch.dict(sys.modules, kernel), mock.patch.object(tqdm.notebook, "IProgress", None):
        sys.modules.pop("tqdm.autonotebook", None)
        import tqdm.autonotebook  # noqa: F401


@provokes("course-error")
def _(folder):
    checkpoint(folder / "nothing-here")


# The same entries by other ways: slug -> function.
VARIANTS: tuple[tuple[str, Callable[[Path], Any]], ...] = (
    ("past-the-last-position", lambda _: generate(max_new_tokens=60, do_sample=False, eos_token_id=None)),
    ("token-id-out-of-range", lambda _: tiny.build()(torch.tensor([[-1]]))),
    ("strategy-left-the-library", lambda _: generate(max_new_tokens=1, num_beams=4, num_beam_groups=2)),
    ("text-in-place-of-a-tensor", lambda _: tiny.build().generate("hello", max_new_tokens=1)),
    ("encoding-not-unpacked", lambda _: tiny.build().generate(inputs(), max_new_tokens=1)),
    ("no-tokens-at-all", lambda _: tiny.build()(inputs("").input_ids)),
    ("cache-is-an-object", lambda _: DynamicCache().key_cache),
    ("cache-is-an-object", lambda _: DynamicCache.from_legacy_cache(None)),
    (
        "weights-missing",
        lambda folder: GPT2LMHeadModel.from_pretrained(saved(folder), tie_word_embeddings=False),
    ),
    ("name-not-valid", lambda _: AutoModel.from_pretrained("./no/such/folder")),
    ("labels-do-not-fit", lambda _: F.cross_entropy(tiny.build()(ids()).logits, ids())),
    ("shapes-do-not-fit", lambda _: torch.ones(2, 3) + torch.ones(4, 2)),
    ("base-output-has-no-logits", lambda _: tiny.build().transformer(ids())["logits"]),
    ("lm-output-has-no-hidden-state", lambda _: tiny.build()(ids())["last_hidden_state"]),
    ("output-unpacked-like-a-tuple", lambda _: tuple(tiny.build()(ids()))[1].get_seq_length()),
    ("part-lies-in-the-base", lambda _: GPT2ForSequenceClassification(tiny.build().config).ln_f),
    ("method-left-the-library", lambda _: tiny.build().prune_heads({0: [0]})),
    ("tensor-in-place-of-a-number", lambda _: [1, 2][tiny.build()(ids()).logits.argmax(dim=-1)]),
    ("old-tokenizer-method", lambda _: tiny.byte_tokenizer().prepare_for_model([1])),
    ("out-of-memory", lambda _: np.empty(10**15)),
    ("state-dict-does-not-fit", lambda _: tiny.build().load_state_dict(tiny.build(n_embd=32).state_dict())),
    ("old-tokenizer-method", lambda _: tiny.byte_tokenizer().batch_encode_plus(["a"])),
    ("weights-damaged", lambda folder: _git_lfs_pointer(folder)),
    ("blank-left-open", lambda _: _placeholder() + 1),
)


def _git_lfs_pointer(folder: Path) -> None:
    (Path(saved(folder)) / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    GPT2Model.from_pretrained(folder)


def _placeholder() -> Any:
    from course_utils.practice.engine.placeholder import ____

    return ____
