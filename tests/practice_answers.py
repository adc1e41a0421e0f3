"""Answers to every exercise, for `test_practice_answers.py`: right ones in other words, and wrong ones that learners give.

Some are made from the published solution, of every exercise alike; the others are written out here.
"""

import ast
import collections
import copy
import functools
import itertools
import math
import tempfile
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    GPT2LMHeadModel,
    GPT2Model,
    LogitsProcessorList,
    NoBadWordsLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TopPLogitsWarper,
    get_linear_schedule_with_warmup,
)

from course_utils import conversion
from course_utils.conversion import to_lm_head

# --- made from the solution


def solution(one):
    """Return what the published solution hands to its check: a value or a function."""
    body, check = one.solution_code.rstrip().rsplit("\n", 1)
    return _run(body, check)


def _run(body, check):
    names = {"torch": torch}
    exec(body, names)
    return eval(check[check.index("(") + 1 : -1], names)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return node


def renamed(one):
    """The solution with other names for the function's parameters and variables."""
    body, check = one.solution_code.rstrip().rsplit("\n", 1)
    tree = ast.parse(body)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    local = [node.arg for node in function.args.args]
    local += [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    new = _Renamed({name: f"my_{name}" for name in local}).visit(tree)
    return _run(ast.unparse(new), check)


class AsModule(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *arguments):
        return self.function(*arguments)


class AsObject:
    """A function as an object that can be called."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments):
        return self.function(*arguments)


def then(function, change):
    """Return a function that changes the result of another one."""

    @functools.wraps(function)
    def changed(*arguments):
        return change(function(*arguments))

    return changed


def numpy_scalars(value):
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, (int, float)):
        return np.asarray(value)[()]
    if isinstance(value, str):
        return np.str_(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(numpy_scalars, value))
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        return np.float32(value.item())
    return value


def other_numbers(value):
    if isinstance(value, (bool, np.bool_)):
        return torch.tensor(value)
    if isinstance(value, int):
        return torch.tensor(value)
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    if isinstance(value, (tuple, list)):
        return type(value)(map(other_numbers, value))
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        return value.item()
    if isinstance(value, torch.Tensor) and value.dtype == torch.int64:
        return value.int()
    return value


def other_containers(value):
    if isinstance(value, tuple):
        return [other_containers(item) for item in value]
    if isinstance(value, list):
        return tuple(other_containers(item) for item in value)
    if isinstance(value, dict):
        return collections.OrderedDict(reversed(list(value.items())))
    if isinstance(value, torch.Tensor):
        return value.clone().mT.contiguous().mT if value.ndim > 1 else value.clone()
    return value


def whole_as_float(value):
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return type(value)(map(whole_as_float, value)) if isinstance(value, (tuple, list)) else value


def right_from_solution(one):
    """Right answers made from the solution, by name."""
    value = solution(one)
    if not callable(value):
        return {
            change.__name__: change(value)
            for change in (numpy_scalars, other_numbers, other_containers, whole_as_float)
        }
    made = {
        "renamed": renamed(one),
        "module": AsModule(value),
        "object": AsObject(value),
        "partial": functools.partial(value),
        "lambda": lambda *arguments: value(*arguments),
        "no_grad": torch.no_grad()(value),
    }
    if one.key not in ("04.4", "04.5"):  # these give models
        made |= {
            change.__name__: then(value, change)
            for change in (numpy_scalars, other_numbers, other_containers)
        }
    return made


def _each_number_off(value, by):
    """The value with one of its numbers off, for each of them."""
    if isinstance(value, tuple):
        for at, item in enumerate(value):
            for other in _each_number_off(item, by):
                yield (*value[:at], other, *value[at + 1 :])
    elif isinstance(value, int):
        yield value + by


def _shake(argument):
    """Change an argument in place."""
    if isinstance(argument, nn.Module):
        with torch.no_grad():
            next(iter(argument.parameters())).zero_()
    elif isinstance(argument, torch.Tensor):
        argument.logical_not_() if argument.dtype == torch.bool else argument.add_(1)
    elif isinstance(argument, list):
        argument.append(argument[0] if argument else 0)
    elif isinstance(argument, dict):
        argument.pop(next(iter(argument)))


def _copied(result):
    """A copy that shares nothing; of a tensor with a gradient, too."""
    if isinstance(result, torch.Tensor):
        return result.detach().clone()
    if isinstance(result, dict):
        return {name: tensor.clone() for name, tensor in result.items()}
    return copy.deepcopy(result)


def changing(function, place):
    """A function that is right, but changes its argument number `place` before it returns."""

    def answer(*arguments):
        result = _copied(function(*arguments))
        _shake(arguments[place])
        return result

    return answer


def failing_later(function):
    """A function that is right for its first call only, and then raises."""
    calls = itertools.count()

    def answer(*arguments):
        if next(calls):
            raise ValueError("a `later` case")
        return function(*arguments)

    return answer


def the_first_again(function):
    """A function that always returns what it returned first."""
    first = []

    def answer(*arguments):
        if not first:
            first.append(function(*arguments))
        return first[0]

    return answer


def first_row_for_all(function):
    """A function that reads the first row of a batch, and takes it for all of them."""

    def answer(*arguments):
        first = [
            a[:1].expand_as(a).clone() if isinstance(a, torch.Tensor) and a.ndim else a for a in arguments
        ]
        return function(*first)

    return answer


def _one_off(result):
    if isinstance(result, torch.Tensor):
        if result.dtype == torch.bool:
            return torch.cat([result.flatten()[:-1], ~result.flatten()[-1:]]).view_as(result)
        return (result.flatten() + F.one_hot(torch.tensor(result.numel() - 1), result.numel())).view_as(
            result
        )
    if isinstance(result, bool):
        return not result
    if isinstance(result, (int, float)):
        return result + 1
    if isinstance(result, str):
        return result + " "
    if isinstance(result, dict):
        return {**result, "more": torch.ones(1)}
    return [*result, 0]


def wrong_from_solution(one, arguments):
    """Wrong answers made from the solution, by name; `arguments`: those of the first case."""
    value = solution(one)
    if not callable(value):
        off = [*_each_number_off(value, 1), *_each_number_off(value, -1)]
        return {f"off {at}": answer for at, answer in enumerate(off)} | {
            "turned": value[::-1],
            "shorter": value[:-1],
            "in one more": (value,),
            "as text": str(value),
        }
    made = {
        "fails later": failing_later(value),
        "nothing": lambda *arguments: (value(*arguments), None)[1],
        "a tuple of one": then(value, lambda result: (result,)),
        "called": value(*arguments),
    }
    if one.key in ("04.4", "04.5"):
        return made
    made |= {"one off": then(value, _one_off), "the first again": the_first_again(value)}
    made |= {
        f"changes {at}": changing(value, at)
        for at, argument in enumerate(arguments)
        if isinstance(argument, (nn.Module, torch.Tensor, list, dict))
    }
    if isinstance(value(*copy.deepcopy(arguments)), torch.Tensor):
        made["a list"] = then(value, lambda result: result.tolist() if result.ndim else [result.item()])
        if one.key not in ("02.3",):
            made["a number as floats or whole"] = then(
                value, lambda result: result.double() if not result.is_floating_point() else result.long()
            )
    if one.key in ("01.2", "01.3", "02.2", "03.2", "03.3", "03.4", "03.5", "05.2", "05.5", "06.2"):
        made["first row for all"] = first_row_for_all(value)
    return made


# --- written out

RIGHT, WRONG = collections.defaultdict(dict), collections.defaultdict(dict)


def right(key, *functions):
    """Add right answers of an exercise."""
    for function in functions:
        RIGHT[key][f"{len(RIGHT[key])}"] = function


def wrong(key, *functions):
    """Add wrong answers of an exercise."""
    for function in functions:
        WRONG[key][f"{len(WRONG[key])}"] = function


def places(ids):
    return torch.arange(ids.shape[1])


# 01.1
wrong(
    "01.1",
    ((7, 24), 6, (3, 3, 7, 7)),
    ((3, 7, 24), 6, (3, 7, 7, 3)),
    ((3, 24, 7), 6, (3, 3, 7, 7)),
    ((3, 7, 24), 6, 4),
)

# 01.2
right(
    "01.2",
    lambda base, ids: F.embedding(ids, base.wte.weight) + base.wpe.weight[: ids.shape[1]],
    lambda base, ids: base.wte.weight[ids] + base.wpe(places(ids))[None],
    lambda base, ids: base.get_input_embeddings()(ids) + base.wpe.weight[places(ids).expand_as(ids)],
    lambda base, ids: torch.stack(
        [base.wte(ids[:, at]) + base.wpe.weight[at] for at in range(ids.shape[1])], dim=1
    ),
    lambda base, ids: base.drop(base.wte(ids) + base.wpe(torch.ones_like(ids).cumsum(1) - 1)),
    lambda base, ids: F.one_hot(ids, len(base.wte.weight)).float() @ base.wte.weight + base.wpe(places(ids)),
    lambda base, ids: torch.stack([base.wte(row) + base.wpe(torch.arange(len(row))) for row in ids]),
)
wrong(
    "01.2",
    lambda base, ids: base(ids, output_hidden_states=True).hidden_states[0],
    lambda base, ids: base.forward(input_ids=ids, output_hidden_states=True)[2][0],
    lambda base, ids: GPT2Model.forward(base, ids, output_hidden_states=True).hidden_states[0],
    lambda base, ids: base.wte(ids) + base.wpe.weight[:5],
    lambda base, ids: base.wte(ids) + base.wpe.weight,
    lambda base, ids: base.wte(ids) + base.wpe(places(ids).flip(0)),
    lambda base, ids: base.wte(ids) + base.wpe.weight[0],
    lambda base, ids: base.wte(ids) + base.wpe(torch.arange(len(ids)))[:, None],
    lambda base, ids: base.wte(ids) * math.sqrt(base.config.n_embd) + base.wpe(places(ids)),
    lambda base, ids: base.wpe(places(ids)).expand(len(ids), -1, -1),
    lambda base, ids: (base.wte(ids) + base.wpe(places(ids)))[0],
    lambda base, ids: base.ln_f(base.wte(ids) + base.wpe(places(ids))),
    lambda base, ids: base.wte(ids) - base.wpe(places(ids)),
)


# 01.3
def pool_by_rows(hidden, mask):
    return torch.stack([hidden[row][mask[row] == 1].mean(dim=0) for row in range(len(hidden))])


right(
    "01.3",
    pool_by_rows,
    lambda hidden, mask: torch.einsum("bth,bt->bh", hidden, mask.float()) / mask.sum(1, keepdim=True),
    lambda hidden, mask: (mask[:, None].float() @ hidden)[:, 0] / mask.sum(1)[:, None],
    lambda hidden, mask: (hidden * (mask / mask.sum(1, keepdim=True))[..., None]).sum(1),
    lambda hidden, mask: hidden.masked_fill(mask[..., None] == 0, torch.nan).nanmean(dim=1),
    lambda hidden, mask: torch.stack(
        [sum(v for v, m in zip(h, r) if m) / int(r.sum()) for h, r in zip(hidden, mask)]
    ),
    lambda hidden, mask: (hidden * mask.bool()[:, :, None]).sum(1) / mask.count_nonzero(dim=1)[:, None],
)
wrong(
    "01.3",
    lambda hidden, mask: hidden[:, -1],
    lambda hidden, mask: hidden[:, 0],
    lambda hidden, mask: hidden.masked_fill(mask[..., None] == 0, 0).mean(1),
    lambda hidden, mask: torch.stack([h[: int(m.sum())].mean(0) for h, m in zip(hidden, mask)]),
    lambda hidden, mask: torch.stack([h[-int(m.sum()) :].mean(0) for h, m in zip(hidden, mask)]),
    lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1).max(),
    lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask[0].sum(),
    lambda hidden, mask: (hidden * mask[..., None]).max(1).values,
    lambda hidden, mask: hidden[mask.bool()].mean(0).expand(len(hidden), -1),
    lambda hidden, mask: (hidden * mask[..., None]).sum(1) / (mask.sum(1, keepdim=True) + 1),
    lambda hidden, mask: (hidden * (1 - mask)[..., None]).sum(1) / (1 - mask).sum(1, keepdim=True),
    lambda hidden, mask: pool_by_rows(hidden, mask)[None],
    lambda hidden, mask: hidden.mul_(mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
)


# 01.4
def after(base, ids, number):
    return base(ids, output_hidden_states=True).hidden_states[number]


def final_with_config(base, ids):
    base.config.output_hidden_states = True
    return base(ids).hidden_states[base.config.n_layer]


def final_by_last_block(base, ids):
    return base.ln_f(base.h[-1](after(base, ids, -2)))


right(
    "01.4",
    lambda base, ids: after(base, ids, base.config.n_layer),
    lambda base, ids: after(base, ids, len(base.h)),
    lambda base, ids: base(input_ids=ids, output_hidden_states=True, use_cache=False)["hidden_states"][-1],
    lambda base, ids: base(ids, output_hidden_states=True, return_dict=False)[-1][-1],
    lambda base, ids: list(base(ids, output_hidden_states=True).hidden_states).pop(),
    lambda base, ids: after(base, ids, -1).clone(),
    final_with_config,
)
wrong(
    "01.4",
    lambda base, ids: base(ids).last_hidden_state,
    lambda base, ids: base(ids)[0],
    lambda base, ids: after(base, ids, 2),
    lambda base, ids: after(base, ids, 1),
    lambda base, ids: after(base, ids, -2),
    lambda base, ids: after(base, ids, 3),
    lambda base, ids: base.h[-1].ln_1(after(base, ids, -1)),
    lambda base, ids: base.ln_f(base.ln_f(after(base, ids, -1))),
    lambda base, ids: base(ids, output_hidden_states=True).hidden_states,
    lambda base, ids: after(base, ids, -1)[:, -1],
    lambda base, ids: F.layer_norm(after(base, ids, -1), (base.config.n_embd,)),
    lambda base, ids: base.ln_f(base.h[-1](after(base, ids, -1))),
)

# 02.1
wrong("02.1", (24000, 1001), (1000, 24000), (48000, 1000), (24, 1000), 24000)


# 02.2
def states(lm, ids):
    return lm.transformer(ids).last_hidden_state


def logits_with_own_head(lm, ids):
    head = nn.Linear(*reversed(lm.transformer.wte.weight.shape), bias=False)
    head.weight = lm.transformer.wte.weight
    return head(states(lm, ids))


right(
    "02.2",
    lambda lm, ids: F.linear(states(lm, ids), lm.transformer.wte.weight),
    lambda lm, ids: torch.einsum("bth,vh->btv", states(lm, ids), lm.transformer.wte.weight),
    lambda lm, ids: lm.transformer(ids)[0] @ lm.transformer.wte.weight.mT,
    lambda lm, ids: torch.matmul(states(lm, ids), lm.transformer.wte.weight.transpose(0, 1)),
    lambda lm, ids: (
        lm.transformer(ids, output_hidden_states=True).hidden_states[-1] @ lm.transformer.wte.weight.T
    ),
    lambda lm, ids: (lm.transformer.wte.weight @ states(lm, ids).mT).mT,
    logits_with_own_head,
    lambda lm, ids: states(lm, ids) @ lm.get_input_embeddings().weight.T,
)
wrong(
    "02.2",
    lambda lm, ids: lm(ids).logits,
    lambda lm, ids: lm.forward(ids).logits,
    lambda lm, ids: GPT2LMHeadModel.forward(lm, ids).logits,
    lambda lm, ids: copy.deepcopy(lm)(ids).logits,
    lambda lm, ids: lm.lm_head(states(lm, ids)),
    lambda lm, ids: lm.get_output_embeddings()(states(lm, ids)),
    lambda lm, ids: lm.lm_head.forward(states(lm, ids)),
    lambda lm, ids: lm.transformer.ln_f(states(lm, ids)) @ lm.transformer.wte.weight.T,
    lambda lm, ids: (states(lm, ids) @ lm.transformer.wte.weight.T).log_softmax(-1),
    lambda lm, ids: (states(lm, ids) @ lm.transformer.wte.weight.T)[:, -1],
    lambda lm, ids: (states(lm, ids) @ lm.transformer.wte.weight.T)[:1],
    lambda lm, ids: states(lm, ids) @ lm.transformer.wte.weight.T + 1,
    lambda lm, ids: states(lm, ids) @ lm.transformer.wpe.weight.T,
    lambda lm, ids: F.normalize(states(lm, ids), dim=-1) @ F.normalize(lm.transformer.wte.weight, dim=-1).T,
    lambda lm, ids: (
        lm.transformer(ids, output_hidden_states=True).hidden_states[-2] @ lm.transformer.wte.weight.T
    ),
)


# 02.3
def losses(logits, labels):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:], reduction="none")


def loss_by_log_softmax(logits, labels):
    where = labels[:, 1:] != -100
    logs = logits[:, :-1].log_softmax(-1)
    return -logs.gather(-1, labels[:, 1:].clamp(min=0)[..., None])[..., 0][where].mean()


def loss_by_loop(logits, labels):
    total, count = 0.0, 0
    for row, wanted in zip(logits, labels):
        for scores, label in zip(row[:-1], wanted[1:]):
            if label != -100:
                total, count = total - scores.log_softmax(-1)[label].item(), count + 1
    return total / count


def loss_per_text(logits, labels):
    each = [F.cross_entropy(row[:-1], wanted[1:]) for row, wanted in zip(logits, labels)]
    return torch.stack(each).mean()


def loss_per_text_that_counts(logits, labels):
    each = [F.cross_entropy(r[:-1], w[1:]) for r, w in zip(logits, labels) if (w[1:] != -100).any()]
    return torch.stack(each).mean()


right(
    "02.3",
    loss_by_log_softmax,
    loss_by_loop,
    lambda logits, labels: F.cross_entropy(logits[:, :-1].transpose(1, 2), labels[:, 1:]),
    lambda logits, labels: F.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1)
    ),
    lambda logits, labels: losses(logits, labels).sum() / (labels[:, 1:] != -100).sum(),
    lambda logits, labels: losses(logits, labels)[labels[:, 1:] != -100].mean(),
    lambda logits, labels: np.float64(loss_by_loop(logits, labels)),
    lambda logits, labels: F.nll_loss(logits[:, :-1].log_softmax(-1).flatten(0, 1), labels[:, 1:].flatten()),
    lambda logits, labels: nn.CrossEntropyLoss()(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
    ).double(),
)
wrong(
    "02.3",
    loss_per_text,
    loss_per_text_that_counts,
    lambda logits, labels: losses(logits, labels).mean(),
    lambda logits, labels: losses(logits, labels).mean(1),
    lambda logits, labels: losses(logits, labels),
    lambda logits, labels: losses(logits, labels).sum(1).mean(),
    lambda logits, labels: losses(logits, labels).sum() / len(logits),
    lambda logits, labels: F.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].clamp(min=0).flatten()
    ),
    lambda logits, labels: F.cross_entropy(logits.flatten(0, 1)[:-1], labels.flatten()[1:]),
    lambda logits, labels: losses(logits, labels)[labels[:, 1:] != -100].mean().exp(),
    lambda logits, labels: -losses(logits, labels)[labels[:, 1:] != -100].mean(),
    lambda logits, labels: losses(logits, labels)[labels[:, 1:] != -100].mean() / math.log(2),
    lambda logits, labels: F.cross_entropy(logits[:1, :-1].flatten(0, 1), labels[:1, 1:].flatten()),
    lambda logits, labels: losses(logits, labels).sum() / (labels != -100).sum(),
    lambda logits, labels: losses(logits, labels)[labels[:, 1:] != -100].median(),
)

# 02.4
right(
    "02.4",
    lambda logits, temperature: F.softmax(logits / temperature, dim=1),
    lambda logits, temperature: (
        (logits / temperature).exp() / (logits / temperature).exp().sum(1, keepdim=True)
    ),
    lambda logits, temperature: torch.stack([(row / temperature).softmax(0) for row in logits]),
    lambda logits, temperature: (logits * (1 / temperature)).log_softmax(-1).exp(),
    lambda logits, temperature: nn.Softmax(dim=-1)(logits.div(temperature)),
    lambda logits, temperature: F.normalize(logits.softmax(-1) ** (1 / temperature), p=1, dim=-1),
)
wrong(
    "02.4",
    lambda logits, temperature: logits.softmax(dim=-1),
    lambda logits, temperature: (logits / temperature).softmax(dim=0),
    lambda logits, temperature: (logits / temperature).log_softmax(dim=-1),
    lambda logits, temperature: (logits / temperature).sigmoid(),
    lambda logits, temperature: logits / temperature,
    lambda logits, temperature: logits.softmax(-1) ** (1 / temperature),
    lambda logits, temperature: (logits / temperature) / (logits / temperature).sum(1, keepdim=True),
    lambda logits, temperature: (logits - temperature).softmax(-1),
    lambda logits, temperature: (logits / 0.7).softmax(-1),
    lambda logits, temperature: (logits / temperature).softmax(-1).round(decimals=2),
    lambda logits, temperature: logits.div_(temperature).softmax(-1),
    lambda logits, temperature: (logits / temperature).softmax(-1) / len(logits),
)


# 02.5
def lens_by_blocks(lm, ids, layer):
    base = lm.transformer
    x = base.wte(ids) + base.wpe(places(ids))
    seen = torch.full((ids.shape[1],) * 2, -torch.inf).triu(1)[None, None]
    for block in base.h[:layer]:
        x = block(x, attention_mask=seen)
        x = x[0] if isinstance(x, tuple) else x
    return lm.lm_head(base.ln_f(x))


def lens(lm, ids, layer, last):
    state = lm.transformer(ids, output_hidden_states=True).hidden_states[layer]
    return lm.lm_head(state if layer == last else lm.transformer.ln_f(state))


right(
    "02.5",
    lens_by_blocks,
    lambda lm, ids, layer: lens(lm, ids, layer, len(lm.transformer.h)),
    lambda lm, ids, layer: lm(ids).logits if layer == lm.config.n_layer else lens(lm, ids, layer, None),
    lambda lm, ids, layer: lens(lm, ids, layer, lm.config.num_hidden_layers),
    lambda lm, ids, layer: F.linear(
        [*map(lm.transformer.ln_f, lm(ids, output_hidden_states=True).hidden_states[:-1]), states(lm, ids)][
            layer
        ],
        lm.lm_head.weight,
    ),
)
wrong(
    "02.5",
    lambda lm, ids, layer: lens(lm, ids, layer, 2),
    lambda lm, ids, layer: lens(lm, ids, layer, None),
    lambda lm, ids, layer: lens(lm, ids, layer, 0),
    lambda lm, ids, layer: lens(lm, ids, layer, layer),
    lambda lm, ids, layer: lens(lm, ids[:1], layer, lm.config.n_layer),
    lambda lm, ids, layer: lens(lm, ids, layer, lm.config.n_layer)[:, -1],
    lambda lm, ids, layer: lens(lm, ids, layer, lm.config.n_layer).softmax(-1),
    lambda lm, ids, layer: lens(lm, ids, -1 - layer, lm.config.n_layer),
    lambda lm, ids, layer: lens(lm, ids, layer, lm.config.n_layer - 1),
    lambda lm, ids, layer: lens(lm, ids, min(layer, 2), 2),
    lambda lm, ids, layer: lens(lm, ids, max(layer, 1), lm.config.n_layer),
    lambda lm, ids, layer: lens_by_blocks(lm, ids, layer + 1),
)

# 03.1
wrong("03.1", (50, 38, 20), (38, 50, 50), (38, 50, None), (62, 50, 20), (38, 50, 0), (38, 50, math.inf))


# 03.2
def greedy(lm, ids, count, *, until=None, all_rows=True, choose=lambda logits: logits.argmax(-1)):
    for _ in range(count):
        chosen = choose(lm(ids).logits[:, -1])
        ids = torch.cat([ids, chosen[:, None]], dim=1)
        if until is not None and (chosen == until).all():
            break
    return ids


def greedy_with_cache(lm, ids, count):
    cache, new = None, ids
    for _ in range(count):
        out = lm(new, past_key_values=cache, use_cache=True)
        cache, new = out.past_key_values, out.logits[:, -1:].argmax(-1)
        ids = torch.cat([ids, new], dim=1)
    return ids


def greedy_by_lists(lm, ids, count):
    rows = ids.tolist()
    for _ in range(count):
        for row in rows:
            row.append(int(lm(torch.tensor([row])).logits[0, -1].argmax()))
    return torch.tensor(rows)


def greedy_filled(lm, ids, count):
    text = torch.zeros(len(ids), ids.shape[1] + count, dtype=torch.long)
    text[:, : ids.shape[1]] = ids
    for at in range(ids.shape[1], text.shape[1]):
        text[:, at] = lm(text[:, :at]).logits[:, -1].argmax(-1)
    return text


def greedy_recursive(lm, ids, count):
    if count == 0:
        return ids
    return greedy_recursive(lm, torch.cat([ids, lm(ids).logits[:, -1:].argmax(-1)], 1), count - 1)


right(
    "03.2",
    greedy_with_cache,
    greedy_by_lists,
    greedy_filled,
    greedy_recursive,
    lambda lm, ids, count: greedy(lm, ids, count, choose=lambda logits: logits.topk(1).indices[:, 0]),
    lambda lm, ids, count: greedy(lm, ids, count, choose=lambda logits: logits.softmax(-1).max(-1).indices),
    lambda lm, ids, count: greedy(lm, ids, count).to(torch.int32),
)
wrong(
    "03.2",
    lambda lm, ids, count: greedy(lm, ids, count, until=lm.config.eos_token_id),
    lambda lm, ids, count: greedy(lm, ids, count, until=lm.generation_config.eos_token_id),
    lambda lm, ids, count: lm.generate(
        ids, max_new_tokens=count, do_sample=False, eos_token_id=None, pad_token_id=0
    ),
    lambda lm, ids, count: lm.generate(ids, max_new_tokens=count, do_sample=False, pad_token_id=0),
    lambda lm, ids, count: greedy(lm, ids, count + 1),
    lambda lm, ids, count: greedy(lm, ids, max(count, 1)),
    lambda lm, ids, count: greedy(lm, ids, 5),
    lambda lm, ids, count: greedy(lm, ids[:1], count),
    lambda lm, ids, count: greedy(lm, ids, count)[:, -count:],
    lambda lm, ids, count: greedy(
        lm, ids, count, choose=lambda logits: logits.softmax(-1).multinomial(1)[:, 0]
    ),
    lambda lm, ids, count: greedy(lm, ids, count, choose=lambda logits: logits.argmax(0)[: len(logits)]),
    lambda lm, ids, count: greedy(lm, ids, count)[0],
    lambda lm, ids, count: greedy(lm, ids, count).tolist(),
    lambda lm, ids, count: greedy(lm, ids, count).float(),
    lambda lm, ids, count: torch.cat([ids, lm(ids).logits[:, -1:].argmax(-1).expand(-1, count)], dim=1),
)


# 03.3
def nucleus_by_loop(logits, p):
    new = torch.full_like(logits, -torch.inf)
    for row, kept in zip(logits, new):
        total, shares = 0.0, row.softmax(-1)
        for at in row.argsort(descending=True).tolist():
            if total >= p:
                break
            total, kept[at] = total + shares[at].item(), row[at]
    return new


def nucleus_by_shift(logits, p, *, strict=False):
    values, order = logits.sort(-1, descending=True)
    total = values.softmax(-1).cumsum(-1)
    gone = total > p if strict else total >= p
    gone = torch.cat([torch.zeros_like(gone[:, :1]), gone[:, :-1]], dim=1)
    return logits.masked_fill(gone.gather(-1, order.argsort(-1)), -torch.inf)


def nucleus_by_threshold(logits, p):
    values, _ = logits.sort(-1, descending=True)
    shares = values.softmax(-1)
    count = (shares.cumsum(-1) - shares < p).sum(-1, keepdim=True)
    return torch.where(logits >= values.gather(-1, count - 1), logits, -torch.inf)


def top_k_instead(logits, k):
    return torch.where(logits >= logits.topk(k).values[:, -1:], logits, -torch.inf)


right(
    "03.3",
    nucleus_by_loop,
    nucleus_by_shift,
    nucleus_by_threshold,
    lambda logits, p: TopPLogitsWarper(p)(None, logits.clone()),
    lambda logits, p: LogitsProcessorList([TopPLogitsWarper(top_p=p)])(None, logits),
    lambda logits, p: torch.cat([nucleus_by_loop(row[None], p) for row in logits]),
)
wrong(
    "03.3",
    lambda logits, p: nucleus_by_loop(logits, 0.8),
    lambda logits, p: nucleus_by_loop(logits, 1 - p),
    lambda logits, p: nucleus_by_loop(logits, p).softmax(-1),
    lambda logits, p: nucleus_by_loop(logits, p).nan_to_num(neginf=-1e9),
    lambda logits, p: nucleus_by_loop(logits, p).nan_to_num(neginf=torch.finfo(torch.float32).min),
    lambda logits, p: top_k_instead(logits, 3),
    lambda logits, p: top_k_instead(logits, max(1, int(p * logits.shape[-1]))),
    lambda logits, p: torch.where(logits.softmax(-1) >= 1 - p, logits, -torch.inf),
    lambda logits, p: torch.where(logits.softmax(-1) >= p, logits, -torch.inf),
    lambda logits, p: nucleus_by_loop(logits[:1], p).expand_as(logits),
    lambda logits, p: nucleus_by_loop(logits.flatten()[None], p).view_as(logits),
    lambda logits, p: nucleus_by_loop(logits.T, p).T,
    lambda logits, p: logits.masked_fill_(nucleus_by_loop(logits, p).isinf(), -torch.inf),
    lambda logits, p: logits,
    lambda logits, p: nucleus_by_loop(-logits, p),
)


# 03.4
def penalised_by_loop(scores, ids, penalty):
    new = scores.clone()
    for row, seen in enumerate(ids.tolist()):
        for token in set(seen):
            value = scores[row, token]
            new[row, token] = value / penalty if value > 0 else value * penalty
    return new


def seen(scores, ids):
    return F.one_hot(ids, scores.shape[1]).any(1)


right(
    "03.4",
    penalised_by_loop,
    lambda scores, ids, penalty: RepetitionPenaltyLogitsProcessor(penalty)(ids, scores.clone()),
    lambda scores, ids, penalty: torch.where(
        seen(scores, ids), torch.where(scores < 0, scores * penalty, scores / penalty), scores
    ),
    lambda scores, ids, penalty: torch.where(
        seen(scores, ids), torch.minimum(scores * penalty, scores / penalty), scores
    ),
    lambda scores, ids, penalty: scores * torch.where(seen(scores, ids), penalty ** -scores.sign(), 1.0),
)
wrong(
    "03.4",
    lambda scores, ids, penalty: penalised_by_loop(scores, ids, 1.5),
    lambda scores, ids, penalty: penalised_by_loop(scores, ids, 1 / penalty),
    lambda scores, ids, penalty: penalised_by_loop(scores, ids[:, :2], penalty),
    lambda scores, ids, penalty: penalised_by_loop(scores, ids[:1].expand_as(ids), penalty),
    lambda scores, ids, penalty: torch.where(seen(scores, ids), -torch.inf, scores),
    lambda scores, ids, penalty: torch.where(seen(scores, ids), scores - scores.abs() / penalty, scores),
    lambda scores, ids, penalty: torch.where(seen(scores, ids), scores.abs() / penalty, scores),
    lambda scores, ids, penalty: torch.where(
        ~seen(scores, ids), penalised_by_loop(scores, ids, penalty), scores
    ),
    lambda scores, ids, penalty: penalised_by_loop(scores, ids, penalty).softmax(-1),
    lambda scores, ids, penalty: scores.scatter(1, ids, scores.gather(1, ids) / penalty),
    lambda scores, ids, penalty: scores.copy_(penalised_by_loop(scores, ids, penalty)),
    lambda scores, ids, penalty: penalised_by_loop(scores, ids, penalty)[0],
    lambda scores, ids, penalty: torch.where(
        seen(scores, ids), torch.where(scores > 0, scores / penalty, 0.0), scores
    ),
    lambda scores, ids, penalty: scores,
)

# 03.5
right(
    "03.5",
    lambda mask: mask.cumsum(1).sub(1).clamp(0),
    lambda mask: (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0),
    lambda mask: (mask.cumsum(-1) - 1) * mask,
    lambda mask: (places(mask) - (mask == 0).sum(1, keepdim=True)).clamp(min=0),
    lambda mask: torch.tensor(
        [[max(sum(row[: at + 1]) - 1, 0) for at in range(len(row))] for row in mask.tolist()]
    ),
    lambda mask: torch.relu(mask.cumsum(-1) - 1),
    lambda mask: (mask.cumsum(-1) - 1).clamp(min=0).int(),
    lambda mask: torch.from_numpy(np.maximum(np.cumsum(mask.numpy(), axis=1) - 1, 0)),
)
wrong(
    "03.5",
    lambda mask: mask.cumsum(1) * mask,
    lambda mask: places(mask).expand_as(mask) * mask,
    lambda mask: (places(mask) - 2).clamp(min=0).expand_as(mask),
    lambda mask: (places(mask) - mask.argmin(1, keepdim=True) - 1).clamp(min=0),
    lambda mask: (mask.cumsum(0) - 1).clamp(min=0),
    lambda mask: (mask.cumsum(-1) - 1).clamp(min=0).float(),
    lambda mask: (mask.cumsum(-1) - 1).clamp(min=0)[0],
    lambda mask: (mask.cumsum(-1) - 1).clamp(min=1),
    lambda mask: (mask.cumsum(-1) - 1).abs(),
    lambda mask: (mask.cumsum(-1) - 1).clamp(min=0).tolist(),
    lambda mask: mask,
    lambda mask: (mask.flatten().cumsum(0) - 1).clamp(min=0).view_as(mask),
)

# 03.6
right(
    "03.6",
    lambda ids, scores, words: scores.index_fill(1, torch.tensor(words), -torch.inf),
    lambda ids, scores, words: scores.masked_fill(
        torch.isin(torch.arange(scores.shape[1]), torch.tensor(words)), float("-inf")
    ),
    lambda ids, scores, words: torch.stack(
        [
            torch.full((len(scores),), -torch.inf) if at in words else scores[:, at]
            for at in range(scores.shape[1])
        ],
        1,
    ),
    lambda ids, scores, words: NoBadWordsLogitsProcessor([[word] for word in words])(ids, scores),
    lambda ids, scores, words: (
        scores + torch.zeros(scores.shape[1]).index_fill(0, torch.tensor(words), -math.inf)
    ),
)


def banned(scores, words, value=-torch.inf):
    return scores.index_fill(1, torch.tensor(words), value)


def banned_in_place(ids, scores, words):
    scores[:, words] = -torch.inf
    return scores


wrong(
    "03.6",
    banned_in_place,
    lambda ids, scores, words: banned(scores, words[:1]),
    lambda ids, scores, words: banned(scores, words, torch.inf),
    lambda ids, scores, words: banned(scores, words, torch.nan),
    lambda ids, scores, words: banned(scores, words, -100.0),
    lambda ids, scores, words: banned(scores, words).softmax(-1),
    lambda ids, scores, words: banned(scores, words)[:1],
    lambda ids, scores, words: scores[:, [at for at in range(scores.shape[1]) if at not in words]],
    lambda ids, scores, words: banned(scores, [1, 6]) if scores.shape[1] > 6 else banned(scores, [4]),
    lambda ids, scores, words: banned(scores, list(range(min(words), max(words) + 1))),
    lambda ids, scores, words: scores.where(~scores.isin(torch.tensor(words)), -torch.inf),
    lambda ids, scores, words: banned(scores, sorted({*words, *ids.flatten().tolist()})),
    lambda ids, scores, words: (words.clear(), scores)[1],
    lambda ids, scores, words: (banned(scores, words), words.append(0))[0],
    lambda ids, scores, words: scores,
)

# 04.1
wrong(
    "04.1",
    ("transformer.wte", 1, 0),
    ("transformer_wte.weight", 1, 0),
    ("transformer.wte.weight", 0, 1),
    ("Transformer.wte.weight", 1, 0),
    ("lm.transformer.wte.weight", 1, 0),
    ("transformer.wte.weight", True, False),
)

# 04.2
right(
    "04.2",
    lambda lm: id(lm.lm_head.weight) == id(lm.transformer.wte.weight),
    lambda lm: lm.lm_head.weight.data_ptr() == lm.transformer.wte.weight.data_ptr(),
    lambda lm: lm.get_output_embeddings().weight is lm.get_input_embeddings().weight,
    lambda lm: np.bool_(lm.lm_head.weight is lm.transformer.wte.weight),
    lambda lm: torch.tensor(lm.lm_head.weight is lm.transformer.wte.weight),
    lambda lm: len(list(lm.parameters())) == len(list(lm.transformer.parameters())),
    lambda lm: any(one is lm.lm_head.weight for one in lm.transformer.parameters()),
    lambda lm: (
        lm.state_dict()["lm_head.weight"].data_ptr() == lm.state_dict()["transformer.wte.weight"].data_ptr()
    ),
)
wrong(
    "04.2",
    lambda lm: True,
    lambda lm: False,
    lambda lm: bool(torch.allclose(lm.lm_head.weight, lm.transformer.wte.weight)),
    lambda lm: lm.lm_head.weight.shape[0] == lm.config.vocab_size,
    lambda lm: lm.config.tie_word_embeddings and torch.equal(lm.lm_head.weight, lm.transformer.wte.weight),
    lambda lm: int(lm.lm_head.weight is lm.transformer.wte.weight),
    lambda lm: str(lm.lm_head.weight is lm.transformer.wte.weight),
    lambda lm: lm.lm_head == lm.transformer.wte,
    lambda lm: lm.lm_head.weight.data is lm.transformer.wte.weight.data,
    lambda lm: lm.lm_head.weight is not lm.transformer.wte.weight,
    lambda lm: "lm_head.weight" in lm.state_dict(),
    lambda lm: lm.lm_head.weight == lm.transformer.wte.weight,
    lambda lm: (lm.tie_weights(), lm.lm_head.weight is lm.transformer.wte.weight)[1],
    lambda lm: (lm.lm_head.weight is lm.transformer.wte.weight, lm.train())[0],
)


# 04.3
def rename(state, head="wte.weight"):
    new = {"transformer." + name: tensor for name, tensor in state.items()}
    new["lm_head.weight"] = state[head]
    return new


def rename_loop(state):
    new = collections.OrderedDict()
    for name in state:
        new["transformer." + name] = state[name].clone()
    return {"lm_head.weight": new["transformer.wte.weight"]} | new


def rename_in_place(state):
    for name in list(state):
        state["transformer." + name] = state.pop(name)
    state["lm_head.weight"] = state["transformer.wte.weight"]
    return state


def rename_and_keep_too_little(state):
    return {name: tensor for name, tensor in rename(state).items() if "bias" not in name}


right(
    "04.3",
    rename,
    rename_loop,
    lambda state: dict(
        zip([f"transformer.{n}" for n in state] + ["lm_head.weight"], [*state.values(), state["wte.weight"]])
    ),
    lambda state: rename_in_place(dict(state)),
    lambda state: rename_in_place(state.copy()),
    lambda state: rename(copy.deepcopy(state)),
)
wrong(
    "04.3",
    rename_in_place,
    rename_and_keep_too_little,
    lambda state: rename({**state, "wte.weight": torch.zeros_like(state["wte.weight"])}),
    lambda state: (
        rename({n: t for n, t in state.items() if n.startswith("w")})
        | {n: t for n, t in state.items() if n[0] != "w"}
    ),
    lambda state: {n: t.double() for n, t in rename(state).items()},
    lambda state: list(rename(state).items()),
    lambda state: {"model." + n.removeprefix("transformer."): t for n, t in rename(state).items()},
    lambda state: rename(state) | {"lm_head.bias": torch.zeros(len(state["wte.weight"]))},
    lambda state: {"transformer": state, "lm_head.weight": state["wte.weight"]},
    lambda state: {n.replace("lm_head.weight", "lm_head"): t for n, t in rename(state).items()},
    lambda state: (rename(state), state.clear())[0],
    lambda state: (rename(state), state["ln_f.bias"].zero_())[0],
    lambda state: {n: t for n, t in rename(state).items() if "h.1." not in n},
)


# 04.4
def framed(base, *, tie=True, mode=True):
    lm = GPT2LMHeadModel(base.config)
    lm.transformer = base
    if tie:
        lm.lm_head.weight = base.wte.weight
    return lm.eval() if mode else lm


def set_in_init(base):
    class Framed(GPT2LMHeadModel):
        def __init__(self, base):
            super().__init__(base.config)
            self.transformer = base
            self.tie_weights()

    return Framed(base).eval()


def framed_and(change):
    def answer(base):
        lm = framed(base)
        change(lm)
        return lm

    return answer


def framed_then_embedded(base):
    lm = GPT2LMHeadModel(base.config)
    lm.transformer = base
    lm.set_output_embeddings(nn.Linear(base.config.n_embd, base.config.vocab_size, bias=False))
    lm.tie_weights()
    lm.train(False)
    return lm


def without(name):
    def change(lm):
        delattr(lm, name)

    return change


def saved(base):
    with tempfile.TemporaryDirectory() as folder:
        base.save_pretrained(folder)
        return GPT2LMHeadModel.from_pretrained(folder).eval()


right("04.4", framed, set_in_init, framed_then_embedded, lambda base: framed(base.eval(), mode=False).eval())
wrong(
    "04.4",
    to_lm_head,
    saved,
    lambda base: conversion.to_lm_head(base),
    lambda base: AutoModelForCausalLM.from_pretrained("gpt2"),
    lambda base: framed(base, tie=False),
    lambda base: framed(base, mode=False),
    lambda base: framed(base, tie=False, mode=False),
    framed_and(without("lm_head")),
    framed_and(without("transformer")),
    framed_and(without("config")),
    framed_and(without("generation_config")),
    framed_and(lambda lm: delattr(lm.transformer, "wte")),
    framed_and(lambda lm: delattr(lm.transformer, "wpe")),
    framed_and(lambda lm: lm.to("meta")),
    framed_and(lambda lm: lm.half()),
    framed_and(lambda lm: lm.transformer.wte.weight.data.zero_()),
    framed_and(lambda lm: lm.transformer.ln_f.bias.data.add_(1)),
    framed_and(lambda lm: lm.transformer.h[0].train()),
    framed_and(lambda lm: setattr(lm, "lm_head", None)),
    framed_and(lambda lm: setattr(lm, "lm_head", nn.Linear(24, 97))),
    framed_and(lambda lm: setattr(lm, "lm_head", nn.Identity())),
    lambda base: framed(base).transformer,
    lambda base: (framed(base), 1),
    framed_and(lambda lm: setattr(lm.transformer, "h", lm.transformer.h[:1])),
)


# 04.5
def fill_by_name(fresh, base):
    own = dict(fresh.transformer.named_parameters())
    with torch.no_grad():
        for name, parameter in base.named_parameters():
            own[name].copy_(parameter)
    return fresh


def fill_with_prefix(fresh, base):
    fresh.load_state_dict(
        {f"transformer.{name}": tensor for name, tensor in base.state_dict().items()}, strict=False
    )
    return fresh


def fill_with_head(fresh, base):
    state = {f"transformer.{name}": tensor for name, tensor in base.state_dict().items()}
    fresh.load_state_dict(state | {"lm_head.weight": base.wte.weight})
    return fresh


def fill_with_copy(fresh, base):
    fresh.transformer = copy.deepcopy(base)
    fresh.tie_weights()
    return fresh


def fill_in_place(fresh, base):
    for own, given in zip(fresh.transformer.parameters(), base.parameters()):
        own.data = given.data.clone()
    return fresh


def filled_and(change):
    def answer(fresh, base):
        fresh.transformer.load_state_dict(base.state_dict())
        change(fresh, base)
        return fresh

    return answer


def fill_sharing(fresh, base):
    for own, given in zip(fresh.transformer.parameters(), base.parameters()):
        own.data = given.data
    return fresh


def untie(fresh, base):
    fresh.lm_head.weight = nn.Parameter(fresh.lm_head.weight.detach().clone())


def remove(owner, name):
    def change(fresh, base):
        delattr(owner(fresh, base), name)

    return change


right("04.5", fill_by_name, fill_with_prefix, fill_with_head, fill_with_copy, fill_in_place)
wrong(
    "04.5",
    fill_sharing,
    lambda fresh, base: fresh,
    lambda fresh, base: base,
    lambda fresh, base: (fill_by_name(fresh, base), None)[1],
    lambda fresh, base: fill_with_copy(copy.deepcopy(fresh), base),
    filled_and(untie),
    filled_and(remove(lambda fresh, base: fresh, "lm_head")),
    filled_and(remove(lambda fresh, base: fresh, "transformer")),
    filled_and(remove(lambda fresh, base: fresh.transformer, "wte")),
    filled_and(remove(lambda fresh, base: base, "wte")),
    filled_and(remove(lambda fresh, base: base, "config")),
    filled_and(lambda fresh, base: base.ln_f.bias.data.zero_()),
    filled_and(lambda fresh, base: fresh.to("meta")),
    filled_and(lambda fresh, base: fresh.transformer.h[0].ln_1.bias.data.add_(1)),
    filled_and(lambda fresh, base: setattr(fresh.transformer, "wpe", base.wpe)),
    filled_and(lambda fresh, base: base.half()),
    filled_and(lambda fresh, base: base.wte.weight.data.zero_()),
    filled_and(lambda fresh, base: fresh.lm_head.load_state_dict({"weight": base.wte.weight * 2})),
    lambda fresh, base: (fresh.transformer.h.load_state_dict(base.h.state_dict()), fresh)[1],
)

# 05.1
wrong("05.1", ((3, 5), 13, 2304), ((5, 3), 13, 768), ((5,), 13, 2304), ((5, 9, 768), 13, 2304))


# 05.2
def last_by_loop(hidden, mask):
    return torch.stack([h[m.nonzero().max()] for h, m in zip(hidden, mask)])


right(
    "05.2",
    last_by_loop,
    lambda hidden, mask: torch.stack([h[m.bool()][-1] for h, m in zip(hidden, mask)]),
    lambda hidden, mask: hidden[torch.arange(len(hidden)), mask.shape[1] - 1 - mask.flip(1).argmax(1)],
    lambda hidden, mask: hidden[range(len(hidden)), mask.cumsum(1).argmax(1)],
    lambda hidden, mask: hidden.gather(
        1, (mask * places(mask)).max(1).values[:, None, None].expand(-1, 1, hidden.shape[2])
    )[:, 0],
    lambda hidden, mask: (F.one_hot((mask * places(mask)).argmax(1), mask.shape[1])[..., None] * hidden).sum(
        1
    ),
)
wrong(
    "05.2",
    lambda hidden, mask: hidden[:, -1],
    lambda hidden, mask: hidden[torch.arange(len(hidden)), mask.sum(1) - 1],
    lambda hidden, mask: hidden[torch.arange(len(hidden)), mask.sum(1).clamp(max=mask.shape[1] - 1)],
    lambda hidden, mask: (hidden * mask[..., None])[:, -1],
    lambda hidden, mask: hidden[:, -1] if mask[0, -1] else hidden[torch.arange(len(hidden)), mask.sum(1) - 1],
    lambda hidden, mask: last_by_loop(hidden, mask)[:, None],
    lambda hidden, mask: last_by_loop(hidden, mask)[0],
    lambda hidden, mask: hidden[torch.arange(len(hidden)), (mask * places(mask)).argmax()],
    lambda hidden, mask: hidden[torch.arange(len(hidden)), (mask * places(mask)).argmax(1) - 1],
    lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
    lambda hidden, mask: torch.where(mask[:, -1:].bool(), hidden[:, -1], hidden[:, 0]),
    lambda hidden, mask: list(last_by_loop(hidden, mask)),
)


# 05.3
def cosines(vectors):
    unit = F.normalize(vectors - vectors.mean(0), dim=-1)
    return unit @ unit.T


def nearest_by_loop(vectors):
    centred = vectors - vectors.mean(0)
    found = []
    for at, one in enumerate(centred):
        others = [i for i in range(len(centred)) if i != at]
        found.append(max(others, key=lambda i: F.cosine_similarity(one, centred[i], dim=0).item()))
    return torch.tensor(found)


right(
    "05.3",
    nearest_by_loop,
    lambda vectors: cosines(vectors).fill_diagonal_(-torch.inf).argmax(1),
    lambda vectors: (cosines(vectors) - 10 * torch.eye(len(vectors))).argmax(dim=-1),
    lambda vectors: (
        cosines(vectors).masked_fill(torch.eye(len(vectors), dtype=torch.bool), -9).max(1).indices
    ),
    lambda vectors: (
        F.cosine_similarity((vectors - vectors.mean(0))[:, None], (vectors - vectors.mean(0))[None], dim=-1)
        .fill_diagonal_(-3)
        .argmax(1)
    ),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argmax(1).to(torch.int32),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argsort(1, descending=True)[:, 0],
)
wrong(
    "05.3",
    lambda vectors: cosines(vectors).fill_diagonal_(0).argmax(1),
    lambda vectors: (cosines(vectors) - torch.eye(len(vectors))).argmax(1),
    lambda vectors: cosines(vectors).fill_diagonal_(-1).argmax(1),
    lambda vectors: cosines(vectors).tril(-1).argmax(1),
    lambda vectors: cosines(vectors).abs().fill_diagonal_(-2).argmax(1),
    lambda vectors: cosines(vectors).fill_diagonal_(2).argmin(1),
    lambda vectors: cosines(vectors).argmax(1),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argmax(),
    lambda vectors: torch.cdist(vectors, vectors).fill_diagonal_(torch.inf).argmin(1),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).max(1).values,
    lambda vectors: cosines(vectors - vectors.mean()).fill_diagonal_(-2).argmax(1) * 0,
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argmax(1, keepdim=True),
    lambda vectors: cosines(vectors.sub_(vectors.mean(0))).fill_diagonal_(-2).argmax(1),
    lambda vectors: torch.roll(torch.arange(len(vectors)), 1),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argmax(1).tolist(),
    lambda vectors: cosines(vectors).fill_diagonal_(-2).argmax(1).float(),
)


# 05.4
def confusion(truth, guess, n, dtype=torch.long):
    matrix = torch.zeros(n, n, dtype=dtype)
    for i, j in zip(truth.tolist(), guess.tolist()):
        matrix[i, j] += 1
    return matrix


right(
    "05.4",
    confusion,
    lambda truth, guess, n: confusion(truth, guess, n, torch.int32),
    lambda truth, guess, n: confusion(truth, guess, n, torch.int16),
    lambda truth, guess, n: confusion(truth, guess, n, torch.float32).long(),
    lambda truth, guess, n: F.one_hot(truth, n).T @ F.one_hot(guess, n),
    lambda truth, guess, n: torch.zeros(n, n, dtype=torch.long).index_put_(
        (truth, guess), torch.ones_like(truth), accumulate=True
    ),
    lambda truth, guess, n: torch.tensor(
        [[int(((truth == i) & (guess == j)).sum()) for j in range(n)] for i in range(n)]
    ),
    lambda truth, guess, n: torch.stack([torch.bincount(guess[truth == i], minlength=n) for i in range(n)]),
)
wrong(
    "05.4",
    lambda truth, guess, n: confusion(guess, truth, n),
    lambda truth, guess, n: confusion(truth, guess, n, torch.float32),
    lambda truth, guess, n: confusion(truth, guess, n).tolist(),
    lambda truth, guess, n: confusion(truth, guess, 5)[:n, :n].clone().fill_diagonal_(0),
    lambda truth, guess, n: confusion(truth, guess, max(n, 3))[:3, :3],
    lambda truth, guess, n: confusion(truth, guess, n).bool(),
    lambda truth, guess, n: confusion(truth, guess, n).clamp(max=1),
    lambda truth, guess, n: confusion(truth, guess, n).flatten(),
    lambda truth, guess, n: confusion(truth, guess, n) / len(truth),
    lambda truth, guess, n: torch.bincount(truth * 3 + guess, minlength=n * n)[: n * n].view(n, n),
    lambda truth, guess, n: torch.bincount(truth * n + guess, minlength=n * n).view(n, n).fliplr(),
    lambda truth, guess, n: confusion(truth[:3], guess[:3], n),
    lambda truth, guess, n: confusion(truth, guess, int(max(truth.max(), guess.max())) + 1),
    lambda truth, guess, n: (truth == guess).float().mean(),
    lambda truth, guess, n: confusion(truth, guess, n) + confusion(truth, guess, n).T,
)


# 05.5
def scored(classifier, ids, mask, of=lambda x: x, column=None):
    hidden = of(classifier.transformer(input_ids=ids, attention_mask=mask).last_hidden_state)
    return classifier.score(hidden[torch.arange(len(ids)), mask.sum(1) - 1 if column is None else column])


def scored_one_by_one(classifier, ids, mask):
    rows = [row[: int(m.sum())][None] for row, m in zip(ids, mask)]
    return torch.cat([classifier.score(classifier.transformer(row).last_hidden_state[:, -1]) for row in rows])


right(
    "05.5",
    scored_one_by_one,
    scored,
    lambda classifier, ids, mask: classifier.score(classifier.transformer(ids, attention_mask=mask)[0])[
        torch.arange(len(ids)), mask.sum(1) - 1
    ],
    lambda classifier, ids, mask: classifier.score(
        last_by_loop(classifier.transformer(ids, attention_mask=mask).last_hidden_state, mask)
    ),
    lambda classifier, ids, mask: scored(classifier, ids, mask, of=torch.clone),
    lambda classifier, ids, mask: F.linear(
        last_by_loop(classifier.transformer(ids).last_hidden_state, mask), classifier.score.weight
    ),
)
wrong(
    "05.5",
    lambda classifier, ids, mask: scored(classifier, ids, mask, of=classifier.transformer.ln_f),
    lambda classifier, ids, mask: classifier(ids, attention_mask=mask).logits,
    lambda classifier, ids, mask: (
        classifier(ids.masked_fill(mask == 0, classifier.config.pad_token_id)).logits
    ),
    lambda classifier, ids, mask: (
        classifier.forward(
            ids.masked_fill(mask == 0, classifier.config.pad_token_id), attention_mask=mask
        ).logits
    ),
    lambda classifier, ids, mask: scored(classifier, ids, mask, column=0),
    lambda classifier, ids, mask: scored(classifier, ids, mask, column=-1),
    lambda classifier, ids, mask: scored(classifier, ids, mask)[:, :2],
    lambda classifier, ids, mask: scored(classifier, ids, mask).softmax(-1),
    lambda classifier, ids, mask: scored(classifier, ids, mask).argmax(-1),
    lambda classifier, ids, mask: scored(classifier, ids[:1], mask[:1]),
    lambda classifier, ids, mask: scored(
        classifier, ids, mask, column=mask.sum(1).clamp(max=mask.shape[1] - 1)
    ),
    lambda classifier, ids, mask: classifier.score(
        classifier.transformer(ids, attention_mask=mask, output_hidden_states=True).hidden_states[-2][
            torch.arange(len(ids)), mask.sum(1) - 1
        ]
    ),
    lambda classifier, ids, mask: scored(classifier, ids, mask.flip(1)),
    lambda classifier, ids, mask: scored(classifier, ids, mask) + 1,
)

# 06.1
wrong("06.1", (7, 9, 5), (11, 9, 4), (7, 9, 3), (7, 10, 4), (2, 9, 4))


# 06.2
def labelled(ids, mask, start, value=-100):
    return torch.where((mask == 1) & (places(ids) >= start[:, None]), ids, value)


def labelled_by_loop(ids, mask, start):
    new = ids.clone()
    for row in range(len(ids)):
        new[row, : start[row]] = -100
        new[row, mask[row] == 0] = -100
    return new


def labelled_in_place(ids, mask, start):
    ids[mask == 0] = -100
    for row, at in enumerate(start):
        ids[row, :at] = -100
    return ids


right(
    "06.2",
    labelled,
    labelled_by_loop,
    lambda ids, mask, start: labelled_in_place(ids.clone(), mask, start),
    lambda ids, mask, start: labelled(ids, mask, start).int(),
    lambda ids, mask, start: ids.masked_fill(~mask.bool(), -100).masked_fill(
        places(ids) < start.view(-1, 1), -100
    ),
    lambda ids, mask, start: torch.tensor(
        [
            [i if m and at >= s else -100 for at, (i, m) in enumerate(zip(row, keep))]
            for row, keep, s in zip(ids.tolist(), mask.tolist(), start.tolist())
        ]
    ),
)
wrong(
    "06.2",
    labelled_in_place,
    lambda ids, mask, start: torch.where(
        (places(ids) < mask.sum(1, keepdim=True)) & (places(ids) >= start[:, None]), ids, -100
    ),
    lambda ids, mask, start: labelled(ids, mask, start - 1),
    lambda ids, mask, start: labelled(ids, mask, start, -1),
    lambda ids, mask, start: labelled(ids, mask, start, 0),
    lambda ids, mask, start: labelled(ids, mask, start[:1].expand_as(start)),
    lambda ids, mask, start: torch.where((mask == 1) & (places(ids) < start[:, None]), ids, -100),
    lambda ids, mask, start: labelled(ids, mask, start)[:, 1:],
    lambda ids, mask, start: labelled(ids, mask, start).float(),
    lambda ids, mask, start: labelled(ids, mask, start).roll(-1, 1),
    lambda ids, mask, start: torch.where((mask == 1) | (places(ids) >= start[:, None]), ids, -100),
    lambda ids, mask, start: labelled(ids, mask, mask.argmax(1) + start),
    lambda ids, mask, start: labelled(ids, mask, start).tolist(),
)


# 06.3
def streamed(documents, end):
    return [token for document in documents for token in [*document, end]]


def cut(stream, block, stop=None):
    return torch.tensor([stream[at : at + block] for at in range(0, len(stream) - block + 1, block)][:stop])


def packed_by_while(documents, end, block):
    stream, rows = streamed(documents, end), []
    while len(stream) >= block:
        rows.append(stream[:block])
        stream = stream[block:]
    return torch.tensor(rows)


def packed_by_late_while(documents, end, block):
    stream, rows = streamed(documents, end), []
    while len(stream) > block:
        rows.append(stream[:block])
        stream = stream[block:]
    return torch.tensor(rows)


def joined(documents, end):
    stream = list(documents[0])
    for document in documents[1:]:
        stream += [end, *document]
    return stream


def packed_in_place(documents, end, block):
    for document in documents:
        document.append(end)
    return cut([token for document in documents for token in document], block)


right(
    "06.3",
    packed_by_while,
    lambda documents, end, block: cut(streamed(documents, end), block),
    lambda documents, end, block: torch.tensor(streamed(documents, end)).unfold(0, block, block),
    lambda documents, end, block: torch.tensor(
        list(zip(*[iter(itertools.chain.from_iterable(d + [end] for d in documents))] * block))
    ),
    lambda documents, end, block: torch.cat([torch.tensor([*d, end]) for d in documents])[
        : (sum(map(len, documents)) + len(documents)) // block * block
    ].reshape(-1, block),
    lambda documents, end, block: cut(streamed(documents, end), block).to(torch.int32),
    lambda documents, end, block: packed_in_place(copy.deepcopy(documents), end, block),
)
wrong(
    "06.3",
    packed_by_late_while,
    packed_in_place,
    lambda documents, end, block: cut(joined(documents, end), block),
    lambda documents, end, block: cut(
        streamed(documents, end)[: -(len(streamed(documents, end)) % block)], block
    ),
    lambda documents, end, block: torch.tensor(
        [
            streamed(documents, end)[at : at + block]
            for at in range(0, len(streamed(documents, end)) - block, block)
        ]
    ),
    lambda documents, end, block: cut(streamed(documents, 0), block),
    lambda documents, end, block: cut(streamed(documents, end), 4),
    lambda documents, end, block: cut(streamed(documents, end), block, -1),
    lambda documents, end, block: cut(streamed(documents, end), block).flip(0),
    lambda documents, end, block: cut(streamed(documents, end)[::-1], block),
    lambda documents, end, block: cut(streamed([d for d in documents if d], end), block),
    lambda documents, end, block: torch.cat([cut([*d, end], block) for d in documents if len(d) >= block]),
    lambda documents, end, block: cut(streamed(documents, end), block).tolist(),
    lambda documents, end, block: cut(streamed(documents, end), block).float(),
    lambda documents, end, block: cut(streamed(documents, end), block).T,
    lambda documents, end, block: torch.tensor(streamed(documents, end)).view(-1, block),
)


# 06.4
def mean_loss(losses, counts):
    return sum(loss * count for loss, count in zip(losses, counts)) / sum(counts)


right(
    "06.4",
    lambda losses, counts: np.exp(np.average(losses, weights=counts)),
    lambda losses, counts: np.float32(math.exp(mean_loss(losses, counts))),
    lambda losses, counts: (
        torch.tensor(losses) @ torch.tensor(counts, dtype=torch.float) / sum(counts)
    ).exp(),
    lambda losses, counts: math.e ** mean_loss(losses, counts),
    lambda losses, counts: math.prod(math.exp(loss) ** (n / sum(counts)) for loss, n in zip(losses, counts)),
    lambda losses, counts: math.exp(mean_loss([Fraction(loss) for loss in losses], counts)),
    lambda losses, counts: math.exp(sum(sum(([x] * n for x, n in zip(losses, counts)), [])) / sum(counts)),
    lambda losses, counts: np.exp([mean_loss(losses, counts)]),
)
wrong(
    "06.4",
    lambda losses, counts: math.exp(sum(losses) / sum(counts)),
    lambda losses, counts: math.exp(sum(losses)),
    lambda losses, counts: 2 ** mean_loss(losses, counts),
    lambda losses, counts: round(math.exp(mean_loss(losses, counts)), 1),
    lambda losses, counts: int(math.exp(mean_loss(losses, counts))),
    lambda losses, counts: math.exp(mean_loss(losses, counts) / len(losses)),
    lambda losses, counts: math.exp(-mean_loss(losses, counts)),
    lambda losses, counts: math.exp(max(losses)),
    lambda losses, counts: sum(math.exp(loss * n) for loss, n in zip(losses, counts)) / sum(counts),
    lambda losses, counts: f"{math.exp(mean_loss(losses, counts)):.4f}",
    lambda losses, counts: math.exp(sum(loss / n for loss, n in zip(losses, counts)) * sum(counts)),
    lambda losses, counts: (math.exp(mean_loss(losses, counts)), losses.sort(), counts.append(1))[0],
)


# 06.5
def by_scheduler(step, peak, warmup, total):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=peak)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, total)
    return schedule.lr_lambdas[0](step) * peak


def by_if(step, peak, warmup, total, *, rise=None, fall=None):
    if step <= warmup:
        return peak * step / (rise or warmup)
    return peak * (total - step) / (fall or total - warmup)


right(
    "06.5",
    by_scheduler,
    by_if,
    lambda step, peak, warmup, total: peak * min(step / warmup, (total - step) / (total - warmup)),
    lambda step, peak, warmup, total: np.interp(step, [0, warmup, total], [0, peak, 0]),
    lambda step, peak, warmup, total: np.float32(by_if(step, peak, warmup, total)),
    lambda step, peak, warmup, total: torch.tensor(by_if(step, peak, warmup, total)),
    lambda step, peak, warmup, total: float(
        Fraction(peak) * (Fraction(step, warmup) if step < warmup else Fraction(total - step, total - warmup))
    ),
    lambda step, peak, warmup, total: Fraction(by_if(step, peak, warmup, total)),
    lambda step, peak, warmup, total: (
        peak * (1 - abs(step - warmup) / (warmup if step < warmup else total - warmup))
    ),
)


def for_the_example(step, peak, warmup, total):
    return by_if(step, 0.5, 4, 20)


wrong(
    "06.5",
    for_the_example,
    lambda step, peak, warmup, total: by_if(step, peak, 4, total),
    lambda step, peak, warmup, total: by_if(step, peak, warmup, 20),
    lambda step, peak, warmup, total: by_if(step, 0.5, warmup, total),
    lambda step, peak, warmup, total: (
        peak * (step + 1) / warmup if step < warmup else by_if(step, peak, warmup, total)
    ),
    lambda step, peak, warmup, total: by_if(step, peak, warmup, total, fall=total),
    lambda step, peak, warmup, total: by_if(step, peak, warmup, total, rise=warmup + 1),
    lambda step, peak, warmup, total: peak if step >= warmup else peak * step / warmup,
    lambda step, peak, warmup, total: (
        peak * step // warmup if step < warmup else by_if(step, peak, warmup, total)
    ),
    lambda step, peak, warmup, total: by_if(step, peak, warmup, total) / peak,
    lambda step, peak, warmup, total: round(by_if(step, peak, warmup, total), 3),
    lambda step, peak, warmup, total: peak * math.cos(math.pi / 2 * step / total),
    lambda step, peak, warmup, total: min(peak * step / warmup, peak * (total - step) / total),
    lambda step, peak, warmup, total: peak * step / warmup if step < warmup else peak / (step - warmup),
    lambda step, peak, warmup, total: [by_if(step, peak, warmup, total)],
)

# 07.1
wrong("07.1", (7224, 25008 + 24), (7224, 3 * 7224), (25008, 7224), (7224, 25008 - 40 * 24), (7224.5, 25008))


# 07.2
def split(x, n_head):
    B, T, C = x.shape
    return x.view(B, T, n_head, C // n_head).transpose(1, 2)


right(
    "07.2",
    lambda x, n_head: torch.stack(x.chunk(n_head, dim=-1), dim=1),
    lambda x, n_head: x.reshape(*x.shape[:2], n_head, x.shape[2] // n_head).permute(0, 2, 1, 3),
    lambda x, n_head: x.unflatten(-1, (n_head, -1)).transpose(1, 2).contiguous(),
    lambda x, n_head: torch.stack(torch.tensor_split(x, n_head, dim=2), 1),
    lambda x, n_head: x.unfold(-1, x.shape[-1] // n_head, x.shape[-1] // n_head).transpose(1, 2),
    lambda x, n_head: torch.stack([split(row[None], n_head)[0] for row in x]),
)
wrong(
    "07.2",
    lambda x, n_head: split(x, 3),
    lambda x, n_head: split(x, n_head)[:1],
    lambda x, n_head: split(x, n_head).mT,
    lambda x, n_head: split(x, n_head).flip(1),
    lambda x, n_head: split(x, n_head).flip(2),
    lambda x, n_head: x.view(len(x), -1, n_head, x.shape[1]).permute(0, 2, 3, 1),
    lambda x, n_head: x.transpose(1, 2).reshape(len(x), n_head, x.shape[1], -1),
    lambda x, n_head: x.view(x.shape[0], x.shape[1], n_head, 4).transpose(1, 2),
    lambda x, n_head: list(split(x, n_head)),
    lambda x, n_head: split(x, n_head).transpose(0, 1),
    lambda x, n_head: split(x, n_head) / math.sqrt(x.shape[2] // n_head),
    lambda x, n_head: x.chunk(n_head, dim=-1),
    lambda x, n_head: x.view(len(x), n_head, -1, x.shape[1]).mT,
)


# 07.3
def attend(q, k, v, *, scale=None, diagonal=1, hide=-torch.inf, dim=-1):
    scores = q @ k.mT / (scale or math.sqrt(q.shape[-1]))
    later = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool).triu(diagonal)
    return scores.masked_fill(later, hide).softmax(dim) @ v


def attend_by_loop(q, k, v):
    out = torch.empty_like(v)
    for t in range(q.shape[2]):
        scores = (q[:, :, t : t + 1] * k[:, :, : t + 1]).sum(-1) * q.shape[-1] ** -0.5
        out[:, :, t] = (scores.softmax(-1)[..., None] * v[:, :, : t + 1]).sum(2)
    return out


def attend_by_weights(q, k, v):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).exp().tril()
    return weights / weights.sum(-1, keepdim=True) @ v


right(
    "07.3",
    attend,
    attend_by_loop,
    attend_by_weights,
    lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    lambda q, k, v: attend(q, k, v, hide=torch.finfo(torch.float32).min),
    lambda q, k, v: attend(q, k, v, hide=-1e9),
    lambda q, k, v: torch.einsum(
        "bhqk,bhkd->bhqd",
        (q @ k.mT / q.shape[-1] ** 0.5 + torch.full((q.shape[2],) * 2, -torch.inf).triu(1)).softmax(-1),
        v,
    ),
)
wrong(
    "07.3",
    lambda q, k, v: attend(q, k, v, scale=2),
    lambda q, k, v: attend(q, k, v, scale=q.shape[-1]),
    lambda q, k, v: attend(q, k, v, scale=1),
    lambda q, k, v: attend(q, k, v, scale=math.sqrt(q.shape[-2])),
    lambda q, k, v: attend(q, k, v, scale=math.sqrt(q.shape[1] * q.shape[-1])),
    lambda q, k, v: attend(q, k, v, diagonal=0),
    lambda q, k, v: attend(q, k, v, diagonal=2),
    lambda q, k, v: attend(q, k, v, hide=0.0),
    lambda q, k, v: attend(q, k, v, hide=-1.0),
    lambda q, k, v: attend(q, k, v, hide=torch.inf),
    lambda q, k, v: attend(q, k, v, dim=-2),
    lambda q, k, v: attend(k, q, v),
    lambda q, k, v: attend(q, k, q),
    lambda q, k, v: attend(q, v, k),
    lambda q, k, v: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1).tril() @ v,
    lambda q, k, v: attend(q, k, v)[:1],
    lambda q, k, v: attend(q[:, :1], k[:, :1], v),
)

# 07.4
right(
    "07.4",
    lambda new, past: torch.arange(past + new)[None] <= past + torch.arange(new)[:, None],
    lambda new, past: torch.cat([torch.ones(new, past).bool(), torch.ones(new, new).tril().bool()], dim=1),
    lambda new, past: torch.ones(past + new, past + new, dtype=torch.bool).tril()[past:],
    lambda new, past: ~torch.ones(new, past + new, dtype=torch.bool).triu(past + 1),
    lambda new, past: torch.tensor([[j <= past + i for j in range(past + new)] for i in range(new)]),
    lambda new, past: torch.from_numpy(np.tri(new, past + new, past, dtype=bool)),
)


def seen_by(new, past, diagonal=0):
    return torch.ones(new, past + new, dtype=torch.bool).tril(past + diagonal)


wrong(
    "07.4",
    lambda new, past: ~seen_by(new, past),
    lambda new, past: seen_by(new, past, 1),
    lambda new, past: seen_by(new, past).long(),
    lambda new, past: seen_by(new, past).float(),
    lambda new, past: seen_by(new, past).tolist(),
    lambda new, past: torch.ones(new, new, dtype=torch.bool).tril(),
    lambda new, past: torch.ones(new, past + new, dtype=torch.bool).triu(past),
    lambda new, past: torch.ones(past + new, past + new, dtype=torch.bool).tril(),
    lambda new, past: seen_by(new, past).T,
    lambda new, past: torch.ones(new, past + new, dtype=torch.bool).tril(4),
    lambda new, past: torch.ones(new, past + new, dtype=torch.bool).tril(new),
    lambda new, past: torch.where(seen_by(new, past), 0.0, -torch.inf),
    lambda new, past: seen_by(new, past).flip(1),
    lambda new, past: torch.cat([torch.ones(new, new).tril(), torch.ones(new, past)], 1).bool(),
    lambda new, past: seen_by(new, past)[None],
    lambda new, past: seen_by(past, new),
)


# 07.5
def base_names(tensors, drop):
    return {n.removeprefix("transformer."): t for n, t in tensors.items() if not drop(n)}


def unneeded(name):
    return name == "lm_head.weight" or name.endswith((".attn.bias", ".attn.masked_bias"))


def base_names_by_pop(tensors):
    for name in [*tensors]:
        tensor = tensors.pop(name)
        if not unneeded(name):
            tensors[name.removeprefix("transformer.")] = tensor
    return tensors


right(
    "07.5",
    lambda tensors: base_names(tensors, unneeded),
    lambda tensors: base_names_by_pop(dict(tensors)),
    lambda tensors: base_names(
        tensors, lambda n: n.split(".")[-2:] in (["attn", "bias"], ["attn", "masked_bias"]) or "lm_head" in n
    ),
    lambda tensors: {n.replace("transformer.", ""): t.clone() for n, t in tensors.items() if not unneeded(n)},
    lambda tensors: base_names(tensors, lambda n: "lm_head" in n or ".attn.bias" in n or "masked_bias" in n),
    lambda tensors: collections.OrderedDict(base_names(tensors, unneeded)),
)
wrong(
    "07.5",
    base_names_by_pop,
    lambda tensors: base_names(tensors, lambda n: False),
    lambda tensors: base_names(tensors, lambda n: n == "lm_head.weight"),
    lambda tensors: base_names(tensors, lambda n: "attn.bias" in n or "masked_bias" in n or "lm_head" in n),
    lambda tensors: base_names(tensors, lambda n: n.endswith("bias") or "lm_head" in n),
    lambda tensors: base_names(tensors, lambda n: n.endswith("attn.bias") or "masked" in n or "lm_head" in n),
    lambda tensors: base_names(tensors, lambda n: unneeded(n) and "h.0" in n or "lm_head" in n),
    lambda tensors: base_names(tensors, lambda n: n.endswith((".attn.bias", "lm_head.weight"))),
    lambda tensors: {n: t for n, t in tensors.items() if not unneeded(n)},
    lambda tensors: {n[len("transformer.") :]: t for n, t in tensors.items() if not unneeded(n)},
    lambda tensors: {n.split(".")[-1]: t for n, t in tensors.items() if not unneeded(n)},
    lambda tensors: {n.removeprefix("transformer"): t for n, t in tensors.items() if not unneeded(n)},
    lambda tensors: {
        n.removeprefix("transformer."): t
        for n, t in tensors.items()
        if n.startswith("transformer.") and not unneeded(n)
    },
    lambda tensors: list(base_names(tensors, unneeded)),
    lambda tensors: base_names(
        {n: t.T if t.ndim == 2 and "c_attn" in n else t for n, t in tensors.items()}, unneeded
    ),
    lambda tensors: base_names(tensors, lambda n: unneeded(n) or "wte" in n),
)

# 08.1
wrong(
    "08.1",
    ((2, 5, 24), (2, 5, 97), (2, 3), (2, 3)),
    ((2, 24), (2, 5, 97), (2, 3), (2, 5, 3)),
    ((2, 5, 24),) * 4,
)

# 08.2
NEEDS = {
    "a vector for each token": "GPT2Model",
    "the next words": "GPT2LMHeadModel",
    "the probability of a text": "GPT2LMHeadModel",
    "a label for each text": "GPT2ForSequenceClassification",
    "a label for each token": "GPT2ForTokenClassification",
}


def choose_by_if(need):
    if "vector" in need:
        return "GPT2Model"
    if "label" in need:
        return "GPT2ForSequenceClassification" if "text" in need else "GPT2ForTokenClassification"
    return "GPT2LMHeadModel"


def choose_by_match(need):
    match need:
        case "the next words" | "the probability of a text":
            return "GPT2LMHeadModel"
        case "a label for each text" | "a label for each token":
            return f"GPT2For{'Sequence' if need.endswith('text') else 'Token'}Classification"
    return "GPT2Model"


right("08.2", choose_by_if, choose_by_match, NEEDS.get, NEEDS.__getitem__, lambda need: np.str_(NEEDS[need]))
wrong(
    "08.2",
    lambda need: NEEDS,
    lambda need: "GPT2LMHeadModel",
    lambda need: "GPT2Model",
    lambda need: NEEDS[need].removeprefix("GPT2"),
    lambda need: NEEDS[need].lower(),
    lambda need: f"transformers.{NEEDS[need]}",
    lambda need: globals().get(NEEDS[need], GPT2Model),
    lambda need: [NEEDS[need]],
    lambda need: NEEDS[need].encode(),
    lambda need: {"the next words": "GPT2LMHeadModel"}.get(need),
    lambda need: NEEDS[need].replace("Token", "Sequence"),
    lambda need: "GPT2LMHeadModel" if need != "a vector for each token" else "GPT2Model",
)


# 08.3
def slide_by_index(ids, limit, keep):
    if len(ids) + 1 <= limit:
        return list(ids)
    room = limit // 2 - keep
    return [*ids[:keep], *(ids[-room:] if room else [])]


def slide_in_place(ids, limit, keep):
    if len(ids) >= limit:
        del ids[keep : len(ids) - (limit // 2 - keep)]
    return ids


def slide_by(compare, half, newest):
    def answer(ids, limit, keep):
        return ids if compare(ids, limit) else ids[:keep] + newest(ids, half(limit) - keep)

    return answer


def fits(ids, limit):
    return len(ids) < limit


def floor(limit):
    return limit // 2


def tail(ids, count):
    return ids[len(ids) - count :]


right(
    "08.3",
    slide_by_index,
    lambda ids, limit, keep: slide_in_place(list(ids), limit, keep),
    lambda ids, limit, keep: tuple(slide_by_index(ids, limit, keep)),
    slide_by(fits, lambda limit: int(limit / 2), tail),
    slide_by(fits, lambda limit: limit >> 1, tail),
    slide_by(lambda ids, limit: not len(ids) >= limit, floor, lambda ids, n: ids[::-1][:n][::-1]),
    lambda ids, limit, keep: (
        ids
        if len(ids) < limit
        else [x for at, x in enumerate(ids) if at < keep or at >= len(ids) - limit // 2 + keep]
    ),
)
wrong(
    "08.3",
    slide_in_place,
    slide_by(fits, floor, lambda ids, count: ids[-count:]),
    slide_by(fits, lambda limit: round(limit / 2), tail),
    slide_by(fits, lambda limit: math.ceil(limit / 2), tail),
    slide_by(fits, lambda limit: limit / 2, tail),
    slide_by(fits, lambda limit: limit, tail),
    slide_by(fits, lambda limit: 4, tail),
    slide_by(lambda ids, limit: len(ids) < limit - 1, floor, tail),
    slide_by(lambda ids, limit: len(ids) <= limit, floor, tail),
    slide_by(lambda ids, limit: False, floor, tail),
    slide_by(lambda ids, limit: len(ids) < 8, floor, tail),
    lambda ids, limit, keep: slide_by_index(ids, limit, 2),
    lambda ids, limit, keep: slide_by_index(ids, limit, 0),
    lambda ids, limit, keep: slide_by_index(ids, limit, keep)[: limit // 2],
    lambda ids, limit, keep: len(slide_by_index(ids, limit, keep)),
    lambda ids, limit, keep: ids if len(ids) < limit else tail(ids, limit // 2 - keep) + ids[:keep],
    lambda ids, limit, keep: ids if len(ids) < limit else ids[:keep] + ids[keep : limit // 2],
    lambda ids, limit, keep: ids if len(ids) < limit else ids[: keep + 1] + tail(ids, limit // 2 - keep - 1),
)


# 08.4
def written_by_loop(output, prompt, end):
    new = []
    for token in output[prompt:]:
        if token == end:
            break
        new.append(token)
    return new


def written_by_index(output, prompt, end):
    try:
        return output[prompt : output.index(end, prompt)]
    except ValueError:
        return output[prompt:]


right(
    "08.4",
    written_by_loop,
    written_by_index,
    lambda output, prompt, end: list(itertools.takewhile(lambda token: token != end, output[prompt:])),
    lambda output, prompt, end: tuple(written_by_loop(output, prompt, end)),
    lambda output, prompt, end: np.array(written_by_loop(output, prompt, end), dtype=int).tolist(),
    lambda output, prompt, end: [*map(np.int64, written_by_loop(output, prompt, end))],
)
wrong(
    "08.4",
    lambda output, prompt, end: output[prompt : output.index(end, prompt)],
    lambda output, prompt, end: output[prompt:-1],
    lambda output, prompt, end: written_by_loop(output, prompt, 0),
    lambda output, prompt, end: written_by_loop(output, 3, end),
    lambda output, prompt, end: written_by_loop(output, 2, end),
    lambda output, prompt, end: written_by_loop(output, prompt + 1, end),
    lambda output, prompt, end: written_by_loop(output, 0, end)[prompt:],
    lambda output, prompt, end: [*written_by_loop(output, prompt, end), end],
    lambda output, prompt, end: "".join(map(str, written_by_loop(output, prompt, end))),
    lambda output, prompt, end: output[: prompt + len(written_by_loop(output, prompt, end))],
    lambda output, prompt, end: [t for t in dict.fromkeys(output[prompt:]) if t != end],
    lambda output, prompt, end: (
        output[prompt : len(output) - output[::-1].index(end) - 1] if end in output else output[prompt:]
    ),
    lambda output, prompt, end: (written_by_loop(output, prompt, end), output.clear())[0],
    lambda output, prompt, end: sorted(written_by_loop(output, prompt, end), reverse=True),
)


# 08.5
def complete(lm, ids, k, *, first=lambda logits, k: logits.topk(k).indices):
    start = first(lm(ids).logits[0, -1], k)
    rows = torch.cat([ids.expand(len(start), -1), start[:, None]], dim=1)
    return torch.stack([start, lm(rows).logits[:, -1].argmax(-1)], dim=1)


def complete_by_loop(lm, ids, k):
    rows = []
    for one in lm(ids).logits[0, -1].sort(descending=True).indices[:k].tolist():
        rows.append([one, int(lm(torch.tensor([[*ids[0].tolist(), one]])).logits[0, -1].argmax())])
    return torch.tensor(rows)


def complete_with_cache(lm, ids, k):
    out = lm(ids, use_cache=True)
    start = out.logits[0, -1].topk(k).indices
    out.past_key_values.batch_repeat_interleave(k)
    second = lm(start[:, None], past_key_values=out.past_key_values).logits[:, -1].argmax(-1)
    return torch.stack([start, second], dim=1)


right(
    "08.5",
    complete_by_loop,
    complete_with_cache,
    lambda lm, ids, k: complete(lm, ids, k, first=lambda logits, k: logits.argsort(descending=True)[:k]),
    lambda lm, ids, k: complete(lm, ids, k, first=lambda logits, k: logits.softmax(-1).topk(k).indices),
    lambda lm, ids, k: complete(lm, ids, k).int(),
    lambda lm, ids, k: complete(lm, ids, k).to(torch.int16),
)
wrong(
    "08.5",
    lambda lm, ids, k: complete(lm, ids, 3),
    lambda lm, ids, k: complete(lm, ids, k).flip(0),
    lambda lm, ids, k: complete(lm, ids, k).flip(1),
    lambda lm, ids, k: complete(lm, ids, k, first=lambda logits, k: logits.topk(k, largest=False).indices),
    lambda lm, ids, k: complete(lm, ids, k, first=lambda logits, k: logits.topk(k).indices.sort().values),
    lambda lm, ids, k: complete(lm, ids[:, -1:], k),
    lambda lm, ids, k: complete(lm, ids[:, :2], k),
    lambda lm, ids, k: complete(lm, ids, k).float(),
    lambda lm, ids, k: complete(lm, ids, k).tolist(),
    lambda lm, ids, k: torch.cat([ids.expand(k, -1), complete(lm, ids, k)], dim=1),
    lambda lm, ids, k: complete(lm, ids, k)[:, :1],
    lambda lm, ids, k: torch.stack(
        [lm(ids).logits[0, -1].topk(k).indices, lm(ids).logits[0, -1].topk(k + 1).indices[1:]], 1
    ),
    lambda lm, ids, k: torch.stack(
        [complete(lm, ids, k)[:, 0], complete(lm, ids, k)[:1, 1].expand(k)], dim=1
    ),
    lambda lm, ids, k: torch.stack([complete(lm, ids, 1)[0]] * k),
)
