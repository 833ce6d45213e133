"""A variable in the place of another one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sized

import numpy as np

from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import Place, Rewrite, inside, walked
from reference.debugger.running.shapes import axes_of, shape_of
from reference.debugger.running.source import Splice


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each variable, attribute or subscript replaced by another one of its shape."""
    yield from _singles(place)
    yield from _broadcast(place)
    yield from _attributes(place)
    yield from _targets(place)
    yield from _donated(place)
    yield from _everywhere(place)


def _singles(place: Place) -> Iterator[Rewrite]:
    for node, parent in place.loaded:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if isinstance(value, float | np.floating | np.ndarray):
            for atom in place.atoms:
                if atom.text != text and atom.shape == shape_of(value):
                    kind = naming(text, atom.text)
                    cost = 1.0 + unlike(text, atom.text) + 0.5 * atom.zero
                    yield place.rewrite(node, atom.text, kind, f"{atom.text}, not {text}", cost)
            if isinstance(parent, ast.Call | ast.Subscript) and isinstance(node, ast.Name):
                yield from _lists(place, node, text, value)
            if isinstance(parent, ast.Subscript) and isinstance(node, ast.Name):
                yield from _longer_or_shorter(place, node, text, value)
            elif _is_reduced(node, parent) or isinstance(parent, ast.Tuple | ast.List):
                yield from _of_other_shapes(place, node, text, value)
        elif not isinstance(parent, ast.Subscript) or isinstance(node, ast.Name):
            yield from _others(place, node, text, value)


def _broadcast(place: Place) -> Iterator[Rewrite]:
    """Give arrays of other shapes for an operand that do not make the result any larger.

    A number, or a row, in the place of a whole array goes unnoticed: it is broadcast.
    """
    above = {id(node): parent for node, parent in place.nodes}
    for node, parent in place.loaded:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        whole: ast.AST = node
        while _is_elementwise(parent):
            whole, parent = parent, above[id(parent)]
        if whole is node:
            continue
        text = place.text(node)
        old, result = (shape_of(place.value(place.text(n), place.env)) for n in (node, whole))
        for atom in place.atoms:
            if atom.text == text or atom.zero or atom.shape == old or len(atom.text) > 30:
                continue
            if _together(atom.shape, result) == result:
                cost = 1.2 + unlike(text, atom.text)
                yield place.rewrite(node, atom.text, naming(text, atom.text),
                                    f"{atom.text}, not {text}", cost)  # fmt: skip


def _is_elementwise(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult)


def _together(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape of two arrays broadcast together, None where they are not."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def _attributes(place: Place) -> Iterator[Rewrite]:
    """Give another attribute of the same object for one that is no array: a flag, a size."""
    for node, parent in place.loaded:
        if not isinstance(node, ast.Attribute) or isinstance(parent, ast.Attribute):
            continue
        base = place.value(place.text(node.value), place.env)
        value = place.value(place.text(node), place.env)
        if isinstance(value, float | np.floating | np.ndarray):
            continue
        for name, other in fields(base).items():
            plain = type(other) is type(value) or {type(other), type(value)} == {int, bool}
            if plain and name != node.attr and not callable(other):
                text = f"{place.text(node.value)}.{name}"
                cost = 1.3 + unlike(node.attr, name)
                yield place.rewrite(node, text, naming(place.text(node), text),
                                    f"{text}, not {place.text(node)}", cost)  # fmt: skip


def _targets(place: Place) -> Iterator[Rewrite]:
    """Give another array to write a part of: ``dc[t] += x`` for ``dh[t] += x``."""
    target = place.target
    if not isinstance(target, ast.Subscript):
        return
    text = place.text(target.value)
    value = place.value(text, place.env)
    if isinstance(value, dict):
        return
    for name, other in place.env.items():
        alike = isinstance(other, np.ndarray) and other.shape == getattr(value, "shape", ())
        alike = alike or (isinstance(other, list) and type(value) is list)
        if alike and name != text:
            cost = 1.2 + unlike(text, name)
            yield place.rewrite(target.value, name, naming(text, name), f"{name}, not {text}", cost)


def _longer_or_shorter(place: Place, node: ast.Name, text: str, value: object) -> Iterator[Rewrite]:
    """Give arrays of other sizes for one of which only a part is read."""
    for name, other in place.env.items():
        if (
            isinstance(other, np.ndarray)
            and other.ndim == axes_of(value)
            and other.shape != shape_of(value)
            and other.dtype.kind == "f"
        ):
            cost = 1.3 + unlike(text, name)
            yield place.rewrite(node, name, naming(text, name), f"{name}, not {text}", cost)


def _lists(place: Place, node: ast.Name, text: str, value: object) -> Iterator[Rewrite]:
    """Give lists of arrays for an array that a call takes, such as that of ``np.stack``."""
    for name, other in place.env.items():
        if axes_of(value) and type(other) is list and other and isinstance(other[0], np.ndarray):
            cost = 1.3 + unlike(text, name)
            yield place.rewrite(node, name, naming(text, name), f"{name}, not {text}", cost)


def counted(place: Place) -> Iterator[Rewrite]:
    """Give other things to be counted: ``range(len(tape))`` for ``range(len(bias))``."""
    for node, parent in place.loaded:
        counts = isinstance(parent, ast.Call) and place.text(parent.func) == "len"
        if not (counts and isinstance(node, ast.Name | ast.Attribute | ast.Subscript)):
            continue
        text = place.text(node)
        many = _length(place.value(text, place.env))
        for name, other in place.env.items():
            if name != text and _length(other) not in (0, many) and not isinstance(other, str):
                cost = 0.9 + 0.5 * unlike(text, name)
                yield place.rewrite(node, name, naming(text, name), f"{name}, not {text}", cost)


def _length(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _is_reduced(node: ast.expr, parent: ast.AST) -> bool:
    """Return whether the shape of an operand is not that of the result: sums, products of matrices.

    Examples
    --------
    >>> sum_ = ast.parse("db.sum(axis=0)", mode="eval").body
    >>> _is_reduced(sum_.func.value, sum_.func)
    True
    """
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.MatMult)
    if isinstance(parent, ast.Attribute):
        return parent.value is node and parent.attr in ("sum", "mean", "dot", "T")
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute)


