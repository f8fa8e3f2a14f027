"""The kind `recurrence` as a whole: answers, numbers, claims, and rules broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import cosh, isclose, tanh
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.algebra import Judge
from stepsolve.calculus import linear as closed_forms
from stepsolve.calculus import recurrences
from stepsolve.calculus.recurrences import Recurrence
from stepsolve.checking import iteration
from stepsolve.derivation import Check, Derivation, Result, Section, Table, Text
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, Name
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse
from stepsolve.worksheet import unrolled
from stepsolve.worksheet.recursion import STEEPEST

LINEAR = "f(n) = a * f(n - 1) + b"
RNN = "h(t) = tanh(w * h(t - 1) + x(t))"


def solve(recurrence: str, **keys: Any) -> Derivation:
    problem = {"kind": "recurrence", "recurrence": recurrence}
    return stepsolve.solve(problem | {key.rstrip("_"): value for key, value in keys.items()})


def failures(derivation: Derivation) -> list[Check]:
    return [check for check in derivation.checks if not check.passed]


def answers(derivation: Derivation) -> dict[str, str]:
    return {name: plain(form) for name, form in derivation.results.items()}


def said(parts: tuple[str | Expression, ...]) -> str:
    return "".join(part if isinstance(part, str) else plain(part) for part in parts)


def texts(derivation: Derivation) -> str:
    blocks = (b for b in derivation.blocks if isinstance(b, Text | Section))
    return "\n".join(said(block.parts) for block in blocks)


def tables(derivation: Derivation) -> list[Table]:
    return [block for block in derivation.blocks if isinstance(block, Table)]


# ------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("recurrence", "keys", "expected"),
    [
        (
            LINEAR,
            {"unroll": 2, "start": {"f(0)": "x_0"}},
            {
                "f(2)": "a^2 * x_0 + a * b + b",
                "f(n)": "a^n * x_0 + b * (1 - a^n) / (1 - a)",
                "df(n)/df(0)": "a^n",
            },
        ),
        (
            "f(n) = 2 * f(n - 1) + 1",
            {"wrt": "f(0)"},
            {
                "f(3)": "8 * f(0) + 7",
                "f(n)": "2^n * f(0) - (1 - 2^n)",
                "df(n)/df(0)": "2^n",
            },
        ),
        (
            "f(n) = f(n - 1) + d",
            {"wrt": ["d"]},
            {"f(3)": "f(0) + d + d + d", "f(n)": "f(0) + n * d", "df(n)/dd": "n"},
        ),
        (
            "f(n) = q * f(n - 1)",
            {"wrt": ["q", "f(0)"]},
            {
                "f(3)": "q^3 * f(0)",
                "f(n)": "q^n * f(0)",
                "df(n)/dq": "n * q^(n - 1) * f(0)",
                "df(n)/df(0)": "q^n",
            },
        ),
        (
            "h(t) = w * h(t - 1) + x(t)",
            {"unroll": 2, "wrt": ["w", "h(0)"]},
            {
                "dh(t)/dw": "h(t - 1) + w * dh(t - 1)/dw",
                "dh(2)/dw": "h(1) + w * h(0)",
                "dh(t)/dh(t - 1)": "w",
                "dh(2)/dh(0)": "w^2",
            },
        ),
        (
            "f(n) = n * f(n - 1)",
            {"unroll": 3},
            {"df(n)/df(n - 1)": "n", "df(3)/df(0)": "6"},
        ),
    ],
)
def test_answers(recurrence: str, keys: dict[str, Any], expected: dict[str, str]) -> None:
    found = solve(recurrence, **keys)
    assert failures(found) == []
    assert answers(found).keys() == expected.keys()
    for name, form in expected.items():
        ours, theirs = found.results[name], parse(form, entries=True)
        assert plain(ours) == form or same(ours, theirs), (name, plain(ours))


def same(one: Expression, other: Expression) -> bool:
    return Judge().equal(one, other) is True


ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "tanh": (tanh, lambda z: 1 / cosh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "relu": (lambda z: max(z, 0), lambda z: float(z > 0)),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z))),
    "sin": (np.sin, np.cos),
    "atan": (np.arctan, lambda z: 1 / (1 + z * z)),
    "leaky_relu": (lambda z: z if z > 0 else z / 100, lambda z: 1 if z > 0 else 0.01),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_through_time_are_products_of_slopes(activation: str) -> None:
    """Against a loop in NumPy, forward and back."""
    function, slope = ACTIVATIONS[activation]
    w, u, b, inputs = 1.3, -0.7, 0.2, (0.4, 1.1, -0.6, 0.9)
    found = solve(
        f"h(t) = {activation}(w * h(t - 1) + u * x(t) + b)",
        given={"w": w, "u": u, "b": b},
        start={"h(0)": 0.5},
        inputs={"x": list(inputs)},
        wrt=["w", "u", "b", "h(0)", "h(2)"],
    )
    assert failures(found) == []
    states, slopes = [0.5], [0.0]
    by = {"w": [0.0], "u": [0.0], "b": [0.0], "h(0)": [1.0]}
    for t, x in enumerate(inputs):
        z = w * states[-1] + u * x + b
        direct = {"w": states[t], "u": x, "b": 1, "h(0)": 0}
        for name, known in by.items():
            known.append(slope(z) * (direct[name] + w * known[-1]))
        states.append(function(z))
        slopes.append(slope(z))
    for t in range(1, 5):
        assert isclose(found.quantities[f"h({t})"], states[t], rel_tol=1e-13)  # type: ignore[arg-type]
        assert isclose(found.quantities[f"dh({t})/dh({t - 1})"], w * slopes[t], rel_tol=1e-12)  # type: ignore[arg-type]
        for name in ("w", "u", "b"):
            value = found.quantities[f"dh({t})/d{name}"]
            assert value == pytest.approx(by[name][t], rel=1e-12, abs=1e-15), (t, name)
    back = found.quantities["dh(4)/dh(2)"]
    assert back == pytest.approx(w * w * slopes[4] * slopes[3], rel=1e-12)
    assert found.quantities["dh(4)/dh(0)"] == pytest.approx(by["h(0)"][4], rel=1e-12)


@pytest.mark.parametrize("name", STEEPEST)
def test_no_activation_is_steeper_than_is_said(name: str) -> None:
    """On a grid, by differences, and the bound is met somewhere, up to the grid."""
    at = np.linspace(-12, 12, 240_001)
    row = OPERATIONS[name]
    defaults = [float(value) for value in row.defaults]
    values = row.numpy(at, *defaults)
    slopes = np.abs(np.diff(values) / np.diff(at))
    top, below = (float(part) for part in (*STEEPEST[name].split("/"), "1")[:2])
    assert slopes.max() <= top / below + 1e-6
    assert slopes.max() > 0.999 * top / below


def test_many_steps_are_computed_whole_and_shown_in_part() -> None:
    found = solve(RNN, given={"w": 0.5}, start={"h(0)": 0}, inputs={"x": [0.1] * 40}, wrt=["w"])
    assert failures(found) == []
    assert [line.name for line in found.lines if line.name.startswith("h(")] == [
        *(f"h({k})" for k in range(1, 6)),
        "h(40)",
    ]
    assert "and so on, to" in texts(found)
    assert "dh(40)/dw" in found.quantities


def test_the_growth_of_a_gradient_is_compared_at_several_values() -> None:
    found = solve(
        RNN, given={"w": 1}, start={"h(0)": 0}, inputs={"x": [0, 0, 0]}, for_={"w": [0.5, 2]}
    )
    assert failures(found) == []
    rows = [[plain(cell) for cell in row] for row in tables(found)[-1].rows]  # type: ignore[arg-type]
    # at h = 0 every slope of tanh is 1, so that the factors are w
    assert rows == [["2", "0.5", "2"], ["1", "0.25", "4"], ["0", "0.125", "8"]]


def test_the_steps_to_half_or_double() -> None:
    found = solve(LINEAR, for_={"a": [0.5, "-1", 2, 0]})
    last = tables(found)[-1].rows
    assert [said(row[1:]) for row in last] == [  # type: ignore[arg-type]
        "vanishes1",
        "staysnever",
        "explodes1",
        "vanishes0 after one",
    ]


# ------------------------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("recurrence", "name", "claim", "right"),
    [
        (LINEAR, "f(3)", "a^3 * f(0) + 3 * b", False),
        (LINEAR, "f(3)", "a^3 * f(0) + (1 + a + a^2) * b", True),
        (LINEAR, "f(3)", "f(0) * a^3 + b * (a^3 - 1) / (a - 1)", True),
        (LINEAR, "f(n)", "a^n * f(0) + b * (a^n - 1) / (a - 1)", True),
        (LINEAR, "f(n)", "a^n * f(0) + n * b", False),
        (LINEAR, "f(n)", "a^(n - 1) * f(0) + b * (a^n - 1) / (a - 1)", False),
        (LINEAR, "f(1)", "a * f(0) + b + 1e-5 * a", False),
        (LINEAR, "f(2)", "a^2 * f(0) + 2 * a * b", False),
        (RNN, "h(2)", "tanh(w * tanh(w * h(0) + x(1)) + x(2))", True),
        (RNN, "h(2)", "tanh(w^2 * h(0) + w * x(1) + x(2))", False),
        ("f(n) = n * f(n - 1)", "f(4)", "24 * f(0)", True),
        ("f(n) = n * f(n - 1)", "f(4)", "16 * f(0)", False),
    ],
)
def test_a_claim_is_judged(recurrence: str, name: str, claim: str, right: bool) -> None:
    """A wrong claim is told to be wrong, and that is no failed check."""
    found = solve(recurrence, claimed={name: claim})
    assert found.confirmed
    told = texts(found).partition("The claim")[2]
    assert ("It is right." in told) is right
    assert ("It is wrong. A counterexample is" in told) is not right
    methods = [check.method for check in found.checks if check.of.startswith("the claim")]
    assert ("a counterexample by NumPy and mpmath" in methods) is not right
    assert ("iterating the recurrence" in methods) is right


def test_the_counterexample_is_worked_out() -> None:
    found = solve(LINEAR, start={"f(0)": "x_0"}, claimed={"f(2)": "a^2 * x_0 + 2 * b"})
    assert "It is wrong. A counterexample is x_0 = 1, a = 2, b = 3" in texts(found)
    rows = tables(found)[-1].rows
    # 2 * 1 + 3 = 5, 2 * 5 + 3 = 13, and 4 + 6 = 10
    assert [said((row[2],)) for row in rows] == ["5", "13", "10"]  # type: ignore[arg-type]
    assert "It would be right for a = 1" in texts(found)


# --------------------------------------------------------------------- rules broken on purpose


def break_row(monkeypatch: pytest.MonkeyPatch, table: str, row: int, text: str) -> None:
    rows = list(getattr(closed_forms, table)[closed_forms.GENERAL])
    rows[row] = (rows[row][0], text)
    monkeypatch.setitem(getattr(closed_forms, table), closed_forms.GENERAL, tuple(rows))


@pytest.mark.parametrize(
    ("table", "row", "text", "of"),
    [
        ("_STEP", 0, "a^(k + 1) * s + b * (a - a^k) / (1 - a) + b", "the induction"),
        ("_STEP", 1, "a^(k + 1) * s + b * (a - a^(k + 1) - 1 - a) / (1 - a)", "the induction"),
        ("_STEP", 2, "a^(k + 1) * s + b * (1 + a^(k + 1)) / (1 - a)", "the induction"),
        ("_BASE", 0, "1 * s + b * (1 - 2) / (1 - a)", "the base"),
        ("_BASE", 1, "s + b", "the base"),
    ],
)
def test_a_wrong_row_of_the_proof_is_found(
    monkeypatch: pytest.MonkeyPatch, table: str, row: int, text: str, of: str
) -> None:
    break_row(monkeypatch, table, row, text)
    wrong = failures(solve(LINEAR))
    assert wrong and all(of in check.of for check in wrong)


def test_a_wrong_closed_form_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    put = closed_forms.Solved.closed

    def closed(self: closed_forms.Solved, index: Expression) -> Expression:
        return parse(f"({plain(put(self, index))}) + b", entries=True)

    monkeypatch.setattr(closed_forms.Solved, "closed", closed)
    wrong = {check.of for check in failures(solve(LINEAR))}
    assert "f(n)" in wrong


def test_a_wrong_unrolling_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = closed_forms.Solved.unrolled
    monkeypatch.setattr(
        closed_forms.Solved, "unrolled", lambda self, steps: right(self, max(1, steps - 1))
    )
    wrong = {check.of.partition(",")[0] for check in failures(solve(LINEAR))}
    assert {"f(2)", "f(3)"} <= wrong


NETWORK: dict[str, Any] = {
    "given": {"w": 0.8},
    "start": {"h(0)": 0.5},
    "inputs": {"x": [1, 0.3]},
    "wrt": ["w", "h(0)"],
}


def test_a_wrong_recursion_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path through h(t - 1) forgotten: found at random points, and by the backward pass."""
    right = recurrences.sensitivity

    def forgetful(*arguments: Any, **keys: Any) -> recurrences.Sensitivity:
        found = right(*arguments, **keys)
        return found._replace(total=found.direct)

    monkeypatch.setattr("stepsolve.worksheet.recursion.sensitivity", forgetful)
    monkeypatch.setattr("stepsolve.kinds.recurrence.sensitivity", forgetful)
    wrong = [(check.of, check.method) for check in failures(solve(RNN, **NETWORK))]
    assert ("dh(t)/dw", "central differences") in wrong
    assert ("dh(2)/dw", "the backward pass") in wrong


