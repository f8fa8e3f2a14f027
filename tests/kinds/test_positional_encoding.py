"""Positional encodings against the formula of the paper, entry by entry in plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.checking import rows
from stepsolve.derivation import Derivation, Section, Table, Text
from stepsolve.notation.plain import plain
from stepsolve.operations.table import OPERATIONS


def told(**keys: object) -> list[str]:
    """The messages of a wrong problem, each with its place."""
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(keys)
    return [f"{d.place}: {d.message}" if d.place else d.message for d in caught.value.diagnoses]


def solve(**keys: object) -> Derivation:
    return stepsolve.solve({"kind": "positional-encoding", **keys})


def encoded(count: int, width: int, base: float, halves: bool = False) -> Any:
    table = np.empty((count, width))
    for pos in range(count):
        for i in range(width // 2):
            angle = pos / base ** (2 * i / width)
            first, second = (i, i + width // 2) if halves else (2 * i, 2 * i + 1)
            table[pos, first], table[pos, second] = math.sin(angle), math.cos(angle)
    return table


def tables(found: Derivation, name: str) -> list[Table]:
    return [b for b in found.blocks if isinstance(b, Table) and b.name == name]


def words(found: Derivation) -> str:
    return " ".join(
        p for b in found.blocks if isinstance(b, Text) for p in b.parts if isinstance(p, str)
    )


@pytest.mark.parametrize("layout", ["interleaved", "halves"])
@pytest.mark.parametrize(("count", "width", "base"), [(4, 4, 100), (7, 2, 10000), (9, 10, 2.5)])
def test_the_table_is_that_of_the_formula(count: int, width: int, base: float, layout: str) -> None:
    found = solve(positions=count, width=width, base=base, layout=layout)
    assert found.confirmed
    expected = encoded(count, width, base, layout == "halves")
    np.testing.assert_allclose(found.quantities["PE"], expected, rtol=1e-9, atol=1e-12)


def test_the_base_is_ten_thousand_unless_given() -> None:
    found = solve(positions=3, width=6)
    np.testing.assert_allclose(found.quantities["PE"], encoded(3, 6, 10_000), rtol=1e-9)


@pytest.mark.parametrize(("count", "width"), [(100, 64), (512, 512)])
def test_large_tables_are_whole_and_shown_in_part(count: int, width: int) -> None:
    found = solve(positions=count, width=width)
    assert found.confirmed
    np.testing.assert_allclose(
        found.quantities["PE"], encoded(count, width, 10_000), rtol=1e-9, atol=1e-12
    )
    assert "of each the first entries are shown" in words(found)
    assert not tables(found, "entries")


def test_embeddings_are_added() -> None:
    given = np.round(np.random.default_rng(3).normal(size=(3, 4)), 2)
    found = solve(positions=3, width=4, embeddings=given.tolist())
    np.testing.assert_allclose(found.quantities["X'"], given + encoded(3, 4, 10_000), rtol=1e-9)
    symbol = solve(positions=3, width=4, embeddings={"shape": [3, 4]})
    assert "X'" in symbol.results and "X'" not in symbol.quantities
    drawn = solve(positions=3, width=4, embeddings={"shape": [3, 4], "seed": 5})
    assert drawn.confirmed and "X'" in drawn.quantities


def test_dot_products_hang_on_distance_alone() -> None:
    found = solve(positions=5, width=6, base=50, **{"dot-products": "true"})
    table = encoded(5, 6, 50)
    np.testing.assert_allclose(found.quantities["G"], table @ table.T, rtol=1e-9)
    expected = [sum(math.cos(k / 50 ** (2 * i / 6)) for i in range(3)) for k in range(5)]
    np.testing.assert_allclose(found.quantities["g"], expected, rtol=1e-9)
    assert "another expression for it" in {c.method for c in found.checks}


def test_the_page_goes_entry_by_entry() -> None:
    found = solve(tokens=["I", "am"], width=4, base=100)
    assert [b.parts[0] for b in found.blocks if isinstance(b, Section)] == [
        "Frequencies",
        "Angles",
        "The table",
        "Result",
    ]
    (table,) = tables(found, "entries")
    assert [plain(row[0]) for row in table.rows if not isinstance(row[0], str | tuple)] == [
        f"PE[{pos}, {column}]" for pos in range(2) for column in range(4)
    ]
    formulas = [plain(row[1]) for row in table.rows if not isinstance(row[1], str | tuple)]
    assert formulas[6] == "sin(1 / 100^(2 / 4))"
    assert "The tokens by position: I at 0, am at 1." in words(found)
    assert "rotary" in words(found) and "learned" in words(found)


def test_claims_are_judged_by_their_digits() -> None:
    # sin 1 = 0.84147, cos 1 = 0.54030, sin 0.1 = 0.09983, cos 0.1 = 0.99500; sin 1° = 0.01745,
    # cos 1° = 0.99985, sin 0.1° = 0.00175
    claims = {
        "1": [[0.841, 0.54, 0.1, 0.99], ["right", "right", "right", "right, cut off"]],
        "0": [[0, 1, 0, 1], ["right"] * 4],
    }
    found = solve(
        positions=2, width=4, base=100, claimed={k: row for k, (row, _) in claims.items()}
    )
    for table, (_, verdicts) in zip(tables(found, "claims"), claims.values(), strict=True):
        assert [row[-1] for row in table.rows] == verdicts
    found = solve(positions=2, width=4, base=100, claimed={"1": [0.0175, 0.999, 0.002, -0.5]})
    (table,) = tables(found, "claims")
    assert [row[-1] for row in table.rows] == [
        "as in degrees",
        "as in degrees, cut off",
        "as in degrees",
        "wrong",
    ]
    assert "4 of 4 entries are not right. 3 of them come out with angles in degrees" in words(found)
    assert found.confirmed


def repeated(width: int, base: float, decimals: int) -> tuple[int, int] | None:
    """By brute force: every position against all earlier ones, entry by entry."""
    table = encoded(400, width, base)
    rounded = [[f"{x:.{decimals}f}".replace("-0.00", "0.00") for x in row] for row in table]
    for later in range(400):
        for earlier in range(later):
            if rounded[later] == rounded[earlier]:
                return later, earlier
    return None


@pytest.mark.parametrize("width", [2, 4])
def test_positions_that_look_alike_are_found(width: int) -> None:
    found = solve(positions=2, width=2, base=100, widths=[width], digits=2)
    (table,) = tables(found, "resolution")
    expected = repeated(width, 100, 2)
    assert expected is not None
    assert table.rows[0][2:] == tuple(map(str, expected))
    wave = 2 * math.pi * 100 ** (1 - 2 / width)
    assert found.quantities[f"wave_{width}"] == pytest.approx(wave, rel=1e-9)
    assert found.confirmed


def test_a_wrong_repetition_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = rows.first_repeat
    monkeypatch.setattr(
        "stepsolve.worksheet.encoding.first_repeat", lambda b, w, d, n: right(b, w, d - 1, n)
    )
    found = solve(positions=2, width=2, widths=[2])
    assert [c.of for c in found.checks if not c.passed] == ["the first repeated row of width 2"]


def test_a_sine_in_degrees_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    wrong = replace(OPERATIONS["sin"], numpy=lambda a: np.sin(np.deg2rad(a)))
    monkeypatch.setitem(OPERATIONS, "sin", wrong)
    assert "PE" in {c.of for c in solve(positions=3, width=2).checks if not c.passed}


def test_wrong_keys_are_told_at_their_places() -> None:
    kind = "positional-encoding"
    assert told(kind=kind, width=4) == [
        "problem: an encoding needs tokens or positions, one of them"
    ]
    assert told(kind=kind, positions=4, width=5, base=1) == [
        "width: a width of 5 is odd: every sine has a cosine beside it",
        "base: the base is a number above 1: with it the waves grow longer and longer",
    ]
    assert told(kind=kind, positions=2, width=2, base="1/0") == [
        "base: 1/0 has no finite real value"
    ]
    assert told(kind=kind, positions=2, width=2, base="symbol") == [
        "base: the base is a number, not symbol"
    ]
    assert told(kind=kind, positions=4096, width=4096) == [
        "width: a table of 4096 × 4096 is too large"
    ]
    assert told(kind=kind, positions=4000, width=2, **{"dot-products": "true"}) == [
        "dot-products: the dot products of 4000 positions are too many: 16000000"
    ]
    assert told(kind=kind, positions=2, width=4, embeddings=[[1, 2, 3, 4]]) == [
        "embeddings: the table of embeddings is 1 × 4, but 2 × 4 belongs here"
    ]
    claimed = {"2": [0, 1], "1": [0, 1, 2], "x": [0, 1], "0": [0, 1]}
    assert told(kind=kind, positions=2, width=2, claimed={"x": [0, 1]}) == [
        "claimed.x: a whole number from 0 to 4096 belongs here, not x"
    ]
    del claimed["x"]
    assert told(kind=kind, positions=2, width=2, claimed=claimed) == [
        "claimed.2: there is no position 2: they are counted from 0 to 1",
        "claimed.1: row 1 has 3 entries, but 2 entries belong here",
    ]
