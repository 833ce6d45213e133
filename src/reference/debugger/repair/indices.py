"""An index or slice that is off by one, or the order of time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from reference.debugger.repair import windows
from reference.debugger.repair.place import Place, Rewrite, neighbours, shifted, walked
from reference.debugger.running.aside import offered
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source, Splice

_KIND = "index off by one"
_MADE = 0.1  # what it costs more to turn a list round where it is made than where it is read


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give subscripts one step on or back, slices that leave out an end, time the other way."""
    singles = []
    for node, _ in place.nodes:
        if not isinstance(node, ast.Subscript):
            continue
        text = place.text(node)
        for new in shifted(place, node):
            singles.append(place.rewrite(node, new, _KIND, f"{new}, not {text}", 1.0))
        yield from _slices(place, node, text)
        yield from _first_step(place, node, text)
        yield from _step_before(place, node, text)
        yield from _gathered(place, node, text)
        yield from _of_the_file(place, node)
    yield from rolled(place)
    yield from _as_elsewhere(place)
    yield from singles
    yield from mirrored(place)
    yield from _rows(place)
    for k, a in enumerate(singles):  # the same slip twice in a line
        for b in singles[k + 1 :]:
            if a.splices[0].end <= b.splices[0].start:
                yield place.splice([*a.splices, *b.splices], _KIND, f"{a.why}; {b.why}", 2.5)
    yield from orders(place)
    yield from _keys(place)


def _as_elsewhere(place: Place) -> Iterator[Rewrite]:
    """Give another index of the same step that its function writes: ``t - lag`` for ``t - 1``."""
    for node, _ in place.nodes:
        if not isinstance(node, ast.Subscript):
            continue
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            old, counters = place.text(part), _names_in(part) & set(place.counters)
            if not counters or isinstance(part, ast.Slice):
                continue
            for other in walked(place.function):
                if isinstance(other, ast.Subscript) and isinstance(other.slice, ast.BinOp):
                    new, names = place.text(other.slice), _names_in(other.slice)
                    if new != old and counters < names:
                        why = f"[{new}], not [{old}]"
                        yield place.rewrite(part, new, _KIND, why, 1.1)


