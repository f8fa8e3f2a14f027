"""What the kind `recurrence` refuses, in which words, and what is hard but right."""

from __future__ import annotations

from typing import Any

import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Result, Text
from stepsolve.errors import InvalidProblem

LINEAR = "f(n) = a * f(n - 1) + b"
RNN = "h(t) = tanh(w * h(t - 1) + x(t))"

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
    assert [check for check in found.checks if not check.passed] == []
    assert any(isinstance(block, Result) for block in found.blocks)


def test_conventions_at_kinks_are_declared() -> None:
    problem = {"kind": "recurrence", "recurrence": "h(t) = relu(w * h(t - 1))"}
    found = [block.parts for block in stepsolve.solve(problem).blocks if isinstance(block, Text)]
    assert any(str(parts[-1]).endswith("Convention: relu'(0) = 0.") for parts in found)


FACTORS = "abcdghijklm"  # also all the letters that an index of a sum is usually called by


@pytest.mark.parametrize("form", ["({} + 1)", "(1 - {})", "sigmoid({})", "(1/{} + 1)"])
def test_a_coefficient_of_many_factors_takes_no_long_time(form: str) -> None:
    """Multiplied out it has thousands of terms: SymPy is not asked, but the numbers are."""
    factors = " * ".join(form.format(letter) for letter in FACTORS)
    problem = {"recurrence": f"f(n) = {factors} * f(n - 1) + y", "wrt": ["a", "b"]}
    with at_most(2):
        assert stepsolve.solve({"kind": "recurrence", **problem}).confirmed
