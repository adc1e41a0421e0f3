"""Fine-tuning: the data, the loop, what a broken run leaves, and several processes."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import torch
import torch.distributed as dist
from tiny import build, byte_tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PrinterCallback, Trainer, TrainingArguments

from course_utils import CourseError
from course_utils.training import finetune as tuning

END = 256
INHERITS = pytest.mark.skipif(
    os.name == "nt", reason="needs another operating system: one where a child inherits what is ignored"
)
NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


def model(seed: int = 0, **sizes) -> GPT2LMHeadModel:
    made = build(seed, **NO_DROPOUT | sizes)
    made.loss_type = "ForCausalLM"
    return made


def batches(n: int = 6, rows: int = 4, seed: int = 0) -> list[dict]:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(5, 20, (n, rows), generator=generator).tolist()
    return [
        tuning.pad([torch.randint(256, (length,), generator=generator).tolist() for length in row], END)
        for row in lengths
    ]


def test_packing_loses_nothing_but_the_rest():
    blocks = tuning.pack([[1, 2, 3], [4], [5, 6]], END, 4)
    assert blocks.tolist() == [[1, 2, 3, END], [4, END, 5, 6]]


def test_padding_and_what_does_not_count():
    batch = tuning.pad([[1, 2, 3, 4], [5, 6]], END, starts=[2, 0])
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4], [5, 6, END, END]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, -100, 3, 4], [-100, 6, -100, -100]]


def test_shuffled_goes_through_every_row_once_a_round():
    blocks = torch.arange(10).view(5, 2)
    seen = torch.cat([batch["input_ids"] for batch in tuning.shuffled(blocks, 2, 5)])
    assert sorted(seen[:5, 0].tolist()) == sorted(seen[5:, 0].tolist()) == blocks[:, 0].tolist()
    assert seen[:5].tolist() != seen[5:].tolist()


def test_positions_start_anew_with_every_document():
    blocks = torch.tensor([[1, 2, END, 3], [END, END, 4, 5]])
    assert tuning.positions(blocks, END).tolist() == [[0, 1, 0, 1], [0, 0, 1, 2]]


def test_packed_documents_do_not_see_each_other():
    """A packed row costs what its documents cost one by one; without the positions it costs something else."""
    first, second = [END, *range(1, 12)], [END, *range(40, 60)]
    blocks = tuning.pack([first[1:], second[1:]], END, 32)
    assert blocks.tolist() == [[*first[1:], *second, END][:32]]
    (batch,) = tuning.shuffled(blocks, 1, 1, end=END)
    (plain,) = tuning.shuffled(blocks, 1, 1)
    alone = [tuning.pad([first[1:] + [END]], END), tuning.pad([[*second, END][: 32 - 11]], END)]
    for training in (False, True):
        tuned = model(initializer_range=0.5).train(training)
        assert tuning.evaluate(tuned, [batch]) == pytest.approx(tuning.evaluate(tuned, alone), rel=1e-5)
        assert tuning.evaluate(tuned, [plain]) != pytest.approx(tuning.evaluate(tuned, alone), rel=1e-4)
        assert tuned(**batch).loss.item() != pytest.approx(tuning.evaluate(tuned, alone), rel=1e-4)  # a cache


def test_a_step_keeps_packed_documents_apart():
    """What stands before a document changes nothing in what it costs, and in what it teaches."""
    losses = []
    for first in (7, 9):
        row = torch.tensor([[*[first] * 8, END, *range(40, 52)]])
        labels = row.masked_fill(torch.arange(21) < 9, -100)
        batch = {"input_ids": row, "labels": labels, "position_ids": tuning.positions(row, END)}
        losses.append(tuning.finetune(model(), [batch] * 3, learning_rate=1e-2, bar=False))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_biases_and_norms_do_not_decay(tmp_path):
    """Which parameters decay, by the library's own rule; those that are frozen stay out."""
    tuned = model()
    decays, stays = tuning.decay_groups(tuned, 0.1)
    settings = TrainingArguments(output_dir=str(tmp_path), report_to="none", use_cpu=True)
    names = {id(parameter): name for name, parameter in tuned.named_parameters()}
    # the tied head is the embedding under another name
    wanted = set(Trainer(tuned, settings).get_decay_parameter_names(tuned)) - {"lm_head.weight"}
    assert sorted(names[id(parameter)] for parameter in decays["params"]) == sorted(wanted)
    assert len(decays["params"]) + len(stays["params"]) == len(names)
    assert (decays["weight_decay"], stays["weight_decay"]) == (0.1, 0.0)
    tuned.transformer.wte.requires_grad_(False)
    assert len(tuning.decay_groups(tuned, 0.1)[0]["params"]) == len(wanted) - 1


