"""Every worked example of the course has a problem file that names it under `example`."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
EXAMPLES = Path(__file__).with_name("worked_examples.txt").read_text(encoding="utf-8").split()


def named() -> dict[str, list[str]]:
    """The files that name each example."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "problems").rglob("*.yaml")):
        problem = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        examples = problem.get("example", [])
        for name in [examples] if isinstance(examples, str) else examples:
            found.setdefault(name, []).append(path.name)
    return found


NAMED = named()


def test_the_examples_are_told_apart() -> None:
    assert len(EXAMPLES) == len(set(EXAMPLES)) > 60


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_has_a_problem(example: str) -> None:
    assert NAMED.get(example)
