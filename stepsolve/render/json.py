"""`--format json`: the derivation as data, a public and versioned contract.

Expressions are text in the expression language, where entries of sequences, `h(3)` and `h(t - 1)`, are
names (`parse` reads them with `entries=True`); numbers have full double precision.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from stepsolve.derivation import Cell, Derivation, Step, Table, Value, Worked
from stepsolve.notation.plain import plain

VERSION = 1


def contract(derivation: Derivation) -> dict[str, object]:
    """The derivation in plain data, as `derivation.to_json()` gives it."""
    return {
        "stepsolve": VERSION,
        "title": derivation.title,
        "kind": derivation.kind,
        "quantities": dict(derivation.quantities),
        "results": {name: plain(form) for name, form in derivation.results.items()},
        "lines": [_line(worked) for worked in derivation.lines],
        "steps": [_step(step) for step in derivation.steps],
        "tables": [_table(table) for table in derivation.tables],
        "checks": [
            {
                "of": check.of,
                "method": check.method,
                "error": check.error if math.isfinite(check.error) else None,
                "passed": check.passed,
                **({"note": check.note} if check.note else {}),
            }
            for check in derivation.checks
        ],
        "confirmed": derivation.confirmed,
    }


def render(
    derivations: Iterable[Derivation], as_array: bool = False, ascii_only: bool = False
) -> str:
    """One derivation as an object unless an array is asked for, several as an array."""
    found = [contract(derivation) for derivation in derivations]
    data = found if as_array or len(found) != 1 else found[0]
    return json.dumps(data, ensure_ascii=ascii_only, indent=2) + "\n"


def _line(worked: Worked) -> dict[str, object]:
    value: Value | None = worked.value
    return {
        "name": worked.name,
        "expression": plain(worked.expression),
        "substituted": plain(worked.working[0]) if worked.working else None,
        "value": value,
        "shape": list(worked.shape),
        "because": worked.because,
        "section": worked.section,
        **({"note": worked.note} if worked.note else {}),
    }


def _step(step: Step) -> dict[str, object]:
    found: dict[str, object] = {
        "rule": step.rule,
        "formula": " = ".join(map(plain, step.formula)) if step.formula else "",
        "before": plain(step.before),
        "after": plain(step.after),
        "because": step.because,
        "steps": [_step(part) for part in step.steps],
    }
    if step.where:
        found["where"] = {name: plain(inner) for name, inner in step.where}
    if step.result is not None:
        found["result"] = plain(step.result)
    return found


def _table(table: Table) -> dict[str, object]:
    """The cells as text and, where the table has them, its columns of numbers by name."""
    found: dict[str, object] = {
        "name": table.name,
        "header": [_cell(cell) for cell in table.header],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
    }
    if table.data:
        found["columns"] = {name: list(values) for name, values in table.data}
    return found


def _cell(cell: Cell) -> str:
    parts = cell if isinstance(cell, tuple) else (cell,)
    return "".join(part if isinstance(part, str) else plain(part) for part in parts)
