"""The `____` of an exercise: it stands for what the learner is to write."""

from typing import Any, NoReturn

from course_utils.language import CourseError


class Placeholder:
    """What `____` is: it can be assigned and returned; used in any other way, it says that it is to be replaced."""

    def __repr__(self) -> str:
        return "____"


def _refuse(self: Placeholder, *args: Any, **kwargs: Any) -> NoReturn:
    raise CourseError(
        "There is still a ____ in this cell: put your own code in its place.",
        "這個儲存格裡還有 ____：請把它換成你自己的程式碼。",
    )


_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv matmul rmatmul pow mod neg lt le gt ge contains bool len"
)
_ACCESS = "call getitem setitem iter int float index"
for _name in f"{_OPERATORS} {_ACCESS}".split():
    setattr(Placeholder, f"__{_name}__", _refuse)

____ = Placeholder()


def is_untouched(answer: Any) -> bool:
    """Whether the answer is the placeholder itself, or a tuple, list or dict that holds it."""
    if type(answer) is dict:
        answer = list(answer.values())
    if type(answer) in (tuple, list):
        return any(item is ____ for item in answer)
    return answer is ____
