"""Which element of a list is taken, and does it stay there; at which end something is put in."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.place import Place, Rewrite

_TAKEN = {"pop()": "taken out at the end", "pop(0)": "taken out at the front",
          "popleft()": "taken out at the front", "[-1]": "left where it is"}  # fmt: skip
_PUT = {"append": ("insert", "appendleft"), "appendleft": ("append",), "insert": ("append",),
        "extend": ("extendleft",), "extendleft": ("extend",)}  # fmt: skip


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give an element taken out for one looked at, from the other end; and put in at the other."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            at = place.text(node.slice)
            held = place.value(place.text(node.value), place.env)
            if at in ("-1", "0") and isinstance(held, list | deque):
                yield from _of(place, node, node.value, held, f"[{at}]")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            held = place.value(place.text(node.func.value), place.env)
            if not isinstance(held, list | deque):
                continue
            if node.func.attr in ("pop", "popleft"):
                base = node.func.value
                now = place.text(node)[len(place.text(base)) + 1 :]
                yield from _of(place, node, base, held, now)
            elif node.func.attr in _PUT and node.args and not node.keywords:
                yield from _put(place, node, node.func, held)


def _of(
    place: Place, node: ast.expr, base: ast.expr, held: list[Any] | deque[Any], now: str
) -> Iterator[Rewrite]:
    kind = "wrong operand" if now.startswith("[") else "forward order"
    for new, why in _TAKEN.items():
        fits = new != ("pop(0)" if isinstance(held, deque) else "popleft()")
        if new != now and fits:
            dot = "" if new.startswith("[") else "."
            same_end = ("0" in now or "left" in now) == ("0" in new or "left" in new)
            yield place.rewrite(
                node, f"{place.text(base)}{dot}{new}", kind, why, 1.0 if same_end else 1.2
            )


def _put(
    place: Place, node: ast.Call, func: ast.Attribute, held: list[Any] | deque[Any]
) -> Iterator[Rewrite]:
    base, what = place.text(func.value), place.text(node.args[-1])
    for new in _PUT[func.attr]:
        if new.endswith("left") != isinstance(held, deque) and (
            new.endswith("left") or new == "insert"
        ):
            continue
        arguments = f"0, {what}" if new == "insert" else what
        yield place.rewrite(node, f"{base}.{new}({arguments})", "forward order",
                            "put in at the other end", 1.2)  # fmt: skip


def cut_short(place: Place) -> Iterator[Rewrite]:
    """Give all of what a loop runs over for a part of it, and parts that lack an end for all."""
    statement = place.statement
    if not isinstance(statement, ast.For):
        return
    kind = "loop bounds"
    for node, parent in place.loaded:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            base, part = place.text(node.value), node.slice
            lower, upper, step = (
                "" if x is None else place.text(x) for x in (part.lower, part.upper, part.step)
            )
            for a, b, why in ((lower, "", "to the end"), ("", upper, "from the beginning"),
                              ("", "", "all of it")):  # fmt: skip
                if (a, b) != (lower, upper):
                    new = f"{base}[{a}:{b}{':' + step if step else ''}]".removesuffix("[:]")
                    yield place.rewrite(node, new, kind, why, 1.0)
            if not (lower or upper):
                back = step.startswith("-")
                for a, b in (("-2", ""), ("", "0")) if back else (("1", ""), ("", "-1")):
                    new = f"{base}[{a}:{b}:{step}]"
                    yield place.rewrite(node, new, kind, "an end left out", 1.4)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            ranged = isinstance(node, ast.Call) and place.text(node.func) == "range"
            held = None if ranged else place.value(place.text(node), place.env)
            if isinstance(held, list | np.ndarray) and len(held) > 1 and _runs(parent):
                for part in ("[1:]", "[:-1]"):
                    yield place.rewrite(node, f"{place.text(node)}{part}", kind,
                                        "an end left out", 1.4)  # fmt: skip


def _runs(parent: ast.AST) -> bool:
    """Return whether something stands where a loop's iterator does, or in its ``zip``."""
    named = isinstance(parent, ast.Call) and getattr(parent.func, "id", "")
    return isinstance(parent, ast.For) or named in ("zip", "reversed", "enumerate", "list")
