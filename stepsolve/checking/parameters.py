"""The oracle of parameter counts: the arrays that a layer really has, and how many entries they hold.

Each model is a function from its sizes to arrays by part, as they are laid out in programs: the gates
of an LSTM in one matrix, every head with matrices of its own. No formula for a count is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

Dims = tuple[int, ...]
Arrays = dict[str, list[Dims]]
Sizes = Mapping[str, int]
METHOD: Final = "counting the entries of the arrays"


def entries(arrays: Sequence[Dims]) -> int:
    """The entries of some arrays together."""
    return sum(int(np.multiply.reduce(np.array(dims, dtype=object))) for dims in arrays)


def _affine(inputs: int, outputs: int, biases: int) -> list[Dims]:
    return [(outputs, inputs), *([(outputs,)] * biases)]


def mlp(widths: Sequence[int], biases: int) -> Arrays:
    """Dense layers, one after the other."""
    return {
        f"layer_{k}": _affine(inputs, outputs, biases)
        for k, (inputs, outputs) in enumerate(pairwise(widths), 1)
    }


def _gated(gates: int) -> Callable[[Sizes, int], Arrays]:
    def arrays(sizes: Sizes, biases: int) -> Arrays:
        rows = gates * sizes["H"]
        found: Arrays = {"inputs": [(rows, sizes["D_x"])], "states": [(rows, sizes["H"])]}
        return found | ({"biases": [(rows,)] * biases} if biases else {})

    return arrays


def _conv(sizes: Sizes, biases: int) -> Arrays:
    m, inputs, outputs = sizes["M"], sizes["C_x"], sizes["C_y"]
    found: Arrays = {"weights": [(outputs, inputs, m, m)]}
    return found | ({"biases": [(outputs,)]} if biases else {})


def _embedding(sizes: Sizes, _: int) -> Arrays:
    return {"table": [(sizes["V"], sizes["d"])]}


def _heads(sizes: Sizes, biases: int) -> list[Dims]:
    d, heads = sizes["d"], sizes["A"]
    each = d // heads
    inner = [dims for _ in range(3 * heads) for dims in _affine(d, each, biases)]
    return inner + _affine(d, d, biases)


def _attention(sizes: Sizes, biases: int) -> Arrays:
    found = _heads(sizes, biases)
    return {
        "projections": [dims for dims in found[: -1 - biases] if len(dims) == 2],
        "output": [found[-1 - biases]],
        **({"biases": [dims for dims in found if len(dims) == 1]} if biases else {}),
    }


def _block(attentions: int) -> Callable[[Sizes, int], Arrays]:
    def arrays(sizes: Sizes, biases: int) -> Arrays:
        d = sizes["d"]
        widths = _affine(d, sizes["F"], biases) + _affine(sizes["F"], d, biases)
        return {
            "attention": _heads(sizes, biases) * attentions,
            "feed_forward": widths,
            "norms": [(d,), (d,)] * (attentions + 1),
        }

    return arrays


_ENCODER, _DECODER = _block(1), _block(2)


def _stack(block: Callable[[Sizes, int], Arrays]) -> Callable[[Sizes, int], Arrays]:
    def arrays(sizes: Sizes, biases: int) -> Arrays:
        found = block(sizes, biases)
        return found | {"layer": [dims for part in found.values() for dims in part]}

    return arrays


def _transformer(sizes: Sizes, biases: int) -> Arrays:
    one, other = _stack(_ENCODER)(sizes, biases), _stack(_DECODER)(sizes, biases)
    return {
        "embedding": [(sizes["V"], sizes["d"])],
        "encoder_layer": one["layer"],
        "decoder_layer": other["layer"],
    }


def _bert(sizes: Sizes, biases: int) -> Arrays:
    d = sizes["d"]
    tables: list[Dims] = [(sizes["V"], d), (sizes["T"], d), (sizes["S"], d), (d,), (d,)]
    return {
        "embeddings": tables,
        **_stack(_ENCODER)(sizes, biases),
        "pooler": _affine(d, d, biases),
    }


_MODELS: Final[dict[str, Callable[[Sizes, int], Arrays]]] = {
    "rnn": _gated(1),
    "lstm": _gated(4),
    "gru": _gated(3),
    "conv": _conv,
    "embedding": _embedding,
    "attention": _attention,
    "encoder": _stack(_ENCODER),
    "decoder": _stack(_DECODER),
    "transformer": _transformer,
    "bert": _bert,
}
_TIMES_LAYERS: Final = ("layer", "encoder_layer", "decoder_layer")


def count(model: str, sizes: Sizes, biases: int) -> dict[str, int]:
    """The entries of every part of a model and, as `total`, of all of it."""
    arrays = _MODELS[model](sizes, biases)
    found = {part: entries(dims) for part, dims in arrays.items()}
    whole = {"attention", "feed_forward", "norms"} if "layer" in arrays else set()
    found["total"] = sum(
        number * (sizes["L"] if part in _TIMES_LAYERS else 1)
        for part, number in found.items()
        if part not in whole
    )
    return found


def count_mlp(widths: Sequence[int], biases: int) -> dict[str, int]:
    """The same of dense layers."""
    found = {part: entries(dims) for part, dims in mlp(widths, biases).items()}
    return found | {"total": sum(found.values())}
