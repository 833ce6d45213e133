"""Results that are exchanged, missing, or under another name."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.source import Splice


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give displays and arguments with two elements exchanged."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Tuple | ast.List) and len(node.elts) < 16:
            yield from _exchanged(place, list(node.elts), "wrong order")
        elif isinstance(node, ast.Call) and 1 < len(node.args) < 12:
            yield from _exchanged(place, list(node.args), "wrong operand")
        elif isinstance(node, ast.Dict) and len(node.values) < 16:
            yield from _exchanged(place, list(node.values), "wrong name")
    if isinstance(place.target, ast.Tuple):
        yield from _renamed(place)
    for node, _ in place.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            held = place.value(place.text(node.value), place.env)
            if isinstance(held, dict) and isinstance(node.slice.value, str):
                for key in held:
                    if key != node.slice.value and isinstance(key, str):
                        yield place.rewrite(node.slice, repr(key).replace("'", '"'), "gate copied",
                                            f"{key}, not {node.slice.value}", 1.4)  # fmt: skip


def _exchanged(place: Place, elements: list[ast.expr], kind: str) -> Iterator[Rewrite]:
    texts = [place.text(element) for element in elements]
    for a, b in itertools.combinations(range(len(elements)), 2):
        if texts[a] == texts[b] or isinstance(elements[a], ast.Constant):
            continue
        yield place.splice(
            [
                Splice(*place.source.span(elements[a]), texts[b]),
                Splice(*place.source.span(elements[b]), texts[a]),
            ],
            kind, f"{texts[a]} and {texts[b]} exchanged", 1.4 + 0.1 * (b - a),
        )  # fmt: skip


def _renamed(place: Place) -> Iterator[Rewrite]:
    """Give an unpacked name replaced by a variable of the function."""
    target = place.target
    assert isinstance(target, ast.Tuple)
    for element in target.elts:
        if isinstance(element, ast.Name):
            for name in place.env:
                if name != element.id and name[:2] == element.id[:2]:
                    yield place.rewrite(element, name, "carry lost",
                                        f"{name}, not {element.id}", 1.7)  # fmt: skip


def keys(place: Place, names: list[str]) -> Iterator[Rewrite]:
    """Give names that are missing in the result in the place of keys that a statement sets."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            old = getattr(node.slice, "value", None)
            for name in names if isinstance(old, str) else ():
                yield place.rewrite(node.slice, f'"{name}"', "wrong name",
                                    f"{name}, not {old}", 1.2)  # fmt: skip


def missing(
    place: Place, names: list[str], primals: dict[str, tuple[int, ...]]
) -> Iterator[Rewrite]:
    """Give results with the gradients that backward leaves out."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Dict) and node.keys:
            end = place.source.span(node)[1] - 1
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            for name in names:
                for atom in place.atoms if name not in keys else ():
                    if atom.shape == primals[name]:
                        cost = 1.0 if name in atom.text else 2.0
                        yield place.splice(
                            [Splice(end, end, f', "{name}": {atom.text}')], "never returned",
                            f"{name} is returned too", cost,
                        )  # fmt: skip
    if isinstance(place.statement, ast.Return) and place.statement.value is not None:
        value = place.statement.value
        text = place.text(value)
        yield place.rewrite(value, f"{{k[1:]: v for k, v in {text}.items()}}", "wrong name",
                            "keys without the d", 1.0)  # fmt: skip
        yield place.rewrite(value, f"{{k.removeprefix('d'): v for k, v in {text}.items()}}",
                            "wrong name", "keys without the d", 1.1)  # fmt: skip
