"""Changed statements that say something only together, written as one.

A value that was set at once and is summed up after the edit, or a result that is returned by
another statement: what differs is the value, not that a statement is there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from reference.debugger.naming.meant import placed
from reference.debugger.texts.differences import differences
from reference.debugger.texts.edited import Edited, dumped, simple
from reference.debugger.texts.roles import function_of, is_empty, is_zero, loaded


def together(found: list[Edited]) -> list[Edited]:
    """Return changed statements with those that belong together made one.

    Parameters
    ----------
    found : list of Edited

    Examples
    --------
    >>> from reference.debugger.texts.edited import edited
    >>> old = ast.parse("dE = one_hot.T @ d")
    >>> new = ast.parse("dE = np.zeros(3); np.add.at(dE, x, d)")
    >>> (one,) = together(edited(old, new))
    >>> ast.unparse(one.new)
    'dE = np.add.at(dE, x, d)'
    """
    return _as_wholes(_returned(found))


def telling(found: list[Edited], old: ast.Module, new: ast.Module) -> list[Edited]:
    """Return changed statements without those that only name values for others: all if none is.

    What is wrong is told by the statements that read the names.

    Parameters
    ----------
    found : list of Edited
    old, new : ast.Module
        The whole texts.
    """
    names = [{n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} for tree in (old, new)]
    for says_nothing in (_is_only_begun, _is_only_moved_with, _only_keeps_more):
        found = [one for one in found if not says_nothing(one, found)] or found
    return [one for one in found if not (
        (one.new is None and _only_names(one.old, names[1]))
        or (one.old is None and _only_names(one.new, names[0]))
    )] or found  # fmt: skip


def _is_only_begun(change: Edited, found: list[Edited]) -> bool:
    """Return whether one text sets a place at once, and the other begins it and fills it then."""
    for mine, side in ((change.old, "old"), (change.new, "new")):
        if not isinstance(mine, ast.Assign) or not is_empty(mine.value):
            continue
        others = [s for one in found if one is not change and (s := getattr(one, side)) is not None]
        if dumped(mine.targets[0]) in {place for s in others for place in _filled(s)}:
            other = change.new if side == "old" else change.old
            return other is not None and not is_empty(getattr(other, "value", None))
    return False


def _is_only_moved_with(change: Edited, found: list[Edited]) -> bool:
    """Return whether a value is moved to the statements that read it, which are other ones now."""
    statement = change.new if change.moved else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    others = [one.new for one in found if not one.moved and one.new is not None]
    return isinstance(target, ast.Name) and target.id in loaded(others)


def _only_keeps_more(change: Edited, found: list[Edited]) -> bool:
    """Return whether all that a statement does is to put more into a record than in the other text.

    What is made of it tells, if that is another, too.
    """
    if change.old is None or change.new is None or len(found) < 2:
        return False
    apart = differences(change.old, change.new)
    records = [(d.old[0][1], d.new[0][1]) for d in apart if d.what == "replaced"]
    return bool(records) and len(records) == len(apart) and all(
        isinstance(one, ast.Dict) and isinstance(other, ast.Dict) and _has_all_of(one, other)
        for one, other in records
    )  # fmt: skip


def _has_all_of(one: ast.Dict, other: ast.Dict) -> bool:
    """Return whether a record has all entries of another, and more."""
    entries = [{(dumped(k) if k else "", dumped(v)) for k, v in zip(d.keys, d.values, strict=True)}
               for d in (one, other)]  # fmt: skip
    return entries[0] > entries[1]


def _filled(statement: ast.stmt) -> Iterator[str]:
    """Give the arrays of which a statement, or one in it, sets parts."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            yield dumped(node.targets[0].value)


def _only_names(statement: ast.stmt | None, theirs: set[str]) -> bool:
    """Return whether all that a statement does is to set variables that the other text lacks."""
    if not isinstance(statement, ast.Assign):
        return False
    targets = list(statement.targets)
    if len(targets) == 1 and isinstance(targets[0], ast.Tuple):
        targets = targets[0].elts
    return all(isinstance(node, ast.Name) and node.id not in theirs for node in targets)


def _returned(found: list[Edited]) -> list[Edited]:
    """Make one of a return that is put in and another that is taken out of the same function."""
    for come in found:
        for gone in found:
            if come is not gone and not (come.moved or gone.moved):
                if not (isinstance(come.new, ast.Return) and isinstance(gone.old, ast.Return)):
                    continue
                if isinstance(come.old, ast.Return) or isinstance(gone.new, ast.Return):
                    continue
                names = [getattr(function_of(around), "name", "")
                         for around in (gone.around_old, come.around_new)]  # fmt: skip
                if names[0] == names[1]:
                    whole = Edited(gone.old, come.new, gone.around_old, come.around_new)
                    rest = [] if come.old is None else [replace(come, new=None)]
                    rest += [] if gone.new is None else [replace(gone, old=None)]
                    return [*(c for c in found if c is not come and c is not gone), *rest, whole]
    return found


def _as_wholes(found: list[Edited]) -> list[Edited]:
    """Make one of ``x = v`` that becomes ``x = 0`` and what is added to x then."""
    for begun in found:
        if not (isinstance(begun.old, ast.Assign) and isinstance(begun.new, ast.Assign)):
            continue
        if is_zero(begun.old.value) or not is_zero(begun.new.value):
            continue
        place = dumped(begun.new.targets[0])
        parts = [one for one in found if one.old is None and _adds_to(one.new, place) is not None]
        if len(parts) == 1 and parts[0].around_new[-1:] == begun.around_new[-1:]:
            value = _adds_to(parts[0].new, place)
            assert value is not None
            whole = placed(ast.Assign(begun.new.targets, value), begun.new)
            return [replace(one, new=whole) if one is begun else one
                    for one in found if one is not parts[0]]  # fmt: skip
    return found


def _adds_to(statement: ast.stmt | None, place: str) -> ast.expr | None:
    """Return what a statement adds to a place: ``x += v``, ``np.add.at(x, i, v)``."""
    inner = simple(statement)
    if isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Add):
        return inner.value if dumped(inner.target) == place else None
    call = inner.value if isinstance(inner, ast.Expr) else None
    if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("add.at"):
        if not isinstance(call.args[0], ast.Name | ast.Attribute | ast.Subscript):
            return None  # a view, as of a call
        whole = ast.parse(ast.unparse(call.args[0]) + " = 0").body[0]
        assert isinstance(whole, ast.Assign)
        return call if dumped(whole.targets[0]) == place else None
    return None
