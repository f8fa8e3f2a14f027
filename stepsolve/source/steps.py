"""Readers of what belongs to the steps of a sequence: targets at all steps, or at some of them."""

from __future__ import annotations

from typing import NamedTuple

from stepsolve.source.arrays import GivenArray, array, element
from stepsolve.source.data import Node
from stepsolve.source.fields import Reader, list_of, mapping_of, matching
from stepsolve.source.report import Report

NONE = "none"
MOST_STEPS = 200


class Targets(NamedTuple):
    """What the outputs should be, by step from 1; `listed` is the length of a list, 0 for a mapping."""

    steps: dict[int, GivenArray]
    listed: int
    node: Node


def _read_one(node: Node, report: Report) -> GivenArray | str | None:
    return NONE if node.value == NONE else array.read(node, report)


_one: Reader[GivenArray | str] = Reader(
    _read_one,
    {"anyOf": [array.schema(), {"const": NONE}]},
    "a number, a list of numbers, or none",
    array.takes,
)
_several = list_of(_one, minimum=1)
_by_step = mapping_of(matching("[1-9][0-9]{0,2}", "a step, counted from 1,"), array)


def _read_targets(node: Node, report: Report) -> Targets | None:
    if isinstance(node.value, list):
        several = _several.read(node, report)
        if several is None or _too_many(len(several), node, report):
            return None
        found = {t: one for t, one in enumerate(several, 1) if isinstance(one, GivenArray)}
        return Targets(found, len(several), node)
    assert isinstance(node.value, dict)
    if "shape" in node.value:
        drawn = array.read(node, report)
        if drawn is None or _too_many(drawn.dims[0], node, report):
            return None
        steps = {t + 1: element(drawn, t) for t in range(drawn.dims[0])}
        return Targets(steps, drawn.dims[0], node)
    by_step = _by_step.read(node, report)
    return (
        None if by_step is None else Targets({int(t): a for t, a in by_step.items()}, False, node)
    )


def _too_many(steps: int, node: Node, report: Report) -> bool:
    if steps > MOST_STEPS:
        report.add(node.diagnose(f"a sequence has at most {MOST_STEPS} steps"))
    return steps > MOST_STEPS


targets: Reader[Targets] = Reader(
    _read_targets,
    {"anyOf": [_several.schema(), array.schema(), _by_step.schema()]},
    "a list with an entry for every step, or a mapping from steps",
    ("list", "mapping"),
)
