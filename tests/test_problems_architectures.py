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
    # by layer: LeCun et al. (1998), II.B, for C1, C5 and F6; Simonyan and Zisserman (2015), table 2;
    # Krizhevsky et al. (2012), 3.5; Howard et al. (2017), table 8; He et al. (2016), table 1
    "lenet-5": {
        "parameters_1": 156,
        "multiplications_1": 122_304 - 28 * 28 * 6,  # 122,304 connections with the biases
        "parameters_7": 48_120,
        "parameters_10": 10_164,
    },
    "alexnet": {"parameters": 60_965_224, "multiplications": 724_406_816},
    "vgg-16": {"parameters": 138_357_544, "multiplications": 15_470_264_320},
    "mobilenet": {"parameters": 4_231_976, "multiplications": 568_740_352},
    "resnet-18": {"parameters": 11_689_512, "multiplications": 1_814_073_344},
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


# ------------------------------------------------------------------------------ tables of the papers


def layer_numbers(file: str, sort: str, word: str) -> list[float]:
    """One count of all layers of a sort, in order."""
    table = next(t for t in solved(file).tables if t.name == "layers")
    rows = [str(row[0].text) for row in table.rows if str(row[1]).strip().startswith(word)]  # type: ignore[union-attr]
    quantities = solved(file).quantities
    found = [quantities[f"{sort}_{number}"] for number in rows]
    return [float(value) for value in found if isinstance(value, float)]


# weights and biases by layer, as the reference implementations of VGG-16 tell them
VGG = [1792, 36928, 73856, 147584, 295168, 590080, 590080, 1180160, 2359808, 2359808]
VGG += [2359808, 2359808, 2359808]


def test_vgg_16_by_layer() -> None:
    assert layer_numbers("vgg-16", "parameters", "conv") == VGG
    assert layer_numbers("vgg-16", "parameters", "dense") == [102_764_544, 16_781_312, 4_097_000]
    assert sum(VGG) == 14_714_688  # without the dense layers
    assert layer_numbers("vgg-16", "height", "max-pool") == [112, 56, 28, 14, 7]


def test_alexnet_by_layer() -> None:
    """Units by layer of the paper: 186,624, 64,896, 64,896, 43,264 (its 253,440 should be 290,400)."""
    found = [layer_numbers("alexnet", sort, "conv") for sort in ("height", "width", "channels")]
    units = [h * w * c for h, w, c in zip(*found, strict=True)]
    assert units == [290_400, 186_624, 64_896, 64_896, 43_264]
    weights = [34_944, 307_456, 885_120, 663_936, 442_624]
    assert layer_numbers("alexnet", "parameters", "conv") == weights
    assert layer_numbers("alexnet", "parameters", "dense") == [37_752_832, 16_781_312, 4_097_000]


def test_mobilenet_by_sort() -> None:
    """Table 2 of the paper: 94.86 % of the multiplications are pointwise, 3.06 % depthwise."""
    total = solved("mobilenet").quantities["multiplications"]
    assert isinstance(total, float)
    for word, share in (("pointwise", 0.9486), ("depthwise", 0.0306), ("conv", 0.0191)):
        part = sum(layer_numbers("mobilenet", "multiplications", word))
        assert part / total == pytest.approx(share, abs=1e-4)


def test_resnet_18_by_layer() -> None:
    """Table 1 of the paper: 112, 56, 28, 14 and 7 pixels, 1.8e9 multiply-adds; 435 pixels are seen."""
    derivation = solved("resnet-18")
    assert layer_numbers("resnet-18", "field", "residual")[-1] == 435
    assert sorted(set(layer_numbers("resnet-18", "height", "conv"))) == [7, 14, 28, 56, 112]
    assert derivation.quantities["multiplications"] == pytest.approx(1.8e9, rel=0.01)


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
