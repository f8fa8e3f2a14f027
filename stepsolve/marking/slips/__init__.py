"""Known slips: small changes to a calculation that reproduce a wrong value, and so name the mistake.

A slip is a row of one of the files of this package: it changes the expression that should have been
worked out, or the number that came of it. A row whose result is what was written, at the digits shown,
explains it. The likeliest stands first:

1. Common: what the next side shows, signs, and what belongs to this subject and is either done or
   not - the bias, the factor 1/2, the scaling, a factor of the chain rule, degrees, the logarithm's
   base, 1 - sigma, the step before. There are few such changes of a line, so that one which fits is
   seldom a coincidence.
2. Usual: one factor, term, bracket or digit. Of wrong digits, a single one is about eight times as
   frequent as two neighbours that are exchanged.
3. Seldom: what takes two steps to go wrong, such as a formula taken term by term.
4. Rare: what fits almost anything, such as one digit of the result; looked for where four digits or
   more were written.

Within a class the rows with the fewest changes of a line stand first, for what they reproduce is least
of all a coincidence; and a result that is rounded to what was written comes before one that is cut to
it, and that before one that only an unrounded value behind the line gives.

Sources: J. S. Brown, R. R. Burton, Diagnostic models for procedural bugs in basic mathematical skills
(1978), for a table of small wrong procedures that reproduce an answer; K. VanLehn, Mind Bugs (1990),
for slips beside them, which come and go; J. Verhoeff, Error Detecting Decimal Codes (1969), for wrong
digits: 79 of 100 are single ones, 10 exchanged neighbours.
"""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Final

from stepsolve.marking.slips import (
    arrays,
    derivatives,
    digits,
    forgotten,
    neighbours,
    operations,
    parts,
    rules,
    signs,
)
from stepsolve.marking.slips.row import Fit, Likelihood, Row, Scene, Variant
from stepsolve.marking.verdicts import Slip
from stepsolve.notation.tree import Expression

__all__ = (
    "ROWS",
    "Fit",
    "Likelihood",
    "Row",
    "Scene",
    "Variant",
    "explain",
    "explain_formula",
    "patience",
)

_SECONDS: Final = 0.15  # of one line, of the processor: a busy machine names the same slips
_MOST: Final = 1500  # changed formulas of one line
_TOLD: Final = 3  # slips told of one line
_FILES: Final = (parts, signs, derivatives, forgotten, neighbours, arrays, operations, digits)

ROWS: tuple[Row, ...] = tuple(
    sorted((row for file in _FILES for row in file.ROWS), key=lambda row: row.likelihood)
)
"""Every slip with numbers, the likeliest first; those of derivatives as formulas are `rules.ROWS`."""
_IN_FORMULAS: Final = tuple(
    row
    for row in ROWS
    if any(row in file.ROWS for file in (signs, derivatives, forgotten, operations))
)


def patience() -> float:
    """When to give up looking for slips in a line: a time of the processor."""
    return process_time() + _SECONDS


def explain(
    scene: Scene, rows: tuple[Row, ...] = ROWS, until: float | None = None
) -> tuple[Slip, ...]:
    """The slips that reproduce what was written, the likeliest first; none where none does.

    `until` is what `patience` gave, where there is more than one scene to look at for a line.
    """
    found: list[tuple[tuple[int, int], Slip]] = []
    seen: dict[Expression, Fit] = {scene.formula: Fit.NONE}
    told: set[Expression] = set()
    end = patience() if until is None else until
    for row in rows:
        enough = sum(fit > Fit.CARRIED for (_, fit), _ in found) >= _TOLD
        if enough or row.likelihood > scene.bears:
            break
        best, fitting = Fit.NONE, None
        for variant in row.variants(scene):
            if len(seen) > _MOST or process_time() > end:
                break
            if variant.formula in told:
                continue
            if (fit := seen.get(variant.formula)) is None:
                fit = seen[variant.formula] = scene.fit(variant.formula)
            if fit > best:
                best, fitting = fit, variant
            if fit is Fit.ROUNDED:
                break
        if fitting is not None:
            slip = Slip(row.name, fitting.told or row.description, fitting.formula)
            found.append(((row.likelihood, best), slip))
            told.add(fitting.formula)  # told once, by the row that says most
    found.sort(key=lambda pair: (pair[0][0], -pair[0][1]))
    return tuple(slip for _, slip in found[:_TOLD])


def explain_formula(scene: Scene) -> tuple[Slip, ...]:
    """The same for formulas: slips with the rules of derivatives, then in their outcome."""
    until = patience()
    if found := explain(scene, rules.ROWS, until):
        return found
    outcome = rules.taken(scene.formula)
    return explain(replace(scene, formula=outcome or scene.formula), _IN_FORMULAS, until)
