"""Calls that an exercise asks to do without: while the learner's function runs, they raise an error that says so."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from ...texts import Bilingual, CourseError


class ForbiddenCall(CourseError):
    """The learner's function calls what the exercise asks to do without."""


@dataclass(frozen=True)
class Forbidden:
    """The method `name` of `owner`, a class or one object; or, with `owner` a function, that function itself.

    `says` is for the learner. `unless` says of a call's keyword arguments that it is allowed.
    """

    owner: Any
    name: str
    says: Bilingual
    unless: Callable[[dict[str, Any]], bool] | None = None


def does_without(what: str) -> Bilingual:
    """Say that the exercise asks to do without `what`, a piece of code."""
    return Bilingual(
        f"Your function calls `{what}`; this exercise asks you to do without it.",
        f"你的函式呼叫了 `{what}`；這一題要求不用它來作答。",
    )


def module_functions(module: ModuleType, what: str) -> list[Forbidden]:
    """Forbid the public functions of a module or package, wherever they have been imported."""
    functions = inspect.getmembers(module, inspect.isfunction)
    package = module.__name__ + "."
    return [
        Forbidden(function, name, does_without(what))
        for name, function in functions
        if f"{function.__module__}.".startswith(package)
        and not name.startswith("_")
        and not function.__closure__
    ]


@contextmanager
def refused(calls: Sequence[Forbidden]) -> Iterator[list[Forbidden]]:
    """Make the calls raise ForbiddenCall in the block; give the list of those that were tried all the same."""
    tried: list[Forbidden] = []
    with ExitStack() as undo:
        for one in calls:
            raiser = _raiser(one, tried)
            if isinstance(one.owner, FunctionType):
                _swap_code(one.owner, raiser, undo)
            else:
                _replace(one.owner, one.name, _checked(one, raiser), undo)
        yield tried


def _raiser(one: Forbidden, tried: list[Forbidden]) -> Callable[[], NoReturn]:
    def refuse() -> NoReturn:
        tried.append(one)
        raise ForbiddenCall(one.says.en, one.says.zh)

    return refuse


def _checked(one: Forbidden, refuse: Callable[[], NoReturn]) -> Callable[..., Any]:
    usual = getattr(one.owner, one.name)

    def method(*arguments: Any, **named: Any) -> Any:
        if one.unless is None or not one.unless(named):
            refuse()
        return usual(*arguments, **named)

    return method


def _replace(owner: Any, name: str, new: Any, undo: ExitStack) -> None:
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, new)


def _swapped(*arguments: Any, _refuse: Callable[[], NoReturn], **named: Any) -> NoReturn:
    _refuse()


def _swap_code(function: FunctionType, refuse: Callable[[], NoReturn], undo: ExitStack) -> None:
    """Change what the function does, and not only the name by which a module knows it."""
    undo.callback(setattr, function, "__code__", function.__code__)
    undo.callback(setattr, function, "__defaults__", function.__defaults__)
    undo.callback(setattr, function, "__kwdefaults__", function.__kwdefaults__)
    function.__code__, function.__defaults__ = _swapped.__code__, None
    function.__kwdefaults__ = {"_refuse": refuse}
