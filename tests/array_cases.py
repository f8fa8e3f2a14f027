"""Calls of every operation on arrays: the cases that its values, gradients and checks are tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from stepsolve.operations.array_operation import Dims
from stepsolve.worksheet.sheet import Sheet


@dataclass(frozen=True)
class Case:
    """A call of an operation, and the sizes of its arguments by name."""

    text: str
    dims: Mapping[str, Dims]
    positive: bool = False
    distribution: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Numbers without ties, the same in every run."""
        random = np.random.default_rng(len(self.text))
        found = {}
        for name, dims in self.dims.items():
            found[name] = np.round(random.normal(size=dims), 3)
            if self.positive:
                found[name] = np.round(random.uniform(0.1, 0.9, size=dims), 3)
        if self.distribution:
            shares = random.integers(1, 9, size=self.dims["b"])
            found["b"] = shares / shares.sum(axis=-1, keepdims=True)
        return found


SIZES: tuple[Dims, ...] = ((4,), (1,), (2, 3), (3, 1), (2, 3, 2), (1, 2, 2, 3))


def axes(dims: Dims) -> Iterator[str]:
    """Every way of giving an axis, counted from either end, or none."""
    yield ""
    for axis in range(-len(dims), len(dims)):
        yield f", axis={axis}"


def reductions(name: str) -> Iterator[Case]:
    more = {"standardize": ", 0.01"}.get(name, "")
    for dims in SIZES:
        for axis in axes(dims):
            yield Case(f"{name}(a{more}{axis})", {"a": dims})


def pairs(name: str) -> Iterator[Case]:
    positive = name in ("binary_cross_entropy", "cross_entropy")
    shares = name == "softmax_cross_entropy"
    for dims in [(4,), (2, 3)] if shares else SIZES:
        yield Case(f"{name}(a, b)", {"a": dims, "b": dims}, positive, shares)


def joined() -> Iterator[Case]:
    for dims in SIZES:
        for axis in axes(dims):
            along = int(axis.removeprefix(", axis=") or 0) % len(dims)
            wider = tuple(size + 2 * (k == along) for k, size in enumerate(dims))
            yield Case(f"concat(a, b, a{axis})", {"a": dims, "b": wider})


def products() -> Iterator[Case]:
    for one, other in [((3,), (3,)), ((2, 3), (3,)), ((2,), (2, 3)), ((4, 2), (2, 3))]:
        yield Case("a @ b", {"a": one, "b": other})


