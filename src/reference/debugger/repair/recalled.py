"""Calls that make again what the loss has made: with arguments that the loss has never given.

A backward that recomputes the gates of a step calls the function of the forward with what it was
called with. Arguments with which no step of the forward called it are wrong, and of all that could
stand there only that is tried with which each call is one of the forward's.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.operands import naming, unlike
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.aside import offered
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source, Splice

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


def as_elsewhere(place: Place) -> Iterator[Rewrite]:
    """Give a call with the one or two arguments in which the file calls the function elsewhere.

    Where the loss says ``decode(w, x, teach)``, a backward that says ``decode(w, x, true)`` makes
    something else.
    """
    for call in _calls(place):
        texts = [place.text(argument) for argument in call.args]
        seen = set()
        for others in _written(place.source).get(place.text(call.func), ()):
            if len(others) != len(texts):
                continue
            unlike_ones = [k for k, text in enumerate(texts) if others[k] != text]
            key = tuple(others)
            if not 0 < len(unlike_ones) <= min(2, len(texts) - 2) or key in seen:
                continue
            seen.add(key)
            if any(place.value(others[k], place.env) is None for k in unlike_ones):
                continue
            old, new = ([side[k] for k in unlike_ones] for side in (texts, others))
            splices = [Splice(*place.source.span(call.args[k]), others[k]) for k in unlike_ones]
            why = f"{', '.join(new)}, not {', '.join(old)}: as elsewhere"
            yield place.splice(splices, naming(old[0], new[0]), why, _COST)


def as_named(place: Place) -> Iterator[Rewrite]:
    """Give for an argument the variable that is called like its parameter: ``f(x, mask=mask)``."""
    for call in _calls(place):
        function = place.value(place.text(call.func), place.env)
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if not isinstance(code, types.CodeType):
            continue
        names = code.co_varnames[: code.co_argcount][isinstance(function, types.MethodType) :]
        for argument, name in zip(call.args, names, strict=False):
            old = place.text(argument)
            if old != name and name in place.env and place.env[name] is not None:
                why = f"{name}, not {old}: the parameter is called so"
                yield place.rewrite(argument, name, naming(old, name), why, _COST)


@kept(64)
def _written(source: Source) -> dict[str, list[list[str]]]:
    """Return the arguments of all calls in a file, as they are written, by what is called."""
    found: dict[str, list[list[str]]] = {}
    for node in offered(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            texts = [source.in_one_line(argument) for argument in node.args]
            found.setdefault(source.in_one_line(node.func), []).append(texts)
    return found


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
