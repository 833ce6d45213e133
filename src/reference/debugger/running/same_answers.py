"""Whether two runs of a backward gave the same, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.debugger.running.program import as_float_array

_TOLERANCE = 1e-9


def kept(value: Any) -> Any:
    """Return a copy of a number or an array of numbers; None for anything else."""
    array = as_float_array(value) if isinstance(value, np.ndarray | float | int) else None
    return None if array is None else np.array(array)


def apart_in(a: Mapping[str, Any], b: Mapping[str, Any]) -> set[str]:
    """Return the names of what differs between two answers.

    Examples
    --------
    >>> apart_in({"W": 1.0, "b": 2.0}, {"W": 1.0, "b": 3.0, "U": 0.0}) == {"b", "U"}
    True
    """
    both = set(a) & set(b)
    return (set(a) ^ set(b)) | {name for name in both if differ({name: a[name]}, {name: b[name]})}


def differ(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Return whether two answers differ by more than rounding.

    Examples
    --------
    >>> differ({"W": np.ones(2)}, {"W": np.ones(2) + 1e-15}), differ({"W": np.ones(2)}, {})
    (False, True)
    """
    if set(a) != set(b):
        return True
    for name, value in a.items():
        other = b[name]
        if value is None or other is None:
            if value is not other:
                return True
            continue
        x, y = np.asarray(value), np.asarray(other)
        if x.shape != y.shape:
            return True
        if x.dtype.kind == "f" and x.size:
            size = float(np.max(np.abs(y), initial=0.0)) + 1e-300
            if not np.all(np.abs(x - y) <= _TOLERANCE * size):
                return True
    return False
