"""Architectures: against loops written here, against the tables of papers, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation
from stepsolve.worksheet import architecture

Problem = dict[str, Any]


def solve(image: list[int], layers: list[Any], **more: Any) -> Derivation:
    return stepsolve.solve({"kind": "cnn", "input": image, "layers": layers, **more})


def mistakes(image: list[int], layers: list[Any], **more: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        solve(image, layers, **more)
    found = []
    for diagnosis in caught.value.diagnoses:
        assert diagnosis.place is not None
        found.append((diagnosis.place.source, diagnosis.message, diagnosis.hint))
    return found


# ------------------------------------------------------- one convolution, loop by loop in plain Python


def one_convolution(case: dict[str, int]) -> tuple[list[int], int, int]:
    """Sizes, multiplications and parameters of a convolution that is really carried out."""
    n, m, s, p, d = (case[k] for k in ("n", "m", "s", "p", "d"))
    channels, filters, groups = case["c"], case["k"], case["g"]
    weights = np.ones((filters, channels // groups, m, m))
    starts = [t for t in range(-p, n + p) if t + d * (m - 1) < n + p and (t + p) % s == 0]
    products = 0
    for _ in product(starts, starts):
        for filter_ in weights:
            products += filter_.size
    return [len(starts)] * 2, products, weights.size + filters


def cases() -> Iterator[dict[str, int]]:
    draw = random.Random(7)
    while True:
        g = draw.choice((1, 1, 2, 3))
        case = {"n": draw.randint(3, 14), "m": draw.randint(1, 5), "s": draw.randint(1, 4)}
        case |= {"p": draw.randint(0, 3), "d": draw.randint(1, 3), "g": g}
        case |= {"c": g * draw.randint(1, 3), "k": g * draw.randint(1, 3)}
        if case["d"] * (case["m"] - 1) + 1 <= case["n"] + 2 * case["p"]:
            yield case


@pytest.mark.parametrize("case", [c for _, c in zip(range(25), cases(), strict=False)], ids=str)
def test_a_convolution_is_what_its_loops_are(case: dict[str, int]) -> None:
    options = {"filters": case["k"], "kernel": case["m"], "stride": case["s"]}
    options |= {"padding": case["p"], "dilation": case["d"], "groups": case["g"]}
    found = solve([case["n"], case["n"], case["c"]], [{"conv": options}])
    sizes, products, parameters = one_convolution(case)
    assert found.confirmed
    q = found.quantities
    assert [q["height_1"], q["width_1"], q["channels_1"]] == [*sizes, case["k"]]
    assert q["multiplications_1"] == q["additions_1"] == products  # the bias for the first sum
    assert q["parameters_1"] == q["parameters"] == parameters


def test_without_a_bias_one_addition_less() -> None:
    conv = {"filters": 4, "kernel": 3, "bias": False}
    q = solve([5, 5, 2], [{"conv": conv}]).quantities
    assert q["multiplications_1"] == 3 * 3 * 4 * 18
    assert q["additions_1"] == 3 * 3 * 4 * 17
    assert q["parameters_1"] == 4 * 18


def test_height_and_width_go_their_own_ways() -> None:
    conv = {"filters": 2, "kernel": [1, 7], "stride": [1, 2], "padding": [0, 3]}
    found = solve([20, 33, 3], [{"conv": conv}, {"conv": {"filters": 1, "kernel": 3}}])
    q = found.quantities
    assert found.confirmed
    assert (q["height_1"], q["width_1"]) == (20, 17)  # (33 + 6 - 7) / 2 = 16
    assert (q["field_h_1"], q["field_w_1"], q["jump_h_1"], q["jump_w_1"]) == (1, 7, 1, 2)
    assert (q["field_h_2"], q["field_w_2"]) == (3, 7 + 2 * 2)
    assert {"width_1", "width_2"} <= {line.name for line in found.lines}


# ---------------------------------------------------- the receptive field, by touching pixels


def touched(windows: list[tuple[int, int, int, int]], size: int) -> list[int]:
    """How many pixels the middle output hangs on, by sets of pixels."""
    sizes = [size]
    for m, s, p, d in windows:
        sizes.append(len([t for t in range(-p, sizes[-1] + p - d * (m - 1)) if (t + p) % s == 0]))
    widths = []
    for depth in range(1, len(windows) + 1):
        seen = {sizes[depth] // 2}
        for m, s, p, d in reversed(windows[:depth]):
            seen = {o * s - p + d * tap for o in seen for tap in range(m)}
        widths.append(max(seen) - min(seen) + 1)
    return widths


@pytest.mark.parametrize("seed", range(8))
def test_the_receptive_field_is_the_pixels_that_count(seed: int) -> None:
    draw = random.Random(seed)
    windows = [
        (draw.randint(1, 4), draw.randint(1, 2), draw.randint(0, 2), draw.randint(1, 2))
        for _ in range(4)
    ]
    names = ("kernel", "stride", "padding", "dilation")
    layers = [{"conv": {"filters": 1, **dict(zip(names, w, strict=True))}} for w in windows]
    found = solve([120, 120, 1], layers)
    assert found.confirmed
    fields = [found.quantities[f"field_{k}"] for k in (1, 2, 3, 4)]
    assert fields == touched(windows, 120)
    jumps = np.cumprod([w[1] for w in windows]).tolist()
    assert [found.quantities[f"jump_{k}"] for k in (1, 2, 3, 4)] == jumps


def test_branches_that_look_elsewhere_see_from_end_to_end() -> None:
    left = {"conv": {"filters": 1, "kernel": 3, "padding": 0}}
    wide = [{"conv": {"filters": 1, "kernel": 3, "padding": 2}}, left]
    found = solve([9, 9, 1], [{"concat": {"branches": [wide, [{"pointwise": 1}]]}}])
    # pixels -2 to 2 of one branch, 0 of the other
    assert found.confirmed and found.quantities["field_4"] == 5
    one_sided = [
        [left],
        [
            {"max-pool": {"size": 3, "stride": 1, "padding": 1}},
            {"conv": {"filters": 1, "kernel": 3}},
        ],
    ]
    found = solve([9, 9, 1], [{"concat": {"branches": one_sided}}])
    # pixels 0 to 2 of one, -1 to 3 of the other: 5 from end to end
    assert found.confirmed and found.quantities["field_4"] == 5
    shifted = [
        [left, {"max-pool": {"size": 2, "stride": 1}}],
        [
            {"conv": {"filters": 1, "kernel": 4, "padding": 1}},
            {"conv": {"filters": 1, "kernel": 1, "padding": 0}},
        ],
    ]
    assert mistakes([9, 9, 1], [{"concat": {"branches": shifted}}])  # 6 against 8 pixels


def test_branches_that_step_differently_have_no_one_field() -> None:
    sparse, dense = (
        {"conv": {"filters": 2, "kernel": 1, "stride": 2}},
        {"conv": {"filters": 2, "kernel": 3}},
    )
    layers = [{"residual": {"layers": [dense], "shortcut": [sparse]}}, {"pointwise": 1}]
    found = solve([5, 5, 1], layers)
    assert found.confirmed
    assert "field_3" not in found.quantities and "field_4" not in found.quantities


# -------------------------------------------------------------------------------- blocks and the rest


def test_a_residual_block_adds_and_a_concat_stands_side_by_side() -> None:
    conv = {"conv": {"filters": 6, "kernel": 3, "padding": "same"}}
    found = solve([8, 8, 6], [{"residual": {"layers": [conv, "relu", conv]}}])
    results = found.to_json()["results"]
    assert results["output"] == "[8, 8, 6]" and found.confirmed  # type: ignore[index]
    branches = [[{"pointwise": 2}], [{"pointwise": 3}], ["relu"]]
    found = solve([8, 8, 6], [{"concat": {"branches": branches}}])
    assert found.quantities["channels_4"] == 11 and found.confirmed


def test_batch_norm_dropout_and_pools() -> None:
    layers = [
        "batch-norm",
        "relu",
        {"max-pool": 2},
        {"dropout": 0.5},
        "global-average-pool",
        {"dense": 3},
    ]
    found = solve([9, 9, 4], layers)
    assert found.confirmed
    assert found.quantities["parameters_1"] == 8
    assert found.quantities["height_3"] == 4
    assert found.quantities["units_5"] == 4
    assert found.quantities["parameters"] == 8 + 15


def test_memory_counts_bytes() -> None:
    found = solve([4, 4, 1], ["flatten", {"dense": 2}], bytes=2)
    assert found.quantities["memory_parameters"] == 2 * 34
    assert found.quantities["memory_activations"] == 2 * (16 + 16 + 2)


def test_two_architectures_side_by_side() -> None:
    big, small = {"conv": {"filters": 3, "kernel": 5}}, {"conv": {"filters": 3, "kernel": 3}}
    found = solve([9, 9, 3], [big], compare={"two small": [small, small]}, title="one big")
    assert found.confirmed
    (table,) = [t for t in found.tables if t.name == "comparison"]
    assert table.header == ("", "one big", "two small", "ratio")
    rows = {str(row[0]): [cell.text for cell in row[1:]] for row in table.rows}  # type: ignore[union-attr]
    assert rows["parameters"] == ["228", "168", "0.7368"]  # (75 + 1) 3 and 2 (27 + 1) 3


# --------------------------------------------------------------------------------------- bad input

A_CONV = {"conv": {"filters": 2, "kernel": 3}}


def test_every_mistake_has_its_place() -> None:
    assert mistakes([4, 4, 1], [{"conv": {"filters": 2, "kernel": 7, "padding": 1}}]) == [
        (
            "layers[0].conv.kernel",
            "the window has height 7, but its input 4 and with padding 6",
            "take a smaller window or more padding",
        )
    ]
    assert mistakes([4, 4, 1], [{"max-pool": 5}]) == [
        (
            "layers[0].max-pool",
            "the window has height 5, but its input 4",
            "take a smaller window or more padding",
        )
    ]
    assert mistakes([9, 9, 4], [{"conv": {"filters": 6, "kernel": 3, "groups": 4}}]) == [
        (
            "layers[0].conv.groups",
            "6 filters do not divide into 4 groups",
            "every group has as many",
        )
    ]
    assert mistakes([9, 9, 1], ["flatten", A_CONV]) == [
        (
            "layers[1].conv",
            "conv needs height, width and channels, but flatten 1 gives 81 units",
            "put it before flatten and dense",
        )
    ]
    assert mistakes([9, 9, 1], [{"conv": {"filters": 2, "kernel": 4, "padding": "same"}}]) == [
        (
            "layers[0].conv.padding",
            "same padding is (M - 1)/2 on both sides, and 4 is even",
            "write the padding as a number",
        )
    ]


def test_branches_must_fit() -> None:
    assert mistakes([9, 9, 1], [{"residual": {"layers": [A_CONV]}}]) == [
        (
            "layers[0].residual",
            "the layers give 7 × 7 × 2, but the shortcut 9 × 9 × 1: they cannot be added",
            "a projection on the shortcut makes the sizes agree: shortcut: [...]",
        )
    ]
    assert mistakes([9, 9, 1], [{"concat": {"branches": [[A_CONV], ["relu"]]}}]) == [
        (
            "layers[0].concat.branches",
            "one branch gives 7 × 7 × 2, another 9 × 9 × 1",
            "height and width must agree; a stride or padding may be missing",
        )
    ]


def test_several_mistakes_are_told_at_once() -> None:
    layers = [
        {"conv": {"filters": 2, "kernel": 3, "stride": 0}},
        {"conv": {"filters": 2, "kernel": 3, "padding": -1}},
        "drop-out",
        {"relu": 3},
        "conv",
        {"dropout": 1.5},
        {"conv": {"filters": 2, "kernel": [3, 3, 3]}},
        {"conv": {"kernel": 3}},
    ]
    found = mistakes([9, 9, 1], layers)
    assert [(place, message) for place, message, _ in found] == [
        ("layers[0].conv.stride", "a whole number from 1 to 1000000 belongs here, not 0"),
        ("layers[1].conv.padding", "a whole number from 0 to 1000000 belongs here, not -1"),
        ("layers[2]", "there is no layer drop-out"),
        ("layers[3].relu", "relu has no options"),
        ("layers[4]", "conv needs its options"),
        ("layers[5].dropout", "a rate from 0 to below 1 belongs here"),
        ("layers[6].conv.kernel", "height and width belong here, not 3 sizes"),
        ("layers[7].conv", "the key filters is missing"),
    ]
    assert found[2][2] == "did you mean dropout?"


def test_groups_and_branches_together() -> None:
    grouped = {"conv": {"filters": 2, "kernel": 3, "groups": 3}}
    found = mistakes([9, 9, 1], [grouped, {"residual": {"layers": [A_CONV]}}])
    assert [place for place, _, _ in found] == ["layers[0].conv.groups"] * 2 + [
        "layers[1].residual"
    ]


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([{"conv": {"filters": 1, "kernel": 1, "stride": 10**6, "padding": 10**6}}] * 3, "strides"),
        (["relu"] * 2001, "at most 2000 layers, this has 2001"),
        ([], "at least 1 entry belongs here"),
    ],
)
def test_nothing_grows_without_end(layers: list[Any], told: str) -> None:
    assert any(told in message for _, message, _ in mistakes([9, 9, 1], layers))


def test_blocks_stand_in_each_other_up_to_a_depth() -> None:
    block: Any = "relu"
    for _ in range(8):
        block = {"residual": {"layers": [block]}}
    (found,) = mistakes([9, 9, 1], [block])
    assert found[1] == "blocks stand at most 6 deep in each other"


def test_an_input_has_three_sizes_or_one() -> None:
    assert (
        mistakes([9, 9], ["flatten"])[0][1] == "height, width and channels belong here, not 2 sizes"
    )
    assert solve([9], [{"dense": 2}]).quantities["parameters"] == 20


# ----------------------------------------------------------------------------- broken on purpose


def broken(monkeypatch: pytest.MonkeyPatch, change: Any) -> set[str]:
    whole = architecture._weighed

    def wrong(row: Any, shape: Any, weights: Any) -> Any:
        return change(whole(row, shape, weights))

    monkeypatch.setattr(architecture, "_weighed", wrong)
    found = solve([9, 9, 3], [{"conv": {"filters": 4, "kernel": 3}}, "relu"])
    assert not found.confirmed
    return {check.of for check in found.checks if not check.passed}


def test_a_wrong_count_of_parameters_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = broken(monkeypatch, lambda row: row._replace(parameters=row.parameters - 4))
    assert failed == {"parameters_1", "parameters", "memory_parameters"}


def test_a_wrong_size_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = broken(monkeypatch, lambda row: row._replace(shape=(7, 7, 5)))
    assert {"the sizes of all layers", "activations"} <= failed


def test_a_wrong_receptive_field_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = architecture.Seen(0, 3, 1)
    assert "field_1" in broken(monkeypatch, lambda row: row._replace(seen=(seen, seen)))


def test_a_wrong_number_of_products_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = broken(monkeypatch, lambda row: row._replace(multiplications=1))
    assert {"multiplications_1", "multiplications"} <= failed