def test_the_weights_that_do_best_on_what_is_held_out_are_kept(tmp_path, monkeypatch):
    few = torch.randint(12, (8, 16), generator=torch.Generator().manual_seed(0)).tolist()
    data, unseen = [tuning.pad(few[:2], END)] * 60, [tuning.pad(few[2:], END)]
    settings = {"learning_rate": 1e-2, "every": 12, "bar": False}
    tuned, kept = model(), tuning.HeldOut(unseen)
    losses = tuning.finetune(tuned, data, held_out=kept, **settings)
    assert list(kept.losses) == [0, 12, 24, 36, 48, 60] and 0 < kept.best_step < 60
    assert kept.losses[60] > kept.losses[kept.best_step] + 0.05
    assert tuning.evaluate(tuned, unseen) == pytest.approx(kept.losses[kept.best_step], rel=1e-6)
    assert losses == tuning.finetune(model(), data, **settings)
    for turn in range(2):  # a run that is broken off, and a finished one
        again, same = model(), tuning.HeldOut(unseen)
        if not turn:
            with monkeypatch.context() as patch, pytest.raises(Broken):
                break_off(patch, after=40)
                tuning.finetune(model(), data, held_out=tuning.HeldOut(unseen), folder=tmp_path, **settings)
        assert tuning.finetune(again, data, held_out=same, folder=tmp_path, **settings) == losses
        assert same.losses == kept.losses
        assert all(torch.equal(one, other) for one, other in zip(tuned.parameters(), again.parameters()))


def test_the_rate_suits_the_size():
    assert tuning.rate_for(model()) == tuning.SMALL_RATE > tuning.RATE
    with torch.device("meta"):
        assert tuning.rate_for(GPT2LMHeadModel(GPT2Config())) == tuning.RATE == 5e-5


def test_evaluation_is_the_mean_over_the_labels_that_count():
    tuned, data = model(), batches(2)
    logp = [
        (tuned(batch["input_ids"]).logits[:, :-1].log_softmax(-1), batch["labels"][:, 1:]) for batch in data
    ]
    each = torch.cat([-p[at != -100].gather(-1, at[at != -100][:, None]).flatten() for p, at in logp])
    tuned.train()
    assert tuning.evaluate(tuned, data) == pytest.approx(each.mean().item(), rel=1e-5)
    assert tuned.training


def test_the_loss_falls_and_the_mode_stays():
    tuned = model()
    losses = tuning.finetune(tuned, batches(1) * 30, learning_rate=1e-2, bar=False)
    assert losses[-1] < losses[0] - 1 and not tuned.training


def test_the_losses_are_those_of_trainer(tmp_path):
    ours, theirs, data = model(), model(), batches()
    losses = tuning.finetune(ours, data, learning_rate=3e-3, warmup=2, weight_decay=0.3, bar=False)
    settings = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=1,
        learning_rate=3e-3,
        warmup_steps=2,
        num_train_epochs=1,
        weight_decay=0.3,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        train_sampling_strategy="sequential",
    )
    trainer = Trainer(theirs, settings, train_dataset=data, data_collator=lambda chosen: chosen[0])
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses == pytest.approx(logged, abs=1e-4)
    for one, other in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


