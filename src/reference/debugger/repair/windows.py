"""A slice of the right length that begins at the wrong place: both of its bounds are others.

``dx = dz[:, :D]`` where the first column belongs to the bias, and ``dz[:, 1:D + 1]`` is meant. A
window of the old length is slid along the axis, and where it may stand is written with the bounds
and sizes that the program has names for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import Place
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source

_MOST = 16  # windows of a slice
_EACH = 3  # texts of a window: sizes that are equal here may differ elsewhere


def shifted(place: Place, node: ast.Subscript, part: ast.Slice) -> Iterator[str]:
    """Give slices of the same length that begin elsewhere.

    Parameters
    ----------
    place : Place
    node : ast.Subscript
    part : ast.Slice
        The slice in it, without a step.
    """
    size = _length(place, node, part)
    known = _bounds(place)
    if part.step is not None or size is None:
        return
    first, last = _bound(place, part.lower, 0, size), _bound(place, part.upper, size, size)
    if first is None or last is None or not 0 < last - first < size:
        return
    yield from _beside(place, part)
    length = last - first
    count = 0
    for start in sorted(range(size - length + 1), key=lambda start: abs(start - first)):
        if start != first and count < _MOST:
            # Those with the names that the slice has: what else has the size here is by chance.
            texts = sorted(_texts(known, start, length, size), key=lambda t: _foreign(t, part))
            texts = texts[:_EACH]
            count += bool(texts)
            yield from texts


def _beside(place: Place, part: ast.Slice) -> Iterator[str]:
    """Give the windows one on and one back with the bounds that a slice has."""
    if part.upper is None:
        return
    upper = place.text(part.upper)
    second = part.lower is not None and place.text(part.lower) == "1"
    if second and isinstance(part.upper, ast.UnaryOp):
        yield f":{upper} - 1"  # 1:-n is all but the first, and n at the end
    head, _, last = upper.rpartition(" ")
    if part.lower is None and last == "1" and head.endswith("-"):
        yield f"1:{head[:-1].strip()}"


def _texts(known: dict[int, list[str]], start: int, length: int, size: int) -> Iterator[str]:
    """Give the ways to write a window with known bounds."""
    end = start + length
    firsts = [""] if start == 0 else known.get(start, [])
    if end == size:
        yield from (f"{first}:" for first in (*firsts, *known.get(start - size, [])))
        return
    lasts = [*known.get(end, []), *known.get(end - size, [])]
    yield from (f"{first}:{last}" for last in lasts for first in firsts)
    for width in known.get(length, [])[:_EACH]:
        yield from (f"{first}:{first} + {width}" for first in firsts if first)


def _foreign(text: str, part: ast.Slice) -> tuple[int, int]:
    """Return how many names a text has that a slice has not, and its length."""
    own = set(_NAME.findall(ast.unparse(part)))
    return len(set(_NAME.findall(text)) - own), len(text)


_NAME = re.compile(r"[A-Za-z_]\w*")


def _length(place: Place, node: ast.Subscript, part: ast.Slice) -> int | None:
    """Return the length of the axis that a slice is taken of; None if it is not known."""
    base = place.value(place.text(node.value), place.env)
    shape = (len(base),) if type(base) in (list, tuple) else shape_of(base)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    axis = 0
    for other in parts:
        if other is part:
            return shape[axis] if axis < len(shape) else None
        if isinstance(other, ast.Constant) and other.value is Ellipsis:
            axis = len(shape) - (len(parts) - 1 - parts.index(other))
        elif not (isinstance(other, ast.Constant) and other.value is None):
            axis += 1
    return None


def _bound(place: Place, bound: ast.expr | None, default: int, size: int) -> int | None:
    if bound is None:
        return default
    value = place.value(place.text(bound), place.env)
    if not isinstance(value, int | np.integer):
        return None
    return int(min(value + size, size) if value < 0 else min(value, size))


def _bounds(place: Place) -> dict[int, list[str]]:
    """Return what may be written for a bound, by its value: what the file has, then sizes."""
    texts = dict.fromkeys(_written(place.source))
    turning = set(place.counters)
    sizes = [
        name
        for name, value in place.env.items()
        if type(value) is int and value > 1 and name not in turning
    ]
    sizes += [text for text in texts if _PLACE.fullmatch(text) and text not in sizes]
    sizes += [text for text in _beside_it(place, sizes) if text not in sizes]
    for text in sizes:
        texts |= dict.fromkeys((text, f"-{text}", f"2 * {text}", f"3 * {text}"))
    for text in sizes:
        texts |= dict.fromkeys((f"{text} + 1", f"{text} - 1"))
    texts |= dict.fromkeys(f"{a} + {b}" for a in sizes for b in sizes if a < b)
    texts |= dict.fromkeys(("1", "-1", "2"))
    found: dict[int, list[str]] = {}
    for text in list(texts)[:120]:
        value = place.value(text, place.env)
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            found.setdefault(int(value), []).append(text)
    return found


def _beside_it(place: Place, sizes: list[str]) -> list[str]:
    """Return the other sizes of objects of which one is written: ``net.width`` by ``net.depth``."""
    owners = dict.fromkeys(text.rpartition(".")[0] for text in sizes if "." in text)
    return [
        f"{owner}.{name}"
        for owner in owners
        for name, value in fields(place.value(owner, place.env)).items()
        if type(value) is int and value > 1
    ]


_PLACE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@kept(64)
def _written(source: Source) -> tuple[str, ...]:
    """Return the bounds of slices in a file, the frequent ones first."""
    texts = [
        ast.unparse(bound)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Slice)
        for bound in (node.lower, node.upper)
        if bound is not None and not isinstance(bound, ast.Constant)
    ]
    return tuple(
        sorted(dict.fromkeys(t for t in texts if len(t) <= 30), key=lambda t: -texts.count(t))
    )
