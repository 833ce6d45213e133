"""One number by which a whole value is too large or too small: sizes, counts and constants.

Where it is known what a line should have given, and that is the old value times a number, the
number is looked up among the sizes and counts at the line, the constants of the file, and the
products and quotients of two of them: what the loss is divided by, and the backward is not.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.repair.habits import weighed_by_habit
from reference.debugger.repair.place import (
    Place,
    Rewrite,
    bracketed,
    inside,
    product,
    walked,
)
from reference.debugger.repair.pure import is_pure
from reference.debugger.running.aside import offered
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import axes_of
from reference.debugger.running.source import Source

_NEAR = 1e-9
_MOST = 60  # numbers that are combined
_LITERAL = 0.2  # what it costs more to write a number out that has a name elsewhere

_Factors = tuple[tuple[str, ...], tuple[str, ...], float]  # times, over, cost
Numbers = list[tuple[str, float]]


def rewrites(
    place: Place,
    node: ast.expr,
    parent: ast.AST,
    made: Array,
    wanted: Array,
    env: dict[str, Any],
) -> Iterator[Rewrite]:
    """Give an expression times, or over, the number by which its value is too small or large.

    Parameters
    ----------
    place : Place
    node, parent : ast nodes
        The expression whose value is wrong, and what it stands in.
    made, wanted : ndarray
        Its value at an execution, and the one that it should have had.
    env : dict
        The variables there.
    """
    number = ratio(made, wanted)
    if number is None:
        return
    text = place.text(node)
    less = 0.3 if _is_scale(place, node, parent) else 0.0
    held = written([pair for pair in _held(env) if abs(pair[1] - 1) > _NEAR], number, two=False)
    for over, under, cost in itertools.chain(held, written(numbers(place, env), number)):
        off = max(less, 0.35 if _stands_there(node, over, under, env) else 0.0)
        more = _LITERAL if all(map(_is_literal, (*over, *under))) else 0.0
        rewrite = place.rewrite(node, inside(parent, _with(place, node, text, over, under)),
                                _kind(under), _why(over, under), cost - off + more)  # fmt: skip
        yield weighed_by_habit(place, rewrite)
    yield from _replaced(place, node, env, number)  # last: sizes are the same by chance, at times


def _replaced(
    place: Place, node: ast.expr, env: dict[str, Any], number: float
) -> Iterator[Rewrite]:
    """Give other numbers for those in an expression: one count for another."""
    known = [*numbers(place, env), *_held(env)]
    for part, parent in place.loaded:
        inside_it = place.source.span(node)[0] <= place.source.span(part)[0]
        if not inside_it or place.source.span(part)[1] > place.source.span(node)[1]:
            continue
        old = _number(place.value(place.text(part), env))
        if old is None or isinstance(parent, ast.Subscript | ast.Attribute):
            continue
        for text, value in known:
            if _is(value, old * number) or _is(value, old / number):
                yield place.rewrite(part, text, "scale 1/B or 1/T",
                                    f"{text}, not {place.text(part)}",
                                    1.2 + 0.4 * isinstance(part, ast.Constant))  # fmt: skip


def _stands_there(
    node: ast.expr, over: tuple[str, ...], under: tuple[str, ...], env: dict[str, Any]
) -> bool:
    """Whether an expression has one factor too many that is a number of its own, and no size."""
    if over or len(under) != 1 or isinstance(env.get(under[0]), int | np.integer):
        return False
    return any(isinstance(n, ast.Name) and n.id == under[0] for n in ast.walk(node))


def _is_scale(place: Place, node: ast.expr, parent: ast.AST) -> bool:
    """Whether an expression is what something is divided by, or is over a number, already."""
    if isinstance(parent, ast.AugAssign):
        return isinstance(parent.op, ast.Mult | ast.Div)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return False
    return axes_of(place.value(place.text(node.right), place.env)) == 0


def ratio(made: Array, wanted: Array) -> float | None:
    """Return the one number that turns a value into another; None if there is none, or it is 1."""
    made, wanted = np.ravel(made), np.ravel(wanted)
    size = np.max(np.abs(made), initial=0.0)
    there = np.abs(made) > 1e-6 * size
    if not there.any():
        return None
    number = float(np.median(wanted[there] / made[there]))
    if not math.isfinite(number) or abs(number - 1) < _NEAR or abs(number) < 1e-6:
        return None
    left = float(np.max(np.abs(wanted - number * made)))
    return number if left <= 1e-7 * abs(number) * size else None


def _is_literal(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and float(text) not in (0.5, 2.0)


def written(known: Numbers, number: float, two: bool = True) -> Iterator[_Factors]:
    """Give factors and divisors, of one or two known numbers, that make a number."""
    for text, value in known:
        if _is(value, number):
            yield (text,), (), 1.3
        if _is(1 / value, number):
            yield (), (text,), 1.3
    for (a, x), (b, y) in itertools.combinations(known, 2) if two else ():
        if _is(x * y, number):
            yield (a, b), (), 1.7
        if _is(1 / (x * y), number):
            yield (), (a, b), 1.7
        if _is(x / y, number):
            yield (a,), (b,), 1.9
        if _is(y / x, number):
            yield (b,), (a,), 1.9


def _is(value: float, number: float) -> bool:
    return abs(value - number) <= _NEAR * abs(number) * 10


def _with(
    place: Place, node: ast.expr, text: str, over: tuple[str, ...], under: tuple[str, ...]
) -> str:
    """Return an expression times and over some numbers; under a fraction bar that is there."""
    if under and not over and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        below = product(node.right, place.text(node.right))
        if isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Div):
            below = f"({below})"
        return f"{place.text(node.left)} / ({below} * {' * '.join(under)})"
    made = " * ".join((product(node, text), *over))
    if not under:
        return made
    return f"{made} / {under[0] if len(under) == 1 else '(' + ' * '.join(under) + ')'}"


def _kind(under: tuple[str, ...]) -> str:
    return "scale 1/B or 1/T" if under else "missing factor"


def _why(over: tuple[str, ...], under: tuple[str, ...]) -> str:
    parts = [f"times {' * '.join(over)}"] if over else []
    parts += [f"over {' * '.join(under)}"] if under else []
    return ", ".join(parts)


def numbers(place: Place, env: dict[str, Any]) -> Numbers:
    """Return the numbers that a place has names for, each value once, the plainest first."""
    texts: dict[str, None] = {}
    for name, value in env.items():
        if _number(value) is not None:
            texts[name] = None
    for node in walked(place.function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and hasattr(node, "lineno"):
            texts[place.text(node)] = None
    texts |= dict.fromkeys(_constants(place.source))
    for atom in (a for a in place.atoms if a.shape and "[" not in a.text):
        texts |= dict.fromkeys(f"{atom.text}.shape[{k}]" for k in range(len(atom.shape)))
        texts[f"{atom.text}.size"] = None
    texts |= dict.fromkeys(("2.0", "0.5", *_counts(place.source), *_literals(place.source)))
    found: dict[float, str] = {}
    for text in itertools.islice(texts, 400):
        number = _number(place.value(text, env))
        if number is not None and abs(number - 1) > 1e-12 and abs(number) > 1e-12:
            found.setdefault(round(number, 12), bracketed_text(text))
    return [(text, value) for value, text in found.items()][:_MOST]


def _held(env: dict[str, Any]) -> Numbers:
    """Return the numbers that objects hold: too many to be combined with others."""
    found = ((f"{name}.{key}", _number(held))
             for name, value in env.items() for key, held in fields(value).items())  # fmt: skip
    return [(text, number) for text, number in found if number is not None]


def bracketed_text(text: str) -> str:
    """Return the text of an expression as a factor."""
    return bracketed(ast.parse(text, mode="eval").body, text)


def _number(value: Any) -> float | None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return None
    if isinstance(value, np.complexfloating):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


@kept(64)
def _constants(source: Source) -> tuple[str, ...]:
    """Return the names that a file sets at its top."""
    return tuple(
        target.id
        for statement in source.tree.body
        if isinstance(statement, ast.Assign)
        for one in statement.targets
        for target in (one.elts if isinstance(one, ast.Tuple) else [one])
        if isinstance(target, ast.Name)
    )


@kept(64)
def _counts(source: Source) -> tuple[str, ...]:
    """Return the calls of a file that may give a number: lengths, sums, logarithms."""
    texts = (
        ast.unparse(node)
        for node in offered(source)
        if isinstance(node, ast.Call) and _counts_something(node)
    )
    return tuple(text for text in dict.fromkeys(texts) if len(text) <= 40)


def _counts_something(node: ast.Call) -> bool:
    """Whether a call gives a number, and runs nothing of the user's."""
    if getattr(node.func, "attr", "") in _COUNTING:
        return is_pure(node)
    return getattr(node.func, "id", "") == "len" and all(is_pure(a) for a in node.args)


_COUNTING = {"sum", "log", "sqrt", "count_nonzero", "prod", "exp"}


@kept(64)
def _literals(source: Source) -> tuple[str, ...]:
    """Return the floats that are written out in a file."""
    return tuple(
        dict.fromkeys(
            ast.unparse(node)
            for node in offered(source)
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        )
    )
