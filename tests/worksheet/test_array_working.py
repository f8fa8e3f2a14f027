"""The numbers put into lines of arrays: of an indexed array only the entries that are picked."""

from __future__ import annotations

import stepsolve
from stepsolve.notation.unicode import one_line


def working(line: str, **given: object) -> list[str]:
    solved = stepsolve.solve({"kind": "graph", "lines": [line], "given": given})
    return [one_line(side) for side in solved.lines[0].working]


def test_an_index_puts_in_its_entries_alone() -> None:
    matrix = [[1, 2], [3, 4], [5, 6]]
    assert working("y = w @ X[1] + t[2]", w=[7, 8], X=matrix, t=[0, 1, 9]) == [
        "[7, 8] @ [3, 4] + 9"
    ]
    assert working("y = X[0, 1] * 2", X=matrix) == ["2 · 2"]
    assert working("y = 2 * X[1:3, 0]", X=matrix) == ["2 · [[3], [5]]"]
    assert working("y = X[1] - 1", X=matrix) == ["[3, 4] − 1"]


def test_a_row_of_a_matrix_too_large_to_be_put_in() -> None:
    large = {"shape": [100, 2], "seed": 1}
    (found,) = working("y = 2 * X[1]", X=large)
    assert found.startswith("2 · [") and not found.startswith("2 · [[")  # a row lies


def test_entries_of_long_sums_are_not_written_out() -> None:
    given = {"x": {"shape": [2, 90], "seed": 1}, "w": {"shape": [90], "seed": 2}}
    solved = stepsolve.solve({"kind": "graph", "lines": ["y = x @ w"], "given": given})
    assert solved.lines[0].entries == ()
    short = stepsolve.solve({"kind": "graph", "lines": ["y = x * 2 + 1"], "given": {"x": [1, 2]}})
    assert len(short.lines[0].entries) == 2