CASES: dict[str, list[Case]] = {
    "@": list(products()),
    "T": [Case("a.T", {"a": dims}) for dims in ((3,), (2, 3), (1, 4))],
    "dot": [Case("dot(a, b)", {"a": (4,), "b": (4,)})],
    "outer": [Case("outer(a, b)", {"a": (3,), "b": (4,)}), Case("outer(a, a)", {"a": (2,)})],
    "reshape": [
        Case(f"reshape(a, {', '.join(map(str, new))})", {"a": (2, 3, 2)})
        for new in [(12,), (3, 4), (2, 2, 3), (1, 12, 1)]
    ],
    "concat": list(joined()),
    "stack": [Case("stack(a, b, a)", {"a": dims, "b": dims}) for dims in ((), *SIZES[:5])],
    "zeros": [Case("zeros(2, 3) + a", {"a": (3,)})],
    "ones": [Case("ones(4) * a", {"a": ()})],
    "eye": [Case("a @ eye(3)", {"a": (2, 3)})],
    "diag": [Case("diag(a)", {"a": (3,)}), Case("diag(a) @ b", {"a": (2,), "b": (2, 3)})],
    "one_hot": [Case("one_hot(2, 4) * a", {"a": (4,)}), Case("one_hot(-1, 3) * a", {"a": ()})],
    **{
        name: list(reductions(name))
        for name in (
            *("sum", "mean", "var", "max", "min", "argmax", "argmin", "norm"),
            *("softmax", "log_softmax", "logsumexp", "standardize"),
        )
    },
    "masked_softmax": [
        Case("masked_softmax(a, [1, 0, 1, 1])", {"a": (4,)}),
        Case("masked_softmax(a, [[1, 0, 1], [0, 1, 1]], axis=1)", {"a": (2, 3)}),
        Case("masked_softmax(a, [[1, 0, 1], [1, 1, 1]], axis=-2)", {"a": (2, 3)}),
    ],
    **{
        name: [
            Case(f"{name}(a, [1, 0, 1, 1])", {"a": (4,)}),
            Case(f"{name}(a, [[1, 0, 1], [0, 1, 1]])", {"a": (2, 3)}),
            Case(f"{name}(a, [[1, 0, 1], [0, 1, 1]], axis=1)", {"a": (2, 3)}),
            Case(f"{name}(a, [[1, 0, 1], [1, 1, 1]], axis=-2)", {"a": (2, 3)}),
        ]
        for name in ("masked_max", "masked_argmax")
    },
    **{
        name: list(pairs(name))
        for name in (
            *("mse", "half_squared_error", "hinge", "binary_cross_entropy"),
            *("binary_cross_entropy_logits", "cross_entropy", "softmax_cross_entropy"),
        )
    },
}
CASES |= {
    "correlate": [
        Case("correlate(a, b)", {"a": (6,), "b": (3,)}),
        Case("correlate(a, b, stride=2, dilation=2)", {"a": (8,), "b": (3,)}),
        Case("correlate(a, b, stride=[2, 1], dilation=[1, 2])", {"a": (5, 6), "b": (2, 3)}),
        Case("correlate(a, b)", {"a": (2, 5), "b": (3, 2, 2)}),
        Case("correlate(a, b, stride=2, groups=2)", {"a": (4, 5, 4), "b": (2, 2, 2, 3)}),
        Case("correlate(a, a)", {"a": (3, 2)}),
    ],
    "correlate_transposed": [
        Case("correlate_transposed(a, b)", {"a": (4,), "b": (3,)}),
        Case("correlate_transposed(a, b, 8, stride=2)", {"a": (3,), "b": (3,)}),
        Case(
            "correlate_transposed(a, b, 5, 6, stride=2, groups=2)",
            {"a": (4, 2, 2), "b": (4, 1, 2, 3)},
        ),
        Case("correlate_transposed(a, b, dilation=2)", {"a": (2, 2), "b": (2, 2)}),
    ],
    "correlate_kernel": [
        Case("correlate_kernel(a, b, 3)", {"a": (6,), "b": (4,)}),
        Case("correlate_kernel(a, b, 2, 2, stride=2)", {"a": (5, 4), "b": (2, 2)}),
        Case("correlate_kernel(a, b, 2, groups=2)", {"a": (2, 4), "b": (4, 3)}),
        Case("correlate_kernel(a, b, 2, dilation=3)", {"a": (7,), "b": (4,)}),
    ],
    "windows": [
        Case("windows(a, 3)", {"a": (5,)}),
        Case("windows(a, 2, 2, stride=2)", {"a": (5, 4)}),
        Case("windows(a, 2, 1, stride=[1, 2], dilation=[2, 1])", {"a": (2, 4, 3)}),
    ],
    "overlap_add": [
        Case("overlap_add(a, zeros(5), 3)", {"a": (3, 3)}),
        Case("overlap_add(a, zeros(5, 4), 2, 2, stride=2)", {"a": (4, 4)}),
        Case("overlap_add(a, zeros(2, 4), 2, dilation=2)", {"a": (4, 2)}),
    ],
    "pad": [
        Case("pad(a, 1, 2)", {"a": (3,)}),
        Case("pad(a, 0, 1)", {"a": (2, 2)}),
        Case("pad(a, 1, 0, 0, 2)", {"a": (2, 2, 3)}),
    ],
    "flip": [
        Case("flip(a)", {"a": (3,)}),
        Case("flip(a)", {"a": (2, 3)}),
        Case("flip(a, 2)", {"a": (2, 2, 3)}),
    ],
    "banded": [
        Case("banded(a, 5)", {"a": (3,)}),
        Case("banded(a, 8, stride=2, dilation=2)", {"a": (3,)}),
    ],
    "per_channel": [
        Case("per_channel(a, 3)", {"a": (2,)}),
        Case("per_channel(a, 2, 3) * b", {"a": (2,), "b": (2, 2, 3)}),
    ],
}
CASES["standardize"].append(Case("standardize(a, b^2 + 0.1, axis=1)", {"a": (2, 3), "b": ()}))
# entry by entry with broadcasting, indices, and an argument that stands in several places
OTHERS = [
    *(
        Case(f"a {sign} b", {"a": one, "b": other})
        for sign in "+-*"
        for one, other in permutations([(), (3,), (2, 3), (2, 1), (1, 3), (2, 2, 3)], 2)
    ),
    *(Case(f"(a / b)^{k}", {"a": (2, 1), "b": (3,)}, True) for k in (2, 3)),
    *(Case(f"{f}(a)", {"a": dims}) for f in ("sigmoid", "tanh", "relu", "exp") for dims in SIZES),
    Case("max(a, b)", {"a": (2, 3), "b": (3,)}),
    Case("min(a, b)", {"a": (3, 1), "b": (2,)}),
    Case("where(a > 0, a * b, b)", {"a": (2, 3), "b": (3,)}),
    Case("a[1]", {"a": (4,)}),
    Case("a[-1]", {"a": (4,)}),
    Case("a[1]", {"a": (2, 3)}),
    Case("a[1, 2]", {"a": (2, 3)}),
    Case("a[1, 0, 1]", {"a": (2, 2, 3)}),
    Case("a[0, 1]", {"a": (2, 2, 3)}),
    Case("a[1:3]", {"a": (4,)}),
    Case("a[:, 1]", {"a": (2, 3)}),
    Case("a[:, 1:3]", {"a": (2, 3)}),
    Case("a[1:, 0]", {"a": (3, 2)}),
    Case("a[[2, 0, 2]]", {"a": (3, 2)}),
    Case("a[[1, 1, 1]]", {"a": (3,)}),
    Case("[a, b, a * b]", {"a": (), "b": ()}),
    Case("[a, 2 * a]", {"a": (3,)}),
    Case("a @ a.T", {"a": (2, 3)}),
    Case("softmax(a @ a.T / 2, axis=1) @ a", {"a": (3, 2)}),
    Case("a[0] * sum(a) + a[1]^2", {"a": (3,)}),
]


def sheet_of(case: Case) -> Sheet:
    """`y`, the call, and `L`, a sum of its entries with weights, differentiated by everything."""
    sheet = Sheet()
    for name, array in case.values.items():
        sheet.give(name, np.asarray(array), np.shape(array))
    sheet.line("y", case.text)
    dims = sheet.dimensions.known["y"]
    sheet.give("w", weights(dims), dims)
    sheet.line("L", "sum(y * w)" if dims else "y * w")
    sheet.backward("L", tuple(case.dims))
    return sheet


def weights(dims: Dims) -> Any:
    return np.asarray(np.round(np.random.default_rng(5).normal(size=dims), 2))
