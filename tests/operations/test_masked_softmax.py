"""The masked softmax, against softmax of the entries that are left; its gradient by a complex step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.errors import InvalidProblem

Array = Any


def by_hand(scores: Array, mask: Array) -> Array:
    """Row by row: softmax of the allowed entries alone, put back among zeros."""
    found = np.zeros(scores.shape, dtype=scores.dtype)
    for i, row in enumerate(mask):
        places = [j for j, m in enumerate(row) if m]
        powers = np.array([np.exp(scores[i, j]) for j in places])
        for j, p in zip(places, powers / sum(powers), strict=True):
            found[i, j] = p
    return found


@pytest.mark.parametrize("seed", range(4))
def test_values_and_gradients(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, m = random.integers(1, 5), random.integers(1, 6)
    scores = np.round(random.normal(0, 2, (n, m)), 2)
    mask = random.integers(0, 2, (n, m))
    mask[:, seed % m] = 1
    above = np.round(random.normal(0, 1, (n, m)), 2)
    lines = ["A = masked_softmax(S, M, axis=1)", "L = sum(G * A)"]
    given = {"S": scores.tolist(), "M": mask.tolist(), "G": above.tolist()}
    problem = {"kind": "graph", "given": given, "lines": lines}
    found = stepsolve.solve({**problem, "backward": {"of": "L", "wrt": ["S"]}})
    assert found.confirmed
    np.testing.assert_allclose(found.quantities["A"], by_hand(scores, mask), rtol=1e-12)
    slope = np.zeros((n, m))
    for index in np.ndindex(n, m):
        moved = scores.astype(complex)
        moved[index] += 1e-40j
        slope[index] = np.imag(np.sum(above * by_hand(moved, mask))) / 1e-40
    np.testing.assert_allclose(found.quantities["dL/dS"], slope, rtol=1e-9, atol=1e-14)


def test_a_masked_entry_may_be_large() -> None:
    given = {"s": [1, 5000, 2], "m": [1, 0, 1]}
    found = stepsolve.solve(
        {"kind": "graph", "given": given, "lines": ["a = masked_softmax(s, m)"]}
    )
    first = 1 / (1 + np.e)
    np.testing.assert_allclose(found.quantities["a"], [first, 0, 1 - first], rtol=1e-12)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A = masked_softmax(S, z, axis=1)", "S is 2 × 2, but z has 2 entries"),
        ("A = masked_softmax(S, N, axis=1)", "everything is masked"),
        ("A = masked_softmax(S, N, axis=2)", "has no axis 2"),
    ],
)
def test_what_does_not_fit(line: str, message: str) -> None:
    given = {"S": [[1, 2], [3, 4]], "z": [1, 0], "N": [[1, 1], [0, 0]]}
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve({"kind": "graph", "given": given, "lines": [line]})
    assert message in caught.value.diagnoses[0].message
