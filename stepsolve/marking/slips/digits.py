"""Slips with digits: swapped, misread, left out, carried wrongly, the point and powers of ten.

A number is misread or miscopied on the way into the line, or written down wrongly as its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import islice, pairwise
from typing import Final

from stepsolve.marking.slips.row import (
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    swapped,
)
from stepsolve.marking.written import number_tree
from stepsolve.notation.tree import Apply, Expression, Number, replaced, walk

_ALIKE: Final = ("17", "06", "08", "49", "38", "35", "56", "68", "27", "47")
"""Digits that are taken for each other in handwriting."""
_LOOKS_LIKE: Final = {
    digit: "".join(pair.replace(digit, "") for pair in _ALIKE if digit in pair)
    for digit in "0123456789"
}
_NEAR: Final = Decimal("0.25")  # how far values rounded on the way may bring the result
_MOST_PLACES: Final = 6  # to which values on the way are rounded
_MOST_DIGITS: Final = 12  # of a number whose digits are looked at

Texts = Callable[[str], Iterator[str]]
"""From the digits of a number to what they may be taken for."""


def _swapped_digits(text: str) -> Iterator[str]:
    places = [k for k, c in enumerate(text) if c.isdecimal()]
    for i, j in pairwise(places):
        if text[i] != text[j]:
            yield _put(_put(text, i, text[j]), j, text[i])


def _misread(text: str) -> Iterator[str]:
    for k, digit in enumerate(text):
        for other in _LOOKS_LIKE.get(digit, ""):
            if not (other == "0" and k == 0):
                yield _put(text, k, other)


def _another_digit(text: str) -> Iterator[str]:
    for k, digit in enumerate(text):
        if digit.isdecimal():
            yield from (_put(text, k, other) for other in "0123456789" if other != digit)


def _left_out(text: str) -> Iterator[str]:
    whole, point, decimals = text.partition(".")
    for k in range(len(decimals) - 1):
        yield whole + point + decimals[:k] + decimals[k + 1 :]
    if point and decimals and whole.strip("0"):
        yield whole + decimals  # the point
    if len(whole) > 2:
        yield from (whole[:k] + whole[k + 1 :] + point + decimals for k in range(len(whole)))


def _put(text: str, k: int, digit: str) -> str:
    return text[:k] + digit + text[k + 1 :]


def _in_formula(texts: Texts, because: str) -> Callable[[Scene], Iterator[Variant]]:
    """One number of the formula with other digits, where it stands once or wherever it stands."""

    def misread(number: Number) -> Iterator[Variant]:
        if len(number.text) <= _MOST_DIGITS and "e" not in number.text:
            for text in dict.fromkeys(texts(number.text)):
                if text != number.text:
                    yield swapped(Number(text), number, because)

    def change(node: Expression) -> Iterator[Variant]:
        if isinstance(node, Number):
            yield from misread(node)

    def variants(scene: Scene) -> Iterator[Variant]:
        formula = scene.numbered
        yield from everywhere(formula, change)
        for number in _several_times(formula):
            for new, told in misread(number):
                yield Variant(replaced(formula, number, new), told)

    return variants


def _several_times(formula: Expression) -> list[Number]:
    found: dict[Number, int] = {}
    for node in walk(formula):
        if isinstance(node, Number):
            found[node] = found.get(node, 0) + 1
    return [number for number, times in found.items() if times > 1]


def _results(scene: Scene) -> Iterator[str]:
    """What should have been written, without sign and with the same places: rounded, and cut."""
    if scene.written is None or scene.expected is None:
        return
    if (scene.expected < 0) != (scene.written.value < 0) or abs(scene.expected) > 10**_MOST_DIGITS:
        return
    found: dict[str, None] = {}
    if scene.written.places > _MOST_DIGITS:
        return
    for rule in (ROUND_HALF_UP, ROUND_DOWN):
        found[f"{abs(scene.expected).quantize(scene.written.unit, rule):f}"] = None
    yield from found


def _in_result(texts: Texts, because: str) -> Callable[[Scene], Iterator[Variant]]:
    """The digits of the result."""

    def variants(scene: Scene) -> Iterator[Variant]:
        for right in _results(scene):
            assert scene.written is not None
            wrong = f"{abs(scene.written.value):f}"
            if wrong in texts(right):
                told = f"{wrong} for {right}: {because} in the result"
                yield Variant(number_tree(scene.written.value), told)

    return variants


def _both(texts: Texts, because: str) -> Callable[[Scene], Iterator[Variant]]:
    def variants(scene: Scene) -> Iterator[Variant]:
        yield from _in_result(texts, because)(scene)
        yield from _in_formula(texts, because)(scene)

    return variants


def _carry(scene: Scene) -> Iterator[Variant]:
    """The result off by one in one place, as when a carry or a borrowed ten is lost."""
    for right in islice(_results(scene), 1):  # what is cut off is no carry
        assert scene.written is not None
        value, unit = scene.written
        off = abs(abs(value) - Decimal(right))
        if unit < off <= abs(Decimal(right)) and _is_power_of_ten(off):
            told = f"{abs(value):f} for {right}: a carry is lost"
            yield Variant(number_tree(value), told)


def _is_power_of_ten(value: Decimal) -> bool:
    return value.normalize().as_tuple().digits == (1,)


def _shifted(number: Number, places: int) -> Number:
    moved = number_tree(Decimal(number.text).scaleb(places))
    return moved if isinstance(moved, Number) else number


def _points(scene: Scene) -> Iterator[Variant]:
    """The point of one number, or of the result, by one or two places."""

    def change(node: Expression) -> Iterator[Variant]:
        if isinstance(node, Number) and "." in node.text and "e" not in node.text:
            for places in (1, -1, 2, -2):
                yield swapped(_shifted(node, places), node, "the point is misplaced")

    for places in (1, -1):
        yield _moved(scene.formula, places, "the point of the result is misplaced")
    yield from everywhere(scene.numbered, change)


def _powers_of_ten(scene: Scene) -> Iterator[Variant]:
    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Apply(operation="^", arguments=(Number(text="10") as ten, power)):
                for by in (1, -1, 2, -2):
                    new = Apply("^", ten, Apply("+", power, number_tree(Decimal(by))))
                    yield Variant(new, f"10^{_exponent(power, by)} for 10^{_exponent(power, 0)}")
            case Number(text=text) if "e" in text.lower():
                for by in (1, -1, 2, -2):
                    yield swapped(_shifted(node, by), node)

    yield from everywhere(scene.formula, change)
    for places in (2, -2, 3, -3):
        yield _moved(scene.formula, places, f"the result is off by 10^{abs(places)}")


def _exponent(power: Expression, by: int) -> str:
    match power:
        case Number() as number:
            return str(Decimal(number.text) + by)
        case Apply(operation="neg", arguments=(Number() as number,)):
            return str(-Decimal(number.text) + by)
    return f"(... + {by})" if by else "(...)"


def _moved(formula: Expression, places: int, told: str) -> Variant:
    sign = "*" if places > 0 else "/"
    return Variant(Apply(sign, formula, number_tree(Decimal(10) ** abs(places))), told)


def _rounded_early(scene: Scene) -> Iterator[Variant]:
    """Values on the way rounded to few places: one of them, or all to the same."""
    if scene.written is None or scene.expected is None:
        return
    near = abs(scene.written.value - scene.expected) <= abs(scene.expected) * _NEAR
    if not near or not scene.written.is_decimal:
        return
    for places in range(min(scene.written.places, _MOST_PLACES), 0, -1):
        told = f"every value on the way is rounded to {places} decimal" + "s" * (places > 1)
        rounded = _all_rounded(scene, scene.formula, places)
        if rounded is not None:
            yield Variant(rounded, told)
    for rule, word in ((ROUND_HALF_UP, "rounded"), (ROUND_DOWN, "cut")):

        def change(node: Expression, rule: str = rule, word: str = word) -> Iterator[Variant]:
            if node is scene.formula or not _is_worked_out(node):
                return
            value = scene.value(node)
            if value is None or abs(value) > 1e9:
                return
            for places in range(1, 4):
                short = _quantized(value, places, rule)
                yield swapped(number_tree(short), node, f"{word} too early")

        yield from everywhere(scene.formula, change)


def _is_worked_out(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation != "neg"


def _quantized(value: float, places: int, rule: str) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rule)


def _all_rounded(scene: Scene, node: Expression, places: int) -> Expression | None:
    """The formula with the value of every part below the top rounded, from the inside out."""
    below = []
    for child in node.children:
        if _is_worked_out(child):
            inner = _all_rounded(scene, child, places)
            value = None if inner is None else scene.value(inner)
            if value is None or abs(value) > 1e9:
                return None
            below.append(number_tree(_quantized(value, places, ROUND_HALF_UP)))
        else:
            below.append(child)
    return node.rebuilt(tuple(below))


_SWAPPED, _MISREAD = "two digits swapped", "a digit is misread"
ROWS = (
    Row(
        "carry",
        "off by one in one place: a carry or a borrowed ten is lost",
        ("3.47 + 2.85", "5.32 + 0"),
        _carry,
        Likelihood.USUAL,
    ),
    Row(
        "digits swapped",
        "two digits of a number have changed places",
        ("0.35 * 1.7", "0.53 * 1.7"),
        _both(_swapped_digits, _SWAPPED),
        Likelihood.USUAL,
    ),
    Row(
        "digit misread",
        "a digit is taken for one that looks like it: 1 and 7, 0 and 6, 4 and 9, 3 and 8",
        ("0.42 * 1.7 + 0.31", "0.42 * 1.1 + 0.31"),
        _both(_misread, _MISREAD),
        Likelihood.USUAL,
    ),
    Row(
        "power of ten",
        "a wrong power of ten",
        ("5.2 * 10^(-3) + 0.1", "5.2 * 10^(-2) + 0.1"),
        _powers_of_ten,
        Likelihood.USUAL,
    ),
    Row(
        "decimal point",
        "the decimal point of a number is misplaced",
        ("0.42 * 1.7 + 0.3", "0.42 * 1.7 + 0.03"),
        _points,
        Likelihood.USUAL,
    ),
    Row(
        "digit left out",
        "a digit or the point is left out",
        ("0.2534 * 3", "0.234 * 3"),
        _both(_left_out, "a digit is left out"),
        Likelihood.SELDOM,
    ),
    Row(
        "rounded too early",
        "a value on the way is rounded to few digits",
        ("0.347 * 0.52 * 7.31", "0.18 * 7.31"),
        _rounded_early,
        Likelihood.SELDOM,
    ),
    Row(
        "one digit wrong",
        "one digit of the result is wrong",
        ("1.13 * 1.21", "1.9673"),
        _in_result(_another_digit, "one digit is wrong"),
        Likelihood.RARE,
    ),
)
