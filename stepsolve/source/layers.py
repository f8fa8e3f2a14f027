"""Readers of the layers of a convolutional network: `conv: {filters: 10, kernel: 3}`, `flatten` ...

A layer is a word, or a mapping of one word to its number or to its options. Sizes that differ along
height and width are lists of two. Blocks hold lists of layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

from stepsolve.errors import nearest
from stepsolve.source.data import Node
from stepsolve.source.extents import LARGEST, Pair, borders, extents, margins
from stepsolve.source.fields import (
    Reader,
    boolean,
    entry,
    integer,
    list_of,
    record,
    text,
    written,
)
from stepsolve.source.report import Report, shown

DEEPEST: Final = 6  # blocks within each other
MOST: Final = 2_000  # layers of an architecture, those in blocks included


@dataclass(frozen=True)
class Named:
    """What every layer may have."""

    name: str = entry(text, "What the layer is called.", default="")


@dataclass(frozen=True)
class Windowed(Named):
    """A layer whose window slides over height and width."""

    kernel: Pair = entry(extents, "The size of the window.", default=(1, 1))
    stride: Pair = entry(extents, "How far it moves.", default=(1, 1))
    padding: Pair | str = entry(margins, "Pixels on every border, valid or same.", default=(0, 0))
    dilation: Pair = entry(extents, "How far apart the taps are.", default=(1, 1))
    bias: bool = entry(boolean, "Whether every output channel has a bias.", default=True)


@dataclass(frozen=True)
class Conv(Windowed):
    """A convolution."""

    filters: int = entry(integer(1, LARGEST), "How many output channels.")
    kernel: Pair = entry(extents, "The size of the window.")
    groups: int = entry(
        integer(1, LARGEST), "Groups of channels that see only themselves.", default=1
    )
    connections: tuple[tuple[int, ...], ...] = entry(
        list_of(list_of(integer(0, LARGEST), 1), 1),
        "For every filter the list of the input channels that it sees, from 0; all if left out.",
        default=(),
    )


@dataclass(frozen=True)
class TransposedConv(Windowed):
    """A transposed convolution: every input spreads the kernel over a window of the output."""

    filters: int = entry(integer(1, LARGEST), "How many output channels.")
    kernel: Pair = entry(extents, "The size of the window.")
    padding: Pair = entry(borders, "Pixels that are cut off on every border.", default=(0, 0))
    output_padding: Pair = entry(
        borders, "How much larger the output is than it must be.", default=(0, 0)
    )


@dataclass(frozen=True)
class Pointwise(Named):
    """A convolution with a 1 x 1 kernel."""

    filters: int = entry(integer(1, LARGEST), "How many output channels.")
    stride: Pair = entry(extents, "How far it moves.", default=(1, 1))
    bias: bool = entry(boolean, "Whether every output channel has a bias.", default=True)


@dataclass(frozen=True)
class Depthwise(Windowed):
    """A convolution of every channel by itself."""

    kernel: Pair = entry(extents, "The size of the window.")
    multiplier: int = entry(integer(1, 1000), "Output channels for each input channel.", default=1)


@dataclass(frozen=True)
class Pool(Named):
    """The largest value, or the average, in every window."""

    size: Pair = entry(extents, "The size of the window.")
    stride: Pair | None = entry(extents, "How far it moves; its size if left out.", default=None)
    padding: Pair | str = entry(margins, "Pixels on every border, valid or same.", default=(0, 0))


@dataclass(frozen=True)
class AveragePool(Pool):
    """The average in every window; trained, with a coefficient and a bias for each channel."""

    trained: bool = entry(
        boolean,
        "Whether the sum of a window is multiplied by a coefficient and gets a bias, both of the "
        "channel and learned: subsampling as in LeNet-5.",
        default=False,
    )


@dataclass(frozen=True)
class Dense(Named):
    """A layer in which every unit sees every input."""

    units: int = entry(integer(1, LARGEST), "How many units.")
    bias: bool = entry(boolean, "Whether every unit has a bias.", default=True)


@dataclass(frozen=True)
class Residual(Named):
    """The sum of some layers and a shortcut past them."""

    layers: tuple[Layer, ...] = entry(
        Reader(lambda n, r: _inner.read(n, r), {"type": "array"}, "a list", ("list",)),
        "The layers that are passed by.",
    )
    shortcut: tuple[Layer, ...] = entry(
        Reader(lambda n, r: _inner.read(n, r), {"type": "array"}, "a list", ("list",)),
        "Layers on the shortcut, such as a projection; none if the sizes agree.",
        default=(),
    )


@dataclass(frozen=True)
class Concat(Named):
    """Branches side by side, their channels one after the other: an inception block."""

    branches: tuple[tuple[Layer, ...], ...] = entry(
        Reader(lambda n, r: list_of(_inner, 2).read(n, r), {"type": "array"}, "a list", ("list",)),
        "The lists of layers side by side.",
    )


@dataclass(frozen=True)
class Repeat:
    """Layers that follow each other several times."""

    times: int = entry(integer(1, MOST), "How many times.")
    layers: tuple[Layer, ...] = entry(
        Reader(lambda n, r: _inner.read(n, r), {"type": "array"}, "a list", ("list",)),
        "The layers that are repeated.",
    )


class Layer(NamedTuple):
    """A layer by its word, with its options if it has any, and where it stands."""

    word: str
    options: Any
    node: Node
    inner: Node | None = None

    def at(self, key: str) -> Node:
        """Where an option stands, or else the layer."""
        found = (
            self.inner.value.get(key) if self.inner and isinstance(self.inner.value, dict) else None
        )
        return found or self.node

    @property
    def name(self) -> str:
        """What the file calls it."""
        return self.options.name if isinstance(self.options, Named) else ""


UNCHANGED: Final = (  # they have neither parameters nor a size of their own
    *("relu", "sigmoid", "tanh", "softmax", "leaky-relu", "gelu", "swish", "elu"),
    "local-response-norm",
)
BARE: Final = (
    *UNCHANGED,
    *("flatten", "global-average-pool", "global-max-pool", "batch-norm", "dropout"),
)
_RECORDS: Final[dict[str, type[Named | Repeat]]] = {
    "conv": Conv,
    "transposed-conv": TransposedConv,
    "pointwise": Pointwise,
    "depthwise": Depthwise,
    "max-pool": Pool,
    "average-pool": AveragePool,
    "dense": Dense,
    "residual": Residual,
    "concat": Concat,
    "repeat": Repeat,
}
_NUMBERED: Final = {  # the option that a bare number is
    "dense": "units",
    "pointwise": "filters",
    "max-pool": "size",
    "average-pool": "size",
}
_LISTS: Final = ("layers", "shortcut", "branches")  # the options of blocks that hold layers
WORDS: Final = (*_RECORDS, *BARE)


def _read_layer(node: Node, report: Report) -> Layer | None:
    if isinstance(node.value, dict):
        if len(node.value) != 1:
            found = f"{len(node.value)} are" if node.value else "none is"
            hint = "each layer is an entry of the list: - conv: {filters: 10, kernel: 3}"
            report.add(node.diagnose(f"one layer belongs here, but {found} written", hint))
            return None
        ((word, inner),) = node.value.items()
        return _with_options(word, inner, node, report)
    word = written(node)
    if word in BARE:
        return Layer(word, None, node)
    if word in _RECORDS:
        wanted = " and ".join(k for k in ("filters", "kernel") if k in _required(word))
        hint = f"write {word}: {{{wanted or _required(word)[0]}: ...}}"
        report.add(node.diagnose(f"{word} needs its options", hint))
    else:
        report.add(_unknown(word, node))
    return None


def _required(word: str) -> list[str]:
    from stepsolve.source.fields import entries

    return [key for key, item in entries(_RECORDS[word]).items() if item.required]


def _unknown(word: str, node: Node) -> Any:
    hint = nearest(word, WORDS) or f"the layers are {', '.join(WORDS)}"
    return node.diagnose(f"there is no layer {shown(word)}", hint)


def _with_options(word: str, inner: Node, node: Node, report: Report) -> Layer | None:
    at = Node(word, node.path, node.keys.get(word, node.place))
    if word == "dropout":
        rate = _rate.read(inner, report)
        return None if rate is None else Layer(word, None, at)
    if word in BARE:
        report.add(inner.diagnose(f"{word} has no options", f"write {word} alone"))
        return None
    if word not in _RECORDS:
        report.add(_unknown(word, at))
        return None
    if word in _NUMBERED and not isinstance(inner.value, dict):
        inner = Node({_NUMBERED[word]: inner}, inner.path, inner.place)
    found = _READERS[word].read(inner, report)
    return None if found is None else Layer(word, found, at, inner)


def _read_rate(node: Node, report: Report) -> str | None:
    try:
        value = float(written(node))
    except ValueError:
        value = -1.0
    if 0 <= value < 1:
        return written(node)
    report.add(node.diagnose("a rate from 0 to below 1 belongs here", "write dropout: 0.5"))
    return None


_rate: Reader[str] = Reader(_read_rate, {"type": "number"}, "a rate from 0 to below 1")
_READERS: Final = {word: record(cls) for word, cls in _RECORDS.items()}


def _schema() -> dict[str, object]:
    options: list[dict[str, object]] = [{"enum": list(BARE)}]
    for word, reader in _READERS.items():
        inner: dict[str, object] = reader.schema()
        if word in _NUMBERED:
            number = {"type": "integer", "minimum": 1, "maximum": LARGEST}
            inner = {"anyOf": [number, inner]}
        options.append(_only(word, inner))
    return {"anyOf": [*options, _only("dropout", _rate.schema())]}


def _only(word: str, inner: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {word: inner},
        "required": [word],
        "additionalProperties": False,
    }


_layer: Reader[Layer] = Reader(_read_layer, _schema(), "a layer", ("text", "mapping"))
_written: Reader[tuple[Layer, ...]] = list_of(_layer, minimum=1)


def _read_inner(node: Node, report: Report) -> tuple[Layer, ...] | None:
    """The layers of a list, those that are repeated as often as they come up."""
    found = _written.read(node, report)
    if found is None:
        return None
    repeated = [
        layer.options.layers * layer.options.times
        if isinstance(layer.options, Repeat)
        else (layer,)
        for layer in found
    ]
    return tuple(chain.from_iterable(repeated))


_inner: Reader[tuple[Layer, ...]] = Reader(_read_inner, _written.schema(), "a list", ("list",))


def _read_layers(node: Node, report: Report) -> tuple[Layer, ...] | None:
    total, deepest = _extent(node)
    if total > MOST:
        report.add(node.diagnose(f"an architecture has at most {MOST} layers, this has {total}"))
        return None
    if deepest > DEEPEST:
        report.add(node.diagnose(f"blocks stand at most {DEEPEST} deep in each other"))
        return None
    return _inner.read(node, report)


def _extent(node: Node) -> tuple[int, int]:
    """How many layers stand in a list, repeated ones as often, and how deep its blocks go."""
    total = deepest = 0
    for item in node.value if isinstance(node.value, list) else ():
        own, depth = 1, 0
        for word, block in item.value.items() if isinstance(item.value, dict) else ():
            within, depth = _within(block)
            own = max(own, within * _times(block)) if word == "repeat" else own + within
        total, deepest = total + own, max(deepest, depth)
    return total, deepest


def _within(block: Node) -> tuple[int, int]:
    """The same of the lists of a block."""
    total = deepest = 0
    parts = block.value if isinstance(block.value, dict) else {}
    for part in (parts[key] for key in _LISTS if key in parts):
        entries = part.value if isinstance(part.value, list) else []
        for one in [e for e in entries if isinstance(e.value, list)] or [part]:
            if isinstance(one.value, list):
                below, depth = _extent(one)
                total, deepest = total + below, max(deepest, depth + 1)
    return total, deepest


def _times(block: Node) -> int:
    """How often a block is repeated; what is no number is told where it is read."""
    node = block.value.get("times") if isinstance(block.value, dict) else None
    typed = node.value if node is not None else None
    if isinstance(typed, str) and typed.isdecimal() and len(typed) < 10:
        return int(typed)
    return 1


layer_list: Reader[tuple[Layer, ...]] = Reader(_read_layers, _inner.schema(), "a list", ("list",))
image: Reader[tuple[int, ...]] = Reader(
    lambda node, report: _read_image(node, report),
    {"type": "array", "items": integer(1, LARGEST).schema(), "minItems": 1},
    "a list of height, width and channels",
    ("list",),
)


def _read_image(node: Node, report: Report) -> tuple[int, ...] | None:
    found = list_of(integer(1, LARGEST), minimum=1).read(node, report)
    if found is None:
        return None
    if len(found) not in (1, 3):
        told = f"height, width and channels belong here, not {len(found)} sizes"
        report.add(node.diagnose(told, "write input: [32, 32, 3]"))
        return None
    return found