def test_a_wrong_factor_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = recurrences.factor

    def doubled(found: Recurrence, **keys: Any) -> tuple[Any, Expression]:
        derivation, form = right(found, **keys)
        return derivation, parse(f"2 * {plain(form)}", entries=True)

    monkeypatch.setattr("stepsolve.worksheet.recursion.factor", doubled)
    wrong = {check.of for check in failures(solve(RNN, **NETWORK))}
    assert {"dh(t)/dh(t - 1)", "dh(2)/dh(0)", "dh(2)/dw"} <= wrong


def test_a_wrong_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEEPEST, "tanh", "1/10")
    wrong = {check.of for check in failures(solve(RNN, **NETWORK))}
    assert wrong == {"the bound of dh(2)/dh(0)"}


def test_values_that_disagree_with_the_unrolled_steps_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = unrolled.Unrolled.value
    monkeypatch.setattr(unrolled.Unrolled, "value", lambda self, name: right(self, name) + 1)
    keys = {"given": {"a": 0.5, "b": 1}, "start": {"f(0)": 2}}
    wrong = {check.method for check in failures(solve(LINEAR, **keys))}
    assert wrong == {"closed form and unrolled steps"}


def test_a_wrong_counterexample_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsolve.worksheet.claims.iterated", wrongly_iterated)
    wrong = failures(solve(LINEAR, claimed={"f(2)": "a^2 * f(0) + b"}))
    assert "a counterexample by NumPy and mpmath" in {check.method for check in wrong}


