"""Sheets of arrays: sizes, lines and passes in order, working, and values that are worked out twice."""

from __future__ import annotations

import numpy as np
import pytest

from stepsolve.derivation import Lines, Section, Text
from stepsolve.errors import InvalidProblem, StepsolveError
from stepsolve.notation.numbers import Digits
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Array, Name, Number
from stepsolve.operations.array_operation import broadcast, size_words
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.entries import Entries
from stepsolve.source.expression import parse
from stepsolve.worksheet.array_working import drawn, is_readable, on_paper
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

KNOWN = {"A": (2, 3), "B": (3, 4), "v": (3,), "u": (2,), "k": (), "T": (2, 3, 4)}


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ("A @ B", (2, 4)),
        ("A @ v", (2,)),
        ("u @ A", (3,)),
        ("v @ v", ()),
        ("A * v + k", (2, 3)),
        ("A + reshape(u, 2, 1)", (2, 3)),
        ("T[1]", (3, 4)),
        ("T[1, :, 2]", (3,)),
        ("T[0, 1:3]", (2, 4)),
        ("A[[1, 1, 0, 1]]", (4, 3)),
        ("A[-1, n - 1]", ()),
        ("[[1, 2, 3], v]", (2, 3)),
        ("sum(T, axis=1)", (2, 4)),
        ("A > 0", (2, 3)),
        ("pi * A", (2, 3)),
    ],
)
def test_sizes(text: str, dims: tuple[int, ...]) -> None:
    assert Dimensions(KNOWN, {"n": 2}).of(parse(text)) == dims


def test_every_misfit_of_a_line_that_hangs_on_no_other() -> None:
    found = Dimensions(KNOWN, {}).misfits(parse("(A @ u) * (v + u) + A[5, 5]"))
    assert [error.message for error in found] == [
        "A is 2 × 3, but u has 2 entries, so A @ u is not defined",
        "v has 3 entries, but u has 2 entries",
        "there is no entry 5 of 2",
    ]


def test_broadcasting_is_numpys() -> None:
    shapes = [(), (1,), (3,), (2, 1), (2, 3), (4, 1, 3), (1, 1, 1)]
    for one in shapes:
        for other in shapes:
            assert broadcast(one, other) == np.broadcast_shapes(one, other)


def test_sizes_in_words() -> None:
    assert [size_words(d) for d in [(), (1,), (3,), (2, 3)]] == [
        "is a number",
        "has 1 entry",
        "has 3 entries",
        "is 2 × 3",
    ]


def layer() -> Sheet:
    sheet = Sheet()
    sheet.give("W", parse("[[1, 2], [3, -1]]"), (2, 2))
    sheet.give("x", parse("[0.5, 1]"), (2,))
    sheet.section("Forward")
    sheet.line("z", "W @ x", "a product")
    sheet.text("Between.")
    sheet.line("L", "sum(z * z)")
    return sheet


def test_a_sheet_keeps_the_order_in_which_it_was_written() -> None:
    sheet = layer()
    done = sheet.backward("L", ("W",), heading=("Back",))
    assert list(done.gradients.values()) == ["dL/dz", "dL/dW"]
    solved = Solved(sheet)
    sheet.block(lambda known: [Text((f"z is {known.value('z').tolist()}",))])
    kinds = [
        block.parts[0] if isinstance(block, Section | Text) else [w.name for w in block.lines]
        for block in solved.blocks()
        if isinstance(block, Section | Text | Lines)
    ]
    # 0.5 + 2 and 1.5 - 1
    assert kinds == [
        *("Forward", ["z"], "Between.", ["L"], "Back", ["dL/dz", "dL/dW"]),
        "z is [2.5, 0.5]",
    ]


def test_gradients_from_outside() -> None:
    sheet = layer()
    sheet.give("g", parse("[1, -2]"), (2,))
    sheet.backward("J", ("x",), seeds={"z": "g", "L": "3"})
    solved = Solved(sheet)
    # g + 3 * 2 z, and W.T times that
    assert np.allclose(solved.floats["dJ/dz"], [16, 1])
    assert np.allclose(solved.floats["dJ/dx"], [19, 31])
    assert all(check.passed for check in solved.checks())


