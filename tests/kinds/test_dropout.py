"""The kind `dropout`: values, totals and gradients against NumPy, and mistakes with their places."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Section
from stepsolve.errors import InvalidProblem
from stepsolve.kinds import dropout as kind
from stepsolve.notation.plain import plain


def solved(**keys: Any) -> Any:
    return stepsolve.solve({"kind": "dropout", **keys})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_variants(seed: int) -> None:
    random = np.random.default_rng(seed)
    h = np.round(random.normal(0, 1, (2, 3)), 2)
    r = random.integers(0, 2, (2, 3))
    keep = 0.4
    keys = {"activations": h.tolist(), "mask": r.tolist(), "keep-probability": keep}
    found = solved(**keys, variant="both")
    assert found.confirmed
    expected = {
        "y": r * h,
        "y_test": keep * h,
        "z": r * h / keep,
        "z_test": h,
        "S_y": np.sum(r * h),
        "S_y_test": np.sum(keep * h),
        "S_z": np.sum(r * h) / keep,
        "S_z_test": np.sum(h),
    }
    for name, value in expected.items():
        assert np.allclose(found.quantities[name], value, rtol=0, atol=1e-12), name


@pytest.mark.parametrize(("variant", "scale"), [("inverted", 1 / 0.25), ("standard", 1)])
def test_the_gradient_goes_through_the_mask(variant: str, scale: float) -> None:
    r, above = np.array([1, 0, 1, 1]), np.array([0.5, 2, -1, 0])
    keys: dict[str, Any] = {"activations": [1, 2, 3, 4], "mask": r.tolist(), "variant": variant}
    found = solved(**keys, **{"keep-probability": 0.25}, upstream=above.tolist())
    assert found.confirmed
    assert np.allclose(found.quantities["dL/dh"], above * r * scale, rtol=0, atol=1e-12)


def test_the_mean_over_all_masks_is_the_test_of_standard_dropout() -> None:
    """What the page says of means, over all masks with their probabilities."""
    h, keep = np.array([2.0, -1, 0.5]), 0.3
    total = np.zeros(3)
    for mask in product([0, 1], repeat=3):
        chance = np.prod([keep if kept else 1 - keep for kept in mask])
        keys = {"activations": h.tolist(), "mask": list(mask), "keep-probability": keep}
        total += chance * np.array(solved(**keys, variant="standard").quantities["y"])
    assert np.allclose(total, keep * h)


def test_a_drawn_mask_keeps_about_as_many_as_it_is_to() -> None:
    keys = {"activations": {"shape": [200, 50], "seed": 1}, "keep-probability": 0.8, "seed": 3}
    found = solved(**keys)
    assert found.confirmed
    mask = np.array(found.quantities["r"])
    assert set(np.unique(mask)) == {0, 1} and abs(np.mean(mask) - 0.8) < 0.02
    assert solved(**keys).quantities["r"] == found.quantities["r"]


def test_the_page() -> None:
    keys = {"activations": [2, 2], "mask": [1, 0], "keep-probability": "1/2"}
    found = solved(**keys, variant="both")
    sections = [block.parts[0] for block in found.blocks if isinstance(block, Section)]
    assert sections == ["Standard dropout", "Inverted dropout", "Result"]
    assert [line.name for line in found.lines][:4] == ["y", "y_test", "S_y", "S_y_test"]
    assert {n: plain(e) for n, e in found.results.items()}["z"] == "r * h / p"
    symbols = solved(**{**keys, "activations": {"shape": [2]}}, upstream=[1, 1])
    assert plain(symbols.results["dL/dh"]) == "dL/dy / p * r"


def test_a_wrong_scale_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient is confirmed by differences: one that forgets p fails."""

    def wrong(sheet: Any, variant: str, y: str) -> None:
        sheet.line(y, "r * h / p")
        sheet.gradient("S", "h", "r") if sheet.line("S", "sum(y)") is None else None

    monkeypatch.setattr(kind.Dropout, "_written", staticmethod(wrong))
    found = solved(activations=[1, 2], mask=[1, 0], **{"keep-probability": 0.5})
    assert [c.of for c in found.checks if not c.passed] == ["dS/dh"]


OK: dict[str, Any] = {"activations": [1, 2], "mask": [1, 0], "keep-probability": 0.5}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"mask": [1, 0, 1]}, "mask: the mask has 3 entries, but 2 entries belong here"),
    ({"mask": [1, 0.5]}, "mask[1]: 0.5 is neither 0 nor 1"),
    ({"mask": {"shape": [2]}}, "mask: a mask has zeros and ones"),
    ({"seed": 1}, "mask: a mask or a seed is needed, one of them"),
    ({"keep-probability": 0}, "a number above 0 and at most 1 belongs here, not 0"),
    ({"keep-probability": 1.5}, "a number above 0 and at most 1 belongs here, not 1.5"),
    ({"keep-probability": "symbol"}, "a number above 0 and at most 1 belongs here, not symbol"),
    ({"activations": 3}, "activations: a list of activations belongs here, not a number"),
    ({"upstream": [1, 2, 3]}, "upstream has 3 entries, but 2 entries belong here"),
    ({"upstream": [1, 2], "variant": "both"}, "a gradient comes back through one variant"),
    ({"activations": [1, ".nan"]}, "activations[1]: "),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=str)
def test_mistakes(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        solved(**{**OK, **keys})
    assert told in str(caught.value)
