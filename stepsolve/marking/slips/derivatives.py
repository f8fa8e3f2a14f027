"""Slips with the derivatives of activations, as numbers: sigma' and tanh' from the output, relu'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from stepsolve.marking.slips.row import (
    ONE,
    TWO,
    WRONG_DERIVATIVE,
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    factors,
    is_complement,
    is_leaf,
    is_number,
    swapped,
)
from stepsolve.notation.tree import Apply, Expression, Name, Number, folded, replaced

_CLOSE: Final = 0.006  # how far a rounded output may be from the function of its input
_TURNED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_MOST_NAMES: Final = 40


def _is_square(node: Expression) -> Expression | None:
    match node:
        case Apply(operation="^", arguments=(base, power)) if is_number(power, "2"):
            return base
        case Apply(operation="*", arguments=(left, right)) if left == right:
            return left
    return None


def _sigmoid_of(node: Expression) -> tuple[Expression, Expression, Expression] | None:
    """The y, what stands before it, and the 1 - y of `... * y * (1 - y)`."""
    match node:
        case Apply(operation="*", arguments=(left, right)):
            inner = is_complement(right)
            if inner is not None and inner in factors(left):
                return inner, left, right
            inner = is_complement(left)
            if inner is not None and inner == right:
                return inner, right, left
    return None


def _tanh_of(node: Expression) -> Expression | None:
    """The y of `1 - y^2`."""
    inner = is_complement(node)
    return None if inner is None else _is_square(inner)


def _of_sigmoid(node: Expression) -> Iterator[Variant]:
    if (found := _sigmoid_of(node)) is None:
        return
    y, before, complement = found
    without = replaced(before, y, ONE)
    yield swapped(before, node, "without 1 - sigma")
    yield swapped(Apply("*", without, complement), node, "1 - sigma for sigma * (1 - sigma)")
    tanh = Apply("*", without, Apply("-", ONE, Apply("^", y, TWO)))
    yield swapped(tanh, node, "tanh' for sigma'")
    yield swapped(Apply("*", before, Apply("+", ONE, y)), node, "1 + sigma for 1 - sigma")
    yield swapped(Apply("*", before, Apply("-", y, ONE)), node, "sigma - 1 for 1 - sigma")


def _of_tanh(node: Expression) -> Iterator[Variant]:
    if (y := _tanh_of(node)) is None:
        return
    yield swapped(Apply("-", ONE, y), node, "1 - tanh for 1 - tanh^2")
    yield swapped(Apply("*", y, Apply("-", ONE, y)), node, "sigma' for tanh'")
    yield swapped(Apply("^", Apply("-", ONE, y), TWO), node, "(1 - tanh)^2 for 1 - tanh^2")
    yield swapped(Apply("+", ONE, Apply("^", y, TWO)), node, "1 + tanh^2 for 1 - tanh^2")


def _wrong_derivative(scene: Scene) -> Iterator[Variant]:
    yield from everywhere(scene.formula, _of_sigmoid)
    yield from everywhere(scene.formula, _of_tanh)


def _relu(scene: Scene) -> Iterator[Variant]:
    because = "relu' of the other sign"

    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation=sign, arguments=(left, right)) if sign in _TURNED:
                yield swapped(Apply(_TURNED[sign], left, right), node, because)
            case Apply(operation="step", arguments=(inner, *others)):
                yield swapped(Apply("step", Apply("neg", inner), *others), node, because)

    def digit(node: Expression) -> Iterator[Variant]:
        if is_number(node, "0", "1"):
            yield swapped(Number("1" if is_number(node, "0") else "0"), node, because)

    yield from everywhere(scene.formula, change)
    if len(factors(scene.formula)) > 1:  # one product, as a gradient is, not the sum over a window
        for k, factor in enumerate(factors(scene.formula)):
            for new, told in digit(factor):
                others = [*factors(scene.formula)]
                others[k] = new
                yield Variant(folded(lambda a, b: Apply("*", a, b), others), told)


def _inputs(scene: Scene, output: Expression, function: str) -> Iterator[Expression]:
    """The values that a function takes to an output, among those of the work."""
    value = scene.value(output)
    if value is None:
        return
    for name in scene.known[-_MOST_NAMES:]:
        at = scene.value(Name(name))
        if at is None or abs(at) > 50:
            continue
        reached = np.tanh(at) if function == "tanh" else 1 / (1 + np.exp(-at))
        if abs(reached - value) <= _CLOSE:
            yield Name(name) if isinstance(output, Name) else scene.shown(name) or Name(name)


def _at_the_input(scene: Scene) -> Iterator[Variant]:
    """y * (1 - y) worked out with z for y, and 1 - y^2 likewise."""

    def change(node: Expression) -> Iterator[Variant]:
        sigmoid = _sigmoid_of(node)
        y, function = (sigmoid[0], "sigmoid") if sigmoid else (_tanh_of(node), "tanh")
        if y is None:
            return
        for z in _inputs(scene, y, function):
            if z != y:
                yield swapped(replaced(node, y, z), node, "at the input, not the output")
        if not is_leaf(y):
            match y:
                case Apply(operation="sigmoid" | "tanh", arguments=(inner,)):
                    yield swapped(replaced(node, y, inner), node, "at the input, not the output")

    yield from everywhere(scene.formula, change)


def _at_the_output(scene: Scene) -> Iterator[Variant]:
    """The function's derivative taken at its output: sigma(a) * (1 - sigma(a)) for a * (1 - a)."""

    def change(node: Expression) -> Iterator[Variant]:
        sigmoid = _sigmoid_of(node)
        y, function = (sigmoid[0], "sigmoid") if sigmoid else (_tanh_of(node), "tanh")
        if y is not None:
            again = replaced(node, y, Apply(function, y))
            yield swapped(again, node, f"{function} is applied once more")

    yield from everywhere(scene.formula, change)


ROWS = (
    Row(
        *WRONG_DERIVATIVE,
        ("0.3 * 0.62 * (1 - 0.62)", "0.3 * 0.62"),
        _wrong_derivative,
        Likelihood.COMMON,
    ),
    Row(
        "relu of the other sign",
        "relu' is 0 for 1, or 1 for 0",
        ("0.35 * 1 * 0.7", "0.35 * 0 * 0.7"),
        _relu,
        Likelihood.COMMON,
    ),
    Row(
        "derivative at the input",
        "z * (1 - z) for y * (1 - y): the input stands where the output belongs",
        ("a * (1 - a)", "z * (1 - z)"),
        _at_the_input,
        Likelihood.COMMON,
    ),
    Row(
        "derivative at the output",
        "the function is applied once more before its derivative is taken",
        ("0.62 * (1 - 0.62)", "sigmoid(0.62) * (1 - sigmoid(0.62))"),
        _at_the_output,
        Likelihood.USUAL,
    ),
)