def wrongly_iterated(*arguments: Any) -> Any:
    return (term + 1 for term in iteration.iterated(*arguments))


# ------------------------------------------------------------------- derivatives where a is 1


def at_one(derivation: Derivation, name: str) -> Expression:
    """The last of the formulas that are set apart for a derivative: that of the case a = 1."""
    *_, last = (b for b in derivation.blocks if isinstance(b, Result) and b.sides[0] == Name(name))
    return last.sides[-1]


def test_the_derivatives_where_a_is_one() -> None:
    derivation = stepsolve.solve(
        {"kind": "recurrence", "recurrence": "f(n) = a * f(n - 1) + b", "wrt": ["f(0)", "a", "b"]}
    )
    assert derivation.confirmed
    # of a^n s + b (1 + a + ... + a^(n - 1)) term by term: n s + b (0 + 1 + ... + (n - 1)), and n
    by_a, by_b = at_one(derivation, "df(n)/da"), at_one(derivation, "df(n)/db")
    assert plain(by_a) == "n * f(0) + b * n * (n - 1) / 2"
    assert plain(by_b) == "n"
    checks = [check.of for check in derivation.checks if check.of.endswith("at a = 1")]
    assert checks == ["df(n)/df(0) at a = 1", "df(n)/da at a = 1", "df(n)/db at a = 1"]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_an_increment_that_depends_on_a(steps: int) -> None:
    derivation = stepsolve.solve(
        {
            "kind": "recurrence",
            "recurrence": "f(n) = a * f(n - 1) + a^2 + 1",
            "start": {"f(0)": 3},
            "given": {"a": 1},
            "unroll": steps,
            "wrt": "a",
        }
    )
    assert derivation.confirmed
    value, slope = Fraction(3), Fraction(0)
    for _ in range(steps):  # by the product rule, at a = 1: f + f' + 2
        value, slope = value + 2, value + slope + 2
    assert derivation.quantities[f"df({steps})/da"] == slope


def test_a_wrong_slope_at_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_forms, "TRIANGULAR", "b * n * (n + 1) / 2")
    derivation = stepsolve.solve(
        {"kind": "recurrence", "recurrence": "f(n) = a * f(n - 1) + b", "wrt": "a"}
    )
    assert [c.of for c in derivation.checks if not c.passed] == ["df(n)/da at a = 1"]
