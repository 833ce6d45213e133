"""A sum of which several terms are wrong: each is made an adjoint by itself, all in one edit.

``dz = Wf.T @ df + Wi.T @ di``, where both are to be taken behind their slopes: to mend one term
makes no sum right. But what a term adds is an adjoint as well, of one use of a number.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair import Place, Rewrite, common
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Splice
from reference.debugger.searching.round import Round
from reference.debugger.values.agreement import Agreement

_EACH = 8  # edits of a term
_MOST_TERMS = 8
_DEAREST = 2.2
_NAMED = 0.5  # that a variable costs less than what it holds made once more
_MORE = 0.05  # that each term costs more than one


def rewrites(now: Round, place: Place) -> Iterator[Rewrite]:
    """Give edits of two terms of a sum or more, each of which becomes an adjoint by it.

    Parameters
    ----------
    now : Round
    place : Place
        The statement; its first wrong run is looked at.
    """
    agreement = now.agreement
    value = getattr(place.statement, "value", None)
    if agreement is None or not isinstance(value, ast.expr):
        return
    for node, _ in place.nodes:
        terms = list(_terms(node)) if isinstance(node, ast.BinOp) else []
        if 2 <= len(terms) <= _MOST_TERMS and node is _outermost(place, node):
            yield from _of_sum(place, agreement, terms)


def _of_sum(
    place: Place, agreement: Agreement, terms: list[tuple[ast.expr, bool]]
) -> Iterator[Rewrite]:
    env = next((e for e in place.envs or [place.env] if _wrong(place, agreement, terms, e)), None)
    wrong = [] if env is None else _wrong(place, agreement, terms, env)
    if env is None or len(wrong) < 2:
        return
    each: list[list[Rewrite]] = []
    for node, taken in wrong:
        found = itertools.islice(_mends(place, agreement, node, taken, env), _EACH)
        each.append(sorted(found, key=_cost))
    if not all(each):
        return
    # One slip in all terms, else the likeliest of each.
    kinds = {rewrite.kind for rewrite in each[0]}
    alike = [[[r for r in edits if r.kind == kind] for edits in each] for kind in sorted(kinds)]
    for choice in [some for some in alike if all(some)] or [each]:
        chosen = [edits[0] for edits in choice]
        splices = [splice for rewrite in chosen for splice in rewrite.splices]
        cost = max(map(_cost, chosen)) + _MORE * (len(chosen) - 1)
        why = "; ".join(rewrite.why for rewrite in chosen)
        yield place.splice(splices, chosen[0].kind, why, cost)


def _cost(rewrite: Rewrite) -> float:
    """Return what an edit costs; what has a name already is not made again."""
    named = all(splice.new.isidentifier() for splice in rewrite.splices)
    return rewrite.cost - (_NAMED if named else 0.0)


def _mends(
    place: Place, agreement: Agreement, node: ast.expr, taken: bool, env: dict[str, object]
) -> Iterator[Rewrite]:
    """Give the edits inside a term that make an adjoint of it, as nothing else has made it."""
    first, last = place.source.span(node)
    old = place.value(place.text(node), env)
    for rewrite in common(place):
        if rewrite.cost > _DEAREST:
            return
        if not all(first <= s.start <= s.end <= last for s in rewrite.splices):
            continue
        value = place.value(_edited(place, first, last, rewrite.splices), env)
        if shape_of(value) == shape_of(old) and agreement.of(_signed(value, taken)) is True:
            yield rewrite


def _edited(place: Place, first: int, last: int, splices: tuple[Splice, ...]) -> str:
    text = place.source.data[first:last]
    for splice in sorted(splices, key=lambda s: -s.start):
        text = text[: splice.start - first] + splice.new.encode() + text[splice.end - first :]
    return " ".join(text.decode().split())


def _wrong(
    place: Place, agreement: Agreement, terms: list[tuple[ast.expr, bool]], env: dict[str, object]
) -> list[tuple[ast.expr, bool]]:
    """Return the terms that are no adjoints in a run."""
    return [
        (node, taken)
        for node, taken in terms
        if agreement.of(_signed(place.value(place.text(node), env), taken)) is False
    ]


def _signed(value: object, taken: bool) -> object:
    if taken and isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return -value
    return value


def _terms(node: ast.expr, taken: bool = False) -> Iterator[tuple[ast.expr, bool]]:
    """Give the terms of a sum, and which of them are taken off."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from _terms(node.left, taken)
        yield from _terms(node.right, taken != isinstance(node.op, ast.Sub))
    else:
        yield node, taken


def _outermost(place: Place, node: ast.expr) -> ast.expr:
    """Return the largest sum that begins with the terms of a sum."""
    around = {id(inner): parent for inner, parent in place.nodes}
    while isinstance(parent := around.get(id(node)), ast.BinOp) and isinstance(
        parent.op, ast.Add | ast.Sub
    ):
        node = parent
    return node
