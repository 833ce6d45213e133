"""Loops that begin or end a step too early or too late, or run the wrong way."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, walked


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give other bounds of ``range``, and other directions, for a loop."""
    statement = place.statement
    if isinstance(statement, ast.Assign):
        yield from _bounds(place, statement.value)
    if not isinstance(statement, ast.For):
        return
    yield from _turned(place, statement.iter)
    yield from _counted(place, statement.iter)
    yield from _otherwise(place, statement.iter)
    for node, parent in place.loaded:
        if not (isinstance(node, ast.Call) and place.text(node.func) in ("range", "np.arange")):
            continue
        turned = isinstance(parent, ast.Call) and place.text(parent.func) == "reversed"
        if turned:  # to turn it round once more is to take that away
            yield place.rewrite(parent, place.text(node), "forward order", "forwards", 1.3)
        for argument in node.args:
            text = place.text(argument)
            for step, new in ((1, f"{text} + 1"), (-1, f"{text} - 1")):
                yield place.rewrite(argument, _tidy(new), "loop bounds", f"{step:+d}", 1.1)
        yield from _in_order_of(place, node)
        texts = [place.text(a) for a in node.args]
        kind = "forward order"
        if len(texts) == 3 and texts[2] == "-1":
            if not turned:
                yield place.rewrite(node, f"range({texts[0]} + 1)", kind, "forwards", 1.6)
            yield place.rewrite(node, f"range({texts[0]}, -1, -1)", "loop bounds", "to 0", 1.2)
        elif len(texts) == 2:
            if not turned:
                yield place.rewrite(node, f"range({texts[1]} - 1, {texts[0]} - 1, -1)", kind,
                                    "backwards", 1.3)  # fmt: skip
            yield place.rewrite(node, f"range({texts[1]})", "loop bounds", "from 0", 1.2)
        elif len(texts) == 1:
            if not turned:
                yield place.rewrite(node, f"range({texts[0]} - 1, -1, -1)", kind, "backwards", 1.3)
            yield place.rewrite(node, f"range(1, {texts[0]})", "loop bounds", "from 1", 1.2)


def _in_order_of(place: Place, node: ast.Call) -> Iterator[Rewrite]:
    """Give an order of the same steps that has a name: ``reversed(order)`` for a range's."""
    steps = place.value(place.text(node), place.env)
    for name, held in place.env.items() if isinstance(steps, range | np.ndarray) else ():
        order = held.tolist() if isinstance(held, np.ndarray) else held
        if not isinstance(order, list) or len(order) != len(steps):
            continue
        if all(type(step) in (int, np.int64) for step in order) and sorted(order) == sorted(steps):
            yield place.rewrite(node, name, "forward order", f"in the order of {name}", 1.3)


def _bounds(place: Place, value: ast.expr) -> Iterator[Rewrite]:
    """Give a whole number that a line computes, and each that it is chosen from, one off."""
    if type(place.value(place.text(value), place.env)) not in (int, np.int64):
        return
    limits = isinstance(value, ast.Call) and place.text(value.func) in ("min", "max")
    for node in value.args if isinstance(value, ast.Call) and limits else [value]:
        text = place.text(node)
        if isinstance(node, ast.Constant | ast.IfExp):
            continue
        for new in (_tidy(f"{text} + 1"), _tidy(f"{text} - 1")):
            cost = 1.1 if len(new) < len(text) else 1.3
            yield place.rewrite(node, new, "loop bounds", f"{new}, not {text}", cost)


def _turned(place: Place, over: ast.expr) -> Iterator[Rewrite]:
    """Give what a loop runs over the other way round, where that is a sequence of some length."""
    text = place.text(over)
    if isinstance(over, ast.Call):
        yield from _turned_pairs(place, over, text)
    if not isinstance(over, ast.Name | ast.Attribute | ast.Subscript):
        return
    value = place.value(text, place.env)
    if isinstance(value, list | tuple | deque | np.ndarray) and len(value) > 1:
        yield place.rewrite(over, f"reversed({text})", "forward order", "backwards", 1.2)


