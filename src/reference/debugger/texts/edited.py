"""What differs between two texts of one program: pairs of statements, and what they stand in."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from reference.debugger.running.kept import kept

Loop = ast.For | ast.While
Parents = tuple[ast.AST, ...]
Assigning = ast.Assign | ast.AugAssign | ast.AnnAssign

_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Edited:
    """One statement that differs: replaced, put in (no `old`), taken out (no `new`), or moved.

    Parameters
    ----------
    old, new : ast.stmt or None
        The statement before and after the edit.
    around_old, around_new : tuple of ast nodes
        What it stands in, outermost first.
    moved : bool
        Whether the statement is the same, in another place.
    """

    old: ast.stmt | None
    new: ast.stmt | None
    around_old: Parents = ()
    around_new: Parents = ()
    moved: bool = False

    @property
    def statement(self) -> ast.stmt:
        """The statement after the edit, or the one that is gone."""
        found = self.old if self.new is None else self.new
        assert found is not None
        return found


def edited(old: ast.Module, new: ast.Module) -> list[Edited]:
    """Return what differs, in the order of the text; what was only moved is told once.

    Examples
    --------
    >>> (one,) = edited(ast.parse("a = 1; b = 2"), ast.parse("a = 1; b = 3"))
    >>> ast.unparse(one.old), ast.unparse(one.new)
    ('b = 2', 'b = 3')
    """
    found = list(_blocks(old, new, (), ()))
    for gone in [one for one in found if one.new is None]:
        assert gone.old is not None
        twin = next((c for c in found if c.old is None and c.new and same(c.new, gone.old)), None)
        if twin is not None:
            moved = replace(gone, new=twin.new, around_new=twin.around_new, moved=True)
            found[found.index(twin)] = moved
            found.remove(gone)
    return _conditioned(_under_one_name(_paired_by_name(found)))


def _paired_by_name(found: list[Edited]) -> list[Edited]:
    """Put a value beside the one of its name, where it is beside one that only reads alike.

    Both stand in one block, and nothing else that is changed sets the name.
    """
    for one in list(found):
        names = [_target(s) if s is not None else "" for s in (one.old, one.new)]
        if "" in names or names[0] == names[1]:
            continue
        for side, name in (("old", names[1]), ("new", names[0])):
            other = "new" if side == "old" else "old"
            block = f"around_{side}"
            twins = [c for c in found if (s := getattr(c, side)) is not None and _target(s) == name]
            if len(twins) != 1 or getattr(twins[0], other) is not None or one not in found:
                continue
            if getattr(twins[0], block)[-1:] != getattr(one, block)[-1:]:
                continue
            theirs = {field: getattr(one, field) for field in (other, f"around_{other}")}
            found[found.index(twins[0])] = replace(twins[0], **theirs)
            found[found.index(one)] = replace(one, **{other: None})
    return found


def _under_one_name(found: list[Edited]) -> list[Edited]:
    """Put what is set in one place, and with another value in another, beside each other."""
    gone = [one for one in found if one.new is None and _target(one.statement)]
    came = [one for one in found if one.old is None and _target(one.statement)]
    for one in gone:
        name = _target(one.statement)
        twins = [c for c in came if _target(c.statement) == name]
        if len(twins) != 1 or [_target(c.statement) for c in gone].count(name) != 1:
            continue
        found[found.index(twins[0])] = replace(
            one, new=twins[0].new, around_new=twins[0].around_new
        )
        found.remove(one)
    return found


def _conditioned(found: list[Edited]) -> list[Edited]:
    """Put statements that are under an ``if`` in one text only beside themselves in the other."""
    for whole in [one for one in found if one.old is None or one.new is None]:
        inner = whole.statement
        if not isinstance(inner, ast.If) or inner.orelse:
            continue
        others = [
            c
            for c in found
            if (c.old is None, c.new is None) == (whole.new is None, whole.old is None)
        ]
        twins = [
            next((c for c in others if same(c.statement, s)), None)
            or next((c for c in others if _target(c.statement) == _target(s) != ""), None)
            for s in inner.body
        ]
        if None in twins:
            continue
        found.remove(whole)
        for statement, twin in zip(inner.body, twins, strict=True):
            assert twin is not None
            if whole.old is None:
                moved = replace(twin, new=statement, around_new=(*whole.around_new, inner))
            else:
                moved = replace(twin, old=statement, around_old=(*whole.around_old, inner))
            found[found.index(twin)] = replace(moved, moved=True)
    return found


def conditions_of(change: Edited) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return the tests that a moved statement stood under, and those that it stands under now."""
    before, after = (
        [node.test for node in around if isinstance(node, ast.If)]
        for around in (change.around_old, change.around_new)
    )
    return before, after


