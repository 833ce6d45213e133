"""What a line under suspicion says of itself, where no edit and no value of it tells what is wrong.

A sum that is assigned anew at each turn and read only after the loop keeps its last part alone,
an array index that holds a number twice loses all but one of what is added there, and a carry that
is set to zero in the loop is carried nowhere: for that nothing has to be solved.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reference.debugger.naming.kinds_by_values import Said
from reference.debugger.naming.kinds_of_carries import unread
from reference.debugger.naming.kinds_of_products import untransposed
from reference.debugger.texts.clock import goes_backwards, score_of
from reference.debugger.texts.edited import Loop, Parents
from reference.debugger.texts.roles import (
    called,
    function_of,
    is_zero,
    loaded,
    loops_in,
    place_of,
    stored,
)

_Envs = Sequence[Mapping[str, Any]]


def told_by_structure(statement: ast.stmt, around: Parents, envs: _Envs) -> Said | None:
    """Return what a statement that is under suspicion says of itself, or None.

    Parameters
    ----------
    statement : ast.stmt
    around : tuple of ast nodes
        What it stands in, the module first.
    envs : sequence of mappings
        The variables before it at each execution.
    """
    said = loses_parts(statement, around, envs)
    target = _target(statement)
    if said is not None or target is None or not isinstance(statement, ast.Assign):
        return said
    if isinstance(target, ast.Subscript) and any(_repeats(target, env) for env in envs):
        return Said("= for +=", f"{ast.unparse(target)} keeps one part of several", pattern="all")
    loops = loops_in(around)
    if loops and is_zero(statement.value) and _is_handed_on(target, statement, loops[-1]):
        why = f"{ast.unparse(target)} is set to zero at each turn"
        return Said("carry lost", why, pattern="all but the last")
    if loops and is_zero(statement.value) and _is_summed(target, statement, loops[-1]):
        return Said("initial value", f"{ast.unparse(target)} begins anew before its sum is read")
    return None


def loses_parts(statement: ast.stmt, around: Parents, envs: _Envs) -> Said | None:
    """Return what is said of a statement that adds up, and cannot keep all that it is given."""
    said = repeats(statement, envs) or overwritten(statement, around, envs)
    if said is not None:
        return said
    carry = unread(statement, around)
    if carry:
        why = f"the {carry} of the later step is computed, and nobody reads it"
        return Said("carry not added", why, pattern="all but the last")
    said = after_the_loop(statement, around, only_unread=True)
    if said is not None:
        return said
    matrix = untransposed(statement, around)
    if matrix:
        why = f"{matrix} is multiplied as on the way forward, and not with its axes exchanged"
        return Said("transposed", why)
    return averaged(statement, around)


def repeats(statement: ast.stmt, envs: _Envs) -> Said | None:
    """Return what is said of a sum that is added to at places one of which is named twice."""
    target = _target(statement)
    if not isinstance(target, ast.Subscript) or not isinstance(statement, ast.AugAssign):
        return None
    if not any(_repeats(target, env) for env in envs):
        return None
    why = f"an index of {ast.unparse(target)} holds a number twice, and adds for it once"
    return Said("repeated indices", why, pattern="after an index repeats")


def overwritten(statement: ast.stmt, around: Parents, envs: _Envs) -> Said | None:
    """Return "= for +=" for what a loop sets at each turn and nobody reads before it is over."""
    target = _target(statement)
    if not isinstance(statement, ast.Assign) or target is None or is_zero(statement.value):
        return None
    if not envs and any(isinstance(node, ast.If) for node in around):
        return None  # it may be one turn in which it is run
    for loop in loops_in(around):
        inside = [n for n in ast.walk(loop) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
        others = [n for n in inside if n is not statement]
        if any(_touches(n, target) for n in [*others, statement.value]):
            continue
        if not _begins_at_zero(place_of(target), loop, around) or not _is_written_again(
            target, envs
        ):
            continue
        why = f"{ast.unparse(target)} is set anew at each turn, and keeps the last part alone"
        if score_of(loop) < max(map(score_of, loops_in(around))) or score_of(loop) <= 0:
            return Said("= for +=", why)
        pattern = "all but t=0" if goes_backwards(loop) else "all but the last"
        return Said("= for +=", why, pattern=pattern)
    return None


def averaged(statement: ast.stmt, around: Parents) -> Said | None:
    """Return "mean for sum" for a mean: a gradient is a sum over all that a value is used for.

    A mean that is taken from something belongs to a normalisation.
    """
    if hasattr(statement, "body"):
        return None
    taken = {
        id(n)
        for node in ast.walk(statement)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Add)
        for n in ast.walk(node)
    }
    for node in ast.walk(statement):
        if called(node) in ("mean", "average") and id(node) not in taken:
            why = f"{ast.unparse(node)} divides what has to be added up"
            return Said("mean for sum", why, pattern="all" if loops_in(around) else "none")
    return None


def after_the_loop(statement: ast.stmt, around: Parents, only_unread: bool = False) -> Said | None:
    """Return what is said of a sum that gets, after a loop, only what its last turn has made.

    If asked, of what the loop makes anew at each turn and reads nowhere only: no carry.
    """
    if not isinstance(statement, ast.AugAssign) or loops_in(around):
        return None
    function = function_of(around)
    before = [
        n for n in ast.walk(function)
        if isinstance(n, Loop) and (n.end_lineno or n.lineno) < statement.lineno and score_of(n) > 0
    ]  # fmt: skip
    if not before:
        return None
    loop = max(before, key=lambda n: (n.end_lineno or 0, -n.lineno))  # and not one inside it
    read = {name.partition("[")[0] for name in loaded([statement.value])}
    made = read & {name for name in stored(list(loop.body)) if "[" not in name}
    if not made - (_kept_in(loop) if only_unread else set()):
        return None
    why = f"{ast.unparse(statement.target)} gets what the last turn of the loop has made alone"
    pattern = "all but t=0" if goes_backwards(loop) else "all but the last"
    return Said("accumulation outside the loop", why, pattern=pattern)


def _kept_in(loop: Loop) -> set[str]:
    """Return what a loop reads itself, or adds to: what was there before is not lost."""
    summed = {ast.unparse(n.target) for n in ast.walk(loop) if isinstance(n, ast.AugAssign)}
    return loaded(list(loop.body)) | summed


def _target(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.AugAssign):
        return statement.target
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
        return target if isinstance(target, ast.Name | ast.Attribute | ast.Subscript) else None
    return None


def _repeats(target: ast.Subscript, env: Mapping[str, Any]) -> bool:
    """Return whether arrays of whole numbers, as they index a place, name an entry twice.

    Where there are several it is their pairs that count: ``d[np.arange(B), y]`` names none twice.
    """
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    parts = [part for part in parts if not isinstance(part, ast.Slice | ast.Constant)]
    parts = [part for part in parts if not ast.unparse(part).endswith("newaxis")]
    values = [_value(part, env) for part in parts]
    if any(value is None for value in values):
        return False  # with what is not known, no pair may be there twice
    arrays = [v for v in values if isinstance(v, np.ndarray | list | tuple | range)]
    try:
        broad = np.broadcast_arrays(*map(np.asarray, arrays))
    except ValueError:
        return False
    if not broad or any(a.dtype.kind not in "iu" or a.ndim == 0 for a in broad):
        return False
    pairs = np.stack([a.ravel() for a in broad])
    return np.unique(pairs, axis=1).shape[1] < pairs.shape[1]


def _is_written_again(target: ast.expr, envs: _Envs) -> bool:
    """Return whether two executions write to the same place."""
    if not isinstance(target, ast.Subscript):
        return len(envs) != 1
    keys = [_key(_value(target.slice, env)) for env in envs]
    return None not in keys and len(set(keys)) < len(keys)


def _key(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    return value if isinstance(value, str | int | np.integer) else None


def _value(node: ast.expr, env: Mapping[str, Any]) -> Any:
    try:
        return eval(ast.unparse(node), {"np": np, "numpy": np}, dict(env))
    except Exception:  # it is made of what is not kept
        return None


def _begins_at_zero(root: str, loop: Loop, around: Parents) -> bool:
    """Return whether something is set to zero before a loop; an attribute may be anywhere else."""
    outer = around[0] if "." in root else function_of(around)
    inside = {id(n) for n in ast.walk(loop)}
    for node in ast.walk(outer):
        if not isinstance(node, ast.Assign) or id(node) in inside:
            continue
        if "." not in root and node.lineno > loop.lineno:
            continue
        if root in _pairs(node) and is_zero(_pairs(node)[root]):
            return True
    return False


def _pairs(node: ast.Assign) -> dict[str, ast.expr]:
    """Return what an assignment sets, by name; of tuples on both sides one by one."""
    found = {}
    for target in node.targets:
        if isinstance(target, ast.Tuple):
            values: Iterable[ast.expr] = [node.value] * len(target.elts)
            if isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(target.elts):
                values = node.value.elts
            found |= {ast.unparse(t): v for t, v in zip(target.elts, values, strict=True)}
        else:
            found[ast.unparse(target)] = node.value
    return found


def _touches(node: ast.AST, target: ast.expr) -> bool:
    """Return whether a piece of a program reads a place or writes to it.

    Entries of a dict under other names are other places.
    """
    root, key = place_of(target), _name_of(target)
    beside = {
        id(n.value)
        for n in ast.walk(node)
        if isinstance(n, ast.Subscript) and key and _name_of(n) not in ("", key)
    }
    return any(
        ast.unparse(n) == root and id(n) not in beside
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute)
    )


def _name_of(target: ast.expr) -> str:
    """Return the key under which a dict keeps a place, or nothing."""
    inner = target.slice if isinstance(target, ast.Subscript) else None
    while isinstance(target, ast.Subscript):
        inner, target = target.slice, target.value
    return ast.unparse(inner) if isinstance(inner, ast.Constant) else ""


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(statement, ast.AugAssign | ast.AnnAssign):
        yield statement.target
    for target in statement.targets if isinstance(statement, ast.Assign) else ():
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)


def _is_handed_on(target: ast.expr, statement: ast.stmt, loop: ast.AST) -> bool:
    """Return whether a loop makes a value and reads it, both in other statements."""
    others = [
        n for n in ast.walk(loop)
        if isinstance(n, ast.stmt) and not hasattr(n, "body") and n is not statement
    ]  # fmt: skip
    name = ast.unparse(target)
    made = any(
        isinstance(n, ast.Assign) and name in map(ast.unparse, _targets(n)) and not is_zero(n.value)
        for n in others
    )
    return not isinstance(target, ast.Subscript) and made and name in loaded(others)


def _is_summed(target: ast.expr, statement: ast.stmt, loop: ast.AST) -> bool:
    """Return whether all that a loop does with a value is to add to it."""
    others = [
        n for n in ast.walk(loop)
        if isinstance(n, ast.stmt) and not hasattr(n, "body") and n is not statement
    ]  # fmt: skip
    mine = [n for n in others if _touches(n, target)]
    return bool(mine) and all(
        isinstance(n, ast.AugAssign)
        and place_of(n.target) == place_of(target)
        and not _touches(n.value, target)
        for n in mine
    )
