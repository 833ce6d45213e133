"""Statements that should run at some turns only: what they add at others is all that is wrong."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, conditions
from reference.debugger.searching.round import Round

_NEAR = 1e-6


def rewrites(now: Round, places: Iterable[Place]) -> Iterator[Rewrite]:
    """Give conditions under which what a statement adds makes outputs right.

    No evidence is asked for: what is added to an output explains whatever is wrong with it, but
    what is added at some turns is just what is wrong by no chance.
    """
    if now.jacobian is None:
        return
    at = {(p.source.file, p.statement.lineno): p for p in places}
    for k in now.jacobian.columns:
        site = now.recording.sites[k]
        place = at.get((site.file, site.statement))
        if place is None or site.role != "added" or not isinstance(place.statement, ast.AugAssign):
            continue
        if isinstance(place.statement.op, ast.Add | ast.Sub):
            yield from _of_site(now, place, k)


def _of_site(now: Round, place: Place, k: int) -> Iterator[Rewrite]:
    assert now.jacobian is not None
    seen = now.recording.executions[k]
    spans = now.jacobian.columns[k]
    if len(seen) < 2 or len(spans) != len(seen):
        return
    envs = [execution.env for execution in seen]
    counters, names = _counters(place, envs, int), _counters(place, envs, str)
    tests = [test for name, turns in counters.items()
             for test in of_counter(place, name, turns, seen[0].env)]  # fmt: skip
    tests += [test for name, turns in names.items() for test in of_names(name, turns)]
    tests += _of_axes(place, envs) if names else ()
    if not tests:
        return
    added = [
        now.jacobian.matrix[:, span] @ np.ravel(np.asarray(execution.value, dtype=float))
        for span, execution in zip(spans, seen, strict=True)
    ]
    for test, kept in tests:
        left_out = [a for a, keep in zip(added, kept, strict=True) if not keep]
        if left_out and any(kept) and _mends(now, -np.sum(left_out, axis=0)):
            yield conditions.under(place, test, 1.3)


def _counters(place: Place, envs: list[dict[str, Any]], kind: type) -> dict[str, list[Any]]:
    """Return the variables of loops that are numbers, or names, and not always the same."""
    loops = (n.target for n in ast.walk(place.function) if isinstance(n, ast.For))
    names = {n.id for target in loops for n in ast.walk(target) if isinstance(n, ast.Name)}
    found = {}
    for name in sorted(names):
        turns = [turn for env in envs if type(turn := env.get(name)) is kind]
        if len(turns) == len(envs) and len(set(turns)) > 1:
            found[name] = turns
    return found


def of_counter(
    place: Place, name: str, turns: list[int], env: dict[str, Any]
) -> Iterator[tuple[str, list[bool]]]:
    """Give conditions on a counter, and at which executions each holds."""
    least, most = min(turns), max(turns)
    for at in sorted(set(turns)):
        for number in _lengths(place, name, at, env) if at == most else [str(at)]:
            yield f"{name} == {number}", [turn == at for turn in turns]
            sign = ">" if at == least else "<" if at == most else "!="
            yield f"{name} {sign} {number}", [turn != at for turn in turns]


def of_names(name: str, turns: list[str]) -> Iterator[tuple[str, list[bool]]]:
    """Give conditions on a name: how it begins, how it ends, which one it is."""
    for method, size in itertools.product(("startswith", "endswith"), (1, 2, 3)):
        part = slice(size) if method == "startswith" else slice(-size, None)
        for text in dict.fromkeys(turn[part] for turn in turns):
            kept = [turn[part] == text for turn in turns]
            yield f"{name}.{method}({text!r})", kept
            yield f"not {name}.{method}({text!r})", [not keep for keep in kept]
    for text in dict.fromkeys(turns):
        yield f"{name} != {text!r}", [turn != text for turn in turns]
        yield f"{name} == {text!r}", [turn == text for turn in turns]


def _of_axes(place: Place, envs: list[dict[str, Any]]) -> Iterator[tuple[str, list[bool]]]:
    """Give the condition that an array in what is added has two axes: weights, and no biases."""
    for node, _ in place.loaded:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        text = place.text(node)
        axes = [getattr(place.value(text, env), "ndim", 0) for env in envs]
        if set(axes) == {1, 2}:
            yield f"{text}.ndim > 1", [n > 1 for n in axes]


def _lengths(place: Place, counter: str, at: int, env: dict[str, Any]) -> list[str]:
    """Return texts for the last of the turns: one less than a length that the loop runs over.

    Where it is none of these, one less than any that is at hand: others may be as long by chance.
    """
    loops = [n for n in ast.walk(place.function) if isinstance(n, ast.For) and _sets(n, counter)]
    own = [place.text(n) for loop in loops for n in ast.walk(loop.iter) if _may_be_length(n)]
    others = [name for name, value in env.items() if type(value) is int]
    others += [place.text(n) for n in ast.walk(place.function) if _may_be_length(n, names=False)]
    for texts in (own, others):
        sizes = {text: place.value(text, env) for text in texts}
        found = [text for text, size in sizes.items() if type(size) is int and size == at + 1]
        if found:
            return [f"{text} - 1" for text in found]
    return []


def _sets(loop: ast.For, counter: str) -> bool:
    return any(getattr(node, "id", "") == counter for node in ast.walk(loop.target))


def _may_be_length(node: ast.AST, names: bool = True) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len"
    return isinstance(node, ast.Attribute) or (names and isinstance(node, ast.Name | ast.Subscript))


def _mends(now: Round, change: Array) -> bool:
    """Return whether a change makes an output right, and no other output another."""
    assert now.jacobian is not None
    mended = False
    for name, rows in now.jacobian.rows.items():
        lacking = now.residual[name].ravel()
        size = max(float(np.max(np.abs(lacking), initial=0.0)), now.nothing)
        if not np.any(change[rows]):
            continue
        if not np.allclose(change[rows], lacking, rtol=_NEAR, atol=_NEAR * size):
            return False
        mended = True
    return mended
