"""A mistake about one key of a problem file is told at that key, not at the top of the file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

import stepsolve
from stepsolve.errors import InvalidProblem, Place

PROBLEMS = Path(__file__).parents[2] / "problems"

# a file, a key of it with what is put there (nothing: the key is left out), and what the caret shows
WRONG: list[tuple[str, str, str, str]] = [
    ("calculus/recurrence-decay", "given", "{a: log(0), b: 1, x_0: 6}", "log(0)"),
    ("calculus/recurrence-decay", "given", "{a: 0.5, b: 1/0, x_0: 6}", "1/0"),
    ("calculus/direction", "direction", "{x: log(-1), y: 4}", "log(-1)"),
    ("calculus/cube-root", "at", "{x: 9^400}", "9^400"),
    ("calculus/cube-root", "function", "g(x) = x", "g(x) = x"),
    ("calculus/implicit-circle", "variable", "zzz", "zzz"),
    ("calculus/implicit-circle", "expression", "x", "x^2 + y^2 = 25"),
    ("calculus/limit-euler", "to", "1000000", "1000000"),
    ("calculus/limit-euler", "functions", "[f(x) = x]", "[f(x) = x]"),
    ("calculus/gradient-check-scalar", "expression", "x^2", "J(theta) = theta^2"),
    ("matrix/least-squares", "lines", "[y = 2 * x]", "[y = 2 * x]"),
    ("detection/detector-cells", "image", "7", "64"),
    ("detection/detector-cells", "strides", "", "448"),
    ("detection/detector-cells", "grids", "[13, 26]", "64"),
    ("detection/nms-classes", "classes", "[1, 2]", "[1, 2]"),
    ("detection/nms", "threshold", "log(0)", "log(0)"),
    ("detection/iou", "boxes", "{a: [0, 0, 1, 1]}", "[0, 0, 1, 1]"),
    ("detection/iou", "gradient", "yes", "yes"),
    ("probability/jensen-shannon", "p", "[a, b, 1 - a - b]", "true"),
    ("probability/entropy", "joint", "[[0.5, 0.5]]", "[[0.5, 0.5]]"),
    ("probability/likelihood-poisson", "trials", "2", "2"),
    ("probability/likelihood-poisson", "distribution", "binomial", "binomial"),
    ("probability/bayes-coins", "likelihoods", "{}", "{}"),
    ("positions/positional-encoding", "positions", "4", "4"),
    ("architectures/depthwise-separable-letters", "stride", "2", "2"),
    ("architectures/parameter-count-gru", "model", "mlp", "mlp"),
    ("convolution/spatial-attention", "weights", "{b: 1}", "{b: 1}"),
    ("convolution/pearson", "windows", "{}", "{}"),
    ("attention/attention-context", "score", "bilinear", "bilinear"),
    ("networks/xor-training", "scale", "0", "0"),
    ("networks/mlp-2-2-2", "weights", "{}", "{}"),
    ("training/batch-normalization", "running", "{mean: [0, 0], variance: [1, -2]}", "-2"),
]


def with_key(name: str, key: str, value: str) -> str:
    """The text of a problem file where another value stands at a key."""
    text = (PROBLEMS / f"{name}.yaml").read_text()
    rest = re.sub(rf"^{key}:.*\n(?:[ #-].*\n)*", "", text, flags=re.MULTILINE)
    return f"{rest}{key}: {value}\n" if value else rest


def places(text: str) -> list[Place]:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.solve(io.StringIO(text))
    return [d.place for d in caught.value.diagnoses if d.place]


@pytest.mark.parametrize(("name", "key", "value", "pointed"), WRONG, ids=lambda v: str(v)[:40])
def test_the_caret_stands_at_the_key(name: str, key: str, value: str, pointed: str) -> None:
    found = places(with_key(name, key, value))
    shown = [place.text[place.column - 1 :] for place in found]
    assert any(one.startswith(pointed) for one in shown), shown
    assert not any(one.startswith("kind:") for one in shown)
