"""Calls of the file's own functions that give a value: with other arguments than elsewhere.

``layer_norm_vjp(dz, p.gain_h, xc_h, sd_h)`` stands somewhere, and what a line should have had is
``layer_norm_vjp(dzc, p.gain_c, xc_c, sd_c)``. Each argument is tried as the variables that are
called like it, all together, and the call is made: where its value is the one wanted, it is told.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import time
import types
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.repair.helpers import leaves_all_as_it_is
from reference.debugger.repair.place import Place, walked
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_MOST_CALLS = 12
_MOST_TRIES = 400  # of a call
_EACH = 6  # choices for an argument
_SECONDS = 0.3


class Calls:
    """The calls that can be made at a place, each made once.

    Parameters
    ----------
    place : Place
    env : dict
        The variables there; no call changes them, each is given copies.
    """

    def __init__(self, place: Place, env: dict[str, Any]) -> None:
        self.place, self.env = place, env

    def of_shape(self, shape: tuple[int, ...]) -> list[tuple[str, Array]]:
        """Return the calls whose values have a shape, and these values."""
        return [(text, value) for text, value in self._made if value.shape == shape]

    @cached_property
    def _made(self) -> list[tuple[str, Array]]:
        return list(_made(self.place, self.env))


def _made(place: Place, env: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    until = time.monotonic() + _SECONDS
    known = _variables(place, env) if _calls(place.source) else []
    for call in _calls(place.source)[:_MOST_CALLS]:
        function = place.value(ast.unparse(call.func), env)
        if not isinstance(function, types.FunctionType) or not _returns(place.source, function):
            continue
        choices = [_choices(argument, known, place, env) for argument in call.args]
        named = [(k.arg, ast.unparse(k.value)) for k in call.keywords]
        tries = sorted(
            itertools.islice(itertools.product(*choices), 20 * _MOST_TRIES),
            key=lambda chosen: sum(distance for *_, distance in chosen),
        )
        for chosen in tries[:_MOST_TRIES]:
            if time.monotonic() > until:
                return
            value = _called(function, chosen, named, place, env)
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.shape:
                texts = [text for text, *_ in chosen] + [f"{k}={text}" for k, text in named]
                yield f"{ast.unparse(call.func)}({', '.join(texts)})", value


_Choice = tuple[str, Any, float]


def _called(
    function: types.FunctionType,
    chosen: tuple[_Choice, ...],
    named: list[tuple[str | None, str]],
    place: Place,
    env: dict[str, Any],
) -> Any:
    """Return what a call on copies gives, None where it raises."""
    arguments = [v.copy() if isinstance(v, np.ndarray) else v for _, v, _ in chosen]
    try:
        with np.errstate(all="ignore"):
            options = {str(k): place.value(text, env) for k, text in named}
            return function(*arguments, **options)
    except (Exception, SystemExit):
        return None


def _choices(
    argument: ast.expr, known: list[tuple[str, Any]], place: Place, env: dict[str, Any]
) -> list[_Choice]:
    """Return what may stand for an argument, with how unlike it is called."""
    text = ast.unparse(argument)
    if isinstance(argument, ast.Constant):
        return [(text, argument.value, 0.0)]
    likeness = difflib.SequenceMatcher(b=text, autojunk=False)
    found = []
    for name, value in known:
        likeness.set_seq1(name)
        found.append((name, value, 1 - likeness.ratio()))
    found.sort(key=lambda choice: choice[2])
    own = place.value(text, env)
    if own is not None and all(name != text for name, *_ in found[:_EACH]):
        found.insert(0, (text, own, 0.0))
    of_line = {ast.unparse(node) for node, _ in place.loaded}
    near = [choice for choice in found[_EACH:] if choice[0] in of_line]
    return found[:_EACH] + near[:3]


def _variables(place: Place, env: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what the place has names for, arrays and integers."""
    found: dict[str, Any] = {}
    for atom in place.atoms:
        value = place.value(atom.text, env)
        if isinstance(value, np.ndarray | float | np.floating):
            found[atom.text] = value
    for node in walked(place.function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and hasattr(node, "lineno"):
            text = place.text(node)
            value = place.value(text, env) if text not in found else None
            if _is_integer(value):
                found[text] = value
    for name, held in env.items():
        whole = {f"{name}.{key}": value for key, value in fields(held).items()}
        found |= {text: v for text, v in {name: held, **whole}.items() if _is_integer(v)}
    return list(found.items())


def _is_integer(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu" and value.size < 1000
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


@kept(64)
def _calls(source: Source) -> list[ast.Call]:
    """Return the calls of the file's own functions with an argument or more, each once."""
    own = {f.name for f in source.tree.body if isinstance(f, ast.FunctionDef)}
    calls: dict[str, ast.Call] = {}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in own:
            continue
        if node.args and not any(isinstance(a, ast.Starred | ast.Lambda) for a in node.args):
            calls.setdefault(ast.unparse(node), node)
    return sorted(calls.values(), key=lambda call: -len(call.args))


@kept(64)
def _pure(source: Source) -> frozenset[str]:
    """Return the functions of a file that return a value and write to nothing but their names."""
    functions = [f for f in source.tree.body if isinstance(f, ast.FunctionDef)]
    return frozenset(f.name for f in functions if len(f.body) <= 12 and leaves_all_as_it_is(f))


def _returns(source: Source, function: types.FunctionType) -> bool:
    return function.__name__ in _pure(source)
