"""A time limit on somebody else's code, in any thread, that `except Exception` cannot swallow."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_TO_IMPORT = 10.0  # seconds that the import of a module may last beyond a limit


class TimeUp(BaseException):
    """The time is up; not an `Exception`, so that no handler of the user's catches it."""


class ExitError(Exception):
    """Somebody's code asked to leave the process, which is ours."""


class Watchdog:
    """A thread that raises `TimeUp` in the thread that it watches when a limit has passed.

    Neither signals nor tracing are used: it works outside the main thread, and code that is not
    late runs at full speed. A single call into C is not interrupted before it returns; nor is an
    import, since a compiled module that is imported by halves can crash the process.

    Examples
    --------
    >>> with Watchdog() as watchdog:
    ...     try:
    ...         with watchdog.limit(0.01):
    ...             while True:
    ...                 pass
    ...     except TimeUp:
    ...         print("stopped")
    stopped
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._fired = False
        self._imports = 0
        self._open = True
        self._watched = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        self._thread.start()
        return self

    def _unraisable(self, unraisable: Any) -> None:
        """Say nothing of what was stopped in a ``__del__`` or a callback: it strikes again."""
        if unraisable.exc_type is not TimeUp:
            self._hook(unraisable)

    def __exit__(self, *_: object) -> None:
        if sys.unraisablehook == self._unraisable:
            sys.unraisablehook = self._hook
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Raise `TimeUp` in the block when `seconds` have passed; limits do not nest.

        Raises
        ------
        TimeUp
        ExitError
            In place of `SystemExit`.
        """
        self._imports = _imports(sys._getframe())
        self._deadline, self._fired, arrived = time.monotonic() + seconds, False, False
        try:
            yield
        except TimeUp:
            arrived = True
            raise
        except SystemExit as leaving:
            told = ExitError(f"it calls sys.exit({'' if leaving.code is None else leaving.code!r})")
            raise told.with_traceback(leaving.__traceback__) from None
        finally:
            with self._changed:
                self._deadline = None
            if self._fired and not arrived:
                self._swallow()  # what is on its way must not strike later

    @staticmethod
    def _swallow() -> None:
        try:
            time.sleep(0.05)
            for _ in range(1000):
                pass
        except TimeUp:
            pass

    def _watch(self) -> None:
        with self._changed:
            while self._open:
                deadline = self._deadline
                now = time.monotonic()
                if (
                    deadline is not None
                    and now > deadline
                    and (now > deadline + _TO_IMPORT or not self._is_importing())
                ):
                    self._fired = True
                    self._deadline = now + 0.2  # again, if a bare except swallows it
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._watched), ctypes.py_object(TimeUp)
                    )
                self._changed.wait(0.02)

    def _is_importing(self) -> bool:
        return _imports(sys._current_frames().get(self._watched)) > self._imports


def _imports(frame: FrameType | None) -> int:
    """Return how many frames of the import machinery are on a stack."""
    count = 0
    while frame is not None:
        count += frame.f_code.co_filename.startswith("<frozen importlib")
        frame = frame.f_back
    return count


def for_seconds(found: Iterable[T], seconds: float) -> Iterator[T]:
    """Give what there is for so many seconds."""
    until = time.monotonic() + seconds
    for one in found:
        if time.monotonic() > until:
            return
        yield one
