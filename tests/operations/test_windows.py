"""Correlations, windows, padding and flips as operations, against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand

from stepsolve.errors import InvalidProblem
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.unicode import one_line
from stepsolve.operations import array_windows
from stepsolve.source.expression import parse
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved

Array = Any
SETTINGS = [
    ((1,), (1,), 1),
    ((2,), (1,), 1),
    ((1,), (2,), 2),
    ((3,), (2,), 2),
    ((1, 1), (1, 1), 1),
    ((2, 1), (1, 2), 1),
    ((2, 2), (1, 1), 2),
    ((1, 3), (2, 1), 4),
]


def drawn(random: np.random.Generator, *dims: int) -> Array:
    return np.round(random.normal(size=dims), 2)


def solved(given: dict[str, Array], *lines: str) -> Solved:
    sheet = Sheet()
    for name, value in given.items():
        sheet.give(name, value, np.shape(value))
    for line in lines:
        name, _, text = line.partition(" = ")
        sheet.line(name, text)
    if any(line.startswith("L = ") for line in lines):
        sheet.backward("L")
    return Solved(sheet)


def assert_confirmed(page: Solved) -> None:
    assert [check for check in page.checks() if not check.passed] == []


@pytest.mark.parametrize(("stride", "dilation", "groups"), SETTINGS)
def test_a_correlation_and_its_gradients(
    stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> None:
    random = np.random.default_rng(len(stride) + groups)
    x = drawn(random, 4, *(9, 8)[: len(stride)])
    w = drawn(random, 8, 4 // groups, *(3, 2)[: len(stride)])
    said = f"stride={list(stride)}, dilation={list(dilation)}, groups={groups}"
    page = solved({"x": x, "w": w}, f"y = correlate(x, w, {said})", "L = 1/2 * sum(y^2)")
    assert_confirmed(page)
    y = hand.correlation(x, w, stride, dilation, groups)
    assert page.value("y") == pytest.approx(y, abs=1e-12)

    def loss(x: Array, w: Array) -> float:
        return float(np.sum(hand.correlation(x, w, stride, dilation, groups) ** 2)) / 2

    dx = hand.slopes(lambda v: loss(v, w), x)
    assert page.value("dL/dx") == pytest.approx(dx, abs=1e-9)
    if w.size <= 64:
        dw = hand.slopes(lambda v: loss(x, v), w)
        assert page.value("dL/dw") == pytest.approx(dw, abs=1e-9)


@pytest.mark.parametrize(("stride", "dilation", "groups"), SETTINGS)
def test_gradients_of_what_gradients_are_made_of(
    stride: tuple[int, ...], dilation: tuple[int, ...], groups: int
) -> None:
    random = np.random.default_rng(7)
    x = drawn(random, 4, *(7, 6)[: len(stride)])
    w = drawn(random, 4, 4 // groups, *(2, 2)[: len(stride)])
    g = drawn(random, *hand.correlation(x, w, stride, dilation, groups).shape)
    said = f"stride={list(stride)}, dilation={list(dilation)}"
    sizes, kernel = (", ".join(map(str, dims)) for dims in (x.shape[1:], w.shape[2:]))
    page = solved(
        {"x": x, "w": w, "g": g},
        f"u = correlate_transposed(g, w, {sizes}, {said}, groups={groups})",
        f"v = correlate_kernel(x, g, {kernel}, {said}, groups={groups})",
        f"q = windows(x, {kernel}, {said})",
        f"r = overlap_add(q^2, x, {kernel}, {said})",
        f"f = flip(pad(r{', 1, 2' * len(stride)}), {len(stride)})",
        "L = sum(u^2) + sum(v^2) + sum(f^2)",
    )
    assert_confirmed(page)
    if groups == 1:
        least = hand.spread(g, w, stride, dilation)
        inner = tuple(slice(0, n) for n in least.shape)
        assert page.value("u")[inner] == pytest.approx(least, abs=1e-12)


def test_windows_are_rows() -> None:
    page = solved({"x": np.arange(9.0).reshape(3, 3)}, "v = windows(x, 2, 2, stride=[1, 1])")
    wanted = [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    assert page.value("v").tolist() == wanted


def test_a_band_is_the_matrix_of_a_correlation() -> None:
    random = np.random.default_rng(3)
    x, w = drawn(random, 9), drawn(random, 3)
    page = solved(
        {"x": x, "w": w},
        "B = banded(w, 9, stride=2, dilation=2)",
        "y = B @ x",
        "L = sum(B^3) + sum(y^2)",
    )
    assert_confirmed(page)
    wanted = hand.correlation(x[None], w[None, None], (2,), (2,))[0]
    assert page.value("y") == pytest.approx(wanted, abs=1e-12)


def test_a_number_all_over_a_channel() -> None:
    page = solved({"b": np.array([1.0, -2.0])}, "y = per_channel(b, 2, 3)", "L = sum(y^2)")
    assert_confirmed(page)
    assert page.value("y").tolist() == [[[1.0] * 3] * 2, [[-2.0] * 3] * 2]
    assert page.value("dL/db").tolist() == [12.0, -24.0]


MISFITS = {
    "correlate(x, w, stride=0)": "stride is at least 1",
    "correlate(x, w, stride=[1, 2])": "stride is one number, or one for each of the 1 axes",
    "correlate(w, x)": "the kernel is larger than the signal: 5 over 2",
    "correlate(x, w, dilation=5)": "the kernel is larger than the signal: 6 over 5",
    "correlate(x, w, groups=2)": "without channels there are no groups",
    "correlate(X, W, groups=2)": "3 input channels cannot be divided into 2 groups",
    "correlate(X, W)": "X has 3 channels, but W is for 1",
    "correlate(x, W)": "x has 5 entries, but W is 3 × 1 × 2",
    "correlate_transposed(x, w, 9)": "the result is 6, and may be larger by less than the stride",
    "correlate_kernel(x, w, 2)": "w has 2 entries, but there are 4 windows",
    "pad(x, 1, 2, 3)": "pad takes two numbers for each of the last axes",
    "pad(x, -1, 0)": "padding is at least 0",
    "flip(x, 2)": "so 2 of its axes cannot be flipped",
    "windows(x, 2, 2)": "but a window here has 2 axes",
    "banded(X, 5)": "a vector belongs here",
    "pad(x, 9999999, 0)": "entries are too many",
    "correlate(pad(x, 1999999, 1999990), pad(w, 999999, 999999))": "too many",
}


@pytest.mark.parametrize("text", MISFITS)
def test_what_does_not_fit_is_told(text: str) -> None:
    given = {"x": np.ones(5), "w": np.ones(2), "X": np.ones((3, 4)), "W": np.ones((3, 1, 2))}
    with pytest.raises(InvalidProblem) as error:
        solved(given, f"y = {text}")
    assert MISFITS[text] in str(error.value)


def test_settings_are_written_as_they_are_read() -> None:
    text = "correlate(x, w, stride=[2, 1], dilation=2, groups=3)"
    tree = parse(text)
    assert plain(tree) == text
    assert one_line(tree) == text
    assert "stride=" in latex(tree)
    with pytest.raises(Exception, match="correlate has no setting strid"):
        parse("correlate(x, w, strid=2)")


def test_a_wrong_formula_of_entries_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that is flipped in one of the two ways of working it out fails the check."""
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["correlate"]

    def flipped(a: Array, b: Array, **settings: Any) -> Array:
        return array_windows._correlate(a, np.flip(b), **settings)

    monkeypatch.setitem(ARRAYS, "correlate", row.__class__(**{**vars(row), "numpy": flipped}))
    page = solved({"x": np.arange(5.0) ** 2, "w": np.array([1.0, 3.0])}, "y = correlate(x, w)")
    assert [check.of for check in page.checks() if not check.passed] == ["y"]


def test_a_wrong_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.operations.table import ARRAYS

    row = ARRAYS["correlate"]

    def wrong(a: Any, b: Any, **settings: Any) -> tuple[str, str]:
        return f"correlate_transposed(g, flip(b), {a[0]})", f"correlate_kernel(a, g, {b[0]})"

    monkeypatch.setitem(ARRAYS, "correlate", row.__class__(**{**vars(row), "gradient": wrong}))
    given = {"x": np.arange(5.0) ** 2, "w": np.array([1.0, 3.0])}
    page = solved(given, "y = correlate(x, w)", "L = sum(y^2)")
    assert {check.of for check in page.checks() if not check.passed} == {"dL/dx"}
