"""Roots and powers of negative numbers are real where there is a real one, in every arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from stepsolve.algebra import Judge, to_sympy
from stepsolve.calculus.engine import differentiate
from stepsolve.checking.precise import Point, Precise
from stepsolve.errors import OutsideDomain
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name
from stepsolve.source.expression import parse
from stepsolve.worksheet.evaluation import LineError, value

# by hand: (-2)^3 = -8, (-3)^5 = -243
ROOTS = {
    "cbrt(x)": (-8, -2),
    "root(x, 3)": (-8, -2),
    "root(x, 5)": (-243, -3),
    "root(x, -3)": (-8, -0.5),
    "x^(1/3)": (-8, -2),
    "x^(2/3)": (-8, 4),
    "x^(-2/3)": (-8, 0.25),
    "x^(1/3 - 1)": (-8, 0.25),
    "x^(2/6)": (-8, -2),
    "x^(3/5)": (-243, -27),
    "x^(2/3 + 1/3)": (-8, -8),
    "root(x, 2)": (9, 3),
    "root(x, 0.5)": (3, 9),
    "x^(1/4)": (16, 2),
}


@pytest.mark.parametrize(("written", "at", "wanted"), [(w, *v) for w, v in ROOTS.items()])
def test_the_real_root_in_every_arithmetic(written: str, at: float, wanted: float) -> None:
    tree, precise = parse(written), Precise()
    assert value(tree, {"x": float(at)}) == pytest.approx(wanted, rel=1e-14)
    found = precise.evaluate(tree, Point({"x": precise.mp.mpf(at)}))
    assert abs(found - wanted) < 1e-45
    put = to_sympy(tree).subs(sympy.Symbol("x", real=True), at)
    assert abs(sympy.N(put, 30) - wanted) < 1e-25


# no real value, or a decimal: 0.2 is no fifth root
@pytest.mark.parametrize("written", ["x^(1/2)", "x^(3/4)", "x^0.2", "x^n", "root(x, 4)", "sqrt(x)"])
def test_there_is_no_other_root_of_a_negative_number(written: str) -> None:
    tree, precise = parse(written), Precise()
    with pytest.raises(LineError), np.errstate(all="ignore"):
        value(tree, {"x": -8.0, "n": 1 / 3})
    point = Point({"x": precise.mp.mpf(-8), "n": precise.mp.mpf(1) / 3})
    with pytest.raises(OutsideDomain):
        precise.evaluate(tree, point)


@pytest.mark.parametrize("written", ["x^(-1/3)", "2 / x^(1/3)"])
def test_a_mistake_stands_where_it_was_written(written: str) -> None:
    with pytest.raises(LineError) as caught, np.errstate(all="ignore"):
        value(parse(written), {"x": 0.0})
    start, end = caught.value.node.span or (0, 0)
    assert "x" in written[start:end]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("x^(1/3)", "1 / (3 * x^(2 / 3))"),
        ("x^(2/3)", "2 / (3 * x^(1 / 3))"),
        ("x^(-1/3)", "-1 / (3 * x^(4 / 3))"),
        ("cbrt(x)", "1 / (3 * cbrt(x)^2)"),
        ("root(x, 5)", "1 / (5 * root(x, 5)^4)"),
    ],
)
def test_the_power_rule_holds_on_both_sides(written: str, wanted: str) -> None:
    tree = parse(written)
    found = differentiate(tree, "x").value
    assert plain(found) == wanted
    assert Judge().equal(Apply("diff", tree, Name("x")), found) is True


def test_of_a_cube_root_each_case_is_proved() -> None:
    claim = Apply("diff", parse("x^(1/3)"), Name("x"))
    # right to the right of 0 alone
    assert Judge().equal(claim, parse("sign(x) / (3 * x^(2/3))")) is not True
