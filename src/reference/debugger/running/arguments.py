"""What can be asked about: two functions, and parameters and inputs that are named arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.debugger.running.hints import to_make_a_dict, to_make_arrays
from reference.debugger.running.shapes import entries, shape_of

_SCALARS = (bool, int, float, np.generic)


@dataclass(frozen=True)
class Draw:
    """Parameters and inputs at which the two functions are run.

    Parameters
    ----------
    params, inputs : mapping of str to ndarray
        Never changed: `copies` gives what somebody else's function may write into.
    source : str
        Where the values come from: "given", "fresh values" or "example".
    """

    params: Mapping[str, Any]
    inputs: Mapping[str, Any]
    source: str = "given"

    @property
    def floats(self) -> dict[str, Array]:
        """Everything that can have a gradient, as float64, by name; a parameter comes first."""
        both = {**self.inputs, **self.params}
        return {
            name: np.asarray(both[name], np.float64)
            for name in (*self.params, *(n for n in self.inputs if n not in self.params))
            if is_float(both[name])
        }

    @property
    def size(self) -> int:
        """The number of entries of all arrays."""
        return sum(entries(value) for value in (*self.params.values(), *self.inputs.values()))

    def copies(self) -> tuple[Any, Any]:
        """Return params and inputs with arrays of their own."""
        return _copied(self.params), _copied(self.inputs)

    def replaced(self, values: Mapping[str, Any]) -> Draw:
        """Return the draw with other values for some names."""

        def group(of: Mapping[str, Any], others: Mapping[str, Any]) -> Any:
            made = _copied(of)
            for name in of:
                if name in values and name not in others:
                    made[name] = values[name]
            return made

        return Draw(group(self.params, {}), group(self.inputs, self.params), self.source)

    def map_floats(self, function: Callable[[Array], Array]) -> Draw:
        """Return the draw with `function` of every array of floats."""
        return self.with_arrays({name: function(array) for name, array in self.floats.items()})

    def with_arrays(self, arrays: Mapping[str, Array]) -> Draw:
        """Return the draw with arrays for some of its floats; a number stays a number."""
        both = {**self.inputs, **self.params}
        values = {name: np.asanyarray(array) for name, array in arrays.items()}
        return self.replaced({
            name: value if isinstance(both[name], np.ndarray) else value[()]
            for name, value in values.items()
        })  # fmt: skip


def is_float(value: Any) -> bool:
    """Return whether a value can have a gradient."""
    return isinstance(value, float | np.floating) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )


def checked(params: Any, inputs: Any, source: str = "given") -> Draw:
    """Return a draw of what the user gave.

    Raises
    ------
    TypeError
        If the two are no mappings, or a parameter is no array.
    """
    for name, group in (("params", params), ("inputs", inputs)):
        if not isinstance(group, Mapping):
            fail(name, f"type {type(group).__name__}", "a dict of arrays by name",
                 "gradients are compared by name", hint=to_make_a_dict(name, group),
                 error=TypeError)  # fmt: skip
    for name, value in params.items():
        if not isinstance(name, str):
            fail("params", f"the name {name!r}", "a dict with strings for names",
                 "gradients are told by name", error=TypeError)  # fmt: skip
        _is_array(f"params[{name!r}]", value)
        array = np.asarray(value)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            at = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            fail(f"params[{name!r}]", f"the value {array[at]} at {list(at)}", "finite",
                 "no derivative is defined there")  # fmt: skip
    return Draw(params, inputs, source)


def _is_array(name: str, value: Any) -> None:
    if isinstance(value, _SCALARS) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
    ):
        return
    is_array = isinstance(value, np.ndarray)
    fail(
        name,
        f"dtype {value.dtype}" if is_array else f"type {type(value).__name__}",
        "a NumPy array of floats",
        "its gradient is checked entry by entry",
        hint=to_make_arrays(name, value),
        error=TypeError,
    )


def unchanged(draw: Draw, params: Any, inputs: Any) -> str:
    """Return the name of the first array of `draw` that is another one now, or nothing."""
    for before, after in ((draw.params, params), (draw.inputs, inputs)):
        for name, value in before.items():
            if name not in after or not same(value, after[name]):
                return str(name)
    return ""


def added(draw: Draw, params: Any, inputs: Any) -> list[str]:
    """Return the names that have been put into the dicts."""
    pairs = (draw.params, params), (draw.inputs, inputs)
    return [str(name) for before, after in pairs for name in after if name not in before]


def same(a: Any, b: Any) -> bool:
    """Return whether two values are equal in shape and in every entry; NaN equals NaN.

    Objects that cannot be compared, such as a network or its settings, are never equal to their
    copies, which says nothing: they count as the same.
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if shape_of(a) != shape_of(b):
            return False
        try:
            return bool(np.array_equal(a, b, equal_nan=True))
        except TypeError:  # objects: NaN is not asked for
            return bool(np.array_equal(a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.random.Generator) and isinstance(b, np.random.Generator):
        return same(a.bit_generator.state, b.bit_generator.state)
    if type(a) is type(b) and type(a).__eq__ is object.__eq__:
        return True
    try:
        return bool(a == b) or (a != a and b != b)
    except (TypeError, ValueError):  # records of arrays, say
        return type(a) is type(b) and same(getattr(a, "__dict__", {}), getattr(b, "__dict__", {}))


def _copied(group: Mapping[str, Any]) -> Any:
    if type(group) is not dict:
        return copy.deepcopy(group)
    return {
        name: value.copy() if isinstance(value, np.ndarray) else copy.deepcopy(value)
        for name, value in group.items()
    }
