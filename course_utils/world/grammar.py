"""A probabilistic grammar whose every probability can be computed.

A grammar is a tree of five kinds of node. `Text` emits itself. `Seq` emits its parts in turn. `Alt` chooses one of its
options, each with the same probability. `Ref` emits an attribute of a variable of the story (the hero's name, the
colour of the thing); a variable gets its value, at random, where it is first mentioned and keeps it ever after. `Case`
chooses its option by such a variable. Texts are derived from left to right, so that the same walk serves to sample a
story, to weigh one, and to say what may come next after a beginning.

Templates are written as strings: `{hero.name}` is a reference, `[a|b|c]` an alternative (it may be nested, and an empty
option makes the rest optional).
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, TypeAlias

Bound = Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Seq:
    parts: tuple


@dataclass(frozen=True)
class Alt:
    options: tuple


@dataclass(frozen=True)
class Ref:
    name: str


@dataclass(frozen=True)
class Case:
    """Choose by `variable`: `options` maps each of its values to a node."""

    variable: str
    options: tuple  # of (value, node)


Node = Text | Seq | Alt | Ref | Case
Stack: TypeAlias = "tuple[Node, Stack] | None"  # what is still to derive, the next one first


def case(variable: str, options: Mapping[Any, Any]) -> Case:
    """A `Case` over templates."""
    return Case(variable, tuple((value, template(option)) for value, option in options.items()))


def recast(part: str | list | tuple, **roles: str) -> str | list | tuple:
    """A template with its roles given to others: `recast("{winner.name} won.", winner="hero")`."""
    if not isinstance(part, str):
        return type(part)(recast(inner, **roles) for inner in part)
    return re.sub(r"\{(\w+)(?=[.}])", lambda found: "{" + roles.get(found[1], found[1]), part)


_TOKEN = re.compile(r"[\[\]|]|\{[^{}]*\}|[^\[\]|{}]+")


def template(source: str | list | tuple | Node) -> Node:
    """Parse a template. A list is an `Alt` of templates, a tuple a `Seq` of them, a node is itself."""
    if isinstance(source, list):
        return Alt(tuple(template(option) for option in source))
    if isinstance(source, tuple):
        return Seq(tuple(template(part) for part in source))
    if not isinstance(source, str):
        return source
    pieces = _TOKEN.findall(source)
    if "".join(pieces) != source:
        raise ValueError(f"stray brace in the template {source!r}")
    node, rest = _sequence(pieces, 0)
    if rest != len(pieces):
        raise ValueError(f"stray '{pieces[rest]}' in the template {source!r}")
    return node


def _sequence(pieces: list[str], at: int) -> tuple[Node, int]:
    parts: list[Node] = []
    while at < len(pieces) and pieces[at] not in "]|":
        piece = pieces[at]
        if piece == "[":
            options, at = _options(pieces, at + 1)
            parts.append(Alt(options))
        else:
            parts.append(Ref(piece[1:-1]) if piece.startswith("{") else Text(piece))
            at += 1
    return (parts[0] if len(parts) == 1 else Seq(tuple(parts))), at


def _options(pieces: list[str], at: int) -> tuple[tuple[Node, ...], int]:
    options = []
    while True:
        node, at = _sequence(pieces, at)
        options.append(node)
        if at >= len(pieces):
            raise ValueError("a '[' in a template is never closed")
        at += 1
        if pieces[at - 1] == "]":
            return tuple(options), at


@dataclass(frozen=True)
class Beginning:
    """One way to derive a text that starts with a given beginning.

    `tail` is what this way has emitted beyond the beginning, `ended` says that the text is complete.
    """

    probability: float
    tail: str
    ended: bool
    bound: Bound
    stack: Stack = field(repr=False)


class Branch(NamedTuple):
    """One choice at a node: its probability, the nodes to derive next, and the (variable, value) that it settles."""

    probability: float
    nodes: tuple
    binding: tuple | None = None


@dataclass(frozen=True)
class Grammar:
    """A grammar: its `root` and what its variables may be.

    `variable(name)` gives the variable that a reference needs; `values(variable, bound)` gives the values that the
    variable may still take, all equally likely; `render(name, bound)` gives the text of a reference.
    """

    root: Node
    variable: Callable[[str], str]
    values: Callable[[str, Bound], Sequence]
    render: Callable[[str, Bound], str]

    def sample(self, rng: Random, given: Bound | None = None) -> tuple[str, dict, float]:
        """Draw a text. Returns (text, the values of its variables, its log-probability in nats).

        `given` fixes some variables beforehand; the log-probability is then conditional on them.
        """
        bound, out, logp = dict(given or {}), [], 0.0
        # What is still to be derived, the next node on top: (node, the rest of the stack), or None at the end.
        stack: Stack = (self.root, None)
        while stack:
            node, stack = stack
            branches = self._branches(node, bound)
            if branches is None:
                out.append(self._emit(node, bound))
                continue
            p, nodes, value = branches[rng.randrange(len(branches))] if len(branches) > 1 else branches[0]
            logp += math.log(p)
            if value:
                bound[value[0]] = value[1]
            for part in reversed(nodes):  # so that the first part lies on top
                stack = (part, stack)
        return "".join(out), bound, logp

    def beginnings(self, text: str, given: Bound | None = None) -> Iterator[Beginning]:
        """All ways to derive a text that starts with `text`, each with its probability."""
        start = Beginning(1.0, "", False, dict(given or {}), (self.root, None))
        yield from self._walk(start, text)

    def extend(self, way: Beginning, enough: Callable[[str], bool]) -> Iterator[Beginning]:
        """All continuations of `way` whose tail is `enough`, or that have come to the end."""
        if way.ended or enough(way.tail):
            yield way
            return
        yield from self._walk(way, "", enough)

    def log_probability(self, text: str) -> float:
        """Log-probability of a complete text, in nats; minus infinity if it is no sentence of the grammar."""
        total = sum(way.probability for way in self._complete(text))
        return math.log(total) if total else -math.inf

    def derivations(self, text: str) -> list[Bound]:
        """The values of the variables, for each way to derive `text` (one, in an unambiguous grammar)."""
        return [way.bound for way in self._complete(text)]

    def __contains__(self, text: str) -> bool:
        return any(True for _ in self._complete(text))

    def _complete(self, text: str) -> Iterator[Beginning]:
        for way in self.beginnings(text):
            yield from (w for w in self.extend(way, bool) if w.ended and not w.tail)

    def _walk(
        self, start: Beginning, text: str, enough: Callable[[str], bool] = lambda tail: True
    ) -> Iterator[Beginning]:
        """Yield every way to go on from `start` that spells `text`, and then until the tail after it is `enough`."""
        # Depth first, without recursion. Stacks are linked pairs and never change, so the ways share what lies below.
        work = [(start.probability, 0, start.tail, start.bound, start.stack)]
        while work:
            p, at, tail, bound, stack = work.pop()
            if at == len(text) and (stack is None or enough(tail)):
                yield Beginning(p, tail, stack is None, bound, stack)
                continue
            if stack is None:  # a whole sentence, and too short for the text
                continue
            node, below = stack
            branches = self._branches(node, bound)
            if branches is None:
                # What is emitted must spell the rest of `text`; what goes beyond it is the tail.
                emitted = self._emit(node, bound)
                rest = len(text) - at
                if text.startswith(emitted[:rest], at):
                    work.append((p, min(len(text), at + len(emitted)), tail + emitted[rest:], bound, below))
                continue
            for q, nodes, value in branches:  # each choice is a way of its own, its variables copied
                grown = below
                for part in reversed(nodes):
                    grown = (part, grown)
                work.append((p * q, at, tail, {**bound, value[0]: value[1]} if value else bound, grown))

    def _branches(self, node: Node, bound: Bound) -> list[Branch] | None:
        """Return the choices at a node, all of them; None where its text is settled."""
        match node:
            case Seq(parts):
                return [Branch(1.0, parts)]
            case Alt(options):
                return [Branch(1 / len(options), (option,)) for option in options]
            case Case(variable, options):
                if variable in bound:
                    return [Branch(1.0, (dict(options)[bound[variable]],))]
                allowed, table = self.values(variable, bound), dict(options)
                return [Branch(1 / len(allowed), (table[value],), (variable, value)) for value in allowed]
            case Ref(name):
                variable = self.variable(name)
                if variable in bound:
                    return None
                values = self.values(variable, bound)
                return [Branch(1 / len(values), (node,), (variable, value)) for value in values]
        return None

    def _emit(self, node: Node, bound: Bound) -> str:
        if isinstance(node, Text):
            return node.text
        assert isinstance(node, Ref)
        return self.render(node.name, bound)
