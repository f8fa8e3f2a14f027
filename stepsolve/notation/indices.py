"""Indices: which are written as subscripts, `xᵢ`, and how; which sums run over one, `Σₖ`.

Numbers alone keep their brackets, as in `h[2]`: they count from 0, where a subscript counts from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepsolve.notation.exact import numeric
from stepsolve.notation.names import gradient, parts
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names

_SMALL: Final = dict(zip("0123456789+-=", "₀₁₂₃₄₅₆₇₈₉₊₋₌", strict=True)) | dict(
    zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
"""Unicode has no other letters below the line."""


def is_summation(expression: Expression) -> bool:
    """Whether an expression is a sum over an index, `sum(body, k)`, with bounds or without."""
    return (
        isinstance(expression, Apply)
        and expression.operation == "sum"
        and len(expression.arguments) > 1
        and not is_setting(expression.arguments[1])
    )


def is_setting(expression: Expression) -> bool:
    """Whether an argument is a setting of the call, `axis=1`: an option of some row has its name."""
    if not isinstance(expression, Apply) or len(expression.arguments) != 1:
        return False
    # Only here: the table asks for the notation of what its rows are made of.
    from stepsolve.operations.table import SETTINGS

    return expression.operation in SETTINGS


def setting(expression: Apply, write: Callable[[Expression], str]) -> str | None:
    """A setting of a call, `axis=1`, or a stretch of an index, `1:3`; None for anything else."""
    if is_setting(expression):
        return f"{expression.operation}={write(expression.arguments[0])}"
    if expression.operation != "slice":
        return None
    start, *end = expression.arguments
    first = "" if start == Number("0") else write(start)
    return f"{first}:{''.join(map(write, end))}"


def bounds(expression: Expression) -> range | None:
    """The values of the index of a sum between whole numbers; None for anything else."""
    match expression:
        case Apply(operation="sum", arguments=(_, Name(), lower, upper)):
            first, last = numeric(lower), numeric(upper)
            if (
                first is not None
                and last is not None
                and first.denominator == last.denominator == 1
            ):
                return range(int(first), int(last) + 1)
    return None


def is_indexed(item: Item) -> bool:
    """Whether a letter occurs in the indices of an entry."""
    return any(names(index) for index in item.indices)


def stands_alone(base: Expression) -> bool:
    """Whether an index can be put to an expression as it is: `xᵢ`, but `[W₁]ᵢⱼ`."""
    if not isinstance(base, Name) or gradient(base.name) is not None:
        return False
    found = parts(base.name)
    return not (found.digits or found.subscript or found.iterate)


def below(*indices: Expression) -> str:
    """The indices as small characters: `ᵢⱼ`, `ₖ₋₁`; empty where there are none for them."""
    texts = [_compact(index) for index in indices]
    if not all(texts) or (len(texts) > 1 and any(len(text) > 1 for text in texts)):
        return ""
    joined = "".join(texts)
    return "".join(map(_SMALL.get, joined, "?" * len(joined))) if _is_small(joined) else ""


def below_with_bounds(index: Expression, lower: Expression) -> str:
    """The lower end of a sum as small characters: `ₖ₌₁`; empty where there are none for it."""
    first, start = below(index), below(lower)
    return f"{first}₌{start}" if first and start else ""


def _is_small(text: str) -> bool:
    return all(character in _SMALL for character in text)


def _compact(index: Expression) -> str:
    """An index without blanks: `k-1`; empty where it is more than letters and whole numbers."""
    match index:
        case Name(name=name) if len(name) == 1:
            return name
        case Number(text=text) if text.isdecimal():
            return text
        case Apply(operation="+" | "-" as sign, arguments=(Name() | Number() as a, b)) if (
            isinstance(b, Name | Number)
        ):
            left, right = _compact(a), _compact(b)
            return f"{left}{sign}{right}" if left and right else ""
    return ""
