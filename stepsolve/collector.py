"""Python's collector of cycles, kept from looking for some where there are none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without collections: a long worksheet is many small objects, and none of them is in a cycle.

    Each collection would look through all of them, and through those of every library loaded.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
