"""A second search beside the first, in a copy of the process, where there is a core for it."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reference.debugger.diagnosis import Suspect
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.repairs import Found, Step


@dataclass
class Result:
    """What a second search knows in the end.

    Parameters
    ----------
    found : list of Found
        Complete repairs.
    apart, steps : list of Step
        Edits of some of the faults, told apart or accepted one after the other.
    standing : list of Suspect
        Lines at fault that no edit is known of.
    """

    found: list[Found] = field(default_factory=list)
    apart: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    standing: list[Suspect] = field(default_factory=list)


class Beside:
    """A second search, which begins when it is told to and runs in a copy of the process.

    Every edited program is run there as it is here, and nothing of it is seen here but the result.

    Parameters
    ----------
    program : Program
    work : callable
        The search; what it changes is changed in the copy alone.
    """

    def __init__(self, program: Program, work: Callable[[], Result]) -> None:
        self._program, self._work = program, work
        self._child, self._pipe = 0, -1
        self._begun = False
        self._result: Result | None = None

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begin(self) -> None:
        """Begin, unless that has been done."""
        if self._begun:
            return
        self._begun = True
        self._pipe, end = os.pipe()
        self._child = _fork()
        if self._child == 0:
            os.close(self._pipe)
            self._run(end)
        os.close(end)

    def _run(self, end: int) -> None:
        """Work in the copy, and leave it: whoever called for the first search is not to return."""
        try:
            with Watchdog() as watchdog:  # threads are not copied
                self._program.watchdog = watchdog
                answer = pickle.dumps(self._work())
            with os.fdopen(end, "wb") as file:
                file.write(answer)
        finally:
            os._exit(0)

    def has_found(self) -> bool:
        """Return whether a repair of several faults is known by now.

        One of a single fault is better looked for here, where others are weighed against it.
        """
        return any(len(found.steps) > 1 for found in self._answer(0.0).found)

    def result(self, until: float) -> Result:
        """Return what is known in the end, if that is before a monotonic time; else nothing."""
        answer = self._answer(max(0.0, until - time.monotonic()))
        self._stop()
        return answer

    def _answer(self, seconds: float) -> Result:
        if self._result is None and self._child and _is_ready(self._pipe, seconds):
            with os.fdopen(self._pipe, "rb") as file:
                answer = file.read()
            self._pipe = -1
            self._result = _unpacked(answer)
            self._stop()
        return self._result or Result()

    def _stop(self) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = 0
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def _fork() -> int:
    """Copy the process, without what JAX and newer Pythons warn of: locks that threads hold.

    A copy that waits for such a lock for ever has found nothing, and is stopped in the end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def _is_ready(pipe: int, seconds: float) -> bool:
    asked = select.poll()
    asked.register(pipe, select.POLLIN | select.POLLHUP)
    return bool(asked.poll(1000 * seconds))


def _unpacked(answer: bytes) -> Result:
    """Return what a copy has sent; nothing where it ended before."""
    try:
        found: Any = pickle.loads(answer)
    except Exception:
        return Result()
    return found if isinstance(found, Result) else Result()


def is_possible() -> bool:
    """Return whether the process can be copied, and there is a second core for the copy."""
    # Elsewhere there is no fork, or system libraries do not stand it.
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1
