"""One entry of the catalogue: how a message is recognised, and what there is to say about it."""

import re
from dataclasses import dataclass
from functools import cached_property

from ..texts import Bilingual

YES, NO, DEPENDS = "yes", "no", "depends"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A warning or an error that learners meet.

    `sign` is the message's own wording, shortened. `pattern` is a regular expression that finds the message; a
    space in it stands for any run of spaces and line breaks, because messages get wrapped on their way. `kinds`
    are the names of the exception's types; a warning or a logged message has none. Where several causes share one
    message, `where` finds the line of code, in the traceback, that tells this cause. `matters` is "yes", "no" or
    "depends".
    """

    slug: str
    sign: str
    pattern: str
    matters: str
    meaning: Bilingual
    remedy: Bilingual
    code: str = ""
    kinds: tuple[str, ...] = ()
    where: str = ""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(re.sub(r" (?![*?])", r"\\s+", self.pattern), re.MULTILINE)

    @cached_property
    def where_regex(self) -> re.Pattern[str]:
        """The compiled `where`, on a line of a traceback that was being run (not on the lines shown around it)."""
        return re.compile(rf"^(?:-+> *\d+ |    (?! *\d+ ))[^\n]*?{self.where}", re.MULTILINE)

    @property
    def is_error(self) -> bool:
        """Return whether this stops the program."""
        return bool(self.kinds)

    @property
    def is_shell(self) -> bool:
        """Return whether the code is for a terminal."""
        return self.code.startswith(("python ", "hf "))

    @property
    def title(self) -> str:
        """The sign with the exception's type before it."""
        return ": ".join(part for part in (*self.kinds[:1], self.sign) if part)
