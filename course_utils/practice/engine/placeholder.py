"""The `____` of an exercise: it stands for what the learner is to write."""

from typing import Any, NoReturn

from ...texts import CourseError


class PlaceholderUsed(CourseError):
    """The code of an answer works with the placeholder, instead of with what should stand there."""


class Placeholder:
    """What `____` is: it can be assigned and returned; used in any other way, it says that it is to be replaced."""

    def __repr__(self) -> str:
        return "____"


def _refuse(self: Placeholder, *args: Any, **kwargs: Any) -> NoReturn:
    raise PlaceholderUsed(
        "There is still a ____ in this cell: put your own code in its place.",
        "這個儲存格裡還有 ____：請把它換成你自己的程式碼。",
    )


_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv matmul rmatmul pow rpow mod rmod neg abs "
    "and rand or ror xor rxor invert lt le gt ge contains bool len"
)
_ACCESS = "call getitem setitem iter int float index"
for _name in f"{_OPERATORS} {_ACCESS}".split():
    setattr(Placeholder, f"__{_name}__", _refuse)

____ = Placeholder()


def is_untouched(answer: Any) -> bool:
    """Return whether the answer is the placeholder, or a tuple, list, set or dict that holds it, however deep."""
    return _holds(answer, set())


def _holds(answer: Any, seen: set[int]) -> bool:
    if type(answer) not in (tuple, list, set, dict):
        return answer is ____
    if id(answer) in seen:  # a list may hold itself
        return False
    seen.add(id(answer))
    return any(_holds(item, seen) for item in (answer.values() if type(answer) is dict else answer))
