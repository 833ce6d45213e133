"""``=`` for ``+=``: what is written over and should be added to, however it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.starts import is_zeros

_MOST_TARGETS = 4


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give a statement that sets something as one that adds to it, and the other way round."""
    statement = place.statement
    kind = "= for +="
    yield from _all_added(place)
    yield from _written_into(place)
    yield from _merged(place)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        of_zeros = is_zeros(statement.value)  # nothing is added by it
        if isinstance(target, ast.Name | ast.Subscript | ast.Attribute) and not of_zeros:
            value = place.text(statement.value)
            changed = _in_place(place, target, statement.value)
            if changed:
                yield place.rewrite(
                    statement, changed, "never returned", "changed in place: who has the array "
                    "does not see a new one", 1.0,
                )  # fmt: skip
            else:
                yield place.rewrite(
                    statement, f"{place.text(target)} += {value}", kind, "added, not assigned", 1.0
                )
            if isinstance(target, ast.Name):
                yield place.rewrite(
                    statement.value, f"{target.id} + {value}", "carry not added",
                    f"{target.id} added", 0.95,
                )  # fmt: skip
            if isinstance(target, ast.Subscript):
                into, key = place.text(target.value), place.text(target.slice)
                if isinstance(place.value(into, place.env), dict):
                    more = f"{into}[{key}] = {into}.get({key}, 0) + {value}"
                    yield place.rewrite(statement, more, kind, "added, not assigned", 1.05)
                yield _add_at(place, statement, target, value, 1.4)
            if isinstance(target, ast.Subscript | ast.Attribute) and _is_empty(place, target):
                held = place.text(target)
                more = f"{value} if {held} is None else {held} + {value}"
                yield place.rewrite(statement.value, more, kind, "added, where it is any", 1.05)
    elif isinstance(statement, ast.AugAssign):
        target, value = statement.target, place.text(statement.value)
        yield place.rewrite(
            statement, f"{place.text(target)} = {value}", "+= for =", "assigned, not added", 1.5
        )
        if isinstance(statement.op, ast.Add):
            yield place.rewrite(
                statement, f"{place.text(target)} = {place.text(target)} + {value}",
                "argument changed", "a new array, not the old one changed", 1.7,
            )  # fmt: skip
        if isinstance(target, ast.Subscript):
            yield _add_at(place, statement, target, value, 1.1)


def _in_place(place: Place, target: ast.expr, value: ast.expr) -> str:
    """Return ``a += b - c`` for ``a = a + b - c`` and ``a += b`` for ``a = b + a``, of arrays."""
    name = place.text(target)
    if not isinstance(place.value(name, place.env), np.ndarray):
        return ""
    first, parent = value, None
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add | ast.Sub):
        if isinstance(first.op, ast.Add) and place.text(first.right) == name and parent is None:
            return f"{name} += {place.text(first.left)}"
        first, parent = first.left, first
    if parent is None or place.text(first) != name:
        return ""
    sign = "+" if isinstance(parent.op, ast.Add) else "-"
    more = place.text(value)[place.source.span(parent.right)[0] - place.source.span(value)[0] :]
    return f"{name} {sign}= {more}" if parent is value or sign == "+" else ""


def _is_empty(place: Place, target: ast.expr) -> bool:
    """Whether None stands at first where a statement writes: nothing can be added to that."""
    test = f"{place.text(target)} is None"
    return any(place.value(test, env) is True for env in place.envs)


def _written_into(place: Place) -> Iterator[Rewrite]:
    """Give ``y += np.dot(a, b)`` for ``np.dot(a, b, out=y)``."""
    call = getattr(place.statement, "value", None)
    if not isinstance(place.statement, ast.Expr) or not isinstance(call, ast.Call):
        return
    into = next((k for k in call.keywords if k.arg == "out"), None)
    given = [place.text(argument) for argument in call.args]
    if into is None or place.text(into.value) in given:  # what is changed by itself is no sum
        return
    given += [f"{k.arg}={place.text(k.value)}" for k in call.keywords if k is not into]
    sum_ = f"{place.text(into.value)} += {place.text(call.func)}({', '.join(given)})"
    yield place.rewrite(place.statement, sum_, "= for +=", "added, not written over", 1.0)


def _merged(place: Place) -> Iterator[Rewrite]:
    """Give the sums of two dicts key by key for ``{**a, **b}`` and ``a | b``."""
    for node, _ in place.loaded:
        both: list[ast.expr] = []
        if isinstance(node, ast.Dict) and len(node.keys) == 2 and node.keys == [None, None]:
            both = node.values
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            both = [node.left, node.right]
        a, b = (place.text(one) for one in both) if both else ("", "")
        if both and all(isinstance(place.value(text, place.env), dict) for text in (a, b)):
            total = f"{{key: {a}.get(key, 0) + {b}.get(key, 0) for key in {{**{a}, **{b}}}}}"
            yield place.rewrite(node, total, "= for +=", "added key by key", 1.1)


