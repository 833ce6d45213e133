"""One array under several names: a copy where the second name is made, a new array, a new list."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.source import Source, Splice

_KIND = "aliasing"
_MADE = (ast.List, ast.ListComp, ast.Dict, ast.DictComp, ast.Call)
_VIEWS = {"reshape", "ravel", "transpose", "view", "squeeze", "swapaxes", "asarray"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give lists and dicts whose elements are objects of their own, and arrays that are new."""
    for node, _ in place.loaded:
        yield from _repeated(place, node)
    yield from _not_in_place(place)


def _repeated(place: Place, node: ast.expr) -> Iterator[Rewrite]:
    """Give ``[x for _ in range(n)]`` for ``[x] * n``, and the like for ``dict.fromkeys(ks, x)``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for made, times in ((node.left, node.right), (node.right, node.left)):
            if isinstance(made, ast.List) and len(made.elts) == 1:
                (element,) = made.elts
                if isinstance(element, (*_MADE, ast.Name, ast.BinOp, ast.Subscript)):
                    text = place.text(element)
                    if isinstance(element, ast.Name | ast.Subscript):
                        text = f"{text}.copy()"
                    new = f"[{text} for _ in range({place.text(times)})]"
                    yield place.rewrite(node, new, _KIND, "each element is one of its own", 0.8)
    elif isinstance(node, ast.Call) and place.text(node.func) == "dict.fromkeys":
        keys, value = (
            [place.text(argument) for argument in node.args] if node.args[1:] else ("", "")
        )
        if isinstance(node.args[-1], ast.Name | ast.Attribute | ast.Subscript):
            value = f"{value}.copy()"
        new = f"{{key: {value} for key in {keys}}}"
        if keys:
            yield place.rewrite(node, new, _KIND, "each key has a value of its own", 0.8)


def together(place: Place) -> Iterator[Rewrite]:
    """Give all lists and dicts of a function elements of their own, where there are several."""
    nodes = [n for n in walked(place.function) if isinstance(n, ast.BinOp | ast.Call)]
    each = [rewrite for node in nodes for rewrite in itertools.islice(_repeated(place, node), 1)]
    own = {place.source.span(node) for node, _ in place.loaded}
    splices = [splice for rewrite in each for splice in rewrite.splices]
    if len(splices) > 1 and (splices[0].start, splices[0].end) in own:
        yield place.splice(splices, _KIND, "each element is one of its own, in all of them", 0.9)


def chained(source: Source) -> Iterator[Rewrite]:
    """Give ``a = new(); b = new()`` for ``a = b = new()``: of a file all at once, then each.

    Of a part of something else, ``a = b = x[t]``, the second is a copy.
    """
    each = []
    for node in walked(source.tree):
        if not isinstance(node, ast.Assign) or len(node.targets) < 2:
            continue
        value = source.of(node.value)
        if isinstance(node.value, ast.Call | ast.List | ast.Dict | ast.ListComp | ast.DictComp):
            again = value
        elif isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
            again = f"{value}.copy()"
        else:
            continue
        values = [value, *(again for _ in node.targets[1:])]
        lines = [f"{source.of(t)} = {v}" for t, v in zip(node.targets, values, strict=True)]
        text = f"\n{source.indent(node)}".join(lines)
        name = source.of(node.targets[0])
        each.append(
            Rewrite(source.file, (Splice(*source.span(node), text),), _KIND,
                    "each has an array of its own", 0.8, node.lineno, name)
        )  # fmt: skip
    if len(each) > 1:
        splices = tuple(splice for rewrite in each for splice in rewrite.splices)
        yield Rewrite(source.file, splices, _KIND, each[0].why, 0.8, each[0].line,
                      each[0].variable)  # fmt: skip
    yield from each


def _not_in_place(place: Place) -> Iterator[Rewrite]:
    """Give a new array in place of one that is changed: ``x = x * f`` for ``x *= f``."""
    statement = place.statement
    if not isinstance(statement, ast.AugAssign):
        return
    target, whole = place.text(statement.target), _whole(place, statement)
    if isinstance(statement.target, ast.Name) and not isinstance(statement.op, ast.Add):
        yield place.rewrite(statement, f"{target} = {whole}", _KIND,
                            f"a new {target}, not the old one changed", 1.1)  # fmt: skip
    block = _block(place.function, statement)
    after = block[block.index(statement) + 1 :] if statement in block else []
    yield from _named_otherwise(place, statement, after)
    yield from _where_it_is_read(place, statement, after)


def _whole(place: Place, statement: ast.AugAssign) -> str:
    """Return what an assignment in place computes, as an expression."""
    source = place.source
    between = source.data[source.span(statement.target)[1] : source.span(statement.value)[0]]
    match = re.search(rb"(\S+)=", between)
    sign, value = match[1].decode() if match else "+", place.text(statement.value)
    if sign != "+" and not isinstance(
        statement.value, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant
    ):
        value = f"({value})"
    return f"{place.text(statement.target)} {sign} {value}"


def _named_otherwise(
    place: Place, statement: ast.AugAssign, after: list[ast.stmt]
) -> Iterator[Rewrite]:
    """Give ``new = c * f; new += i`` for ``c *= f; c += i; new = c``: the old c is needed still."""
    name = place.text(statement.target)
    between: list[ast.AugAssign] = []
    for other in after:
        if isinstance(other, ast.AugAssign) and place.text(other.target) == name:
            between.append(other)
            continue
        if (
            isinstance(other, ast.Assign)
            and isinstance(other.targets[0], ast.Name)
            and place.text(other.value) == name
        ):
            new = other.targets[0].id
            splices = [Splice(*place.source.span(statement), f"{new} = {_whole(place, statement)}")]
            splices += [Splice(*place.source.span(one.target), new) for one in between]
            splices.append(_cut(place, other))
            yield place.splice(splices, _KIND, f"{new} is a new array, {name} stays", 1.0)
        return


def _where_it_is_read(
    place: Place, statement: ast.AugAssign, after: list[ast.stmt]
) -> Iterator[Rewrite]:
    """Give the changed value to the next statements that read it, and leave the array as it is."""
    name, whole = place.text(statement.target), _whole(place, statement)
    splices = [_cut(place, statement)]
    for other in after[:6]:
        reads = [
            node
            for node in ast.walk(other)
            if isinstance(node, ast.Name | ast.Subscript | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and place.text(node) == name
        ]
        if not reads:
            continue
        for node in reads:
            value = getattr(other, "value", None)
            text = whole if node is value else f"({whole})"
            splices.append(Splice(*place.source.span(node), text))
        yield place.splice(
            list(splices), "overwritten too early",
            f"{name} stays, since it is read again; {whole} where it is wanted",
            1.0 + 0.1 * len(splices),
        )  # fmt: skip


def read_again(place: Place) -> Iterator[Rewrite]:
    """Give ``x = x * f`` under another name to some of what reads it next: the old x is read again.

    The value that is made is for the first statement that reads x, or for the first few.
    """
    statement, source = place.statement, place.source
    if not isinstance(statement, ast.Assign) or not isinstance(place.target, ast.Name):
        return
    name = place.target.id
    if not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement.value)):
        return
    block = _block(place.function, statement)
    names = (f"{name}_{word}" for word in ("here", "inner", "too"))
    new = next((other for other in names if other not in place.env), None)
    if new is None:
        return
    splices, reading = [Splice(*source.span(place.target), new)], 0
    for other in block[block.index(statement) + 1 :] if statement in block else ():
        nodes = [n for n in ast.walk(other) if isinstance(n, ast.Name) and n.id == name]
        reads = [Splice(*source.span(n), new) for n in nodes if isinstance(n.ctx, ast.Load)]
        if reading and reads:  # from here on what it was before
            yield place.splice(
                list(splices),
                "overwritten too early",
                f"{name} stays, since it is read again",
                1.1 + 0.05 * reading,
            )
        splices += reads
        reading += bool(reads)
        if len(reads) < len(nodes) or reading > _MOST_READING:
            return


_MOST_READING = 4


def _cut(place: Place, statement: ast.stmt) -> Splice:
    source = place.source
    after = (statement.end_lineno or statement.lineno) + 1
    return Splice(source.at(statement.lineno), source.at(after), "")


def _block(function: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """Return the block that holds a statement."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and any(inner is statement for inner in block):
                return block
    return []


