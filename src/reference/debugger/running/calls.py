"""Somebody's two functions, called on copies, quietly, in bounded time, from a known state."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np

from manual_lstm.checks import Array, fail
from reference.debugger.running.arguments import Draw, added, unchanged
from reference.debugger.running.hints import to_return
from reference.debugger.running.only_loss import candidates
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.place import place_of
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.state import State
from reference.debugger.running.timebox import TimeUp, Watchdog
from reference.exact.blame import told
from reference.user_code import functions_reached

Answer = TypeVar("Answer")


class Late(Exception):
    """The time is up; the message says during what."""


class NoLoss(Exception):
    """The loss has no finite value here; the message says why."""


class Raised(Exception):
    """The backward raised; its own error is the cause."""


class Calls:
    """The two functions with their surroundings.

    Parameters
    ----------
    loss, backward : callable
    deadline : float
        On the clock of `time.monotonic`.
    until : float, optional
        Likewise, when what is known is enough.

    Attributes
    ----------
    stateful : bool
        Whether the state is to be put back before each call: set by whoever finds it out.
    after_loss : bool
        Whether the backward runs only when the loss has been called before.
    printed : StringIO
    too_slow : set of str
        Who took too long to tell derivatives, and is not asked again.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        backward: Callable[..., Any],
        deadline: float,
        until: float | None = None,
    ) -> None:
        self.loss, self.backward, self.deadline = loss, backward, deadline
        self.until = deadline if until is None else until
        self.code = [*functions_reached(loss), *functions_reached(backward)]
        self.stateful = self.after_loss = False
        self.printed = io.StringIO()
        self.too_slow: set[str] = set()
        self.changed: dict[
            str, tuple[str, Draw]
        ] = {}  # by "loss", "backward": an argument, and where
        self.added: dict[str, list[str]] = {}  # names that it put into the caller's dict
        self.took: dict[str, float] = {}  # by "loss", "backward": the seconds of the last call
        self.state = State([loss, backward, *self.code])
        self._watchdog = Watchdog()

    def __enter__(self) -> Calls:
        self._watchdog.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._watchdog.__exit__(*error)

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.deadline

    @property
    def enough(self) -> bool:
        """Whether it is time to be content with what is known."""
        return time.monotonic() > self.until

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self.deadline - time.monotonic()

    def restore(self) -> None:
        """Put back what the functions keep between calls."""
        self.state.restore()

    @contextlib.contextmanager
    def in_numbers(self, convert: Callable[[Array], Array], most: int) -> Iterator[None]:
        """Within the block arrays of floats that the functions keep between calls are others."""
        with self.state.rebound(InOtherNumbers(convert, most=most)):
            yield

    def quietly(self, call: Callable[[], Answer], at_most: float = 1e9) -> Answer:
        """Return ``call()``; prints are captured and warnings silenced.

        Raises
        ------
        Late
        """
        try:
            with (
                contextlib.redirect_stdout(self.printed),
                contextlib.redirect_stderr(self.printed),
                warnings.catch_warnings(),
                np.errstate(all="ignore"),
                self._watchdog.limit(max(min(self.left, at_most), 0.01)),
            ):
                warnings.simplefilter("ignore")
                return call()
        except TimeUp as up:
            _, line, text, _ = place_of(up)
            raise Late(f"it was at line {line}: {text}" if line else "") from None

    def _timed(self, function: str, call: Callable[[], Answer]) -> Answer:
        started = time.monotonic()
        answer = self.quietly(call)
        self.took[function] = time.monotonic() - started
        return answer

    def _not_ended(self, function: str, late: Late) -> str:
        if function in self.took:  # it ends, but is asked many times
            return self.no_time()
        return f"the {function} did not end in time{f'; {late}' if str(late) else ''}"

    def no_time(self) -> str:
        """Say why the time was not enough, and what helps."""
        each = [f"a call of {name} takes {took:.2g} s" for name, took in self.took.items()]
        return (
            f"there was no time to compare it: {' and '.join(each)}; give more time (seconds=60, "
            "or --seconds 60), or fewer examples in a batch"
        )

    def value(self, draw: Draw) -> float:
        """Return the loss.

        Raises
        ------
        NoLoss
            If it raises or is not finite.
        ValueError
            If it is no scalar.
        Late
        """
        if self.stateful:
            self.restore()
        return self._value(draw)

    def _value(self, draw: Draw) -> float:
        params, inputs = draw.copies()
        try:
            value = self._timed("loss", lambda: self.loss(params, inputs))
        except Late as late:
            raise Late(self._not_ended("loss", late)) from None
        except Exception as error:
            raise NoLoss(f"the loss raises: {told(error)}") from error
        self._look(draw, params, inputs, "loss")
        try:
            number = float(np.asarray(value).reshape(()) if np.size(value) == 1 else value)
        except (TypeError, ValueError):
            _no_scalar(value)
        if np.iscomplexobj(value):
            _no_scalar(value)
        if not np.isfinite(number):
            raise NoLoss(f"the loss is {number}")
        return number

    def can_do_without(self, error: BaseException, draw: Draw) -> bool:
        """Take the loss without the part that raised, if its value does not depend on that.

        Raises
        ------
        Late
        """
        whole = self.loss
        for self.loss in candidates(whole, error):
            self.restore()
            with contextlib.suppress(NoLoss, ValueError, TypeError):
                self._value(draw)
                return True
        self.loss = whole
        return False

    def _look(self, draw: Draw, params: Any, inputs: Any, function: str) -> None:
        """Note what a call has changed of its arguments."""
        if function not in self.changed and (name := unchanged(draw, params, inputs)):
            self.changed[function] = name, draw
        if function not in self.added and (names := added(draw, params, inputs)):
            self.added[function] = names

    def gradients(self, draw: Draw) -> dict[str, Any]:
        """Return what the backward returns, by name.

        Raises
        ------
        Raised
        TypeError
            If it returns anything but a mapping.
        Late
        """
        if self.stateful:
            self.restore()
        if self.after_loss:
            self._value(draw)
        return self._gradients(draw)

    def _gradients(self, draw: Draw) -> dict[str, Any]:
        params, inputs = draw.copies()
        try:
            returned = self._timed("backward", lambda: self.backward(params, inputs))
        except Late as late:
            raise Late(self._not_ended("backward", late)) from None
        except Exception as error:
            raise Raised(told(error)) from error
        self._look(draw, params, inputs, "backward")
        if returned is None:
            return {}
        if not isinstance(returned, Mapping):
            fail("backward(params, inputs)", f"type {type(returned).__name__}",
                 "a dict of gradients by the names of params and inputs",
                 "gradients are compared by name", hint=to_return(returned, draw.params),
                 error=TypeError)  # fmt: skip
        return {str(name): _own(value) for name, value in returned.items()}


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def as_floats(value: Any) -> Array | None:
    """Return a gradient as an array of floats, or None where it is none."""
    if value is None or isinstance(value, str | bytes | Mapping):
        return None
    try:
        array = np.asarray(value)
        return array if array.dtype.kind == "f" else array.astype(np.float64)
    except (TypeError, ValueError):
        return None


def _no_scalar(value: Any) -> NoReturn:
    shape = shape_of(value) if isinstance(value, np.ndarray | list) else ()
    has = f"shape {shape}" if shape else f"type {type(value).__name__}"
    first = isinstance(value, tuple) and len(value) > 1 and not shape_of(value[0])
    fail("loss(params, inputs)", has, "a real scalar", "a gradient is the derivative of one number",
         hint="let loss return the first of these alone: add [0]" if first else None,
         error=ValueError if shape else TypeError)  # fmt: skip
