"""A bound on memory while edited programs run: one edit may make an array grow at every step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # no bound where there is no such thing
    resource = None

_STATM = Path("/proc/self/statm")


@contextlib.contextmanager
def bounded(extra: int = 2**31) -> Iterator[None]:
    """Let what asks for more than `extra` further bytes within the block raise `MemoryError`.

    A single call of NumPy cannot be interrupted from outside, and one that fills the machine's
    memory takes minutes. Where the system tells no sizes, nothing is bounded.
    """
    if resource is None or not _STATM.exists():
        yield
        return
    now = int(_STATM.read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = [now + extra, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