class Broken(Exception):
    pass


def break_off(monkeypatch, after: int) -> None:
    """The run dies in the step after `after` ones, without a chance to write."""
    step, done = tuning._step, []

    def dies(*arguments):
        if len(done) == after:
            raise Broken
        done.append(1)
        return step(*arguments)

    monkeypatch.setattr(tuning, "_step", dies)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_resumed_run_is_an_unbroken_one(tmp_path, monkeypatch, dropout):
    data, drop = batches(), {"resid_pdrop": dropout, "embd_pdrop": dropout, "attn_pdrop": dropout}
    whole = model(**drop)
    wanted = tuning.finetune(whole, data, learning_rate=3e-3, bar=False)
    with monkeypatch.context() as patch, pytest.raises(Broken):
        break_off(patch, after=4)
        tuning.finetune(model(**drop), data, learning_rate=3e-3, folder=tmp_path, every=3, bar=False)
    resumed = model(**drop)
    assert tuning.finetune(resumed, data, learning_rate=3e-3, folder=tmp_path, every=3, bar=False) == wanted
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters()))
    again = model(**drop)  # a finished run is not trained further
    assert tuning.finetune(again, data, learning_rate=3e-3, folder=tmp_path, every=3, bar=False) == wanted
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), again.parameters()))


@pytest.fixture
def interrupting(monkeypatch):
    """An interrupt comes in the middle of each step."""
    step = tuning._step

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(tuning, "_step", interrupted)
        yield patch


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_DFL, lambda *_: None])
def test_an_interrupt_ends_the_step_and_keeps_it(tmp_path, interrupting, sigint, handler):
    data = batches()
    sigint(handler)
    with pytest.raises(KeyboardInterrupt):
        tuning.finetune(model(), data, folder=tmp_path, every=100, bar=False)
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(torch.load(tmp_path / tuning.STATE, weights_only=True)["losses"]) == 1
    interrupting.undo()
    assert tuning.finetune(model(), data, folder=tmp_path, bar=False) == tuning.finetune(
        model(), data, bar=False
    )


def test_in_the_background_an_interrupt_is_ignored(interrupting, sigint):
    """There a shell starts a program with SIGINT ignored: Ctrl-C is meant for the one in front."""
    sigint(signal.SIG_IGN)
    assert len(tuning.finetune(model(), batches(), bar=False)) == 6
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_interrupts_that_are_handled_outside_python_stay_so(monkeypatch):
    monkeypatch.setattr(tuning.signal, "getsignal", lambda number: None)
    monkeypatch.setattr(tuning.signal, "signal", None)
    assert len(tuning.finetune(model(), batches(2), bar=False)) == 2


def test_a_run_left_off_goes_on(tmp_path):
    data = batches()
    part = tuning.finetune(model(), data, folder=tmp_path, until=2, bar=False)
    whole = tuning.finetune(model(), data, folder=tmp_path, bar=False)
    assert len(part) == 2 and whole == tuning.finetune(model(), data, bar=False)


def test_the_mode_stays_whatever_happens(monkeypatch):
    tuned = model()
    with monkeypatch.context() as patch, pytest.raises(Broken):
        break_off(patch, after=1)
        tuning.finetune(tuned, batches(), bar=False)
    assert not tuned.training
    tuned.train()
    with pytest.raises(IndexError):
        tuning.evaluate(tuned, [{"input_ids": torch.tensor([[1, 999]]), "labels": torch.tensor([[1, 2]])}])
    assert tuned.training


def test_a_loss_that_is_no_number_spoils_no_weight():
    tuned = model()
    with pytest.raises(CourseError, match="smaller learning rate"):
        tuning.finetune(tuned, batches(), learning_rate=1e30, bar=False)
    assert all(torch.isfinite(weight).all() and weight.grad is None for weight in tuned.parameters())


