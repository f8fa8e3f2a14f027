"""Overlaps of boxes, their gradients, suppression and sizes, against Python written here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Derivation, Section, Table, Text
from stepsolve.kinds.nms import NMS

Array = Any


def told(**keys: object) -> list[str]:
    """The messages of a wrong problem, each with its place."""
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve(keys)
    return [f"{d.place}: {d.message}" if d.place else d.message for d in caught.value.diagnoses]


def corners(box: Array, form: str) -> Array:
    x, y, w, h = box
    if form == "corners":
        return np.array(box, dtype=float)
    if form == "corner-size":
        return np.array([x, y, x + w, y + h])
    return np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def overlap(one: Array, other: Array, more: float = 0.0) -> tuple[float, float]:
    """IoU and the generalised one of two boxes by their corners."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = np.prod(np.maximum(high - low + more, 0))
    areas = [np.prod(b[2:] - b[:2] + more) for b in (one, other)]
    union = sum(areas) - both
    hull = np.prod(np.maximum(one[2:], other[2:]) - np.minimum(one[:2], other[:2]) + more)
    return float(both / union), float(both / union - (hull - union) / hull)


def boxes(seed: int, count: int, form: str) -> Array:
    random = np.random.default_rng(seed)
    first = random.integers(0, 60, (count, 2)) / 10
    size = random.integers(5, 50, (count, 2)) / 10
    return np.hstack([first, first + size if form == "corners" else size])


