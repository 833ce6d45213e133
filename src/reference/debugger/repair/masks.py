"""A mask, or its complement, that is missing from one of the paths through a step.

Where a mask is 0 a step hands its state on as it is: ``h = m * new + (1 - m) * h_prev``. On the way
back each of the two paths has its part of the mask, and one of them is easily forgotten: ``dh`` of
a step that is padded has to be handed on, and that of one which is not must not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, bracketed, product, walked
from reference.debugger.running.shapes import shape_of

_MOST = 4  # masks
_CARRIES = 4
_ENVS = 6


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each addend times a mask or its complement, and what a mask lets pass in addition."""
    masks = known(place)
    if not masks:
        return
    value_node = getattr(place.statement, "value", None)
    for node in place.chains():
        value = place.value(place.text(node), place.env)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.ndim:
            continue
        text = place.text(node)
        for factor in factors(place, masks, shape_of(value)):
            if factor in text:
                continue  # it has that part
            cost = 1.4 if isinstance(node, ast.BinOp) else 1.35  # one addend before the sum
            yield place.rewrite(node, f"{product(node, text)} * {factor}", "missing factor",
                                f"times {factor}", cost)  # fmt: skip
    if isinstance(value_node, ast.Tuple):
        for element in value_node.elts:
            yield from _passed(place, element, masks)
    elif isinstance(value_node, ast.expr):
        yield from _passed(place, value_node, masks)
        yield from _whole(place, value_node, masks)


def _whole(place: Place, node: ast.expr, masks: list[str]) -> Iterator[Rewrite]:
    """Give ``x = (x + d) * m`` for ``x += d``: the mask belongs to the sum."""
    statement = place.statement
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, ast.Add):
        return
    target = place.text(statement.target)
    for factor in factors(place, masks, place.shape(place.text(node))):
        new = f"{target} = ({target} + {place.text(node)}) * {factor}"
        yield place.rewrite(statement, new, "missing factor", f"all of it times {factor}", 1.45)


def _passed(place: Place, node: ast.expr, masks: list[str]) -> Iterator[Rewrite]:
    """Give a value with what was there before, where a mask lets it pass."""
    text = place.text(node)
    value = place.value(text, place.env)
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.ndim:
        return
    for carry in _carries(place, shape_of(value)):
        cost = 1.3 if carry == place.variable else 1.7
        for factor in factors(place, masks, shape_of(value)):
            term = f"{carry} * {factor}"
            if term not in text:
                yield place.rewrite(node, f"{term} + {text}", "missing path", f"+ {term}", cost)


def _carries(place: Place, shape: tuple[int, ...]) -> list[str]:
    """Return the variables of a shape that are gradients, that of the statement first."""
    names = [
        name
        for name, value in place.env.items()
        if isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind == "f"
        and name[:1] == place.variable[:1]
    ]  # fmt: skip
    names.sort(key=lambda name: name != place.variable)
    return names[:_CARRIES]


def factors(place: Place, masks: list[str], shape: tuple[int, ...]) -> Iterator[str]:
    """Give masks and their complements, widened to be a factor of a shape."""
    for text in masks:
        mask = place.value(text, place.env)
        wide = _widened(text, shape_of(mask), shape)
        if wide is not None:
            yield from (wide, f"(1 - {wide})")


def _widened(text: str, shape: tuple[int, ...], of: tuple[int, ...]) -> str | None:
    """Return a mask of a shape with axes of one, so that it is broadcast to another; else None.

    Examples
    --------
    >>> _widened("m", (4,), (4, 3)), _widened("m", (4, 1), (4, 3)), _widened("m", (5,), (4, 3))
    ('m[:, None]', 'm', None)
    """
    if len(shape) == len(of) and np.broadcast_shapes(shape, of) == of if _fit(shape, of) else False:
        return text
    if len(shape) < len(of) and shape == of[: len(shape)]:
        return f"{text}[{', '.join([':'] * len(shape) + ['None'] * (len(of) - len(shape)))}]"
    return text if shape and len(shape) < len(of) and shape == of[-len(shape) :] else None


def _fit(shape: tuple[int, ...], of: tuple[int, ...]) -> bool:
    return len(shape) == len(of) and all(a in (1, b) for a, b in zip(shape, of, strict=True))


def known(place: Place) -> list[str]:
    """Return what holds zeros and ones, and both of them at some step, each value once."""
    texts: dict[str, None] = {}
    for node in walked(place.function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and hasattr(node, "lineno"):
            texts[place.text(node)] = None
        elif isinstance(node, ast.Compare):
            texts[bracketed(node, place.text(node))] = None
    texts |= dict.fromkeys(place.env)
    for name, held in place.env.items():
        if _is_mask(held) and held.ndim > 1:
            for t in place.counters:
                texts |= {f"{name}[{t}]": None} if place.last(t) < held.shape[0] else {}
                texts |= {f"{name}[:, {t}]": None} if place.last(t) < held.shape[1] else {}
    step = max(1, len(place.envs) // _ENVS)
    envs = [place.env, *place.envs[::step][:_ENVS]]
    once: dict[bytes, str] = {}
    for text in sorted(texts, key=len):
        if len(text) > 40 or not _is_mask(place.value(text, place.env)):
            continue
        values = [place.value(text, env) for env in envs]
        if not all(_is_mask(value) for value in values):
            continue
        flat = np.concatenate([np.ravel(value).astype(float) for value in values])
        if 0 < flat.mean() < 1:
            key = str(shape_of(values[0])).encode() + flat.tobytes()
            once.setdefault(key, text)
    return list(once.values())[:_MOST]


def _is_mask(value: object) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.ndim > 0
        and 1 < value.size < 5000
        and value.dtype.kind in "iufb"
        and bool(np.all((value == 0) | (value == 1)))
    )
