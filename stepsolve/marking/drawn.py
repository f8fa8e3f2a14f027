"""Derivatives by vectors and matrices at numbers that are drawn, so that formulas have values.

The lines of the problem become a graph, whose backward pass is worked out line by line and shares
nothing with the index calculus. Functions that the problem leaves open become definite ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from stepsolve.checking.scenes import Rows, scenes
from stepsolve.errors import StepsolveError
from stepsolve.kinds.graph import Graph
from stepsolve.kinds.matrix_derivative import MatrixDerivative
from stepsolve.marking.ledger import Function
from stepsolve.notation.plain import plain
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import Apply, Expression, Name, substitute, transform, walk
from stepsolve.problem import read_problem
from stepsolve.source.expression import parse
from stepsolve.source.mapping import from_mapping
from stepsolve.source.tensors import OPEN_FUNCTIONS

_PARTS: Final = 1 << 20
_AT: Final = "#"  # where an open function is taken


class Drawn(NamedTuple):
    """A graph with drawn values, letters for some of its gradients, and the functions in it."""

    graph: Graph
    letters: Mapping[str, str]
    functions: Mapping[str, Function]


def drawn(problem: MatrixDerivative) -> Drawn | None:
    """The problem at drawn numbers; None where no scalar is differentiated, or none has a value."""
    stated = problem.stated
    if not stated.is_scalar or problem.layout == "numerator":
        return None
    functions = _functions(stated.lines)
    lines = [f"{name} = {plain(_definite(e, functions))}" for name, e in stated.lines.items()]
    for scene in scenes(stated.given, None, (), stated.conditions):
        given = {name: _entries(rows, stated.given[name]) for name, rows in scene.values.items()}
        backward = {"of": stated.target, "wrt": list(stated.by)}
        data = {"kind": "graph", "given": given, "lines": lines, "backward": backward}
        try:
            graph = read_problem(from_mapping(data))
        except StepsolveError:  # outside a domain, or an operation that no graph has
            continue
        assert isinstance(graph, Graph)
        return Drawn(graph, stated.letters, functions)
    return None


def _functions(lines: Mapping[str, Expression]) -> dict[str, Function]:
    """Something definite for every function that is left open, and for its derivative."""
    nodes = (node for line in lines.values() for node in walk(line) if isinstance(node, Apply))
    used = {node.operation.rstrip("'") for node in nodes if node.operation in OPEN_FUNCTIONS}
    found: dict[str, Function] = {}
    for k, name in enumerate(sorted(used), 1):
        pace = f"{k + 4} / 4"
        for called, written in (
            (name, f"sin(x * {pace}) + x / 4"),
            (f"{name}'", f"{pace} * cos(x * {pace}) + 1 / 4"),
        ):
            found[called] = Function((_AT,), substitute(parse(written), {"x": Name(_AT)}))
    return found


def _definite(expression: Expression, functions: Mapping[str, Function]) -> Expression:
    """An expression without open functions."""

    def change(node: Expression) -> Expression | None:
        if not isinstance(node, Apply) or node.operation not in functions:
            return None
        return functions[node.operation](tuple(_definite(a, functions) for a in node.arguments))

    return transform(expression, change)


def _entries(rows: Rows, shape: Shape) -> Any:
    """Drawn rows as a file has them: a vector is a list, whether it stands or lies."""
    # as fractions of a power of two, so that entries that sum to one still do
    written = [[str(Decimal(round(entry * _PARTS)) / _PARTS) for entry in row] for row in rows]
    if shape.rank == 2:
        return written
    flat = [entry for row in written for entry in row]
    return flat if shape.rank else flat[0]
