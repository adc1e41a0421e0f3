"""Fine-tune a language model: one loop for a notebook, for a script, and for several processes at once.

    python -m course_utils.training.finetune --texts stories.txt --folder tuned
    torchrun --nproc-per-node 2 -m course_utils.training.finetune --texts stories.txt --folder tuned
    accelerate launch --multi_gpu -m course_utils.training.finetune --texts stories.txt --folder tuned

On CPUs take torchrun: there `accelerate launch` starts one process, or wants MPI. The same command goes on where a
run was broken off. Every tenth document is held out: it is measured as the training goes on, and the weights that do
best on it are the ones that are saved.
"""

import argparse
import hashlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

# Outside the training an interrupt ends it at once: libraries that load would report other errors. A program that
# was started in the background has SIGINT ignored, and goes on.
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import torch
import torch.distributed as dist
from safetensors import SafetensorError
from tqdm.auto import tqdm
from transformers import GPT2LMHeadModel, get_linear_schedule_with_warmup

from ..files import replace_atomically, try_writing
from ..texts import Bilingual, CourseError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STATE = "state.pt"
IGNORE = -100  # a label that costs nothing: cross-entropy leaves it out
SMALL, SMALL_RATE, RATE = 20_000_000, 2e-4, 5e-5  # parameters; learning rates below that size and from it on
HELD_OUT = 50  # documents at most: they are measured again and again
MANY_ROUNDS = 5
Batch = Mapping[str, torch.Tensor]


@dataclass
class HeldOut:
    """Batches that are measured and never trained on, and what came of it."""

    batches: Sequence[Batch]
    losses: dict[int, float] = field(default_factory=dict)  # after so many steps: nats a token
    best: dict[str, torch.Tensor] = field(default_factory=dict)  # the weights where it was lowest

    @property
    def best_step(self) -> int:
        """After how many steps the loss was lowest."""
        return min(self.losses, key=self.losses.__getitem__)


