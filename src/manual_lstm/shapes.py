"""Shapes written in letters: ``("D", "4H")`` with D = 8, H = 16 is (8, 64).

A built-in cell states the shapes of its parameters and states once, in the letters of its
equations. Drawing them, checking them, naming a gate in a report and padding them for a batched
check all read that one table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

SymbolicShape = tuple[str, ...]

_DIMENSION = re.compile(r"(\d*)([A-Z])")


@cache
def parse(dimension: str) -> tuple[int, str]:
    """Return (number of blocks, letter) of one dimension.

    Examples
    --------
    >>> parse("4H"), parse("D")
    ((4, 'H'), (1, 'D'))
    """
    match = _DIMENSION.fullmatch(dimension)
    if match is None:
        raise ValueError(f"dimension has the text {dimension!r}, but must be like '4H' or 'D'.")
    blocks, letter = match.groups()
    return int(blocks or 1), letter


def evaluate(shape: SymbolicShape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return the shape in numbers.

    Examples
    --------
    >>> evaluate(("D", "4H"), {"D": 8, "H": 16})
    (8, 64)
    """
    return tuple(blocks * sizes[letter] for blocks, letter in map(parse, shape))


def in_letters(shape: SymbolicShape) -> str:
    """Return the shape as it is written in the documentation.

    Examples
    --------
    >>> in_letters(("D", "4H")), in_letters(("4H",))
    ('(D, 4H)', '(4H,)')
    """
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(shape)})"