def _of_other_shapes(place: Place, node: ast.expr, text: str, value: object) -> Iterator[Rewrite]:
    """Give arrays of other shapes for one that is summed or multiplied."""
    for atom in place.atoms:
        if atom.shape and atom.shape != shape_of(value) and not atom.zero and len(atom.text) < 20:  # type: ignore[arg-type]  # a value of whatever type has a shape
            cost = 1.3 + unlike(text, atom.text)
            yield place.rewrite(node, atom.text, naming(text, atom.text),
                                f"{atom.text}, not {text}", cost)  # fmt: skip


def _donated(place: Place) -> Iterator[Rewrite]:
    """Give values and factors replaced by longer expressions that the file has elsewhere."""
    for node, parent in place.loaded:
        if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Dict):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, float | np.floating | np.ndarray):
            continue
        for atom in place.donors:
            if atom.shape == shape_of(value) and atom.text != text and not atom.zero:
                cost = 1.7 + unlike(text, atom.text)
                new = inside(parent, atom.text)
                yield place.rewrite(node, new, naming(text, atom.text), f"{atom.text}", cost)


def _everywhere(place: Place) -> Iterator[Rewrite]:
    """Give one name replaced by another wherever it stands in the statement."""
    nodes: dict[str, list[ast.expr]] = {}
    for node, parent in place.nodes:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not (
            isinstance(parent, ast.Call) and parent.func is node
        ):
            nodes.setdefault(place.text(node), []).append(node)
    for text, those in nodes.items():
        if len(those) < 2:
            continue
        value = place.value(text, place.env)
        number = type(value) is int
        for new in replacements(place, text, value):
            yield place.splice(
                [Splice(*place.source.span(node), new) for node in those],
                naming(text, new), f"{new}, not {text}, everywhere in the line",
                1.2 if number else 1.2 + unlike(text, new),
            )  # fmt: skip


def replacements(place: Place, text: str, value: object) -> Iterator[str]:
    """Give what may stand for a variable: arrays of its shape, other indices, other sizes."""
    if isinstance(value, float | np.floating | np.ndarray):
        for atom in place.atoms:
            if atom.text != text and atom.shape == shape_of(value) and not atom.zero:
                yield atom.text
    elif type(value) in (int, slice):
        names = {**place.names, **place.env}
        for name, other in names.items():
            if name != text and type(other) is type(value) and not name.startswith("_"):
                yield name


def two(place: Place) -> Iterator[Rewrite]:
    """Give two variables of the statement replaced at once."""
    singles = [r for r in _singles(place) if r.cost < 2.2][:90]
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
    near = _indices(place) if type(value) in (int, slice) and _in_index(place, node) else {}
    for name, other in {**near, **place.env}.items():
        if name != text and type(other) is type(value) and not name.startswith("__"):
            cost = 1.5 if name in near else 2.0
            yield place.rewrite(node, name, naming(text, name), f"{name}, not {text}", cost)


def _in_index(place: Place, node: ast.expr) -> bool:
    """Return whether a name stands in a subscript of the statement."""
    return any(
        inner is node
        for outer, _ in place.nodes
        if isinstance(outer, ast.Subscript)
        for inner in ast.walk(outer.slice)
    )


def _indices(place: Place) -> dict[str, object]:
    """Return the integers and slices by which the function takes parts of arrays, by name."""
    names = {
        inner.id
        for outer in walked(place.function)
        if isinstance(outer, ast.Subscript)
        for inner in ast.walk(outer.slice)
        if isinstance(inner, ast.Name)
    }
    known = {**place.names, **place.env}
    return {name: known[name] for name in sorted(names) if type(known.get(name)) in (int, slice)}


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


def unlike(old: str, new: str) -> float:
    """Return how unlike two names are: those that look alike are mistaken for each other first."""
    if _without_index(old) == _without_index(new):
        return 0.0
    same = sum(x == y for x, y in zip(old, new, strict=False))
    return 0.6 - 0.4 * same / max(len(old), len(new))
