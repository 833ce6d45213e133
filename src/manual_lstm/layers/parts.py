"""What layers ask of the cells and layers that they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm import checks, sequence_checks
from manual_lstm.cell import Cell
from manual_lstm.layer import Layer

Part = Cell[Any, Any] | Layer


def is_layer(name: str, value: Any) -> None:
    """Refuse what cannot be run over a sequence, and classes in place of instances."""
    if not isinstance(value, Layer):
        sequence_checks.is_cell(value, name)


def input_size(part: Part) -> int | None:
    """Return D, the columns of an input, or None for a cell that does not state it."""
    return dict(getattr(part, "sizes", {})).get("D") or getattr(part, "input_size", None)


def common_dtype(parts: dict[str, tuple[Part, Any]]) -> np.dtype[Any]:
    """Check the parameters of each part, by the name that errors call them; return their dtype."""
    dtypes = {name: sequence_checks.params(part, own, name) for name, (part, own) in parts.items()}
    (first, dtype), *others = dtypes.items()
    for name, other in others:
        if other != dtype:
            because = f"{first} has dtype {dtype} and precision is never mixed"
            checks.fail(name, f"dtype {other}", str(dtype), because, error=TypeError)
    return dtype
