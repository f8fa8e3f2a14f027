"""Inner parts of a matrix expression under letters of their own: `f(W @ x + b)` becomes `f(z)`.

A letter keeps a derivation from swelling: the chain rule goes from letter to letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count

from stepsolve.calculus.entries import is_entry_by_entry
from stepsolve.notation.tree import Apply, Expression, Name, names, transform
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
        is_turned = node.operation == "T" and place == "product"
        inner = place if is_turned else self._place_of(node)
        done = node.rebuilt(tuple(self._inside(a, inner) for a in node.arguments))
        if not self._shapes.of(node).rank or place == "line":
            return done
        assert isinstance(done, Apply)
        if place == "function":
            return self._argument(done)
        if node.operation == "softmax":
            return self._letter(done, _SOFTMAX)
        heavy = place == "product" or any(
            isinstance(a, Apply) and a.operation == "@" for a in done.arguments
        )
        if place in ("product", "norm") and node.operation in ("+", "-") and heavy:
            return self._letter(done, _SUMS)
        return done

    def _argument(self, form: Apply) -> Expression:
        """The argument of a function: `1 - p` as it is, of `1 - sigmoid(z)` a letter for sigmoid."""
        if _is_call(form) or not all(_is_arithmetic(n) or _is_call(n) for n in _outside(form)):
            return self._letter(form, _ARGUMENTS)
        calls = {n for n in _outside(form) if _is_call(n) and self._shapes.of(n).rank}
        return transform(form, lambda n: self._letter(n, _ARGUMENTS) if n in calls else None)

    def _place_of(self, node: Apply) -> str:
        is_open = node.operation not in OPERATIONS and node.operation not in TENSORS
        is_function = is_open or _is_call(node)
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


def _outside(expression: Expression) -> Iterator[Expression]:
    """The nodes of an expression that are in no function's argument."""
    yield expression
    if not _is_call(expression):
        for part in expression.children:
            yield from _outside(part)


def _is_call(expression: Expression) -> bool:
    """Whether a function works entry by entry: `sigmoid(z)`."""
    row = _row(expression)
    return row is not None and row.is_call


def _is_arithmetic(expression: Expression) -> bool:
    """Whether entries are only added, multiplied and so on: a name, a number, `1 - p`."""
    row = _row(expression)
    return not isinstance(expression, Apply) or (row is not None and not row.is_call)


def _row(expression: Expression) -> Operation | None:
    return OPERATIONS.get(expression.operation) if isinstance(expression, Apply) else None
