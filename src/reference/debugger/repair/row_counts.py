"""Divisions by one number where each row has a count of its own: its length, its known entries."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.quotients import counts_here

_LEAST = 2  # less is no count of steps


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``x / lengths[:, None]`` for ``x / steps``."""
    for node, _ in place.loaded:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
            continue
        number = place.value(place.text(node.right), place.env)
        divided = place.value(place.text(node.left), place.env)
        is_number = isinstance(number, int | float | np.integer | np.floating)
        if not is_number or number < _LEAST or number % 1 or not isinstance(divided, np.ndarray):
            continue
        for text, _ in counts_here(place, place.env, divided.shape):
            yield place.rewrite(node.right, text, "scale 1/B or 1/T", f"over {text}", 1.4)
