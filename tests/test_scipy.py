"""Windows, distributions and likelihoods against SciPy, where it is installed.

Source: P. Virtanen et al., SciPy 1.0 (2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stepsolve

signal = pytest.importorskip("scipy.signal")
ndimage = pytest.importorskip("scipy.ndimage")
special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")

Array = Any
_OPERATIONS = {"correlation": "correlate", "convolution": "convolve"}


def solved(**keys: object) -> dict[str, Any]:
    derivation = stepsolve.solve(keys)
    assert derivation.confirmed
    return dict(derivation.quantities)


def drawn(seed: int, *dims: int) -> Array:
    return np.round(np.random.default_rng(seed).normal(size=dims), 2)


def close(found: object, wanted: object) -> bool:
    return np.shape(found) == np.shape(wanted) and bool(
        np.allclose(np.asarray(found, dtype=float), wanted, rtol=1e-9, atol=1e-9)
    )


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("operation", _OPERATIONS)
@pytest.mark.parametrize(("x_dims", "w_dims"), [((8,), (3,)), ((6, 7), (3, 3)), ((5, 6), (1, 3))])
def test_windows(
    operation: str, mode: str, x_dims: tuple[int, ...], w_dims: tuple[int, ...]
) -> None:
    x, w = drawn(1, *x_dims), drawn(2, *w_dims)
    found = solved(
        kind="convolution", operation=operation, input=x.tolist(), kernel=w.tolist(), padding=mode
    )
    wanted = getattr(signal, _OPERATIONS[operation])(x, w, mode=mode, method="direct")
    assert close(found["y"], wanted)


@pytest.mark.parametrize("operation", _OPERATIONS)
def test_the_gradients_of_windows_are_windows(operation: str) -> None:
    x, w, g = drawn(3, 7, 6), drawn(4, 3, 2), drawn(5, 5, 5)
    found = solved(
        kind="convolution",
        operation=operation,
        input=x.tolist(),
        kernel=w.tolist(),
        backward={"gradient": g.tolist()},
    )
    back, of_kernel = ("convolve", w), signal.correlate(x, g, mode="valid")
    if operation == "convolution":
        back, of_kernel = ("correlate", w), of_kernel[::-1, ::-1]
    assert close(found["dL/dx"], getattr(signal, back[0])(g, back[1], mode="full"))
    assert close(found["dL/dw"], of_kernel)


def test_a_stride_leaves_windows_out_and_dilation_spreads_the_kernel() -> None:
    x, w = drawn(6, 11), drawn(7, 3)
    spread = np.zeros(5)
    spread[::2] = w
    found = solved(kind="convolution", input=x.tolist(), kernel=w.tolist(), stride=2, dilation=2)
    assert close(found["y"], signal.correlate(x, spread, mode="valid")[::2])


@pytest.mark.parametrize("method", ["max", "average"])
def test_pooling(method: str) -> None:
    x = drawn(8, 5, 7)
    found = solved(kind="pooling", method=method, input=x.tolist(), window=[2, 3], stride=1)
    filters = {"max": ndimage.maximum_filter, "average": ndimage.uniform_filter}
    whole = filters[method](x, size=(2, 3), origin=(-1, 0))  # from the entry itself downwards
    assert close(found["y"], whole[:-1, 1:-1])


def test_pearson() -> None:
    a, b = drawn(9, 6), drawn(10, 6)
    found = solved(kind="pearson", windows={"a": a.tolist(), "b": b.tolist()})
    assert close(found["r"], stats.pearsonr(a, b).statistic)


def test_divergences_and_entropy() -> None:
    p, q = [0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]
    values = solved(**{"kind": "kl-divergence", "p": p, "q": q, "jensen-shannon": True}).values()
    numbers = [v for v in values if not np.shape(v)]
    for wanted in (
        stats.entropy(p, q),
        stats.entropy(q, p),
        special.rel_entr(p, np.add(p, q) / 2).sum() / 2
        + special.rel_entr(q, np.add(p, q) / 2).sum() / 2,
    ):
        assert any(abs(float(v) - wanted) < 1e-9 for v in numbers)
    entropy = solved(kind="entropy", p=p, **{"log-base": 2}).values()
    assert any(not np.shape(v) and abs(float(v) - stats.entropy(p, base=2)) < 1e-9 for v in entropy)


def test_softmax_and_its_logarithm() -> None:
    scores = drawn(11, 3, 4)
    lines = ["p = softmax(z, axis=1)", "l = logsumexp(z, axis=1)", "s = log_softmax(z, axis=1)"]
    found = solved(kind="graph", given={"z": scores.tolist()}, lines=lines)
    assert close(found["p"], special.softmax(scores, axis=1))
    assert close(found["l"], special.logsumexp(scores, axis=1))
    assert close(found["s"], special.log_softmax(scores, axis=1))
