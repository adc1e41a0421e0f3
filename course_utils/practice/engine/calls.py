"""Running a learner's function: it may raise anything, change its inputs, or never come back."""

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ...texts import Bilingual
from .placeholder import Placeholder, PlaceholderUsed, ____
from .wording import error_text

_GRACE = 1.0  # seconds that a function that ran out of time has to notice it


class _TimeUp(BaseException):
    """Raised inside a function whose time is up; no `except Exception` catches it."""


@dataclass(frozen=True)
class Call:
    """How a call ended: with a `result`, or with a `problem` to tell the learner, and its `error` if it raised one.

    Code that stumbles over the placeholder has the placeholder for its result.
    """

    result: Any = None
    problem: Bilingual | None = None
    error: type[BaseException] | None = None


def call(function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Call:
    """Call `function(*arguments)` for at most about `seconds` seconds; whatever happens, return.

    It runs in a thread of its own with this thread's gradient mode. A loop of Python code is ended when its
    time is up; a call that hangs outside Python is left behind in a daemon thread.
    """
    ended: list[Call] = []
    gradients = torch.is_grad_enabled()
    thread = threading.Thread(target=_run, args=(function, arguments, gradients, ended), daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:  # the learner interrupts the kernel
        _stop(thread)
        raise
    if ended:
        return ended[0]
    _stop(thread)
    return Call(
        problem=Bilingual(
            f"Your function had not come back after {seconds:.2g} seconds: does a loop in it ever end?",
            f"你的函式執行了 {seconds:.2g} 秒還沒有回傳。裡面的迴圈真的會結束嗎？",
        )
    )


def _run(
    function: Callable[..., Any], arguments: tuple[Any, ...], gradients: bool, ended: list[Call]
) -> None:
    try:
        with torch.set_grad_enabled(gradients):
            ended.append(Call(result=function(*arguments)))
    except _TimeUp:
        return
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: they must not reach the kernel
        ended.append(_raised(error))


def _raised(error: BaseException) -> Call:
    what = error_text(error)
    if isinstance(error, PlaceholderUsed) or Placeholder.__name__ in what:
        return Call(result=____)
    return Call(
        problem=Bilingual(f"Your function raised {what}.", f"你的函式引發了 {what}。"), error=type(error)
    )


def _stop(thread: threading.Thread) -> None:
    """Raise `_TimeUp` in the thread until it ends, for a second at most: a bare `except:` may swallow it."""
    deadline = time.monotonic() + _GRACE
    while thread.is_alive() and time.monotonic() < deadline:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TimeUp)
        )
        thread.join(0.05)
