"""Limits of time: what is slow fails, what is endless is stopped, what waits does not count."""

from __future__ import annotations

import signal
from time import process_time, sleep

import pytest
from timing import at_most


def busy(seconds: float) -> None:
    end = process_time() + seconds
    while process_time() < end:
        pass


def test_what_is_slow_fails() -> None:
    with pytest.raises(AssertionError, match="seconds, not"), at_most(0.05):
        busy(0.25)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm to stop it")
def test_what_is_endless_is_stopped() -> None:
    with pytest.raises(TimeoutError, match="far more than"), at_most(0.005):
        busy(60)


def test_waiting_does_not_count() -> None:
    with at_most(0.05):
        sleep(0.1)
        assert True