def pack(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    """Return the documents, one after the other and each followed by `end`, cut into blocks: [blocks, block].

    What is left over at the end, less than a block, is dropped. Raise CourseError when not one block is filled.
    """
    if block < 2:
        raise CourseError(
            f"A block needs 2 tokens at least, not {block}.",
            f"一個定長片段至少要有 2 個 token，不能是 {block}。",
        )
    stream = [token for document in documents for token in (*document, end)]
    blocks = len(stream) // block
    if not blocks:
        raise CourseError(
            f"The documents have {len(stream)} tokens, less than one block of {block}: give more text or a smaller block.",
            f"這些文章共有 {len(stream)} 個 token，不到一個定長片段（{block}）：請準備更多文字，或把片段改短。",
        )
    return torch.tensor(stream[: blocks * block]).view(blocks, block)


def pad(
    rows: Sequence[Sequence[int]], end: int, starts: Sequence[int] | None = None
) -> dict[str, torch.Tensor]:
    """Return a batch of rows of token ids, filled with `end` on the right to the longest: three tensors [rows, width].

    `labels` are the ids themselves, and -100 where nothing is to be learned: the padding, the first token of each row,
    which nothing predicts, and what comes before `starts`, a position for each row.
    """
    if not rows or not all(map(len, rows)):
        raise CourseError(
            "A batch needs at least one row, and a row at least one token.",
            "一個批次至少要有一列，一列至少要有一個 token。",
        )
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[end] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    labels = ids.masked_fill(mask == 0, IGNORE)
    for label, start in zip(labels, starts or [1] * len(rows), strict=True):
        label[: max(start, 1)] = IGNORE
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def positions(blocks: torch.Tensor, end: int) -> torch.Tensor:
    """Return each token's position in its own document, for blocks [rows, width] as `pack` makes them.

    An `end` opens the next document, at position 0. With these `position_ids`, no attention mask and `use_cache=False`
    the library lets no document see the one before.
    """
    at = torch.arange(blocks.shape[1]).expand_as(blocks)
    return at - at.where(blocks == end, torch.zeros_like(at)).cummax(dim=1).values


def rate_for(model: GPT2LMHeadModel) -> float:
    """Return a learning rate to begin with: the usual one, and a larger one for a small model, which bears it."""
    return SMALL_RATE if model.num_parameters() < SMALL else RATE


def decay_groups(model: torch.nn.Module, weight_decay: float) -> list[dict]:
    """Return the parameters that are trained in the two groups of AdamW: matrices decay, biases and norms do not."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in trained if parameter.dim() > 1]
    vectors = [parameter for parameter in trained if parameter.dim() < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


@torch.no_grad()
def evaluate(model: GPT2LMHeadModel, batches: Sequence[Batch]) -> float:
    """Return the mean negative log-probability of a token, in nats, over all labels that count; the mode stays as it was."""
    counts = [_targets(batch) for batch in batches]
    with _mode(model, training=False):
        total = sum(
            _loss(model, batch).item() * count for batch, count in zip(batches, counts, strict=True) if count
        )
    if not sum(counts):
        raise CourseError(
            "No label counts: every one of them is -100.", "沒有任何 label 計入損失：全部都是 -100。"
        )
    return total / sum(counts)


def finetune(
    model: GPT2LMHeadModel,
    batches: Sequence[Batch],
    *,
    learning_rate: float = RATE,
    warmup: int = 2,
    weight_decay: float = 0.01,
    held_out: HeldOut | None = None,
    folder: str | os.PathLike[str] | None = None,
    every: int = 10,
    until: int | None = None,
    seed: int = 0,
    bar: bool = True,
    start: str = "",
) -> list[float]:
    """Train the model in place, one step for each batch in their order; return the losses, in nats a token.

    AdamW, a learning rate that rises over `warmup` steps and then falls to zero in a straight line, gradients clipped
    at 1, weights that decay (not biases and norms). With `held_out`, its loss is measured before the first step, every
    `every` steps and at the end, and the model is left with the weights that did best. With a `folder`, the state is kept there every `every` steps, at the end, and when the run is interrupted; called
    again with the same batches, the run goes on from there and gives what an unbroken one would have given. `until`: leave
    off after this many steps, counted from the first, and keep the rest for another time. `start`: what the weights were
    before the first step, such as a checkpoint's fingerprint; a run that began with others is another run.

    Under torchrun or `accelerate launch` each process takes its share of the rows of every batch, and the losses are
    those of the whole batch; only the first process writes.

    Raise CourseError if there is nothing to train on, if a batch is wider than the context, for a learning rate or `every`
    that makes no sense, if the loss or a weight is no longer a number, or if the folder holds another run or cannot be
    written. The model is then in its mode again, and without gradients; what was kept in the folder stays.
    """
    _check(model, batches)
    _check_settings(learning_rate, every)
    rank, world = _processes()
    device = next(model.parameters()).device
    path = None if folder is None else Path(folder) / STATE
    if path:
        _claim(path.parent, device)
    # Without device ids, so that it serves the CPU as well; rank and device were matched by whoever placed the model.
    trained = torch.nn.parallel.DistributedDataParallel(model) if world > 1 else model
    optimizer = torch.optim.AdamW(decay_groups(model, weight_decay), lr=learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, len(batches))
    settings = (learning_rate, warmup, weight_decay, seed, start, every if held_out else 0)
    run = _identity([*batches, *(held_out.batches if held_out else ())], len(batches), settings)
    losses = _resume(path, run, model, optimizer, schedule, held_out)
    if held_out and not losses:
        _measure(held_out, model, 0, device)
    stop = len(batches) if until is None else min(until, len(batches))
    # Counted up to where this run is to stop: a bar that ends early is red in a notebook.
    progress = tqdm(total=max(stop, len(losses)), initial=len(losses), disable=not bar or rank > 0)
    with _mode(model, training=True), _interrupts() as interrupted, progress:
        for step in range(len(losses), stop):
            torch.manual_seed(seed + world * step + rank)  # dropout: the same after a resumption
            losses.append(_step(trained, batches[step], optimizer, device, rank, world))
            schedule.step()
            progress.update()
            progress.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
            last = step + 1 == stop
            due = (step + 1) % every == 0
            if last or interrupted() or due:
                _check_numbers(*model.parameters())
                if held_out and (due or step + 1 == len(batches)):
                    _measure(held_out, model, step + 1, device)
                if path and rank == 0:
                    _keep(path, run, model, optimizer, schedule, losses, held_out)
            if interrupted() and not last:
                raise KeyboardInterrupt
    if held_out and len(losses) == len(batches):
        model.load_state_dict(held_out.best)
    return losses


def _loss(model: torch.nn.Module, batch: Batch, **settings) -> torch.Tensor:
    """The loss of a batch, without a cache: nobody reads it, and with it restarted positions make no mask."""
    return model(**batch, use_cache=False, **settings).loss


def _measure(held_out: HeldOut, model: GPT2LMHeadModel, step: int, device: torch.device) -> None:
    """Measure what is held out, in each process the same, and keep a copy of the weights if they are the best so far."""
    here = [{name: tensor.to(device) for name, tensor in batch.items()} for batch in held_out.batches]
    loss = torch.tensor(evaluate(model, here), device=device, dtype=torch.float64)
    if _processes()[1] > 1:
        dist.broadcast(loss, 0)
    held_out.losses[step] = loss.item()
    if held_out.best_step == step:
        held_out.best = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _check(model: GPT2LMHeadModel, batches: Sequence[Batch]) -> None:
    if not batches:
        raise CourseError("There is no batch to train on.", "沒有批次可以訓練。")
    widest, context = max(batch["input_ids"].shape[1] for batch in batches), model.config.n_positions
    if widest > context:
        raise CourseError(
            f"A batch is {widest} tokens wide, and the model reads {context} at most: cut the texts, or pack them.",
            f"有個批次寬 {widest} 個 token，而模型最多只能讀 {context} 個：請把文字切短，或打包成定長片段。",
        )
    for at, batch in enumerate(batches):
        if not _targets(batch):
            raise CourseError(
                f"In batch {at} no label counts: every one of them is -100.",
                f"第 {at} 個批次沒有任何 label 計入損失：全部都是 -100。",
            )


def _check_settings(learning_rate: float, every: int) -> None:
    if not 0 < learning_rate < 1e37:  # in float32 AdamW has room for a step of ten times the rate
        raise CourseError(
            f"The learning rate must be a number above 0, about 5e-5, not {learning_rate}.",
            f"學習率必須是大於 0 的數字，大約 5e-5，不能是 {learning_rate}。",
        )
    if every < 1:
        raise CourseError(
            f"`every` counts the steps from one writing of the state to the next: 1 or more, not {every}.",
            f"every 是每隔幾步儲存一次狀態：至少要是 1，不能是 {every}。",
        )


def _check_numbers(*tensors: torch.Tensor) -> None:
    if not all(torch.isfinite(tensor).all() for tensor in tensors):
        raise CourseError(
            "The loss or a weight is no longer a number: take a smaller learning rate.",
            "損失或權重已經不是數字了：請把學習率調小。",
        )


def _targets(batch: Batch) -> int:
    """How many labels count: each position predicts the next one, so the first label never does."""
    return int((batch["labels"][:, 1:] != IGNORE).sum())


def _step(
    model: torch.nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
    rank: int,
    world: int,
) -> float:
    """One step on this process's rows; the loss of the whole batch. The weights stay as they were if it is no number."""
    count = _targets(batch)
    rows = {name: tensor[rank::world].to(device) for name, tensor in batch.items()}
    try:
        if len(rows["input_ids"]):
            loss = _loss(model, rows, num_items_in_batch=torch.tensor(count))
        else:  # fewer rows than processes: a row that teaches nothing, so that all of them meet in the exchange
            spare = {name: tensor[:1].to(device) for name, tensor in batch.items()}
            loss = 0.0 * _loss(model, spare)
        (loss * world).backward()  # the exchange of gradients takes their mean; their sum is wanted
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        loss = loss.detach()
        if world > 1:
            dist.all_reduce(loss)
        _check_numbers(loss, norm)
        optimizer.step()
    finally:
        optimizer.zero_grad()
    return loss.item()


def _processes() -> tuple[int, int]:
    """(This process's number, how many there are); several meet here for the first time."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return dist.get_rank(), dist.get_world_size()


def _claim(folder: Path, device: torch.device) -> None:
    """Make the folder; where the first process cannot write into it, all of them raise CourseError, and none waits."""
    rank, world = _processes()
    refusal: list[CourseError | None] = [None]
    if rank == 0:
        try:
            with _writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                try_writing(folder)
        except CourseError as error:
            refusal = [error]
    if world > 1:
        dist.broadcast_object_list(refusal, device=device)
    if refusal[0]:
        raise refusal[0]


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Make a CourseError of what the libraries raise where a disk is full, or a folder none or closed."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        first = (
            error if isinstance(error, OSError) else error.__context__
        )  # torch.save raises another one after it
        why = getattr(first, "strerror", None) or type(error).__name__
        raise CourseError(
            f"{folder} cannot be written ({why}): free space or choose another folder; the last state, if any, is kept.",
            f"無法寫入 {folder}（{why}）：請騰出空間，或換一個資料夾；上次儲存的狀態（如果有）還在。",
        ) from error


def _identity(batches: Sequence[Batch], steps: int, settings: tuple) -> str:
    """What makes two runs the same: the data in its order, the settings, and where it began."""
    digest = hashlib.sha256(repr((steps, *settings)).encode())
    for batch in batches:
        for name in sorted(batch):
            digest.update(name.encode() + batch[name].cpu().numpy().tobytes())
    return digest.hexdigest()


def _keep(
    path: Path,
    run: str,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    losses: list[float],
    held_out: HeldOut | None,
) -> None:
    """Write everything a resumption needs into one file, atomically."""
    state = {
        "run": run,
        "losses": losses,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "held out": (held_out.losses, held_out.best) if held_out else None,
    }
    with _writing(path.parent):
        replace_atomically(path, lambda file: torch.save(state, file))


def _resume(
    path: Path | None,
    run: str,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    held_out: HeldOut | None,
) -> list[float]:
    """Load what a broken run left, if anything; return the losses so far."""
    if path is None or not path.exists():
        return []
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        same = state["run"] == run and _shapes(state["model"]) == _shapes(model.state_dict())
    except Exception as error:
        raise CourseError(
            f"{path} cannot be read: delete it, or choose another folder.",
            f"讀不了 {path}：請刪除它，或換一個資料夾。",
        ) from error
    if not same:
        raise CourseError(
            f"{path.parent} holds another run (other data, checkpoint or settings): choose another folder, or delete {STATE}.",
            f"{path.parent} 裡是另一次訓練（資料、檢查點或設定不同）：請換一個資料夾，或刪除 {STATE}。",
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    if held_out:
        held_out.losses, held_out.best = state["held out"]
    return state["losses"]


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


@contextmanager
def _mode(model: torch.nn.Module, training: bool) -> Iterator[None]:
    """The model in training mode or not; afterwards, whatever happens, in the mode that it had."""
    before = model.training
    model.train(training)
    try:
        yield
    finally:
        model.train(before)


@contextmanager
def _interrupts() -> Iterator:
    """Let the step that is under way end: yields a function that says whether an interrupt has come meanwhile.

    Where interrupts are ignored, as in the background, or handled outside Python, that stays so.
    """
    asked, before = threading.Event(), signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before in (signal.SIG_IGN, None):
        yield asked.is_set
        return
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def main(argv: Sequence[str] | None = None) -> int:
    """Fine-tune on the documents of a file and save the model; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.training.finetune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--texts", type=Path, required=True, help="a UTF-8 file; an empty line ends a document"
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the state and, in the end, the model are kept"
    )
    parser.add_argument("--checkpoint", help='where to start: "bundled" (default), a hub name, a folder')
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8, help="rows in a batch, over all processes")
    parser.add_argument("--block", type=int, default=256, help="tokens in a row")
    parser.add_argument(
        "--learning-rate",
        type=float,
        help=f"default: {RATE:g}, and {SMALL_RATE:g} for a model below {SMALL // 1_000_000} million parameters",
    )
    parser.add_argument(
        "--weight-decay", type=float, default=0.01, help="of matrices; not of biases and norms"
    )
    parser.add_argument("--every", type=int, default=10, help="steps between two measurements")
    args = parser.parse_args(argv)
    try:
        _main(args)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def _main(args: argparse.Namespace) -> None:
    from transformers import AutoTokenizer

    from ..checkpoints import checkpoint, fingerprint

    start, folder = checkpoint(args.checkpoint), args.folder / "model"
    tokenizer = AutoTokenizer.from_pretrained(start)
    end = _end_of_text(tokenizer, start)
    model = GPT2LMHeadModel.from_pretrained(start)
    model.loss_type = "ForCausalLM"
    if torch.cuda.is_available():
        # The library's wrapper of `to` takes the device for the model.
        model.to(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")  # type: ignore[arg-type]
    texts, kept = split_documents(documents_of(args.texts))
    width = min(args.block, model.config.n_positions)
    blocks = pack([tokenizer(text).input_ids for text in texts], end, width)
    batches = shuffled(blocks, args.batch, args.steps, end=end)
    rows = [[end, *tokenizer(text).input_ids, end][: model.config.n_positions] for text in kept]
    held_out = HeldOut([pad([row], end) for row in rows]) if rows else None
    _announce(len(texts), len(kept), args.steps * args.batch / len(blocks))
    _claim(folder, model.device)
    rate = rate_for(model) if args.learning_rate is None else args.learning_rate
    losses = finetune(
        model,
        batches,
        learning_rate=rate,
        weight_decay=args.weight_decay,
        held_out=held_out,
        folder=args.folder,
        every=args.every,
        start=fingerprint(start),
    )
    rank, world = _processes()
    if rank == 0:
        with _writing(folder):
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        print(
            f"{len(losses)} steps in {world} process{'es' * (world > 1)}, loss {losses[0]:.4f} → {losses[-1]:.4f}: {folder}"
        )
        if held_out:
            _report(held_out, len(losses))


def split_documents(documents: list[str]) -> tuple[list[str], list[str]]:
    """(What is trained on, what is held out): every tenth document, or the last of fewer; copies go with it."""
    different = list(dict.fromkeys(documents))
    if len(different) < 2:
        return documents, []
    kept = (different[9::10] or different[-1:])[:HELD_OUT]
    return [document for document in documents if document not in set(kept)], kept


def _announce(trained: int, kept: int, rounds: float) -> None:
    """Say, before the training, what is held out and how often the text is gone through."""
    if int(os.environ.get("RANK", "0")):
        return
    if not kept:
        tell = Bilingual(
            "One document only: nothing can be held out, and nothing will show whether it is learned by heart.",
            "只有一篇文章：沒有資料可以保留下來驗證，也就看不出模型是不是把它背了起來。",
        )
    else:
        tell = Bilingual(
            f"{trained} documents to train on, {kept} held out, {rounds:.1f} rounds through the text.",
            f"{trained} 篇用來訓練，{kept} 篇保留下來驗證，整份文字會讀 {rounds:.1f} 輪。",
        )
    print(tell)
    if rounds > MANY_ROUNDS:
        print(
            Bilingual(
                f"More than {MANY_ROUNDS} rounds mostly teach a text by heart: give more text, or fewer `--steps`.",
                f"超過 {MANY_ROUNDS} 輪，多半只是把文字背起來：請給更多文字，或把 `--steps` 改小。",
            )
        )


def _report(held_out: HeldOut, steps: int) -> None:
    """Say what the training did to the documents that it did not see."""
    first, best, last = held_out.losses[0], held_out.best_step, held_out.losses[steps]
    print(
        Bilingual(
            f"Held out, nats a token: {first:.4f} before, {held_out.losses[best]:.4f} after step {best} (the best, which is "
            f"saved), {last:.4f} at the end.",
            f"保留的文章（每個 token 的 nats）：訓練前 {first:.4f}，第 {best} 步之後 {held_out.losses[best]:.4f}"
            f"（最好的，存下來的是它），結束時 {last:.4f}。",
        )
    )
    if best == 0:
        print(
            Bilingual(
                "No step made it better: the model that is saved is the one you started from.",
                "沒有任何一步讓它變好：存下來的就是原來的模型。",
            )
        )


def _end_of_text(tokenizer: "PreTrainedTokenizerBase", where: str) -> int:
    if tokenizer.eos_token_id is None:
        again = 'AutoTokenizer.from_pretrained(folder, eos_token="[SEP]").save_pretrained(folder)'
        raise CourseError(
            f"The tokenizer of {where} has no end-of-text token to follow each document: choose one of its tokens and save it "
            f"(`{again}`), or take another checkpoint.",
            f"{where} 的 tokenizer 沒有結尾 token（EOS） 可以接在每篇文章後面：請從它的 token 中選一個並儲存（`{again}`），"
            "或換一個檢查點。",
        )
    return tokenizer.eos_token_id


def documents_of(path: Path) -> list[str]:
    """The documents of a UTF-8 file, with or without a byte order mark; an empty line ends one."""
    try:
        return [text.strip() for text in path.read_text(encoding="utf-8-sig").split("\n\n") if text.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path} cannot be read as UTF-8 text ({type(error).__name__}).",
            f"無法以 UTF-8 讀取 {path}（{type(error).__name__}）。",
        ) from error


def shuffled(
    blocks: torch.Tensor, batch: int, steps: int, seed: int = 0, end: int | None = None
) -> list[dict[str, torch.Tensor]]:
    """Return `steps` batches of `batch` rows of the blocks [rows, width], each round through them in a new order.

    With `end`, the token between two documents, the batches hold the `positions` that keep the documents apart.
    Raise CourseError if either number is below 1.
    """
    if min(batch, steps) < 1:
        raise CourseError(
            f"There must be 1 step at least, and 1 row in a batch, not {steps} and {batch}.",
            f"至少要有 1 步，一個批次至少要有 1 列，不能是 {steps} 步和 {batch} 列。",
        )
    generator = torch.Generator().manual_seed(seed)
    rounds = -(-steps * batch // len(blocks))
    order = torch.cat([torch.randperm(len(blocks), generator=generator) for _ in range(rounds)])
    chosen = (blocks[order[at * batch : (at + 1) * batch]] for at in range(steps))
    apart = (lambda rows: {"position_ids": positions(rows, end)}) if end is not None else lambda rows: {}
    return [{"input_ids": rows, "labels": rows.clone()} | apart(rows) for rows in chosen]


if __name__ == "__main__":
    raise SystemExit(main())
