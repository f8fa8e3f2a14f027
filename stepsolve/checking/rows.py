"""Rows of a positional encoding that agree to some decimals, found with 50 digits."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from stepsolve.checking.precise import Precise


def first_repeat(base: Decimal, width: int, decimals: int, count: int) -> tuple[int, int] | None:
    """The first of `count` positions whose row, rounded, is that of an earlier one, and that one.

    The first pair of columns is compared everywhere, the others only where that agrees.
    """
    precise = Precise()
    mp, unit = precise.mp, Decimal((0, (1,), -decimals))

    @cache
    def pair(position: int, i: int) -> tuple[Decimal, Decimal]:
        angle = position / mp.power(precise.number(str(base)), mp.mpf(2 * i) / width)
        waves = (mp.sin(angle), mp.cos(angle))
        one, other = (precise.decimal(wave).quantize(unit, ROUND_HALF_UP) for wave in waves)
        return one, other

    seen: dict[tuple[Decimal, Decimal], list[int]] = {}
    for position in range(count):
        alike = seen.setdefault(pair(position, 0), [])
        for earlier in alike:
            if all(pair(position, i) == pair(earlier, i) for i in range(1, width // 2)):
                return position, earlier
        alike.append(position)
    return None
