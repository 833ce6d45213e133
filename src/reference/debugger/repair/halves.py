"""Two parts of an array that are cut apart at the wrong place, or the one for the other.

``dx, dh = dxh[H:], dxh[:H]`` where x comes first and h last: neither slice is right by itself, and
the cut that is meant is another one, or the parts change places, or both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Splice

_MOST = 6


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give the two parts of an array cut at another place, and exchanged."""
    parts = [part for statement in _here(place) for part in _parts(place, statement)]
    for k, (base, cut, first, a) in enumerate(parts):
        for other, same, second, b in parts[:k]:
            if (base, cut) == (other, same) and first != second:
                yield from _cut(place, base, cut, (a, b) if first else (b, a))


def _here(place: Place) -> list[ast.stmt]:
    """Return a statement and the one after it: the two parts are taken in one line, or in two."""
    for node in ast.walk(place.function):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list) and place.statement in block:
                at = block.index(place.statement)
                return block[at : at + 1 + isinstance(place.statement, ast.Assign)]
    return []


def _parts(
    place: Place, statement: ast.stmt
) -> Iterator[tuple[tuple[str, int, int], str, bool, ast.Slice]]:
    """Give the slices with one bound: of what, the bound, whether it is the first part, and it."""
    for node in ast.walk(statement) if not hasattr(statement, "body") else ():
        if not isinstance(node, ast.Subscript):
            continue
        each = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for axis, part in enumerate(each):
            if isinstance(part, ast.Slice) and part.step is None:
                bounds = [bound for bound in (part.lower, part.upper) if bound is not None]
                if len(bounds) == 1:
                    of = place.text(node.value), axis, len(each)
                    yield of, place.text(bounds[0]), part.upper is not None, part


def _cut(
    place: Place, base: tuple[str, int, int], cut: str, pair: tuple[ast.Slice, ast.Slice]
) -> Iterator[Rewrite]:
    """Give other cuts of an array, for the slices of its first and second part."""
    name, axis, count = base
    shape = shape_of(place.value(name, place.env))
    if count > len(shape):
        return
    size = shape[axis]
    at = place.value(cut, place.env)
    if not isinstance(at, int | np.integer):
        return
    numbers = [n for n, value in place.env.items() if type(value) is int and value > 1]
    back = cut[1:] if cut.startswith("-") else f"-{cut}"
    texts: dict[int, str] = {int(at) % size: cut}
    for text in (back, *(f for n in numbers for f in (n, f"-{n}"))):
        value = place.value(text, place.env)
        if isinstance(value, int | np.integer) and 0 < abs(value) < size:
            texts.setdefault(int(value) % size, text)
    for text in list(texts.values())[:_MOST]:
        for parts in ((f":{text}", f"{text}:"), (f"{text}:", f":{text}")):
            news = [Splice(*place.source.span(s), new) for s, new in zip(pair, parts, strict=True)]
            if text != cut or parts[0] != f":{cut}":
                yield place.splice(news, "wrong order", f"[{parts[0]}] and [{parts[1]}]",
                                   1.2)  # fmt: skip
