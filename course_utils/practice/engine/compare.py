"""Comparing an answer with what is right: None, or which property is wrong, without giving the right one away."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number, Real
from typing import Any

import numpy as np
import torch

from ...texts import Bilingual


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: `absolute` + `relative` × the right value."""

    relative: float = 1e-3
    absolute: float = 1e-4


def difference(answer: Any, right: Any, tolerance: Tolerance = Tolerance()) -> Bilingual | None:
    """Return what is wrong with the answer, or None if it is right. The type of `right` says how to compare."""
    try:
        return _comparison(right)(answer, right, tolerance)
    except (
        Exception,
        SystemExit,
    ) as error:  # an answer can be anything, even an object that fails when it is looked at
        return Bilingual(
            f"Your answer could not be compared (`{type(error).__name__}`): what is wanted is {_kind(right).en}.",
            f"無法比對你的答案（`{type(error).__name__}`）。這裡需要的是{_kind(right).zh}。",
        )


def _comparison(right: Any) -> Callable[[Any, Any, Tolerance], Bilingual | None]:
    if isinstance(right, torch.Tensor):
        return _tensor
    if isinstance(right, bool):
        return _truth
    if isinstance(right, str):
        return _text
    return _number if isinstance(right, Number) else _sequence


def _plain(answer: Any) -> Any:
    """Return the Python number that a NumPy scalar, a `Decimal`, or an array or tensor of one entry stands for."""
    if isinstance(answer, Decimal):
        return float(answer)
    if isinstance(answer, torch.Tensor):
        return answer.item() if answer.numel() == 1 else answer
    if isinstance(answer, (np.generic, np.ndarray)):
        return answer.item() if answer.size == 1 else answer
    return answer


def _kind(value: Any) -> Bilingual:
    if isinstance(value, torch.Tensor):
        return Bilingual("a tensor", "張量（tensor）")
    if isinstance(value, bool):
        return Bilingual("`True` or `False`", "`True` 或 `False`")
    if isinstance(value, str):
        return Bilingual("a text (`str`)", "一段文字（`str`）")
    if isinstance(value, Number):
        return Bilingual("a number", "一個數字")
    if isinstance(value, dict):
        return Bilingual("a `dict`", "一個 `dict`")
    return Bilingual("a tuple or a list", "一個 tuple 或 list")


def _wrong_type(answer: Any, right: Any) -> Bilingual:
    name, wanted = type(answer).__name__, _kind(right)
    if answer is None:
        return Bilingual(
            f"There is no answer: `None` was handed in, and {wanted.en} is wanted. Is a `return` missing?",
            f"沒有答案。收到的是 `None`，這裡需要的是{wanted.zh}。是不是少寫了 `return`？",
        )
    return Bilingual(
        f"The type is wrong: `{name}` was handed in, and {wanted.en} is wanted.",
        f"型別不對。收到的是 `{name}`，這裡需要的是{wanted.zh}。",
    )


def _truth(answer: Any, right: bool, tolerance: Tolerance) -> Bilingual | None:
    plain = _plain(answer)
    if not isinstance(plain, bool):
        return _wrong_type(answer, right)
    return None if plain is right else Bilingual("The value is not right.", "值不對。")


def _text(answer: Any, right: str, tolerance: Tolerance) -> Bilingual | None:
    if not isinstance(answer, str):
        return _wrong_type(answer, right)
    return None if answer == right else Bilingual("The text is not right.", "文字不對。")


def _number(answer: Any, right: Any, tolerance: Tolerance) -> Bilingual | None:
    plain = _plain(answer)
    if isinstance(plain, bool) or not isinstance(plain, Real):
        return _wrong_type(answer, right)
    if math.isnan(plain):
        return Bilingual(
            "Your number is `nan`: somewhere something was divided by zero, or infinity was subtracted.",
            "你的數字是 `nan`。某個地方除以零了，或拿無限大相減了。",
        )
    if isinstance(right, int):
        close = plain == right
    else:
        close = math.isclose(plain, right, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)
    return None if close else Bilingual("The number is not right.", "數字不對。")


def _sequence(answer: Any, right: Any, tolerance: Tolerance) -> Bilingual | None:
    if isinstance(right, dict):
        return _dict(answer, right, tolerance)
    if not isinstance(answer, (tuple, list)):
        return _wrong_type(answer, right)
    if len(answer) != len(right):
        return Bilingual(
            f"The length is wrong: {len(answer)} entries were handed in.",
            f"長度不對，你給了 {len(answer)} 項。",
        )
    for at, (item, wanted) in enumerate(zip(answer, right)):
        found = difference(item, wanted, tolerance)
        if found:
            return Bilingual(f"Entry {at}: {found.en}", f"第 {at} 項：{found.zh}")
    return None


