"""`Program`: somebody's two functions as text that can be edited and run, and nothing changed.

No module is executed again and no file is written. An edited function is compiled from the edited
text, and its code takes the place of the code of the live function for the length of a run:
globals, closures, instances and decorators stay what they are. Names, attributes and buffers that
a run leaves changed are put back before the next.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import linecache
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from numbers import Number
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.memory_bound import bounded
from reference.debugger.running.source import (
    Source,
    Unit,
    Unreadable,
    begins_at,
    codes_in,
    signature,
    source_of,
)
from reference.debugger.running.state import State
from reference.debugger.running.timebox import TimeUp, Watchdog
from reference.debugger.running.whose import is_theirs, path_of
from reference.user_code import functions_reached

Inputs = tuple[Mapping[str, Any], Mapping[str, Any]]

_MEMORY = 2**28  # bytes a second: an array that doubles at every step is filled in one call


@dataclass
class Outcome:
    """What a run of the backward gave: outputs by name, or the error that it raised."""

    outputs: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    line: tuple[str, int] | None = None  # where the error was raised, in the user's own code


class Program:
    """Two functions of the user's, the text of what they reach, and ways to run it edited.

    Parameters
    ----------
    loss, backward : callable
    watchdog : Watchdog
    sources : iterable of paths or modules, optional
        Look only in these.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        backward: Callable[..., Any],
        watchdog: Watchdog,
        sources: Iterable[Any] | None = None,
    ) -> None:
        self.loss, self.backward = loss, backward
        self.watchdog = watchdog
        self.only = None if sources is None else {path_of(source) for source in sources}
        self.sources: dict[str, Source] = {}
        self.functions: list[types.FunctionType] = []
        self.in_loss: set[tuple[str, int]] = set()
        self.in_backward: set[tuple[str, int]] = set()
        self.partly: set[tuple[str, int]] = set()  # shared, with lines that the loss leaves out
        self.spared: set[tuple[str, str, str]] = set()  # lines of these that the loss is made of
        self.unreadable: list[str] = []
        self.printed = io.StringIO()
        self.state = State([])
        self.runs = 0
        self.shared_too = False  # where one function does both, what the loss runs is looked at too
        self._original: dict[types.FunctionType, types.CodeType] = {}
        self._places: dict[types.FunctionType, tuple[Unit, str, int]] = {}

    # Discovery: what do the two functions reach?

    def discover(self, inputs: Inputs, seconds: float) -> None:
        """Run both functions once and note every function of the user's own that they call."""
        before = State([self.loss, self.backward, *self._reached()])
        loss_codes = self._called(self.loss, inputs, seconds)
        backward_codes = self._called(self.backward, inputs, seconds)
        codes = {code for code in (*loss_codes, *backward_codes) if is_theirs(code, self.only)}
        for code in sorted(codes, key=lambda code: (code.co_filename, code.co_firstlineno)):
            key = (code.co_filename, code.co_firstlineno)
            if code in loss_codes:
                self.in_loss.add(key)
            if code in backward_codes:
                self.in_backward.add(key)
                if backward_codes[code] - loss_codes.get(code, backward_codes[code]):
                    self.partly.add(key)
            self._read(code.co_filename)
        gc.collect()  # closures of runs that are over, as those of a tape, are no part of it
        # A function that is nested in another comes with the code of the other.
        found = [
            function
            for function in gc.get_referrers(*codes)
            if isinstance(function, types.FunctionType) and function.__code__ in codes
        ] if codes else []  # fmt: skip
        for function in found:
            self._place(function)
        before.restore()
        self.state = State([self.loss, self.backward, *self.functions])

    def _reached(self) -> list[types.FunctionType]:
        return [*functions_reached(self.loss), *functions_reached(self.backward)]

    def _called(
        self, function: Callable[..., Any], inputs: Inputs, seconds: float
    ) -> dict[types.CodeType, set[int]]:
        """Return the codes of the user's that a function reaches, with the lines that ran."""
        called: dict[types.CodeType, set[int]] = {}
        theirs = lru_cache(maxsize=None)(partial(is_theirs, only=self.only))

        def note(frame: types.FrameType, event: str, _: Any) -> Any:
            code = frame.f_code
            if event == "call":
                if not theirs(code):
                    return None
                called.setdefault(code, set())
            elif event == "line":
                called[code].add(frame.f_lineno)
            return note

        before = sys.gettrace()
        sys.settrace(note)
        try:
            with self.quiet(), self.watchdog.limit(seconds):
                function(*copied(inputs))
        except (Exception, TimeUp):
            pass  # what it reached is known all the same
        finally:
            sys.settrace(before)
        return called

    def _read(self, file: str) -> None:
        if file in self.sources or file in self.unreadable:
            return
        text = "".join(linecache.getlines(file))
        try:
            if not text:
                raise Unreadable
            self.sources[file] = Source(file, text)
        except (SyntaxError, Unreadable):
            self.unreadable.append(file)

    def _place(self, function: types.FunctionType) -> None:
        code = function.__code__
        source = self.sources.get(code.co_filename)
        unit = source.unit_at(code.co_firstlineno) if source else None
        if source is None or unit is None:
            return
        same = [
            inner
            for inner in codes_in(source.compiled(unit))
            if inner.co_qualname == code.co_qualname
        ]
        alike = [
            rank
            for rank, inner in enumerate(same)
            if (begins_at(inner), signature(inner)) == (begins_at(code), signature(code))
        ]
        if not alike:
            if code.co_filename not in self.unreadable:
                self.unreadable.append(code.co_filename)  # changed since it was loaded
            return
        self.functions.append(function)
        self._original[function] = code
        self._places[function] = (unit, code.co_qualname, alike[0])

    @property
    def live_units(self) -> list[Unit]:
        """The units that hold a function which runs in the backward, in the order of the text."""
        keys = {(unit.file, unit.first): unit for unit, _, _ in self._places.values()}
        return [keys[key] for key in sorted(keys)]

    def only_in_backward(self, unit: Unit) -> bool:
        """Return whether the loss runs none of this unit."""
        return not any(unit.holds(*key) for key in self.in_loss)

    def is_searched(self, file: str, first: int) -> bool:
        """Return whether the function that begins at a line is the backward's own."""
        key = file, first
        shared = key in self.in_loss and key not in self.partly
        return key in self.in_backward and (self.shared_too or not shared)

    def searched(self, unit: Unit) -> bool:
        """Return whether any function of a unit is the backward's own."""
        return any(unit.holds(*key) and self.is_searched(*key) for key in self.in_backward)

    def runs_in_backward(self, unit: Unit) -> bool:
        """Return whether the backward runs any of this unit."""
        return any(unit.holds(*key) for key in self.in_backward)

    # Running.

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep prints and warnings of the user's code within the block from the terminal."""
        with (
            contextlib.redirect_stdout(self.printed),
            contextlib.redirect_stderr(self.printed),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield

    def swap(self, unit: Unit, code: types.CodeType) -> Callable[[], None]:
        """Put the code of an edited unit in place; return what takes it away again.

        Raises
        ------
        ValueError
            If it has no function of the same name, or one with other closure variables.
        """
        undo: list[tuple[types.FunctionType, types.CodeType]] = []

        def back() -> None:
            for function, old in undo:
                function.__code__ = old

        by_name: dict[str, list[types.CodeType]] = {}
        for inner in codes_in(code):
            by_name.setdefault(inner.co_qualname, []).append(inner)
        try:
            for function, (at, qualname, rank) in self._places.items():
                if (at.file, at.first) != (unit.file, unit.first):
                    continue
                old = function.__code__
                function.__code__ = by_name[qualname][rank]
                undo.append((function, old))
        except (KeyError, IndexError, ValueError) as error:
            back()
            raise ValueError(f"not the same function: {error}") from error
        return back

    def run(self, inputs: Inputs, seconds: float = 2.0) -> Outcome:
        """Run the backward on fresh copies of the inputs; never raises."""
        self.runs += 1
        self.state.restore()
        try:
            with self.watchdog.limit(seconds), bounded(int(_MEMORY * seconds)):
                outputs = self.backward(*copied(inputs))
                # Copies: what lives on in an object is put back, and written anew.
                return Outcome({str(name): _own(value) for name, value in dict(outputs).items()})
        except (Exception, TimeUp) as error:
            return Outcome(error=error, line=self.line_of(error))

    def value(self, inputs: Inputs, seconds: float = 2.0) -> float:
        """Run the loss on fresh copies of the inputs; NaN where it raises."""
        self.state.restore()
        try:
            with self.watchdog.limit(seconds):
                value = self.loss(*copied(inputs))
                return float(np.asarray(value).item() if np.size(value) == 1 else value)
        except (Exception, TimeUp):
            return float("nan")

    def line_of(self, error: BaseException) -> tuple[str, int] | None:
        """Return the innermost line of the user's own at which an error was raised."""
        found, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in self.sources:
                found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
            trace = trace.tb_next
        return found

    def install(self, file: str, text: str) -> None:
        """Take another text for a file (in memory): units and live code follow.

        Raises
        ------
        SyntaxError, ValueError
            If the file does not have the same functions; then nothing is changed.
        """
        old, new = self.sources[file], source_of(file, text)
        new.aside = old.aside
        if len(new.units) != len(old.units):
            raise ValueError("the edit changes what stands at the top of the file")
        pairs = list(zip(old.units, new.units, strict=True))
        undo: list[Callable[[], None]] = []
        try:
            for before, after in pairs:
                code = new.compiled(after)
                undo.append(self.swap(before, code))
        except (SyntaxError, ValueError):
            for back in reversed(undo):
                back()
            raise
        moved = {before.first: after for before, after in pairs}
        firsts = {before.first: after.first for before, after in pairs}
        self.sources[file] = new
        self.partly = {(f, _moved(n, firsts) if f == file else n) for f, n in self.partly}
        self.in_loss = {(f, _moved(n, firsts) if f == file else n) for f, n in self.in_loss}
        self.in_backward = {(f, _moved(n, firsts) if f == file else n) for f, n in self.in_backward}
        for function, (unit, qualname, rank) in list(self._places.items()):
            if unit.file == file:
                self._places[function] = (moved[unit.first], qualname, rank)

    @property
    def texts(self) -> dict[str, str]:
        """The texts of all files, as they are now."""
        return {file: source.text for file, source in self.sources.items()}

    def restore_texts(self, texts: Mapping[str, str]) -> None:
        """Go back to the texts as they were."""
        for file, text in texts.items():
            if self.sources[file].text != text:
                self.install(file, text)

    def restore(self) -> None:
        """Give every function its own code back, and the state as it was found."""
        for function, code in self._original.items():
            function.__code__ = code
        self.state.restore()


def _moved(line: int, firsts: dict[int, int]) -> int:
    before = max((first for first in firsts if first <= line), default=None)
    return line if before is None else line + firsts[before] - before


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def copied(inputs: Inputs) -> tuple[Any, Any]:
    """Return params and inputs with arrays of their own."""
    return copied_group(inputs[0]), copied_group(inputs[1])


def copied_group(group: Mapping[str, Any]) -> Any:
    """Return a group of arrays with arrays of its own."""
    if type(group) is dict:
        return {
            name: value.copy() if type(value) is np.ndarray else copy.deepcopy(value)
            for name, value in group.items()
        }
    return copy.deepcopy(group)


def as_float_array(value: Any) -> Array | None:
    """Return a value as an array of floats, or None where it is none.

    An array, a number, or a sequence of such: what can only be indexed, like ``np.c_``, is looked
    into by NumPy without an end.
    """
    if not isinstance(value, Sequence | Number) and not hasattr(value, "__array__"):
        return None
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
