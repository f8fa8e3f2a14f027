"""Linear and softmax regression, max-margin, autoencoders: against NumPy, and their mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networks_by_hand as hand
import numpy as np
import pytest
from reading import headings, sentences

import stepsolve
from stepsolve.operations import table

Array = Any
RANDOM = np.random.default_rng(11)


def drawn(*dims: int) -> Array:
    return np.round(RANDOM.normal(0, 0.8, dims), 3)


def close(found: Any, wanted: Any) -> None:
    assert np.shape(found) == np.shape(wanted)
    assert np.allclose(np.asarray(found, dtype=float), wanted, rtol=1e-9, atol=1e-12)


def check(
    problem: dict[str, Any],
    loss: Callable[[Any], Array],
    values: dict[str, Array],
    target: str,
    names: list[str],
) -> None:
    """The loss, every gradient, and two steps against the gradient."""
    solved = stepsolve.solve(problem)
    assert solved.confirmed
    close(solved.quantities[target], loss(values))
    assert set(solved.results) >= {f"d{target}/d{name}" for name in values}
    for name in values:
        close(solved.quantities[f"d{target}/d{name}"], hand.gradient(loss, values, name))
    trained = stepsolve.solve({**problem, "update": {"rate": 0.2, "steps": 2}})
    assert trained.confirmed
    at = dict(values)
    for k in (1, 2):
        close(trained.quantities[f"{target}_{k}"], loss(at))
        at = hand.descended(loss, at, names, 0.2)
        for name in names:
            after = f"{name}_{k}" if "_" not in name else f"{name}_step{k}"
            close(trained.quantities[after], at[name])
    close(trained.quantities[f"{target}_3"], loss(at))
    once = stepsolve.solve({**problem, "update": {"rate": 0.2}})
    assert set(once.results) == {f"{name}'" for name in names}


# ------------------------------------------------------------------------------ linear regression

SHARES = {
    "half-sum": lambda r: np.sum(r**2) / 2,
    "half-mean": lambda r: np.sum(r**2) / (2 * len(r)),
    "mean": lambda r: np.mean(r**2),
}


@pytest.mark.parametrize("loss", SHARES)
@pytest.mark.parametrize("width", [None, 1, 3])
def test_linear_regression(width: int | None, loss: str) -> None:
    x = drawn(4) if width is None else drawn(4, width)
    y = drawn(4)
    values = {"w": 0.3 if width is None else drawn(width), "b": 0.2}
    problem = {"kind": "linear-regression", "inputs": x, "targets": y, "weights": values}

    def by_hand(at: Any) -> Array:
        product = at["w"] * x if width is None else x @ at["w"]
        return SHARES[loss](product + at["b"] - y)

    check({**problem, "loss": loss}, by_hand, values, "J", ["w", "b"])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("width", [None, 1, 3])
def test_normal_equations(width: int | None, bias: bool) -> None:
    x = drawn(7) if width is None else drawn(7, width)
    y = drawn(7)
    weights: dict[str, Any] = {"w": 0 if width is None else [0] * width}
    weights |= {"b": 0} if bias else {}
    problem = {"kind": "linear-regression", "inputs": x, "targets": y, "weights": weights}
    solved = stepsolve.solve({**problem, "closed-form": True})
    columns = np.column_stack([x, *([np.ones(7)] if bias else [])])
    best = np.linalg.lstsq(columns, y, rcond=None)[0]
    assert solved.confirmed
    close(solved.quantities["theta"], best)
    assert solved.quantities["J_min"] == pytest.approx(np.sum((columns @ best - y) ** 2) / 2)
    assert headings(solved)[-2:] == ["Normal equations", "Result"]


def test_the_line_through_three_points_by_hand() -> None:
    """(1, 2), (2, 3), (3, 5): w = 3/2, b = 1/3; the gradient at w = 1, b = 0 is (-9, -4)."""
    problem = {"kind": "linear-regression", "inputs": [1, 2, 3], "targets": [2, 3, 5]}
    solved = stepsolve.solve({**problem, "weights": {"w": 1, "b": 0}, "closed-form": True})
    assert solved.quantities["dJ/dw"] == -9 and solved.quantities["dJ/db"] == -4
    close(solved.quantities["theta"], [1.5, 1 / 3])


# ----------------------------------------------------------------------------- softmax regression


@pytest.mark.parametrize("weight", [None, 0.05])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("count", [None, 1, 4])
def test_softmax_regression(count: int | None, bias: bool, weight: float | None) -> None:
    x = drawn(3) if count is None else drawn(count, 3)
    labels = RANDOM.integers(0, 4, () if count is None else count)
    y = np.eye(4)[labels]
    letter = "x" if count is None else "X"
    values = {"W": drawn(4, 3), **({"b": drawn(4)} if bias else {}), letter: x}
    weights = {name: value for name, value in values.items() if name != letter}
    problem = {"kind": "softmax-regression", "inputs": x, "targets": labels, "weights": weights}
    if weight is not None:
        problem |= {"lambda": weight, "regularised": ["W", letter]}

    def by_hand(at: Any) -> Array:
        z = at[letter] @ at["W"].T + at.get("b", 0)
        loss = -np.sum(y * np.log(hand.softmax(z))) / (count or 1)
        return loss + (weight or 0) * (np.sum(at["W"] ** 2) + np.sum(at[letter] ** 2))

    check(problem, by_hand, values, "J", list(weights))


def test_targets_as_probabilities() -> None:
    base = {"kind": "softmax-regression", "inputs": [1, 2], "weights": {"W": [[1, 0], [0, 1]]}}
    solved = stepsolve.solve({**base, "targets": [0.25, 0.75]})
    assert solved.quantities["J"] == pytest.approx(np.log(1 + np.e) - 0.75, abs=1e-12)


# -------------------------------------------------------------------------------------- max-margin


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "identity"])
@pytest.mark.parametrize("margin", [1, 100])
def test_max_margin(activation: str, margin: int) -> None:
    values = {"W": drawn(2, 3), "b": drawn(2), "v": drawn(2), "x": drawn(3), "x_c": drawn(3)}
    weights = {name: values[name] for name in ("W", "b", "v")}
    problem = {"kind": "max-margin", "window": values["x"], "corrupted": values["x_c"]}

    def by_hand(at: Any) -> Array:
        f = hand.ACTIVATIONS[activation]
        s, s_c = (at["v"] @ f(at["W"] @ at[x] + at["b"]) for x in ("x", "x_c"))
        inner = margin - s + s_c
        return inner if np.real(inner) > 0 else 0 * inner

    problem |= {"weights": weights, "activation": activation, "margin": margin}
    check(problem, by_hand, values, "J", list(weights))


def test_an_inactive_objective_has_no_gradient() -> None:
    weights = {"W": [[1, 0], [0.5, -0.5]], "b": [0, 0.1], "v": [1.5, -0.2]}
    base = {"kind": "max-margin", "corrupted": [-1, 1], "weights": weights, "activation": "relu"}
    inactive = stepsolve.solve({**base, "window": [2, 1]})
    assert inactive.quantities["J"] == 0 and inactive.confirmed
    for name in inactive.results:
        assert not np.any(inactive.quantities[name])
    assert any(
        "the objective is inactive, and every gradient is 0" in t for t in sentences(inactive)
    )
    active = stepsolve.solve({**base, "window": [0.2, 1]})
    assert any("the objective is active" in t for t in sentences(active))


# ------------------------------------------------------------------------------------- autoencoder


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("count", [None, 3])
@pytest.mark.parametrize("loss", ["half-squared-error", "mse", "binary-cross-entropy"])
def test_autoencoder(count: int | None, tied: bool, loss: str) -> None:
    x = (RANDOM.random(4 if count is None else (4, count)) > 0.5).astype(float)
    values = {"W_e": drawn(2, 4), "b_e": drawn(2), "W_d": drawn(4, 2), "b_d": drawn(4)}
    if tied:
        del values["W_d"]
    problem = {"kind": "autoencoder", "input": x, "weights": values, "tied": tied, "loss": loss}
    problem |= {"activation": "tanh", "output-activation": "sigmoid"}

    def by_hand(at: Any) -> Array:
        decoder = at["W_e"].T if tied else at["W_d"]
        network = {"W1": at["W_e"], "b1": at["b_e"], "W2": decoder, "b2": at["b_d"]}
        output = hand.layers(network, x, ["tanh", "sigmoid"], False)
        return hand.loss(loss, output, x, count or 1, True)

    check(problem, by_hand, values, "L", list(values))


def test_the_autoencoder_of_the_notes_by_hand() -> None:
    """h = 1, xhat = (1, 0.5), L = 0.625; dL/dW_d = (-1, 0.5), dL/dh = -0.75, dL/dW_e = (-1.5, 0)."""
    weights = {"W_e": [[0.5, -1.0]], "W_d": [[1.0], [0.5]]}
    solved = stepsolve.solve({"kind": "autoencoder", "input": [2, 0], "weights": weights})
    found = solved.quantities
    assert found["h"] == [1] and found["xhat"] == [1, 0.5] and found["L"] == 0.625
    assert found["dL/dW_d"] == [[-1], [0.5]] and found["dL/dh"] == [-0.75]
    assert found["dL/dW_e"] == [[-1.5, 0]]


# -------------------------------------------------------------------------------------- mistakes

LINEAR = {"kind": "linear-regression", "inputs": [1, 2, 3], "targets": [2, 3, 5]}
SOFTMAX = {
    "kind": "softmax-regression",
    "inputs": [[1, 2], [2, 0.5]],
    "targets": [0, 2],
    "weights": {"W": [[0.1, 0.2], [0, -0.3], [0.4, 0]]},
}
MARGIN = {
    "kind": "max-margin",
    "window": [1, 0.5],
    "corrupted": [-1, 2],
    "weights": {"W": [[0.2, -0.4], [0.5, 0.1]], "b": [0.1, -0.1], "v": [0.6, 0.3]},
}
AUTO = {"kind": "autoencoder", "input": [2, 0], "weights": {"W_e": [[1, 2]], "W_d": [[1], [2]]}}


@pytest.mark.parametrize(
    ("problem", "place", "message"),
    [
        ({**LINEAR, "targets": [1]}, "targets", "y has 1 entry, but 3 entries belong here"),
        ({**LINEAR, "inputs": 1}, "inputs", "examples are a vector or the rows of a matrix"),
        (
            {**LINEAR, "weights": {"w": [1, 2]}},
            "weights.w",
            "w has 2 entries, but a number belongs",
        ),
        ({**LINEAR, "weights": {"w": 1, "c": 1}}, "weights.c", "there is no weight c here"),
        ({**LINEAR, "weights": {"b": 1}}, "weights", "the weight w is missing"),
        (
            {**LINEAR, "inputs": [0.1, 0.1, 0.1], "closed-form": True},
            "inputs",
            "the normal equations have more than one solution",
        ),
        (
            {**LINEAR, "inputs": [[0.1, 0.2], [0.3, 0.6], [0.7, 1.4]], "closed-form": True},
            "inputs",
            "the normal equations have more than one solution",
        ),
        (
            {**LINEAR, "update": {"rate": 50, "steps": 200}},
            "update.rate",
            "J_54: half_squared_error(..., ...) is too large",
        ),
        ({**LINEAR, "update": {"rate": -1}}, "update.rate", "a number of at least 0 belongs here"),
        ({**LINEAR, "targets": [2, float("nan"), 5]}, "targets[1]", ""),
        ({**SOFTMAX, "targets": [0, 3]}, "targets[1]", "there is no class 3"),
        ({**SOFTMAX, "targets": [0, -1]}, "targets[1]", "there is no class -1"),
        (
            {**SOFTMAX, "targets": [[0.5, 0.5, 0.5], [1, 0, 0]]},
            "targets",
            "J: the targets are probabilities, but their sum is 1.5, not 1",
        ),
        (
            {**SOFTMAX, "weights": {"W": [[1, 2, 3]]}},
            "weights.W",
            "W is 1 × 3, but an example has 2",
        ),
        ({**SOFTMAX, "weights": {}}, "weights", "the weight W is missing"),
        ({**SOFTMAX, "regularised": ["W"]}, "regularised[0]", "without lambda nothing is"),
        ({**SOFTMAX, "lambda": 1, "regularised": ["V"]}, "regularised[0]", "there is no V here"),
        ({**MARGIN, "corrupted": [1]}, "corrupted", "x_c has 1 entry, but 2 entries belong here"),
        ({**MARGIN, "window": [[1]]}, "window", "a window is a vector, but this is 1 × 1"),
        ({**MARGIN, "weights": {"W": [[1, 2]], "v": [1]}}, "weights", "the weight b is missing"),
        ({**MARGIN, "activation": "softmax"}, "activation", "unknown choice softmax"),
        ({**AUTO, "weights": {"W_e": [[1, 2]]}}, "weights", "the weight W_d is missing"),
        ({**AUTO, "tied": True}, "weights.W_d", "there is no weight W_d here"),
        ({**AUTO, "input": [1, 2, 3]}, "weights.W_e", "W_e is 1 × 2, but the input has 3 entries"),
        (
            {**AUTO, "loss": "binary-cross-entropy"},
            "loss",
            "the loss binary-cross-entropy needs output-activation: sigmoid",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(problem: dict[str, Any], place: str, message: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as error:
        stepsolve.solve(problem)
    found = [(str(d.place), d.message) for d in error.value.diagnoses]
    assert any(p == place and m.startswith(message) for p, m in found), found


@pytest.mark.parametrize(
    ("problem", "row", "gradient"),
    [
        (LINEAR, "half_squared_error", lambda a, b: ("g * (a + b)", "g * (b - a)")),
        (SOFTMAX, "softmax_cross_entropy", lambda a, b: ("g * (softmax(a, axis=1) - b)", "-g * a")),
        (AUTO, "half_squared_error", lambda a, b: ("g * (b - a)", "g * (a - b)")),
        (
            MARGIN,
            "@",
            lambda a, b: ("outer(g, b)", "a.T @ g") if len(a) == 2 else ("g * a", "g * b"),
        ),
    ],
)
def test_a_wrong_rule_is_caught(
    problem: dict[str, Any], row: str, gradient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(table.ARRAYS, row, replace(table.ARRAYS[row], gradient=gradient))
    solved = stepsolve.solve(problem)
    failed = [check.of for check in solved.checks if not check.passed]
    assert failed and all("/d" in name for name in failed) and not solved.confirmed


@pytest.mark.parametrize("problem", [LINEAR, SOFTMAX, MARGIN, AUTO], ids=lambda p: p["kind"])
def test_weights_may_be_drawn_or_symbols(problem: dict[str, Any]) -> None:
    given = problem.get("weights") or {"w": 1, "b": 0}
    shapes = {name: list(np.shape(value)) for name, value in given.items()}
    symbols = {name: {"shape": shape} if shape else "symbol" for name, shape in shapes.items()}
    solved = stepsolve.solve({**problem, "weights": symbols})
    assert solved.confirmed and solved.results
    assert not any(name in solved.quantities for name in solved.results)
    seeds = {n: {"shape": shape, "seed": 1} if shape else 0.5 for n, shape in shapes.items()}
    assert stepsolve.solve({**problem, "weights": seeds}).confirmed
