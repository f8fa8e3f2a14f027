"""One sweep over the kinds of networks: what is wrong in a file is told, at its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

import stepsolve
from stepsolve.errors import Diagnosis, InvalidProblem

Problem = dict[str, Any]
A, EYE = [[0.5, -0.3], [0.8, 0.2]], [[1, 0], [0, 1]]
GATES = {g: {f"W_x{g}": A, f"W_h{g}": A, f"b_{g}": [0, 0.1]} for g in "ifogrzn"}
SEQUENCE: Problem = {"inputs": [[1, 2], [0.5, 3]], "targets": [[0.5, 0.1], [1, 0]]}
HEADS = {f"W_{name}": A for name in "QKVO"}

BASES: dict[str, Problem] = {
    "perceptron": {"weights": {"w": [1, 1], "b": -1.5}, "targets": "AND"},
    "perceptron-training": {"weights": {"w": [0, 0], "b": 0}, "targets": "AND", "rate": 0.5},
    "mlp": {
        "inputs": [0.1, 0.5],
        "targets": [0, 1],
        "weights": {"W1": A, "b1": [0, 0.1], "W2": A, "b2": [0, 0.1]},
        "activation": ["tanh", "softmax"],
    },
    "softmax": {"input": [1, 2], "upstream": [1, -1]},
    "cross-entropy": {"logits": [1, 2], "target": [0.5, 0.5]},
    "linear-regression": {"inputs": [1, 2, 4], "targets": [1, 2, 3], "weights": {"w": 1, "b": 0}},
    "softmax-regression": {"inputs": A, "targets": [0, 1], "weights": {"W": A, "b": [0, 0]}},
    "max-margin": {
        "window": [1, 2],
        "corrupted": [2, 1],
        "weights": {"W": A, "b": [0, 0.1], "v": [1, -1]},
    },
    "autoencoder": {"input": [1, 2], "weights": {"W_e": [[1, 0.5]], "W_d": [[1], [0.5]]}},
    "dropout": {
        "activations": [1, 2],
        "mask": [1, 0],
        "keep-probability": 0.5,
        "upstream": [1, 1],
    },
    "normalization": {
        "input": [[1, 2], [3, 5]],
        "weights": {"gamma": [1, 2], "beta": [0, 1]},
        "upstream": A,
    },
    "optimizer": {
        "function": "J(x) = dot(x, x)",
        "start": {"x": [1, 2]},
        "update": {"rate": 0.1, "steps": 2},
    },
    "word2vec": {
        "weights": {"U": A, "V": A},
        "center": 0,
        "outside": 1,
        "method": "skip-gram",
        "loss": "softmax",
    },
    "glove": {"counts": [[1, 2], [3, 0]], "weights": {"U": A, "V": A}},
    "embedding": {"weights": {"E": A}, "look-up": [0, 1], "upstream": A},
    "rnn": SEQUENCE | {"weights": {"W_xh": A, "W_hh": A, "b_h": [0, 0.1], "W_hy": A}},
    "lstm": SEQUENCE | {"weights": {**GATES["i"], **GATES["f"], **GATES["o"], **GATES["g"]}},
    "gru": SEQUENCE | {"weights": {**GATES["r"], **GATES["z"], **GATES["n"]}},
    "attention": {
        "inputs": A,
        "weights": dict.fromkeys(("W_Q", "W_K", "W_V"), A),
        "targets": A,
    },
    "multi-head-attention": {"inputs": A, "heads": 2, "weights": HEADS, "targets": A},
    "transformer-block": {
        "inputs": A,
        "heads": 2,
        "weights": {**HEADS, "W_1": A, "b_1": [0, 1], "W_2": A, "gamma_1": [1, 2]},
        "targets": A,
    },
    "retrieval": {"query": [1, 2], "keys": A, "values": A},
}


def base(kind: str) -> Problem:
    return {"kind": kind, **deepcopy(BASES[kind])}


def mistakes(problem: Problem) -> tuple[Diagnosis, ...]:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(problem)
    return caught.value.diagnoses


def told(problem: Problem, place: str, *words: str) -> None:
    """Whether a mistake is told at a place, or below it, in certain words."""
    found = [(str(d.place), d.message) for d in mistakes(problem)]
    at_place = [
        message for at, message in found if at == place or at.startswith((place + "[", place + "."))
    ]
    assert any(all(word in message for word in words) for message in at_place), found


def put(problem: Problem, path: tuple[Any, ...], value: object) -> Problem:
    """The problem with another value at a path."""
    at: Any = problem
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return problem


def written(path: tuple[Any, ...]) -> str:
    text = str(path[0])
    return text + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[1:])


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of the first numbers of all arrays and quantities."""
    match value:
        case bool() | str():
            return
        case int() | float():
            yield path
        case list():
            yield from numbers(value[0], (*path, 0))
        case dict():
            for key, inner in value.items():
                yield from numbers(inner, (*path, key))


