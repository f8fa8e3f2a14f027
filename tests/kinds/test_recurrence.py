"""The kind `recurrence` as a whole: answers, numbers, claims, what it refuses, and broken rules."""

from __future__ import annotations

from collections.abc import Callable
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
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression
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


# ------------------------------------------------------------------------------------- mistakes

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"recurrence": "f(n) = a * f(n - 1) + c * f(n - 2)"}, "f(n - 2) lies 2 steps back"),
    ({"recurrence": "f(n) = f(n - 1) * g(n - 1)"}, "an input stands in a recurrence as g(n)"),
    ({"recurrence": "f(n) = a * f(n)"}, "f(n) stands on both sides"),
    ({"recurrence": "f(n + 1) = a * f(n)"}, "a recurrence is for the entry at an index"),
    ({"recurrence": "f(3) = a * f(2)"}, "a recurrence is for the entry at an index"),
    ({"recurrence": "f = a * f"}, "a recurrence is for the entry at an index"),
    ({"recurrence": "f(n) = a"}, "f(n - 1) does not occur"),
    ({"recurrence": "f(n) = a * f"}, "f needs its index"),
    ({"recurrence": "f(n) = f(n - 1) + f(0)"}, "only f(n - 1) may be used of f"),
    ({"recurrence": "f(n) = n(n) + f(n - 1)"}, "n is the index"),
    ({"recurrence": "f(n) = tnah(f(n - 1))"}, "tnah is not an operation"),
    ({"recurrence": "f(n) = df(n - 1)/da"}, "is a gradient"),
    ({"recurrence": "f(n) = [1] * f(n - 1)"}, "has no place among scalars"),
    ({"recurrence": "f(n) = " + " + ".join(["f(n - 1)"] * 150)}, "may have 200 names"),
    ({"recurrence": LINEAR, "unroll": 0}, "from 1 to 100"),
    ({"recurrence": LINEAR, "unroll": 101}, "from 1 to 100"),
    ({"recurrence": "f(n) = " + "f(n - 1) * a + " * 30 + "b", "unroll": 100}, "too long"),
    ({"recurrence": LINEAR, "start": {"f(1)": 2}}, "f(1) is worked out"),
    ({"recurrence": LINEAR, "start": {"f(0)": "a"}}, "may not depend on it"),
    ({"recurrence": LINEAR, "start": {"f(0)": "2 * q"}}, "q is not known here"),
    ({"recurrence": LINEAR, "start": {"f(0)": 1, "f( 0 )": 2}}, "one start is enough"),
    ({"recurrence": LINEAR, "start": {"f": 1}}, "an entry such as f(0) belongs here"),
    ({"recurrence": LINEAR, "given": {"a": 1}}, "b has no value"),
    ({"recurrence": LINEAR, "given": {"a": 1, "b": 2, "n": 3}}, "n is the index"),
    ({"recurrence": LINEAR, "given": {"a": 1, "b": 2, "f": 3}}, "f is a sequence"),
    ({"recurrence": LINEAR, "given": {"a": 1, "b": 2, "c": 3}}, "c does not occur"),
    ({"recurrence": LINEAR, "wrt": ["c"]}, "c is nothing to differentiate by"),
    ({"recurrence": LINEAR, "wrt": ["a", "a"]}, "a is named twice"),
    ({"recurrence": LINEAR, "wrt": "f(1)"}, "the closed form is one of f(0)"),
    ({"recurrence": RNN, "wrt": "h(3)"}, "h(3) is nothing to differentiate by"),
    ({"recurrence": LINEAR, "for": {"c": [1]}}, "c is not a parameter"),
    ({"recurrence": LINEAR, "for": {"b": [1]}}, "does not depend on b"),
    ({"recurrence": LINEAR, "for": {"a": [1] * 7}}, "at most 6 values"),
    ({"recurrence": LINEAR, "for": {"a": ["symbol"]}}, "a number belongs here"),
    ({"recurrence": RNN, "for": {"w": [1]}}, "without values for h(0), x(1)"),
    ({"recurrence": RNN, "given": {"w": 1}}, "there is no value for h(0)"),
    ({"recurrence": RNN, "given": {"w": 1}}, "x has no values"),
    ({"recurrence": RNN, "inputs": {"y": [1]}}, "y(t) does not occur"),
    ({"recurrence": RNN, "inputs": {"x": [1]}, "unroll": 2}, "x has 1 values for 2 steps"),
    ({"recurrence": RNN, "inputs": {"x": [0] * 101}}, "at most 100 steps"),
    ({"recurrence": LINEAR, "claimed": {"g(3)": "1"}}, "g(3) is no entry of f"),
    ({"recurrence": LINEAR, "claimed": {"f(101)": "1"}}, "claims may be made"),
    ({"recurrence": LINEAR, "claimed": {"f(3)": "q"}}, "q is not known here"),
    ({"recurrence": LINEAR, "claimed": {"f(3)": "[1]"}}, "has no place among scalars"),
    ({"recurrence": LINEAR, "claimed": {f"f({k})": "1" for k in range(1, 20)}}, "at most 10"),
    (
        {"recurrence": "f(n) = log(f(n - 1))", "start": {"f(0)": 0.5}},
        "f(2) does not exist at these values: log(-0.693147)",
    ),
    (
        {"recurrence": LINEAR, "given": {"a": 1e30, "b": 0}, "start": {"f(0)": 1}, "unroll": 20},
        "is too large",
    ),
]


