"""Memory watched line by line: which line overwrites a row that is still needed."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.source import Source
from reference.debugger.running.timebox import TimeUp

Line = tuple[str, int]

Names = tuple[str, str]  # of a buffer and of the index into it, as written
Reads = dict[int, list[tuple[Names, Any, Any]]]  # by line, with code for the buffer and the index

_LARGE = 20_000  # entries: what is larger is not watched
_SAFE = (ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Slice, ast.Tuple,
         ast.Subscript, ast.operator, ast.unaryop, ast.expr_context)  # fmt: skip


@contextmanager
def traced_lines(
    is_watched: Callable[[str], bool],
    after: Callable[[types.FrameType, int], None],
    before: Callable[[types.FrameType, int], None] | None = None,
) -> Iterator[None]:
    """Call ``after(frame, line)`` when a line of certain files has run, ``before`` when one will.

    `before` is given the frame and the line that ran last in it.
    """
    last: dict[types.FrameType, int] = {}
    watched: dict[str, bool] = {}

    def local(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame in last:
            after(frame, last[frame])
        if event == "line":
            previous = last.get(frame, frame.f_lineno)
            last[frame] = frame.f_lineno
            if before is not None:
                before(frame, previous)
        elif event == "return":
            last.pop(frame, None)
        return local

    def enter(frame: types.FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in watched:
            watched[file] = is_watched(file)
        return local if watched[file] else None

    other = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(other)


@dataclass(frozen=True)
class Overwritten:
    """Entries that were read, overwritten, and read again by the backward as if they were not.

    Parameters
    ----------
    put, read, wrote, again : (file, line)
        Who wrote the lost value, who read it, who overwrote it, who reads the new one.
    name : str
        The buffer, as the last one writes it.
    """

    put: Line
    read: Line
    wrote: Line
    again: Line
    name: str


@dataclass
class _Reads:
    """Of each entry of an array, what is known of its reading by one index expression."""

    reader: Array  # the line that read it last, in the forward; 0 for nobody
    put: Array  # who had written what was read
    turn: Array  # how often the reader had run by then
    lost: Array  # the line that overwrote what was read


@dataclass
class _Watched:
    array: Array
    content: Array
    bytes: bytes
    writer: Array  # of each entry: number of its line
    reads: dict[str, _Reads] = field(default_factory=dict)


@dataclass
class Memory:
    """Watches the arrays of the user's frames and their objects during a run of the backward."""

    program: Program
    overwritten: list[Overwritten] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=lambda: [("", 0)])
    _numbers: dict[Line, int] = field(default_factory=dict)
    _runs: dict[int, int] = field(default_factory=dict)
    _watched: dict[int, _Watched] = field(default_factory=dict)
    _reads: dict[str, Reads] = field(default_factory=dict)

    def run(self, inputs: Inputs, function: Callable[..., Any], seconds: float) -> None:
        """Run `function` on copies of the inputs and watch."""
        pair = copied(inputs)
        self._watched.clear()
        for file, source in self.program.sources.items():
            self._reads[file] = subscripts(source)
        self.program.state.restore()
        try:
            with (
                self.program.quiet(),
                self.program.watchdog.limit(seconds),
                traced_lines(self.program.sources.__contains__, self._after, self._before),
            ):
                function(*pair)
        except (Exception, TimeUp):
            return  # what was seen until then is kept

    def _number(self, line: Line) -> int:
        if line not in self._numbers:
            self._numbers[line] = len(self._lines)
            self._lines.append(line)
        return self._numbers[line]

    def _after(self, frame: types.FrameType, line: int) -> None:
        number = self._number((frame.f_code.co_filename, line))
        for watched in self._watched.values():
            now = watched.array.tobytes()
            if now == watched.bytes:
                continue
            where = watched.array != watched.content
            for reads in watched.reads.values():
                lost = where & (reads.reader != 0)
                # In the same turn it is a step of a computation in place, not a loss.
                turns = np.array([self._runs.get(int(r), 0) for r in reads.reader.ravel()])
                lost &= turns.reshape(where.shape) > reads.turn
                reads.lost[lost] = number
                reads.reader[where & ~lost] = 0
            watched.writer[where] = number
            watched.bytes, watched.content = now, watched.array.copy()

    def _before(self, frame: types.FrameType, previous: int) -> None:
        file, line = frame.f_code.co_filename, frame.f_lineno
        number = self._number((file, line))
        self._runs[number] = self._runs.get(number, 0) + 1
        local, maker = frame.f_locals, self._number((file, previous))
        for value in list(local.values()):
            self._watch(value, maker)
            if hasattr(value, "__dict__") and not isinstance(value, type | types.ModuleType):
                for attribute in list(vars(value).values()):
                    self._watch(attribute, maker)
        function = frame.f_code.co_firstlineno
        forward = (file, function) in self.program.in_loss
        for names, base, index in self._reads.get(file, {}).get(line, ()):
            try:
                array = eval(base, frame.f_globals, local)
                watched = self._watched.get(id(array))
                if watched is None or watched.array is not array:
                    continue
                entries = np.arange(array.size).reshape(array.shape)[
                    eval(index, frame.f_globals, local)
                ]
            except Exception:  # names that are bound later in the line, indices that do not fit
                continue
            self._read(watched, np.ravel(entries), number, forward, names)

    def _watch(self, value: Any, maker: int) -> None:
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind == "f"
            and 0 < value.size <= _LARGE
            and value.ndim
            and id(value) not in self._watched
        ):
            self._watched[id(value)] = _Watched(
                value, value.copy(), value.tobytes(), np.full(value.shape, maker)
            )

    def _read(
        self, watched: _Watched, entries: Array, number: int, forward: bool, names: Names
    ) -> None:
        name, index = names
        if forward:
            if index not in watched.reads:
                nobody = (np.zeros(watched.array.shape, np.int64) for _ in range(4))
                watched.reads[index] = _Reads(*nobody)
            reads = watched.reads[index]
            reads.reader.flat[entries] = number
            reads.put.flat[entries] = watched.writer.flat[entries]
            reads.turn.flat[entries] = self._runs[number]
            reads.lost.flat[entries] = 0
        elif index in watched.reads:
            reads = watched.reads[index]
            for entry in entries[reads.lost.flat[entries] != 0][:1]:
                put, read, wrote = (
                    self._lines[int(column.flat[entry])]
                    for column in (reads.put, reads.reader, reads.lost)
                )
                found = Overwritten(put, read, wrote, self._lines[number], name)
                if found not in self.overwritten:
                    self.overwritten.append(found)


def subscripts(source: Source) -> Reads:
    """Return, by line, what is read by index there: names, and code for the array and the index.

    Only such as have no effect of their own: no calls; and nothing that runs on a condition.
    """
    found: Reads = {}
    conditional = {
        id(inner)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.IfExp | ast.BoolOp | ast.Lambda)
        for inner in ast.walk(node)
    }
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        if id(node) in conditional or not all(isinstance(n, _SAFE) for n in ast.walk(node)):
            continue
        names = source.of(node.value), ast.unparse(node.slice)
        base = compile(ast.Expression(node.value), "<read>", "eval")
        itself = ast.parse("__import__('numpy').s_", mode="eval").body
        index = ast.Subscript(itself, node.slice, ast.Load())
        code = compile(ast.fix_missing_locations(ast.Expression(index)), "<read>", "eval")
        found.setdefault(node.lineno, []).append((names, base, code))
    return found
