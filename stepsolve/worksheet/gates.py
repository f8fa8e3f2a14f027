"""Splitting the expressions of a worksheet into gates of at most two inputs."""

from __future__ import annotations

from stepsolve.notation.tree import Apply, Expression, Name, names
from stepsolve.worksheet.lines import Line, Worksheet

_PAIRWISE = ("max", "min")


def split_into_gates(worksheet: Worksheet) -> Worksheet:
    """The worksheet with every operation on a line of its own, in the order of evaluation.

    The gates of a line `f` are called `f1`, `f2`, ... and the last one `f`.
    """
    taken = set(worksheet.names)
    lines: list[Line] = []
    for line in worksheet.lines:
        lines.extend(_Splitter(line, taken).lines)
    return Worksheet(worksheet.given, tuple(lines))


class _Splitter:
    def __init__(self, line: Line, taken: set[str]) -> None:
        self.lines: list[Line] = []
        self._taken = taken
        bare = line.name.replace("'", "")  # primes end a name
        self._stem = bare if line.name.isalpha() else f"{bare}_"
        self._count = 0
        outer = line.expression
        if isinstance(outer, Apply) and names(outer):
            outer = self._over_atoms(outer)
        self.lines.append(line._replace(expression=outer))

    def _over_atoms(self, node: Apply) -> Expression:
        arguments = node.arguments
        if node.operation in _PAIRWISE and len(arguments) > 2:
            return self._over_atoms(
                Apply(node.operation, Apply(node.operation, *arguments[:-1]), arguments[-1])
            )
        return Apply(node.operation, *map(self._atom, arguments))

    def _atom(self, node: Expression) -> Expression:
        if not isinstance(node, Apply) or not names(node):
            return node
        gate = self._over_atoms(node)
        name = self._name()
        self.lines.append(Line(name, gate))
        return Name(name)

    def _name(self) -> str:
        while True:
            self._count += 1
            name = f"{self._stem}{self._count}"
            if name not in self._taken:
                self._taken.add(name)
                return name
