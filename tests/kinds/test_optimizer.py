"""The kind `optimizer`: every step against the papers' algorithms in NumPy, overflow, mistakes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Detail, Section
from stepsolve.errors import InvalidProblem
from stepsolve.notation.plain import plain
from stepsolve.worksheet import training

PARABOLA: dict[str, Any] = {"function": "J(theta) = theta^2", "start": {"theta": 1}}
NAMES = ["gradient-descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "optimizer", **keys})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("decay", [0, 0.1])
def test_every_optimiser_on_a_parabola(name: str, decay: float) -> None:
    settings = {"weight-decay": decay} if decay else {}
    found = solved(**PARABOLA, update={"optimiser": name, "rate": 0.1, "steps": 6, **settings})
    expected = hand.optimised(lambda x: 2 * x, 1.0, 6, name, rate=0.1, decay=decay)
    assert found.confirmed
    for k, theta in enumerate(expected):
        assert found.quantities[f"theta_{k}"] == pytest.approx(float(theta), rel=1e-10), k
        assert found.quantities[f"J_{k}"] == pytest.approx(float(theta) ** 2, rel=1e-10)


@pytest.mark.parametrize(
    ("update", "settings"),
    [
        ({"optimiser": "momentum", "momentum": 0.5}, {"mu": 0.5}),
        ({"optimiser": "rmsprop", "decay": 0.8, "epsilon": "1e-3"}, {"rho": 0.8, "eps": 1e-3}),
        ({"optimiser": "adam", "beta-1": 0.8, "beta-2": 0.95}, {"beta_1": 0.8, "beta_2": 0.95}),
        ({"optimiser": "gradient-descent", "clip-value": 0.5}, {"value": 0.5}),
        ({"optimiser": "gradient-descent", "clip-norm": 0.7}, {"norm": 0.7}),
        ({"optimiser": "adam", "clip-norm": 100}, {"norm": 100}),
    ],
    ids=str,
)
def test_settings_on_a_vector(update: dict[str, Any], settings: dict[str, float]) -> None:
    at = np.array([[2.0, 0.5], [0.5, 1.0]])
    found = solved(
        function="J(x) = 1/2 * dot(x, A @ x)",
        start={"x": [1, -2]},
        given={"A": at.tolist()},
        update={"rate": 0.1, "steps": 5, **update},
    )
    start = np.array([1.0, -2.0])
    expected = hand.optimised(lambda x: at @ x, start, 5, update["optimiser"], rate=0.1, **settings)
    assert found.confirmed
    for k, x in enumerate(expected):
        assert np.allclose(found.quantities[f"x_{k}"], x, rtol=1e-10, atol=0), k


@pytest.mark.parametrize("optimiser", ["momentum", "nesterov"])
def test_velocities_of_steps(optimiser: str) -> None:
    update = {"optimiser": optimiser, "velocity": "steps", "rate": 0.1, "steps": 4}
    found = solved(**PARABOLA, update=update)
    expected = hand.optimised(lambda x: 2 * x, 1.0, 4, f"{optimiser} of steps", rate=0.1)
    assert [found.quantities[f"theta_{k}"] for k in range(5)] == pytest.approx(
        list(map(float, expected))
    )


def test_nesterov_looks_ahead() -> None:
    """By the algorithm as Sutskever et al. (2013) have it, with the gradient at phi + mu v.

    What moves here is that point, theta = phi + mu v, in either convention of the velocity.
    """
    phi, v, rate, mu = 1.0, 0.0, 0.1, 0.9
    expected = [phi]
    for _ in range(5):
        v = mu * v - rate * 2 * (phi + mu * v)
        phi = phi + v
        expected.append(phi + mu * v)
    for velocity in ("steps", "gradients"):
        update = {"optimiser": "nesterov", "velocity": velocity, "rate": rate, "steps": 5}
        found = solved(**PARABOLA, update=update)
        assert [found.quantities[f"theta_{k}"] for k in range(6)] == pytest.approx(expected)


def test_several_parameters_share_the_norm() -> None:
    found = solved(
        function="J(a, b) = a^2 + 3 * a * b + 2 * b^2",
        start={"a": 1, "b": -2},
        update={"rate": 0.1, "clip-norm": 1, "steps": 3},
    )
    at = np.array([[2.0, 3.0], [3.0, 4.0]])
    expected = hand.optimised(lambda x: at @ x, np.array([1.0, -2]), 3, "gradient-descent",
                              rate=0.1, norm=1.0)  # fmt: skip
    for k, (a, b) in enumerate(expected):
        assert found.quantities[f"a_{k}"] == pytest.approx(a, rel=1e-12)
        assert found.quantities[f"b_{k}"] == pytest.approx(b, rel=1e-12)


def test_the_lines_of_adam_read_as_in_the_paper() -> None:
    found = solved(**PARABOLA, update={"optimiser": "adam", "rate": 0.1, "steps": 2})
    lines = {line.name: plain(line.expression) for line in found.lines}
    assert lines["m_1"] == "beta_1 * m_0 + (1 - beta_1) * dJ_0/dtheta_0"
    assert lines["v_2"] == "beta_2 * v_1 + (1 - beta_2) * (dJ_1/dtheta_1)^2"
    assert lines["mhat_2"] == "m_2 / (1 - beta_1^2)"
    assert lines["theta_2"] == "theta_1 - eta * mhat_2 / (sqrt(vhat_2) + epsilon)"
    # by hand: the first step of Adam has the size of the learning rate
    assert found.quantities["mhat_1"] == pytest.approx(2) == found.quantities["vhat_1"] / 2
    assert found.quantities["theta_1"] == pytest.approx(1 - 0.1 * 2 / (2 + 1e-8), abs=1e-15)


def test_the_table_and_what_is_hidden() -> None:
    found = solved(**PARABOLA, update={"rate": 0.1, "steps": 40}, show=1)
    sections = [b.parts[0] for b in found.blocks if isinstance(b, Section) and not b.detail]
    assert sections == ["Gradient descent", "Step 1", "All steps", "Result"]
    hidden = [line.name for line in found.lines if line.detail is Detail.FULL]
    assert "dJ_1/dtheta_1" in hidden and "theta_1" not in hidden
    (table,) = found.tables
    data = dict(table.data)
    assert data["step"] == tuple(range(41))
    assert data["theta"] == pytest.approx([0.8**k for k in range(41)])
    assert len(table.rows) < 20


def test_names_with_an_index() -> None:
    found = solved(function="J = w_1^2", start={"w_1": 2}, update={"rate": 0.25, "steps": 2})
    assert found.quantities["w_1_step2"] == 0.5


def test_symbols_give_formulas() -> None:
    found = solved(function="J = a * x^2", start={"x": "symbol"}, given={"a": "symbol"},
                   update={"rate": 0.1, "steps": 1})  # fmt: skip
    assert found.confirmed
    assert plain(found.results["x_1"]) == "x_0 - eta * dJ_0/dx_0"


def test_a_step_that_grows_beyond_all_numbers_is_told() -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(function="J(theta) = theta^4", start={"theta": 3}, update={"rate": 1.5, "steps": 50})
    # by hand: theta_1 = 3 - 1.5 * 108 = -159, then about -6 theta^3: -2.4e7, 8.4e22, ...
    theta, step = Fraction(3), 0
    while theta**4 < 10**308:
        theta, step = theta - 6 * theta**3, step + 1
    assert f"function: J_{step}: " in str(caught.value) and "is too large" in str(caught.value)
    assert caught.value.diagnoses[0].hint.startswith("a smaller learning rate")


def test_a_mistake_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    lines = ["kind: optimizer", "function: J(theta) = thta^2", "start: {theta: 1}"]
    path.write_text("\n".join([*lines, "update: {rate: 0.1, steps: 500}"]), encoding="utf-8")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(path)
    told = [(d.place.line, d.place.column, d.message, d.hint) for d in caught.value.diagnoses]
    assert told == [(4, 28, "a whole number from 1 to 200 belongs here, not 500", "")]
    path.write_text("\n".join([*lines, "update: {rate: 0.1}"]), encoding="utf-8")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(path)
    told = [(d.place.line, d.place.column, d.message, d.hint) for d in caught.value.diagnoses]
    assert told == [
        (2, 22, "thta has no value", "did you mean theta?"),
        (3, 16, "theta does not occur in J", "did you mean thta?"),
    ]


def test_a_wrong_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet.sheet import Sheet

    real = Sheet._gradient

    def wrong(self: Any, target: str, name: str, expression: Any, *rest: Any) -> None:
        from stepsolve.notation.tree import Apply, Number

        real(self, target, name, Apply("*", expression, Number("1.01")), *rest)

    monkeypatch.setattr(Sheet, "_gradient", wrong)
    found = solved(**PARABOLA, update={"rate": 0.1, "steps": 2})
    assert {c.of for c in found.checks if not c.passed} == {"dJ_0/dtheta_0", "dJ_1/dtheta_1"}


def test_a_wrong_row_is_seen_by_the_tests_here(monkeypatch: pytest.MonkeyPatch) -> None:
    row = training.ROWS["adam"]
    lines = [(n, e.replace("beta_2^t", "beta_1^t")) for n, e in row.lines]
    monkeypatch.setitem(training.ROWS, "adam", row._replace(lines=tuple(lines)))
    with pytest.raises(AssertionError):
        test_every_optimiser_on_a_parabola("adam", 0)


def test_two_hundred_steps_are_fast() -> None:
    with at_most(20):
        update = {"optimiser": "adam", "rate": 0.05, "steps": 200}
        assert solved(function="J = x^2 + sin(x)", start={"x": 1}, update=update).confirmed
        sizes = {"X": {"shape": [64, 32], "seed": 1}, "y": {"shape": [64], "seed": 2}}
        drawn = {"w": {"shape": [32], "seed": 3}}
        found = solved(function="J = mean((X @ w - y)^2)", start=drawn, given=sizes,
                       update={"rate": 0.01, "steps": 100})  # fmt: skip
        assert found.confirmed


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"function": "J(theta) = thta^2"}, "thta has no value"),
    ({"function": "J(theta, b) = theta^2"}, "b has no start"),
    ({"function": "theta^2"}, "function:"),
    ({"start": {"theta": 1, "b": 2}}, "start.b: b does not occur in J"),
    ({"given": {"theta": 1}}, "given.theta: theta is a parameter and given"),
    ({"given": {"k": 1}}, "given.k: k does not occur in J"),
    ({"start": {}}, "at least one parameter needs a start"),
    ({"start": {"theta": [1, 2]}}, "J_0 is not a number"),
    ({"start": {"theta": "nan"}}, "nan is not a number"),
    ({"update": {"rate": -1}}, "a number of at least 0 belongs here"),
    ({"update": {"rate": 0.1, "steps": 201}}, "a whole number from 1 to 200 belongs here"),
    ({"update": {"rate": 0.1, "optimiser": "adm"}}, "unknown choice adm"),
    ({"function": "J = log(theta)", "start": {"theta": 0.1}}, "log(-0.9) has no finite real value"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**{**PARABOLA, "update": {"rate": 0.1, "steps": 2}, **keys})
    assert told in str(caught.value)