FORMS = ("corners", "corner-size", "centre-size")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_overlaps_are_those_of_numpy(seed: int, form: str) -> None:
    a, b = boxes(seed, 2, form)
    found = stepsolve.solve(
        {
            "kind": "iou",
            "boxes": {"A": a.tolist(), "B": b.tolist()},
            "form": form,
            "generalised": "true",
        }
    )
    assert found.confirmed
    iou, general = overlap(corners(a, form), corners(b, form))
    assert found.quantities["IoU"] == pytest.approx(iou, rel=1e-9, abs=1e-12)
    assert found.quantities["GIoU"] == pytest.approx(general, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_slopes(seed: int, form: str) -> None:
    a, b = boxes(seed, 2, form)
    found = stepsolve.solve(
        {
            "kind": "iou",
            "boxes": {"A": a.tolist(), "B": b.tolist()},
            "form": form,
            "generalised": "true",
            "gradient": "true",
        }
    )
    assert found.confirmed
    letters = ("x1", "y1", "x2", "y2") if form == "corners" else ("x", "y", "w", "h")
    step = 1e-6
    for k, letter in enumerate(letters):
        up, down = a.copy(), a.copy()
        up[k], down[k] = a[k] + step, a[k] - step
        slope = (
            overlap(corners(up, form), corners(b, form))[1]
            - overlap(corners(down, form), corners(b, form))[1]
        ) / (2 * step)
        assert found.quantities[f"dGIoU/d{letter}_A"] == pytest.approx(slope, abs=1e-8)


def test_pairs_of_several_boxes_and_pixels() -> None:
    given = {"A": [0, 0, 3, 3], "B": [2, 2, 5, 5], "far": [9, 9, 10, 10]}
    found = stepsolve.solve({"kind": "iou", "boxes": given, "pixels": "inclusive"})
    assert found.confirmed
    expected = overlap(np.array(given["A"]), np.array(given["B"]), 1)[0]
    assert expected == 4 / 28
    assert found.quantities["IoU_AB"] == pytest.approx(expected)
    assert found.quantities["IoU_A_far"] == found.quantities["IoU_B_far"] == 0
    assert [b.parts[0] for b in found.blocks if isinstance(b, Section)] == [
        "Areas",
        "A and B",
        "A and far",
        "B and far",
        "Result",
    ]


def test_boxes_without_numbers_give_formulas() -> None:
    given = {"A": {"shape": [4]}, "B": {"shape": [4]}}
    found = stepsolve.solve({"kind": "iou", "boxes": given, "gradient": "true"})
    assert "IoU" in found.results and not found.quantities.get("IoU")
    assert found.checks and found.confirmed  # the gradients, at random numbers


def test_wrong_boxes_are_told_at_their_places() -> None:
    assert told(kind="iou", boxes={"A": [0, 0, -2, 2], "B": [1, 1, 3]}) == [
        "boxes.A: this box has the width -2, and none is negative",
        "boxes.B: a box is four numbers, left x1, top y1, right x2, bottom y2",
    ]
    assert told(
        kind="iou", form="centre-size", boxes={"A": [0, 0, 2, -2], "B": [1, 1, "1/0", 2]}
    ) == [
        "boxes.B[2]: 1/0 has no finite real value",
    ]
    assert told(kind="iou", boxes={"A": [0, 0, 1, 1]}) == [
        "boxes.A: from 2 to 8 boxes belong here, not 1"
    ]
    assert told(kind="iou", boxes={}) == ["boxes: from 2 to 8 boxes belong here, not 0"]
    assert told(kind="iou", boxes={"A": [0, 0, 0, 1], "B": [1, 1, 1, 2]}) == [
        "boxes.B: B and A both have the area 0, so their union has none"
    ]
    assert told(kind="iou", boxes={"A'": [0, 0, 1, 1], "B": [0, 0, 1, 1]}) == [
        "boxes.A': the name of a box has no primes, unlike A'"
    ]
    three = {name: [0, 0, 1, 1] for name in "ABC"}
    assert told(kind="iou", boxes=three, gradient="true") == [
        "gradient: the gradient is for two boxes"
    ]


# -------------------------------------------------------------------------------------- suppression


def suppressed(given: Array, scores: Array, limit: float, classes: list[str]) -> list[int]:
    """Which boxes stay: one after the other from the best, against all that have stayed."""
    stay: list[int] = []
    for k in sorted(range(len(scores)), key=lambda j: (-scores[j], j)):
        rivals = [j for j in stay if classes[j] == classes[k]]
        if all(overlap(given[j], given[k])[0] <= limit for j in rivals):
            stay.append(k)
    return [int(k in stay) for k in range(len(scores))]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_boxes_stay(seed: int) -> None:
    form, count = FORMS[seed % 3], 5 + 3 * seed
    given = boxes(seed, count, form)
    random = np.random.default_rng(seed)
    scores = random.integers(1, 20, count) / 20  # some are equal
    classes = [str(c) for c in random.choice(["cat", "dog"], count)] if seed % 2 else ["x"] * count
    keys: dict[str, Any] = {"kind": "nms", "boxes": given.tolist(), "scores": scores.tolist()}
    keys |= {"threshold": 0.3, "form": form} | ({"classes": classes} if seed % 2 else {})
    found = stepsolve.solve(keys)
    assert found.confirmed
    edges = np.array([corners(b, form) for b in given])
    assert found.quantities["keep"] == suppressed(edges, scores, 0.3, classes)


def solved(**more: Any) -> Derivation:
    return stepsolve.solve(
        {
            "kind": "nms",
            "boxes": [[0, 0, 2, 2], [0, 0, 2, 1], [5, 5, 6, 6]],
            "scores": [0.6, 0.9, 0.05],
            **more,
        }
    )


def test_every_suppression_is_shown_with_its_overlap() -> None:
    found = solved(threshold=0.4)
    (table,) = (b for b in found.blocks if isinstance(b, Table))
    assert [row[0] for row in table.rows] == ["1", "0", "2"]
    assert [row[2] for row in table.rows] == ["stays", "suppressed by 1", "stays"]
    assert found.quantities["keep"] == [0, 1, 1]


def test_an_overlap_at_the_threshold_is_allowed() -> None:
    assert solved(threshold=0.5).quantities["keep"] == [1, 1, 1]
    thirds: list[list[object]] = [[0, 0, 3, 1], [0, 0, 1, 1]]
    for limit, keep in (("1/3", [1, 1]), ("1/3 - 1e-12", [1, 0])):
        found = stepsolve.solve(
            {"kind": "nms", "boxes": thirds, "scores": [1, 0.5], "threshold": limit}
        )
        assert found.confirmed
        assert found.quantities["keep"] == keep


def test_low_scores_are_left_out() -> None:
    found = solved(**{"least-score": 0.1})
    assert found.quantities["keep"] == [1, 1, 0]
    words = [p for b in found.blocks if isinstance(b, Text) for p in b.parts]
    assert "1 of 3 boxes have too low a score." in words
    assert "2 of 3 boxes stay: 1, 0." in words


def test_a_wrong_suppression_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NMS, "_exceeds", lambda *_: False)
    found = solved(threshold=0.4)
    assert [c.of for c in found.checks if not c.passed] == ["keep"]