@pytest.mark.parametrize(("problem", "message"), WRONG, ids=lambda one: str(one)[:60])
def test_mistakes_are_told(problem: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve({"kind": "recurrence", **problem})
    assert message in str(caught.value)


def test_the_place_of_a_mistake_is_pointed_at(tmp_path: Any) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("kind: recurrence\nrecurrence: f(n) = a * f(n - 1) + f(n - 2)\nunroll: 0\n")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(path)
    assert str(caught.value).replace(str(path), "mine.yaml") == (
        "mine.yaml:3:9: a whole number from 1 to 100 belongs here, not 0\n"
        "    3 | unroll: 0\n"
        "      |         ^"
    )
    path.write_text("kind: recurrence\nrecurrence: f(n) = a * f(n - 1) + f(n - 2)\n")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(path)
    assert str(caught.value).replace(str(path), "mine.yaml") == (
        "mine.yaml:2:35: f(n - 2) lies 2 steps back: only the step before may be used\n"
        "    2 | recurrence: f(n) = a * f(n - 1) + f(n - 2)\n"
        "      |                                   ^^^^^^^^\n"
        "  hint: a recurrence of higher order is one of first order for a vector of entries"
    )


# ------------------------------------------------------------------------------ hard, but right

HARD: list[dict[str, Any]] = [
    {"recurrence": "f(n) = -f(n - 1)"},
    {"recurrence": "f(n) = f(n - 1)"},
    {"recurrence": "f(n) = e * f(n - 1) + 1", "given": {"e": 2}, "wrt": ["e"]},
    {"recurrence": "f(n) = e * f(n - 1) + pi"},
    {"recurrence": "S(k) = s * S(k - 1) + c", "wrt": ["s", "c"]},
    {"recurrence": "h'(t) = w_1 * h'(t-1)", "wrt": ["w_1", "h'(0)"]},
    {"recurrence": LINEAR, "unroll": 100},
    {"recurrence": LINEAR, "for": {"a": ["1e300", "1e-300"]}},
    {"recurrence": LINEAR, "given": {"a": 1, "b": 2}, "start": {"f(0)": 1}, "wrt": ["a", "b"]},
    {"recurrence": LINEAR, "given": {"a": 0, "b": 2}, "start": {"f(0)": 1}, "wrt": ["a"]},
    {"recurrence": LINEAR, "given": {"a": -1, "b": 2}, "start": {"f(0)": "symbol"}},
    {
        "recurrence": "f(n) = (1 + r) * f(n - 1) + c",
        "given": {"r": 0, "c": 2},
        "start": {"f(0)": 1},
        "wrt": ["r", "c", "f(0)"],
    },
    {
        "recurrence": "h(t) = relu(w * h(t - 1) + b)",
        "given": {"w": 2, "b": -2},
        "start": {"h(0)": 1},
        "wrt": ["w", "b", "h(0)"],
    },
    {"recurrence": "h(t) = max(w * h(t - 1), b)", "wrt": ["w", "b", "h(0)"]},
    {"recurrence": "h(t) = (1 - z) * h(t - 1) + z * tanh(u * x(t) + w * h(t - 1))", "wrt": "z"},
    {"recurrence": "f(n) = a * f(n - 1) / n", "wrt": ["a", "f(0)"], "unroll": 5},
    {"recurrence": "f(n) = exp(-k) * f(n - 1) + 1", "wrt": ["k"]},
]


@pytest.mark.parametrize("problem", HARD, ids=lambda p: str(p)[16:70])
def test_a_right_page_is_confirmed(problem: dict[str, Any]) -> None:
    found = stepsolve.solve({"kind": "recurrence", **problem})
    assert failures(found) == []
    assert any(isinstance(block, Result) for block in found.blocks)


def test_conventions_at_kinks_are_declared() -> None:
    assert "Convention: relu'(0) = 0." in texts(solve("h(t) = relu(w * h(t - 1))"))
