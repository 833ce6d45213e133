"""What a variable holds at first: zeros, ones, or the gradient of a state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Splice

_KIND = "initial value"
_DTYPE = "wrong dtype"


_NEW = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
_WHOLE = ("int", "np.int32", "np.int64", "np.int_", "np.intp", "bool", "np.int8", "np.uint8",
          "'int'", '"int"')  # fmt: skip


def is_zeros(value: ast.expr) -> bool:
    """Return whether an expression makes an array of zeros.

    Examples
    --------
    >>> of = ("np.zeros_like(h)", "zeros(3)", "0 * h")
    >>> [is_zeros(ast.parse(text, mode="eval").body) for text in of]
    [True, True, False]
    """
    function = value.func if isinstance(value, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", "")) in ("zeros", "zeros_like")


def of_floats(place: Place) -> Iterator[Rewrite]:
    """Give arrays of floats for arrays of integers, which cut off what is written into them."""
    for node, _ in place.loaded:
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [k.value for k in node.keywords if k.arg == "dtype"] + node.args[1:]
        for value in given if called in (*_NEW, "array", "asarray", "eye") else ():
            if place.text(value) in _WHOLE or _is_whole(place, value):
                yield place.rewrite(value, "float", _DTYPE, "floats, not integers", 0.8)
        entry = place.text(node.args[1]) if called == "full" and len(node.args) == 2 else ""
        if entry and not node.keywords and isinstance(place.value(entry, place.env), int):
            yield place.rewrite(node.args[1], f"float({entry})", _DTYPE, "floats, not integers",
                                0.8)  # fmt: skip
        if called.endswith("_like") and not any(k.arg == "dtype" for k in node.keywords):
            made = place.value(place.text(node), place.env)
            if isinstance(made, np.ndarray) and made.dtype.kind in "iub":
                end = place.source.span(node)[1] - 1
                yield place.splice([Splice(end, end, ", dtype=float")], _DTYPE,
                                   "floats, not integers", 0.8)  # fmt: skip
        if called == "astype" and node.args and place.text(node.args[0]) in _WHOLE:
            yield place.rewrite(node.args[0], "float", _DTYPE, "floats, not integers", 1.0)


def _is_whole(place: Place, node: ast.expr) -> bool:
    """Return whether an expression, such as ``ids.dtype``, is a type of whole numbers."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    value = place.value(place.text(node), place.env)
    try:
        return value is not None and np.dtype(value).kind in "iu"
    except TypeError:
        return False


def anew(place: Place) -> Iterator[Rewrite]:
    """Give what is set before a loop set at the start of each of its turns.

    Of several layers or sequences each would begin with what the one before left.
    """
    statement, source = place.statement, place.source
    if not isinstance(statement, ast.Assign) or not _is_empty(statement.value):
        return
    for loop in ast.walk(place.function):
        if not isinstance(loop, ast.For) or loop.lineno <= statement.lineno:
            continue
        if loop.col_offset != statement.col_offset:
            continue
        first = loop.body[0]
        after = (statement.end_lineno or statement.lineno) + 1
        cut = Splice(source.at(statement.lineno), source.at(after), "")
        at = source.at(first.lineno)
        line = f"{source.indent(first)}{place.text(statement)}\n"
        # Of several that are set together it is hardly all that should be.
        cost = 1.6 if isinstance(place.target, ast.Tuple) else 1.2
        yield place.splice([cut, Splice(at, at, line)], _KIND,
                           f"{place.variable} set anew in each turn", cost)  # fmt: skip