def _otherwise(place: Place, over: ast.expr) -> Iterator[Rewrite]:
    """Give an order of the same steps that there is a list of: that in which they were made."""
    text = place.text(over)
    steps = place.value(f"list({text})", place.env)
    if not isinstance(steps, list) or len(steps) < 2 or not _are_steps(steps):
        return
    for name, held in place.env.items():
        if isinstance(held, list | tuple | range) and name not in text:
            known = list(held)
            if len(known) == len(steps) and _are_steps(known) and sorted(known) == sorted(steps):
                for new in (f"{name}[::-1]", name):
                    yield place.rewrite(over, new, "forward order", f"in the order {new}", 1.2)
    for other in _orders_called(place):
        made = place.value(f"list({other})", place.env) if other not in text else None
        if made and _are_steps(made) and sorted(made) == sorted(steps):
            for new in (f"reversed({other})", other):
                yield place.rewrite(over, new, "forward order", f"in the order {new}", 1.2)


def _orders_called(place: Place) -> list[str]:
    """Return the calls that tell other loops of the file their order, ``self.order(steps)``."""
    found = dict.fromkeys(
        place.text(loop.iter)
        for loop in walked(place.source.tree)
        if isinstance(loop, ast.For)
        and isinstance(loop.iter, ast.Call)
        and getattr(loop.iter.func, "id", "") not in ("range", "reversed", "enumerate", "zip")
        and getattr(loop.iter.func, "attr", "") not in _NO_ORDERS
    )
    return list(found)[:_MOST_ORDERS]


_NO_ORDERS = ("items", "keys", "values", "pop", "arange", "parameters")
_MOST_ORDERS = 3


def _are_steps(steps: list) -> bool:
    return all(type(step) is int for step in steps)


def _turned_pairs(place: Place, over: ast.Call, text: str) -> Iterator[Rewrite]:
    """Give what is numbered or paired the other way round as a whole."""
    if _inside(over, "reversed") is not None:
        return
    if place.text(over.func) in ("enumerate", "zip") or (
        isinstance(over.func, ast.Attribute) and over.func.attr == "items" and not over.args
    ):
        elements = place.value(f"list({text})", place.env)
        if isinstance(elements, list) and len(elements) > 1:
            yield place.rewrite(over, f"reversed(list({text}))", "forward order", "backwards", 1.2)


def _counted(place: Place, over: ast.expr) -> Iterator[Rewrite]:
    """Give ``reversed(list(enumerate(x)))`` for ``enumerate(reversed(x))``, and the other way.

    Numbers that are given after a sequence is turned round count the other way.
    """
    turned = _inside(over, "enumerate")
    inner = None if turned is None else _reversed(place, turned)
    if inner is not None:
        yield place.rewrite(over, f"reversed(list(enumerate({inner})))", "wrong order",
                            "numbered before it is turned round", 0.9)  # fmt: skip
    listed = _reversed(place, over, lists=True)
    given = None if listed is None else _inside(ast.parse(listed, mode="eval").body, "enumerate")
    if given is not None:
        yield place.rewrite(over, f"enumerate(reversed({ast.unparse(given)}))", "wrong order",
                            "numbered after it is turned round", 1.3)  # fmt: skip


def _inside(node: ast.expr, name: str) -> ast.expr | None:
    """Return the argument of a call of a function of one."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != name:
        return None
    return node.args[0] if len(node.args) == 1 else None


def _reversed(place: Place, node: ast.expr, lists: bool = False) -> str | None:
    """Return what an expression has turned round, as text: x of ``reversed(x)``, ``x[::-1]``."""
    given = _inside(node, "reversed")
    if given is None and isinstance(node, ast.Subscript) and place.text(node.slice) == "::-1":
        given = node.value
    inner = None if given is None else _inside(given, "list")
    given = inner if inner is not None and lists else given
    return None if given is None else place.text(given)


def _tidy(text: str) -> str:
    """Return ``n`` for ``n - 1 + 1``.

    Examples
    --------
    >>> _tidy("n - 1 + 1"), _tidy("0 + 1"), _tidy("-1 + 1")
    ('n', '1', '0')
    """
    text = text.removesuffix(" - 1 + 1") if text.endswith(" - 1 + 1") else text
    text = text.removesuffix(" + 1 - 1") if text.endswith(" + 1 - 1") else text
    head, _, tail = text.rpartition(" ")
    number, _, sign = head.rpartition(" ")
    if sign in ("+", "-") and number.lstrip("-").isdigit():
        return str(int(number) + (int(tail) if sign == "+" else -int(tail)))
    return text