def test_a_wrong_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NMS, "_scores", (1, 0.5, 0.1))
    found = solved(threshold=0.4)
    assert {c.of for c in found.checks if not c.passed} == {"rank"}


def test_wrong_lists_are_told_at_their_places() -> None:
    two = [[0, 0, 1, 1], [0, 0, 2, 2]]
    assert told(kind="nms", boxes=[[0, 0, 1, 1], [3, 0, 2, 2]], scores=[1]) == [
        "boxes[1]: this box has the width -1, and none is negative",
        "scores: the list of scores has 1 entry, but there are 2 boxes",
    ]
    assert told(kind="nms", boxes=two, scores=[1, 1], threshold=2, classes=["a"]) == [
        "classes: there are 2 boxes, but 1 classes"
    ]
    assert told(kind="nms", boxes=two, scores=[1, 1], threshold=2) == [
        "threshold: an overlap is a number from 0 to 1"
    ]
    assert told(kind="nms", boxes=two, scores=[0.1, 0.2], **{"least-score": 0.5}) == [
        "least-score: no box has such a score"
    ]
    assert told(kind="nms", boxes=[[0, 0, 0, 1], [0, 0, 1, 1]], scores=[1, 1]) == [
        "boxes[0]: box 0, counted from 0, has no area"
    ]
    assert told(kind="nms", boxes={"shape": [2, 4]}, scores=[1, 1]) == [
        "boxes: which box is suppressed hangs on numbers, so numbers belong here"
    ]
    assert told(kind="nms", boxes=[1, 2], scores=[1, 1]) == [
        "boxes: a row of four numbers belongs here for every box, "
        "left x1, top y1, right x2, bottom y2"
    ]
    many = {"shape": [400, 4], "seed": 1}
    assert "boxes: there are at most 300 boxes" in told(kind="nms", boxes=many, scores=[1])


# -------------------------------------------------------------------------------------------- sizes


@pytest.mark.parametrize("per", ["anchor", "cell"])
@pytest.mark.parametrize("objectness", ["true", "false"])
def test_sizes_are_those_by_hand(per: str, objectness: str) -> None:
    found = stepsolve.solve(
        {
            "kind": "detector-output",
            "grids": [7, 14],
            "anchors": 5,
            "classes": 20,
            "classes-per": per,
            "objectness": objectness,
        }
    )
    box = 5 if objectness == "true" else 4
    depth = 5 * (box + 20) if per == "anchor" else 5 * box + 20
    assert found.confirmed
    assert found.quantities["depth"] == depth
    assert found.quantities["boxes"] == (49 + 196) * 5
    assert found.quantities["numbers"] == (49 + 196) * depth


def test_grids_from_strides() -> None:
    keys = {"kind": "detector-output", "image": 416, "strides": [32, 16, 8], "anchors": 3}
    found = stepsolve.solve({**keys, "classes": 80})
    assert [found.quantities[f"n_{k}"] for k in (1, 2, 3)] == [13, 26, 52]
    assert found.quantities["numbers"] == (169 + 676 + 2704) * 255
    (table,) = (b for b in found.blocks if isinstance(b, Table))
    assert len(table.rows) == 3


def test_wrong_sizes_are_told() -> None:
    keys: dict[str, Any] = {"kind": "detector-output", "anchors": 3, "classes": 80}
    assert told(**keys) == ["problem: a detector needs grids, or an image and strides"]
    assert told(**keys, image=416) == ["image: an image and strides belong together"]
    assert told(**keys, image=416, strides=[32, 30]) == [
        "strides: a stride of 30 does not divide an image of 416 pixels"
    ]
    assert told(**keys, grids=[1] * 11) == ["grids: there are at most 10 scales"]
    assert told(**keys, grids=[13], image=416, strides=[32]) == [
        "strides: a detector needs grids, or an image and strides"
    ]
