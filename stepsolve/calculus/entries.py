"""From vectors and matrices to their entries: `A @ x` becomes `sum(A[i, k] * x[k], k)`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from stepsolve.calculus.terms import Letters
from stepsolve.notation.indices import is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, walk
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import TENSORS

_KEPT = ("@", "+", "-")
_PARAMETERS = {"a": 0, "b": 1}


def is_entry_by_entry(expression: Expression) -> bool:
    """Whether an operation works on each entry by itself: a function, a sum, a product with `*`."""
    return isinstance(expression, Apply) and expression.operation not in TENSORS


class Entries:
    """Entries of expressions. What `fixed` holds for is not taken apart: `[A @ b]ᵢ` stays so.

    `in_full` takes operations apart that have a derivative of their own, such as softmax.
    """

    def __init__(
        self,
        shapes: Shapes,
        letters: Letters,
        fixed: Callable[[Expression], bool] = lambda expression: False,
        in_full: bool = False,
    ) -> None:
        self._shapes, self._letters, self._fixed = shapes, letters, fixed
        self._in_full = in_full

    def of(self, expression: Expression, indices: tuple[Expression, ...] = ()) -> Expression:
        """The entry at some indices, as many as the shape has sizes; a scalar as it is."""
        rank = self._shapes.of(expression).rank
        if not rank:
            indices = ()
        if isinstance(expression, Name):
            return Item(expression, *indices) if rank else expression
        if not isinstance(expression, Apply):
            return expression
        if self._is_kept(expression):
            return Item(expression, *indices) if rank else expression
        if expression.operation in TENSORS:
            return self._by_row(expression, indices)
        if _is_square_of_norm(expression):
            return self._square(expression)
        return expression.rebuilt(tuple(self.of(a, indices) for a in expression.arguments))

    def _is_kept(self, expression: Apply) -> bool:
        if expression.operation in ("T", "eye", "ones"):
            return expression.operation != "T"  # their entries alone do not tell a size
        row = TENSORS.get(expression.operation)
        opaque = row is not None and row.local is not None
        if opaque and self._in_full and row is not None:
            return not row.entry(self._shapes.of(expression.arguments[0]))
        has_tensors = any(isinstance(n, Apply) and n.operation in TENSORS for n in walk(expression))
        kept = has_tensors and (expression.operation in _KEPT or row is not None)
        return opaque or (kept and self._fixed(expression))

    def _by_row(self, expression: Apply, indices: tuple[Expression, ...]) -> Expression:
        """The formula of the row with the arguments and indices put in."""
        arguments = expression.arguments
        is_size = expression.operation in ("eye", "ones")
        shapes = () if is_size else tuple(self._shapes.of(a) for a in arguments)
        template = _parsed(TENSORS[expression.operation].entry(*shapes))
        return self.filled(template, arguments, dict(zip("ij", indices, strict=False)))

    def filled(
        self,
        template: Expression,
        arguments: tuple[Expression, ...],
        places: dict[str, Expression],
        result: Expression | None = None,
    ) -> Expression:
        """A formula in entries of `a` and `b` with arguments for them and other indices.

        `result` stands for `y`, the result itself, of which entries may occur as well.
        """
        match template:
            case Item(base=Name(name=name), indices=indices):
                put = tuple(places.get(i.name, i) if isinstance(i, Name) else i for i in indices)
                if name == "y" and result is not None:
                    return Item(result, *put)
                return self.of(arguments[_PARAMETERS[name]], put)
            case Item(base=Apply() as base, indices=indices):
                put = tuple(places.get(i.name, i) if isinstance(i, Name) else i for i in indices)
                return Item(base.rebuilt((arguments[0],)), *put)
            case Name(name=name):
                if name == "y" and result is not None:
                    return result
                if name in _PARAMETERS and name not in places:
                    return arguments[_PARAMETERS[name]]
                return places.get(name, template)
            case Apply(arguments=parts) if is_summation(template):
                body, index = parts
                assert isinstance(index, Name)
                own = Name(self._letters.take())
                inner = {**places, index.name: own}
                return Apply("sum", self.filled(body, arguments, inner, result), own)
            case Apply(operation=operation, arguments=parts):
                done = tuple(self.filled(p, arguments, places, result) for p in parts)
                return Apply(operation, *done)
        return template

    def _square(self, expression: Apply) -> Expression:
        """The square of a norm, without its root."""
        (inner,) = expression.arguments[0].children
        own = tuple(map(Name, self._letters.several(self._shapes.of(inner).rank)))
        body: Expression = Apply("^", self.of(inner, own), Number("2"))
        for index in reversed(own):
            body = Apply("sum", body, index)
        return body


def _is_square_of_norm(expression: Apply) -> bool:
    match expression:
        case Apply(operation="^", arguments=(Apply(operation="norm"), Number(text="2"))):
            return True
    return False


@lru_cache(maxsize=100)
def _parsed(text: str) -> Expression:
    from stepsolve.source.expression import parse

    return parse(text)
