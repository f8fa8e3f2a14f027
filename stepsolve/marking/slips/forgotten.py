"""What was left out: a term, a factor, a divisor, a power, a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stepsolve.calculus.tidy import terms
from stepsolve.marking.slips.row import (
    INNER_FORGOTTEN,
    TWO,
    Likelihood,
    Row,
    Scene,
    Variant,
    is_complement,
    is_leaf,
    is_number,
    is_sum,
    locally,
    said,
    swapped,
)
from stepsolve.notation.names import gradient, parts
from stepsolve.notation.tree import Apply, Expression, Name, Number, transform

Part = tuple[
    Expression, Expression, bool
]  # what is left, what was left out, and whether it divides


def _without_factor(node: Expression) -> Iterator[Part]:
    match node:
        case Apply(operation="*" | "@", arguments=(left, right)):
            yield left, right, False
            yield right, left, False
        case Apply(operation="/", arguments=(above, below)):
            yield above, below, True


def _without_term(node: Expression) -> Iterator[Part]:
    match node:
        case Apply(operation="+" | "-" as sign, arguments=(left, right)):
            yield left, right, False
            if not is_sum(left):
                yield (right if sign == "+" else Apply("neg", right)), left, False


def _factor(
    wanted: Callable[[Expression, bool], bool], words: str = ""
) -> Callable[[Scene], Iterator[Variant]]:
    """Variants without a factor or divisor of a certain sort."""

    def change(node: Expression) -> Iterator[Variant]:
        for left, out, divides in _without_factor(node):
            if wanted(out, divides) and not is_number(out, "1"):
                plainly = (
                    f"not divided by {said(out)}" if divides else f"without the factor {said(out)}"
                )
                yield Variant(left, f"{plainly}{words}")

    return locally(change)


def _is_half(out: Expression, divides: bool) -> bool:
    if divides:
        return is_number(out, "2")
    match out:
        case Apply(operation="/", arguments=(one, two)):
            return is_number(one, "1") and is_number(two, "2")
    return is_number(out, "0.5", "0.50", ".5")


def _is_scale(out: Expression, divides: bool) -> bool:
    return divides and isinstance(out, Apply) and out.operation == "sqrt"


def _is_upstream(out: Expression, divides: bool) -> bool:
    if divides or not isinstance(out, Name):
        return False
    found = gradient(out.name)
    return found is not None and found.of[:1] in "LJEC"


def _is_local(out: Expression, divides: bool) -> bool:
    return not divides and isinstance(out, Name) and gradient(out.name) is not None


def _bias(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        for left, out, _ in _without_term(node):
            if _is_bias(out, left):
                yield Variant(left, f"without the bias {said(out)}")

    return locally(change)(scene)


def _is_bias(out: Expression, rest: Expression) -> bool:
    """Whether a term is a name for a bias, or a bare number beside products."""
    match out:
        case Name(name=name):
            return gradient(name) is None and parts(name).stem in ("b", "bias", "c", "θ", "theta")
        case Number() | Apply(operation="neg", arguments=(Number(),)):
            return any(isinstance(t, Apply) and t.operation in ("*", "@") for _, t in terms(rest))
    return False


def _term(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        for left, out, _ in _without_term(node):
            yield Variant(left, f"without the term {said(out)}")

    return locally(change)(scene)


def _powers(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="^", arguments=(base, _)) if base != Name("e"):
            yield swapped(base, node, "the power is forgotten")
        case Apply(operation="sqrt", arguments=(inner,)):
            yield swapped(inner, node, "the root is forgotten")


def _doubled(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="^", arguments=(base, power)) if base != Name("e") or is_number(
            power, "2", "3"
        ):
            word = "doubled for squared" if is_number(power, "2") else "multiplied for raised"
            yield swapped(Apply("*", power, base), node, word)
            if is_number(power, "2"):
                yield swapped(Apply("sqrt", base), node, "the root for the square")
        case Apply(operation="sqrt", arguments=(inner,)):
            yield swapped(Apply("/", inner, TWO), node, "halved for the root")
            yield swapped(Apply("^", inner, TWO), node, "the square for the root")
        case Apply(operation="*", arguments=(two, inner)) if is_number(two, "2"):
            yield swapped(Apply("^", inner, two), node, "squared for doubled")


_APPLIED = ("sigmoid", "tanh", "relu", "exp", "log", "softmax", "gelu", "silu", "softplus", "abs")


def _functions(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation=name, arguments=(inner, *_)) if name in _APPLIED:
            yield swapped(inner, node, f"{name} is not applied")
        case Apply(operation="^", arguments=(Name(name="e"), power)):
            yield swapped(power, node, "the exponential is not taken")


def _complements(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        if (inner := is_complement(node)) is not None:
            yield swapped(inner, node)
        elif is_leaf(node) or (isinstance(node, Apply) and node.operation == "sigmoid"):
            value = scene.value(node)
            if value is not None and 0 < value < 1:
                yield swapped(Apply("-", Number("1"), node), node)

    yield from locally(change)(scene)
    if scene.expected is not None and 0 < scene.expected < 1:
        yield Variant(Apply("-", Number("1"), scene.formula), "1 minus the result")


def _inner_powers(scene: Scene) -> Iterator[Variant]:
    """Every power of a formula left out: all squares of a sum of squares."""

    def change(node: Expression) -> Expression | None:
        return next((variant.formula for variant in _powers(node)), None)

    yield from locally(_powers)(scene)
    yield Variant(transform(scene.formula, change), "the powers are forgotten")


ROWS = (
    Row(
        "bias forgotten",
        "the bias is left out",
        ("0.4 * 0.7 + 0.2 * 0.3 + 0.15", "0.4 * 0.7 + 0.2 * 0.3"),
        _bias,
        Likelihood.COMMON,
    ),
    Row(
        "1/2 forgotten",
        "the factor 1/2 is left out",
        ("1/2 * (0.9 - 0.3)^2", "(0.9 - 0.3)^2"),
        _factor(_is_half),
        Likelihood.COMMON,
    ),
    Row(
        "scaling forgotten",
        "not divided by the root: the sqrt(d_k) of attention",
        ("1.34 / sqrt(3)", "1.34"),
        _factor(_is_scale, ", the scaling"),
        Likelihood.COMMON,
    ),
    Row(
        "upstream gradient forgotten",
        "not multiplied by the gradient from above",
        ("dL/da * da/dz", "da/dz"),
        _factor(_is_upstream, ", the gradient from above"),
        Likelihood.COMMON,
    ),
    Row(
        *INNER_FORGOTTEN,
        ("dL/da * da/dz", "dL/da"),
        _factor(_is_local, ", of the chain rule"),
        Likelihood.COMMON,
    ),
    Row(
        "factor forgotten",
        "a factor or divisor is left out",
        ("0.2 * 0.35 * 3", "0.35 * 3"),
        _factor(lambda out, divides: True),
        Likelihood.USUAL,
    ),
    Row(
        "term forgotten",
        "a term of a sum is left out",
        ("0.4 * 0.7 + 0.2 * 0.3", "0.4 * 0.7"),
        _term,
        Likelihood.USUAL,
    ),
    Row(
        "power forgotten",
        "a power or a root is left out",
        ("(0.9 - 0.3)^2", "0.9 - 0.3"),
        _inner_powers,
        Likelihood.USUAL,
    ),
    Row(
        "doubling for squaring",
        "multiplied for raised: 2 * x for x^2; halved for the root",
        ("0.35^2", "2 * 0.35"),
        locally(_doubled),
        Likelihood.USUAL,
    ),
    Row(
        "complement",
        "1 - x for x, or x for 1 - x",
        ("0.3 * (1 - 0.2)", "0.3 * 0.2"),
        _complements,
        Likelihood.USUAL,
    ),
    Row(
        "function not applied",
        "the argument stands for the function's value",
        ("tanh(0.7) * 0.3", "0.7 * 0.3"),
        locally(_functions),
        Likelihood.USUAL,
    ),
)