def same(a: ast.AST, b: ast.AST) -> bool:
    """Return whether two trees are the same but for their places, and for reading or writing."""
    return dumped(a) == dumped(b)


@kept(4096)
def dumped(node: ast.AST) -> str:
    """Return a tree as text that is the same wherever it stands; kept, as nobody changes trees."""
    return _dumped(node)


def _dumped(tree: object) -> str:
    """Return what `ast.dump` says of it but for names of fields: that takes three times as long."""
    if isinstance(tree, ast.AST):
        kind = type(tree)
        parts = [_dumped(getattr(tree, name, None)) for name in _fields(kind)]
        return f"{kind.__name__}({','.join(parts)})"
    if isinstance(tree, list):
        return f"[{','.join(map(_dumped, tree))}]"
    return repr(tree)


@cache
def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(name for name in kind._fields if name != "ctx")


def _blocks(old: ast.AST, new: ast.AST, above: Parents, over: Parents) -> Iterator[Edited]:
    above, over = (*above, old), (*over, new)
    for name in _BLOCKS:
        before, after = getattr(old, name, []), getattr(new, name, [])
        if isinstance(before, list) and isinstance(after, list):
            for was, becomes in paired(before, after):
                if was is not None and becomes is not None:
                    yield from _pair(was, becomes, above, over)
                else:
                    yield Edited(was, becomes, above, over)


def _pair(old: ast.stmt, new: ast.stmt, above: Parents, over: Parents) -> Iterator[Edited]:
    if type(old) is type(new) and hasattr(old, "body"):
        if not same(headed(old), headed(new)):
            yield Edited(old, new, above, over)
        yield from _blocks(old, new, above, over)
    else:
        yield Edited(old, new, above, over)


def headed(statement: ast.stmt) -> ast.stmt:
    """Return a compound statement without its blocks."""
    fields = {name: value for name, value in ast.iter_fields(statement) if name not in _BLOCKS}
    # Only statements with a body come here, which the type of a statement does not say.
    return type(statement)(**fields, body=[])  # type: ignore[call-arg]


def paired(
    old: list[ast.stmt], new: list[ast.stmt]
) -> Iterator[tuple[ast.stmt | None, ast.stmt | None]]:
    """Give what differs between two blocks: statements in pairs where one replaced the other."""
    before, after = [dumped(s) for s in old], [dumped(s) for s in new]
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if tag != "equal":
            yield from _aligned(old[a:b], new[c:d])


def _aligned(
    old: list[ast.stmt], new: list[ast.stmt]
) -> Iterator[tuple[ast.stmt | None, ast.stmt | None]]:
    start, enough = 0, 0.5 if max(len(old), len(new)) > 1 else 0.01
    for statement in old:
        scores = [(_alike(statement, other), -k) for k, other in enumerate(new[start:])]
        best, place = max(scores, default=(0.0, 0))
        if best < enough:
            yield statement, None
            continue
        stop = start - place
        yield from ((None, other) for other in new[start:stop])
        yield statement, new[stop]
        start = stop + 1
    yield from ((None, other) for other in new[start:])


def _alike(old: ast.stmt, new: ast.stmt) -> float:
    """Return how much two statements have in common, from 0 to 1."""
    if isinstance(old, ast.FunctionDef | ast.ClassDef):
        return float(type(old) is type(new) and old.name == getattr(new, "name", ""))
    if (hasattr(old, "body") or hasattr(new, "body")) and type(old) is not type(new):
        return 0.0
    matcher = difflib.SequenceMatcher(None, ast.unparse(old), ast.unparse(new), False)
    return matcher.ratio() + (_target(old) == _target(new) != "")


def _target(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0])
    if isinstance(statement, ast.AugAssign | ast.AnnAssign):
        return ast.unparse(statement.target)
    return ""


def simple(statement: ast.stmt | None) -> ast.stmt | None:
    """Return the first statement inside a condition or a loop."""
    while isinstance(statement, ast.If | ast.For | ast.With) and statement.body:
        statement = statement.body[0]
    return statement


def written(statement: Assigning) -> tuple[ast.expr, ast.expr]:
    """Return what a statement writes to, and the whole value: ``x += y`` gives x + y."""
    if isinstance(statement, ast.AugAssign):
        read = ast.parse(ast.unparse(statement.target), mode="eval").body
        return statement.target, ast.BinOp(read, statement.op, statement.value)
    assert statement.value is not None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return target, statement.value