def again(place: Place) -> Iterator[Rewrite]:
    """Give a loop what the one before it began with: else it goes on with what that has left.

    Of several variables first all together, then each alone. To blame is where it is read first,
    or where it is set, if that is outside of a loop around.
    """
    loop, source = place.statement, place.source
    if not isinstance(loop, ast.For | ast.While):
        return
    begun, blamed = {}, {}
    for name, line in _read_first(loop).items():
        before = [s for s in _assignments(place.function) if s.lineno < loop.lineno]
        starts = [s for s in before if name in _targets(s) and _is_empty(s.value)]
        start = starts[-1].lineno if starts else 0
        writers = _that_leave(place.function, loop, name, start) if starts else []
        if writers:
            around = any(loop.lineno <= (other.end_lineno or 0) for other in writers)
            carried = any(_is_read_before(other, loop, name) for other in writers)
            begun[name] = starts[-1]
            blamed[name] = start if around and not carried else line
    indent, at = source.indent(loop), source.at(loop.lineno)
    groups = [list(begun)] if len(begun) > 1 else []
    for names in (*groups, *([name] for name in begun)):
        statements = dict.fromkeys(begun[name] for name in names)
        lines = "".join(f"{indent}{place.text(s)}\n" for s in statements)
        rewrite = place.splice([Splice(at, at, lines)], _KIND,
                               f"{', '.join(names)} set anew before the loop",
                               1.1 if blamed[names[0]] > loop.lineno else 1.3)  # fmt: skip
        yield replace(rewrite, variable=names[0], line=blamed[names[0]])


def _assignments(function: ast.AST) -> list[ast.Assign]:
    found = [node for node in walked(function) if isinstance(node, ast.Assign)]
    return sorted(found, key=lambda node: node.lineno)


def _targets(statement: ast.Assign) -> list[str]:
    return [ast.unparse(target) for target in statement.targets]


def _read_first(loop: ast.For | ast.While) -> dict[str, int]:
    """Return what a loop reads before it sets it anew, and sets for the next turn; and where."""
    read: dict[str, int] = {}
    written: dict[str, int] = {}
    for statement in loop.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name | ast.Attribute):
                where = read if isinstance(node.ctx, ast.Load) else written
                where.setdefault(ast.unparse(node), node.lineno)
        if isinstance(statement, ast.AugAssign):
            read.setdefault(ast.unparse(statement.target), statement.lineno)
    return {n: line for n, line in read.items() if n in written and line <= written[n]}


def _that_leave(
    function: ast.AST, loop: ast.For | ast.While, name: str, start: int
) -> list[ast.For | ast.While]:
    """Return other loops that write a variable after its start, and before the loop begins.

    One may be a loop around this one, whose next turn finds what the last one has left.
    """
    found = []
    for other in walked(function):
        if not isinstance(other, ast.For | ast.While) or other is loop or other.lineno < start:
            continue
        last = other.end_lineno or other.lineno
        around = other.lineno < loop.lineno <= last
        if around or last < loop.lineno:
            stored = (n for n in ast.walk(other) if isinstance(n, ast.Name | ast.Attribute))
            if any(isinstance(n.ctx, ast.Store) and ast.unparse(n) == name for n in stored):
                found.append(other)
    return found


def _is_read_before(around: ast.For | ast.While, loop: ast.For | ast.While, name: str) -> bool:
    """Return whether a loop around another reads a variable before that: it is its own carry."""
    return any(
        isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node) == name
        for statement in around.body
        if (statement.end_lineno or statement.lineno) < loop.lineno
        for node in ast.walk(statement)
    )


def _is_empty(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        called = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return called in _NEW or called in ("list", "dict")
    return isinstance(value, ast.Constant) or (
        isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}")
    )


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give zeros for ones, and something known for zeros."""
    for node, _ in place.loaded:
        text = place.text(node)
        if isinstance(node, ast.Call) and "ones" in place.text(node.func):
            new = text.replace("ones", "zeros", 1)
            yield place.rewrite(node, new, _KIND, "zeros, not ones", 1.0)
        elif isinstance(node, ast.Call) and "zeros" in place.text(node.func):
            value = place.value(text, place.env)
            if value is None:
                continue
            for atom in place.atoms:
                if atom.shape == shape_of(value) and not atom.zero:
                    yield place.rewrite(node, atom.text, _KIND, f"{atom.text}, not zeros", 1.7)
            if node.args and "like" in place.text(node.func):
                inner = place.text(node.args[0])
                yield place.rewrite(node, inner, "never returned", f"{inner}, not zeros", 0.9)
        elif isinstance(node, ast.Constant) and not isinstance(place.statement, ast.For):
            new = {"0": "1", "1": "0", "0.0": "1.0", "1.0": "0.0"}.get(text)
            if new is not None:
                yield place.rewrite(node, new, _KIND, f"{new}, not {text}", 1.9)
