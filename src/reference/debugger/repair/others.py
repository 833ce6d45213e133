"""Parts of other arrays, each with its own slice: ``s[:, 1:]`` for ``c[:, :-1]``.

Where one array holds the state before each step and another that after it, a wrong name has
another slice than the right one, and neither of the two edits alone mends anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.blocks import subscripts
from reference.debugger.repair.place import Place, Rewrite

_MOST = 80  # parts for one part
_COST = 1.7


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give other arrays of as many axes, with a slice that the file uses, of the same shape."""
    several = [text for text in subscripts(place.source) if ":" in text]
    arrays = [
        (name, held)
        for name, held in place.env.items()
        if isinstance(held, np.ndarray) and held.dtype.kind == "f" and held.ndim
    ]
    for node, _ in place.loaded:
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        old, base = place.text(node), place.shape(node.value.id)
        shape = place.shape(old)
        if ":" not in old or not shape:
            continue
        found = (
            f"{name}[{part}]"
            for name, held in arrays
            if name != node.value.id and held.ndim == len(base)
            for part in several
            if place.shape(f"{name}[{part}]") == shape
        )
        for _, new in zip(range(_MOST), found, strict=False):
            yield place.rewrite(node, new, "wrong operand", f"{new}, not {old}", _COST)
