"""Fine-tune a language model: one loop for a notebook, for a script, and for several processes at once.

    python -m course_utils.training.finetune --texts stories.txt --folder tuned
    torchrun --nproc-per-node 2 -m course_utils.training.finetune --texts stories.txt --folder tuned
    accelerate launch --multi_gpu -m course_utils.training.finetune --texts stories.txt --folder tuned

On CPUs take torchrun: there `accelerate launch` starts one process, or wants MPI. The same command goes on where a
run was broken off.
"""

import argparse
import hashlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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

from course_utils.files import replace_atomically, try_writing
from course_utils.language import CourseError

from .batches import IGNORE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STATE = "state.pt"
Batch = Mapping[str, torch.Tensor]


def pack(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    """Return the documents, one after the other and each followed by `end`, cut into blocks: [blocks, block].

    What is left over at the end, less than a block, is dropped. Raise CourseError when not one block is filled.
    """
    if block < 2:
        raise CourseError(
            f"A block needs 2 tokens at least, not {block}.", f"一個區塊至少要有 2 個 token，不能是 {block}。"
        )
    stream = [token for document in documents for token in (*document, end)]
    blocks = len(stream) // block
    if not blocks:
        raise CourseError(
            f"The documents have {len(stream)} tokens, less than one block of {block}: give more text or a smaller block.",
            f"這些文章共有 {len(stream)} 個 token，不到一個區塊（{block}）：請給更多文字，或把區塊改小。",
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


@torch.no_grad()
def evaluate(model: GPT2LMHeadModel, batches: Sequence[Batch]) -> float:
    """Return the mean negative log-probability of a token, in nats, over all labels that count; the mode stays as it was."""
    counts = [_targets(batch) for batch in batches]
    with _mode(model, training=False):
        total = sum(model(**batch).loss.item() * count for batch, count in zip(batches, counts) if count)
    if not sum(counts):
        raise CourseError("No label counts: every one of them is -100.", "沒有任何標籤算數：全部都是 -100。")
    return total / sum(counts)


def finetune(
    model: GPT2LMHeadModel,
    batches: Sequence[Batch],
    *,
    learning_rate: float = 5e-4,
    warmup: int = 2,
    folder: str | os.PathLike[str] | None = None,
    every: int = 10,
    until: int | None = None,
    seed: int = 0,
    bar: bool = True,
    start: str = "",
) -> list[float]:
    """Train the model in place, one step for each batch in their order; return the losses, in nats a token.

    AdamW, a learning rate that rises over `warmup` steps and then falls to zero in a straight line, gradients clipped
    at 1. With a `folder`, the state is kept there every `every` steps, at the end, and when the run is interrupted; called
    again with the same batches, the run goes on from there and gives what an unbroken one would have given. `until`: leave
    off after this many steps, counted from the first, and keep the rest for another time. `start`: what the weights were
    before the first step, such as a checkpoint's digest; a run that began with others is another run.

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
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, len(batches))
    run = _identity(batches, learning_rate, warmup, seed, start)
    losses = _resume(path, run, model, optimizer, schedule)
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
            if last or interrupted() or (step + 1) % every == 0:
                _check_numbers(*model.parameters())
                if path and rank == 0:
                    _keep(path, run, model, optimizer, schedule, losses)
            if interrupted() and not last:
                raise KeyboardInterrupt
    return losses


def _check(model: GPT2LMHeadModel, batches: Sequence[Batch]) -> None:
    if not batches:
        raise CourseError("There is no batch to train on.", "沒有批次可以訓練。")
    widest, context = max(batch["input_ids"].shape[1] for batch in batches), model.config.n_positions
    if widest > context:
        raise CourseError(
            f"A batch is {widest} tokens wide, and the model reads {context} at most: cut the texts, or pack them.",
            f"有個批次寬 {widest} 個 token，而模型最多只能讀 {context} 個：請把文字切短，或打包成區塊。",
        )
    for at, batch in enumerate(batches):
        if not _targets(batch):
            raise CourseError(
                f"In batch {at} no label counts: every one of them is -100.",
                f"第 {at} 個批次沒有任何標籤算數：全部都是 -100。",
            )


def _check_settings(learning_rate: float, every: int) -> None:
    if not 0 < learning_rate < 1e37:  # in float32 AdamW has room for a step of ten times the rate
        raise CourseError(
            f"The learning rate must be a number above 0, about 5e-4, not {learning_rate}.",
            f"學習率必須是大於 0 的數字，大約 5e-4，不能是 {learning_rate}。",
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
            loss = model(**rows, num_items_in_batch=torch.tensor(count)).loss
        else:  # fewer rows than processes: a row that teaches nothing, so that all of them meet in the exchange
            spare = {name: tensor[:1].to(device) for name, tensor in batch.items()}
            loss = 0.0 * model(**spare).loss
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


def _identity(batches: Sequence[Batch], learning_rate: float, warmup: int, seed: int, start: str) -> str:
    """What makes two runs the same: the data in its order, the settings, and where it began."""
    digest = hashlib.sha256(repr((len(batches), learning_rate, warmup, seed, start)).encode())
    for batch in batches:
        for name in ("input_ids", "labels"):
            digest.update(batch[name].cpu().numpy().tobytes())
    return digest.hexdigest()


def _keep(
    path: Path,
    run: str,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    losses: list[float],
) -> None:
    """Write everything a resumption needs into one file, at one stroke."""
    state = {
        "run": run,
        "losses": losses,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
    }
    with _writing(path.parent):
        replace_atomically(path, lambda file: torch.save(state, file))


def _resume(
    path: Path | None,
    run: str,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
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
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--every", type=int, default=10, help="steps between two writings of the state")
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

    from course_utils.checkpoints import checkpoint, digest

    where, folder = checkpoint(args.checkpoint), args.folder / "model"
    tokenizer = AutoTokenizer.from_pretrained(where)
    end = _end_of_text(tokenizer, where)
    model = GPT2LMHeadModel.from_pretrained(where)
    model.loss_type = "ForCausalLM"
    if torch.cuda.is_available():
        model.to(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    documents = [tokenizer(text).input_ids for text in _documents(args.texts)]
    blocks = pack(documents, end, min(args.block, model.config.n_positions))
    batches = shuffled(blocks, args.batch, args.steps)
    _claim(folder, model.device)
    losses = finetune(
        model,
        batches,
        learning_rate=args.learning_rate,
        folder=args.folder,
        every=args.every,
        start=digest(where),
    )
    rank, world = _processes()
    if rank == 0:
        with _writing(folder):
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        print(
            f"{len(losses)} steps in {world} process{'es' * (world > 1)}, loss {losses[0]:.4f} → {losses[-1]:.4f}: {folder}"
        )


def _end_of_text(tokenizer: "PreTrainedTokenizerBase", where: str) -> int:
    if tokenizer.eos_token_id is None:
        again = 'AutoTokenizer.from_pretrained(folder, eos_token="[SEP]").save_pretrained(folder)'
        raise CourseError(
            f"The tokenizer of {where} has no end-of-text token to follow each document: choose one of its tokens and save it "
            f"(`{again}`), or take another checkpoint.",
            f"{where} 的 tokenizer 沒有文末 token 可以接在每篇文章後面：請從它的 token 中選一個並儲存（`{again}`），"
            "或換一個檢查點。",
        )
    return tokenizer.eos_token_id


def _documents(path: Path) -> list[str]:
    """The documents of a UTF-8 file, with or without a byte order mark; an empty line ends one."""
    try:
        return [text.strip() for text in path.read_text(encoding="utf-8-sig").split("\n\n") if text.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{path} cannot be read as UTF-8 text ({type(error).__name__}).",
            f"無法以 UTF-8 讀取 {path}（{type(error).__name__}）。",
        ) from error


def shuffled(blocks: torch.Tensor, batch: int, steps: int, seed: int = 0) -> list[dict[str, torch.Tensor]]:
    """Return `steps` batches of `batch` rows of the blocks [rows, width], each round through them in a new order.

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
    return [{"input_ids": rows, "labels": rows.clone()} for rows in chosen]


if __name__ == "__main__":
    raise SystemExit(main())
