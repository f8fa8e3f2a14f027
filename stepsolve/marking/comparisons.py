"""Inequalities in a chain, and comparisons whose value is 0 or 1."""

from __future__ import annotations

import operator
from typing import Final

import numpy as np

from stepsolve.marking.sides import Side
from stepsolve.marking.verdicts import Judgement, Verdict
from stepsolve.notation.tree import Apply, Number
from stepsolve.source.handwriting import Chain

COMPARED: Final = {"<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge}
_OPERATIONS: Final = {"<": "<", "≤": "<=", ">": ">", "≥": ">="}


def compared(left: Side, sign: str, right: Side) -> Judgement:
    """An inequality between numbers."""
    if left.value is None or right.value is None or np.shape(left.value) or np.shape(right.value):
        return Judgement(Verdict.UNDECIDABLE, left.why or right.why)
    holds = COMPARED[sign](left.value, right.value)
    return Judgement(Verdict.EXACT) if holds else Judgement(Verdict.WRONG, "this does not hold")


def with_indicators(chain: Chain) -> Chain:
    """A chain in which `c = a > b = 1` has a comparison for a side: its value is 0 or 1."""
    sides, signs = list(chain.sides), list(chain.signs)
    k = 1
    while k < len(signs) - 1:
        after = sides[k + 2]
        is_value = isinstance(after, Number) and after.text in ("0", "1")
        if signs[k] in COMPARED and signs[k - 1] == signs[k + 1] == "=" and is_value:
            sides[k : k + 2] = [Apply(_OPERATIONS[signs[k]], sides[k], sides[k + 1])]
            del signs[k]
        k += 1
    return chain._replace(sides=tuple(sides), signs=tuple(signs))
