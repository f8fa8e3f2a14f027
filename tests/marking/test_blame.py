"""A mistake in a formula for a name that the problem does not have is told at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import stepsolve
from stepsolve.marking import readings
from stepsolve.marking.verdicts import Marked

IOU = Path(__file__).parents[2] / "problems" / "detection" / "iou.yaml"  # areas 4, overlap 1: 1/7
NEURON: dict[str, object] = {
    "kind": "graph",
    "given": {"w": 2, "x": -1.5, "b": -4, "y": 1},
    "lines": ["f = sigmoid(w*x + b)", "L = 0.5*(f - y)^2"],  # f = sigma(-7) = 0.00091, L = 0.49909
    "backward": "L",
}


def verdicts(marked: Marked) -> list[str]:
    return [str(line.worst) for line in marked.lines]


@pytest.mark.parametrize(
    ("problem", "lines", "wrong"),
    [
        (IOU, ["I = 1", "U = 4 + 4 = 8", "IoU = I/U = 0.125", "GIoU = IoU - (9 - U)/9 = 0.014"], 2),
        (IOU, ["I = 1", "U = 4 + 4 = 8", "IoU = 1/8 = 0.125", "GIoU = 0.125 - 1/9 = 0.014"], 2),
        (IOU, ["I = 1", "U = 9", "IoU = 0.111", "C = 9", "GIoU = 0.111"], 2),
        (NEURON, ["p = 2 + (-1.5) = 0.5", "z = p - 4 = -3.5", "f = 0.0293", "L = 0.471"], 1),
        (NEURON, ["p = w + x", "f = sigmoid(p + b) = 0.0293", "L = 0.471"], 1),
        (NEURON, ["f = 0.0009", "d = 0.0009 + 1 = 1.0009", "L = d^2/2 = 0.5009", "dL/df = d"], 2),
    ],
)  # fmt: skip
def test_the_line_of_the_name_is_wrong_and_the_others_follow(
    problem: dict[str, object] | Path, lines: list[str], wrong: int
) -> None:
    marked = stepsolve.check(lines, problem)
    assert marked.first_wrong is marked.lines[wrong - 1]
    assert verdicts(marked).count("wrong") == 1
    assert "follows" in verdicts(marked)[wrong:]


def test_a_part_that_is_right_is_not_wrong_for_being_used_amiss() -> None:
    """The sum of the areas is 8; to divide by it is the mistake, as far as one line tells."""
    marked = stepsolve.check(["I = 1", "S = 4 + 4 = 8", "IoU = I/S = 0.125"], IOU)
    assert marked.first_wrong is marked.lines[2]


@pytest.mark.parametrize(
    "lines",
    [
        ["p = -3", "z = p - 4 = -7", "f = 0.000911", "d = f - 1 = -0.999", "L = d^2/2 = 0.499"],
        ["k = 2 + 1 = 3", "f = sigmoid(-7) = 0.0009", "h = 0.5", "L = h*(f - 1)^2 = 0.4991"],
    ],
)
def test_honest_works_with_names_of_their_own_have_no_wrong_line(lines: list[str]) -> None:
    marked = stepsolve.check(lines, NEURON)
    assert marked.is_right


def test_without_it_the_line_that_uses_the_name_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "meanings", lambda *_: iter(()))
    marked = stepsolve.check(["p = w + x", "f = sigmoid(p + b) = 0.0293"], NEURON)
    assert marked.first_wrong is marked.lines[1]