def test_names_are_assigned_once() -> None:
    with pytest.raises(InvalidProblem, match="z is assigned twice"):
        layer().line("z", "2 * x")
    with pytest.raises(InvalidProblem, match="x is assigned twice"):
        layer().line("x", "W @ x")


def test_only_numbers_are_differentiated() -> None:
    with pytest.raises(InvalidProblem, match="z is not a number: only a number has a gradient"):
        layer().backward("z")


def test_a_line_without_a_value_is_named() -> None:
    sheet = layer()
    sheet.line("bad", "log(z - 1)")
    with pytest.raises(StepsolveError, match=r"bad: log\(-0.5\) has no finite real value"):
        Solved(sheet)


def test_working_puts_numbers_in_and_shows_entries() -> None:
    sheet = layer()
    sheet.line("s", "x * x + 1/3")
    solved = Solved(sheet, Digits(2))
    z, s = (solved.worked(sheet.lines[name]) for name in ("z", "s"))
    assert [plain(side) for side in z.working] == ["[[1, 2], [3, -1]] @ [[0.5], [1]]"]
    assert [[plain(side) for side in entry] for entry in z.entries] == [
        ["z[0]", "1 * 0.5 + 2 * 1", "2.5"],
        ["z[1]", "3 * 0.5 + (-1) * 1", "0.5"],
    ]
    assert z.value == [2.5, 0.5] and not z.rounded
    assert s.array is not None and plain(s.array) == "[0.58, 1.33]" and s.rounded
    assert z.because == "a product"


def test_columns_beside_matrices_and_rows_to_the_left() -> None:
    sheet = layer()
    sheet.line("r", "x @ W")
    sheet.line("b", "W + x")
    solved = Solved(sheet)
    working = {name: solved.worked(sheet.lines[name]).working[0] for name in ("r", "b")}
    assert plain(working["r"]) == "[0.5, 1] @ [[1, 2], [3, -1]]"
    assert plain(working["b"]) == "[[1, 2], [3, -1]] + [0.5, 1]"


def test_large_arrays_are_drawn_in_part() -> None:
    vector = drawn(Entries((100,), lambda index: Number(str(index[0]))))
    assert isinstance(vector, Array)
    assert [getattr(i, "text", "...") for i in vector.items] == ["0", "1", "2", "..."]
    matrix = drawn(Entries((100, 2), lambda index: Number("1")))
    assert isinstance(matrix, Array)
    assert len(matrix.items) == 4 and len(matrix.items[0].children) == 2
    assert matrix.items[-1] == Array(Name("..."), Name("..."))
    assert is_readable((8, 8)) and not is_readable((13,)) and not is_readable((5, 13))


def test_products_entry_by_entry_have_the_sign_of_books() -> None:
    dimensions = Dimensions(KNOWN, {})
    assert plain(on_paper(parse("A * A"), dimensions)) == "hadamard(A, A)"
    assert plain(on_paper(parse("k * A"), dimensions)) == "k * A"
    assert plain(on_paper(parse("outer(u, v)"), dimensions)) == "u @ v.T"


def test_values_are_rounded_from_50_digits() -> None:
    sheet = Sheet()
    sheet.give("x", parse("[2.675, 1]"), (2,))
    sheet.line("y", "x + 0")
    solved = Solved(sheet, Digits(2))
    assert [str(solved.workings.entry("y", (k,)).text) for k in (0, 1)] == ["2.68", "1"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("count", "told"), [(399, ""), (450, "51 of 451 lines are left out")])
def test_long_sheets_are_shown_in_part(count: int, told: str) -> None:
    sheet = Sheet()
    sheet.give("x", parse("[1, 2]"), (2,))
    for k in range(1, count + 1):
        sheet.line(f"h_{k}", f"{'h_' + str(k - 1) if k > 1 else 'x'} / 2 + x")
    sheet.line("L", f"sum(h_{count})")
    blocks = list(Solved(sheet).blocks())
    texts = ["".join(map(str, block.parts)) for block in blocks if isinstance(block, Text)]
    assert sum(len(b.lines) for b in blocks if isinstance(b, Lines)) == min(count + 1, 400)
    assert any(told in text for text in texts) if told else not texts
