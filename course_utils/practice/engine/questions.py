"""Quick questions: multiple choice, with an explanation for every option, right or wrong."""

from dataclasses import dataclass
from typing import Any

from ..._widgets import with_twins
from ...texts import Bilingual, CourseError
from . import look
from .exercise import Card

LETTERS = "abcdef"


@dataclass(frozen=True)
class Option:
    """One option: its text, whether it is right, and why or why not."""

    text: Bilingual
    is_right: bool
    because: Bilingual


@dataclass(frozen=True)
class Question:
    """A question that shows its options as buttons, and as text where there are no widgets.

    `name` is the lesson's name for it, such as "quick1"; one option at least is right.
    """

    name: str
    prompt: Bilingual
    options: tuple[Option, ...]

    def answer(self, letter: str) -> Card:
        """Return whether the option "a", "b", … is right, and why. Raise CourseError for any other letter."""
        chosen = letter.strip().lower() if isinstance(letter, str) else ""
        letters = LETTERS[: len(self.options)]
        if len(chosen) != 1 or chosen not in letters:
            known = ", ".join(f'"{one}"' for one in letters)
            raise CourseError(f"Choose one of {known}.", f"請從 {known} 裡選一個。")
        option = self.options[letters.index(chosen)]
        opening = Bilingual("✓ Right.", "✓ 對。") if option.is_right else Bilingual("✗ No.", "✗ 不對。")
        kind = look.RIGHT if option.is_right else look.WRONG
        return Card(opening + option.because, look.card(kind, opening, option.because))

    def text(self) -> Bilingual:
        """Return the question with its options, and how to answer it in code."""

        def of(language: str, how: str) -> str:
            options = [
                f"- ({letter}) {getattr(option.text, language)}"
                for letter, option in zip(LETTERS, self.options)
            ]
            return "\n".join([f"❓ {getattr(self.prompt, language)}", "", *options, "", how])

        code = f'`practice.{self.name}.answer("a")`'
        return Bilingual(
            of("en", f"No buttons here? Run {code}, with your letter."),
            of("zh", f"這裡沒有按鈕嗎？執行 {code}，換成你選的字母。"),
        )

    def __repr__(self) -> str:
        return str(self.text())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Show the buttons where there are widgets; Markdown and plain text are their static twins."""
        from ._question_widget import QuestionButtons

        twins = {"text/markdown": self.text().markdown(), "text/plain": repr(self)}
        return with_twins(QuestionButtons(self)._repr_mimebundle_(), twins)
