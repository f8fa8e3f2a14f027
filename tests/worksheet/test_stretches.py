"""Gradients of the parts of an array, put together; and what is not all of it."""

from __future__ import annotations

import pytest

from stepsolve.notation.plain import plain
from stepsolve.source.expression import parse
from stepsolve.worksheet.stretches import put_together

CASES: list[tuple[list[str], tuple[int, ...], str | None]] = [
    (["concat(a, zeros(3))", "concat(zeros(2), b)"], (5,), "concat(a, b)"),
    (["concat(zeros(2), b)", "concat(a, zeros(3))"], (5,), "concat(a, b)"),
    (
        ["concat(a, zeros(2, 3), axis=1)", "concat(zeros(2, 1), b, axis=1)"],
        (2, 4),
        "concat(a, b, axis=1)",
    ),
    (
        ["concat(zeros(1), b, zeros(1))", "concat(a, zeros(2))", "concat(zeros(2), c)"],
        (3,),
        "concat(a, b, c)",
    ),
    (["outer(one_hot(1, 2), b)", "outer(one_hot(0, 2), a)"], (2, 4), "stack(a, b)"),
    (["concat(a, zeros(3))", "concat(zeros(3), b)"], (5,), None),  # a gap
    (["concat(a, zeros(2))", "concat(zeros(2), b)"], (5,), None),  # twice the same entry
    (["concat(a, zeros(3))", "b"], (5,), None),
    (["concat(a, zeros(3))"], (5,), None),
    (["outer(one_hot(0, 3), a)", "outer(one_hot(1, 3), b)"], (3, 2), None),
    (["outer(one_hot(0, 2), a)", "concat(zeros(1, 2), b)"], (2, 2), None),
    (["a", "b"], (2,), None),
]


@pytest.mark.parametrize(("parts", "dims", "whole"), CASES, ids=str)
def test_parts_are_put_together(parts: list[str], dims: tuple[int, ...], whole: str | None) -> None:
    found = put_together([parse(part) for part in parts], dims)
    assert (None if found is None else plain(found)) == whole
