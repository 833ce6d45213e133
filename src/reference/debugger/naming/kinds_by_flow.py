"""What a loop hands from turn to turn, and what is made and never read: before and after an edit.

A value is carried if a turn reads it before setting it, for something else than itself, and sets
it for the next turn. One that is read and never set is lost; one that is set and never read is not
added. A sum that only ever grows is returned by nobody.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reference.debugger.texts.clock import score_of
from reference.debugger.texts.edited import Edited, Loop
from reference.debugger.texts.roles import called, function_of, is_empty, is_zero


def of_flow(found: Iterable[Edited]) -> str:
    r"""Return the kind of an edit after which a value gets from turn to turn, or out; or nothing.

    Parameters
    ----------
    found : iterable of Edited

    Examples
    --------
    >>> from reference.debugger.texts.edited import edited
    >>> head = "def back(dh):\n    for t in reversed(range(3)):\n        dz = dh + dy[t]\n"
    >>> old, new = ("        d = dz @ W\n", "        dh = dz @ W\n")
    >>> of_flow(edited(ast.parse(head + old), ast.parse(head + new)))
    'carry lost'
    """
    found = list(found)
    if any(one.moved for one in found):
        return ""  # where it stands tells more
    for old, new in _functions(found):
        kind = _of_carries(old, new)
        if kind:
            return kind
        if _only_grow(old) - _only_grow(new) - _names(new):
            return "never returned"
    return ""


def _functions(found: Iterable[Edited]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Give the functions that an edit changes, before and after it."""
    pairs = {}
    for one in found:
        if one.around_old and one.around_new:
            old, new = function_of(one.around_old), function_of(one.around_new)
            pairs[id(old)] = old, new
    yield from pairs.values()


@dataclass
class _Flow:
    """The variables that a turn of a loop reads from the one before, sets, and sets anew.

    Into some it writes only parts, and some it has set to zero when it reads them.
    """

    used: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    anew: set[str] = field(default_factory=set)
    zero: set[str] = field(default_factory=set)


def _of_carries(old: ast.AST, new: ast.AST) -> str:
    loops = [_time_loop(function) for function in (old, new)]
    if loops[0] is None or loops[1] is None:
        return ""
    was, now = _flow(loops[0]), _flow(loops[1])
    if was.used & was.parts - now.parts:
        return ""  # it is carried in the rows of an array
    for name in sorted(now.used & now.written):
        if name in was.used and name not in was.written:
            return "carry lost"
        if name in was.written and name not in was.used:
            return "carry lost" if name in was.zero else "carry not added"
    return ""


def _time_loop(function: ast.AST) -> Loop | None:
    loops = [n for n in ast.walk(function) if isinstance(n, Loop) and score_of(n) > 0]
    return max(loops, key=score_of, default=None)


def _flow(loop: Loop) -> _Flow:
    found, nothing = _Flow(), set[str]()
    if isinstance(loop, ast.For):
        found.anew |= {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    for statement, always in _in_turn(loop.body, True):
        reads, sets, plain = _read(statement), _set(statement), _plain(statement)
        own = sets if len(sets) == 1 else set()  # what a value does to itself is no use of it
        found.used |= reads - own - found.anew
        found.zero |= nothing & (reads - own)
        found.written |= plain
        found.parts |= sets - plain
        if isinstance(statement, ast.Assign) and always:
            nothing -= plain - reads
            nothing |= (plain - reads - found.anew) if is_zero(statement.value) else set()
            found.anew |= plain - reads
    return found


def _in_turn(body: list[ast.stmt], always: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Give the statements of a block and of all within, and whether each turn runs them."""
    for statement in body:
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if not any(blocks):
            yield statement, always
            continue
        if isinstance(statement, ast.For):
            yield ast.Assign([statement.target], statement.iter), always
        elif isinstance(statement, ast.If | ast.While):
            yield ast.Expr(statement.test), always
        for block in blocks:
            yield from _in_turn(block, False)


def _read(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement reads; to write into a part of one is no reading."""
    into = {id(node) for node in _written_into(statement)}
    return {
        n.id
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and id(n) not in into
    } - _gone_over(statement)


def _set(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement sets, or writes into."""
    return _plain(statement) | {node.id for node in _written_into(statement)}


def _plain(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement sets as wholes."""
    return {
        n.id
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    } - _gone_over(statement)


def _gone_over(statement: ast.stmt) -> set[str]:
    """Return the variables of comprehensions: they are nobody else's."""
    return {
        n.id
        for node in ast.walk(statement)
        if isinstance(node, ast.comprehension)
        for n in ast.walk(node.target)
        if isinstance(n, ast.Name)
    }


def _written_into(statement: ast.stmt) -> Iterator[ast.Name]:
    """Give the variables into which a statement writes: ``a[i] = x``, ``np.add.at(a, i, x)``."""
    for node in ast.walk(statement):
        inner: ast.AST | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            inner = node.value
        elif isinstance(node, ast.Call) and called(node) == "at" and node.args:
            inner = node.args[0]
        while isinstance(inner, ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield inner


def _names(function: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}


def _only_grow(function: ast.AST) -> set[str]:
    """Return the variables that begin at zero, to which something is added, and nobody reads."""
    begun: set[str] = set()
    grows: set[str] = set()
    read: set[str] = set()
    for statement, _ in _in_turn(getattr(function, "body", []), True):
        if isinstance(statement, ast.Assign) and is_empty(statement.value):
            begun |= _plain(statement)
        adds = isinstance(statement, ast.AugAssign | ast.Expr)
        grows |= _set(statement) if adds else set()
        read |= _read(statement)
    return begun & grows - read
