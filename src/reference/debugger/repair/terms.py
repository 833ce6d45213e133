"""A term or factor too many, or one that is missing."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside, product
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import axes_of, shape_of
from reference.debugger.running.source import Source


def fewer(place: Place) -> Iterator[Rewrite]:
    """Give each sum without a term, each product without a factor."""
    for node, parent in place.loaded:
        if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.Pow | ast.MatMult):
            continue
        additive = isinstance(node.op, ast.Add | ast.Sub)
        kind = "spurious term" if additive else "spurious factor"
        if isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant):
            if additive:
                continue
            kind = "scale 1/B or 1/T" if isinstance(node.op, ast.Div) else kind
        left, right = place.text(node.left), place.text(node.right)
        cost = 2.0
        yield place.rewrite(node, inside(parent, left), kind, f"without {right}", cost)
        if isinstance(node.op, ast.Add | ast.Mult):
            cost = _HALVED if is_halved(place, node) else cost
            yield place.rewrite(node, inside(parent, right), kind, f"without {left}", cost)
        elif isinstance(node.op, ast.Sub):
            yield place.rewrite(node, f"(-{bracketed(node.right, right)})", kind,
                                f"without {left}", cost)  # fmt: skip


def is_halved(place: Place, node: ast.BinOp) -> bool:
    """Return whether a factor 2 stands before what the file halves: ``0.5 * decay * w ** 2``.

    A half and the 2 of a square make 1. The 2 is then too many, even where some size is 2, too.
    """
    if not isinstance(node.op, ast.Mult) or getattr(node.left, "value", None) not in (2, 2.0):
        return False
    own = {n.id for n in ast.walk(node.right) if isinstance(n, ast.Name)} - {"np", "numpy"}
    return any(own & names for names in _halved(place.source))


_HALVED = 1.0


@kept(64)
def _halved(source: Source) -> list[set[str]]:
    """Return the names in the products of a file that have a square, and 0.5 or a division by 2."""
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
            continue
        inner = list(ast.walk(node))
        squared = any(
            (isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow))
            or getattr(n, "attr", getattr(n, "id", "")) == "square"
            for n in inner
        )
        halves = any(
            (isinstance(n, ast.Constant) and n.value == 0.5)
            or (
                isinstance(n, ast.BinOp)
                and isinstance(n.op, ast.Div)
                and getattr(n.right, "value", None) == 2
            )
            for n in inner
        )
        if squared and halves:
            found.append({n.id for n in inner if isinstance(n, ast.Name)} - {"np", "numpy"})
    return found


def factors(place: Place) -> Iterator[Rewrite]:
    """Give each value and each addend with one more factor."""
    for node in place.chains():
        text = place.text(node)
        value = place.value(text, place.env)
        if value is None or not _is_float(value):
            continue
        base = product(node, text)
        if node is getattr(place.statement, "value", None):
            yield from widened(place)
        for atom in place.alike(value):
            kind = "missing factor"
            yield place.rewrite(node, f"{base} * {atom.text}", kind, f"times {atom.text}", 1.6)
            yield place.rewrite(
                node, f"{base} * (1 - {atom.text})", kind, f"times 1 - {atom.text}", 2.0
            )
        for atom in place.donors:
            if (
                _broadcasts(atom.shape, shape_of(value))
                and not atom.zero
                and _is_telling(atom.value)
            ):
                new = f"{base} * {bracketed(ast.parse(atom.text, mode='eval').body, atom.text)}"
                yield place.rewrite(node, new, "missing factor", f"times {atom.text}", 1.9)
        for atom in place.atoms:
            if 0 < len(atom.shape) < axes_of(value) and (
                atom.shape == shape_of(value)[: len(atom.shape)]
            ):
                wide = f"{atom.text}[{':, ' * len(atom.shape)}{_none(value, atom.value)}]"
                yield place.rewrite(
                    node, f"{base} * {wide}", "missing factor", f"times {wide}", 1.8
                )
            elif not shape_of(value) and atom.shape and isinstance(node, ast.Name | ast.Attribute):
                new = f"{base} * {atom.text}"  # a plain number where an array is meant
                yield place.rewrite(node, new, "missing factor", f"times {atom.text}", 1.9)
            if atom.shape != shape_of(value) and _broadcasts(atom.shape, shape_of(value)):
                yield place.rewrite(
                    node, f"{base} * {atom.text}", "missing factor", f"times {atom.text}", 2.0
                )
                if atom.shape == ():
                    yield place.rewrite(
                        node, f"{base} / {atom.text}", "missing factor", f"over {atom.text}", 2.0
                    )


def widened(place: Place) -> Iterator[Rewrite]:
    """Give factors for a value that is broadcast into a larger array, or a part of one."""
    target, node = place.target, getattr(place.statement, "value", None)
    adds = isinstance(place.statement, ast.AugAssign)
    if target is None or node is None or not (adds or isinstance(target, ast.Subscript)):
        return
    shape, value = place.shape(place.text(target)), place.value(place.text(node), place.env)
    if not shape or value is None or not _is_float(value) or shape == shape_of(value):
        return
    base = product(node, place.text(node))
    for atom in place.atoms:
        if atom.shape and atom.shape == shape[: len(atom.shape)] and not atom.zero:
            none = ", ".join([":"] * len(atom.shape) + ["None"] * (len(shape) - len(atom.shape)))
            wide = atom.text if atom.shape == shape else f"{atom.text}[{none}]"
            cost = _WIDE if adds and atom.text not in place.text(target) else 1.8
            yield place.rewrite(node, f"{base} * {wide}", "missing factor", f"times {wide}", cost)


_WIDE = 1.2  # a sum of arrays to which one value is added for many lacks a factor, it seems


def scaled(place: Place) -> Iterator[Rewrite]:
    """Give ``x = x / n * m`` for ``x /= n``, with another factor."""
    statement = place.statement
    if not (isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult | ast.Div)):
        return
    target = place.text(statement.target)
    value = place.value(target, place.env)
    if not _is_float(value):
        return
    sign = "*" if isinstance(statement.op, ast.Mult) else "/"
    old = bracketed(statement.value, place.text(statement.value))
    for atom in [*place.atoms, *place.masks(), *place.donors]:
        wide = atom.text
        if (
            0 < len(atom.shape) < axes_of(value)
            and atom.shape == shape_of(value)[: axes_of(atom.value)]
        ):
            wide = f"{atom.text}[{':, ' * len(atom.shape)}{_none(value, atom.value)}]"
        elif not _broadcasts(atom.shape, shape_of(value)):
            continue
        new = f"{target} = {target} {sign} {old} * {wide}"
        yield place.rewrite(statement, new, "missing factor", f"times {wide}", 1.8)


def terms(place: Place) -> Iterator[Rewrite]:
    """Give each value with one more term: a variable, or a product of two."""
    for node, parent in place.loaded:
        text = place.text(node)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
            continue
        if isinstance(node, ast.Constant | ast.Tuple | ast.List):
            continue
        value = place.value(text, place.env)
        if value is None or not _is_float(value):
            continue
        alike = place.alike(value)
        own = {place.text(n) for n, _ in place.loaded}
        for atom in alike:
            if len(atom.shape) > 1 and len(atom.text) < 20:
                yield place.rewrite(
                    node, inside(parent, f"{text} + {atom.text}[::-1]"), "missing path",
                    f"+ {atom.text}[::-1]", 2.4,
                )  # fmt: skip
        for atom in alike:
            if atom.text == text:
                continue
            cost = 2.5 if atom.text in own else 1.8
            for sign in "+-":
                yield place.rewrite(
                    node, inside(parent, f"{text} {sign} {atom.text}"), "missing path",
                    f"{sign} {atom.text}", cost + 0.5 * (sign == "-"),
                )  # fmt: skip


def two_factors(place: Place) -> Iterator[Rewrite]:
    """Give each value and each addend with two more factors."""
    for node in place.chains():
        text = place.text(node)
        value = place.value(text, place.env)
        if value is None or not _is_float(value):
            continue
        alike = [atom for atom in place.alike(value) if _is_telling(atom.value)]
        for a, b in itertools.combinations(alike, 2):
            new = f"{product(node, text)} * {a.text} * {b.text}"
            yield place.rewrite(node, new, "missing factor", f"times {a.text} * {b.text}", 2.4)


def products_of_two(place: Place) -> Iterator[Rewrite]:
    """Give the statement's value with one more product: elementwise, or of matrices."""
    value_node = getattr(place.statement, "value", None)
    if not isinstance(value_node, ast.expr):
        return
    targets = [value_node]
    if isinstance(value_node, ast.Tuple | ast.List):
        targets = list(value_node.elts)
    elif isinstance(value_node, ast.Dict):
        targets = list(value_node.values)
    for node in targets:
        text = place.text(node)
        value = place.value(text, place.env)
        if value is None or not _is_float(value):
            continue
        for term, cost in donated(place, shape_of(value)):
            yield place.rewrite(node, f"{text} + {term}", "missing path", f"+ {term}", cost)


