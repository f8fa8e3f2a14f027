"""Where functions have no derivative, in words, and what stands for it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stepsolve.derivation import Text
from stepsolve.notation.cases import CHOICE, cases
from stepsolve.notation.tree import Apply, Expression, names, walk
from stepsolve.operations.table import OPERATIONS

_MEET = "Convention: the derivative there is that of the case that holds."


def conventions(expressions: Iterable[Expression]) -> Iterator[Text]:
    """A sentence for every kink of the functions in some expressions, and where cases meet."""
    nodes = list(dict.fromkeys(node for one in expressions for node in walk(one)))
    of_cases = set(_conditions(nodes))
    for node in nodes:
        row = OPERATIONS.get(node.operation) if isinstance(node, Apply) else None
        if row is None or not isinstance(node, Apply):
            continue
        for left, right in row.kink_sides(row.completed(node.arguments)):
            where = (left, " = ", right)
            if not (names(left) or names(right)):
                continue
            if node in of_cases:
                yield Text(("The cases meet where ", *where, f". {_MEET}"))
            else:
                told = (row.name,) if row.is_call else ("The comparison ", node)
                convention = f". Convention: {row.convention}."
                yield Text((*told, " has no derivative where ", *where, convention))


def _conditions(nodes: Iterable[Expression]) -> Iterator[Expression]:
    for node in nodes:
        if isinstance(node, Apply) and node.operation == CHOICE:
            yield from (condition for _, condition in cases(node.arguments)[0])
