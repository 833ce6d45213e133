"""The derivative of what is centred: ``d - d.mean(-1, keepdims=True)`` for ``d``.

What a loss takes its mean from gets its gradient less the mean of it. That term is forgotten, as in
the backward of a normalisation, since the other terms are of the mean of squares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_KIND = "missing path"
_MOST = 3  # ways to take a mean


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each addend, and the whole value, less its mean as the file takes means."""
    ways = means(place.source)
    for node, parent in place.loaded if ways else ():
        whole = isinstance(place.statement, ast.Assign) and node is place.statement.value
        added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        if not (whole or added) or isinstance(node, ast.Constant | ast.Tuple | ast.List):
            continue
        x = bracketed(node, place.text(node))
        value = place.value(x, place.env)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        for way in ways:
            mean = f"{x}.mean({way})"
            middle = place.value(mean, place.env)
            if isinstance(middle, np.ndarray) and 1 < middle.size < value.size:
                new = inside(parent, f"{x} - {mean}")
                cost = 1.4 if isinstance(node, ast.Name) else 1.6
                yield place.rewrite(node, new, _KIND, f"less its mean: {mean}", cost)


@kept(64)
def means(source: Source) -> tuple[str, ...]:
    """Return the arguments with which a file takes means that it may subtract.

    Examples
    --------
    >>> means(Source("a.py", "y = x - x.mean(-1, keepdims=True)"))
    ('-1, keepdims=True',)
    >>> means(Source("a.py", "y = x - np.mean(x, axis=0, keepdims=True); z = x.mean()"))
    ('axis=0, keepdims=True',)
    """
    found: dict[str, None] = {}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") != "mean":
            continue
        if not any(k.arg == "keepdims" for k in node.keywords):
            continue
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        of_numpy = isinstance(of, ast.Name) and of.id in ("np", "numpy")
        given = [ast.unparse(a) for a in node.args[of_numpy:]]
        given += [f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords]
        found[", ".join(given)] = None
    return tuple(found)[:_MOST]
