"""Layers of architectures beyond plain ones: connections, trained pools, transposed, repeated."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from kinds.test_cnn import mistakes, solve

from stepsolve.notation.plain import plain
from stepsolve.worksheet import architecture


def test_a_table_of_connections_by_the_entries_of_the_kernels() -> None:
    seen = [[0], [1, 2], [0, 1, 2], [2]]
    conv = {"filters": 4, "kernel": [3, 2], "stride": 2, "connections": seen}
    found = solve([9, 8, 3], [{"conv": conv}])
    kernels = [np.ones((len(inputs), 3, 2)) for inputs in seen]
    places = len(range(0, 9 - 2, 2)) * len(range(0, 8 - 1, 2))
    products = sum(kernel.size for kernel in kernels for _ in range(places))
    q = found.quantities
    assert found.confirmed
    assert (q["links_1"], q["parameters_1"]) == (7, sum(k.size for k in kernels) + 4)
    assert q["multiplications_1"] == q["additions_1"] == products
    bare = solve([9, 8, 3], [{"conv": conv | {"bias": False}}]).quantities
    assert bare["parameters_1"] == sum(k.size for k in kernels)
    assert bare["additions_1"] == products - 4 * places
    (table,) = [t for t in found.tables if t.name == "connections"]
    assert table.rows == (
        ("0", "×", "", "×", ""),
        ("1", "", "×", "×", ""),
        ("2", "", "×", "×", "×"),
    )


def test_the_lines_of_a_table_of_connections() -> None:
    conv = {"filters": 3, "kernel": 3, "connections": [[0, 1], [1], [0, 1]]}
    lines = {line.name: line for line in solve([5, 5, 2], [{"conv": conv}]).lines}
    assert plain(lines["links_1"].expression) == "2 * 2 + 1 * 1"
    assert plain(lines["parameters_1"].working[0]) == "3 * 3 * 5 + 3"
    assert plain(lines["multiplications_1"].working[0]) == "3 * 3 * (3 * 3 * 5)"


def test_a_trained_pool_by_its_loops() -> None:
    pool = {"size": [3, 2], "stride": 2, "trained": True}
    found = solve([7, 8, 5], [{"average-pool": pool}])
    sums = products = 0
    for _ in product(range(0, 5, 2), range(0, 7, 2), range(5)):
        sums += 3 * 2 - 1 + 1  # the numbers of a window, and the bias
        products += 1
    q = found.quantities
    assert found.confirmed
    assert (q["parameters"], q["multiplications"], q["additions"]) == (10, products, sums)
    assert mistakes([9, 9, 1], [{"max-pool": {"size": 2, "trained": True}}])[0][:2] == (
        "layers[0].max-pool.trained",
        "unknown key trained",
    )


@pytest.mark.parametrize(
    ("n", "m", "s", "p", "d", "extra"),
    [(4, 3, 2, 1, 1, 1), (5, 2, 3, 0, 2, 0), (3, 5, 1, 2, 1, 0), (6, 1, 2, 0, 1, 1)],
)
def test_a_transposed_convolution_is_spread_out(
    n: int, m: int, s: int, p: int, d: int, extra: int
) -> None:
    options = {"filters": 2, "kernel": m, "stride": s, "padding": p, "dilation": d}
    found = solve([n, n, 3], [{"transposed-conv": options | {"output-padding": extra}}])
    full: np.ndarray[Any, Any] = np.zeros((n - 1) * s + (m - 1) * d + 1 + extra)
    products = 0
    for place, tap in product(range(n), range(m)):
        full[place * s + tap * d] += 1
        products += 1
    q = found.quantities
    assert found.confirmed
    assert q["height_1"] == q["width_1"] == len(full[p : len(full) - p])
    assert q["channels_1"] == 2
    assert q["parameters_1"] == np.ones((3, 2, m, m)).size + 2
    assert q["multiplications_1"] == q["additions_1"] == products**2 * 3 * 2
    assert "field_1" not in q


def test_a_decoder_goes_back_to_the_size_of_its_encoder() -> None:
    down = {"conv": {"filters": 8, "kernel": 4, "stride": 2, "padding": 1}}
    up = {"transposed-conv": {"filters": 3, "kernel": 4, "stride": 2, "padding": 1}}
    assert solve([32, 48, 3], [down, up]).quantities["width_2"] == 48


def test_what_is_repeated_is_what_is_written_out() -> None:
    block = [{"conv": {"filters": 3, "kernel": 3, "padding": 1}}, "relu"]
    short = solve([6, 6, 3], [{"repeat": {"times": 4, "layers": block}}, "flatten"])
    assert short.quantities == solve([6, 6, 3], block * 4 + ["flatten"]).quantities
    inner = {"repeat": {"times": 2, "layers": [{"residual": {"layers": block}}]}}
    nested = solve([6, 6, 3], [{"repeat": {"times": 2, "layers": [inner]}}])
    assert nested.quantities["parameters"] == 4 * 84
    assert [row[1] for row in nested.tables[0].rows][1:4] == ["  conv 1", "  relu 1", "residual 1"]


# ---------------------------------------------------------------------------------------- mistakes


def one(layer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return mistakes([6, 6, 2], [layer])


def test_mistakes_in_connections() -> None:
    conv = {"filters": 2, "kernel": 3}
    at = "layers[0].conv.connections"
    assert one({"conv": conv | {"connections": [[0], [1, 2]]}}) == [
        (at, "filter 1 cannot see channel 2: there are 2", "channels are counted from 0")
    ]
    assert one({"conv": conv | {"connections": [[0], [1, 1]]}}) == [
        (at, "filter 1 sees a channel twice", "name every channel once")
    ]
    assert one({"conv": conv | {"connections": [[0]], "groups": 2}}) == [
        (at, "a list of connections takes the place of groups", "give one of them"),
        (at, "connections are a list for each of the 2 filters, not 1 lists", ""),
    ]
    assert one({"conv": conv | {"connections": [[0], []]}})[0][:2] == (
        f"{at}[1]",
        "at least 1 entry belongs here, not none",
    )


def test_mistakes_in_transposed_convolutions() -> None:
    layer = {"filters": 2, "kernel": 3, "stride": 2}
    assert one({"transposed-conv": layer | {"output-padding": 2}}) == [
        (
            "layers[0].transposed-conv.output-padding",
            "the output padding 2 is not below the stride 2",
            "the input would not come from this output",
        )
    ]
    assert one({"transposed-conv": layer | {"padding": 7}}) == [
        (
            "layers[0].transposed-conv.padding",
            "nothing is left of the output: 6 pixels become -1",
            "take less padding",
        )
    ]
    assert one({"transposed-conv": layer | {"padding": "same"}})[0][:2] == (
        "layers[0].transposed-conv.padding",
        "a whole number from 0 to 1000000 belongs here, not same",
    )


def test_nothing_grows_without_end() -> None:
    wide = {"transposed-conv": {"filters": 1, "kernel": 1, "stride": 10**6}}
    assert [found[1] for found in mistakes([9, 9, 1], [wide] * 2000)] == [
        "the output has more than 1000000 pixels along one axis"
    ]
    many: Any = {"repeat": {"times": 50, "layers": ["relu"]}}
    for _ in range(4):
        many = {"repeat": {"times": 50, "layers": [many]}}
    assert mistakes([9, 9, 1], [many])[0][1] == (
        "an architecture has at most 2000 layers, this has 312500000"
    )
    assert mistakes([9, 9, 1], [{"repeat": {"times": 0, "layers": ["relu"]}}])[0][:2] == (
        "layers[0].repeat.times",
        "a whole number from 1 to 2000 belongs here, not 0",
    )


def test_a_mistake_in_a_repeated_layer_is_told_once() -> None:
    wrong = {"conv": {"filters": 2, "kernel": 1, "groups": 3}}
    found = mistakes([9, 9, 2], [{"repeat": {"times": 9, "layers": [wrong]}}])
    assert {place for place, _, _ in found} == {"layers[0].repeat.layers[0].conv.groups"}
    assert len(found) == 1 + 1  # of channels and of filters, however often


# ------------------------------------------------------------------------------ broken on purpose


@pytest.mark.parametrize(
    ("rule", "layer", "failed"),
    [
        (
            "_weighed",
            {"conv": {"filters": 2, "kernel": 1, "connections": [[0], [1]]}},
            "parameters_1",
        ),
        ("_subsampled", {"average-pool": {"size": 2, "trained": True}}, "additions_1"),
    ],
)
def test_a_wrong_rule_is_seen(
    rule: str, layer: dict[str, Any], failed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = getattr(architecture, rule)

    def wrong(row: Any, *more: Any) -> Any:
        done = whole(row, *more)
        return done._replace(parameters=done.parameters + 1, additions=done.additions + 1)

    monkeypatch.setattr(architecture, rule, wrong)
    found = solve([4, 4, 2], [layer])
    assert failed in {check.of for check in found.checks if not check.passed}


def test_a_wrong_size_of_a_transposed_convolution_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = architecture.Trace._transposed

    def wrong(self: Any, *more: Any) -> Any:
        row = whole(self, *more)
        return row._replace(shape=(row.shape[0] + 1, *row.shape[1:]))

    monkeypatch.setattr(architecture.Trace, "_transposed", wrong)
    found = solve([4, 4, 2], [{"transposed-conv": {"filters": 2, "kernel": 2, "stride": 2}}])
    assert "height_1" in {check.of for check in found.checks if not check.passed}
