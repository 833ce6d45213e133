"""All gradients too large, or too small, by one number: they are divided by it in the end.

A loss that is averaged is the usual reason. Its gradients are divided where the loop over the
steps has ended, where they are returned, or where the loss is differentiated, before all else.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import Place, Rewrite, product
from reference.debugger.repair.scales import numbers, written
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source, Splice

_MOST = 4  # numbers that are tried
_KNOWN = 0.2  # what a number costs less by which something is divided already
_MANY = 0.6  # what it costs more than the change of a line: such a one is looked for all the same
_KIND = "scale 1/B or 1/T"


def rewrites(place: Place, number: float, gradients: Sequence[Array]) -> Iterator[Rewrite]:
    """Give the edits at a statement that multiply all gradients by a number.

    Parameters
    ----------
    place : Place
    number : float
        What all gradients are to be multiplied by.
    gradients : sequence of ndarray
        As they are returned.
    """
    statement = place.statement
    returned = statement.value if isinstance(statement, ast.Return) else None
    after_loop, start = _follows_a_loop(place), _start(place)
    if not (returned or after_loop or start):
        return
    for factor, cost in _factors(place, number):
        if start is not None:
            name = place.text(start.value)
            yield _put(place, [f"{name} {factor}"], cost - 0.1, after=True)
            continue
        for text, count in _kept_in(place, gradients) if after_loop else ():
            key = next(name for name in ("key", "name", "key_") if name not in place.env)
            each = f"for {key} in {f'range({count})' if count else text}:"
            yield _put(place, [each, f"    {text}[{key}] {factor}"], cost + _MANY)
        if returned is not None:
            yield from _returned(place, returned, factor.replace("=", ""), cost + _MANY)


def _follows_a_loop(place: Place) -> bool:
    body: Any = getattr(place.function, "body", [])
    return any(
        isinstance(before, ast.For | ast.While) and after is place.statement
        for before, after in itertools.pairwise(body if isinstance(body, list) else [])
    )


def _start(place: Place) -> ast.Subscript | None:
    """Return the entry from which a number is taken away, as 1 from the target's probability."""
    statement = place.statement
    if (
        isinstance(statement, ast.AugAssign)
        and isinstance(statement.op, ast.Sub)
        and isinstance(statement.target, ast.Subscript)
        and isinstance(statement.value, ast.Constant)
    ):
        return statement.target
    return None


def _factors(place: Place, number: float) -> Iterator[tuple[str, float]]:
    """Give what is to be done to each gradient, the likeliest first."""
    found = []
    for over, under, cost in written(numbers(place, place.env), number, two=False):
        text = (over or under)[0]
        less = _KNOWN if text in _divisors(place.source) else 0.0
        more = 0.3 if text.replace(".", "", 1).isdigit() else 0.0
        found.append((("*= " if over else "/= ") + text, cost - less + more))
    yield from sorted(found, key=lambda one: one[1])[:_MOST]


@kept(64)
def _divisors(source: Source) -> frozenset[str]:
    """Return what a file divides by."""
    nodes = list(ast.walk(source.tree))
    below = [n.right for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    below += [n.value for n in nodes if isinstance(n, ast.AugAssign) and isinstance(n.op, ast.Div)]
    return frozenset(" ".join(source.of(node).split()) for node in below)


def _kept_in(place: Place, gradients: Sequence[Array]) -> Iterator[tuple[str, int]]:
    """Give the dicts and lists that hold all gradients, and of lists how many they hold."""
    held = dict(place.env)
    for name, value in place.env.items():
        held.update((f"{name}.{key}", one) for key, one in fields(value).items())
    for text, value in held.items():
        if isinstance(value, dict | list) and len(value) >= len(gradients):
            arrays = list(value.values() if isinstance(value, dict) else value)
            if all(any(_is(one, gradient) for one in arrays) for gradient in gradients):
                yield text, len(value) if isinstance(value, list) else 0


def _is(value: Any, gradient: Array) -> bool:
    return isinstance(value, np.ndarray) and np.array_equal(value, gradient)


def _returned(place: Place, value: ast.expr, factor: str, cost: float) -> Iterator[Rewrite]:
    """Give what is returned with every part multiplied."""
    parts: list[ast.expr] = []
    if isinstance(value, ast.Dict):
        parts = value.values
    elif isinstance(value, ast.Call) and not value.args and len(value.keywords) > 1:
        parts = [keyword.value for keyword in value.keywords]
    elif isinstance(value, ast.Tuple | ast.List):
        parts = value.elts
    if parts:
        splices = [
            Splice(*place.source.span(part), f"{product(part, place.text(part))} {factor}")
            for part in parts
        ]
        yield place.splice(splices, _KIND, f"all {factor}", cost)
    elif isinstance(place.value(text := place.text(value), place.env), dict):
        each = f"{{key: grad {factor} for key, grad in {text}.items()}}"
        yield place.rewrite(value, each, _KIND, f"all {factor}", cost + 0.1)


def _put(place: Place, lines: list[str], cost: float, after: bool = False) -> Rewrite:
    statement, source = place.statement, place.source
    at = source.at((statement.end_lineno or statement.lineno) + 1 if after else statement.lineno)
    lead = "" if source.data[at - 1 : at] == b"\n" else "\n"
    text = "".join(f"{source.indent(statement)}{line}\n" for line in lines)
    return place.splice([Splice(at, at, lead + text)], _KIND, f"{lines[-1].strip()} added", cost)
