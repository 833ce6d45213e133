"""Cyclic garbage is looked for less often in a search: its syntax trees are short-lived."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_ALLOCATIONS = 50_000  # of containers before a look at the youngest; CPython's default is 700


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Raise the threshold of the garbage collector within the block, and put it back after it.

    With CPython's own it takes a part of every search, and finds little.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(_ALLOCATIONS, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
