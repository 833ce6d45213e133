"""`Examples`: somebody's function that draws arguments; an error or a hang of it ends no search."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from reference.debugger.running.place import place_of
from reference.debugger.running.timebox import TimeUp, Watchdog
from reference.exact.blame import told

_SECONDS = 3.0


class ExampleError(Exception):
    """An example that could not be drawn; the message says why."""


class Examples:
    """``example(rng) -> (params, inputs)``, in bounded time.

    Parameters
    ----------
    example : callable

    Attributes
    ----------
    function : callable
        The user's own.
    failed : str
        Why it could not be asked, in a sentence; empty while it could.
    """

    def __init__(self, example: Any) -> None:
        self.function = example
        self.failed = ""

    def __call__(self, rng: np.random.Generator) -> Any:
        """Return what the user's function draws.

        Raises
        ------
        ExampleError
            If it raises, or does not end in time.
        """
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                Watchdog() as watchdog,
                watchdog.limit(_SECONDS),
            ):
                return self.function(rng)
        except TimeUp as up:
            _, line, text, _ = place_of(up)
            where = f"; it was at line {line}: {text}" if line else ""
            self.failed = f"example did not end in {_SECONDS:g} s{where}"
        except Exception as error:
            self.failed = f"example raises on another draw: {told(error)}"
        raise ExampleError(self.failed)


def guarded(example: Any) -> Examples | None:
    """Return an example that raises nothing but `ExampleError`."""
    return example if example is None or isinstance(example, Examples) else Examples(example)
