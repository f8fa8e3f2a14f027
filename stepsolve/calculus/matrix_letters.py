"""Inner parts of a matrix expression under letters of their own: `f(W @ x + b)` becomes `f(z)`.

A letter keeps a derivation from swelling: the chain rule goes from letter to letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, count

from stepsolve.calculus.entries import is_entry_by_entry
from stepsolve.notation.tree import Apply, Expression, Name, names, walk
from stepsolve.operations.operation import Operation
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import OPERATIONS, TENSORS

_ARGUMENTS, _SUMS, _SOFTMAX = "zuqh", "rdqh", "p"
_MULTIPLYING = ("@", "*", "hadamard", "dot", "outer", "diag")


class Lettered:
    """Lines in order, with further ones for their inner parts; `added` are the names of those.

    `shapes` gets to know the letters. `by` are the variables: what does not hang on them stays.
    """

    def __init__(
        self,
        lines: Mapping[str, Expression],
        shapes: Shapes,
        by: Iterable[str],
        taken: Iterable[str],
    ) -> None:
        self.lines: dict[str, Expression] = {}
        self.added: dict[str, Expression] = {}
        self._shapes = shapes
        self._taken = {*taken, *lines, *shapes.known}
        self._active = set(by)
        self._letters: dict[Expression, Name] = {}
        for name, expression in lines.items():
            found = self._inside(expression, "line")
            if not self._active.isdisjoint(names(found)):
                self._active.add(name)
            self.lines[name] = found

    def _hangs(self, expression: Expression) -> bool:
        return not self._active.isdisjoint(names(expression))

    def _inside(self, node: Expression, place: str) -> Expression:
        """The node with letters inside; `place` is what it stands in."""
        if not isinstance(node, Apply) or not self._hangs(node):
            return node
        inner = self._place_of(node)
        done = node.rebuilt(tuple(self._inside(a, inner) for a in node.arguments))
        if not self._shapes.of(node).rank or place == "line":
            return done
        assert isinstance(done, Apply)
        if place == "function":
            return done if _is_arithmetic(done) else self._letter(done, _ARGUMENTS)
        if node.operation == "softmax":
            return self._letter(done, _SOFTMAX)
        heavy = place == "product" or any(
            isinstance(a, Apply) and a.operation == "@" for a in done.arguments
        )
        if place in ("product", "norm") and node.operation in ("+", "-") and heavy:
            return self._letter(done, _SUMS)
        return done

    def _place_of(self, node: Apply) -> str:
        row = OPERATIONS.get(node.operation)
        is_function = (
            isinstance(row, Operation) and row.is_call if row else node.operation not in TENSORS
        )
        if node.operation == "softmax" or (is_function and is_entry_by_entry(node)):
            return "function"
        if node.operation == "norm":
            return "norm"
        return "product" if node.operation in _MULTIPLYING else "sum"

    def _letter(self, expression: Expression, usual: str) -> Name:
        known = self._letters.get(expression)
        if known is None:
            numbered = map(f"{usual[0]}_{{}}".format, count(1))
            letter = next(c for c in chain(usual, numbered) if c not in self._taken)
            self._taken.add(letter)
            self._active.add(letter)
            self._shapes.known[letter] = self._shapes.of(expression)
            self.lines[letter] = self.added[letter] = expression
            known = self._letters[expression] = Name(letter)
        return known


def _is_arithmetic(expression: Expression) -> bool:
    """Whether names and numbers are only added, multiplied and so on, entry by entry: `1 - p`."""
    return all(
        not isinstance(node, Apply)
        or (
            isinstance(row := OPERATIONS.get(node.operation), Operation)
            and not row.is_call
            and node.operation not in TENSORS
        )
        for node in walk(expression)
    )