def _dict(answer: Any, right: dict[Any, Any], tolerance: Tolerance) -> Bilingual | None:
    if not isinstance(answer, Mapping):
        return _wrong_type(answer, right)
    if answer.keys() != right.keys():
        return Bilingual("The keys are not the ones that were asked for.", "`dict` 的鍵和題目要求的不同。")
    for key, wanted in right.items():
        found = difference(answer[key], wanted, tolerance)
        if found:
            return Bilingual(f"`{key}`: {found.en}", f"`{key}`：{found.zh}")
    return None


def _tensor(answer: Any, right: torch.Tensor, tolerance: Tolerance) -> Bilingual | None:
    if right.ndim == 0:
        answer = _scalar(answer, right)
    if not isinstance(answer, torch.Tensor):
        return _wrong_type(answer, right)
    if answer.shape != right.shape:
        return Bilingual(
            f"The shape is wrong: {list(answer.shape)}.", f"形狀（shape）不對：{list(answer.shape)}。"
        )
    if answer.layout != right.layout or answer.device != right.device:
        return Bilingual(
            f"The tensor is on `{answer.device}` ({answer.layout}), not where its inputs are.",
            f"這個張量在 `{answer.device}`（{answer.layout}），和輸入不在同一個裝置，或儲存方式不同。",
        )
    if answer.dtype != right.dtype and not (_is_whole(answer.dtype) and _is_whole(right.dtype)):
        return Bilingual(
            f"The dtype is wrong: `{answer.dtype}`.", f"資料型別（dtype）不對：`{answer.dtype}`。"
        )
    return _entries(answer.detach(), right.detach(), tolerance)


def _scalar(answer: Any, right: torch.Tensor) -> Any:
    """Return a number of any kind as a tensor of `right`'s dtype, where a tensor of one number is wanted."""
    if isinstance(answer, torch.Tensor):
        number = answer.device == right.device and answer.ndim == 0 and not answer.is_complex()
        return answer.to(right.dtype) if number and answer.dtype != torch.bool else answer
    plain = _plain(answer)
    if isinstance(plain, Real) and not isinstance(plain, bool):
        return torch.tensor(float(plain), dtype=right.dtype)
    return answer


def _is_whole(dtype: torch.dtype) -> bool:
    return not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)


def _entries(answer: torch.Tensor, right: torch.Tensor, tolerance: Tolerance) -> Bilingual | None:
    if answer.isnan().any() and not right.isnan().any():
        return Bilingual(
            "Some entries are `nan`: somewhere something was divided by zero, or infinity was subtracted.",
            "有些元素是 `nan`。某個地方除以零了，或拿無限大相減了。",
        )
    if right.is_floating_point() or right.is_complex():
        wrong = ~torch.isclose(answer, right, tolerance.relative, tolerance.absolute, equal_nan=True)
    else:
        wrong = answer != right
    if not wrong.any():
        return None
    if right.ndim == 0:
        return Bilingual("The shape is right, but the value is not.", "形狀對了，但值不對。")
    first = wrong.nonzero()[0].tolist()
    return Bilingual(
        f"The shape is right, but {int(wrong.sum())} of {wrong.numel()} values are not; the first is at {first}.",
        f"形狀對了，但 {wrong.numel()} 個值裡有 {int(wrong.sum())} 個不對；第一個在 {first}。",
    )


def is_same(new: Any, old: Any) -> bool:
    """Return whether an argument is still as it was: numbers, texts, tensors, models, and lists, tuples and dicts of these."""
    if isinstance(old, torch.nn.Module):
        return _is_same_module(new, old)
    if isinstance(old, torch.Tensor):
        return (new.shape, new.dtype) == (old.shape, old.dtype) and torch.equal(new, old)
    if isinstance(old, Mapping):
        return list(new) == list(old) and all(is_same(new[key], old[key]) for key in old)
    if isinstance(old, (list, tuple)):
        return len(new) == len(old) and all(map(is_same, new, old))
    return type(new) is type(old) and new == old


def _is_same_module(new: torch.nn.Module, old: torch.nn.Module) -> bool:
    """Return whether the weights, which names share one, which can learn, and the mode of every part are the same."""
    return (
        is_same(new.state_dict(), old.state_dict())
        and _sharing(new) == _sharing(old)
        and [one.requires_grad for one in new.parameters()] == [one.requires_grad for one in old.parameters()]
        and [one.training for one in new.modules()] == [one.training for one in old.modules()]
    )


def _sharing(module: torch.nn.Module) -> list[int]:
    """For each parameter, by name, the place of the first one that is the same tensor."""
    parameters = [parameter for _, parameter in module.named_parameters(remove_duplicate=False)]
    return [next(at for at, other in enumerate(parameters) if other is one) for one in parameters]
