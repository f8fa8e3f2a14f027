"""The lines of every graph among the problem files, their patterns and paths, as at the board."""

from __future__ import annotations

from functools import cache
from itertools import chain
from pathlib import Path

import pytest

import stepsolve
from stepsolve.derivation import Cell, Derivation, Table
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import names

ROOT = Path(__file__).parents[1] / "problems"


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


NEURON_GATES = (
    "f1 f2 f3 f4 f5 f6 f7 f | df/df df/df7 df7/df6 df/df6 df6/df5 df/df5 df5/df4 df/df4 "
    "df4/df3 df/df3 df4/dw2 df/dw2 df3/df1 df/df1 df3/df2 df/df2 "
    "df2/dw1 df/dw1 df2/dx1 df/dx1 df1/dw0 df/dw0 df1/dx0 df/dx0"
)
CHAIN = (
    "z_1 a_1 z_2 a_2 z_3 a_3 L | dL/dL dL/da_3 da_3/dz_3 dL/dz_3 "
    "dz_3/dw_3 dL/dw_3 dz_3/da_2 dL/da_2 da_2/dz_2 dL/dz_2 "
    "dz_2/dw_2 dL/dw_2 dz_2/da_1 dL/da_1 da_1/dz_1 dL/dz_1 dz_1/dw_1 dL/dw_1"
)
LINES = {
    "graphs/product.yaml": "q f | df/df df/dq df/dz dq/dx df/dx dq/dy df/dy",
    "graphs/sum.yaml": "q f | df/df df/dx df/dq dq/dy df/dy dq/dz df/dz",
    "graphs/max.yaml": "f1 f2 f3 f | df/df df/df3 df3/df1 df/df1 df3/df2 df/df2 "
    "df2/dz df/dz df2/dw df/dw df1/dx df/dx df1/dy df/dy",
    "graphs/neuron.yaml": NEURON_GATES,
    "graphs/vanishing-chain.yaml": CHAIN,
    "calculus/gate-square.yaml": "f | df/df df/dx",
    "calculus/gate-cube.yaml": "q f | df/df df/dq ∂f/∂x dq/dx df/dx",
    "calculus/sigmoid-graph.yaml": "f1 f2 f3 f | df/df df/df3 df3/df2 df/df2 "
    "df2/df1 df/df1 df1/dx df/dx",
    "calculus/neuron.yaml": "z f | df/df df/dz dz/dw df/dw dz/dx df/dx dz/db df/db",
    "calculus/two-path-neuron.yaml": "p z s t f | df/df df/ds df/dt dt/dp ds/dz df/dz "
    "dz/dp df/dp dz/db df/db dp/dw df/dw dp/dx df/dx",
}


@pytest.mark.parametrize("file", LINES)
def test_the_lines_stand_in_order_forward_then_backward(file: str) -> None:
    forward, backward = (part.split() for part in LINES[file].split("|"))
    lines = solved(file).lines
    assert [line.name for line in lines] == [*forward, *backward]
    sections = [line.section for line in lines]
    assert sections == ["forward"] * len(forward) + ["backward"] * len(backward)


@pytest.mark.parametrize("file", LINES)
def test_a_line_uses_only_what_stands_before_it(file: str) -> None:
    lines = solved(file).lines
    assigned, ready = {line.name for line in lines}, set()
    for line in lines:
        assert set(names(line.expression)) & assigned <= ready, line.name
        ready.add(line.name)


FORMULAS = {
    "graphs/neuron.yaml": "f1 = w0 * x0; f2 = w1 * x1; f3 = f1 + f2; f4 = f3 + w2; f5 = -f4; "
    "f6 = exp(f5); f7 = 1 + f6; f = 1 / f7; df/df7 = -1 / f7^2; df7/df6 = 1; "
    "df/df6 = df/df7 * df7/df6; df6/df5 = f6; df5/df4 = -1; df2/dw1 = x1; df1/dx0 = w0",
    "graphs/max.yaml": "f2 = max(z, w); f = 2 * f3; df2/dz = z >= w; df2/dw = w > z; "
    "df/dx = df/df1 * df1/dx",
    "calculus/gate-square.yaml": "f = x * x; df/dx = x + x",
    "calculus/gate-cube.yaml": "df/dq = x; ∂f/∂x = q; dq/dx = 2 * x; df/dx = ∂f/∂x + df/dq * dq/dx",
    "calculus/two-path-neuron.yaml": "df/ds = t; df/dt = s; dt/dp = t * (1 - t); "
    "ds/dz = s * (1 - s); dz/dp = 1; df/dp = df/dt * dt/dp + df/dz * dz/dp; dp/dw = x; dp/dx = w",
}


@pytest.mark.parametrize("file", FORMULAS)
def test_the_formulas_of_the_lines(file: str) -> None:
    found = {line.name: plain(line.expression) for line in solved(file).lines}
    for told in FORMULAS[file].split("; "):
        name, formula = told.split(" = ")
        assert found[name] == formula


