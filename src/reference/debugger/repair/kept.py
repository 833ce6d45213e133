"""What a step keeps for the way back, and computes for that alone: a factor, a function too many.

``errors.append(e * np.exp(-s))`` changes nothing of the loss, whatever is appended, and nothing of
the backward is wrong by itself. And what is kept first and refined afterwards, as in
``self.target = one_hot; target = self.target * (1 - e) + e / n``, may be meant to be kept refined.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import replace

from reference.debugger.repair import derivatives, terms
from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.source import Splice, blocks_of

_KEEPING = ("append", "appendleft", "push")
_COST = 1.2


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give what is kept without a factor or term, without its function, and refined."""
    value = _kept(place.statement)
    if isinstance(value, ast.BinOp | ast.Call):
        first, last = place.source.span(value)
        for rewrite in itertools.chain(terms.fewer(place), derivatives.unwrapped(place)):
            if all(first <= s.start and s.end <= last for s in rewrite.splices):
                yield replace(rewrite, cost=min(rewrite.cost, _COST))
    yield from _refined(place)


def _kept(statement: ast.stmt) -> ast.expr | None:
    """Return the expression that a statement puts into a container or an object."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        keeping = getattr(call.func, "attr", "") in _KEEPING
        return call.args[-1] if keeping and call.args else None
    if isinstance(statement, ast.Assign):
        whole = all(isinstance(t, ast.Attribute | ast.Subscript) for t in statement.targets)
        return statement.value if whole else None
    return None


def _refined(place: Place) -> Iterator[Rewrite]:
    """Give an attribute, or an entry, anew once the variable that is called like it is made."""
    statement = place.statement
    if not isinstance(statement, ast.Assign):
        return
    name = _word(statement.targets[0])
    block = next((b for b in blocks_of(walked(place.function)) if statement in b), [])
    later = block[block.index(statement) + 1 :] if block else []
    made = [s for s in later if isinstance(s, ast.Assign) and _is_name(s.targets[0], name)]
    if made:
        at = place.source.at((made[-1].end_lineno or 0) + 1)
        line = f"{place.source.indent(made[-1])}{place.variable} = {name}\n"
        yield place.splice(
            [Splice(at, at, line)], "wrong operand", f"{name}, as it is later", _COST
        )


def _word(target: ast.expr) -> str:
    """Return what an attribute, or an entry of a dictionary, is called."""
    if isinstance(target, ast.Attribute):
        return target.attr
    key = getattr(target.slice, "value", None) if isinstance(target, ast.Subscript) else None
    return key if isinstance(key, str) else ""


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
