"""What is looked up by a text, under another one: ``getattr(model, "d" + name)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.shapes import shape_of

_COST = 1.0


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give every text by which something is looked up, with what other names have besides it."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            if len(node.args) < 2:
                continue
            held, key = node.args[:2]
            known: Mapping[str, object] = fields(place.value(place.text(held), place.env))
        elif isinstance(node, ast.Subscript):
            held, key = node.value, node.slice
            entries = place.value(place.text(held), place.env)
            known = entries if isinstance(entries, Mapping) else {}
        else:
            continue
        text = place.text(key)
        name = None if isinstance(key, ast.Constant) else place.value(text, place.env)
        if not isinstance(name, str) or not name:
            continue
        for other, value in known.items():
            if not isinstance(other, str) or other == name or name not in other:
                continue
            head, _, tail = other.partition(name)
            if name in known and shape_of(known[name]) != shape_of(value):
                continue
            parts = [repr(head).replace("'", '"')] * bool(head) + [text]
            parts += [repr(tail).replace("'", '"')] * bool(tail)
            yield place.rewrite(key, " + ".join(parts), "wrong operand",
                                f"{other}, not {name}", _COST)  # fmt: skip
