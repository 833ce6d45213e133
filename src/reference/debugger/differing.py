"""Whether two answers of a program differ by more than rounding, and in what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_TOLERANCE = 1e-9


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
    """Return whether two answers differ by more than rounding."""
    if set(a) != set(b):
        return True
    for name, value in a.items():
        other = b[name]
        if value is None or other is None:
            continue
        x, y = np.asarray(value), np.asarray(other)
        if x.shape != y.shape:
            return True
        if x.dtype.kind == "f" and x.size:
            size = float(np.max(np.abs(y), initial=0.0)) + 1e-300
            if not np.all(np.abs(x - y) <= _TOLERANCE * size):
                return True
    return False
