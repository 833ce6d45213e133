"""`Examples`: somebody's function that draws arguments; an error or a hang of it ends no search."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from reference.debugger.running.place import place_of
from reference.debugger.running.timebox import TimeUp, Watchdog
from reference.exact.blame import told

_SECONDS = 3.0


def _as_it_is(pair: Any) -> Any:
    return pair


class ExampleError(Exception):
    """An example that could not be drawn; the message says why."""


class Examples:
    """``example(rng) -> (params, inputs)``, in bounded time.

    Parameters
    ----------
    example : callable
    named : callable, optional
        What makes dicts of arrays of what it draws, if need be.

    Attributes
    ----------
    function : callable
        The user's own.
    failed : str
        Why it could not be asked, in a sentence; empty while it could.
    """

    def __init__(self, example: Any, named: Callable[[Any], Any] = _as_it_is) -> None:
        self.function = example
        self._draws, self._named = taking_rng(example), named
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
                return self._named(self._draws(rng))
        except TimeUp as up:
            _, line, text, _ = place_of(up)
            where = f"; it was at line {line}: {text}" if line else ""
            self.failed = f"example did not end in {_SECONDS:g} s{where}"
        except Exception as error:
            self.failed = f"example raises on another draw: {told(error)}"
        raise ExampleError(self.failed)


def taking_rng(example: Any) -> Any:
    """Return an example that takes a generator, where one takes nothing.

    Examples
    --------
    >>> taking_rng(lambda: "as always")(np.random.default_rng(0))
    'as always'
    """
    try:
        signature = inspect.signature(example)
    except (TypeError, ValueError):  # of compiled code, or no function: calling it will tell
        return example
    return example if signature.parameters else lambda _: example()


def guarded(example: Any, named: Callable[[Any], Any] = _as_it_is) -> Examples | None:
    """Return an example that raises nothing but `ExampleError`."""
    known = example is None or isinstance(example, Examples)
    return example if known else Examples(example, named)
