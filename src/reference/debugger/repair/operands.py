"""A variable in the place of another one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each variable, attribute or subscript replaced by another one of its shape."""
    for node, parent in place.loaded:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if isinstance(value, float | np.floating | np.ndarray):
            for atom in place.atoms:
                if atom.text != text and atom.shape == np.shape(value):
                    kind = naming(text, atom.text)
                    cost = 1.0 + _distance(text, atom.text) + 0.5 * atom.zero
                    yield place.rewrite(node, atom.text, kind, f"{atom.text}, not {text}", cost)
        elif not isinstance(parent, ast.Subscript) or isinstance(node, ast.Name):
            yield from _others(place, node, text, value)


def two(place: Place) -> Iterator[Rewrite]:
    """Give two variables of the statement replaced at once."""
    singles = [r for r in rewrites(place) if r.cost < 2.2][:90]
    for k, a in enumerate(singles):
        for b in singles[k + 1 :]:
            if a.splices[0].end <= b.splices[0].start or b.splices[0].end <= a.splices[0].start:
                yield place.splice(
                    [*a.splices, *b.splices], a.kind, f"{a.why}; {b.why}", a.cost + b.cost + 1
                )


def _others(place: Place, node: ast.expr, text: str, value: object) -> Iterator[Rewrite]:
    """Give other variables of the same type for what is no array: caches, indices, counts."""
    if value is None or callable(value) or text in ("np", "self"):
        return
    for name, other in place.env.items():
        if name != text and type(other) is type(value) and not name.startswith("__"):
            yield place.rewrite(node, name, naming(text, name), f"{name}, not {text}", 2.0)


def naming(old: str, new: str) -> str:
    """Return the kind of a mix-up: a step, a gate, or a variable.

    Examples
    --------
    >>> naming("h[t]", "h[t - 1]"), naming("di", "df"), naming("c", "x")
    ('index off by one', 'gate copied', 'wrong operand')
    """
    keyed = "'" in old + new or '"' in old + new
    if _without_index(old) == _without_index(new) and "[" in old and not keyed:
        return "index off by one"
    if old[:1] == new[:1] == "d" and len(old) == len(new) <= 4 and (old[1] != new[1]):
        return "gate copied"
    a, b = re.sub(r"[ifgocaruz]", "*", old), re.sub(r"[ifgocaruz]", "*", new)
    if a == b and len(old) > 1 and sum(x != y for x, y in zip(old, new, strict=True)) == 1:
        return "gate copied"
    return "wrong operand"


def _without_index(text: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", text)


def _distance(old: str, new: str) -> float:
    """Names that look alike are mistaken for each other first."""
    if _without_index(old) == _without_index(new):
        return 0.0
    same = sum(x == y for x, y in zip(old, new, strict=False))
    return 0.6 - 0.4 * same / max(len(old), len(new))
