"""What `verify` returns: a report of checks, each of which holds, fails, or cannot be judged."""

from dataclasses import dataclass
from textwrap import indent
from typing import Literal

from ..texts import Bilingual


class Problem(Bilingual):
    """What is wrong, and how to mend it."""


class Doubt(Bilingual):
    """Why a check cannot be judged."""


State = Literal["holds", "fails", "unjudged"]
_SIGNS: dict[State, str] = {"holds": "✓", "fails": "✗", "unjudged": "?"}


@dataclass(frozen=True)
class Check:
    """One check: its name, what it asks, the problem that it found, and why it cannot be judged.

    Of `problem` and `doubt` at most one is given; with neither, the check holds.
    """

    name: str
    asks: Bilingual
    problem: Problem | None = None
    doubt: Doubt | None = None

    @property
    def state(self) -> State:
        """Return "holds", "fails" or "unjudged"."""
        if self.problem is not None:
            return "fails"
        return "holds" if self.doubt is None else "unjudged"

    @property
    def sign(self) -> str:
        """Return ✓, ✗, or ? where the check cannot be judged."""
        return _SIGNS[self.state]

    @property
    def holds(self) -> bool:
        """Return whether it was judged and nothing was found."""
        return self.state == "holds"

    def __str__(self) -> str:
        line = f"{self.sign} {self.name}: {self.asks.inline()}"
        found = self.problem or self.doubt
        return line if found is None else f"{line}\n{indent(str(found), '    ')}"


@dataclass(frozen=True, repr=False)
class Report:
    """What `verify` found: every check, in order; `report["weights"]` is the check of that name.

    It is true exactly when every check holds; a check that cannot be judged does not hold.
    """

    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the names of the checks that found something wrong."""
        return tuple(check.name for check in self.checks if check.state == "fails")

    @property
    def unjudged(self) -> tuple[str, ...]:
        """Return the names of the checks that cannot be judged."""
        return tuple(check.name for check in self.checks if check.state == "unjudged")

    def __getitem__(self, name: str) -> Check:
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def __bool__(self) -> bool:
        return all(check.holds for check in self.checks)

    def __str__(self) -> str:
        return "\n".join(map(str, self.checks))

    __repr__ = __str__