def test_weights_that_are_no_numbers_are_not_kept(tmp_path, monkeypatch):
    step = tuning._step

    def spoils(trained, *arguments):
        loss = step(trained, *arguments)
        trained.transformer.ln_f.weight.data[0] = float("inf")
        return loss

    monkeypatch.setattr(tuning, "_step", spoils)
    with pytest.raises(CourseError, match="smaller learning rate"):
        tuning.finetune(model(), batches(1), folder=tmp_path, bar=False)
    assert not any(tmp_path.iterdir())


def test_a_run_belongs_to_its_start(tmp_path):
    data, other = batches(), model(n_embd=32)
    tuning.finetune(model(), data, folder=tmp_path, until=1, bar=False, start="one")
    before = other.transformer.ln_f.bias.clone()
    for tuned, start in [(model(), "another"), (other, "one")]:
        with pytest.raises(CourseError, match="another run"):
            tuning.finetune(tuned, data, folder=tmp_path, bar=False, start=start)
    assert torch.equal(other.transformer.ln_f.bias, before)


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(inside, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    break_off(monkeypatch, after=0)
    with pytest.raises(CourseError, match="cannot be written"):
        tuning.finetune(model(), batches(), folder=tmp_path / "file" / inside, bar=False)


def test_a_full_disk_leaves_the_last_state(tmp_path):
    resource = pytest.importorskip(
        "resource", reason="needs another operating system: a limit on the size of files"
    )
    data, limits = batches(), resource.getrlimit(resource.RLIMIT_FSIZE)
    tuning.finetune(model(), data, folder=tmp_path, until=2, bar=False)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (20_000, limits[1])
    )  # less than a state, where a full disk has no room for one
    try:
        with pytest.raises(CourseError, match="cannot be written .*free space"):
            tuning.finetune(model(), data, folder=tmp_path, every=1, bar=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == [tuning.STATE]
    assert tuning.finetune(model(), data, folder=tmp_path, bar=False) == tuning.finetune(
        model(), data, bar=False
    )


def test_it_runs_in_a_thread_as_well():
    losses = []
    thread = threading.Thread(target=lambda: losses.extend(tuning.finetune(model(), batches(2), bar=False)))
    thread.start()
    thread.join(60)
    assert len(losses) == 2


def test_refusals(tmp_path):
    data = batches()
    for call, says in [
        (lambda: tuning.finetune(model(), []), "no batch"),
        (lambda: tuning.finetune(model(n_positions=8), data), "cut the texts"),
        (lambda: tuning.finetune(model(), [tuning.pad([[1, 2]], END, starts=[2])]), "no label counts"),
        (lambda: tuning.evaluate(model(), [tuning.pad([[1, 2]], END, starts=[2])]), "No label counts"),
        (lambda: tuning.finetune(model(), data, learning_rate=1e30, bar=False), "smaller learning rate"),
        *(
            (lambda rate=rate: tuning.finetune(model(), data, learning_rate=rate), "above 0")
            for rate in (0.0, -1.0, 1e39, float("nan"), float("inf"))
        ),
        (lambda: tuning.finetune(model(), data, every=0), "1 or more"),
        (lambda: tuning.shuffled(torch.ones(4, 2), 1, 0), "1 step at least"),
        (lambda: tuning.shuffled(torch.ones(4, 2), -3, 1), "1 row"),
        (lambda: tuning.pack([[1, 2]], END, 8), "more text"),
        (lambda: tuning.pack([[1, 2]], END, 1), "2 tokens"),
        (lambda: tuning.pad([[1], []], END), "at least one"),
    ]:
        with pytest.raises(CourseError, match=says):
            call()
    tuning.finetune(model(), data, folder=tmp_path, bar=False)
    with pytest.raises(CourseError, match="another run"):
        tuning.finetune(model(), data[1:], folder=tmp_path, bar=False)
    (tmp_path / tuning.STATE).write_bytes(b"half a fi")
    with pytest.raises(CourseError, match="cannot be read"):
        tuning.finetune(model(), data, folder=tmp_path, bar=False)


TEXTS = "\n\n".join(
    f"Story {number}: a little fox met a big bear {number * 7} times." for number in range(60)
)


def command(launcher: list[str], folder, texts, checkpoint, processes: int) -> list[float]:
    """Fine-tune as a command in so many processes; return the losses that it kept."""
    arguments = [
        "-m",
        "course_utils.training.finetune",
        "--texts",
        texts,
        "--folder",
        folder,
        "--checkpoint",
        checkpoint,
        "--steps",
        "4",
        "--batch",
        "3",
        "--block",
        "24",
    ]
    done = subprocess.run(
        [sys.executable, *launcher, *map(str, arguments)], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("4 steps") == 1 and f"{processes} process" in done.stdout
    return torch.load(folder / tuning.STATE, weights_only=True)["losses"]


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A checkpoint and a file of texts."""
    folder = tmp_path_factory.mktemp("start")
    build(**NO_DROPOUT).save_pretrained(folder / "model")
    byte_tokenizer().save_pretrained(folder / "model")
    (folder / "texts.txt").write_text(TEXTS, encoding="utf-8")
    return folder / "texts.txt", folder / "model"


@pytest.fixture(scope="module")
def alone(start, tmp_path_factory):
    """The losses of one process."""
    return command([], tmp_path_factory.mktemp("alone"), *start, processes=1)


def test_two_processes_give_the_losses_of_one(start, alone, tmp_path):
    """Three rows a batch: the two processes have unequal shares."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    assert command(launcher, tmp_path, *start, processes=2) == pytest.approx(alone, abs=1e-5)
    assert GPT2LMHeadModel.from_pretrained(tmp_path / "model").config.n_layer == 2


def test_accelerate_launches_it(start, alone, tmp_path):
    """On a CPU it starts one process only: several want MPI there."""
    launcher = [
        "-m",
        "accelerate.commands.launch",
        "--cpu",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
    ]
    assert command(launcher, tmp_path, *start, processes=1) == alone


@pytest.mark.parametrize("texts, says", [("missing.txt", "cannot be read"), ("empty.txt", "more text")])
def test_the_command_refuses_plainly(texts, says, start, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("\n\n", encoding="utf-8")
    status = tuning.main(
        ["--texts", str(tmp_path / texts), "--folder", str(tmp_path), "--checkpoint", str(start[1])]
    )
    assert status == 1 and says in capsys.readouterr().err


def test_the_command_refuses_a_folder_with_another_checkpoint_s_run(start, tmp_path, capsys):
    texts, checkpoint = start
    other = tmp_path / "other"
    build(1, **NO_DROPOUT).save_pretrained(other)
    byte_tokenizer().save_pretrained(other)
    statuses = [
        tuning.main(
            [
                "--texts",
                str(texts),
                "--folder",
                str(tmp_path / "run"),
                "--checkpoint",
                str(one),
                "--steps",
                "1",
            ]
        )
        for one in (checkpoint, other, checkpoint)
    ]
    assert statuses == [0, 1, 0] and "another run" in capsys.readouterr().err


def test_the_command_refuses_a_tokenizer_without_an_end(start, tmp_path, capsys):
    build().save_pretrained(tmp_path)
    endless = byte_tokenizer()
    endless.eos_token = None
    endless.save_pretrained(tmp_path)
    assert (
        tuning.main(
            ["--texts", str(start[0]), "--folder", str(tmp_path / "run"), "--checkpoint", str(tmp_path)]
        )
        == 1
    )
    assert "no end-of-text token" in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_the_command_tells_of_what_it_did_not_see(start, tmp_path, capsys, monkeypatch):
    """A small file gone through many times: it says so, and saves what does best on the documents held out."""
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    (tmp_path / "few.txt").write_text("\n\n".join(TEXTS.split("\n\n")[:4]), encoding="utf-8")
    settings = ["--checkpoint", str(start[1]), "--steps", "30", "--block", "24", "--learning-rate", "1e-2"]
    run = ["--texts", str(tmp_path / "few.txt"), "--folder", str(tmp_path / "run"), *settings]
    assert tuning.main(run) == 0
    said = capsys.readouterr().out
    assert "3 documents to train on, 1 held out" in said and "by heart" in said
    kept = torch.load(tmp_path / "run" / tuning.STATE, weights_only=True)["held out"][0]
    best = min(kept, key=kept.get)
    assert f"{kept[0]:.4f} before, {kept[best]:.4f} after step {best}" in said
    assert f"{kept[30]:.4f} at the end" in said
    unseen = [END, *byte_tokenizer()(tuning.documents_of(tmp_path / "few.txt")[-1]).input_ids, END]
    saved = GPT2LMHeadModel.from_pretrained(tmp_path / "run" / "model")
    assert tuning.evaluate(saved, [tuning.pad([unseen], END)]) == pytest.approx(kept[best], rel=1e-4)


def test_one_document_is_not_held_out(start, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    (tmp_path / "one.txt").write_text(TEXTS.replace("\n\n", "\n"), encoding="utf-8")
    run = [
        "--texts",
        str(tmp_path / "one.txt"),
        "--folder",
        str(tmp_path / "run"),
        "--checkpoint",
        str(start[1]),
    ]
    assert tuning.main([*run, "--steps", "1"]) == 0
    said = capsys.readouterr().out
    assert "One document only" in said and "Held out" not in said


def test_what_is_held_out_is_not_trained_on():
    documents = [f"text {number % 25}" for number in range(60)]
    trained, kept = tuning.split_documents(documents)
    assert kept == ["text 9", "text 19"] and not set(trained) & set(kept) and len(trained) == 55
    assert tuning.split_documents(["one", "two"]) == (["one"], ["two"])
    assert tuning.split_documents(["one"] * 3) == (["one"] * 3, [])
    assert len(tuning.split_documents([str(number) for number in range(2000)])[1]) == tuning.HELD_OUT


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "texts.txt").write_text("One.\n\nTwo.\n", encoding="utf-8-sig")
    assert tuning.documents_of(tmp_path / "texts.txt") == ["One.", "Two."]


def test_a_model_that_could_not_be_saved_is_refused_by_all_processes(start, tmp_path):
    """Before the training, and none of them waits for another. They meet where this process holds the port for them."""
    (tmp_path / "model").touch()
    meeting = dist.TCPStore("127.0.0.1", 0, world_size=2, is_master=True, wait_for_workers=False)
    command = [
        sys.executable,
        "-m",
        "course_utils.training.finetune",
        "--texts",
        start[0],
        "--folder",
        tmp_path,
        "--checkpoint",
        start[1],
        "--block",
        "24",
    ]
    place = os.environ | {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(meeting.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCHELASTIC_RESTART_COUNT": "0",
    }
    runs = [
        subprocess.Popen(
            list(map(str, command)), env=place | {"RANK": rank}, stderr=subprocess.PIPE, text=True
        )
        for rank in "01"
    ]
    for run in runs:
        said = run.communicate(timeout=240)[1]
        assert run.returncode == 1 and "cannot be written" in said and "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("inherited", "status"),
    [
        pytest.param(signal.SIG_DFL, 130, id="in front"),
        pytest.param(signal.SIG_IGN, 3, id="behind", marks=INHERITS),
    ],
)
def test_an_interrupt_while_the_libraries_load_is_quiet(tmp_path, sigint, inherited, status):
    """Or it is ignored, where the program was started with interrupts ignored."""
    sigint(inherited)
    (tmp_path / "torch.py").write_text(
        "import signal, sys\nsignal.raise_signal(signal.SIGINT)\nsys.exit(3)\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "course_utils.training.finetune"],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
