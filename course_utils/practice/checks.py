"""The kinds of answer an exercise can ask for, and how each is checked.

A check is called with the answer and the exercise's likely mistakes; it returns None for a right answer, else
what to tell the learner. A mistake is recognised by what it computes: an answer that equals it gets its message.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from course_utils.language import Bilingual

from .calls import call
from .compare import Tolerance, difference
from .placeholder import is_untouched


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners are likely to give, and what to tell them; never the right answer."""

    answer: Any
    says: Bilingual


class NotAttempted(Exception):
    """The placeholder is still there."""


class CannotCheck(Exception):
    """No program can judge this answer."""


class Check(Protocol):
    """What an exercise needs of its check."""

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None: ...


@dataclass(frozen=True)
class Value:
    """The answer is a number, a text, a tensor, or a tuple, list or dict of these, equal to what `right()` returns."""

    right: Callable[[], Any]
    tolerance: Tolerance = Tolerance()

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        found = difference(answer, self.right(), self.tolerance)
        if found is None:
            return None
        for mistake in mistakes:
            wrong = mistake.answer() if callable(mistake.answer) else mistake.answer
            if type(answer) is type(wrong) and difference(answer, wrong, self.tolerance) is None:
                return mistake.says
        return found


Judge = Callable[[Any, tuple[Any, ...]], Bilingual | None]


@dataclass(frozen=True)
class Function:
    """The answer is a function that does what `right` does, on each of the tuples of arguments of `cases()`.

    `cases` makes its tuples anew at each call, always the same. `judge(result, arguments)` says what is wrong with
    a result where a comparison with that of `right` would not do (a model, say). `seconds`: for all cases together.
    """

    right: Callable[..., Any]
    cases: Callable[[], Sequence[tuple[Any, ...]]]
    judge: Judge | None = None
    tolerance: Tolerance = Tolerance()
    seconds: float = 10.0

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        if not callable(answer) or isinstance(answer, torch.nn.Module):
            return Bilingual(
                f"A function is wanted, and `{type(answer).__name__}` was handed in: pass the function itself, "
                "uncalled.",
                f"這裡要的是一個函式，交來的卻是 `{type(answer).__name__}`：請傳函式本身，不要先呼叫它。",
            )
        results, problem = self._results(answer)
        if problem is None:
            return None
        for mistake in mistakes:
            if self._alike(results, mistake.answer):
                return mistake.says
        return problem

    def _results(self, answer: Callable[..., Any]) -> tuple[list[Any], Bilingual | None]:
        """Return what the answer gives for the cases, up to the first one without a result; and the first problem."""
        results: list[Any] = []
        first: Bilingual | None = None
        until = time.monotonic() + self.seconds
        for arguments, untouched in zip(self.cases(), self.cases()):
            ended = call(answer, arguments, max(until - time.monotonic(), 0.1))
            if is_untouched(ended.result):
                raise NotAttempted
            if ended.problem is not None:
                return results, first or ended.problem
            first = first or self._problem(ended.result, arguments, untouched)
            results.append(ended.result)
        return results, first

    def _problem(
        self, result: Any, arguments: tuple[Any, ...], untouched: tuple[Any, ...]
    ) -> Bilingual | None:
        if self.judge is not None:
            return self.judge(result, arguments)
        if any(
            isinstance(old, torch.Tensor) and difference(new, old) for new, old in zip(arguments, untouched)
        ):
            return Bilingual(
                "Your function changes the tensors that it is given; work on a new tensor (or a `clone()`).",
                "你的函式改到了傳進去的張量；請在新的張量上計算（或先 `clone()`）。",
            )
        return difference(result, self.right(*untouched), self.tolerance)

    def _alike(self, results: Sequence[Any], mistake: Callable[..., Any]) -> bool:
        """Whether the mistake gives the same results for as many cases as there are results, one at least."""
        if self.judge is not None:
            return False
        wrong = [self._of_mistake(mistake, arguments) for _, arguments in zip(results, self.cases())]
        return bool(results) and all(
            difference(result, of_mistake, self.tolerance) is None
            for result, of_mistake in zip(results, wrong)
        )

    @staticmethod
    def _of_mistake(mistake: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        try:
            return mistake(*copy.deepcopy(arguments))
        except Exception as error:
            return error


@dataclass(frozen=True)
class Open:
    """The answer is a text in the learner's own words: nothing can check it but the reader."""

    shortest: int = 10

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        if not isinstance(answer, str):
            return Bilingual(
                f"A text is wanted, in quotes, and `{type(answer).__name__}` was handed in.",
                f"這裡要的是一段文字（放在引號裡），交來的卻是 `{type(answer).__name__}`。",
            )
        if len(answer.strip()) < self.shortest:
            return Bilingual("That is very short: write one whole sentence.", "太短了：請寫成完整的一句話。")
        raise CannotCheck
