"""Every problem of sizes and costs: its numbers by hand or from the papers, its steps as on a board."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

import stepsolve
from stepsolve.derivation import Chain, Derivation, Lines, Result, Section, Table
from stepsolve.notation.plain import plain
from stepsolve.problem import read_problem
from stepsolve.source.yaml import compose

ROOT = Path(__file__).parents[1] / "problems" / "architectures"
FILES = sorted(path.stem for path in ROOT.glob("*.yaml"))


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


# numbers by hand; those of networks are the products that their comments tell
NUMBERS: dict[str, dict[str, float | Fraction]] = {
    "conv-parameters": {"parameters": (3 * 3 * 3 + 1) * 10},
    "cnn-trace": {
        "height_1": 37,
        "height_2": 17,
        "height_3": 7,
        "units_4": 1960,
        "parameters_1": 280,
        "parameters_2": 251 * 20,
        "parameters_3": 501 * 40,
        "multiplications_1": 37 * 37 * 10 * 27,
        "multiplications_2": 17 * 17 * 20 * 250,
        "multiplications_3": 7 * 7 * 40 * 500,
        "field_1": 3,
        "field_2": 7,
        "field_3": 7 + 4 * 2,
        "jump_3": 4,
    },
    "lenet-table": {
        "parameters_1": 608,
        "parameters_3": 3216,
        "parameters_5": 48120,
        "parameters_6": 10164,
        "parameters_7": 850,
        "parameters": 608 + 3216 + 48120 + 10164 + 850,
        "activations": 3072 + 6272 + 1568 + 1600 + 400 + 120 + 84 + 10 + 10,
    },
    "residual-block": {
        "parameters_1": (9 * 128 + 1) * 128,
        "parameters_6": (9 * 128 + 1) * 256,
        "parameters_8": (9 * 256 + 1) * 256,
        "parameters_9": 129 * 256,
        "height_9": 14,
        "field_10": 11,
    },
    # table 1 of Szegedy et al. (2015): about 159K weights and 128M operations
    "inception": {"parameters": 163_328 + 368, "multiplications": 128_049_152, "channels_8": 256},
    "compared": {"parameters": 49 * 64 * 64, "field_1": 7},
    "conv-size": {"N_out": 12, "N_rest": 7},
    "conv-size-paddings": {"S": 1},
    "conv-size-padding": {"P_least": 51.5, "P_most": 52},
    "conv-size-plane": {"out_h": 50, "out_w": 32},
    "conv-size-transposed": {"N_out": 28},
    "depthwise-separable": {
        "normal": 2160,
        "depthwise": 432,
        "pointwise": 240,
        "separable": 672,
        "ratio": Fraction(1, 5) + Fraction(1, 9),
    },
    "depthwise-separable-letters": {},
    "bottleneck-cost": {
        "normal": 28 * 28 * 32 * 25 * 192,
        "squeeze": 2408448,
        "expand": 10035200,
        "bottleneck": 12443648,
        "ratio": Fraction(16, 32 * 25) + Fraction(16, 192),
    },
    "parameter-count-mlp": {},
    "parameter-count-mlp-numbers": {"layer_1": 78500, "layer_2": 1010, "total": 79510},
    "parameter-count-lstm": {"total": 4 * 128 * (100 + 128 + 1)},
    "parameter-count-gru": {},
    "parameter-count-bert": {"total": 109_482_240},
    "parameter-count-transformer": {
        "total": 37000 * 512 + 6 * (3_152_384 + 4_204_032)  # layers as PyTorch counts them
    },
    # kernels of 4 that move by 2: 28, 14, 7 pixels and back; weights 16 C K, and a bias for each filter
    "decoder": {
        "height_1": 14,
        "height_3": 7,
        "height_9": 14,
        "height_11": 28,
        "parameters": (16 + 1) * 8
        + (16 * 8 + 1) * 16
        + 2 * (9 * 16 + 1) * 16
        + (16 * 16 + 1) * 8
        + (16 * 8 + 1),
        "multiplications_9": 7 * 7 * 16 * 16 * 8,
        "multiplications_11": 14 * 14 * 8 * 16,
    },
    # by layer in test_published_architectures.py
    "lenet-5": {"parameters": 60_000},
    "alexnet": {"parameters": 60_965_224},
    "vgg-16": {"parameters": 138_357_544},
    "mobilenet": {"parameters": 4_231_976},
    "resnet-18": {"parameters": 11_689_512},
}


@pytest.mark.parametrize("file", FILES)
def test_the_numbers_are_right(file: str) -> None:
    derivation = solved(file)
    assert derivation.confirmed and derivation.checks
    for name, expected in NUMBERS[file].items():
        assert derivation.quantities[name] == pytest.approx(float(expected), rel=1e-14), name


def test_no_file_is_without_numbers() -> None:
    assert set(FILES) == set(NUMBERS)


EXAMPLES = (
    *("conv-size", "conv-parameters", "cnn-trace", "lenet-table", "bottleneck-cost"),
    *("depthwise-separable", "residual-block", "parameter-count-mlp"),
)


def test_every_worked_example_has_a_file() -> None:
    found = set()
    for path in ROOT.glob("*.yaml"):
        found |= set(read_problem(compose(path.read_text(encoding="utf-8"), path.name)).example)
    assert found == set(EXAMPLES)


# ------------------------------------------------------------------------------------------- the page


def headings(file: str) -> list[str]:
    return [str(b.parts[0]) for b in solved(file).blocks if isinstance(b, Section)]


def test_the_page_of_a_network() -> None:
    assert headings("cnn-trace") == [
        "Layer by layer",
        "Multiplications and additions",
        "Receptive field",
        "Memory",
    ]
    blocks = solved("cnn-trace").blocks
    assert [type(b) for b in blocks if isinstance(b, Table | Result)] == [Table] * 3 + [Result] * 5
    groups = [b for b in blocks if isinstance(b, Lines) and b.heading]
    assert [str(b.heading[0]) for b in groups] == [
        "1. conv 1: 10 filters of 3 × 3, stride 1",
        "2. conv 2: 20 filters of 5 × 5, stride 2",
        "3. conv 3: 40 filters of 5 × 5, stride 2",
        "4. flatten 1",
    ]
    lines = {line.name: line for line in solved("cnn-trace").lines}
    told = [plain(lines["height_2"].expression), plain(lines["height_2"].working[0])]
    assert told == [
        "floor((height_1 + 2 * 0 - 5) / 2) + 1",
        "floor((37 + 2 * 0 - 5) / 2) + 1",
    ]
    assert plain(lines["parameters_1"].working[0]) == "(3 * 3 * 3 + 1) * 10"


def test_the_table_of_a_network() -> None:
    table = solved("lenet-table").tables[0]
    found = [tuple(c if isinstance(c, str) else plain(c) for c in row) for row in table.rows]  # type: ignore[arg-type]
    assert found[1:4] == [
        ("1", "conv1", "28 × 28 × 8", "6272", "608"),
        ("2", "pool1", "14 × 14 × 8", "1568", "0"),
        ("3", "conv2", "10 × 10 × 16", "1600", "3216"),
    ]
    assert found[-1] == ("", "total", "", "13136", "62958")


def test_the_costs_of_a_separated_convolution() -> None:
    assert headings("depthwise-separable") == [
        "Places",
        "Multiplications",
        "The ratio in letters",
        "Result",
    ]
    (chain,) = [b for b in solved("depthwise-separable").blocks if isinstance(b, Chain)]
    assert [plain(step.after) for step in chain.steps] == [
        "(f^2 + n) / (n * f^2)",
        "f^2 / (n * f^2) + n / (n * f^2)",
        "1 / n + 1 / f^2",
    ]


def test_strides_side_by_side() -> None:
    (table,) = solved("conv-size").tables
    assert [plain(row[2]) for row in table.rows] == ["96", "48", "12"]  # type: ignore[arg-type]


def test_the_letters_of_a_hidden_layer() -> None:
    results = solved("parameter-count-mlp").results
    assert plain(results["total"]) == "(D_x + 1) * H + (H + 1) * D_y"