def donated(place: Place, shape: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Give products of two atoms that have a shape, and their costs."""
    alike = [atom for atom in place.atoms if atom.shape == shape and not atom.zero]
    for k, a in enumerate(alike):
        for b in alike[k:]:
            if a.text != b.text:
                yield f"{a.text} * {b.text}", 2.6
                yield f"{a.text} * (1 - {b.text})", 3.0
                yield f"{b.text} * (1 - {a.text})", 3.0
    for a in alike:
        for b in place.atoms:
            if not b.zero and b.shape != shape and b.shape and _broadcasts(b.shape, shape):
                yield f"{a.text} * {b.text}", 2.7
        for mask in place.masks():
            if mask.shape and not mask.zero and _broadcasts(mask.shape, shape):
                yield f"{a.text} * {mask.text}", 2.5
                if np.asarray(mask.value).dtype.kind != "b":
                    yield f"{a.text} * (1 - {mask.text})", 2.5
    matrices = _matrices(place)
    for a, m in matrices:
        for b, n in matrices:
            if len(n) < 3 and m[-1:] == n[:1] and (*m[:-1], *n[1:]) == shape and a != b:
                yield f"{a} @ {b}", 2.8
            if len(m) == len(n) == 1 and (*m, *n) == shape:
                yield f"np.outer({a}, {b})", 2.8
    for a in place.atoms:
        for axis in range(len(a.shape)):
            if a.shape[:axis] + a.shape[axis + 1 :] == shape:
                yield f"{a.text}.sum(axis={axis})", 2.7


def _matrices(place: Place) -> list[tuple[str, tuple[int, ...]]]:
    """Return the arrays at a place, and their transposes, with their shapes."""
    found = []
    for atom in place.atoms:
        if len(atom.shape) in (1, 2, 3) and not atom.zero:
            found.append((atom.text, atom.shape))
            if len(atom.shape) == 2:
                found.append((f"{atom.text}.T", atom.shape[::-1]))
    return found


def _none(value: object, part: object) -> str:
    return ", ".join(["None"] * (axes_of(value) - axes_of(part)))


def _is_telling(value: object) -> bool:
    """Whether a factor changes anything: not all ones."""
    return not np.all(np.asarray(value) == 1)


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False


def _is_float(value: object) -> bool:
    return isinstance(value, float | np.floating) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )
