"""Statements in the wrong block: into and out of loops and conditions, whatever they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.independent import depend, drives
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.source import Splice

_Block = ast.For | ast.While | ast.If | ast.With
_LEAVES = (ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Nonlocal, ast.Global)
_MOST = 6  # statements that are moved together
_INTO, _OUT = "accumulation outside the loop", "wrong order"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give a block's last or first statements outside of it, and what stands beside it inside."""
    statement = place.statement
    if not isinstance(statement, _Block):
        return
    around = _holding(place.function, statement)
    blocks = [b for b in (statement.body, getattr(statement, "orelse", [])) if b]
    for block in blocks:
        if block[0].lineno == statement.lineno:
            continue  # all of it on one line
        yield from _out_of(place, block)
        yield from _into(place, block, around)
    for other in around:
        yield from _elsewhere(place, other, around)


def _out_of(place: Place, block: list[ast.stmt]) -> Iterator[Rewrite]:
    """Give the end of a block after it, and its beginning before it."""
    statement = place.statement
    after = (statement.end_lineno or statement.lineno) + 1
    kind = _OUT if isinstance(statement, ast.For | ast.While) else "missing path"
    for count in range(1, min(len(block), _MOST + 1)):
        last, first = block[-count:], block[:count]
        if any(drives(one, statement) for one in (*last, *first)):
            continue
        cost = 1.1 + 0.05 * count
        yield from _moved(place, last, after, statement.col_offset, kind, "after it", cost)
        yield from _moved(
            place, first, statement.lineno, statement.col_offset, kind, "before it", cost + 0.1
        )


def _into(place: Place, block: list[ast.stmt], around: list[ast.stmt]) -> Iterator[Rewrite]:
    """Give what stands after a block at its end, and what stands before it at its beginning."""
    statement = place.statement
    at = around.index(statement)
    looped = isinstance(statement, ast.For | ast.While)
    kind = _INTO if looped else "spurious term"
    column, cost = block[0].col_offset, 1.0 if looped else 1.3
    end = (block[-1].end_lineno or block[-1].lineno) + 1
    for skipped in range(2):
        for count in range(1, _MOST + 1):
            run = around[at + 1 + skipped : at + 1 + skipped + count]
            if len(run) == count:
                more = 0.05 * count + 0.3 * skipped
                yield from _moved(place, run, end, column, kind, "at its end", cost + more)
    for count in range(1, _MOST + 1):
        run = around[max(0, at - count) : at]
        if len(run) == count:
            yield from _moved(
                place, run, block[0].lineno, column, kind, "at its beginning",
                cost + 0.3 + 0.05 * count,
            )  # fmt: skip


def _elsewhere(place: Place, other: ast.stmt, around: list[ast.stmt]) -> Iterator[Rewrite]:
    """Give the whole block before another statement of those that it stands among."""
    statement = place.statement
    far = around.index(other) - around.index(statement)
    if far in (0, 1) or isinstance(other, ast.Nonlocal | ast.Global):
        return
    if not depend(statement, other if far < 0 else around[around.index(other) - 1]):
        return  # it is the same nearer by
    yield from _moved(
        place, [statement], other.lineno, statement.col_offset, "wrong order",
        f"before line {other.lineno}", 1.6 + 0.05 * abs(far),
    )  # fmt: skip


def _moved(
    place: Place, run: list[ast.stmt], line: int, column: int, kind: str, why: str, cost: float
) -> Iterator[Rewrite]:
    """Give statements before a line, at a column."""
    source, leaving = place.source, [n for s in run for n in ast.walk(s)]
    if any(isinstance(node, _LEAVES) for node in leaving):
        return
    start = source.at(run[0].lineno)
    end = source.at((run[-1].end_lineno or run[-1].lineno) + 1)
    text = _indented(source.data[start:end].decode(), column - run[0].col_offset)
    at = source.at(line)
    lead = "" if at == 0 or source.data[at - 1 : at] == b"\n" else "\n"
    first = run[0]
    splices = (Splice(start, end, ""), Splice(at, at, lead + text))
    target = _target(first)
    variable = "" if target is None else ast.unparse(target)
    yield Rewrite(source.file, splices, kind, f"line {first.lineno} {why}", cost, first.lineno,
                  variable)  # fmt: skip


def _target(statement: ast.stmt) -> ast.expr | None:
    while isinstance(statement, _Block) and statement.body:
        statement = statement.body[0]
    if isinstance(statement, ast.Assign):
        return statement.targets[0]
    return getattr(statement, "target", None)


def _indented(text: str, by: int) -> str:
    r"""Return lines further in, or further out.

    Examples
    --------
    >>> _indented("    a = 1\n      b\n", -4), _indented("a\n\nb\n", 2)
    ('a = 1\n  b\n', '  a\n\n  b\n')
    """
    lines = text.splitlines(keepends=True)
    if not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if by < 0:
        return "".join(line[-by:] if not line[:-by].strip() else line for line in lines)
    return "".join(f"{' ' * by}{line}" if line.strip() else line for line in lines)


def _holding(function: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """Return the block that holds a statement."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and any(inner is statement for inner in block):
                return block
    return [statement]