def _names_in(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def mirrored(place: Place) -> Iterator[Rewrite]:
    """Give the element as far from the other end: ``w[-1 - k]`` for ``w[k]``."""
    for node, _ in place.nodes:
        if not isinstance(node, ast.Subscript):
            continue
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if isinstance(part, ast.Name) and part.id in place.counters:
                new = f"-1 - {part.id}"
                yield place.rewrite(part, new, "forward order", f"[{new}], from the other end", 1.4)


def _slices(place: Place, node: ast.Subscript, text: str) -> Iterator[Rewrite]:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        if isinstance(part, ast.Slice):
            old = place.text(part)
            first, _, last = old.partition(":")
            choices = {":", "1:", ":-1", "::-1", ":1"}
            choices |= {"::-1": {":0:-1", "-2::-1"}, ":0:-1": {"::-1"}}.get(old, set())
            for bound, side in ((part.lower, 0), (part.upper, 1)):
                if bound is None:
                    continue
                for new in neighbours(bound, place.text(bound)):
                    choices.add(f"{new}:{last}" if side == 0 else f"{first}:{new}")
                for atom in _counts(place):
                    choices.add(f"{atom}:{last}" if side == 0 else f"{first}:{atom}")
            near = list(dict.fromkeys(windows.shifted(place, node, part)))
            for new in near:
                yield place.rewrite(part, new, _KIND, f"[{new}], not [{old}]", 1.5)
            for new in sorted(choices - {old, *near}):
                kind = "forward order" if "::-1" in (new, old) else _KIND
                if new == ":" and old != "::-1":
                    kind = "wrong operand"
                yield place.rewrite(part, new, kind, f"[{new}], not [{old}]", 1.5)
        elif isinstance(part, ast.Constant | ast.Name):
            names = [n for n in _counts(place, whole=True) if n != place.text(part)]
            for name in names:
                yield place.rewrite(part, name, _KIND, f"[{name}] in {text}", 1.6)
    value = place.value(text, place.env)
    if value is not None:
        base = place.text(node.value)
        if len(parts) == 1:
            yield place.rewrite(node, base, "wrong operand", "all of it", 2.5)


def wrapping(place: Place) -> Iterator[Rewrite]:
    """Give another value for what is read at an index that is -1 at one of the steps."""
    yield from rolled(place)
    for node, _ in place.loaded:
        if not isinstance(node, ast.Subscript):
            continue
        index = _step_of(node)
        if isinstance(index, ast.BinOp):
            text = place.text(index)
            values = (place.value(text, env) for env in place.envs)
            if any(isinstance(value, int) and value == -1 for value in values):
                for rewrite in _first_step(place, node, place.text(node)):
                    yield replace(rewrite, cost=1.0)


def _step_of(node: ast.Subscript) -> ast.expr | None:
    """Return the index of a subscript that is a step, as in ``h[:, t - 1]``."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    parts = [
        part.elts[0] if isinstance(part, ast.List) and len(part.elts) == 1 else part
        for part in parts
    ]
    steps = [part for part in parts if isinstance(part, ast.BinOp | ast.Name)]
    return steps[-1] if len(steps) == 1 else None


def _first_step(place: Place, node: ast.Subscript, text: str) -> Iterator[Rewrite]:
    """Give zeros, or a name that may hold the initial state, where ``t - 1`` would wrap around."""
    index = _step_of(node)
    if not (isinstance(index, ast.BinOp) and isinstance(index.op, ast.Sub)):
        return
    value = place.value(text, place.env)
    if not hasattr(value, "shape") or not isinstance(index.left, ast.Name):
        return
    yield from _begun(place, node, text, place.text(index.left), value, 1.5)


def _step_before(place: Place, node: ast.Subscript, text: str) -> Iterator[Rewrite]:
    """Give what was there one step before, and at the first step a start."""
    index = _step_of(node)
    if not isinstance(index, ast.Name) or index.id not in place.counters:
        return
    value = place.value(text, place.env)
    if not hasattr(value, "shape") or min(env.get(index.id, 1) for env in place.envs) != 0:
        return
    end = place.source.span(index)[1] - place.source.span(node)[0]
    whole = place.source.of(node).encode()
    before = " ".join((whole[:end] + b" - 1" + whole[end:]).decode().split())
    yield from _begun(place, node, before, index.id, value, 1.7)


def _begun(
    place: Place, node: ast.expr, text: str, t: str, value: Any, cost: float
) -> Iterator[Rewrite]:
    for start in (f"np.zeros_like({text})", *_starts(place, value)):
        if len(place.shape(start)) not in (0, value.ndim):  # it may be transposed, and the like
            start = f"np.broadcast_to({start}, {text}.shape)"
        yield place.rewrite(node, f"({text} if {t} > 0 else {start})", _KIND,
                            "no step before the first", cost)  # fmt: skip


def _starts(place: Place, value: Any) -> Iterator[str]:
    """Give what is called like an initial state and has, or is broadcast to, a shape."""
    for atom in place.atoms:
        words = re.findall(r"\w+", atom.text)  # an attribute of what is called so is one, too
        if atom.zero or not atom.shape or not any(map(_START.search, words[-2:])):
            continue
        if atom.shape == value.shape[value.ndim - len(atom.shape) :]:
            yield atom.text


_START = re.compile("0$|init|start|first|begin")


def _gathered(place: Place, node: ast.Subscript, text: str) -> Iterator[Rewrite]:
    """Give a start in the first row of what is gathered at ``t - 1``, which would wrap around."""
    index = place.value(place.text(node.slice), place.env)
    value = place.value(text, place.env)
    if not isinstance(index, np.ndarray) or not isinstance(value, np.ndarray):
        return
    if index.ndim != 1 or index.dtype.kind != "i" or value.ndim < 2 or len(index) < 2:
        return
    if index[0] != -1 or np.any(np.diff(index) != 1):
        return
    base = place.text(node.value)
    if place.shape(base)[:1] != index.shape:
        return
    for start in _starts(place, value[0]):
        new = f"np.concatenate([np.broadcast_to({start}, {base}[:1].shape), {base}[:-1]])"
        yield place.rewrite(node, new, _KIND, "no step before the first", 1.6)


def rolled(place: Place) -> Iterator[Rewrite]:
    """Give a start in front of what is rolled on by a step, where the last comes round."""
    for node, _ in place.loaded:
        if not isinstance(node, ast.Call) or place.text(node.func) != "np.roll" or not node.args:
            continue
        base, value = place.text(node.args[0]), place.value(place.text(node), place.env)
        given = [place.text(argument) for argument in node.args[1:]]
        given += [place.text(keyword.value) for keyword in node.keywords]
        if not isinstance(value, np.ndarray) or given not in (["1", "0"], ["1", "1"]):
            continue
        axis = int(given[1])
        if value.ndim <= axis:
            continue
        first, rest = (f"{':, ' * axis}{part}" for part in (":1", ":-1"))
        for start in _starts(place, value.take(0, axis)):
            wide = f"np.expand_dims({start}, {axis - value.ndim})"
            begun = f"np.broadcast_to({wide}, {base}[{first}].shape)"
            new = f"np.concatenate([{begun}, {base}[{rest}]], axis={axis})"
            yield place.rewrite(node, new, _KIND, "no step before the first", 1.0)


def _of_the_file(place: Place, node: ast.Subscript) -> Iterator[Rewrite]:
    """Give another index that the file computes: ``b[q * n + u]`` for ``b[u * 4 + q]``."""
    if not isinstance(node.slice, ast.BinOp):
        return
    old = place.text(node.slice)
    names = {inner.id for inner in ast.walk(node.slice) if isinstance(inner, ast.Name)}
    for text in _index_texts(place.source):
        for new in _with_names(text, sorted(names)):
            value = place.value(new, place.env)
            if new != old and isinstance(value, int | np.integer):
                yield place.rewrite(node.slice, new, "wrong operand", f"[{new}], not [{old}]", 1.5)


@kept(64)
def _index_texts(source: Source) -> tuple[str, ...]:
    """Return the products and sums of a file that may be indices of a flat array."""
    found: dict[str, None] = {}
    for node in offered(source):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            simple = all(
                isinstance(
                    inner, ast.BinOp | ast.Add | ast.Mult | ast.Name | ast.Constant | ast.Load
                )
                for inner in ast.walk(node)
            )
            several = any(isinstance(inner, ast.Mult) for inner in ast.walk(node))
            if simple and several:
                found[ast.unparse(node)] = None
    return tuple(found)[:12]


def _with_names(text: str, names: list[str]) -> Iterator[str]:
    """Give an expression as it is, and with each of its names replaced by one of some others."""
    yield text
    own = sorted(set(_WORD.findall(text)))
    for old in own:
        for name in names:
            if name not in own:
                yield re.sub(rf"\b{old}\b", name, text)


_WORD = re.compile(r"[A-Za-z_]\w*")


def _rows(place: Place) -> Iterator[Rewrite]:
    """Give buffers with one row more: for the state before the first step."""
    for node, _ in place.loaded:
        if isinstance(node, ast.Call) and place.text(node.func) in ("np.zeros", "np.empty"):
            shape = node.args[0] if node.args else node
            if isinstance(shape, ast.Tuple) and shape.elts:
                text = place.text(shape.elts[0])
                yield place.rewrite(shape.elts[0], f"{text} + 1", _KIND, "one row more", 1.3)


def _counts(place: Place, whole: bool = False) -> list[str]:
    """Return the names of integers here: steps and sizes."""
    found = [name for name, value in place.env.items() if type(value) is int]
    if not whole:
        found += [f"{k} * {n}" for n in found for k in (2, 3, 4) if place.env[n] > 1][:24]
    return found


def orders(place: Place) -> Iterator[Rewrite]:
    """Give sequences the other way round, and elements from the other end."""
    kind = "forward order"
    for node, parent in place.loaded:
        text = place.text(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "reversed":
                yield place.rewrite(node, place.text(node.args[0]), kind, "not reversed", 1.5)
                continue
            if node.func.id == "range":
                yield place.rewrite(node, f"reversed({text})", kind, "reversed", 1.2)
                continue
        if isinstance(node, ast.Subscript) and place.text(node.slice) == "::-1":
            yield from _turned_before(place, node)
        if isinstance(node, ast.Subscript) and "::-1" in text:
            new = text.replace("::-1", ":", 1).removesuffix("[:]")
            yield place.rewrite(node, new, kind, "not reversed", 1.2)
            continue
        value = place.value(text, place.env)
        if value is None and isinstance(node, ast.Call) and parent is place.statement:
            yield place.rewrite(node, f"{text}[::-1]", kind, f"{text} reversed", 1.5)
        if isinstance(node, ast.Constant) or value is None or isinstance(value, str | dict):
            continue
        several = np.ndim(value) > 0 if isinstance(value, np.ndarray) else _is_sequence(value)
        if several and len(value) > 1 and not isinstance(parent, ast.Attribute):
            simple = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
            if simple:
                cost = 1.1 if _beside_reversed(place, node, parent) else 1.4
                cost += _MADE if isinstance(parent, ast.Assign) and node is parent.value else 0.0
                yield place.rewrite(node, f"{text}[::-1]", kind, f"{text} reversed", cost)
                if _is_longest(place, node, parent, len(value)):
                    for part, which in (("[-2::-1]", "last"), ("[:0:-1]", "first")):
                        why = f"{text} reversed, without the {which}"
                        yield place.rewrite(node, f"{text}{part}", kind, why, cost + 0.2)
    for node, _ in place.nodes:
        if isinstance(node, ast.Attribute) and node.attr in ("pop", "popleft"):
            new = "popleft" if node.attr == "pop" else "pop"
            yield place.rewrite(node, f"{place.text(node.value)}.{new}", kind, f"{new}()", 1.2)


def _turned_before(place: Place, node: ast.Subscript) -> Iterator[Rewrite]:
    """Give ``np.concatenate(parts[::-1])`` for ``np.concatenate(parts)[::-1]``."""
    call = node.value
    if not isinstance(call, ast.Call) or not call.args:
        return
    inner = place.text(call.args[0])
    if _is_sequence(place.value(inner, place.env)):
        others = [f", {place.text(a)}" for a in call.args[1:]]
        others += [f", {k.arg}={place.text(k.value)}" for k in call.keywords]
        new = f"{place.text(call.func)}({inner}[::-1]{''.join(others)})"
        yield place.rewrite(node, new, "wrong order", f"{inner} reversed, not its parts", 1.0)


def _beside_reversed(place: Place, node: ast.expr, parent: ast.AST) -> bool:
    """Whether another argument of the same call, such as ``zip``, runs backwards."""
    if not isinstance(parent, ast.Call):
        return False
    others = (place.text(a) for a in parent.args if a is not node)
    return any(t.endswith("[::-1]") or t.startswith("reversed(") for t in others)


def _is_longest(place: Place, node: ast.expr, parent: ast.AST, length: int) -> bool:
    """Whether an argument of ``zip`` has one element more than another: its end is not read."""
    if not isinstance(parent, ast.Call) or place.text(parent.func) != "zip":
        return False
    others = (place.value(place.text(a), place.env) for a in parent.args if a is not node)
    return any(_is_sequence(other) and len(other) == length - 1 for other in others)


def _is_sequence(value: object) -> bool:
    """Whether it can be turned round by ``[::-1]``."""
    return isinstance(value, list | tuple | range)


def _keys(place: Place) -> Iterator[Rewrite]:
    """Give two indices of a subscript swapped: ``w[j][k]`` for ``w[k][j]``."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):
            a, b = place.source.span(node.slice), place.source.span(node.value.slice)
            yield place.splice(
                [Splice(*a, place.text(node.value.slice)), Splice(*b, place.text(node.slice))],
                "transposed", "the indices the other way round", 1.3,
            )  # fmt: skip
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            texts = [place.text(e) for e in node.slice.elts]
            if len(texts) == 2:
                yield place.rewrite(
                    node.slice, f"{texts[1]}, {texts[0]}", "transposed",
                    "the indices the other way round", 1.6,
                )  # fmt: skip
