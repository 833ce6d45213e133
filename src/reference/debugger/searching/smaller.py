"""Real sizes are too large to search on: the same program at smaller ones.

Arrays are made smaller, and with them the numbers that the program itself keeps of their sizes,
such as a global ``hidden_size``, and those that are written in its functions. What the arrays are
is guessed from what they hold: rows with a single 1 stay such rows, probabilities sum to 1, masks
and lengths are cut alike. Every guess is tried: it counts only if the program goes wrong there as
it does at its own sizes.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.draws import further
from reference.debugger.running.arguments import checked
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.state import State
from reference.debugger.running.timebox import TimeUp
from reference.debugger.searching.cases import size_of
from reference.debugger.searching.flat import flat_vectors
from reference.debugger.searching.sizes import near, sizes_of, smaller_sizes
from reference.debugger.texts.literals import with_smaller_numbers

_MOST_ENTRIES = 800
_LONGEST = 16  # the largest size of an input: a sequence of so many steps is slow to search on
_DRAWS = 6
_START = 5  # of strings, and of lists that differ in length
_TABLE = 20  # settings have fewer entries; a vocabulary with more is none
_LONG_TABLE = 200  # nor have lists of shapes more

Sizes = Mapping[int, int]


def is_large(inputs: Inputs) -> bool:
    """Return whether a search on these inputs would take too long."""
    return size_of(inputs) > _MOST_ENTRIES or max(sizes_of(inputs[1]), default=0) > _LONGEST


@dataclass(frozen=True)
class Smaller:
    """Draws at smaller sizes, the first of which shows what is wrong, and what the sizes became."""

    drawn: list[Inputs]
    sizes: Sizes


@contextmanager
def made_smaller(
    program: Program, inputs: Inputs, differentiated: Collection[str], seed: int, seconds: float,
    shows: Callable[[Inputs], bool],
) -> Iterator[Smaller | None]:  # fmt: skip
    """Within the block the program's own numbers are those of smaller sizes, if any are found.

    Parameters
    ----------
    program : Program
    inputs : (params, inputs)
        At the sizes that are too large.
    differentiated : collection of str
        What a gradient is asked of.
    seed : int
    seconds : float
        For the guesses.
    shows : callable
        Whether the program goes wrong at some inputs as it does at the large ones.

    Yields
    ------
    Smaller or None
        None where no guess does.
    """
    until = time.monotonic() + seconds
    flat = flat_vectors(program, inputs, min(1.0, 0.2 * seconds))
    inputs = flat.opened(inputs)

    tried: set[tuple[bool, bool]] = set()  # ways that come farthest with the first guess

    def ways(sizes: Sizes, small: Inputs) -> list[tuple[Sizes, bool, bool]]:
        around = [flat.numbers(small) | dict(one) for one in near(sizes)]
        more = [(how, True, written) for written in (False, True) for how in around]
        every = [(around[0], False, False), *more]
        return [way for way in every if not tried or way[1:] in tried]

    def reached(sizes: Sizes) -> float:
        """Return how far the loss comes, at best."""
        if time.monotonic() > until:
            return -1.0
        small = shrunk(inputs, sizes)
        far: dict[tuple[bool, bool], float] = {}
        given = flat.closed(small)
        for around, kept, written in ways(sizes, small):
            with _with_numbers(program, sizes, around, kept, written) as changed:
                lines = _lines_run(program, given) if changed else -1.0
            far[kept, written] = max(far.get((kept, written), -1.0), lines)
            if lines == np.inf:
                return lines
        best = max(far.values())
        if not tried:
            tried.update(way for way in far if far[way] == best)
        return best

    for sizes in smaller_sizes(inputs, reached):
        opened = shrunk(inputs, sizes)
        small = flat.closed(opened)
        for way in ways(sizes, opened):
            with _with_numbers(program, sizes, *way) as changed:
                if not changed or _lines_run(program, small) < np.inf:
                    continue
                program.state = State([program.loss, program.backward, *program.functions])
                drawn = further(checked(*small), None, seed, differentiated)
                close, wide = [(d.params, d.inputs) for d in islice(drawn, 2)]
                # Values of order 1 first: at small weights much does not show.
                for first, other in ((wide, close), (close, wide)):
                    if shows(first):
                        more = [(d.params, d.inputs) for d in islice(drawn, _DRAWS - 2)]
                        yield Smaller([first, *more, other], sizes)
                        return
    yield None


def at_other_sizes(program: Program, inputs: Inputs) -> Iterator[Inputs]:
    """Give the inputs at sizes of which no two hang together by chance, where the loss runs.

    Numbers that the program keeps stay what they are.
    """

    def reached(sizes: Sizes) -> float:
        return _lines_run(program, shrunk(inputs, sizes))

    for sizes in smaller_sizes(inputs, reached, larger=True):
        yield shrunk(inputs, sizes)


@contextmanager
def _with_numbers(
    program: Program, sizes: Sizes, around: Sizes, kept: bool, written: bool
) -> Iterator[bool]:
    """Within the block the program's own numbers, kept or written, are those of smaller sizes.

    Yields
    ------
    bool
        Whether there is anything to try: some number is another, or none is asked for.
    """
    state = program.state
    texts = program.texts
    change = partial(_resized, sizes=sizes, small=around) if kept else _same
    state.restore()
    try:
        with state.rebound(change) as changed:
            if written:
                small = {file: with_smaller_numbers(text, around) for file, text in texts.items()}
                yield small != texts and _installed(program, small)
            else:
                yield changed or not kept
    finally:
        program.restore_texts(texts)
        program.state = state
        state.restore()


def _lines_run(program: Program, inputs: Inputs) -> float:
    """Return how many different lines the loss runs before it raises; infinity where it doesn't.

    Lines that are run again say nothing: longer sequences run more of them.
    """
    codes = {function.__code__ for function in program.functions}
    lines: set[tuple[types.CodeType, int]] = set()

    def count(frame: types.FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add((frame.f_code, frame.f_lineno))
        return count if frame.f_code in codes else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with program.watchdog.limit(1.0):
            program.loss(*copied(inputs))
    except (Exception, TimeUp):
        return float(len(lines))
    finally:
        sys.settrace(before)
    return np.inf


def _installed(program: Program, texts: Mapping[str, str]) -> bool:
    try:
        program.restore_texts(texts)
    except (SyntaxError, ValueError):
        return False
    return True


def _same(value: Any) -> Any:
    return value


def _resized(value: Any, sizes: Sizes, small: Sizes) -> Any:
    """Return a setting or an array at the smaller sizes; the value itself where it has none."""
    if isinstance(value, np.ndarray):
        with_a_start = {size + 1: n + 1 for size, n in sizes.items()}  # states, h[0] among them
        return value if value.dtype.hasobject else resized(value, with_a_start | dict(sizes))
    if type(value) is int:
        return small.get(value, value)
    if isinstance(value, np.integer):
        return type(value)(small.get(int(value), int(value)))
    if isinstance(value, slice):
        start, stop = (_resized(each, sizes, small) for each in (value.start, value.stop))
        same = (start, stop) == (value.start, value.stop)
        return value if same else slice(start, stop, value.step)
    if isinstance(value, Mapping) and _is_table(list(value.values())):
        inner = {key: _resized(each, sizes, small) for key, each in value.items()}
        return _made_like(value, inner, all(inner[key] is value[key] for key in value))
    if isinstance(value, list | tuple) and _is_table(value):
        items = [_resized(each, sizes, small) for each in value]
        return _made_like(value, items, all(a is b for a, b in zip(items, value, strict=True)))
    return value


def _is_table(values: Sequence[Any]) -> bool:
    """Return whether these may be settings, or shapes by name."""
    if len(values) <= _TABLE:
        return True
    return len(values) <= _LONG_TABLE and all(isinstance(one, tuple | slice) for one in values)


def _made_like(value: Any, items: Any, same: bool) -> Any:
    """Return a container of the kind of another, which is the answer where nothing changed."""
    if same:
        return value
    try:
        return getattr(value, "_make", type(value))(items)  # the first of a named tuple
    except TypeError:  # it wants more than its entries, as a `defaultdict`
        return value


def shrunk(inputs: Inputs, sizes: Sizes) -> Inputs:
    """Return params and inputs at smaller sizes.

    Examples
    --------
    >>> ids, lengths = np.array([7, 59, 30, 0]), np.array([12, 25])
    >>> _, small = shrunk(({}, {"ids": ids, "n": lengths}), {25: 4, 60: 5})
    >>> small["ids"], small["n"]
    (array([0, 4, 2, 0]), array([1, 4]))
    """
    params, given = copied(inputs)
    for group in (params, given):
        for name, value in group.items():
            if isinstance(value, np.ndarray):
                group[name] = resized(value, sizes)
            elif isinstance(value, list):
                group[name] = _shortened(value, sizes)
            elif isinstance(value, int | np.integer | Mapping | tuple):
                group[name] = _resized(value, sizes, sizes)
    return params, given


def _shortened(values: list[Any], sizes: Sizes) -> list[Any]:
    """Return a list of numbers at the smaller sizes; of others some, and the starts of long ones.

    Examples
    --------
    >>> _shortened(["anneke", "max", "ophelia", "zoe"], {4: 2})
    ['max', 'zoe']
    """
    array = np.array(values, object if len(shape_of(values)) == 1 else None)
    if array.dtype.hasobject and not all(isinstance(each, int | float) for each in values):
        some = _picked(array, sizes).tolist()
        return [each[:_START] if isinstance(each, str | list) else each for each in some]
    return resized(np.array(values), sizes).tolist()


def resized(array: Array, sizes: Sizes) -> Array:
    """Return entries of an array, spread evenly over it, with what its values mean kept."""
    if not any(size in sizes for size in array.shape):
        return _whole(array, sizes) if array.dtype.kind in "iu" else array
    small = _picked(array, sizes)
    axis = _distribution(array)
    if axis is None:
        return _whole(small, sizes) if array.dtype.kind in "iu" else small
    if set(np.unique(array).tolist()) <= {0, 1}:  # the place of the single 1, as an index
        size, count = array.shape[axis], small.shape[axis]
        rows = np.moveaxis(array, axis, -1)
        where = _picked(np.argmax(rows, -1), sizes) * count // size
        return np.moveaxis(np.eye(count, dtype=array.dtype)[where], -1, axis)
    return small / small.sum(axis, keepdims=True)


def _picked(array: Array, sizes: Sizes) -> Array:
    """Return the last entry of each of so many equal parts, along every axis."""
    for axis, size in enumerate(array.shape):
        count = sizes.get(size, size)
        # So of a mask that ends after 12 of 25 steps as many are left as of a length of 12.
        at = -(-(np.arange(count) + 1) * size // count) - 1
        array = array.take(at, axis)
    return array


def _whole(array: Array, sizes: Sizes) -> Array:
    """Return indices below, and lengths up to, a smaller size; 0 and 1 stay as they are."""
    largest = int(array.max(initial=0))
    size = min((size for size in sizes if size >= largest), default=0)
    if largest <= 1 or not size or array.min(initial=0) < 0:
        return array
    small = array.astype(np.int64) * sizes[size] // size
    return np.maximum(small, min(1, int(array.min()))).astype(array.dtype)


def _distribution(array: Array) -> int | None:
    """Return the axis along which an array sums to 1 and is nowhere negative."""
    if array.dtype.kind not in "fiub" or not array.size or array.min() < 0:
        return None
    axes: Sequence[int] = [axis for axis in range(array.ndim) if array.shape[axis] > 1]
    sums = (axis for axis in reversed(axes) if np.allclose(array.sum(axis), 1.0, atol=1e-6))
    return next(sums, None)
