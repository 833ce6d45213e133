"""Changes of where a statement stands: later or earlier in its block, inside the loop before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.naming.meant import Meant, block_of
from reference.debugger.texts.clock import score_of
from reference.debugger.texts.edited import Loop, Parents
from reference.debugger.texts.roles import loaded, stored


def moves(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give the statement in other places of its block, and at the end of a loop before it.

    Examples
    --------
    >>> tree = ast.parse("dc *= f; di = dc * g")
    >>> [meant.kind for meant in moves(tree.body[0], (tree,))]
    ['overwritten too early']
    """
    field, block = block_of(statement, around[-1])
    if not field:
        return
    at = next(k for k, s in enumerate(block) if s is statement)
    rest = [s for s in block if s is not statement]
    sets, reads = _variables(stored([statement])), _variables(loaded([statement]))
    for to in (*range(at + 1, len(block)), *range(at - 1, -1, -1)):
        passed = block[to]
        wrote, read = _variables(stored([passed])), _variables(loaded([passed]))
        if isinstance(passed, ast.Return | ast.Raise) or not (
            sets & (wrote | read) | reads & wrote
        ):
            continue  # it is nothing to it
        # Behind what still needs the old value; or before what has taken the value away.
        early = sets & read if to > at else reads & wrote
        kind = "overwritten too early" if early else "wrong order"
        yield Meant(kind, ((around[-1], field, [*rest[:to], statement, *rest[to:]]),))
    *above, loop = around
    if above and isinstance(loop, Loop) and sets & _variables(loaded(rest)):
        outer, beside = block_of(loop, above[-1])
        new = [one for s in beside for one in ([s, statement] if s is loop else [s])]
        slots = ((loop, field, rest), (above[-1], outer, new))
        yield Meant("overwritten too early", slots if outer else ())
    for loop in reversed(block[:at]):
        if isinstance(loop, Loop) and reads & _variables(stored(list(loop.body))):
            again = sets & (reads | _variables(stored(list(loop.body))))
            carried = sets & _variables(loaded(list(loop.body))) and not again
            kind = "carry lost" if carried else "accumulation outside the loop"
            if score_of(loop) <= 0 and not isinstance(statement, ast.Expr):
                kind = "= for +="  # of the parts that it goes over, the last one alone is added
            yield Meant(kind, ((around[-1], field, rest), (loop, "body", [*loop.body, statement])))
            return


def _variables(places: set[str]) -> set[str]:
    """Return the variables of places, without their indices."""
    return {place.partition("[")[0] for place in places}
