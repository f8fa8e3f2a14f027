"""The kind `normalization`: every line against NumPy, gradients against complex steps, mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Section
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import normalization as kind
from stepsolve.notation.plain import plain

NORMS: dict[str, Callable[..., Any]] = {"batch": hand.batch_norm, "layer": hand.layer_norm}


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "normalization", **keys})


def drawn(seed: int, *sizes: int) -> Any:
    return np.round(np.random.default_rng(seed).normal(0, 2, sizes), 2)


@pytest.mark.parametrize("method", NORMS)
@pytest.mark.parametrize(("rows", "features", "eps"), [(3, 2, 1e-5), (5, 4, 0.1), (2, 3, 1e-8)])
def test_values_and_gradients(method: str, rows: int, features: int, eps: float) -> None:
    x, above = drawn(rows, rows, features), drawn(rows + 9, rows, features)
    gamma, beta = drawn(7, features), drawn(8, features)
    found = solved(
        method=method,
        input=x.tolist(),
        weights={"gamma": gamma.tolist(), "beta": beta.tolist()},
        epsilon=f"{eps:.8f}",
        upstream=above.tolist(),
    )
    assert found.confirmed

    def loss(*values: Any) -> Any:
        return np.sum(above * NORMS[method](*values, eps))

    values = (x, gamma, beta)
    assert np.allclose(found.quantities["Y"], NORMS[method](*values, eps), rtol=0, atol=1e-9)
    for k, name in enumerate(("X", "gamma", "beta")):
        expected = hand.gradient(loss, values, k)
        assert np.allclose(found.quantities[f"dL/d{name}"], expected, rtol=1e-9, atol=1e-9), name


def test_the_lines_of_a_batch() -> None:
    x = np.array([[1.0, 2], [3, 4], [5, 9]])
    found = solved(input=x.tolist())
    names = ["mu", "c", "v", "sigma", "Xhat", "Y"]
    assert [line.name for line in found.lines] == names
    variance = np.array([8 / 3, 26 / 3])
    expected = {
        "mu": [3, 5],
        "c": x - [3, 5],
        "v": variance,
        "sigma": np.sqrt(variance + 1e-5),
        "Xhat": (x - [3, 5]) / np.sqrt(variance + 1e-5),
    }
    for name, value in expected.items():
        assert np.allclose(found.quantities[name], value, rtol=1e-12), name
    assert np.allclose(np.mean(found.quantities["Xhat"], axis=0), 0)
    assert [plain(line.expression) for line in found.lines] == [
        "mean(X, axis=0)",
        "X - mu",
        "mean(c^2, axis=0)",
        "sqrt(v + epsilon)",
        "c / sigma",
        "gamma * Xhat + beta",
    ]


def test_layer_normalisation_of_a_vector() -> None:
    x, above = drawn(1, 5), drawn(2, 5)
    ones, zeros = np.ones(5), np.zeros(5)
    found = solved(method="layer", input=x.tolist(), upstream=above.tolist())
    assert found.confirmed
    assert np.allclose(found.quantities["y"], hand.layer_norm(x, ones, zeros, 1e-5), atol=1e-12)
    slope = hand.gradient(lambda z: np.sum(above * hand.layer_norm(z, ones, zeros, 1e-5)), [x], 0)
    assert np.allclose(found.quantities["dL/dx"], slope, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("divisor", ["n", "n-1"])
def test_running_statistics(divisor: str) -> None:
    x, test = drawn(3, 4, 2), drawn(4, 3, 2)
    mean, variance = np.array([0.5, -1]), np.array([2, 1.5])
    running = {"mean": mean.tolist(), "variance": variance.tolist(), "momentum": 0.25}
    found = solved(
        input=x.tolist(),
        weights={"gamma": [2, -1], "beta": [1, 0]},
        running={**running, "divisor": divisor, "test": test.tolist()},
    )
    assert found.confirmed
    after = 0.75 * mean + 0.25 * np.mean(x, axis=0)
    spread = 0.75 * variance + 0.25 * np.var(x, axis=0, ddof=int(divisor == "n-1"))
    assert np.allclose(found.quantities["mu_run'"], after)
    assert np.allclose(found.quantities["v_run'"], spread)
    expected = np.array([2, -1]) * (test - after) / np.sqrt(spread + 1e-5) + [1, 0]
    assert np.allclose(found.quantities["Y_test"], expected, rtol=0, atol=1e-12)


def test_the_page() -> None:
    found = solved(
        input=[[1, 2], [3, 5]],
        upstream=[[1, 0], [0, 1]],
        running={"mean": [0, 0], "variance": [1, 1], "test": [[1, 1]]},
    )
    sections = [block.parts[0] for block in found.blocks if isinstance(block, Section)]
    assert sections == [
        "Forward pass",
        "Backward pass from ",
        "The gradient in one step",
        "Running statistics",
        "Test",
        "Result",
    ]


def test_a_wrong_forward_formula_is_seen_in_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form in one step holds for the right variance alone."""
    over = kind.Normalization._over

    def wrong(self: Any, operation: str, text: str) -> str:
        return over(self, operation, text) + (" * 2" if text == "c^2" else "")

    monkeypatch.setattr(kind.Normalization, "_over", wrong)
    found = solved(input=[[1, 2], [3, 5]], upstream=[[1, 0], [0, 1]])
    assert [c.of for c in found.checks if not c.passed] == ["k"]


def test_symbols_and_large_batches() -> None:
    symbols = solved(input={"shape": [3, 2]}, upstream={"shape": [3, 2]})
    assert symbols.confirmed
    with at_most(5):
        sizes = {"shape": [256, 64]}
        large = solved(input={**sizes, "seed": 1}, upstream={**sizes, "seed": 2}, method="layer")
        assert large.confirmed


X = [[1, 2], [3, 4]]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": [1, 2]}, "input: rows of features belong here, and this has 2 entries"),
    ({"input": 1, "method": "layer"}, "a vector or rows of features belong here, and this is a n"),
    ({"input": X, "weights": {"gamma": [1, 2, 3]}}, "gamma has 3 entries, but 2 entries belong"),
    ({"input": X, "weights": {"gama": [1, 2]}}, "there is no weight gama here"),
    ({"input": X, "upstream": [1, 2]}, "upstream has 2 entries, but 2 × 2 belongs here"),
    ({"input": [[1, 2], [1, 3]], "epsilon": 0}, "a column of equal entries has variance 0, and"),
    ({"input": X, "epsilon": -1}, "a number of at least 0 belongs here"),
    ({"input": X, "method": "group"}, "unknown choice group"),
    (
        {"input": X, "method": "layer", "running": {"mean": [0, 0], "variance": [1, 1]}},
        "layer normalisation has no running statistics: a test is like training",
    ),
    (
        {"input": X, "running": {"mean": [0], "variance": [1, 1]}},
        "the running mean has 1 entry, but 2 entries belong here",
    ),
    (
        {"input": [[1, 2]], "running": {"mean": [0, 0], "variance": [1, 1]}},
        "one example has no variance divided by n - 1",
    ),
    (
        {"input": X, "running": {"mean": [0, 0], "variance": [1, 1], "test": [[1]]}},
        "the test input is 1 × 1, but rows of 2 features belong here",
    ),
    ({"input": [[1, 2], [3]]}, "input[1]: this row has 1 entry, the first one has 2 entries"),
    ({"input": [[1, "1/0"], [3, 4]]}, "input[0][1]: 1/0 has no finite real value"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**keys)
    assert told in str(caught.value)
