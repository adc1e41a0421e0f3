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

from ...texts import Bilingual
from .calls import call
from .compare import Tolerance, difference, is_same
from .forbidden import Forbidden, refused
from .placeholder import is_untouched
from .state import fixed
from .wording import with_arguments


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
    """The answer is a number, a text, a tensor, or a tuple, list or dict of these, equal to what `right()` returns.

    Without `right` the exercise's solution takes its place.
    """

    right: Callable[[], Any] | None = None
    tolerance: Tolerance = Tolerance()

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        found = difference(answer, _solution(self.right)(), self.tolerance)
        if found is None:
            return None
        for mistake in mistakes:
            if difference(answer, mistake.answer, self.tolerance) is None:
                return mistake.says
        return found


def _solution(right: Callable[..., Any] | None) -> Callable[..., Any]:
    assert right is not None, "the exercise has no solution"
    return right


Judge = Callable[[Any, tuple[Any, ...]], Bilingual | None]


def _nothing(*arguments: Any) -> Sequence[Forbidden]:
    return ()


@dataclass(frozen=True)
class _Outcomes:
    """What an answer gave for the cases in turn: the results, and the error that ended them, if one did.

    `problem` is the first thing that is wrong; `is_result`: it is a result, not an error and not a time-out.
    """

    results: list[Any]
    problem: Bilingual | None = None
    is_result: bool = False
    error: type[BaseException] | None = None


@dataclass(frozen=True)
class Function:
    """The answer is a function that does what `right` does, on each of the tuples of arguments of `cases()`.

    Without `right` the exercise's solution takes its place. `cases` makes its tuples anew at each call, always the
    same. `judge(result, arguments)` says what is wrong with a result where a comparison with that of `right` would not
    do (a model, say). `forbidden(*arguments)` lists the calls that the statement asks to do without. `seconds`: for
    the answer's calls on all cases together.
    """

    cases: Callable[[], Sequence[tuple[Any, ...]]]
    right: Callable[..., Any] | None = None
    judge: Judge | None = None
    tolerance: Tolerance = Tolerance()
    seconds: float = 10.0
    forbidden: Callable[..., Sequence[Forbidden]] = _nothing

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        if not callable(answer) or isinstance(answer, type):
            return Bilingual(
                f"A function is wanted, and `{type(answer).__name__}` was handed in: pass the function itself, "
                "uncalled.",
                f"這裡需要函式，收到的卻是 `{type(answer).__name__}`。請傳入函式本身，不要先呼叫它。",
            )
        outcomes = self._outcomes(answer)
        if outcomes.is_result:
            cases = self.cases()
            for mistake in mistakes:
                if self._alike(outcomes, mistake.answer, cases):
                    return mistake.says
        return outcomes.problem

    def _outcomes(self, answer: Callable[..., Any]) -> _Outcomes:
        """Run the answer on the cases, up to the first one without a result."""
        results: list[Any] = []
        first: Bilingual | None = None
        left = self.seconds
        for arguments, untouched in zip(self.cases(), self.cases()):
            started = time.monotonic()
            with fixed(), refused(self.forbidden(*arguments)) as tried:
                ended = call(answer, arguments, max(left, 0.1))
            left -= time.monotonic() - started
            if is_untouched(ended.result):
                raise NotAttempted
            if tried:
                return _Outcomes(results, tried[0].says)
            if ended.problem is not None:
                problem = first or ended.problem + with_arguments(_solution(self.right), untouched)
                return _Outcomes(results, problem, first is not None, ended.error or TimeoutError)
            first = first or self._problem(ended.result, arguments, untouched)
            results.append(ended.result)
        return _Outcomes(results, first, first is not None)

    def _problem(
        self, result: Any, arguments: tuple[Any, ...], untouched: tuple[Any, ...]
    ) -> Bilingual | None:
        if self.judge is not None:
            return self._judged(self.judge, result, arguments, untouched)
        changed = _changed(arguments, untouched)
        right = _solution(self.right)
        where = with_arguments(right, untouched)
        found = changed or difference(result, right(*untouched), self.tolerance)
        return found and found + where

    def _judged(
        self, judge: Judge, result: Any, arguments: tuple[Any, ...], untouched: tuple[Any, ...]
    ) -> Bilingual | None:
        """Judge the result; one that cannot even be looked at is wrong, if the right one can."""
        with fixed():
            ended = call(judge, (result, arguments), self.seconds)
        if ended.problem is None:
            return ended.result
        judge(_solution(self.right)(*untouched), untouched)
        name = "time" if ended.error is None else ended.error.__name__
        return Bilingual(
            f"What your function returns could not be examined (`{name}`): is a part of it missing?",
            f"無法檢查你的函式回傳的結果（`{name}`）。是不是少了哪個部分？",
        )

    def _alike(
        self, outcomes: _Outcomes, mistake: Callable[..., Any], cases: Sequence[tuple[Any, ...]]
    ) -> bool:
        """Return whether the mistake gives the same for each case as the answer did."""
        if self.judge is not None:
            return False
        for result, arguments in zip(outcomes.results, cases):
            if difference(result, self._of_mistake(mistake, arguments), self.tolerance) is not None:
                return False
        if outcomes.error is None:
            return True
        return type(self._of_mistake(mistake, cases[len(outcomes.results)])) is outcomes.error

    @staticmethod
    def _of_mistake(mistake: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        try:
            return mistake(*copy.deepcopy(arguments))
        except Exception as error:
            return error


# What a function can be lent, and could change.
_LENT = {torch.nn.Module: "model", torch.Tensor: "tensor", dict: "dict", list: "list", object: "object"}


def _changed(arguments: tuple[Any, ...], untouched: tuple[Any, ...]) -> Bilingual | None:
    for at, (new, old) in enumerate(zip(arguments, untouched), start=1):
        try:
            same = is_same(new, old)
        except Exception:  # a part of it is gone
            same = False
        if not same:
            kind = next(name for type_, name in _LENT.items() if isinstance(old, type_))
            return Bilingual(
                f"Your function changes its argument {at}, a `{kind}` that it was only lent: work on a copy.",
                f"你的函式改動了第 {at} 個引數（`{kind}`）。引數不該改動，請在副本上計算。",
            )
    return None


@dataclass(frozen=True)
class Open:
    """The answer is a text in the learner's own words: nothing can check it but the reader."""

    shortest: int = 10

    def __call__(self, answer: Any, mistakes: Sequence[Mistake]) -> Bilingual | None:
        if not isinstance(answer, str):
            return Bilingual(
                f"A text is wanted, in quotes, and `{type(answer).__name__}` was handed in.",
                f"這裡需要一段文字（放在引號裡），收到的卻是 `{type(answer).__name__}`。",
            )
        if len(answer.strip()) < self.shortest:
            return Bilingual("That is very short: write one whole sentence.", "太短了，請寫成完整的一句話。")
        raise CannotCheck
