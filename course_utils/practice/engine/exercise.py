"""An exercise: its texts, its solution and its likely wrong answers as code, and what a learner can ask of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

from ... import record
from ...texts import Bilingual
from . import look, source
from .checks import CannotCheck, Check, Function, Mistake, NotAttempted, Value
from .placeholder import is_untouched
from .state import capped_output, fixed


class Outcome(Enum):
    """What can come of a check."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NOT_ATTEMPTED = "not attempted"
    CANNOT_CHECK = "cannot check"
    CHECK_FAILED = "check failed"


_OPENING = {
    Outcome.CORRECT: Bilingual("✓ Correct.", "✓ 答對了。"),
    Outcome.INCORRECT: Bilingual("✗ Not yet.", "✗ 還不對。"),
    Outcome.NOT_ATTEMPTED: Bilingual("◇ Not attempted yet.", "◇ 還沒作答。"),
    Outcome.CANNOT_CHECK: Bilingual("◆ Cannot be checked.", "◆ 無法自動批改。"),
    Outcome.CHECK_FAILED: Bilingual("⚠ Not checked.", "⚠ 未批改。"),
}
_LOOK = {
    Outcome.CORRECT: look.RIGHT,
    Outcome.INCORRECT: look.WRONG,
    Outcome.NOT_ATTEMPTED: look.OPEN,
    Outcome.CANNOT_CHECK: look.NOTED,
    Outcome.CHECK_FAILED: look.WARNING,
}


class Card:
    """A bilingual text that shows itself: as HTML where it has any, else as Markdown, else plain, in the learner's
    language.
    """

    def __init__(self, text: Bilingual, html: str | None = None) -> None:
        self.text, self.html = text, html

    def __repr__(self) -> str:
        return str(self.text)

    def _repr_markdown_(self) -> str:
        return self.text.markdown()

    def _repr_html_(self) -> str | None:
        return self.html


class Verdict(Card):
    """What a check found: `outcome`, and `message` in both languages."""

    def __init__(self, outcome: Outcome, message: Bilingual) -> None:
        opening = _OPENING[outcome]
        super().__init__(opening + message, look.card(_LOOK[outcome], opening, message))
        self.outcome, self.message = outcome, message


