"""Convolutions of every sort, against plain loops; their pages; mistakes at their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import windows_by_hand as hand

import stepsolve
from stepsolve.derivation import Derivation, Equation, Text, Values
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.render.layout import phrase
from stepsolve.source.yaml import compose

Array = Any


def drawn(random: np.random.Generator, *dims: int) -> Array:
    return np.round(random.normal(size=dims), 2)


def solve(**keys: object) -> Derivation:
    problem = {k.replace("_", "-"): v for k, v in keys.items() if v is not None}
    derivation = stepsolve.solve({"kind": "convolution", **problem})
    assert [check for check in derivation.checks if not check.passed] == []
    return derivation


def texts(derivation: Derivation) -> list[str]:
    return [phrase(b.parts) for b in derivation.blocks if isinstance(b, Text)]


def close(found: object, wanted: Array) -> bool:
    return bool(np.allclose(np.asarray(found), wanted, rtol=1e-9, atol=1e-9))


CASES = [
    # input, kernel, padding, stride, dilation, groups
    ((1, 8), (1, 1, 3), ((0, 0),), (1,), (1,), 1),
    ((1, 8), (1, 1, 3), ((1, 2),), (2,), (1,), 1),
    ((1, 9), (1, 1, 3), ((4, 0),), (1,), (2,), 1),
    ((2, 7), (3, 2, 2), ((1, 1),), (1,), (1,), 1),
    ((1, 5, 6), (1, 1, 2, 3), ((1, 1), (0, 2)), (2, 1), (1, 1), 1),
    ((3, 4, 4), (2, 3, 2, 2), ((1, 1), (1, 1)), (2, 2), (1, 1), 1),
    ((2, 4, 5), (4, 1, 2, 2), ((0, 0), (1, 0)), (1, 1), (1, 2), 2),
    ((3, 6), (3, 1, 2), ((0, 0),), (1,), (1,), 3),
]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gradients(case: Any, flip: bool) -> None:
    x_dims, w_dims, pads, stride, dilation, groups = case
    random = np.random.default_rng(sum(x_dims) + sum(w_dims))
    x, w, b = drawn(random, *x_dims), drawn(random, *w_dims), drawn(random, w_dims[0])
    bare = x_dims[0] == 1
    axes = tuple(range(2, len(w_dims)))

    def run(x: Array, w: Array, b: Array) -> Array:
        w = np.flip(w, axes) if flip else w
        y = hand.correlation(hand.padded(x, pads), w, stride, dilation, groups)
        return y + b.reshape(-1, *[1] * len(axes))

    y = run(x, w, b)
    g = drawn(random, *y.shape)
    derivation = solve(
        operation="convolution" if flip else "correlation",
        input=(x[0] if bare else x).tolist(),
        kernel=(w[0, 0] if bare else w).tolist(),
        bias=float(b[0]) if bare else b.tolist(),
        padding=[list(pair) for pair in pads],
        stride=list(stride),
        dilation=list(dilation),
        groups=groups,
        backward={"gradient": (g[0] if bare else g).tolist()},
    )
    found = derivation.quantities
    wanted = {
        "y": y,
        "dL/dx": hand.slopes(lambda v: float(np.sum(g * run(v, w, b))), x, 1.0),
        "dL/dw": hand.slopes(lambda v: float(np.sum(g * run(x, v, b))), w, 1.0),
        "dL/db": hand.slopes(lambda v: float(np.sum(g * run(x, w, v))), b, 1.0),
    }
    for name, value in wanted.items():
        assert close(np.reshape(found[name], value.shape), value), name
    assert list(derivation.results) == ["y", "dL/dx", "dL/dw", "dL/db"]


@pytest.mark.parametrize(
    ("x_dims", "w_dims", "stride", "dilation", "extra", "cut"),
    [
        ((1, 3), (1, 1, 2), (1,), (1,), 0, (0, 0)),
        ((1, 3), (1, 1, 3), (2,), (1,), 1, (1, 0)),
        ((1, 2, 3), (1, 1, 3, 3), (2, 2), (1, 1), 1, (1, 1)),
        ((2, 2, 2), (2, 3, 2, 2), (2, 2), (2, 2), 0, (0, 1)),
    ],
)
def test_transposed(
    x_dims: Any, w_dims: Any, stride: Any, dilation: Any, extra: int, cut: tuple[int, int]
) -> None:
    random = np.random.default_rng(5)
    x, w = drawn(random, *x_dims), drawn(random, *w_dims)
    bare = x_dims[0] == 1

    def run(x: Array, w: Array) -> Array:
        y = hand.spread(x, w, stride, dilation, extra)
        inner = tuple(slice(cut[0], n - cut[1]) for n in y.shape[1:])
        return y[(slice(None), *inner)]

    y = run(x, w)
    derivation = solve(
        operation="transposed",
        input=(x[0] if bare else x).tolist(),
        kernel=(w[0, 0] if bare else w).tolist(),
        padding=[list(cut)],
        stride=list(stride),
        dilation=list(dilation),
        output_padding=extra or None,
        backward={"loss": "squares", "target": 1},
    )
    wanted = {
        "y": y,
        "L": np.sum((y - 1) ** 2),
        "dL/dx": hand.slopes(lambda v: float(np.sum((run(v, w) - 1) ** 2)), x),
        "dL/dw": hand.slopes(lambda v: float(np.sum((run(x, v) - 1) ** 2)), w),
    }
    for name, value in wanted.items():
        assert close(np.reshape(derivation.quantities[name], np.shape(value)), value), name


@pytest.mark.parametrize("size", [5, 6, 7])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_the_words_of_padding_are_those_of_numpy(size: int, kernel: int, mode: str) -> None:
    random = np.random.default_rng(size + kernel)
    x, w = drawn(random, size), drawn(random, kernel)
    for operation, function in (("correlation", np.correlate), ("convolution", np.convolve)):
        found = solve(operation=operation, input=x.tolist(), kernel=w.tolist(), padding=mode)
        wanted: Array = function(x, w, "full")
        if mode == "valid":
            wanted = wanted[kernel - 1 : size]
        if mode == "same":  # of an even number of zeros too many, the larger half stands at the end
            after = kernel - 1 - (kernel - 1) // 2
            wanted = wanted[after : after + size]
        assert close(found.quantities["y"], wanted)


def test_same_with_a_stride_divides_the_size() -> None:
    for size, stride in ((7, 2), (8, 2), (8, 3), (5, 7)):
        found = solve(input=[1.0] * size, kernel=[1, 1, 1], padding="same", stride=stride)
        assert len(found.quantities["y"]) == -(-size // stride)  # type: ignore[arg-type]


@pytest.mark.parametrize("operation", ["correlation", "convolution"])
def test_jacobians(operation: str) -> None:
    random = np.random.default_rng(9)
    x, w = drawn(random, 9), drawn(random, 3)
    derivation = solve(
        operation=operation,
        input=x.tolist(),
        kernel=w.tolist(),
        padding=[[2, 1]],
        stride=2,
        dilation=2,
        jacobian=True,
    )

    def run(x: Array, w: Array) -> Array:
        w = w[::-1] if operation == "convolution" else w
        return hand.correlation(hand.padded(x[None], ((2, 1),)), w[None, None], (2,), (2,))[0]

    for name, at, f in (("∂y/∂w", w, lambda v: run(x, v)), ("∂y/∂x", x, lambda v: run(v, w))):
        columns = [f(unit) - f(0 * unit) for unit in np.eye(len(at))]  # linear
        assert close(derivation.quantities[name], np.array(columns).T), name


# ------------------------------------------------------------------- numbers, drawn, letters


def test_letters_give_formulas() -> None:
    derivation = solve(
        input={"shape": [4]}, kernel={"shape": [2]}, bias="symbol", backward={"gradient": "symbol"}
    )
    assert derivation.quantities == {}
    assert plain(derivation.results["y"]) == "correlate(x, w) + b"
    assert plain(derivation.results["dL/dw"]) == "correlate_kernel(x, dL/dy, 2)"
    shown = [plain(b.sides[-1]) for b in derivation.blocks if isinstance(b, Equation)]
    assert shown[0] == "x[0] * w[0] + x[1] * w[1] + b"
    assert len(shown) == 3


def test_drawn_numbers() -> None:
    drawn_ = {"shape": [2, 5, 5], "seed": 1}
    kernel = {"shape": [2, 2, 3, 3], "seed": 2, "scale": 0.1}
    derivation = solve(input=drawn_, kernel=kernel, backward={})
    assert np.shape(derivation.quantities["dL/dw"]) == (2, 2, 3, 3)


# ------------------------------------------------------------------------------------ the page


def test_the_page_of_a_padded_image() -> None:
    image = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    derivation = solve(input=image, kernel=[[1, 0], [0, -1]], padding=1, stride=2)
    assert texts(derivation)[:3] == [
        "Given",
        "Correlation: the kernel slides over the input as it is, not flipped.",
        "Output: ⌊(3 + 1 + 1 − 2) / 2⌋ + 1 = 2 windows along each axis.",
    ]
    assert [line.name for line in derivation.lines] == ["x_p", "y"]
    first = next(line for line in derivation.lines if line.name == "y").entries[3]
    assert plain(first.sides[1]) == "5 * 1 + 6 * 0 + 8 * 0 + 9 * (-1)"
    marked = [b.values[0][1] for b in derivation.blocks if isinstance(b, Values)][1]
    rows = [[plain(entry) for entry in row.children] for row in marked.children]
    assert rows == [
        ["[0]", "[0]", "0", "0", "0"],
        ["[0]", "[1]", "2", "3", "0"],
        ["0", "4", "5", "6", "0"],
        ["0", "7", "8", "9", "0"],
        ["0", "0", "0", "0", "0"],
    ]


def test_sentences() -> None:
    told = " ".join(
        texts(solve(operation="convolution", input=[1, 2, 3, 4, 5, 6], kernel=[1, 2], stride=3))
    )
    assert "the kernel is flipped before it slides" in told
    assert "What is left at the end is under no window." in told
    told = " ".join(texts(solve(input=[1, 2, 3, 4, 5], kernel=[1, 2, 1], dilation=2)))
    assert "With dilation 2, 3 weights reach over 2 · (3 − 1) + 1 = 5 entries." in told
    depthwise = {"input": [[1, 2], [3, 4]], "kernel": [[[1, 1]], [[2, 1]]], "groups": 2}
    assert "Depthwise: every channel of the input has a kernel" in " ".join(
        texts(solve(**depthwise))
    )
    told = " ".join(texts(solve(operation="transposed", input=[1, 2], kernel=[1, 2, 3], stride=2)))
    assert "Output: 2 · (2 − 1) + 3 = 5 entries." in told


# ------------------------------------------------------------------------------------ mistakes

MISTAKES = {
    "input: [1, 2]\nkernel: [1, 2, 3]": (
        "p.yaml:3:9: the kernel is larger than the signal: 3 over 2",
        "pad the signal, or take a smaller kernel",
    ),
    "input: [1, 2]\nkernel: [1, 2, 3, 4, 5]\npadding: 1": (
        "p.yaml:3:9: the kernel is larger than the padded signal: 5 over 4",
        "pad the signal, or take a smaller kernel",
    ),
    "input: [1, 2]\nkernel: [1, 2]\nstride: 0\npadding: -1": (
        "p.yaml:5:10: a whole number from 0 to 100000 belongs here, not -1",
        "",
    ),
    "input: [1, 2]\nkernel: [1]\nstride: 0": (
        "p.yaml:4:9: a whole number from 1 to 100000 belongs here, not 0",
        "",
    ),
    "input: [1, 2]\nkernel: [1]\npadding: -1": (
        "p.yaml:4:10: a whole number from 0 to 100000 belongs here, not -1",
        "",
    ),
    "input: [1, 2]\nkernel: [1]\npadding: sam": (
        "p.yaml:4:10: unknown choice sam",
        "did you mean same?",
    ),
    "input: [1, 2]\nkernel: [1]\npadding: [1, 2]": (
        "p.yaml:4:10: padding is one number here, or one pair",
        "[[1, 2]] is 1 before and 2 after",
    ),
    "input: [1, 2]\nkernel: [1]\npadding: [[1, 2, 3]]": (
        "p.yaml:4:11: a pair belongs here: how many before and how many after",
        "",
    ),
    "input: [[1, 2], [3, 4], [5, 6]]\nkernel: [[[1]], [[1]]]\ngroups: 2": (
        "p.yaml:4:9: 3 input channels cannot be divided into 2 groups",
        "groups divides the channels: 1, 3",
    ),
    "input: [1, 2]\nkernel: [1]\ngroups: 2": (
        "p.yaml:4:9: without channels there are no groups",
        "",
    ),
    "input: [[1, 2], [3, 4]]\nkernel: [1, 2]": (
        "p.yaml:3:9: the kernel has 2 entries, but the input is 2 × 2",
        "a kernel has as many axes as the input, or with channels one more: outputs × inputs × "
        "sizes",
    ),
    "input: [[1, 2], [3, 4]]\nkernel: [[[1]]]": (
        "p.yaml:3:9: the input has 2 channels, but the kernel is for 1",
        "a kernel is outputs × inputs of a group × sizes",
    ),
    "input: [1, 2]\nkernel: [1]\nbias: [1, 2]": (
        "p.yaml:4:7: the bias has 2 entries, but a number belongs here",
        "one for all windows",
    ),
    "input: [1, 2]\nkernel: [1]\nbackward: {gradient: [1, 2, 3]}": (
        "p.yaml:4:22: this has 3 entries, but the output has 2 entries",
        "give one number for every entry of the output, or one for all",
    ),
    "input: [1, 2]\nkernel: [1]\nbackward: {gradient: 1, loss: sum}": (
        "p.yaml:4:22: a gradient from above takes the place of a loss",
        "give one of them",
    ),
    "input: [1, 2]\nkernel: [1]\nbackward: {target: 1, loss: sum}": (
        "p.yaml:4:20: the sum has no target",
        "loss: half-squares",
    ),
    "input: [1, 2]\nkernel: [1]\noperation: transposed\npadding: same": (
        "p.yaml:5:10: a transposed convolution has no padding same",
        "say how much is cut off: padding: 1",
    ),
    "input: [1, 2]\nkernel: [1]\noperation: transposed\npadding: 1": (
        "p.yaml:5:10: nothing is left of the output",
        "",
    ),
    "input: [1, 2]\nkernel: [1]\noperation: transposed\noutput-padding: 1": (
        "p.yaml:3:9: the result is 2, and may be larger by less than the stride, not 3",
        "",
    ),
    "input: [1, 2]\nkernel: [1]\noutput-padding: 1": (
        "p.yaml:4:17: output-padding is for transposed convolutions",
        "operation: transposed",
    ),
    "input: [[1, 2]]\nkernel: [[1]]\njacobian: true": (
        "p.yaml:2:8: the Jacobians are shown of signals with one axis, without channels",
        "leave jacobian out",
    ),
    "input: 3\nkernel: [1]": (
        "p.yaml:2:8: a signal or an image belongs here; this is a number",
        "[1, 2, 3], or rows: [[1, 2], [3, 4]]",
    ),
    "input: [1, nan]\nkernel: [1]": ("p.yaml:2:12: nan is not a number", ""),
    "input: [1, 1e400]\nkernel: [1]": ("p.yaml:2:12: ", ""),
    "input: []\nkernel: [1]": ("p.yaml:2:8: an array has at least one entry", ""),
    "input: [[1, 2], [3]]\nkernel: [1]": ("p.yaml:2:17: this row has 1 entry", ""),
    "input: {shape: [1000000]}\nkernel: [1]": ("p.yaml:2:17: ", ""),
    "input: {shape: [3, 1000, 1000], seed: 1}\nkernel: {shape: [90, 3, 30, 30], seed: 1}": (
        "multiplications are too many",
        "",
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_place(text: str) -> None:
    message, hint = MISTAKES[text]
    with pytest.raises(stepsolve.InvalidProblem) as error:
        read_problem(compose(f"kind: convolution\n{text}\n", "p.yaml"))
    told = str(error.value)
    assert message in told
    assert not hint or f"hint: {hint}" in told


def test_all_mistakes_are_told_at_once() -> None:
    text = "kind: convolution\ninput: [1, x]\nkernel: []\nstride: 0\npadding: -1\n"
    with pytest.raises(stepsolve.InvalidProblem) as error:
        read_problem(compose(text, "p.yaml"))
    assert [d.place.line for d in error.value.diagnoses if d.place] == [2, 3, 4, 5]


def test_a_wrong_jacobian_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsolve.worksheet.convolution_page import ConvolutionPage

    kept = ConvolutionPage._jacobian

    def wrong(self: Any, by: str, expression: str, because: str, lines: list[str]) -> None:
        kept(self, by, f"2 * {expression}" if by == "x" else expression, because, lines)

    monkeypatch.setattr(ConvolutionPage, "_jacobian", wrong)
    problem = {"kind": "convolution", "input": [1, 2, 4], "kernel": [1, 3], "jacobian": True}
    derivation = stepsolve.solve(problem)
    assert [check.of for check in derivation.checks if not check.passed] == ["∂y/∂x"]


def test_a_large_image_is_solved_and_confirmed() -> None:
    derivation = solve(
        input={"shape": [3, 64, 64], "seed": 1},
        kernel={"shape": [16, 3, 7, 7], "seed": 2, "scale": 0.1},
        padding=3,
        stride=2,
        backward={"loss": "half-squares"},
    )
    assert np.shape(derivation.quantities["y"]) == (16, 32, 32)
    assert any("at random" in check.method for check in derivation.checks)
