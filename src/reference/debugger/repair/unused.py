"""Variables that a function is given or makes and never reads: where they may have been meant."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from reference.debugger.repair.operands import naming
from reference.debugger.repair.place import Place, Rewrite, inside, product
from reference.debugger.running.shapes import axes_of, goes_with, shape_of
from reference.debugger.running.source import Splice


def unused_in(function: ast.FunctionDef) -> list[str]:
    """Return the names that a function sets, or takes, and never reads.

    Examples
    --------
    >>> unused_in(ast.parse("def f(a, b): c = a; d = c; return c").body[0])
    ['b', 'd']
    """
    known = [argument.arg for argument in function.args.args]
    read: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                known.append(node.id)
            else:
                read.add(node.id)
    ignored = {"self", "cls", "_"}
    return [n for n in dict.fromkeys(known) if n not in read | ignored and n[:1] != "_"]


def keys_read(trees: Iterable[ast.AST]) -> Callable[[str], bool]:
    """Return what says whether some code reads a key, or may: put together, ``name + "_bias"``.

    Examples
    --------
    >>> is_read = keys_read([ast.parse('p["x"] + p[name + "_bias"] * f(p[f"{gate}_W"])')])
    >>> is_read("x"), is_read("in_bias"), is_read("f_W"), is_read("bias")
    (True, True, True, False)
    """
    read: set[str] = set()
    parts: set[str] = set()
    for node in itertools.chain.from_iterable(map(ast.walk, trees)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            read.add(node.value)
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            inner = node.values if isinstance(node, ast.JoinedStr) else (node.left, node.right)
            parts |= {one.value for one in inner
                      if isinstance(one, ast.Constant) and isinstance(one.value, str)}  # fmt: skip
    return lambda key: key in read or any(part in key for part in parts)


def entries(place: Place, is_read: Callable[[str], bool]) -> list[str]:
    """Return the entries of the function's arguments whose keys the backward nowhere reads."""
    arguments = getattr(place.function, "args", None)
    given = [] if arguments is None else [argument.arg for argument in arguments.args]
    return [
        f"{name}[{key!r}]"
        for name in given
        if isinstance(held := place.env.get(name), Mapping)
        for key, value in held.items()
        if isinstance(key, str) and isinstance(value, np.ndarray) and not is_read(key)
    ]


def rewrites(place: Place, names: list[str]) -> Iterator[Rewrite]:
    """Give each value of a statement with an unused variable added, multiplied or in its place."""
    yield from _at_the_end(place, names)
    yield from _of_zeros(place, names)
    for node, parent in place.loaded:
        if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Dict):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if _is_count(value) and isinstance(parent, ast.Subscript):
            for name in names:
                if name != text and _is_count(place.value(name, place.env)):
                    why = f"{name}, which nobody reads, not {text}"
                    yield place.rewrite(node, name, "index off by one", why, 1.0)
        if not isinstance(value, np.ndarray | float | np.floating):
            continue
        whole = not isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Subscript)
        addend = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        for name in names:
            held = place.value(name, place.env)
            if not isinstance(held, np.ndarray | float | np.floating) or name == text:
                continue
            result = isinstance(parent, ast.Tuple | ast.List | ast.Dict | ast.Return)
            alike = shape_of(held) == shape_of(value) or result
            if alike and not isinstance(node, ast.BinOp):
                yield place.rewrite(
                    node, name, naming(text, name), f"{name}, which nobody reads, not {text}", 1.0
                )
            if whole and shape_of(held) == shape_of(value):
                yield place.rewrite(
                    node, inside(parent, f"{text} + {name}"), "carry not added",
                    f"{name}, which nobody reads, added", 0.95,
                )  # fmt: skip
            if (whole or addend) and goes_with(shape_of(held), shape_of(value)):
                yield place.rewrite(
                    node, f"{product(node, text)} * {name}", "missing factor",
                    f"times {name}, which nobody reads", 1.1,
                )  # fmt: skip


def _is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _at_the_end(place: Place, names: list[str]) -> Iterator[Rewrite]:
    """Give ``x[-1] += last`` after ``x = np.zeros(...)``: what enters at the last step."""
    statement, source = place.statement, place.source
    value = getattr(statement, "value", None)
    if not isinstance(statement, ast.Assign) or value is None or "zeros" not in place.text(value):
        return
    shape = place.shape(place.text(value))
    at = source.at((statement.end_lineno or statement.lineno) + 1)
    indent = source.indent(statement)
    for name in names:
        held = place.value(name, place.env)
        if isinstance(held, np.ndarray) and held.ndim and shape[1:] == held.shape:
            for row in ("-1", "0"):
                line = f"{indent}{place.variable}[{row}] += {name}\n"
                yield place.splice(
                    [Splice(at, at, line)],
                    "missing path",
                    f"{name}, which nobody reads, added",
                    1.1,
                )


def _of_zeros(place: Place, names: list[str]) -> Iterator[Rewrite]:
    """Give ``dc = last`` after ``dh, dc = (np.zeros(...) for ...)``: what a carry begins with."""
    statement, source = place.statement, place.source
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Tuple) or "zeros" not in place.text(statement):
        return
    at = source.at((statement.end_lineno or statement.lineno) + 1)
    indent = source.indent(statement)
    for name in names:
        if not axes_of(place.value(name, place.env)):
            continue
        for carry in map(place.text, target.elts):
            why = f"{carry} begins with {name}, which nobody reads"
            splice = Splice(at, at, f"{indent}{carry} = {name}\n")
            yield place.splice([splice], "initial value", why, 1.0)
