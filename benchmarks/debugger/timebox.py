"""Run a piece of Python for a limited time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeUpError(BaseException):
    """The time is up; no `except Exception` of a subject can catch it."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise `TimeUpError` in the main thread when `seconds` have passed (POSIX only)."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeUpError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
