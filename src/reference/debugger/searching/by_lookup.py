"""A gradient that the backward has, right, under another name: looked up by its value."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite
from reference.debugger.repair.operands import naming, unlike
from reference.debugger.repair.place import bracketed, inside
from reference.debugger.running.program import Program, as_float_array
from reference.debugger.searching.candidates import places
from reference.debugger.searching.cases import Case, Score
from reference.debugger.searching.round import Round

_RELATIVE = 1e-9
_MOST_ADDENDS = 60


def rewrites(program: Program, case: Case, now: Round, base: Score) -> Iterator[Rewrite]:
    """Give what has the right value in the place of what is returned and has a wrong one."""
    returned = now.recording.outputs
    pairs = [
        (wrong, right)
        for name, right in case.oracle.items()
        if name not in base.right and (wrong := as_float_array(returned.get(name))) is not None
        if np.any(right)
    ]
    found = [rewrite for place in places(program, now) for rewrite in _at(place, pairs)]
    yield from sorted(found, key=lambda rewrite: rewrite.cost)


def _at(place: Place, pairs: list[tuple[Array, Array]]) -> Iterator[Rewrite]:
    if isinstance(place.statement, ast.AugAssign):
        return  # a sum as it grows is no result yet
    env = place.envs[-1] if place.envs else place.env
    sizes = {wrong.size for wrong, _ in pairs}
    known: dict[str, Array] | None = None
    for node, parent in place.loaded:
        if isinstance(node, ast.Constant | ast.Dict | ast.Tuple | ast.List):
            continue
        text = place.text(node)
        value = as_float_array(place.value(text, env))
        if value is None or value.size not in sizes:
            continue
        for wrong, right in pairs:
            if value.shape != wrong.shape or not np.array_equal(value, wrong):
                continue
            if known is None:
                known = known_at(place, env)
            for new, cost in equal_to(text, known, right):
                yield place.rewrite(node, inside(parent, new), naming(text, new),
                                    f"{new}, not {text}", cost + unlike(text, new))  # fmt: skip


def known_at(place: Place, env: dict[str, Any]) -> dict[str, Array]:
    """Return the arrays that have a name, or a longer expression, at the end of the run."""
    texts = [atom.text for atom in (*place.atoms, *place.donors)]
    found = {text: as_float_array(place.value(text, env)) for text in texts}
    return {text: value for text, value in found.items() if value is not None and value.ndim}


def equal_to(old: str, known: Mapping[str, Array], right: Array) -> Iterator[tuple[str, float]]:
    """Give expressions, other than the old one, that have a value, with what they cost."""
    for text, value in known.items():
        if text != old and _is(value, right):
            yield text, 0.8
        for suffix, changed in _changed(value):
            if _is(changed, right):
                yield f"{bracketed(ast.parse(text, mode='eval').body, text)}{suffix}", 1.0
    alike = ((text, value) for text, value in known.items() if value.shape == right.shape)
    same = [(text, value) for text, value in alike if np.any(value)]  # nothing is no addend
    for n, (text, value) in enumerate(same[:_MOST_ADDENDS]):
        for other, more in same[:n]:
            if _is(value + more, right):
                yield " + ".join(sorted((text, other), key=lambda term: term != old)), 1.2


def _changed(value: Array) -> Iterator[tuple[str, Array]]:
    """Give what short suffixes make of an array."""
    if len(value):
        yield "[0]", np.asarray(value[0])
        yield "[-1]", np.asarray(value[-1])
    yield "[::-1]", value[::-1]
    if value.ndim > 1:
        yield ".T", value.T
        for axis in range(value.ndim):
            yield f".sum(axis={axis})", value.sum(axis=axis)
    if value.ndim > 2:
        yield ".sum(axis=(0, 1))", value.sum(axis=(0, 1))


def _is(value: Array, right: Array) -> bool:
    size = float(np.max(np.abs(right)))
    return value.shape == right.shape and bool(np.all(np.abs(value - right) <= _RELATIVE * size))
