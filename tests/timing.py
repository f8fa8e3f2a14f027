"""How long something may take: a limit that means the same on a slow, a busy and a fast machine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

from stepsolve.collector import undisturbed

_ROUNDS = 20_000
_USUAL = 0.00123  # seconds that `_rounds` takes where the limits of the tests were measured
_FOREVER = 10  # limits, after which nobody waits for the end


def _rounds() -> float:
    """Seconds of the processor for a fixed piece of work."""
    began, found = process_time(), {}
    for k in range(_ROUNDS):
        found[k % 97] = (k, k * k)
    return process_time() - began


def _slowness() -> float:
    """How much slower this machine is now than usual; never below one."""
    return max(1.0, sorted(_rounds() for _ in range(9))[4] / _USUAL)


@contextmanager
def _stopped_after(seconds: float, why: str) -> Iterator[None]:
    """Ends what takes the processor longer, where a system has such an alarm."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(why)

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fails what takes the processor longer, and does not wait for what takes far longer.

    Other programs that run do not count, nor does the collector of cycles, whose work depends on
    what other tests have left; a machine that is slower in this moment gets more.
    """
    with undisturbed(), _stopped_after(_FOREVER * seconds, f"far more than {seconds:.3g} seconds"):
        began = process_time()
        yield
        taken = process_time() - began
    if taken > seconds:
        limit = seconds * _slowness()
        assert taken <= limit, f"{taken:.3g} seconds, not {limit:.3g}"