@pytest.mark.parametrize("kind", BASES)
def test_the_base_is_right(kind: str) -> None:
    assert stepsolve.solve(base(kind)).confirmed


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "1/0", "log(-1)"])
@pytest.mark.parametrize("kind", BASES)
def test_a_value_that_is_no_finite_number(kind: str, value: str) -> None:
    paths = list(numbers(BASES[kind]))
    assert paths
    for path in paths:
        told(put(base(kind), path, value), written(path))


@pytest.mark.parametrize("kind", BASES)
def test_a_value_of_another_type(kind: str) -> None:
    for path in numbers(BASES[kind]):
        for wrong in ({"a": 1}, "a text", None, True, [[[[[1]]]]]):
            assert mistakes(put(base(kind), path, wrong)), (path, wrong)


@pytest.mark.parametrize("kind", BASES)
def test_keys_of_another_type(kind: str) -> None:
    """Every key with a list, a mapping or nothing where it has no place: never a traceback."""
    for key in BASES[kind]:
        for wrong in ({}, [], "", None, {"a": {"b": []}}, [[]], -1, 10**30, "x" * 5000):
            with suppress(InvalidProblem):
                stepsolve.solve(put(base(kind), (key,), wrong))


MISFITS: list[tuple[str, tuple[str, ...], object, tuple[str, ...]]] = [
    ("perceptron", ("weights", "w"), [[1, 2]], ("w", "1 × 2")),
    ("perceptron-training", ("weights", "w"), [[1, 2]], ("w", "1 × 2")),
    ("mlp", ("weights", "W2"), [[1, 2, 3]], ("W2 is 1 × 3", "a1 has 2 entries")),
    ("softmax", ("upstream",), [1], ("upstream has 1 entry", "2 entries")),
    ("cross-entropy", ("target",), [1], ("the target has 1 entry", "2 entries")),
    ("linear-regression", ("targets",), [1, 2], ("y has 2 entries", "3 entries")),
    ("softmax-regression", ("weights", "W"), [[1, 2, 3]], ("W is 1 × 3", "2 features")),
    ("max-margin", ("weights", "W"), [[1, 2, 3]], ("W is 1 × 3", "a window has 2 entries")),
    ("autoencoder", ("weights", "W_e"), [[1, 2, 3]], ("W_e is 1 × 3", "the input has 2 entries")),
    ("dropout", ("mask",), [1], ("the mask has 1 entry", "2 entries")),
    ("normalization", ("weights", "gamma"), [1], ("gamma has 1 entry", "2 entries")),
    ("word2vec", ("weights", "V"), [[1]], ("V is 1 × 1", "2 × 2")),
    ("glove", ("weights", "U"), [[1]], ("U is 1 × 1", "2 × 1")),
    ("embedding", ("upstream",), [[1]], ("upstream is 1 × 1", "2 × 2")),
    ("rnn", ("weights", "W_xh"), [[1]], ("W_xh is 1 × 1", "2 × 2")),
    ("lstm", ("weights", "W_xf"), [[1]], ("W_xf is 1 × 1", "2 × 2")),
    ("gru", ("weights", "W_hz"), [[1]], ("W_hz is 1 × 1", "2 × 2")),
    ("attention", ("weights", "W_K"), [[1]], ("W_K is 1 × 1", "2 × 2")),
    ("multi-head-attention", ("weights", "W_O"), [[1]], ("W_O is 1 × 1", "2 × 1")),
    ("transformer-block", ("weights", "W_2"), [[1]], ("W_2 is 1 × 1", "2 × 2")),
    ("retrieval", ("keys",), [[1, 2, 3]], ("keys have 3 entries", "the query has 2 entries")),
]


@pytest.mark.parametrize(("kind", "path", "value", "words"), MISFITS, ids=lambda v: str(v)[:24])
def test_sizes_that_do_not_fit(
    kind: str, path: tuple[str, ...], value: object, words: tuple[str, ...]
) -> None:
    told(put(base(kind), path, value), written(path), *words)


NEEDED = {
    "perceptron": "w",
    "perceptron-training": "w",
    "mlp": "W1",
    "linear-regression": "w",
    "softmax-regression": "W",
    "max-margin": "v",
    "autoencoder": "W_d",
    "word2vec": "V",
    "glove": "U",
    "embedding": "E",
    "rnn": "W_hh",
    "lstm": "W_ho",
    "gru": "W_xn",
    "attention": "W_K",
    "multi-head-attention": "W_O",
    "transformer-block": "W_2",
}


