"""The collector of cycles stands still while a problem is solved, and not a moment longer."""

from __future__ import annotations

import gc

import pytest

import stepsolve
from stepsolve.collector import undisturbed


def test_collections_wait_for_the_end() -> None:
    assert gc.isenabled()
    with undisturbed():
        assert not gc.isenabled()
        with undisturbed():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_has_switched_it_off_keeps_it_so() -> None:
    gc.disable()
    try:
        with undisturbed():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_also_a_mistake_lets_it_go_on() -> None:
    with pytest.raises(stepsolve.InvalidProblem):
        stepsolve.solve({"kind": "graph", "lines": ["f = log(-1)"]})
    assert gc.isenabled()
