"""The kind `gradient-check`: tables against plain Python, claims, kinks, and what it refuses."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

import stepsolve
from stepsolve.derivation import Derivation, Table, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.worksheet import quotients
from stepsolve.worksheet.quotients import Samples


def solve(**keys: object) -> Derivation:
    return stepsolve.solve({"kind": "gradient-check", **keys})


def texts(derivation: Derivation) -> str:
    found = (block.parts for block in derivation.blocks if isinstance(block, Text))
    return "\n".join(
        "".join(part if isinstance(part, str) else plain(part) for part in parts) for parts in found
    )


def table(derivation: Derivation, name: str) -> Table:
    (found,) = (t for t in derivation.tables if t.name == name)
    return found


def columns(derivation: Derivation, name: str) -> dict[str, tuple[float, ...]]:
    return dict(table(derivation, name).data)


def test_the_quotients_are_those_of_a_program_to_the_last_bit() -> None:
    steps = [0.1, 0.01, 1e-5, 1e-8, 1e-12]
    found = columns(solve(expression="x^2 - 3 * x", at={"x": 0.7}, steps=steps), "quotients, df/dx")

    def f(x: float) -> float:
        return x**2 - 3 * x

    assert found["e"] == tuple(steps)
    assert found["forward"] == tuple((f(0.7 + e) - f(0.7)) / e for e in steps)
    assert found["backward"] == tuple((f(0.7) - f(0.7 - e)) / e for e in steps)
    assert found["central"] == tuple((f(0.7 + e) - f(0.7 - e)) / (2 * e) for e in steps)


def test_the_errors_are_exact_differences() -> None:
    found = columns(solve(expression="x^2", at={"x": 2}, steps=[0.01, 1e-9]), "quotients, df/dx")
    for way in ("forward", "backward", "central"):
        exact = [abs(Fraction(value) - 4) for value in found[way]]
        assert found[f"{way} error"] == pytest.approx([float(e) for e in exact], rel=1e-12)


def test_truncation_falls_with_the_order_of_the_quotient() -> None:
    derivation = solve(expression="x^3", at={"x": 2}, steps=[0.1, 0.01, 0.001])
    found = columns(derivation, "truncation, df/dx")
    # (x + e)^3 - x^3 = 3 x^2 e + 3 x e^2 + e^3
    assert found["forward error"] == pytest.approx([6 * e + e * e for e in found["e"]], rel=1e-14)
    assert found["backward error"] == pytest.approx([6 * e - e * e for e in found["e"]], rel=1e-14)
    assert found["central error"] == pytest.approx([e * e for e in found["e"]], rel=1e-14)
    orders = [row[6] for row in table(derivation, "truncation, df/dx").rows]
    assert [plain(o) if not isinstance(o, str | tuple) else o for o in orders] == [
        "",
        "2.00",
        "2.00",
    ]
    assert "Here these factors are 6 and 1." in texts(derivation)


def test_rounding_takes_over_where_theory_says() -> None:
    derivation = solve(expression="sin(x)", at={"x": 1})
    found = columns(derivation, "quotients, df/dx")
    best = {
        way: min(zip(found[f"{way} error"], found["e"], strict=True))[1]
        for way in ("forward", "central")
    }
    assert 1e-9 <= best["forward"] <= 1e-7 and 1e-6 <= best["central"] <= 1e-4
    told = texts(derivation)
    assert "In float64 the least error is that of the forward quotient at" in told
    assert math.isclose(math.sqrt(2**-52), 1.5e-8, rel_tol=0.01) and "1.5e-8" in told
    assert math.isclose(2 ** (-52 / 3), 6.1e-6, rel_tol=0.01) and "6.1e-6" in told


def test_several_points_and_their_values() -> None:
    derivation = solve(function="g(x) = x^2", at=[{"x": 2}, {"x": 2.01}], steps=[0.01])
    assert derivation.quantities == {"x": [2, 2.01], "g": [4, 4.0401], "dg/dx": [4, 4.02]}
    assert derivation.confirmed
    assert {t.name for t in derivation.tables} >= {
        "quotients, dg/dx, point 1",
        "quotients, dg/dx, point 2",
    }


def test_coordinates_side_by_side() -> None:
    derivation = solve(function="J(u, v) = u^2 + v^2", at={"u": 1, "v": 2}, steps=["1e-4"])
    assert derivation.quantities == {"u": 1, "v": 2, "J": 5, "dJ/du": 2, "dJ/dv": 4}
    found = columns(derivation, "side by side")
    assert found["g"] == (2, 4)
    d = (((1 + 1e-4) ** 2 + 4 - ((1 - 1e-4) ** 2 + 4)) / 2e-4,)
    d += ((1 + (2 + 1e-4) ** 2 - (1 + (2 - 1e-4) ** 2)) / 2e-4,)
    assert found["d"] == d
    relative = [abs(g - q) / (g + q) for g, q in zip((2, 4), d, strict=True)]
    assert found["relative error"] == pytest.approx(relative, rel=1e-9)


def test_a_wrong_claim_is_found_with_its_coordinate() -> None:
    claimed = {"x": "2 * x * y", "y": "x"}
    derivation = solve(expression="x^2 * y", at={"x": 3, "y": 5}, claimed=claimed)
    told = texts(derivation)
    assert "The claim about df/dx passes: the quotients tend to 30." in told
    assert "The claim about df/dy fails: the quotients tend to 9, not to 3." in told
    assert "the relative error is 0.50" in told  # 6 / 12
    assert derivation.confirmed  # that the claim is wrong is what is confirmed
    assert {n: plain(f) for n, f in derivation.results.items()} == {
        "df/dx": "2 * x * y",
        "df/dy": "x^2",
    }


def test_a_claim_that_is_right_at_one_point_only() -> None:
    told = texts(solve(expression="x^3", at={"x": 2}, claimed={"x": "12"}))
    assert (
        "passes" in told and "But it passes at this point only: elsewhere df/dx is not 12" in told
    )


def test_a_claim_that_float64_cannot_refute() -> None:
    told = texts(solve(expression="x^3", at={"x": 2}, claimed={"x": "12.00000000000001"}))
    assert "fails" in told and "is lost in the errors of these quotients" in told


@pytest.mark.parametrize(
    ("expression", "at", "right", "left", "mean"),
    [
        ("relu(x)", 0, "1", "0", "0.5"),
        ("abs(x)", 0, "1", "-1", "0"),
        ("max(x, 2*x)", 0, "2", "1", "1.5"),
    ],
)
def test_at_a_kink_there_is_no_derivative(
    expression: str, at: int, right: str, left: str, mean: str
) -> None:
    derivation = solve(expression=expression, at={"x": at}, steps=[0.1, 0.01])
    told = texts(derivation)
    assert f"the forward quotients tend to {right}, the backward ones to {left}" in told
    assert f"tend to the mean of both, {mean}," in told
    assert derivation.confirmed
    assert "truncation, df/dx" not in {t.name for t in derivation.tables}


def test_at_a_jump_the_quotients_grow() -> None:
    derivation = solve(expression="sign(x)", at={"x": 0}, steps=[0.1, 0.01])
    assert "the larger the quotients, without bound" in texts(derivation)
    assert derivation.confirmed


def test_the_letter_of_the_step_is_not_one_of_the_problem() -> None:
    plain_page = solve(expression="x^2", at={"x": 1}, steps=[0.1])
    eulers = solve(expression="e^x", at={"x": 1}, steps=[0.1])
    both = solve(expression="e^x + h", at={"x": 1, "h": 2}, steps=[0.1])
    firsts = [
        next(iter(dict(t.data)), "") for d in (plain_page, eulers, both) for t in d.tables[1:2]
    ]
    assert firsts[:2] == ["e", "h"] and firsts[2] not in ("e", "h")


def test_tables_are_data_in_json() -> None:
    data: Any = solve(expression="x^2", at={"x": 2}, steps=[0.1, 0.01]).to_json()
    found = next(t for t in data["tables"] if t["name"] == "quotients, df/dx")
    assert found["header"] == ["e", "forward", "error", "backward", "error", "central", "error"]
    assert found["columns"]["e"] == [0.1, 0.01]
    assert all(len(column) == 2 for column in found["columns"].values())
    assert found["rows"][0][0] == "0.1"


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"at": {"x": 1}}, "a gradient check needs an expression or a function, one of them"),
        ({"expression": "x", "function": "f(x) = x", "at": {"x": 1}}, "one of them"),
        ({"expression": "x"}, "the key at is missing"),
        ({"expression": "x", "at": []}, "at least 1 entry"),
        ({"expression": "x", "at": {}}, "a point without a value"),
        ({"expression": "x * y", "at": {"x": 1}}, "at gives no value for y"),
        ({"expression": "x", "at": {"x": 1, "z": 1}}, "z does not occur"),
        ({"expression": "x", "at": {"x": "symbol"}}, "a point needs a number for x"),
        ({"expression": "log(x)", "at": {"x": -1}}, "f has no value at this point"),
        ({"expression": "log(x)", "at": {"x": 0.05}, "steps": [0.1]}, "x = 0.05 ± 0.1"),
        ({"expression": "x", "at": {"x": 1}, "steps": [0]}, "a step e is from"),
        ({"expression": "x", "at": {"x": 1}, "steps": [-0.1]}, "a step e is from"),
        ({"expression": "x", "at": {"x": 1}, "steps": ["1e-25"]}, "lost in the digits of float64"),
        ({"expression": "x", "at": {"x": 1}, "steps": [0.1, "1/10"]}, "this step is there already"),
        (
            {"expression": "x", "at": {"x": 1}, "steps": ["1/0"]},
            "1/0 has no finite real value",
        ),
        ({"expression": "x", "at": {"x": 1}, "steps": ["symbol"]}, "a step needs a number"),
        ({"expression": "x", "at": {"x": 1}, "steps": []}, "at least 1 entry"),
        ({"expression": "x", "at": {"x": 1}, "steps": list(range(1, 60))}, "at most 40 steps"),
        ({"expression": "x", "at": [{"x": k} for k in range(30)]}, "at most 20 points"),
        ({"expression": "x", "at": {"x": 1}, "claimed": {"y": "1"}}, "y is not a coordinate here"),
        ({"expression": "x", "at": {"x": 1}, "claimed": {"x": "z"}}, "z has no value"),
        ({"expression": "x^2", "at": {"x": 0}, "claimed": {"x": "1/x"}}, "the claim has no value"),
        ({"expression": "x", "at": {"x": 1}, "claimed": {"x": "[1]"}}, "a vector or an index"),
        ({"function": "f(x, x) = x", "at": {"x": 1}}, "x stands for two things"),
    ],
    ids=str,
)
def test_mistakes_are_told(problem: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidProblem) as error:
        solve(**problem)
    assert message in str(error.value)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(InvalidProblem) as error:
        solve(expression="x", at={"x": 1}, steps=[0, 0.1, 0.1], claimed={"y": "1"})
    assert len(error.value.diagnoses) >= 2


def test_too_much_work_is_refused_before_it_is_begun() -> None:
    names = [f"x_{k}" for k in range(150)]
    with pytest.raises(InvalidProblem, match="so many quotients would take too long"):
        solve(expression=" + ".join(f"{n}^2" for n in names), at=dict.fromkeys(names, 1))


# ----------------------------------------------------- each new check, broken once on purpose


def failed(derivation: Derivation) -> str:
    return "\n".join(c.of for c in derivation.checks if not c.passed)


def test_a_wrong_quotient_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Samples, step: Any) -> tuple[Any, Any, Any]:
        slope = (self.above - self.below) / step  # the 2 is lost
        return (self.above - self.here) / step, (self.here - self.below) / step, slope

    monkeypatch.setattr(Samples, "quotients", wrong)
    told = failed(solve(expression="x^2", at={"x": 2}, steps=[0.1]))
    assert "quotients of df/dx in float64" in told and "without rounding" in told


def test_wrong_values_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    right = quotients.by_numpy
    monkeypatch.setattr(quotients, "by_numpy", lambda e, v: right(e, v) * (1 + 1e-7 * bool(v)))
    assert "values behind the quotients" in failed(
        solve(expression="x^2", at={"x": 2}, steps=[0.1])
    )


def test_a_wrong_verdict_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet import quotient_words

    monkeypatch.setattr(quotient_words.Place, "is_wrong", property(lambda self: False))
    derivation = solve(expression="x^2", at={"x": 2}, steps=[0.1], claimed={"x": "3 * x"})
    assert "the verdict on the claimed df/dx" in failed(derivation)


def test_wrong_errors_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet.quotient_tables import Errors

    right = Errors._settled
    monkeypatch.setattr(Errors, "_settled", lambda self, error: right(self, error) * 2)
    assert "errors of df/dx" in failed(solve(expression="x^2", at={"x": 2}, steps=[0.1]))


def test_a_wrong_term_of_taylor_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet import gradient_page
    from stepsolve.worksheet.taylor import Taylor, terms_of

    def wrong(*arguments: Any) -> Taylor:
        found = terms_of(*arguments)
        assert found is not None
        return found._replace(third=found.third + 1)

    monkeypatch.setattr(gradient_page, "terms_of", wrong)
    assert "the third term left out of df/dx" in failed(
        solve(expression="x^3", at={"x": 2}, steps=[0.1])
    )


TWO = {"expression": "x^2 * y", "at": {"x": 2, "y": 3}, "steps": [0.1, 0.01]}


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("relative", lambda one, other: abs(one - other), "errors beside each other"),
        ("vector_error", lambda places: places[0].gradient, "the relative error of the gradient"),
        (
            "advised",
            lambda mp: (mp.mpf("1e-8"), mp.cbrt(2.0**-52)),
            "the steps that theory advises",
        ),
    ],
)
def test_wrong_comparisons_fail(
    name: str, wrong: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepsolve.worksheet import gradient_page, quotient_words

    for module in (gradient_page, quotient_words):
        monkeypatch.setattr(module, name, wrong)
    assert told in failed(solve(**TWO))


def test_wrong_orders_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet import quotient_tables

    right = quotients.orders
    monkeypatch.setattr(
        quotient_tables,
        "orders",
        lambda *a: (None if order is None else order + 1 for order in right(*a)),
    )
    assert "orders of df/dx" in failed(solve(**TWO))


def test_wrong_slopes_at_a_kink_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.checking.worksheets import Slopes

    monkeypatch.setattr(
        quotients.Probe, "slopes", property(lambda self: Slopes(self.at, self.at + 1))
    )
    monkeypatch.setattr(quotients.Probe, "is_jump", property(lambda self: False))
    told = failed(solve(expression="abs(x)", at={"x": 0}, steps=[0.1]))
    assert "the slopes of df/dx" in told


def test_the_relative_error_of_vectors_by_hand() -> None:
    derivation = solve(**TWO)
    assert derivation.confirmed
    methods = [check.of for check in derivation.checks if "as a vector" in check.of]
    assert methods == ["the relative error of the gradient of f as a vector"]
    side = columns(derivation, "side by side")
    g, d = side["g"], side["d"]
    assert g == (12.0, 4.0) and d == pytest.approx((12.0, 4.0), rel=1e-9)
    off = [abs(a - b) / (a + b) for a, b in zip(g, d, strict=True)]
    assert side["relative error"] == pytest.approx(off, rel=1e-6, abs=1e-17)