def copies(place: Place) -> Iterator[Rewrite]:
    """Give ``.copy()`` of everything on a line that may be kept: elements, arguments, results.

    First each alone, then all that are handed over together.
    """
    groups: dict[int, list[Splice]] = {}
    for node, parent in place.loaded:
        kept = isinstance(
            parent,
            ast.Assign | ast.AnnAssign | ast.Return | ast.Tuple | ast.List | ast.Dict | ast.keyword
            | ast.IfExp | ast.Yield | ast.ListComp | ast.DictComp,
        ) or (isinstance(parent, ast.Call) and node in parent.args)  # fmt: skip
        if not kept or not _may_share(place, node):
            continue
        splice = Splice(*place.source.span(node), f"{place.text(node)}.copy()")
        groups.setdefault(id(parent), []).append(splice)
        # Where a second name is made, before where it is handed over or kept.
        cost = 0.85 if isinstance(parent, ast.Assign | ast.AnnAssign) else 0.9
        handed = isinstance(parent, ast.Call) and not isinstance(place.statement, ast.Expr)
        why = f"a copy of {place.text(node)}"
        yield place.splice([splice], _KIND, why, cost + 0.2 * handed)
    for splices in groups.values():
        if len(splices) > 1:
            yield place.splice(splices, _KIND, "copies", 1.0 + 0.1 * len(splices))


def _may_share(place: Place, node: ast.expr) -> bool:
    """Return whether an expression may be an array that has another name, too."""
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return called in _VIEWS or any(keyword.arg == "out" for keyword in node.keywords)
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        return False
    value = place.value(place.text(node), place.env)
    return isinstance(value, np.ndarray | dict | list)
