"""What a variable holds at first: zeros, ones, or the gradient of a state."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.source import Splice

_KIND = "initial value"
_DTYPE = "wrong dtype"


_NEW = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
_WHOLE = ("int", "np.int32", "np.int64", "np.int_", "np.intp", "bool", "np.int8", "np.uint8",
          "'int'", '"int"')  # fmt: skip


def of_floats(place: Place) -> Iterator[Rewrite]:
    """Give arrays of floats for arrays of integers, which cut off what is written into them."""
    for node, _ in place.loaded:
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [k.value for k in node.keywords if k.arg == "dtype"] + node.args[1:]
        for value in given if called in (*_NEW, "array", "asarray", "eye") else ():
            if place.text(value) in _WHOLE:
                yield place.rewrite(value, "float", _DTYPE, "floats, not integers", 0.8)
        if called.endswith("_like") and not any(k.arg == "dtype" for k in node.keywords):
            made = place.value(place.text(node), place.env)
            if isinstance(made, np.ndarray) and made.dtype.kind in "iub":
                end = place.source.span(node)[1] - 1
                yield place.splice([Splice(end, end, ", dtype=float")], _DTYPE,
                                   "floats, not integers", 0.8)  # fmt: skip
        if called == "astype" and node.args and place.text(node.args[0]) in _WHOLE:
            yield place.rewrite(node.args[0], "float", _DTYPE, "floats, not integers", 1.0)


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
        line = f"{' ' * first.col_offset}{place.text(statement)}\n"
        yield place.splice([cut, Splice(at, at, line)], _KIND,
                           f"{place.variable} set anew in each turn", 1.2)  # fmt: skip


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
                if atom.shape == np.shape(value) and not atom.zero:
                    yield place.rewrite(node, atom.text, _KIND, f"{atom.text}, not zeros", 1.7)
            if node.args and "like" in place.text(node.func):
                inner = place.text(node.args[0])
                yield place.rewrite(node, inner, "never returned", f"{inner}, not zeros", 0.9)
        elif isinstance(node, ast.Constant) and not isinstance(place.statement, ast.For):
            new = {"0": "1", "1": "0", "0.0": "1.0", "1.0": "0.0"}.get(text)
            if new is not None:
                yield place.rewrite(node, new, _KIND, f"{new}, not {text}", 1.9)
