"""Changes of how a place gets its value: added to instead of set, anew instead of in place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reference.debugger.naming.kinds_of_sums import of_added
from reference.debugger.naming.meant import Meant, block_of, placed
from reference.debugger.texts.edited import Edited, Parents, written
from reference.debugger.texts.roles import called, function_of, is_empty, loaded, loops_in
from reference.debugger.texts.trees import copy_of

NUMPY, _ADDED, _PUT = "__numpy__", "__added_to_each__", "__added_along__"
COPIED, _HELD = "__copied__", "__held__"


def names() -> dict[str, object]:
    """Return what changed programs call."""
    return {NUMPY: np, COPIED: copy.copy, _ADDED: _add_to_each, _PUT: _add_along}


def updates(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give the statement with another way of writing to its place.

    Examples
    --------
    >>> tree = ast.parse("dW = d @ x")
    >>> [meant.kind for meant in updates(tree.body[0], (tree,))]
    ['= for +=']
    """
    field, block = block_of(statement, around[-1])
    for kind, others in _others(statement, around) if field else ():
        made = [placed(other, statement) for other in others]
        new = [one for s in block for one in (made if s is statement else [s])]
        yield Meant(kind, ((around[-1], field, new),))


def _others(statement: ast.stmt, around: Parents) -> Iterator[tuple[str, list[ast.stmt]]]:
    own = copy_of(statement)
    if isinstance(own, ast.AugAssign):
        yield from _of_in_place(own)
    elif isinstance(own, ast.Assign) and len(own.targets) > 1:
        alone = [ast.Assign([target], copy_of(own.value)) for target in own.targets]
        yield "aliasing", [*alone]
        copies = [ast.Assign([target], _copied(own.value)) for target in own.targets]
        yield "aliasing", [*copies]
    elif isinstance(own, ast.Assign):
        yield from _of_set(own, statement, around)
    elif isinstance(own, ast.Expr) and isinstance(own.value, ast.Call):
        call = own.value
        if called(call) == "update" and isinstance(call.func, ast.Attribute) and call.args:
            yield "= for +=", [_calling(_ADDED, [call.func.value, call.args[0]])]
        if called(call) == "put_along_axis":
            call.func = ast.Name(_PUT, ast.Load())
            yield "= for +=", [own]


def _of_in_place(own: ast.AugAssign) -> Iterator[tuple[str, list[ast.stmt]]]:
    target, whole = written(own)
    if isinstance(own.op, ast.Add | ast.Sub) and isinstance(target, ast.Subscript):
        less = isinstance(own.op, ast.Sub)
        value = ast.UnaryOp(ast.USub(), own.value) if less else own.value
        yield "repeated indices", [_added_at(target, value)]
    yield "aliasing", [ast.Assign([target], whole)]
    if isinstance(own.op, ast.Add):
        yield "+= for =", [ast.Assign([target], own.value)]


def _of_set(
    own: ast.Assign, statement: ast.stmt, around: Parents
) -> Iterator[tuple[str, list[ast.stmt]]]:
    target, value = own.targets[0], own.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for k, one in enumerate(target.elts[: len(value.elts)]):
            if isinstance(one, ast.Name | ast.Attribute | ast.Subscript):
                values = list(value.elts)
                values[k] = ast.BinOp(_read(one), ast.Add(), values[k])
                whole = ast.Assign([target], ast.Tuple(values, ast.Load()))
                yield _of_sum(statement, one, around), [whole]
    if isinstance(target, ast.Tuple) and not isinstance(value, ast.Tuple):
        yield from _of_unpacked(target, value, statement, around)
    if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return
    whole = ast.Assign([target], ast.BinOp(_read(target), ast.Add(), value))
    yield _of_sum(statement, target, around), [whole]
    if isinstance(target, ast.Subscript):
        yield "= for +=", [_added_at(target, value)]
        more = ast.BinOp(value, ast.Sub(), _read(target))  # x[i] = x[i] + v
        yield "repeated indices", [_added_at(target, more)]
        named = isinstance(target.value, ast.Name | ast.Attribute | ast.Subscript)
        if named and ast.unparse(target.slice) in (":", "..."):
            yield "aliasing", [ast.Assign([_stored(target.value)], value)]


def _of_unpacked(
    target: ast.Tuple, value: ast.expr, statement: ast.stmt, around: Parents
) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Give a statement that unpacks what a call returns, and adds it to what is a sum already.

    A sum is begun with zeros. All of them are added to together, or one alone.
    """
    places: list[ast.expr] = [e for e in target.elts if isinstance(e, ast.Name | ast.Attribute)]
    begun = {ast.unparse(t) for n in ast.walk(function_of(around)) if isinstance(n, ast.Assign)
             and is_empty(n.value) for whole in n.targets
             for t in (whole.elts if isinstance(whole, ast.Tuple) else [whole])}  # fmt: skip
    sums = [one for one in places if ast.unparse(one) in begun]
    for some in ([sums] if sums else []) + [[one] for one in places if [one] != sums]:
        held = [ast.Name(f"{_HELD}{k}", ast.Load()) for k in range(len(some))]
        kept = [ast.Assign([_stored(old)], _read(one)) for old, one in zip(held, some, strict=True)]
        added = [ast.Assign([one], ast.BinOp(old, ast.Add(), _read(one)))
                 for old, one in zip(held, some, strict=True)]  # fmt: skip
        alone = placed(ast.Assign(some[:1], value), statement)
        body = [s for loop in loops_in(around)[-1:] for s in loop.body]
        goes_on = {ast.unparse(one) for one in some} & loaded([value, *body])
        kind = "carry lost" if goes_on else _of_sum(alone, some[0], around)
        yield kind, [*kept, ast.Assign([target], value), *added]


def _of_sum(statement: ast.stmt, target: ast.expr, around: Parents) -> str:
    """Name a sum that is set anew: it may be of the steps, or what the step before has left."""
    return of_added(_read(target), Edited(statement, statement, around, around))


def _copied(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(COPIED, ast.Load()), [copy_of(value)], [])


def _calling(name: str, given: list[ast.expr]) -> ast.Expr:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), given, []))


def _added_at(target: ast.Subscript, value: ast.expr) -> ast.Expr:
    text = ast.unparse(ast.Subscript(ast.Name("s_", ast.Load()), target.slice, ast.Load()))
    index = ast.parse(f"{NUMPY}.{text}", mode="eval").body
    adding = ast.parse(f"{NUMPY}.add.at", mode="eval").body
    return ast.Expr(ast.Call(adding, [_read(target.value), index, value], []))


def _read(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _stored(node: ast.expr) -> ast.expr:
    made = ast.parse(f"{ast.unparse(node)} = 0").body[0]
    assert isinstance(made, ast.Assign)
    return made.targets[0]


def _add_to_each(target: Any, given: Mapping[str, Any]) -> None:
    for name, value in dict(given).items():
        target[name] = target[name] + value


def _add_along(target: Any, index: Any, values: Any, axis: int) -> None:
    there = np.take_along_axis(target, index, axis)
    np.put_along_axis(target, index, there + values, axis)
