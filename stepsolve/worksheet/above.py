"""The beginning of a backward pass: a gradient from above, or a loss of an output."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Array, Expression, Name
from stepsolve.operations.array_operation import Dims
from stepsolve.source.arrays import GivenArray
from stepsolve.source.windows import Above
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.sheet_parts import Value

_WRITTEN = 1000  # entries of an array that is spelled out
_LOSSES = {
    "sum": ("sum({y})", "the sum of the entries"),
    "squares": ("sum({d}^2)", "the sum of squares"),
    "half-squares": ("1 / 2 * sum({d}^2)", "half the sum of squares"),
}


def give_above(sheet: Sheet, above: Above | None, output: str, dims: Dims) -> None:
    """Give the target or the gradient from above, in the sizes of the output; before any line."""
    if above is None:
        return
    for name, given in ((gradient_name("L", output), above.gradient), ("t", above.target)):
        if given is not None:
            sheet.give(name, _spread(given, dims), dims, given.node)


def _spread(given: GivenArray, dims: Dims) -> Value:
    """One number for all entries as an array of them."""
    value = given.value
    if given.dims == dims or value is None:
        return value
    if prod(dims) > _WRITTEN:
        return np.full(dims, float(_number(value)))
    assert isinstance(value, Expression)
    for size in reversed(dims):
        value = Array(*[value] * size)
    return value


def _number(value: Expression | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    from stepsolve.operations.dimensions import Dimensions
    from stepsolve.worksheet.arrays import ArrayValues

    if isinstance(value, Expression):
        return float(ArrayValues(Dimensions({}, {})).value(value, {}))
    return float(value)


def write_backward(sheet: Sheet, above: Above, output: str, wrt: Iterable[str]) -> None:
    """The loss, if there is one, and the backward pass; the gradients are results."""
    wrt = tuple(wrt)
    seeds = None
    upstream = gradient_name("L", output)
    if above.gradient is not None:
        seeds = {output: upstream}
        sheet.section("Backward pass from ", Name(upstream))
        sheet.text("L stands for whatever is computed from the output; its gradient is given.")
        sheet.backward("L", wrt, seeds, heading=())
    else:
        loss = above.loss or ("sum" if above.target is None else "half-squares")
        text, because = _LOSSES[loss]
        off = f"({output} - t)" if above.target is not None else output
        sheet.line("L", text.format(y=output, d=off), because)
        sheet.backward("L", wrt)
    sheet.result(*(gradient_name("L", name) for name in wrt))
