"""The cells of an exercise, from the source of its solution: filled in, and with the blank.

A solution is a function. Where a function is asked for, it is the answer, and in the blank cell it returns `____`.
Else its name is the learner's variable and what it returns the value; in the blank cell `____` stands for the value,
or for each entry of a tuple. A comment at the end of the `return`, `# blank: (1, ____)`, puts another blank there.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

BLANK = "____"
_MARK = re.compile(r"  # blank: (.+)$")


@dataclass(frozen=True)
class Cells:
    """The answer's cell as its solution fills it in, and as the notebook has it; without the check at their end."""

    solution: str
    blank: str


def of_function(function: Callable[..., Any], *, blank_imports: bool) -> Cells:
    """Return the cells where the function is the answer; imports that it needs stand before it.

    `blank_imports`: whether they stand in the blank cell as well.
    """
    node, lines = _parsed(function)
    imports = "".join(f"{line}\n" for line in _imports(node, function.__globals__))
    before = f"{imports}\n" if imports else ""
    header = "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1])
    solution = code(function, function.__name__)
    return Cells(f"{before}{solution}\n", f"{before if blank_imports else ''}{header}\n    return {BLANK}\n")


def of_value(function: Callable[[], Any]) -> Cells:
    """Return the cells where what the function returns is the answer."""
    node, lines = _parsed(function)
    returned = node.body[-1]
    assert isinstance(returned, ast.Return), f"{function.__name__} must end with return"
    steps = textwrap.dedent("\n".join(lines[node.body[0].lineno - 1 : returned.lineno - 1]))
    value = "\n".join(lines[returned.lineno - 1 : returned.end_lineno]).strip().removeprefix("return ")
    marked = _MARK.search(value)
    if marked:
        blank = marked[1]
    elif isinstance(returned.value, ast.Tuple):
        blank = f"({', '.join(BLANK for _ in returned.value.elts)})"
    else:
        blank = BLANK
    name = function.__name__
    solution = f"{name} = {_MARK.sub('', value)}"
    return Cells(f"{steps}\n{solution}" if steps else solution, f"{name} = {blank}")


def code(function: Callable[..., Any], name: str) -> str:
    """Return a function's source without its decorators, under another name."""
    node, lines = _parsed(function)
    text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    return text.replace(f"def {function.__name__}(", f"def {name}(", 1)


def _parsed(function: Callable[..., Any]) -> tuple[ast.FunctionDef, list[str]]:
    """Return a function's definition and the lines that its numbers count; lines 1 on may be decorators."""
    text = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    return node, text.splitlines()


def _imports(node: ast.FunctionDef, known: dict[str, Any]) -> list[str]:
    """Return the imports that the code needs, besides torch, which every lesson has imported."""
    used = {
        name.id: known[name.id] for name in ast.walk(node) if isinstance(name, ast.Name) and name.id in known
    }
    found = []
    for name, value in sorted(used.items()):
        if isinstance(value, ModuleType):
            if name != "torch":
                found.append(f"import {name}")
        elif isinstance(value, type):
            found.append(f"from {value.__module__.partition('.')[0]} import {name}")
    return found
