"""Calls that make again what the loss has made: with arguments that the loss has never given.

A backward that recomputes the gates of a step calls the function of the forward with what it was
called with. Arguments with which no step of the forward called it are wrong, and of all that could
stand there only that is tried with which each call is one of the forward's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.operands import naming, unlike
from reference.debugger.repair.place import Place, Rewrite

_Given = tuple[tuple[int, bytes], ...]  # the arrays among the arguments, and where they stand
_COST = 1.0


def calls_of(places: Iterable[Place], names: set[str]) -> dict[str, set[_Given]]:
    """Return with which arrays some statements call each of the functions of some names."""
    found: dict[str, set[_Given]] = {}
    for place in places:
        for call in _calls(place):
            if place.text(call.func).rpartition(".")[2] not in names:
                continue
            texts = [place.text(argument) for argument in call.args]
            for env in place.envs:
                given = _given([place.value(text, env) for text in texts])
                if given:
                    found.setdefault(place.text(call.func), set()).add(given)
    return found


def rewrites(place: Place, known: dict[str, set[_Given]]) -> Iterator[Rewrite]:
    """Give other arguments for a call, with which it is one of those that are known.

    Parameters
    ----------
    place : Place
        A statement of the backward.
    known : dict of str to set
        With what the forward calls each function.
    """
    for call in _calls(place):
        among = known.get(place.text(call.func))
        texts = [place.text(argument) for argument in call.args]
        if not among or not place.envs or _all_in(place, texts, among):
            continue
        for k, old in enumerate(texts):
            shape = place.shape(old)
            for atom in place.atoms:
                changed = [*texts[:k], atom.text, *texts[k + 1 :]]
                if not shape or atom.shape != shape or not _all_in(place, changed, among):
                    continue
                if np.array_equal(_called(place, call, changed), place.value(old, place.env)):
                    continue  # an activated value: its derivative is what is wrong
                yield place.rewrite(
                    call.args[k], atom.text, naming(old, atom.text),
                    f"{atom.text}, not {old}: as in the forward",
                    _COST + 0.5 * unlike(old, atom.text),
                )  # fmt: skip


def _calls(place: Place) -> Iterator[ast.Call]:
    """Give the calls of a statement with arguments by their places only."""
    for node, _ in place.nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        named = isinstance(node.func, ast.Name | ast.Attribute)
        if named and not any(isinstance(argument, ast.Starred) for argument in node.args):
            yield node


def _called(place: Place, call: ast.Call, texts: list[str]) -> Any:
    return place.value(f"{place.text(call.func)}({', '.join(texts)})", place.env)


def _all_in(place: Place, texts: list[str], among: set[_Given]) -> bool:
    return all(_given([place.value(t, env) for t in texts]) in among for env in place.envs)


def _given(values: list[Any]) -> _Given:
    return tuple(
        (k, np.ascontiguousarray(value).tobytes())
        for k, value in enumerate(values)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1
    )
