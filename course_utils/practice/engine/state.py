"""The state of the kernel while a check runs: always the same, and given back as it was found."""

import math
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TextIO

import numpy as np
import torch

from ...texts import Bilingual

MOST_OUTPUT = 10_000  # characters that a check lets through to each stream

# What is read, how it is set, and what it is while a check runs (None: as it was found).
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any], Any], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, 0),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
    (torch.get_num_threads, torch.set_num_threads, None),
    (sys.getrecursionlimit, sys.setrecursionlimit, None),
)


@contextmanager
def fixed() -> Iterator[None]:
    """Run the block in a fixed state, and give back the one that was found: whatever the block may set.

    The state: default dtype and device, autocast, inference and gradient mode, seeds, working folder,
    environment, warning filters, `sys.path`, `sys.stdout` and `sys.stderr`.
    """
    with ExitStack() as stack:
        for part in (_settings, _modes, _seeds, _process, _streams, _warnings):
            stack.enter_context(part())
        yield


@contextmanager
def _settings() -> Iterator[None]:
    found = [(set_, get(), get) for get, set_, _ in _SETTINGS]
    try:
        for _, set_, value in _SETTINGS:
            if value is not None:
                set_(value)
        yield
    finally:
        for set_, value, get in found:
            if get() != value:
                set_(value)


@contextmanager
def _modes() -> Iterator[None]:
    """What PyTorch keeps for each thread; a new thread begins like this."""
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast("cpu", enabled=False))
        if torch.get_default_device().type != "cpu":  # else it would slow every operation down
            stack.enter_context(torch.device("cpu"))
        yield


@contextmanager
def _seeds() -> Iterator[None]:
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    found = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(0)  # of the CPU alone: no other device is woken by it
        random.seed(0)
        np.random.seed(0)
        try:
            yield
        finally:
            random.setstate(found[0])
            np.random.set_state(found[1])


@contextmanager
def _process() -> Iterator[None]:
    environment, path = dict(os.environ), list(sys.path)
    try:
        folder = os.getcwd()
    except OSError:  # it has been removed
        folder = None
    try:
        yield
    finally:
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        for name, value in environment.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
        sys.path[:] = path
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)


@contextmanager
def _streams() -> Iterator[None]:
    found = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = found


@contextmanager
def _warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default")
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        yield


@contextmanager
def capped_output(most: int = MOST_OUTPUT) -> Iterator[None]:
    """Let what the block writes to `sys.stdout` and `sys.stderr` through, up to `most` characters each."""
    found = sys.stdout, sys.stderr
    capped = [stream and Capped(stream, most) for stream in found]
    sys.stdout, sys.stderr = capped
    try:
        yield
    finally:
        sys.stdout, sys.stderr = found
        for stream in filter(None, capped):  # a log handler that was made meanwhile may hold on to it
            stream.let_through()


class Capped:
    """A stream that lets so many characters through to another one, then says so, and drops the rest."""

    def __init__(self, stream: TextIO, most: float) -> None:
        self._stream, self._left = stream, most

    def let_through(self) -> None:
        """Let everything through from now on."""
        self._left = math.inf

    def write(self, text: str) -> int:
        """Write the text as far as there is room for it; return its length all the same."""
        if len(text) <= self._left:
            self._stream.write(text)
            self._left -= len(text)
        elif self._left >= 0:
            self._stream.write(text[: int(self._left)])
            self._left = -1
            self._stream.write(f"\n{Bilingual('… (the rest is not shown)', '……（其餘的輸出不顯示）')}\n")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write the lines one after the other."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Leave the stream open: it belongs to the notebook."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
