"""The wrong operation or the wrong function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepsolve.marking.slips.row import (
    ONE,
    Change,
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    is_number,
    locally,
    plus_terms,
    said,
    swapped,
)
from stepsolve.notation.tree import Apply, Expression, Name, Number, folded, transform, walk

_MISTAKEN: Final = {
    "max": ("min", "mean"),
    "min": ("max",),
    "sin": ("cos",),
    "cos": ("sin",),
    "sigmoid": ("tanh", "relu"),
    "tanh": ("sigmoid", "relu"),
    "relu": ("sigmoid", "tanh"),
    "floor": ("ceil",),
    "ceil": ("floor",),
}
_TRIGONOMETRIC: Final = ("sin", "cos", "tan", "sec", "csc", "cot")
_LOGARITHMS: Final = ("log", "log10", "log2")
_SPOKEN: Final = {"log": "ln"}


def _signs(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="*", arguments=(left, right)):
            yield swapped(Apply("+", left, right), node, "added for multiplied")
        case Apply(operation="+", arguments=(Apply(operation="+" | "-" as sign) as left, right)):
            before, last = left.arguments  # two terms that stand beside each other
            new, old = Apply("*", last, right), Apply("+", last, right)
            told = swapped(new, old, "multiplied for added").told
            yield Variant(Apply(sign, before, new), told)
        case Apply(operation="+", arguments=(left, right)):
            yield swapped(Apply("*", left, right), node, "multiplied for added")


def _quotients(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="/", arguments=(above, below)):
            yield swapped(Apply("/", below, above), node, "the quotient is upside down")
            yield swapped(Apply("*", above, below), node, "multiplied for divided")
        case Apply(operation="*", arguments=(left, right)):
            yield swapped(Apply("/", left, right), node, "divided for multiplied")


def _functions(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation=name, arguments=arguments):
            for other in _MISTAKEN.get(name, ()):
                yield swapped(Apply(other, *arguments), node)


def _degrees(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation=name, arguments=(inner,)) if name in _TRIGONOMETRIC:
            turned = Apply("/", Apply("*", inner, Name("π")), Number("180"))
            told = f"{name} of {said(inner)} degrees, not radians"
            yield Variant(Apply(name, turned), told)
        case Apply(operation=name, arguments=(inner,)) if name in ("asin", "acos", "atan"):
            turned = Apply("/", Apply("*", node, Number("180")), Name("π"))
            yield Variant(turned, f"{said(node)} in degrees, not radians")


def _other_degrees(scene: Scene) -> Iterator[Variant]:
    yield from everywhere(scene.formula, _degrees)
    yield from _all_at_once(scene, _degrees, "every angle taken in degrees, not radians")


def _logarithms(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation=name, arguments=(inner,)) if name in _LOGARITHMS:
            for other in _LOGARITHMS:
                if other != name:
                    yield Variant(Apply(other, inner), _bases(name, other))


def _natural(node: Expression) -> Iterator[Variant]:
    match node:
        case Apply(operation="log_base", arguments=(inner, base)):
            yield Variant(Apply("log", inner), f"ln for the logarithm to base {said(base)}")
            yield swapped(Apply("log_base", base, inner), node, "base and argument exchanged")


def _bases(name: str, other: str) -> str:
    return f"{_SPOKEN.get(other, other)} for {_SPOKEN.get(name, name)}"


def _other_logarithms(scene: Scene) -> Iterator[Variant]:
    for change in (_logarithms, _natural):
        yield from everywhere(scene.formula, change)
    for position in range(len(_LOGARITHMS) - 1):

        def turn(node: Expression, position: int = position) -> Iterator[Variant]:
            yield from list(_logarithms(node))[position : position + 1]

        yield from _all_at_once(scene, turn, "")


def _all_at_once(scene: Scene, change: Change, told: str) -> Iterator[Variant]:
    last = ""

    def turn(node: Expression) -> Expression | None:
        nonlocal last
        for variant in change(node):
            last = variant.told
            return variant.formula
        return None

    changed = transform(scene.formula, turn)
    if changed != scene.formula:
        yield Variant(changed, told or f"{last} throughout")


def _means(node: Expression) -> Iterator[Variant]:
    terms = plus_terms(node)
    match node:
        case Apply(operation="/", arguments=(above, Number() as n)) if (
            n.text.isdecimal() and len(plus_terms(above)) == int(n.text) > 1
        ):
            yield swapped(above, node, "the sum for the mean")
        case Apply(operation="sum" | "mean" as name, arguments=arguments):
            other = {"sum": "mean", "mean": "sum"}[name]
            yield swapped(Apply(other, *arguments), node, f"the {other} for the {name}")
        case Apply(operation="mse" | "half_squared_error" as name, arguments=arguments):
            other = {"mse": "half_squared_error", "half_squared_error": "mse"}[name]
            yield swapped(Apply(other, *arguments), node)
        case Apply(operation="+") if len(terms) > 1:
            count = Number(str(len(terms)))
            yield swapped(Apply("/", node, count), node, "the mean for the sum")


def _counts(node: Expression) -> Iterator[Variant]:
    """A divisor that counts, wrong by one: n - 1 for n."""
    match node:
        case Apply(operation="/", arguments=(above, Number() as n)) if n.text.isdecimal():
            for count in (int(n.text) - 1, int(n.text) + 1):
                if count > 0:
                    new = Number(str(count))
                    yield Variant(Apply("/", above, new), f"divided by {count}, not by {n.text}")


def _sizes(scene: Scene) -> Iterator[Variant]:
    """Sizes counted wrongly by one: n - f without + 1, floor for ceil."""
    if not scene.is_of_whole_numbers or not _counts_windows(scene.formula):
        return

    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation="+" | "-", arguments=(left, one)) if is_number(one, "1"):
                yield swapped(left, node, "off by one")
            case Apply(operation="floor", arguments=(inner,)):
                yield swapped(Apply("ceil", inner), node, "rounded up")
            case Apply(operation="ceil", arguments=(inner,)):
                yield swapped(Apply("floor", inner), node, "rounded down")

    yield from everywhere(scene.formula, change)
    for sign, told in (("+", "one too many"), ("-", "one too few")):
        yield Variant(Apply(sign, scene.formula, ONE), told)


def _counts_windows(formula: Expression) -> bool:
    """Whether a formula divides or rounds, as that of the size of a layer does."""
    return any(
        isinstance(n, Apply) and n.operation in ("/", "floor", "ceil") for n in walk(formula)
    )


def _bare(node: Expression) -> Expression | None:
    """The argument of an exponential."""
    match node:
        case Apply(operation="exp", arguments=(inner,)):
            return inner
        case Apply(operation="^", arguments=(Name(name="e"), power)):
            return power
    return None


def _shares(node: Expression) -> Iterator[Variant]:
    """A share of a sum, divided by another sum: without itself, or of the bare arguments."""
    match node:
        case Apply(operation="/", arguments=(above, below)) if len(terms := plus_terms(below)) > 1:
            others = [term for term in terms if term != above]
            if 0 < len(others) < len(terms):
                rest = folded(_plus, others)
                yield Variant(Apply("/", above, rest), f"divided by the others alone, {said(rest)}")
            for k, out in enumerate(terms) if len(terms) > 2 else ():
                rest = folded(_plus, [*terms[:k], *terms[k + 1 :]])
                yield Variant(Apply("/", above, rest), f"the sum below is without {said(out)}")
            bare = [_bare(term) for term in terms]
            if (inner := [b for b in bare if b is not None]) and len(inner) == len(terms):
                rest = folded(_plus, inner)
                yield Variant(
                    Apply("/", above, rest), f"divided by {said(rest)}, without exponentials"
                )
                top = _bare(above)
                if top is not None:
                    yield Variant(Apply("/", top, rest), "normalised without exponentials")
            yield Variant(above, f"not normalised: not divided by {said(below)}")
            largest = Apply("max", *terms)
            yield Variant(Apply("/", above, largest), f"divided by the largest of {said(below)}")
            yield from (
                Variant(Apply("/", above, term), f"divided by {said(term)} alone") for term in terms
            )
        case Apply(operation="softmax", arguments=(inner, *_)):
            exponentials = Apply("exp", inner)
            yield Variant(exponentials, "not normalised")
            yield Variant(Apply("/", inner, Apply("sum", inner)), "normalised without exponentials")


def _plus(left: Expression, right: Expression) -> Expression:
    return Apply("+", left, right)


ROWS = (
    Row(
        "degrees for radians",
        "an angle is taken in degrees",
        ("sin(0.1) + 0.2", "sin(0.1 * pi / 180) + 0.2"),
        _other_degrees,
        Likelihood.COMMON,
    ),
    Row(
        "wrong logarithm",
        "a logarithm to another base: log10 for ln",
        ("0.7 * log(0.3)", "0.7 * log10(0.3)"),
        _other_logarithms,
        Likelihood.COMMON,
    ),
    Row(
        "off-by-one size",
        "a size is wrong by one: n - f without + 1, or rounded the other way",
        ("(32 - 5) / 1 + 1", "(32 - 5) / 1"),
        _sizes,
        Likelihood.COMMON,
    ),
    Row(
        "wrong normalisation",
        "divided by another sum than that of all, or not at all",
        ("e^0.5 / (e^0.5 + e^0.2)", "e^0.5 / e^0.2"),
        locally(_shares),
        Likelihood.COMMON,
    ),
    Row(
        "sum for mean",
        "the sum for the mean, or the mean for the sum",
        ("(0.3 + 0.5 + 0.9) / 3", "0.3 + 0.5 + 0.9"),
        locally(_means),
        Likelihood.COMMON,
    ),
    Row(
        "wrong count",
        "divided by one more or one less: n - 1 for n",
        ("(0.3 + 0.5 + 0.9) / 3", "(0.3 + 0.5 + 0.9) / 2"),
        locally(_counts),
        Likelihood.SELDOM,
    ),
    Row(
        "sum for product",
        "added for multiplied, or multiplied for added",
        ("0.3 * 0.9 + 1.2", "0.3 + 0.9 + 1.2"),
        locally(_signs),
        Likelihood.USUAL,
    ),
    Row(
        "quotient upside down",
        "the quotient the other way up, or in place of the product",
        ("0.3 / 0.7 + 0.1", "0.7 / 0.3 + 0.1"),
        locally(_quotients),
        Likelihood.USUAL,
    ),
    Row(
        "wrong function",
        "another function: tanh for sigmoid, the mean for the maximum",
        ("sigmoid(0.7) * 0.3", "tanh(0.7) * 0.3"),
        locally(_functions),
        Likelihood.SELDOM,
    ),
)