_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(eq=False)
class Exercise:
    """One exercise. `key` is the lesson and the number, as in "01.2".

    `why` explains the solution, and `worth_knowing` is said to a right answer. `blank_imports`: whether the learner's
    cell has the imports already that the solution needs. The code follows, each wrong answer beside what it is told:

        @q2.solved_by
        def embed(base, ids):
            return base.wte(ids) + base.wpe(torch.arange(ids.shape[1]))

        @q2.mistake("Nothing in it says where each token stands.", "看不出每個 token 的位置。")
        def _embed_without_positions(base, ids):
            return base.wte(ids)
    """

    key: str
    title: Bilingual
    statement: Bilingual
    hints: tuple[Bilingual, ...]
    why: Bilingual
    worth_knowing: Bilingual
    checker: Check
    blank_imports: bool = False
    mistakes: list[Mistake] = field(default_factory=list, init=False)
    wrong_examples: list[Mistake] = field(default_factory=list, init=False)
    _solution: Callable[..., Any] | None = field(default=None, init=False, repr=False)

    def solved_by(self, function: _F) -> _F:
        """Take the function as the solution: as the answer, or as what gives it (see `source`)."""
        self._solution = function
        if isinstance(self.checker, (Function, Value)) and self.checker.right is None:
            self.checker = replace(self.checker, right=function)
        return function

    def mistake(self, en: str, zh: str) -> Callable[[_F], _F]:
        """Take the decorated function as a likely wrong answer, and the two texts as what its author is told."""

        def take(function: _F) -> _F:
            self.mistakes.append(Mistake(function, Bilingual(en, zh)))
            return function

        return take

    def wrong_value(self, value: Any, en: str, zh: str) -> None:
        """Take the value as a likely wrong answer, where no function is asked for."""
        self.mistakes.append(Mistake(value, Bilingual(en, zh)))

    def wrong_example(self, says: Bilingual) -> Callable[[_F], _F]:
        """Take the decorated function as an example of what the exercise's judge says `says` to.

        Only tests read it: what a learner is told, the judge decides.
        """

        def take(function: _F) -> _F:
            self.wrong_examples.append(Mistake(function, says))
            return function

        return take

    def bug(self, en: str, zh: str) -> Callable[[_F], _F]:
        """Take the decorated function as the code to be mended: it is a mistake, too, for who changes nothing.

        The statement shows its code in place of `{bug}`, under the name of the solution, which comes first.
        """

        def take(function: _F) -> _F:
            code = f"```python\n{source.code(function, self._name)}\n```"
            self.statement = Bilingual(
                self.statement.en.replace("{bug}", code), self.statement.zh.replace("{bug}", code)
            )
            return self.mistake(en, zh)(function)

        return take

    @property
    def number(self) -> int:
        """Its number in the lesson: 2 for "01.2"."""
        return int(self.key.partition(".")[2])

    @property
    def blank(self) -> str:
        """The answer's cell as the notebook has it, with the placeholder."""
        return f"{self._cells.blank}\n{self._check_line}"

    @property
    def solution_code(self) -> str:
        """The same cell, filled in."""
        return f"{self._cells.solution}\n{self._check_line}"

    @cached_property
    def _cells(self) -> source.Cells:
        if isinstance(self.checker, Function):
            return source.of_function(self._solved, blank_imports=self.blank_imports)
        return source.of_value(self._solved)

    @property
    def _solved(self) -> Callable[..., Any]:
        assert self._solution is not None, f"{self.key} has no solution"
        return self._solution

    @property
    def _name(self) -> str:
        return self._solved.__name__

    @property
    def _check_line(self) -> str:
        return f"practice.q{self.number}.check({self._name})"

    def check(self, answer: Any) -> Verdict:
        """Return whether the answer is right and, if not, which property of it is wrong; never raise for a bad answer."""
        verdict = self._verdict(answer)
        if verdict.outcome not in (Outcome.NOT_ATTEMPTED, Outcome.CHECK_FAILED):
            record.note(self.key, verdict.outcome.value)
        return verdict

    def hint(self) -> Card:
        """Return the next hint, one step further at each call, until there are no more."""
        shown = _hints_shown[self.key]
        if shown >= len(self.hints):
            return Card(
                Bilingual(
                    "There are no more hints; `.solution()` shows the answer.",
                    "沒有更多提示了；`.solution()` 會顯示解答。",
                )
            )
        _hints_shown[self.key] += 1
        step, of, text = shown + 1, len(self.hints), self.hints[shown]
        opening = Bilingual(f"Hint {step} of {of}:", f"提示 {step}／{of}：")
        return Card(opening + text, look.card(look.HINT, opening, text))

    def solution(self) -> Card:
        """Return the code of a solution, and why it is right."""
        code = f"```python\n{self.solution_code}\n```"
        return Card(Bilingual(f"{code}\n\n{self.why.en}", f"{code}\n\n{self.why.zh}"))

    def _verdict(self, answer: Any) -> Verdict:
        try:
            if is_untouched(answer):
                raise NotAttempted
            with fixed(), capped_output():
                problem = self.checker(answer, self.mistakes)
        except NotAttempted:
            return Verdict(
                Outcome.NOT_ATTEMPTED,
                Bilingual(
                    f"Exercise {self.key}: put your answer in place of the `____` and run the cell again.",
                    f"練習 {self.key}：把 `____` 換成你的答案，再執行一次這個儲存格。",
                ),
            )
        except CannotCheck:
            return Verdict(
                Outcome.CANNOT_CHECK,
                Bilingual(
                    "Your answer is noted as given. Compare it with `.solution()`.",
                    "已記錄你的作答。請和 `.solution()` 比對看看。",
                ),
            )
        except Exception as error:  # a fault in the checker must not look like one in the answer
            return Verdict(
                Outcome.CHECK_FAILED,
                Bilingual(
                    f"The check itself failed (`{type(error).__name__}`), and nothing is noted as done; compare your "
                    "answer with `.solution()`.",
                    f"檢查程式本身出錯了（`{type(error).__name__}`），這次不算完成；請把你的答案和 `.solution()` 比對。",
                ),
            )
        if problem is None:
            return Verdict(Outcome.CORRECT, self.worth_knowing)
        return Verdict(Outcome.INCORRECT, problem)


_hints_shown: Counter[str] = Counter()
