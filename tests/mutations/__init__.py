"""The assertions bite: changes to the notebooks' code, each of which must turn a named cell red."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One change: in cell `cell`, `old` (which occurs there exactly once) becomes `new`.

    The notebook must then fail first in the cell `red` (default: the changed cell itself), with `raises`
    (the exception's class name; `DidNotRaise` where a cell tagged raises-exception no longer raises as
    stored). `slow`: it trains or writes for many seconds before it fails; only COURSE_TEST_FULL=1 asks for it.
    """

    name: str
    cell: str
    old: str
    new: str
    red: str = ""
    raises: str = "AssertionError"
    slow: bool = False

    @property
    def red_cell(self) -> str:
        """The id of the cell that must fail."""
        return self.red or self.cell