PATTERNS = {
    "graphs/max.yaml": {
        "df/df3": "multiply swaps",
        "df3/df1": "add distributes",
        "df2/dz": "max routes",
        "df1/dx": "multiply swaps",
    },
    "graphs/neuron.yaml": {"df5/df4": "minus flips the sign", "df7/df6": "add distributes"},
    "calculus/gate-cube.yaml": {"df/dx": "copy adds"},
    "calculus/two-path-neuron.yaml": {"df/dp": "copy adds", "dz/db": "add distributes"},
}


@pytest.mark.parametrize("file", PATTERNS)
def test_the_patterns_of_the_board_are_named(file: str) -> None:
    notes = {line.name: line.note for line in solved(file).lines}
    assert {name: notes[name] for name in PATTERNS[file]} == PATTERNS[file]


def words(cell: Cell) -> str:
    parts = cell if isinstance(cell, tuple) else (cell,)
    return "".join(part if isinstance(part, str) else plain(part) for part in parts)


def tables(file: str) -> list[list[str]]:
    blocks = (block for block in solved(file).blocks if isinstance(block, Table))
    return [[words(cell) for cell in row] for row in chain.from_iterable(b.rows for b in blocks)]


PATHS = {
    "calculus/two-path-neuron.yaml": [
        ("w → p → z → s → f", "df/ds * ds/dz * dz/dp * dp/dw", "t * s * x * (1 - s)"),
        ("w → p → t → f", "df/dt * dt/dp * dp/dw", "s * t * x * (1 - t)"),
        ("x → p → z → s → f", "df/ds * ds/dz * dz/dp * dp/dx", "t * s * w * (1 - s)"),
        ("x → p → t → f", "df/dt * dt/dp * dp/dx", "s * t * w * (1 - t)"),
        ("b → z → s → f", "df/ds * ds/dz * dz/db", "t * s * (1 - s)"),
    ],
    "calculus/neuron.yaml": [
        ("b → z → f", "df/dz * dz/db", "f * (1 - f)"),
        ("x → z → f", "df/dz * dz/dx", "f * w * (1 - f)"),
        ("w → z → f", "df/dz * dz/dw", "f * x * (1 - f)"),
    ],
    "calculus/gate-square.yaml": [("x → f", "df/dx", "x"), ("x → f", "df/dx", "x")],
    "calculus/gate-cube.yaml": [("x → q → f", "df/dq * dq/dx", "2 * x^2"), ("x → f", "∂f/∂x", "q")],
    "calculus/sigmoid-graph.yaml": [
        ("x → f1 → f2 → f3 → f", "df/df3 * df3/df2 * df2/df1 * df1/dx", "f2 / f3^2")
    ],
}


@pytest.mark.parametrize("file", PATHS)
def test_the_paths_and_their_products(file: str) -> None:
    assert tables(file) == [list(row) for row in PATHS[file]]


def test_the_gradient_of_a_recurrence_vanishes_stays_or_explodes() -> None:
    """Powers of 0.5, 0.9, 1 and 1.5, and log(1/2) / log(a), to four decimals as a calculator has."""
    assert tables("calculus/recurrence.yaml")[2:6] == [
        ["5", "0.0313", "0.5905", "1", "7.5938"],
        ["10", "9.766e-4", "0.3487", "1", "57.6650"],
        ["20", "9.537e-7", "0.1216", "1", "3325.2567"],
        ["50", "8.882e-16", "0.0052", "1", "6.376e8"],
    ]
    assert tables("calculus/recurrence.yaml")[7:11] == [
        ["0.5", "vanishes", "1"],
        ["0.9", "vanishes", "6.5788"],
        ["1", "stays", "never"],
        ["1.5", "explodes", "1.7095"],
    ]


def test_the_claim_of_the_notes_is_refuted() -> None:
    """f(3) = a^3 x_0 + 3 b forgets the powers of a in front of b: 2 (2 (2 + 3) + 3) + 3 = 29."""
    assert tables("calculus/recurrence.yaml")[11:] == [
        ["f(1)", "2 * 1 + 3", "5"],
        ["f(2)", "2 * 5 + 3", "13"],
        ["f(3)", "2 * 13 + 3", "29"],
        ["claimed: f(3)", "2^3 * 1 + 3 * 3", "17"],
    ]
    assert solved("calculus/recurrence.yaml").confirmed


def test_when_an_input_moves_by_one() -> None:
    """f = x + y z at (-2, 5, -4) is -22: by hand -1 + 5 (-4), -2 + 6 (-4), -2 + 5 (-3)."""
    assert tables("graphs/sum.yaml") == [
        ["x", "1", "-22", "-21", "1"],
        ["y", "-4", "-22", "-26", "-4"],
        ["z", "5", "-22", "-17", "5"],
    ]


# what SymPy does not see at once: that a^u * a = a^(u + 1), and forms of a tangent
