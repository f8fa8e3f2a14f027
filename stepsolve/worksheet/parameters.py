"""What models consist of: a row each, with the formulas of their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

WORDS: Final = {
    "D_x": "entries of an input",
    "H": "units of the state",
    "M": "height and width of a kernel",
    "C_x": "channels that go in",
    "C_y": "filters, one for every channel that comes out",
    "V": "words of the vocabulary",
    "d": "width of the model",
    "A": "heads of attention",
    "F": "width of the feed-forward layer",
    "L": "layers",
    "T": "positions",
    "S": "kinds of segments",
}


class Part(NamedTuple):
    """One part of a model: its name, its count with and without biases, and what it is.

    `#b` in a formula stands for the number of biases, `+b(...)` for a term that biases add.
    """

    name: str
    weights: str
    biases: str
    because: str


class Model(NamedTuple):
    """A model: its sizes, its parts, the formula of all of them, and what is said of it."""

    sizes: tuple[str, ...]
    parts: tuple[Part, ...]
    total: str = ""
    said: str = ""
    norms: bool = False


def _gated(gates: int, said: str) -> Model:
    front = f"{gates} * " if gates > 1 else ""
    of = "every gate" if gates > 1 else "the layer"
    return Model(
        ("D_x", "H"),
        (
            Part("inputs", f"{front}H * D_x", "", f"{of} sees the input"),
            Part("states", f"{front}H * H", "", f"{of} sees the state before"),
            Part("biases", "", f"{front}H", f"a bias for every unit of {of}"),
        ),
        said=said,
    )


_ATTENTION: Final = "queries, keys, values and output"
_FEED: Final = Part("feed_forward", "2 * d * F", "F + d", "from d to F and back")
_ENCODER: Final = (
    Part("attention", "4 * d^2", "4 * d", _ATTENTION),
    _FEED,
    Part("norms", "2 * 2 * d", "", "a scale and a shift, twice"),
    Part("layer", "attention + feed_forward + norms", "", "one layer"),
)
_DECODER: Final = (
    Part("attention", "2 * 4 * d^2", "2 * 4 * d", f"{_ATTENTION}, of itself and of the encoder"),
    _FEED,
    Part("norms", "3 * 2 * d", "", "a scale and a shift, three times"),
    Part("layer", "attention + feed_forward + norms", "", "one layer"),
)
_HEADS: Final = "The heads share the width: A heads of d/A rows each are d rows together."

MODELS: Final[Mapping[str, Model]] = {
    "rnn": _gated(1, ""),
    "lstm": _gated(4, "Input, forget and output gate and the candidate: four of the same size."),
    "gru": _gated(3, "Reset and update gate and the candidate: three of the same size."),
    "conv": Model(
        ("M", "C_x", "C_y"),
        (
            Part("weights", "M^2 * C_x * C_y", "", "a kernel over all channels for every filter"),
            Part("biases", "", "C_y", "one for every filter"),
        ),
    ),
    "embedding": Model(("V", "d"), (Part("table", "V * d", "", "a row for every word"),)),
    "attention": Model(
        ("d", "A"),
        (
            Part("projections", "3 * d * d", "", "queries, keys and values"),
            Part("output", "d * d", "", "of all heads together"),
            Part("biases", "", "4 * d", "of the four matrices"),
        ),
        said=_HEADS,
    ),
    "encoder": Model(("L", "d", "A", "F"), _ENCODER, "L * layer", _HEADS, norms=True),
    "decoder": Model(("L", "d", "A", "F"), _DECODER, "L * layer", _HEADS, norms=True),
    "transformer": Model(
        ("V", "L", "d", "A", "F"),
        (
            Part("embedding", "V * d", "", "shared by both sides and the output"),
            Part("encoder_layer", "4 * d^2 + 2 * d * F + 2 * 2 * d", "4 * d + F + d", "one layer"),
            Part(
                "decoder_layer",
                "2 * 4 * d^2 + 2 * d * F + 3 * 2 * d",
                "2 * 4 * d + F + d",
                "with a second attention",
            ),
        ),
        "embedding + L * (encoder_layer + decoder_layer)",
        _HEADS + " Positions are sines: nothing of them is learned.",
    ),
    "bert": Model(
        ("V", "T", "S", "L", "d", "A", "F"),
        (
            Part("embeddings", "(V + T + S) * d + 2 * d", "", "words, positions, segments, a norm"),
            *_ENCODER,
            Part("pooler", "d^2", "d", "a dense layer on the first word"),
        ),
        "embeddings + L * layer + pooler",
        _HEADS,
    ),
}
