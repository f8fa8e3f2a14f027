"""The shapes of expressions in vectors and matrices, worked out from those of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stepsolve.errors import StepsolveError
from stepsolve.notation.plain import plain
from stepsolve.notation.shapes import SCALAR, Shape, ShapeError, Size
from stepsolve.notation.tree import Apply, Expression, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import CONSTANTS, OPERATIONS, TENSORS


class Misfit(StepsolveError):
    """A part of an expression whose shapes do not fit; `part` is where, `hint` what would help."""

    def __init__(self, message: str, part: Expression, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.part, self.hint = message, part, hint


class Shapes:
    """The shape of every expression over names of known shapes.

    `functions` act entry by entry; `symmetric` are names of matrices that are their own transposes.
    """

    def __init__(
        self,
        known: Mapping[str, Shape],
        functions: Iterable[str] = (),
        symmetric: Iterable[str] = (),
    ) -> None:
        self.known = dict(known)
        self.symmetric = frozenset(symmetric)
        self._functions = {name.rstrip("'") for name in functions}
        self._memory: dict[Expression, Shape] = {}

    def of(self, expression: Expression) -> Shape:
        """The shape of an expression. Raises `Misfit` at the part where shapes do not fit."""
        found = self._memory.get(expression)
        if found is None:
            found = self._memory[expression] = self._find(expression)
        return found

    def misfits(self, expression: Expression) -> list[Misfit]:
        """Every part whose shapes do not fit, of those that do not hang on another one."""
        if not isinstance(expression, Apply) or expression.operation in ("eye", "ones", "diff"):
            found = []
        else:
            found = [error for part in expression.arguments for error in self.misfits(part)]
        if not found:
            try:
                self.of(expression)
            except Misfit as error:
                found.append(error)
        return found

    def _find(self, expression: Expression) -> Shape:
        match expression:
            case Number():
                return SCALAR
            case Name(name=name):
                if name not in self.known and name in CONSTANTS:
                    return SCALAR
                if name not in self.known:
                    raise Misfit(f"{name} has no shape", expression)
                return self.known[name]
            case Apply(operation="eye" | "ones" as operation, arguments=(size,)):
                count = _size(size)
                return Shape((count, count) if operation == "eye" else (count,))
            case Apply(operation="sum", arguments=(_, _, *_)):
                return SCALAR
            case Apply(operation="delta" | "diff" | "partial"):
                raise Misfit("index notation has no place in this expression", expression)
            case Apply(operation=operation, arguments=arguments):
                shapes = [self.of(a) for a in arguments]
                if operation in TENSORS:
                    return self._row(expression, operation, shapes)
                if operation not in OPERATIONS and operation.rstrip("'") not in self._functions:
                    raise Misfit(f"{operation} is not an operation", expression)
                return self._elementwise(expression, shapes)
        raise Misfit("a vector or matrix is needed by name here", expression)

    @staticmethod
    def _row(expression: Apply, operation: str, shapes: list[Shape]) -> Shape:
        try:
            return TENSORS[operation].shape(*shapes)
        except ShapeError as error:
            parts = [one_line(a) for a in expression.arguments]
            codes = [plain(a) for a in expression.arguments]
            raise Misfit(
                _filled(error.message, parts), expression, _filled(error.hint, codes)
            ) from None

    @staticmethod
    def _elementwise(expression: Apply, shapes: list[Shape]) -> Shape:
        """Entry by entry: all of one shape, or numbers, which go with every entry."""
        result, first = SCALAR, None
        for shape, argument in zip(shapes, expression.arguments, strict=True):
            if not shape.rank:
                continue
            if first is None:
                result, first = shape, argument
            elif shape != result:
                hint = ""
                if expression.operation == "*" and result.matrix[1] == shape.matrix[0]:
                    hint = f"write {plain(first)} @ {plain(argument)} for the matrix product"
                raise Misfit(
                    f"{one_line(first)} is {result}, but {one_line(argument)} is {shape}",
                    expression,
                    hint,
                )
        if expression.operation == "^" and shapes[1].rank:
            raise Misfit("an exponent is a number here", expression.arguments[1])
        return result


def _filled(template: str, parts: list[str]) -> str:
    for k, part in enumerate(parts, 1):
        template = template.replace(f"#{k}", part)
    return template


def _size(expression: Expression) -> Size:
    match expression:
        case Name(name=name):
            return name
        case Number(text=text) if text.isdecimal() and len(text) < 6:
            return int(text)
    raise Misfit("a size belongs here: a letter or a whole number", expression)
