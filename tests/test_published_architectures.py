"""Tables of the papers, layer by layer, each with its source, against the files of the networks.

Where a paper gives sizes but no counts, the counts are products of its sizes, written out.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

import stepsolve
from stepsolve.derivation import Derivation

ROOT = Path(__file__).parents[1] / "problems" / "architectures"


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


def rows(file: str, sort: str) -> dict[str, float]:
    """One count of every layer that has it, by the name of the layer."""
    quantities = solved(file).quantities
    (table,) = [t for t in solved(file).tables if t.name == "layers"]
    found = {}
    for number, name, *_ in table.rows[:-1]:
        value = quantities.get(f"{sort}_{number.text}")  # type: ignore[union-attr]
        if isinstance(value, float):
            found[str(name).strip()] = value
    return found


def total(file: str, sort: str) -> float:
    value = solved(file).quantities[sort]
    assert isinstance(value, float)
    return value


class Published(NamedTuple):
    """Of a layer: height and width, channels, parameters, and multiplications or connections."""

    size: int
    channels: int
    parameters: int
    count: int


# LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition (1998), II.B
# and table I: trainable parameters and connections. The paper tells 340,908 connections, which are
# these and the 84 of each of the 10 outputs, and 60,000 trainable parameters.
LENET = {
    "C1": Published(28, 6, 156, 122_304),
    "S2": Published(14, 6, 12, 5_880),
    "C3": Published(10, 16, 1_516, 151_600),
    "S4": Published(5, 16, 32, 2_000),
    "C5": Published(1, 120, 48_120, 48_120),
    "F6": Published(84, 1, 10_164, 10_164),
}


def test_lenet_5() -> None:
    """A connection is a term of a sum: one more than the sum has additions."""
    additions, parameters = rows("lenet-5", "additions"), rows("lenet-5", "parameters")
    heights, channels = rows("lenet-5", "height"), rows("lenet-5", "channels")
    for name, paper in LENET.items():
        sums = paper.size**2 * paper.channels if name != "F6" else 84
        assert additions[name] + sums == paper.count, name
        assert parameters[name] == paper.parameters, name
        if name != "F6":
            assert heights[name] == paper.size, name
        if name.startswith("C"):
            assert channels[name] == paper.channels, name
    assert total("lenet-5", "parameters") == 60_000
    assert sum(paper.count for paper in LENET.values()) + 10 * 84 == 340_908


# Krizhevsky, Sutskever, Hinton, ImageNet classification with deep convolutional neural networks
# (2012), 3.5: kernels 11 x 11 x 3, 5 x 5 x 48, 3 x 3 x 256, 3 x 3 x 192, 3 x 3 x 192; figure 2: units
# by layer 253,440, 186,624, 64,896, 64,896, 43,264, 4096, 4096, 1000. The first should be 290,400, for
# 55 x 55 x 96.
ALEXNET = {
    "conv 1": Published(55, 96, 96 * (11 * 11 * 3 + 1), 290_400 * 11 * 11 * 3),
    "conv 2": Published(27, 256, 256 * (5 * 5 * 48 + 1), 186_624 * 5 * 5 * 48),
    "conv 3": Published(13, 384, 384 * (3 * 3 * 256 + 1), 64_896 * 3 * 3 * 256),
    "conv 4": Published(13, 384, 384 * (3 * 3 * 192 + 1), 64_896 * 3 * 3 * 192),
    "conv 5": Published(13, 256, 256 * (3 * 3 * 192 + 1), 43_264 * 3 * 3 * 192),
    "dense 1": Published(1, 4096, 4096 * (6 * 6 * 256 + 1), 4096 * 6 * 6 * 256),
    "dense 2": Published(1, 4096, 4096 * 4097, 4096 * 4096),
    "dense 3": Published(1, 1000, 1000 * 4097, 1000 * 4096),
}

# Simonyan, Zisserman, Very deep convolutional networks for large-scale image recognition (2015), table
# 1, configuration D: 3 x 3 kernels with padding 1; table 2: 138 million parameters.
_WIDTHS = {224: [3, 64, 64], 112: [64, 128, 128], 56: [128, 256, 256, 256]}
_WIDTHS |= {28: [256, 512, 512, 512], 14: [512, 512, 512, 512]}
_CONVS = [
    Published(n, out, (9 * inputs + 1) * out, n * n * out * 9 * inputs)
    for n, widths in _WIDTHS.items()
    for inputs, out in pairwise(widths)
]
VGG = {f"conv {k}": paper for k, paper in enumerate(_CONVS, 1)} | {
    "dense 1": Published(1, 4096, (7 * 7 * 512 + 1) * 4096, 7 * 7 * 512 * 4096),
    "dense 2": Published(1, 4096, 4097 * 4096, 4096 * 4096),
    "dense 3": Published(1, 1000, 4097 * 1000, 4096 * 1000),
}


@pytest.mark.parametrize(("file", "table"), [("alexnet", ALEXNET), ("vgg-16", VGG)])
def test_parameters_and_multiplications_by_layer(file: str, table: dict[str, Published]) -> None:
    parameters, products = rows(file, "parameters"), rows(file, "multiplications")
    heights, channels = rows(file, "height"), rows(file, "channels")
    assert {name for name in parameters if parameters[name]} == set(table)
    for name, paper in table.items():
        assert (parameters[name], products[name]) == (paper.parameters, paper.count), name
        if name.startswith("conv"):
            assert (heights[name], channels[name]) == (paper.size, paper.channels), name


def test_totals_told_by_the_papers() -> None:
    """60 million and 138 million; He et al. (2016), 4.1, count 15.3e9 for VGG-16: the convolutions."""
    assert round(total("alexnet", "parameters") / 1e6) == 61  # the abstract says 60
    assert round(total("vgg-16", "parameters") / 1e6) == 138
    convolutions = {k: v for k, v in rows("vgg-16", "multiplications").items() if "conv" in k}
    assert round(sum(convolutions.values()) / 1e9, 1) == 15.3


def test_totals_told_by_the_libraries() -> None:
    """The num_params of torchvision's weights; AlexNet with its groups as in Caffe; the trainable ones
    of Keras' MobileNet, as many as in the table of TensorFlow's slim models."""
    counts = {"vgg-16": 138_357_544, "resnet-18": 11_689_512}
    counts |= {"alexnet": 60_965_224, "mobilenet": 4_231_976}
    for file, expected in counts.items():
        assert total(file, "parameters") == expected


# Howard et al., MobileNets (2017), table 2: shares of the multiplications and of the parameters; tables
# 4 and 8: 569 million multiply-adds, 4.2 million parameters. For the first convolution the table has
# 1.19 %, with which its column makes 99.29 %: 112 x 112 x 32 x 27 of 568,740,352 are 1.91 %.
MOBILENET = {
    "pointwise": (0.9486, 0.7459),
    "depthwise": (0.0306, 0.0106),
    "conv": (0.0191, 0.0002),
    "dense": (0.0018, 0.2433),
}


def test_mobilenet() -> None:
    """The shares of parameters leave out normalisation and the biases of the classes."""
    parameters, products = rows("mobilenet", "parameters"), rows("mobilenet", "multiplications")
    del parameters["dense 1"]
    weights = {k: v for k, v in parameters.items() if not k.startswith("batch-norm")}
    weights["dense 1"] = 1024 * 1000
    for word, (share, learned) in MOBILENET.items():
        ours = sum(v for k, v in products.items() if k.startswith(word))
        assert ours / sum(products.values()) == pytest.approx(share, abs=1e-4)
        ours = sum(v for k, v in weights.items() if k.startswith(word))
        assert ours / sum(weights.values()) == pytest.approx(learned, abs=1e-4)
    assert round(total("mobilenet", "multiplications") / 1e6) == 569
    assert round(total("mobilenet", "parameters") / 1e6, 1) == 4.2


def test_resnet_18() -> None:
    """He, Zhang, Ren, Sun, Deep residual learning (2016), table 1: sizes, 1.8e9 multiply-adds."""
    heights = rows("resnet-18", "height")
    assert sorted({v for k, v in heights.items() if k.startswith("conv")}) == [7, 14, 28, 56, 112]
    assert round(total("resnet-18", "multiplications") / 1e9, 1) == 1.8
    stages = [(1 + 2 * 3) * jump for jump in (4, 8, 16)]  # the first window moves by 2
    assert rows("resnet-18", "field")["residual 8"] == 1 + 6 + 2 * 2 + 4 * 2 * 4 + 2 * sum(stages)


# Araujo, Norris, Sim, Computing receptive fields of convolutional neural networks (2019), the table of
# modern networks: pixels that an output of the last window sees
FIELDS = {
    "alexnet": ("max-pool 3", 195),
    "vgg-16": ("max-pool 5", 212),
    "mobilenet": ("depthwise 13", 315),
}


@pytest.mark.parametrize("file", FIELDS)
def test_receptive_fields(file: str) -> None:
    layer, pixels = FIELDS[file]
    assert rows(file, "field")[layer] == pixels
