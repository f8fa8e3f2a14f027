"""Every problem on probability, positions and detection: its numbers by hand or in NumPy.

Nothing is taken from stepsolve. Where the hand-written notes slip, the truth stands here beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from math import cos, log, log2, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation, Section, Table, Text
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line
from stepsolve.problem import read_problem
from stepsolve.source.yaml import compose

ROOT = Path(__file__).parents[1] / "problems"
FOLDERS = ("probability", "positions", "detection")
FILES = sorted(
    path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).glob("*")
)
EXAMPLES = {"positional-encoding": 2, "kl-divergence": 1, "maximum-likelihood": 3, "detection": 5}
Numbers = dict[str, Any]


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


def encoded(count: int, base: float) -> Any:
    rows = []
    for pos in range(count):
        slow = pos / math.sqrt(base)  # base^(2/4)
        rows.append([sin(pos), cos(pos), sin(slow), cos(slow)])
    return np.array(rows)


def robot() -> Numbers:
    table = encoded(4, 100)
    return {
        "PE": table,
        "G": table @ table.T,
        "g": [1 + 1, *(cos(k) + cos(k / 10) for k in (1, 2, 3))],
    }


def halves() -> Numbers:
    return {"PE": encoded(4, 10_000)[:, [0, 2, 1, 3]]}


def apart() -> Numbers:
    waves = {2: 1.0, 4: 10.0, 6: 100 ** (2 / 3)}
    return {f"wave_{d}": 2 * pi * length for d, length in waves.items()}


def divergence() -> Numbers:
    p = [9 / 25, 12 / 25, 4 / 25]
    return {
        "KL_pq": sum(x * log(3 * x) for x in p),
        "KL_qp": -sum(log(3 * x) for x in p) / 3,
    }


def table_of_two() -> Numbers:
    # Cover, Thomas, example 2.2.1: H(X) = 7/4 and H(Y) = 2 there, where rows are those of y
    return {
        "H_X": 2,
        "H_Y": 7 / 4,
        "H_XY": 27 / 8,
        "H_YgivenX": 11 / 8,
        "H_XgivenY": 13 / 8,
        "I": 3 / 8,
    }


def kept() -> Numbers:
    return {
        "keep": [1, 0, 0, 0, 1, 1],
        "area": [16, 16, 12, 9, 6, 16],
        "IoU": [
            [1, 12 / 20, 12 / 16, 0, 0, 4 / 28],
            [12 / 20, 1, 9 / 19, 0, 0, 6 / 26],
            [12 / 16, 9 / 19, 1, 0, 0, 4 / 24],
            [0, 0, 0, 1, 6 / 9, 0],
            [0, 0, 0, 6 / 9, 1, 0],
            [4 / 28, 6 / 26, 4 / 24, 0, 0, 1],
        ],
    }


def centres() -> Numbers:
    return {
        "IoU_AB": 2 / 5,
        "GIoU_AB": 2 / 5 - 1 / 6,
        "IoU_AC": 0,
        "GIoU_AC": -27 / 33,
        "IoU_BC": 0,
        "GIoU_BC": -25.25 / 30.25,
    }


def two_boxes() -> Numbers:
    # I = w h = 1, U = 7, hull = 9: GIoU = 1/7 - 2/9
    return {
        "IoU": 1 / 7,
        "GIoU": 1 / 7 - 2 / 9,
        "dGIoU/dinter": 1 / 7 + 1 / 49 - 1 / 9,
        "dGIoU/dhull": -7 / 81,
        "dGIoU/dx1_A": 3 * 7 / 81 - 2 * (1 / 9 - 1 / 49),
    }


def detector() -> Numbers:
    cells = [13**2, 26**2, 52**2]
    return {"depth": 255, "boxes": 3 * sum(cells), "numbers": 255 * sum(cells)}


def normal() -> Numbers:
    return {
        "mu_hat": 5,
        "sigma_hat": 2,
        "l_hat": -8 * log(2) - 4 * log(2 * pi) - 4,
        "curvature_mu": -2,
        "curvature_sigma": -4,
    }


def trials() -> Numbers:
    p = 2 / 5
    best = 12 * log(2) + 20 * log(p) + 30 * log(1 - p)
    return {"p_hat": p, "l_hat": best, "l_0": best, "ratio": 1, "P_0": [9 / 25, 12 / 25, 4 / 25]}


def coin() -> Numbers:
    best = 7 * log(0.7) + 3 * log(0.3)
    fair = -10 * log(2)
    numbers = {"k": 7, "p_hat": 0.7, "l_hat": best, "L_hat": 0.7**7 * 0.3**3, "loss": -best / 10}
    return {**numbers, "curvature": -10 / 0.21, "l_0": fair, "ratio": math.exp(fair - best)}


def counts() -> Numbers:
    rate, constant = 7 / 3, log(6 * 24 * 120)
    best = 14 * log(rate) - 14 - constant
    return {"lambda_hat": rate, "l_hat": best, "c": constant, "l_0": 14 * log(3) - 18 - constant}


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "positions/positional-encoding.yaml": robot,
    "positions/positional-encoding-10000.yaml": halves,
    "positions/positions-told-apart.yaml": apart,
    "probability/kl-divergence.yaml": divergence,
    "probability/jensen-shannon.yaml": lambda: {
        "JS": 0.5,
        "d_JS": math.sqrt(0.5),
        "lost_pq": 0.5,
        "lost_qp": 0.5,
    },
    "probability/entropy.yaml": lambda: {"H": 7 / 4, "H_max": 2, "s": [1, 2, 3, 3]},
    "probability/mutual-information.yaml": table_of_two,
    "probability/bayes-test.yaml": lambda: {
        "evidence_1": 0.0585,
        "posterior_1": [2 / 13, 11 / 13],
        "posterior_2": [36 / 47, 11 / 47],
        "P_data": 0.01 * 0.81 + 0.99 * 0.0025,
    },
    "probability/bayes-coins.yaml": lambda: {
        "posterior_1": [2 / 3, 1 / 3, 0],
        "posterior_3": [0, 1, 0],
        "P_data": 1 / 24,
    },
    # formulas without numbers: FORMULAS
    "probability/kl-bernoulli.yaml": dict,
    "probability/entropy-letters.yaml": dict,
    "probability/bayes-letters.yaml": dict,
    "probability/likelihood-bernoulli.yaml": coin,
    "probability/likelihood-normal.yaml": normal,
    "probability/likelihood-binomial.yaml": trials,
    "probability/likelihood-categorical.yaml": lambda: {
        "p_hat": [3 / 8, 4 / 8, 0, 1 / 8],
        "l_hat": 3 * log(3) - 4 * log(2) * 0 + 4 * log(4) - 8 * log(8),
    },
    "probability/likelihood-poisson.yaml": counts,
    "probability/likelihood-exponential.yaml": lambda: {
        "lambda_hat": 2,
        "l_hat": 4 * log(2) - 4,
        "curvature": -1,
    },
    "detection/iou.yaml": two_boxes,
    "detection/iou-centre.yaml": centres,
    "detection/nms.yaml": kept,
    "detection/nms-classes.yaml": lambda: {"keep": [0, 1, 1, 0]},
    "detection/detector-output.yaml": detector,
    "detection/detector-cells.yaml": lambda: {"n": 7, "depth": 30, "boxes": 98, "numbers": 1470},
}


FORMULAS = {
    "kl-bernoulli": {
        "KL_pq": "a * log(a / b) + (1 - a) * log((1 - a) / (1 - b))",
        "KL_qp": "b * log(b / a) + (1 - b) * log((1 - b) / (1 - a))",
    },
    "entropy-letters": {"H": "-a * log2(a) - (1 - a) * log2(1 - a)"},
    "bayes-letters": {
        "posterior": "[s^2 * r / (s^2 * r + f^2 * (1 - r)), "
        "f^2 * (1 - r) / (s^2 * r + f^2 * (1 - r))]"
    },
}


@pytest.mark.parametrize("file", FORMULAS)
def test_the_formulas_are_right(file: str) -> None:
    found = solved(f"probability/{file}.yaml")
    assert found.confirmed and found.checks
    assert {name: plain(formula) for name, formula in found.results.items()} == FORMULAS[file]


def test_no_file_goes_without_numbers_of_its_own() -> None:
    assert set(NUMBERS) == set(FILES)


@pytest.mark.parametrize("file", NUMBERS)
def test_the_numbers_are_right(file: str) -> None:
    found = solved(file).quantities
    for name, expected in NUMBERS[file]().items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_worked_example_has_its_files(example: str) -> None:
    read = {f: read_problem(compose((ROOT / f).read_text(encoding="utf-8"), f)) for f in FILES}
    assert sum(example in problem.example for problem in read.values()) >= EXAMPLES[example]


def shown(file: str, name: str) -> list[list[str]]:
    """The rows of the tables of a name, as printed."""
    return [
        [c if isinstance(c, str) else "" if isinstance(c, tuple) else one_line(c) for c in row]
        for table in solved(file).tables
        if table.name == name
        for row in table.rows
    ]


def sentences(file: str) -> str:
    return " ".join(
        p for b in solved(file).blocks if isinstance(b, Text) for p in b.parts if isinstance(p, str)
    )


def headings(file: str) -> list[str]:
    return ["".join(map(str, b.parts)) for b in solved(file).blocks if isinstance(b, Section)]


def test_the_row_of_the_notes_is_judged() -> None:
    rows = shown("positions/positional-encoding.yaml", "claims")[4:]  # those of row 1
    assert [row[1] for row in rows] == ["0.0017", "0.99", "0.0017", "0.99"]
    assert [row[2] for row in rows] == ["0.8415", "0.5403", "0.0998", "0.9950"]
    assert [row[-1] for row in rows] == [
        "wrong",
        "as in degrees, cut off",
        "as in degrees",
        "right, cut off",
    ]


def test_narrow_tables_repeat_themselves() -> None:
    rows = shown("positions/positions-told-apart.yaml", "resolution")
    assert [(row[0], *row[2:]) for row in rows] == [
        ("2", "338", "5"),
        ("4", "379", "2"),
        ("6", "none", ""),
    ]
    for later, earlier, length in ((338, 5, 1), (379, 2, 10)):
        for wave in (sin, cos):
            assert round(wave(later / length), 2) == round(wave(earlier / length), 2)


def test_the_divergence_of_the_notes() -> None:
    found = solved("probability/kl-divergence.yaml").quantities
    assert found["KL_pq"] == pytest.approx(0.0853, abs=5e-5)  # the notes cut it off: 0.0852
    assert found["KL_qp"] == pytest.approx(0.0975, abs=5e-5)  # and this one even to 0.09


def test_entropy_is_the_length_of_the_best_code() -> None:
    lengths = [1, 2, 3, 3]
    assert sum(p * n for p, n in zip((1 / 2, 1 / 4, 1 / 8, 1 / 8), lengths, strict=True)) == 1.75
    assert solved("probability/entropy.yaml").quantities["H"] == 1.75
    assert log2(4) == 2


def test_infinite_divergences_are_said_to_be() -> None:
    told = sentences("probability/jensen-shannon.yaml")
    assert "KL(p || q) is infinite" in told and "KL(q || p) is infinite" in told


def test_suppressions_are_listed() -> None:
    rows = shown("detection/nms.yaml", "suppression")
    assert [row[0] for row in rows] == ["4", "0", "2", "1", "3", "5"]
    assert [row[2:] for row in rows if row[2] != "stays"] == [
        ["suppressed by 0", "12 / 16", "0.75"],
        ["suppressed by 0", "12 / 20", "0.6"],
        ["suppressed by 4", "6 / 9", "0.6667"],
    ]


def test_sections_stand_in_order() -> None:
    assert headings("detection/detector-output.yaml") == [
        "Channels",
        "Sizes at every scale",
        "All scales",
        "Result",
    ]
    assert headings("probability/bayes-coins.yaml")[:3] == [
        "Observation 1: heads",
        "Observation 2: heads",
        "Observation 3: tails",
    ]
    assert isinstance(solved("detection/nms.yaml").tables[0], Table)
