"""An exercise: all that belongs to it as data, and what a learner can ask of it."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any

from course_utils import record
from course_utils.language import Bilingual

from . import look
from .checks import CannotCheck, Check, Mistake, NotAttempted
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


@dataclass(frozen=True)
class Exercise:
    """One exercise. `key` is the lesson and the number, as in "01.2".

    `blank` is the answer's cell as the notebook has it, with the placeholder; `solution_code` the same cell, filled
    in; `why` explains it. `worth_knowing` is said to a right answer. `mistakes`: the likely wrong answers.
    `given` makes what the exercise hands out, if anything.
    """

    key: str
    title: Bilingual
    statement: Bilingual
    blank: str
    hints: tuple[Bilingual, ...]
    solution_code: str
    why: Bilingual
    worth_knowing: Bilingual
    checker: Check
    mistakes: tuple[Mistake, ...] = ()

    def check(self, answer: Any) -> Verdict:
        """Say whether the answer is right and, if not, which property of it is wrong; never raise for a bad answer."""
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
                    "沒有更多提示了；`.solution()` 會給出解答。",
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
                    "已記下你作答了。請和 `.solution()` 對照看看。",
                ),
            )
        except Exception as error:  # a fault in the checker must not look like one in the answer
            return Verdict(
                Outcome.CHECK_FAILED,
                Bilingual(
                    f"The check itself failed (`{type(error).__name__}`), and nothing is noted as done; compare your "
                    "answer with `.solution()`.",
                    f"檢查程式自己出錯了（`{type(error).__name__}`），這次不算完成；請把你的答案和 `.solution()` 對照。",
                ),
            )
        if problem is None:
            return Verdict(Outcome.CORRECT, self.worth_knowing)
        return Verdict(Outcome.INCORRECT, problem)


_hints_shown: Counter[str] = Counter()
