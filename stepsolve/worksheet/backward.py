"""The backward pass: from a worksheet to further lines, one gradient for every name.

Reverse accumulation on the computational graph (Rumelhart, Hinton, Williams 1986; Griewank, Walther,
Evaluating Derivatives, 2nd ed., 3.2). Every gradient is a line: local gradient times the gradient
from above, summed over the lines that use the name. Length and time grow linearly with the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import NamedTuple

from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.operations.forms import form_of, joined
from stepsolve.worksheet.lines import BACKWARD, Line, Worksheet
from stepsolve.worksheet.local import LocalGradient, LocalGradients

_TERMS_TOGETHER = 40  # paths that are added in one line
_LISTED = 4  # users of a name that are told before "..."
MAX_PATHS = 64


def partial_name(of: str, by: str) -> str:
    """`∂f/∂x`: the derivative by x alone, where other quantities of the same line hang on x too."""
    return f"∂{of}/∂{by}"


class Graph:
    """Which lines use which names, for the part of a worksheet between some names and a target.

    The target may stand outside, where the gradients by some of the lines, `ends`, are known.
    """

    def __init__(
        self,
        worksheet: Worksheet,
        target: str,
        wrt: Iterable[str] = (),
        ends: Iterable[str] = (),
    ) -> None:
        self.worksheet, self.target = worksheet, target
        self._ends = frozenset(ends) or frozenset((target,))
        self._lines = {line.name: line for line in worksheet.lines}
        self.uses = {line.name: tuple(names(line.expression)) for line in worksheet.lines}
        upstream = self._ancestors()
        sources = set(wrt) or set(worksheet.given)
        active: set[str] = set()
        for name in worksheet.names:
            if name in sources or any(use in active for use in self.uses.get(name, ())):
                active.add(name)
        self.active = [n for n in worksheet.names if n in active and n in upstream]
        on_path = frozenset(self.active)
        self.arguments = {
            name: tuple(use for use in self.uses[name] if use in on_path)
            for name in self.active
            if name in self._lines
        }
        self.consumers: dict[str, list[str]] = {name: [] for name in self.active}
        for name, arguments in self.arguments.items():
            for argument in arguments:
                self.consumers[argument].append(name)

    def line(self, name: str) -> Line:
        return self._lines[name]

    def _ancestors(self) -> set[str]:
        """The names that the target hangs on, itself included."""
        found = set(self._ends)
        for line in reversed(self.worksheet.lines):
            if line.name in found:
                found.update(self.uses[line.name])
        return found

    def indirect(self) -> set[tuple[str, str]]:
        """The pairs (line, argument) where another argument of the line hangs on that one."""
        bit = {name: 1 << k for k, name in enumerate(self.active)}
        above: dict[str, int] = {}  # the names that each hangs on, one bit each
        pairs: set[tuple[str, str]] = set()
        for name in self.active:
            arguments = self.arguments.get(name, ())
            reached = reduce(or_, (above[a] for a in arguments), 0)
            pairs.update((name, a) for a in arguments if reached & bit[a])
            above[name] = reduce(or_, (bit[a] for a in arguments), reached)
        return pairs

    def paths(self, source: str) -> Iterator[tuple[str, ...]]:
        """The ways from a name to the target along the lines, at most `MAX_PATHS` + 1 of them."""
        waiting: list[tuple[str, ...]] = [(source,)]
        found = 0
        while waiting and found <= MAX_PATHS:
            path = waiting.pop()
            if path[-1] == self.target:
                found += 1
                yield path
            else:
                waiting.extend((*path, user) for user in reversed(self.consumers[path[-1]]))

    def local_name(self, of: str, by: str, indirect: set[tuple[str, str]]) -> str:
        """What the local gradient of a line by one of its arguments is called.

        The local gradient is the whole derivative, and is named like it, unless the argument also
        reaches the line another way.
        """
        return (partial_name if (of, by) in indirect else gradient_name)(of, by)


def backward(graph: Graph) -> tuple[Line, ...]:
    """The lines of the backward pass, from the target to the names it is differentiated by."""
    target = graph.target
    indirect = graph.indirect()
    titles = {name: gradient_name(target, name) for name in (target, *graph.active)}
    because = "a quantity changes as fast as itself"
    lines = [Line(titles[target], Number("1"), because, BACKWARD, "gradient")]
    rules = LocalGradients("e" not in graph.worksheet.names)
    taken = {*graph.worksheet.names, *titles.values()}
    waiting = {name: len(users) for name, users in graph.consumers.items()}
    contributions: dict[str, list[Expression]] = {name: [] for name in graph.active}
    for name in reversed(graph.active):
        if name not in graph.arguments:
            continue
        upstream = titles[name]
        gates = rules.of(graph.line(name), graph.arguments[name])
        for argument, gate in zip(graph.arguments[name], gates, strict=True):
            # straight into the target and nowhere else: the local gradient is the whole one
            sole = name == target and len(graph.consumers[argument]) == 1
            if sole:
                contributions[argument].append(gate.expression)
            else:
                local = graph.local_name(name, argument, indirect)
                lines.append(_line(local, gate.expression, "local", gate, name))
                contributions[argument].append(
                    Name(local) if name == target else _PRODUCT.filled((upstream, local))
                )
            waiting[argument] -= 1
            if not waiting[argument]:
                reason = gate if sole else _reason(graph.consumers[argument], argument)
                of = name if sole else ""
                parts = contributions[argument]
                lines.extend(_gradient(titles[argument], parts, reason, of, taken))
    return tuple(lines)


_PRODUCT = form_of(Apply("*", Name("upstream"), Name("local")))


class _Reason(NamedTuple):
    """Why a gradient is what it is, told as those of local gradients are."""

    because: str
    pattern: str
    derive: None = None


_ONE_WAY = _Reason("upstream times local", "")


def _reason(users: list[str], name: str) -> _Reason:
    if len(users) == 1:
        return _ONE_WAY
    shown = [*users[:_LISTED], "..."] if len(users) > _LISTED + 2 else users[:-1]
    listed = f"{', '.join(shown)} and {users[-1]}"
    return _Reason(f"{name} feeds {listed}, and the paths add", "copy adds")


def _gradient(
    title: str, parts: list[Expression], reason: LocalGradient | _Reason, of: str, taken: set[str]
) -> Iterator[Line]:
    """The line of one gradient; where very many paths meet, partial sums before it."""
    count = 0
    while len(parts) > _TERMS_TOGETHER:
        sums: list[Expression] = []
        for start in range(0, len(parts), _TERMS_TOGETHER):
            count = next(k for k in range(count + 1, 10**9) if f"{title}_part{k}" not in taken)
            part = f"{title}_part{count}"
            chunk = parts[start : start + _TERMS_TOGETHER]
            yield Line(part, joined("+", chunk), "some of the paths", BACKWARD, "gradient")
            sums.append(Name(part))
        parts = sums
    yield _line(title, joined("+", parts), "gradient", reason, of)


def _line(
    name: str, expression: Expression, role: str, reason: LocalGradient | _Reason, of: str
) -> Line:
    because, pattern, derive = reason.because, reason.pattern, reason.derive
    return Line(name, expression, because, BACKWARD, role, pattern, of, derive)
