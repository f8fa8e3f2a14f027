"""Matrix expressions put together without what nobody writes: double transposes, products of one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from stepsolve.calculus.terms import magnitude, product
from stepsolve.calculus.tidy import ONE, ZERO, constant
from stepsolve.notation.exact import Exact
from stepsolve.notation.tree import Apply, Expression, Name, transform
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import OPERATIONS, TENSORS


def transposed(expression: Expression, shapes: Shapes) -> Expression:
    """The transpose, written as far inside as it goes: (A @ x).T is x.T @ A.T."""
    if not shapes.of(expression).rank:
        return expression
    match expression:
        case Name(name=name) if name in shapes.symmetric:
            return expression
        case Apply(operation="T", arguments=(inner,)):
            return inner
        case Apply(operation="@"):
            parts = [transposed(part, shapes) for part in reversed(chain_of(expression))]
            return chain(parts, shapes)
        case Apply(operation="eye"):
            return expression
        case Apply(operation="diag", arguments=(inner,)) if shapes.of(inner).rank == 1:
            return expression
        case Apply(operation="inv", arguments=(inner,)) if transposed(
            inner, shapes
        ) == inner or _is_transpose(inner):
            return Apply("inv", transposed(inner, shapes))
        case Apply(operation=operation, arguments=parts) if _is_entrywise(operation) or (
            operation not in TENSORS and any(map(_is_transpose, parts))
        ):
            return Apply(operation, *(transposed(p, shapes) for p in parts))
    return Apply("T", expression)


def settled(expression: Expression, shapes: Shapes) -> Expression:
    """The expression with every transpose written as far inside as it goes."""

    def change(node: Expression) -> Expression | None:
        if isinstance(node, Apply) and node.operation == "T":
            return transposed(settled(node.arguments[0], shapes), shapes)
        return None

    return transform(expression, change)


def _is_transpose(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation == "T"


def _is_entrywise(operation: str) -> bool:
    return operation == "hadamard" or (
        operation in OPERATIONS and not OPERATIONS[operation].is_call
    )


def chain_of(expression: Expression) -> list[Expression]:
    """The factors of a matrix product, from left to right."""
    if isinstance(expression, Apply) and expression.operation == "@":
        return [part for side in expression.arguments for part in chain_of(side)]
    return [expression]


def chain(factors: Iterable[Expression], shapes: Shapes | None = None) -> Expression:
    """The matrix product of factors; identity matrices are left out.

    With `shapes`, factors that make a number, as a row and a column do, multiply the others by it.
    """
    parts = [part for factor in factors for part in chain_of(factor)]
    kept = [part for part in parts if not is_identity(part)] or parts[:1]
    whole = kept[0]
    for k, part in enumerate(kept[1:], 1):
        if shapes is not None and not shapes.of(whole).rank:
            return Apply("*", whole, chain(kept[k:], shapes))
        whole = Apply("@", whole, part)
    return whole


def is_identity(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation == "eye"


def entrywise(factors: Iterable[tuple[Expression, Exact]]) -> Expression:
    """The product entry by entry of powers of vectors, or of matrices, of one shape."""
    above: list[Expression] = []
    below: list[Expression] = []
    for base, power in factors:
        size = magnitude(power)
        part = base if size == 1 else Apply("^", base, constant(size))
        (above if power > 0 else below).append(part)
    top = reduce(lambda a, b: Apply("hadamard", a, b), above) if above else ONE
    if not below:
        return top
    return Apply("/", top, reduce(lambda a, b: Apply("hadamard", a, b), below))


def scaled(number: Exact, scalars: list[tuple[Expression, Exact]], core: Expression) -> Expression:
    """A number and scalars times a matrix expression, the sign aside: it stays with the number."""
    above = [_power(base, power) for base, power in scalars if power > 0]
    below = [_power(base, -power) for base, power in scalars if power < 0]
    size = constant(magnitude(number))
    if isinstance(size, Apply) and size.operation == "/":
        below.insert(0, size.arguments[1])
        size = size.arguments[0]
    if size != ONE:
        above.insert(0, size)
    if core != ONE and above:
        first, *others = chain_of(core)  # 2 A x rather than 2 (A x)
        whole = chain([Apply("*", product(above), first), *others])
    else:
        whole = product([*above, core] if core != ONE else above)
    return Apply("/", whole, product(below)) if below else whole


def _power(base: Expression, power: Exact) -> Expression:
    return base if power == 1 else Apply("^", base, constant(power))


def signed_sum(parts: list[tuple[Exact, Expression]]) -> Expression:
    """A sum of terms with signs, beginning with a positive one if there is one."""
    first = next((k for k, (sign, _) in enumerate(parts) if sign > 0), 0)
    ordered = [parts[first], *parts[:first], *parts[first + 1 :]] if parts else []
    result: Expression | None = None
    for sign, part in ordered:
        if result is None:
            result = part if sign > 0 else Apply("neg", part)
        else:
            result = Apply("+" if sign > 0 else "-", result, part)
    return ZERO if result is None else result


def with_value(form: Expression, part: Expression, value: Expression) -> Expression:
    """The form where one part has the value 0 or 1, without products by it."""
    if form == part:
        return value
    if not isinstance(form, Apply):
        return form
    parts = tuple(with_value(a, part, value) for a in form.arguments)
    match form.operation, parts:
        case ("*" | "@" | "hadamard" | "/", (left, right)) if ZERO in (left, right):
            return ZERO
        case "*", (left, right) if ONE in (left, right):
            return right if left == ONE else left
        case ("*", (Apply(operation="neg", arguments=(left,)), right)) if left == ONE:
            return Apply("neg", right)
        case "neg" | "T", (only,) if only == ZERO:
            return ZERO
        case (("+" | "-"), (left, right)) if right == ZERO:
            return left
        case "+", (left, right) if left == ZERO:
            return right
        case "-", (left, right) if left == ZERO:
            return Apply("neg", right)
    return form.rebuilt(parts)


def in_plain_language(expression: Expression) -> Expression:
    """The expression as it is typed in a file: products entry by entry with `*`."""

    def change(node: Expression) -> Expression | None:
        if isinstance(node, Apply) and node.operation == "hadamard":
            return Apply("*", *map(in_plain_language, node.arguments))
        return None

    return transform(expression, change)


def as_on_paper(expression: Expression, shapes: Shapes) -> Expression:
    """The expression as a textbook prints it: products entry by entry with their own sign."""

    def change(node: Expression) -> Expression | None:
        if isinstance(node, Apply) and node.operation == "*":
            a, b = node.arguments
            if shapes.of(a).rank and shapes.of(b).rank:
                return Apply("hadamard", as_on_paper(a, shapes), as_on_paper(b, shapes))
        return None

    return transform(expression, change)
