"""Logarithms of the bases in which information is measured, and exact sums of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

from stepsolve.source.fields import Reader, choice, entry


class Base(NamedTuple):
    """A base of logarithms: the operation, and what information is measured in."""

    log: str
    unit: str


_MOST: Final = 8  # terms of a sum that is written exactly
_LONGEST: Final = 12  # digits of its fractions

BASES: Final = {"e": Base("log", "nats"), "2": Base("log2", "bits"), "10": Base("log10", "bans")}


def log_base() -> Any:
    """The key that chooses the base."""
    return entry(
        Reader(choice(*BASES).read, {"enum": ["e", 2, 10]}, "e, 2 or 10"),
        "The base of the logarithms: e gives nats, 2 gives bits, 10 gives bans.",
        default="e",
        examples=(2,),
    )


def is_short(terms: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Whether a sum of logarithms is worth writing exactly."""
    return len(terms) <= _MOST and all(len(str(x)) <= _LONGEST for term in terms for x in term)


def exact_sum(terms: Iterable[tuple[Fraction, Fraction]], log: str) -> str:
    """Factors times logarithms as text, zeros left out: `9/25*log(27/25) + 4/25*log(12/25)`."""
    shown = [
        f"{log}({number})" if factor == 1 else f"{factor} * {log}({number})"
        for factor, number in terms
        if factor and number != 1
    ]
    return " + ".join(shown) or "0"


def picked(name: str, places: list[int], count: int) -> str:
    """The entries of a vector at some places, as text: the name alone if these are all."""
    return name if len(places) == count else f"{name}[[{', '.join(map(str, places))}]]"
