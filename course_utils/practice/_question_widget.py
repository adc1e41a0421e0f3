"""The buttons of a quick question (apart, because this imports ipywidgets)."""

from typing import TYPE_CHECKING

import ipywidgets as widgets

from course_utils.show.html import blocks

from .questions import LETTERS

if TYPE_CHECKING:
    from .questions import Question


class QuestionButtons(widgets.VBox):
    """A question with one button for each option; `feedback` shows the explanation of the one last pressed."""

    def __init__(self, question: "Question") -> None:
        self.question = question
        self.buttons = [_button(letter) for letter, _ in zip(LETTERS, question.options)]
        self.feedback = widgets.HTML()
        rows = [
            widgets.HBox([button, widgets.HTML(blocks(option.text))])
            for button, option in zip(self.buttons, question.options)
        ]
        super().__init__([widgets.HTML(blocks(question.prompt)), *rows, self.feedback])
        self.add_class("course-question")
        self.add_class("course-bilingual")
        for button in self.buttons:
            button.on_click(self._show)

    def _show(self, button: widgets.Button) -> None:
        self.feedback.value = blocks(self.question.answer(button.description).text)


def _button(letter: str) -> widgets.Button:
    return widgets.Button(description=letter, tooltip=f"選 {letter} Choose {letter}", layout={"width": "3em"})
