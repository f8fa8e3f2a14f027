"""The kind `softmax`: values and Jacobians against NumPy and complex steps, page, mistakes."""

from __future__ import annotations

from typing import Any

import losses_by_hand as hand
import numpy as np
import pytest
from timing import at_most

import stepsolve
from stepsolve.derivation import Equation, Lines, Section, Text
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import softmax as kind
from stepsolve.notation.plain import plain


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "softmax", **keys})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_values_and_jacobian_of_random_vectors(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.round(random.normal(0, 3, random.integers(2, 9)), 3)
    found = solved(input=x.tolist())
    assert found.confirmed
    assert np.allclose(found.quantities["s"], hand.softmax(x), rtol=0, atol=1e-12)
    assert np.allclose(
        found.quantities["∂s/∂x"], hand.jacobian(hand.softmax, x), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("temperature", [0.5, 2, 7])
def test_temperature_and_gradient_from_above(temperature: float) -> None:
    x, above = np.array([1.0, -2.0, 0.3, 0.8]), np.array([0.2, -1, 0, 3.0])
    found = solved(input=x.tolist(), temperature=temperature, upstream=above.tolist())

    def softened(z: Any) -> Any:
        return hand.softmax(z / temperature)

    expected = hand.jacobian(softened, x)
    assert found.confirmed
    assert np.allclose(found.quantities["∂s/∂x"], expected, rtol=0, atol=1e-12)
    assert np.allclose(found.quantities["dL/dx"], expected.T @ above, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [4, 5])
def test_rows_of_a_matrix_each_with_its_jacobian(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.round(random.normal(0, 2, (3, 4)), 2)
    above = np.round(random.normal(0, 1, (3, 4)), 2)
    found = solved(input=x.tolist(), upstream=above.tolist())
    assert found.confirmed
    assert np.allclose(found.quantities["S"], [hand.softmax(row) for row in x], atol=1e-12)
    expected = [hand.jacobian(hand.softmax, row) for row in x]
    for k, one in enumerate(expected):
        assert np.allclose(found.quantities[f"∂s_{k}/∂x_{k}"], one, atol=1e-12)
    passed = [one.T @ g for one, g in zip(expected, above, strict=True)]
    assert np.allclose(found.quantities["dL/dX"], passed, atol=1e-12)


def test_the_entries_of_the_jacobian_are_told() -> None:
    found = solved(input=[2, 1, 0.1])
    line = next(one for one in found.lines if one.name == "∂s/∂x")
    assert plain(line.expression) == "reshape(s, 3, 1) * (eye(3) - s)"
    told = [[plain(part) for part in entry.sides] for entry in line.entries]
    assert told[0] == ["(∂s/∂x)[0, 0]", "0.6590 * (1 - 0.6590)", "0.2247"]
    assert told[1] == ["(∂s/∂x)[0, 1]", "0.6590 * (0 - 0.2424)", "-0.1598"]
    assert len(told) == 9


def test_the_page_in_its_order() -> None:
    found = solved(input=[2, 1, 0.1])
    sections = [block.parts[0] for block in found.blocks if isinstance(block, Section)]
    assert sections == ["Softmax", "Shifted by the maximum", "Jacobian", "Result"]
    names = [line.name for line in found.lines]
    assert names == ["s", "m", "u", "E", "t", "s'", "∂s/∂x"]
    assert any(isinstance(block, Lines) for block in found.blocks)
    assert any(isinstance(block, Text | Equation) for block in found.blocks)


def test_large_inputs_do_not_overflow() -> None:
    found = solved(input=[1000, 1001, -1000])
    assert found.confirmed
    assert np.allclose(found.quantities["s"], hand.softmax(np.array([0.0, 1, -2000])), atol=1e-15)


def test_symbols_give_formulas() -> None:
    found = solved(input={"shape": [3]})
    assert found.confirmed
    assert {c.method for c in found.checks} >= {"differences in its step"}
    assert plain(found.results["s"]) == "softmax(x)"


def test_a_wrong_jacobian_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, sheet: Any, x: str, s: str) -> None:
        sheet.jacobian("s", x, "reshape(s, 3, 1) * (eye(3) + s)", "", ["s"])

    monkeypatch.setattr(kind.Softmax, "_jacobians", wrong)
    found = solved(input=[2, 1, 0.1])
    assert [c.of for c in found.checks if not c.passed] == ["∂s/∂x"]


def test_a_wrong_shift_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, sheet: Any, letter: str, s: str) -> None:
        sheet.line("s'", f"exp({letter}) / 10")
        sheet.equal("s'", s, None)

    monkeypatch.setattr(kind.Softmax, "_shifted", wrong)
    failed = [c for c in solved(input=[2, 1, 0.1]).checks if not c.passed]
    assert [(c.of, c.method) for c in failed] == [("s'", "another expression for it")]


def test_a_thousand_classes_and_a_batch_are_fast() -> None:
    with at_most(10):
        wide = solved(input={"shape": [200], "seed": 1})
        batch = solved(
            input={"shape": [256, 64], "seed": 1}, upstream={"shape": [256, 64], "seed": 2}
        )
        huge = solved(input={"shape": [5000], "seed": 1})
        assert wide.confirmed and batch.confirmed and huge.confirmed
        assert "∂s/∂x" in wide.quantities and "∂s/∂x" not in huge.quantities


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": 3}, "a vector or a matrix belongs here, and it is a number"),
    ({"input": [[[1]]]}, "a vector or a matrix belongs here, and it is 1 × 1 × 1"),
    ({"input": []}, "an array has at least one entry"),
    ({"input": [1, "nan"]}, "nan is not a number"),
    ({"input": [1, "1/0"]}, "input[1]: 1/0 has no finite real value"),
    ({"input": [1, "1e400"]}, "a power of ten may reach 300 either way"),
    ({"input": [1, 2], "temperature": 0}, "a number above 0 belongs here, not 0"),
    ({"input": [1, 2], "temperature": -1}, "a number above 0 belongs here, not -1"),
    ({"input": [1, 2], "upstream": [1]}, "upstream has 1 entry, but 2 entries belong here"),
    ({"input": [1, 2], "jacobi": True}, "unknown key jacobi"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**keys)
    assert told in str(caught.value)
