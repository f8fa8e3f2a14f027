"""A marked hand calculation as data, a public and versioned contract."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from stepsolve.derivation import Value
from stepsolve.marking.verdicts import Judgement, Marked, MarkedLine, Verdict
from stepsolve.notation.plain import plain
from stepsolve.render.json import VERSION


def contract(marked: Marked) -> dict[str, object]:
    """The verdicts in plain data, as `marked.to_json()` gives them."""
    first = marked.first_wrong
    return {
        "stepsolve": VERSION,
        "title": marked.title,
        "lines": [_line(line) for line in marked.lines],
        "first_wrong": None if first is None else first.line,
        "repair": marked.repair or None,
        "marks": [
            {"of": award.of, "got": award.got, "out_of": award.out_of, "told": award.told}
            for award in marked.awards
        ],
        "missing": list(marked.missing),
        "right": marked.is_right,
        "confirmed": not marked.doubts,
    }


def render(works: Iterable[Marked], as_array: bool = False, ascii_only: bool = False) -> str:
    """One work as an object unless an array is asked for, several as an array."""
    found = [contract(marked) for marked in works]
    data = found if as_array or len(found) != 1 else found[0]
    return json.dumps(data, ensure_ascii=ascii_only, indent=2) + "\n"


def _line(line: MarkedLine) -> dict[str, object]:
    """One chain; what was expected, and why, is that of its worst sign."""
    worst = max(line.judgements, key=lambda j: j.verdict.severity, default=None)
    return {
        "line": line.line,
        "text": line.text,
        "of": line.of or None,
        "verdicts": [str(verdict) for verdict in line.verdicts],
        **_reasons(worst),
        "skipped": list(line.skipped),
        "own_name": line.is_own,
    }


def _finite(value: Value | None) -> object:
    """A value as JSON has it, where numbers beyond double precision are nothing."""
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return value if value is not None and math.isfinite(value) else None


def _reasons(judgement: Judgement | None) -> dict[str, object]:
    if judgement is None:
        return {"expected": None, "own": None, "slip": None, "told": None}
    known = judgement.verdict not in (Verdict.EXACT, Verdict.DEFINES)
    slip = next(iter(judgement.slips), None)
    return {
        "expected": _finite(judgement.values[0]) if known else None,
        "own": _finite(judgement.values[1]) if known else None,
        "slip": None
        if slip is None
        else {
            "name": slip.name,
            "told": slip.told,
            "instead": None if slip.instead is None else plain(slip.instead),
        },
        "told": judgement.told or None,
    }
