"""Lines of handwritten notes: each side that is read has the value that its line says.

The values are worked out by Python's own arithmetic, beside the lines; a side that defines a name
has none. Slips of the notes are kept as they are: reading is not checking.
"""

from __future__ import annotations

from math import cos, e, exp, isclose, log, sin, sqrt, tanh
from typing import Any

import numpy as np
import pytest

from stepsolve.notation.tree import Apply, Expression, Name, Number, replaced
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.handwriting import read_chains


def value(tree: Expression) -> Any:
    match tree:
        case Number(text=text):
            return float(text)
        case Name(name="e"):
            return e
        case Apply(operation=operation, arguments=arguments):
            return OPERATIONS[operation].numpy(*map(value, arguments))
    raise AssertionError(tree)


LINES: list[tuple[str, list[float]]] = [
    (r"z_1^{(1)} = 1 \times 0 + 0 \times 1 + 0 = 0", [0, 0]),
    (r"z_2^{(1)} = 1 \times 0 + 0 \times 1 + (-1) = -1", [-1, -1]),
    (r"z_1 = 1 \times 0.5 = 0.5", [1 * 0.5, 0.5]),
    (
        r"a_1 = \frac{1}{1 + e^{-0.5}} = \frac{1}{1 + 0.606} = 0.622",
        [1 / (1 + exp(-0.5)), 1 / 1.606, 0.622],
    ),
    (r"z_2 = 0.5 \times 0.622 = 0.311", [0.5 * 0.622, 0.311]),
    (r"\frac{\partial L}{\partial a_3} = 0.572 - 1 = -0.428", [0.572 - 1, -0.428]),
    (
        r"c = 0 \times 1 + (1 \times 0) + 2 \times -1 + 5 \times 1 + 8 \times 0 + 9 \times -1"
        r" + 7 \times 1 + 2 \times 0 + 2 \times -1 = -4",
        [-2 + 5 - 9 + 7 - 2, -4],
    ),
    (r"g = \frac{2.5 - 0.406}{2.5 + 0.406} = 0.72", [2.094 / 2.906, 0.72]),
    (
        r"\alpha_1 = \frac{e^2}{e^2 + e^1 + e^1} = \frac{5.43}{5.43 + 2.718 + 2.718} = 0.5",
        [exp(2) / (exp(2) + 2 * exp(1)), 5.43 / (5.43 + 2 * 2.718), 0.5],
    ),
    (r"s_1 = \frac{0.91121}{\sqrt{4}} = 0.456", [0.91121 / sqrt(4), 0.456]),
    (
        r"p_1 = \frac{e^{-0.456}}{e^{-0.456} + e^{-0.401}} = \frac{0.633}{0.633 + 0.669}"
        r" = \frac{0.633}{1.302} = 0.486",
        [exp(-0.456) / (exp(-0.456) + exp(-0.401)), 0.633 / 1.302, 0.633 / 1.302, 0.486],
    ),
    (r"P_{10} = \sin(0.1) = 0.0017", [sin(0.1), 0.0017]),
    (r"P_{11} = \cos(0.1) = 0.99", [cos(0.1), 0.99]),
    (
        r"D = \frac{1}{3} \ln\left(\frac{1/3}{9/25}\right) + \frac{1}{3}"
        r" \ln\left(\frac{1/3}{12/25}\right) + \frac{1}{3} \ln\left(\frac{1/3}{4/25}\right) = 0.09",
        [(log(25 / 27) + log(25 / 36) + log(25 / 12)) / 3, 0.09],
    ),
    (r"x = 0.44 \times 0.2 + 0.57 \times (-0.27) = -0.0659", [0.088 - 0.1539, -0.0659]),
    (r"h = 0.53 \times (-0.0658) = -0.0348", [-0.53 * 0.0658, -0.0348]),
    (r"\sigma = \frac{1}{1+e^{-0.30}} = 0.57", [1 / (1 + exp(-0.3)), 0.57]),
    (r"J_{22} = 0.24 (1 - 0.24) = 0.1824", [0.24 * 0.76, 0.1824]),
    (r"J_{33} = 0.1 (1 - 0.1) = 0.09", [0.1 * 0.9, 0.09]),
    (r"g_5 = 0.34 \times (-0.54) = -0.19", [-0.34 * 0.54, -0.19]),
    (r"c = 2 + 0 - 4 + 9 + 0 - 1 + 5 + 0 - 3 = 8", [2 - 4 + 9 - 1 + 5 - 3, 8]),
    (r"n = 192 \times 16 = 3072", [192 * 16, 3072]),
    (r"h = \tanh(-0.1) = -0.0997", [tanh(-0.1), -0.0997]),
    (r"z = 0.0997 - 0.8337 + 0.35815 = -0.37", [0.0997 - 0.8337 + 0.35815, -0.37]),
    (r"q = 0.0954 + 0.0376 + 0.4599 + 0.2088 = 0.8017", [0.8017, 0.8017]),
    (r"k = 0.9 + 0.12 + 0.40 = 1.42", [1.42, 1.42]),
    (r"o = \frac{1}{1+e^{-0.14}} = 0.5336", [1 / (1 + exp(-0.14)), 0.5336]),
    (r"H_1 = 0.1 \times 0.1 + 0.5 \times 0.3 + 0.25 = 0.41", [0.01 + 0.15 + 0.25, 0.41]),
    (r"y_1 = \frac{1}{1+e^{-1.01}} = 0.73", [1 / (1 + exp(-1.01)), 0.73]),
    (r"E_2 = \frac{1}{2} (0.95 - 0.77955)^2 = 0.01452", [0.17045**2 / 2, 0.01452]),
    (r"w_7 = 0.7 - 0.6(-0.01760) = 0.71056", [0.7 + 0.6 * 0.0176, 0.71056]),
    (r"n = (84 + 1) \times 10 = 850", [850, 850]),
    (
        r"d = -0.07111 \times 0.98118 \times (1 - 0.84980^2) = -0.01938",
        [-0.07111 * 0.98118 * (1 - 0.8498**2), -0.01938],
    ),
    (r"f = \frac{1}{2}(1-\frac{1}{2}) = 0.25", [0.25, 0.25]),
    # written in other ways
    (r"y = 3.2\cdot10^{-2}(1-\tfrac12)", [0.016]),
    (
        r"y = \sin 2 \cdot 3 + \cos^2 1 - \ln 2x".replace("x", ""),
        [3 * sin(2) + cos(1) ** 2 - log(2)],
    ),
    (r"y = -2^2 + |{-3}| + \lfloor 2.7 \rfloor + 5\%", [-4 + 3 + 2 + 0.05]),
    (r"y = \log_2 8 + \log_{10}(1000) + \sqrt[3]{27} + \max(1, 2, 3)", [3 + 3 + 3 + 3]),
    (r"y = \sigma'(0.5)", [exp(-0.5) / (1 + exp(-0.5)) ** 2]),
    (r"y = 1/2(3)^2 - 61{,}706 / 2", [4.5 - 30853]),
]


@pytest.mark.parametrize(("line", "values"), LINES)
def test_sides_have_their_values(line: str, values: list[float]) -> None:
    (chain,) = read_chains(line)
    assert isinstance(chain.sides[0], Name)
    found = [float(value(side)) for side in chain.sides[1:]]
    assert len(found) == len(values)
    assert all(
        isclose(a, b, rel_tol=1e-12, abs_tol=1e-12) for a, b in zip(found, values, strict=True)
    )


def test_a_wrong_tree_has_another_value() -> None:
    (chain,) = read_chains(r"E_2 = \frac{1}{2} (0.95 - 0.77955)^2")
    wrong = replaced(chain.sides[1], Number("0.95"), Number("0.59"))
    assert not np.isclose(value(wrong), 0.17045**2 / 2)
