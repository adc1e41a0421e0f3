"""What the commands' command lines have in common: help in both languages, and the argument LESSON."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..notebooks.find import lessons, pick
from ..place import program
from ..texts import Bilingual


class Parser(argparse.ArgumentParser):
    """The parser of a command's arguments; what it says of itself and of each argument is a `Bilingual`."""

    def __init__(self, command: str, purpose: Bilingual, epilog: Bilingual | None = None) -> None:
        super().__init__(
            prog=f"{program()} {command}",
            description=purpose.inline(" "),
            epilog=None if epilog is None else epilog.inline(" "),
        )

    def add_argument(
        self, *names: str, help: "Bilingual | str | None" = None, **options: Any
    ) -> argparse.Action:
        """Add an argument as argparse does, with help in both languages."""
        told = help.inline(" ") if isinstance(help, Bilingual) else help
        return super().add_argument(*names, help=told, **options)

    def add_lessons(self) -> None:
        """Add the argument LESSON, which may be given several times: `options.lessons`, for `chosen_lessons`."""
        self.add_argument(
            "lessons",
            nargs="*",
            metavar="LESSON",
            help=Bilingual(
                "which lessons, such as 01; all, if none is named", "哪幾課，例如 01；不寫就是全部"
            ),
        )


def chosen_lessons(names: Sequence[str], course: Path) -> list[Path]:
    """Return the lessons that are named, each once, or all of the course's folder.

    Raise CourseError for a name of none.
    """
    among = lessons(course)
    return list(dict.fromkeys(pick(name, among) for name in names)) or among
