"""Texts in both languages: `Bilingual`, and the error that speaks both.

Whatever a learner reads is written in both languages where it is made, English first:
`Bilingual("Saved.", "已儲存。")`, `CourseError("What happened. What to do.", "發生了什麼。該怎麼做。")`.
"""

from dataclasses import dataclass

from . import console


@dataclass(frozen=True)
class Bilingual:
    """A text in both languages.

    `str(text)` is in the learner's language (with "both", the Chinese line, then the English); `text.inline(" | ")`
    is the same on one line; `text.markdown()` has both languages, for the switch in the notebook to choose.
    """

    en: str
    zh: str

    def __str__(self) -> str:
        return "\n".join(self._shown())

    def __add__(self, other: "Bilingual") -> "Bilingual":
        """Return the two texts one after the other, each language as a sentence of its own."""
        return Bilingual(f"{self.en} {other.en}", f"{self.zh}{other.zh}")

    def inline(self, between: str = " | ") -> str:
        """Return the text on one line, in the learner's language; two languages that say the same are shown once."""
        return between.join(dict.fromkeys(text.replace("\n", " ") for text in self._shown()))

    def markdown(self) -> str:
        """Return the two language blocks of a notebook's prose."""
        return f'<div lang="zh-Hant">\n\n{self.zh}\n\n</div>\n<div lang="en">\n\n{self.en}\n\n</div>'

    def _shown(self) -> tuple[str, ...]:
        """Return the languages to show, in their order."""
        from .language import current  # it raises a CourseError itself, and so needs this module

        return {"en": (self.en,), "zh": (self.zh,), "both": (self.zh, self.en)}[current()]


class CourseError(Exception):
    """An error that a learner can meet: what happened and what to do, `CourseError(en, zh)`; `text` has the two as one.

    `str()` gives both languages whatever the learner chose, because errors get copied to other people. Where a caller
    must tell one error from the others, it is a subclass of its own.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.text = Bilingual(en, zh)

    def __str__(self) -> str:
        return f"{self.text.zh}\n{self.text.en}" if console.shows_chinese() else self.text.en
