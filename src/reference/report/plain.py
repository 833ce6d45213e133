"""Plain values for JSON out of NumPy's, and of what JSON has no word for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return a value as None, bool, int, float, str, list and dict with string keys.

    NaN and infinities become None, because JSON has no number for them; what is nothing of the
    kind is told as text.

    Examples
    --------
    >>> plain({"dW": np.array([1.0, np.inf]), 3: (np.int64(2), np.bool_(True))})
    {'dW': [1.0, None], '3': [2, True]}
    """
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(inner) for inner in value), key=str)
    return str(value)