@pytest.mark.parametrize(("kind", "name"), NEEDED.items(), ids=NEEDED)
def test_a_missing_weight(kind: str, name: str) -> None:
    problem = base(kind)
    del problem["weights"][name]
    told(problem, "weights", name, "missing")


@pytest.mark.parametrize("kind", NEEDED)
def test_an_unknown_weight(kind: str) -> None:
    told(put(base(kind), ("weights", "Omega_9"), 1), "weights.Omega_9", "Omega_9")


CLASSES: list[tuple[str, Problem, str]] = [
    ("mlp", {"targets": 2}, "targets"),
    ("cross-entropy", {"class": 2}, "class"),
    ("softmax-regression", {"targets": [0, 2]}, "targets[1]"),
    ("word2vec", {"outside": 2}, "outside"),
    ("word2vec", {"center": -1}, "center"),
    ("embedding", {"look-up": [0, 2]}, "look-up[1]"),
    ("rnn", {"targets": [0, 2], "loss": "cross-entropy"}, "targets[1]"),
]


@pytest.mark.parametrize(("kind", "change", "place"), CLASSES, ids=lambda v: str(v)[:30])
def test_a_class_out_of_range(kind: str, change: Problem, place: str) -> None:
    problem = base(kind) | change
    if "class" in change:
        del problem["target"]
    told(problem, place)


SHARES: list[tuple[str, Problem, str]] = [
    ("mlp", {"targets": [0.5, 0.4]}, "targets"),
    ("cross-entropy", {"target": [0.5, 0.4]}, "target"),
    ("softmax-regression", {"targets": [[0.5, 0.5], [0.5, 0.4]]}, "targets"),
    ("rnn", {"targets": [[0.5, 0.5], [0.5, 0.4]], "loss": "cross-entropy"}, "targets[1]"),
]


@pytest.mark.parametrize(("kind", "change", "place"), SHARES, ids=lambda v: str(v)[:30])
def test_probabilities_that_do_not_sum_to_one(kind: str, change: Problem, place: str) -> None:
    told(base(kind) | change, place, "sum", "0.9")


@pytest.mark.parametrize("kind", [kind for kind, problem in BASES.items() if "inputs" in problem])
def test_an_empty_sequence(kind: str) -> None:
    told(base(kind) | {"inputs": []}, "inputs", "at least one entry")
    told(base(kind) | {"inputs": [[]]}, "inputs", "at least one entry")


@pytest.mark.parametrize("kind", ["multi-head-attention", "transformer-block"])
def test_a_width_that_heads_cannot_share(kind: str) -> None:
    told(base(kind) | {"heads": 3}, "weights.W_Q", "2 columns of W_Q", "3 heads")


DIVERGING = {
    "mlp": {"activation": ["identity", "identity"]},
    "linear-regression": {},
    "softmax-regression": {"lambda": 0.1},
    "max-margin": {"activation": "identity", "margin": 1000},
    "autoencoder": {"activation": "identity"},
    "optimizer": {},
    "rnn": {"activation": "identity"},
    "lstm": {"weights": BASES["lstm"]["weights"] | {"W_hy": A, "b_y": [1, 2]}},
    "gru": {"weights": BASES["gru"]["weights"] | {"W_hy": A, "b_y": [1, 2]}},
    "attention": {},
    "multi-head-attention": {},
    "transformer-block": {"norm": "pre"},
}


@pytest.mark.parametrize("kind", DIVERGING)
def test_a_rate_that_leads_beyond_all_numbers(kind: str) -> None:
    """The line of the step where it happens is named, at the rate."""
    change: Problem = {**DIVERGING[kind], "update": {"rate": "1e90", "steps": 8}}
    (one,) = mistakes(base(kind) | change)
    place = "function" if kind == "optimizer" else "update.rate"
    assert str(one.place) == place and "is too large" in one.message, one
    assert "smaller" in one.hint and any(
        f"_{k}" in one.message or f"step{k}" in one.message for k in range(9)
    )


def test_mistakes_are_told_together() -> None:
    problem = base("lstm") | {"loss": "squared", "vectors": "diagonal", "digits": 99}
    problem["inputs"] = [["nan", 2], [1, "inf"]]
    places = {str(d.place) for d in mistakes(problem)}
    assert places == {"loss", "vectors", "digits", "inputs[0][0]", "inputs[1][1]"}
