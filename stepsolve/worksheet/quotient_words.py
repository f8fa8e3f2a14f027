"""What the quotients of a gradient check show, in words: side by side, kinks, verdicts, rounding."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context
from typing import Any, NamedTuple

from stepsolve.checking.precise import Precise, Value
from stepsolve.derivation import Block, Cell, Detail, Table, Text
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression, Name
from stepsolve.worksheet.quotient_tables import Errors, short
from stepsolve.worksheet.quotients import DIGITS, WAYS, Probe

EPSILON = 2.0**-52
_SAME = 1e-25  # relative difference from which a claim is wrong, of values of 50 digits
_ROUNDED = Context(25, ROUND_HALF_EVEN)  # a slope taken with a step of 1e-30 is that far exact


class Place(NamedTuple):
    """One coordinate at one point: quotients against `gradient`, the `derivative` or a claim."""

    coordinate: str
    by: str
    probe: Probe
    errors: Errors
    gradient: Value
    derivative: Value
    claimed: bool

    @property
    def is_wrong(self) -> bool:
        """Whether what is claimed is not the derivative."""
        return self.claimed and bool(relative(self.gradient, self.derivative) > _SAME)

    @property
    def has_derivative(self) -> bool:
        return self.probe.is_smooth

    @property
    def verdict_agrees(self) -> bool:
        """Whether the slopes, without the rules, say the same of a claim."""
        off = relative(self.gradient, self.probe.slopes.middle)
        return bool((off > _SAME) == self.is_wrong)


def relative(one: Value, other: Value) -> Value:
    """|one - other| / (|one| + |other|), 0 for two zeros."""
    total = abs(one) + abs(other)
    return abs(one - other) / total if total else total


def limit_shown(value: Value, digits: Digits) -> Expression:
    """A slope taken with a very small step, as the number that it tends to."""
    return number(_ROUNDED.plus(Precise.decimal(value)), digits)


def usual_row(errors: Errors) -> int:
    """The row of the step that is nearest to the one that theory advises."""
    mp = errors.arithmetic.mp
    advised = mp.cbrt(EPSILON)
    rows = errors.rows
    return min(range(len(rows)), key=lambda k: abs(mp.log(rows[k].precise_e / advised)))


def advised(mp: Any) -> tuple[Value, Value]:
    """The steps at which truncation and rounding balance where everything is of size 1."""
    return mp.sqrt(EPSILON), mp.cbrt(EPSILON)


def side_by_side(places: list[Place], letter: Name, digits: Digits, name: str) -> Iterator[Block]:
    """Gradient and central quotients, coordinate by coordinate, and as vectors."""
    j = usual_row(places[0].errors)
    step = places[0].errors.rows[j].step
    told = (
        "Coordinate by coordinate, with ",
        letter,
        " = ",
        step,
        ": the gradient g, the central ",
    )
    formula = "quotient d, and their relative error |g − d| / (|g| + |d|):"
    yield Text((*told, formula), Detail.BRIEF)
    rows: list[tuple[Cell, ...]] = []
    columns: dict[str, list[float]] = {
        column: [] for column in ("g", "d", "difference", "relative error")
    }
    for place in places:
        values = beside(place, j)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(float(value))
        shown = [number(Precise.decimal(value), digits) for value in values[:2]]
        rows.append((Name(place.coordinate), *shown, *map(short, values[2:])))
    data = tuple((column, tuple(values)) for column, values in columns.items())
    header = ("by", "g", "d", "|g − d|", "relative error")
    yield Table(header, tuple(rows), Detail.BRIEF, name, data)
    off = vector_error(places)
    if off is not None:
        yield Text(("As vectors: ‖g − d‖ / (‖g‖ + ‖d‖) = ", short(off), "."), Detail.BRIEF)


class Beside(NamedTuple):
    """A gradient g and a central quotient d, |g - d|, and that over |g| + |d|."""

    gradient: Value
    quotient: Value
    difference: Value
    relative: Value


def beside(place: Place, row: int) -> Beside:
    """What the page says of one coordinate at one step."""
    d = place.errors.arithmetic.mp.mpf(place.errors.rows[row].floats[2])
    return Beside(place.gradient, d, place.errors.floats[2][row], relative(place.gradient, d))


def vector_error(places: list[Place]) -> Value | None:
    """The relative error of gradient and quotients as vectors; None for one coordinate, or zeros."""
    found = [beside(place, usual_row(places[0].errors)) for place in places]
    norm = places[0].errors.arithmetic.mp.norm
    total = norm([one.gradient for one in found]) + norm([one.quotient for one in found])
    if len(places) < 2 or not total:
        return None
    return norm([one.gradient - one.quotient for one in found]) / total


def kink(place: Place, digits: Digits) -> Iterator[Block]:
    """What the quotients say where there is no derivative."""
    if place.has_derivative:
        return
    at = (Name(place.coordinate), " = ", number(Precise.decimal(place.probe.at), digits))
    told = ("At ", *at, " there is no derivative ", Name(place.by), ": ")
    if place.probe.is_jump:
        yield Text(
            (*told, "the smaller the step, the larger the quotients, without bound."), Detail.BRIEF
        )
        return
    slopes = place.probe.slopes
    left, right, middle = (
        limit_shown(value, digits) for value in (slopes.left, slopes.right, slopes.middle)
    )
    sides = ("the forward quotients tend to ", right, ", the backward ones to ", left, ". ")
    mean = ("The central quotients tend to the mean of both, ", middle, ", and their steadiness ")
    yield Text(
        (
            *(*told, *sides, *mean, "misleads: a slope of ", middle, " is on neither side. "),
            "The value that stands for the derivative is a convention, which no quotient confirms.",
        ),
        Detail.BRIEF,
    )


def verdict(place: Place, digits: Digits) -> Text:
    """Whether a claim passes, and if not, by how much."""
    by = Name(place.by)
    if not place.has_derivative:
        return Text(("No quotient can decide the claim about ", by, " here."), Detail.BRIEF)
    claim, truth = (number(Precise.decimal(v), digits) for v in (place.gradient, place.derivative))
    if not place.is_wrong:
        return Text(
            ("The claim about ", by, " passes: the quotients tend to ", truth, "."), Detail.BRIEF
        )
    off = abs(place.gradient - place.derivative)
    size = relative(place.gradient, place.derivative)
    told = (" fails: the quotients tend to ", truth, ", not to ", claim, ". The difference of ")
    unseen = place.errors.floats[2][place.errors.best(2)] > 2 * off
    stays = " stays, however small the step; the relative error is "
    if unseen:
        stays = " is lost in the errors of these quotients; the relative error is "
    return Text(("The claim about ", by, *told, short(off), stays, short(size), "."), Detail.BRIEF)


def rounding(place: Place, function: str, letter: Name) -> Iterator[Block]:
    """Where the errors in float64 grow again, and where theory expects that."""
    errors = place.errors
    told: list[str | Expression] = []
    for k in (0, 2):
        if errors.turns(k):
            step = errors.rows[errors.best(k)].step
            told += [" and " if told else "", f"that of the {WAYS[k]} quotient at "]
            told += [letter, " = ", step]
    if not told:
        return
    yield Text(
        (
            *("In float64 the least error is ", *told, ". Below that rounding takes over: every "),
            f"value of {function} is wrong by some ε = 2⁻⁵² of its size, and the quotient divides ",
            *("that by ", letter, "."),
        ),
        Detail.NORMAL,
    )
    root, cube_root = map(short, advised(errors.arithmetic.mp))
    yield Text(
        (
            "Where everything is of size 1, truncation and rounding balance at about √ε ≈ ",
            *(root, " for forward and backward quotients and ∛ε ≈ "),
            *(cube_root, " for central ones."),
        ),
        Detail.NORMAL,
    )


METHOD = f"differences with {DIGITS} digits"
