"""Changes of what a value is when it is read: what it was before, or a value of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.naming.meant import Meant, block_of, placed
from reference.debugger.naming.meant_by_updates import COPIED, NUMPY
from reference.debugger.texts.edited import Parents
from reference.debugger.texts.trees import copy_of

_FORMER = "__former__"
_MOST = 6  # statements, or places in one of them, that may read a value


def formers(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give the block in which what reads a variable after a statement gets its former value.

    Examples
    --------
    >>> tree = ast.parse("dc *= f; di = dc * g")
    >>> (meant,) = formers(tree.body[0], (tree,))
    >>> meant.kind, [ast.unparse(s) for s in meant.slots[0][2]]
    ('overwritten too early', ['__former__ = __numpy__.copy(dc)', 'dc *= f', 'di = __former__ * g'])
    """
    field, block = block_of(statement, around[-1])
    if not field or hasattr(statement, "body"):
        return
    at = next(k for k, s in enumerate(block) if s is statement)
    for name in sorted(_set_by(statement)):
        keeping = ast.parse(f"{_FORMER} = {NUMPY}.copy({name})").body[0]
        readers = []
        for k, later in enumerate(block[at + 1 :], at + 1):
            if _reads(later, name):
                readers.append(k)
            if name in _set_by(later) and isinstance(later, ast.Assign):
                break
        readers = readers[:_MOST]
        wholes = [readers[k:] for k in range(len(readers))] + [[k] for k in readers[:-1]]
        changes = [{k: _with_former(block[k], name) for k in some} for some in wholes]
        for k in readers:
            count = _reads(block[k], name)
            if 1 < count <= _MOST:
                changes += [{k: _with_former(block[k], name, n)} for n in range(count)]
        for change in changes:
            new = [change.get(k, s) for k, s in enumerate(block)]
            kept = [*new[:at], placed(copy_of(keeping), statement), *new[at:]]
            yield Meant("overwritten too early", ((around[-1], field, kept),))


def owned(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give a statement that writes into a variable with a copy of that made before it."""
    field, block = block_of(statement, around[-1])
    targets = [*getattr(statement, "targets", []), *[getattr(statement, "target", None)]]
    parts = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
    names = {n.value.id for n in parts if isinstance(n, ast.Subscript | ast.Attribute)
             and isinstance(n.value, ast.Name) and n.value.id != "self"}  # fmt: skip
    for name in sorted(names) if field else ():
        own = placed(ast.parse(f"{name} = {COPIED}({name})").body[0], statement)
        new = [one for s in block for one in ([own, s] if s is statement else [s])]
        yield Meant("aliasing", ((around[-1], field, new),))


def _set_by(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement sets, or changes in place."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)
            and isinstance(n.ctx, ast.Store)}  # fmt: skip


def _reads(statement: ast.stmt, name: str) -> int:
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
               for n in ast.walk(statement))  # fmt: skip


def _with_former(statement: ast.stmt, name: str, number: int | None = None) -> ast.stmt:
    """Return a statement that reads the former value of a variable, at one place or at all."""
    made = copy_of(statement)
    places = [n for n in ast.walk(made) if isinstance(n, ast.Name) and n.id == name
              and isinstance(n.ctx, ast.Load)]  # fmt: skip
    for place in places if number is None else [places[number]]:
        place.id = _FORMER
    return made