def _all_added(place: Place) -> Iterator[Rewrite]:
    """Give what sets several values at once as so many additions: tuples, updates, whole dicts."""
    statement, kind = place.statement, "= for +="
    pairs: list[tuple[str, str]] = []
    lines: list[str] = []
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        targets = [place.text(target) for target in statement.targets[0].elts]
        if isinstance(value, ast.Tuple) and len(value.elts) == len(targets):
            pairs = list(zip(targets, map(place.text, value.elts), strict=True))
        elif any(isinstance(t, ast.Subscript | ast.Attribute) for t in statement.targets[0].elts):
            made = [f"more_{n}" for n in range(len(targets))]
            lines = [f"{', '.join(made)} = {place.text(statement.value)}"]
            pairs = list(zip(targets, made, strict=True))
        else:
            yield from _one_added(place, statement, targets)
            yield from _sums_added(place, statement, targets)
    elif isinstance(statement, ast.Assign) and isinstance(
        place.value(place.variable, place.env), dict
    ):
        made = place.text(statement.value)
        lines = [f"for key, more in ({made}).items():", f"    {place.variable}[key] += more"]
    elif isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "update":
        assert isinstance(value.func, ast.Attribute)
        into = place.text(value.func.value)
        given = value.args[0] if len(value.args) == 1 else None
        if isinstance(given, ast.Dict) and None not in given.keys:
            keys = [place.text(key) for key in given.keys if key is not None]
            pairs = [(f"{into}[{key}]", place.text(v)) for key, v in
                     zip(keys, given.values, strict=True)]  # fmt: skip
        elif given is not None:
            # Of a container that is empty at first nothing can be added to.
            lines = [f"for key, more in ({place.text(given)}).items():",
                     f"    {into}[key] = {into}.get(key, 0) + more"]  # fmt: skip
        pairs += [(f'{into}["{k.arg}"]', place.text(k.value)) for k in value.keywords]
    if not pairs and not lines:
        return
    indent = f"\n{place.source.indent(statement)}"
    every = [*lines, *(f"{target} += {new}" for target, new in pairs)]
    yield place.rewrite(statement, indent.join(every), kind, "added, not assigned", 1.0)
    for chosen, (target, new) in enumerate(pairs if 1 < len(pairs) <= _MOST_TARGETS else ()):
        each = [f"{t} {'+=' if n == chosen else '='} {v}" for n, (t, v) in enumerate(pairs)]
        yield place.rewrite(statement, indent.join([*lines, *each]), kind,
                            f"{new} added to {target}", 1.2)  # fmt: skip


def _one_added(place: Place, statement: ast.Assign, targets: list[str]) -> Iterator[Rewrite]:
    """Give one of several results of a call added to what its name holds already."""
    if not isinstance(statement.value, ast.Call):
        return
    for target in targets[:_MOST_TARGETS]:
        if place.shape(target):
            others = ", ".join("more" if other == target else other for other in targets)
            indent = f"\n{place.source.indent(statement)}"
            new = f"{others} = {place.text(statement.value)}{indent}{target} = {target} + more"
            yield place.rewrite(statement, new, "= for +=", f"added to {target}, not assigned",
                                1.2)  # fmt: skip


def _sums_added(place: Place, statement: ast.Assign, targets: list[str]) -> Iterator[Rewrite]:
    """Give the results of a call added to those of the names that hold nothing before the loop."""
    sums = [t for t in targets if t.isidentifier() and _begins_empty(place, t)]
    if len(sums) < 2 or not isinstance(statement.value, ast.Call):
        return
    made = ", ".join(f"more_{t}" if t in sums else t for t in targets)
    lines = [f"{made} = {place.text(statement.value)}", *(f"{t} += more_{t}" for t in sums)]
    new = f"\n{place.source.indent(statement)}".join(lines)
    yield place.rewrite(statement, new, "= for +=", f"added to {', '.join(sums)}", 1.1)


def _begins_empty(place: Place, name: str) -> bool:
    """Whether a name holds zeros when a statement is run first, and other numbers later."""
    held = [env.get(name) for env in place.envs]
    arrays = [value for value in held if isinstance(value, np.ndarray)]
    return len(arrays) > 1 and not np.any(arrays[0]) and bool(np.any(arrays[-1]))


def _add_at(
    place: Place, statement: ast.stmt, target: ast.Subscript, value: str, cost: float
) -> Rewrite:
    index = place.text(target.slice)
    index = f"({index})" if isinstance(target.slice, ast.Tuple) and ":" not in index else index
    if ":" in index:
        index = index.replace(":", "slice(None)")
        index = f"({index})"
    takes = isinstance(getattr(statement, "op", None), ast.Sub)
    function = "np.subtract.at" if takes else "np.add.at"
    new = f"{function}({place.text(target.value)}, {index}, {value})"
    return place.rewrite(statement, new, "= for +=", "repeated indices add up", cost)
