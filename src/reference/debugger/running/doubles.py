"""Programs of seven digits, run with sixteen: the search tells right from wrong by more than seven.

In the user's own modules ``np.float32`` and all that is bound to it means ``np.float64`` for a
while, and arrays that live on between calls are doubles.
"""

from __future__ import annotations

import linecache
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.state import State
from reference.user_code import functions_reached

SHORT = (np.float16, np.float32)
_NAMES = ("float32", "float16", "f4", "f2", "<f4", "=f4")  # "f", "half" may mean other things
_WRITTEN = re.compile(r"float32|float16|\.(single|half)\b|[\"\'](single|half|[<=]?f[42]?)[\"\']")
_TYPES = re.compile(r"float32|float16|np\.(single|half)\b|[\"\'][<=]?f[42][\"\']")
_MAKERS = {"zeros", "ones", "empty", "full", "eye", "identity", "zeros_like", "ones_like",
           "empty_like", "full_like", "array", "asarray", "asanyarray", "ascontiguousarray",
           "arange", "linspace"}  # fmt: skip


class _DoubleNumpy(types.ModuleType):
    """NumPy, save that there are no floats shorter than doubles.

    A module, and called as NumPy is: what puts other numbers in the place of floats replaces it.
    """

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(np, name)
        if name in _MAKERS:
            return _maker(attribute)
        return np.float64 if isinstance(attribute, type) and attribute in SHORT else attribute


def _maker(original: Callable[..., Any]) -> Callable[..., Any]:
    def make(*args: Any, **options: Any) -> Any:
        made = original(*args, **options)
        return made.astype(np.float64) if made.dtype in SHORT else made

    return make


_numpy = _DoubleNumpy("numpy")


def may_be_short(
    loss: Any, backward: Any, *groups: Mapping[str, Any], surely: bool = False
) -> bool:
    """Return whether two functions may compute with less than doubles: by arrays, or by text.

    A text such as ``"f"`` may be the name of a gate: `surely` asks for the name of a type.
    """
    values = [value for group in groups for value in group.values()]
    if any(isinstance(value, np.ndarray) and value.dtype in SHORT for value in values):
        return True
    reached = (*functions_reached(loss), *functions_reached(backward))
    files = {function.__code__.co_filename for function in reached}
    pattern = _TYPES if surely else _WRITTEN
    return any(pattern.search("".join(linecache.getlines(file))) for file in files)


@contextmanager
def doubled(loss: Any, backward: Any) -> Iterator[None]:
    """Within the block two functions compute with doubles, where they are given such."""
    functions = (*functions_reached(loss), *functions_reached(backward))
    before = State([loss, backward, *functions])
    try:
        with before.rebound(_in_doubles()):
            yield
    finally:
        before.restore()


@contextmanager
def in_double_precision(program: Program) -> Iterator[None]:
    """Within the block a program computes with doubles, if it is one that may not."""
    if not any(_WRITTEN.search(source.text) for source in program.sources.values()):
        yield
        return
    before = program.state
    before.restore()
    try:
        with before.rebound(_in_doubles()):
            program.state = State([program.loss, program.backward, *program.functions])
            yield
    finally:
        program.state = before
        before.restore()


def in_doubles(inputs: Inputs) -> Inputs:
    """Return params and inputs with doubles for shorter floats."""
    params, given = copied(inputs)
    return _group(params), _group(given)


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.astype(np.float64)
        if isinstance(value, np.ndarray) and value.dtype in SHORT
        else value
        for name, value in group.items()
    }


def _in_doubles() -> Callable[[Any], Any]:
    arrays = InOtherNumbers(lambda array: array.astype(np.float64), SHORT, sys.maxsize)
    return lambda value: as_double(arrays(value))


def as_double(value: Any) -> Any:
    """Return what stands for `value` where there are no floats shorter than doubles."""
    if value is np:
        return _numpy
    if isinstance(value, type):
        return np.float64 if value in SHORT else value
    if isinstance(value, np.ndarray | np.dtype | np.generic):
        short = value.dtype if isinstance(value, np.ndarray | np.generic) else value
        if short not in SHORT:
            return value
        return np.dtype(float) if isinstance(value, np.dtype) else value.astype(np.float64)
    return "float64" if isinstance(value, str) and value in _NAMES else value
