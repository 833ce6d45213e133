"""The derivative of an activation: missing, of the wrong function, or taken twice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.helpers import harmful, of_one
from reference.debugger.repair.place import Place, Rewrite, bracketed, inside, product, walked
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source, Splice


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give values times ``s * (1 - s)`` or ``1 - t ** 2``, and each pattern for the other."""
    yield from completions(place)
    yield from _halved(place)
    yield from _halved_in_place(place)
    yield from _missing(place)
    yield from _signed(place)
    yield from _patterns(place)
    yield from unwrapped(place)


def _missing(place: Place) -> Iterator[Rewrite]:
    for node in place.chains():
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, float | np.floating | np.ndarray):
            continue
        base = product(node, text)
        for atom in place.alike(value):
            if np.max(np.abs(atom.value)) > 1 or _is_mask(atom.value):  # no activated value
                continue
            for factor in (f"{atom.text} * (1 - {atom.text})", f"(1 - {atom.text} ** 2)"):
                yield place.rewrite(
                    node, f"{base} * {factor}", "missing derivative", f"times {factor}", 1.2
                )
        for atom in place.alike(value):
            factor = f"(1 - np.tanh({atom.text}) ** 2)"
            yield place.rewrite(
                node, f"{base} * {factor}", "missing derivative", f"times {factor}", 1.7
            )
            if np.all(atom.value > 0):
                continue  # as good as 1: it would pass by doing nothing
            factor = f"({atom.text} > 0)"
            yield place.rewrite(
                node, f"{base} * {factor}", "missing derivative", f"times {factor}", 1.9
            )


def _signed(place: Place) -> Iterator[Rewrite]:
    """Give values times the sign of another, where the file takes the size of something."""
    sized = _sized(place.source)
    for node in place.chains() if sized else ():
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, float | np.floating | np.ndarray) or np.size(value) < 1:
            continue
        for atom in place.alike(value):
            cost = 1.0 if atom.text in sized or f"np.abs({atom.text})" in text else 1.6
            new = f"{product(node, text)} * np.sign({atom.text})"
            yield place.rewrite(node, new, "missing derivative", f"times the sign of {atom.text}",
                                cost)  # fmt: skip


@kept(64)
def _sized(source: Source) -> frozenset[str]:
    """Return what a file takes the size of: the x of ``np.abs(x)``."""
    return frozenset(
        " ".join(source.of(node.args[0]).split())
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and len(node.args) == 1
        and source.of(node.func) in ("abs", "np.abs", "np.absolute", "np.fabs")
    )  # fmt: skip


def forms(text: str, node: ast.expr) -> list[str]:
    """Return the derivatives that are written with one variable."""
    s = bracketed(node, text)
    return [f"(1 - {s} ** 2)", f"({s} * (1 - {s}))", f"(1 - {s})", f"({s} > 0)", s,
            f"(1 + {s} ** 2)", f"(1 - np.tanh({s}) ** 2)"]  # fmt: skip


def _is_mask(value: Any) -> bool:
    """Return whether a value is of zeros and ones: its ``s * (1 - s)`` takes away all there is."""
    return isinstance(value, np.ndarray) and value.size > 1 and {1} <= {*value.flat} <= {0, 1}


def completions(place: Place) -> Iterator[Rewrite]:
    """Give ``s * (1 - s)`` for a product that has only ``1 - s`` of it, or only ``s``."""
    scales = getattr(place.statement, "op", None)  # of ``x *= 1 - s``, a product as well
    for node, parent in place.loaded:
        alone = parent is place.statement and isinstance(scales, ast.Mult)
        if not (alone or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult))):
            continue
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
            continue  # a part of a longer product
        factors = _factors(node)
        texts = [place.text(factor) for factor in factors]
        for factor in factors:
            core = _core(factor)
            if core is None or _is_mask(place.value(place.text(core), place.env)):
                continue
            s = place.text(core)
            squared = "**" in place.text(factor) or place.text(factor).count(s) > 1
            if not squared and s not in texts:
                whole = [bracketed(f, text) for f, text in zip(factors, texts, strict=True)]
                whole.insert(factors.index(factor), bracketed(core, s))
                yield place.rewrite(
                    node, " * ".join(whole), "wrong derivative", f"{s} * (1 - {s})", 0.95
                )


def _halved(place: Place) -> Iterator[Rewrite]:
    """Give ``1 - s`` for a factor of which ``1`` is left, and ``1 - s ** 2`` for ``s ** 2``."""
    for node, parent in place.loaded:
        times = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
        text = place.text(node)
        if isinstance(node, ast.Constant) and node.value == 1 and times:
            value = place.value(place.text(parent), place.env)
            beside = {place.text(inner) for inner in ast.walk(parent) if isinstance(inner, _PLACES)}
            for atom in place.alike(value):
                if np.max(np.abs(atom.value)) > 1 or _is_mask(atom.value):  # no activated value
                    continue
                cost = 1.0 if atom.text in beside else 1.3
                for form in (f"(1 - {atom.text})", f"(1 - {atom.text} ** 2)"):
                    yield place.rewrite(node, form, "wrong derivative", f"{form}, not 1", cost)
        elif times and _is_square(node):
            yield place.rewrite(node, f"(1 - {text})", "wrong derivative",
                                f"1 - {text}, not {text}", 1.2)  # fmt: skip


def _halved_in_place(place: Place) -> Iterator[Rewrite]:
    """Give ``x = 1 - x`` before ``x *= d``, where x is the square of another."""
    statement, source = place.statement, place.source
    if not (isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult)):
        return
    held = place.text(statement.target)
    value = place.value(held, place.env)
    if not isinstance(value, np.ndarray) or not value.any():
        return
    for atom in place.alike(value):
        if atom.text != held and np.array_equal(np.square(atom.value), value):
            at = source.at(statement.lineno)
            line = f"{source.indent(statement)}np.subtract(1.0, {held}, out={held})\n"
            yield place.splice([Splice(at, at, line)], "wrong derivative",
                               f"1 - {atom.text} ** 2, not {atom.text} ** 2", 1.2)  # fmt: skip
            return


def _is_square(node: ast.expr) -> bool:
    """Return whether an expression is ``s ** 2`` or ``s * s``."""
    if not isinstance(node, ast.BinOp):
        return False
    twice = isinstance(node.op, ast.Mult) and ast.dump(node.left) == ast.dump(node.right)
    return twice or isinstance(node.op, ast.Pow)


_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _changing(place: Place, texts: list[str]) -> list[str]:
    """Leave out factors that are all ones here: they would pass by doing nothing."""
    return [t for t in texts if np.any(np.asarray(place.value(t, place.env), object) != 1)]


def _core(node: ast.expr) -> ast.expr | None:
    """Return s of ``1 - s``, ``1 + s``, ``1 - s ** 2``, ``1 - s * s``, else None."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Add)):
        return None
    if not (isinstance(node.left, ast.Constant) and node.left.value == 1):
        return None
    right = node.right
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
        return right.left
    if (
        isinstance(right, ast.BinOp)
        and isinstance(right.op, ast.Mult)
        and ast.dump(right.left) == ast.dump(right.right)
    ):
        return right.left
    return right


def _patterns(place: Place) -> Iterator[Rewrite]:
    kind = "wrong derivative"
    for node, _ in place.loaded:
        core = _core(node)
        if core is not None:
            text = place.text(core)
            for form in _changing(place, [*forms(text, core), *_own_slopes(place, core)]):
                yield place.rewrite(node, form, kind, f"{form} in its place", 1.3)
            yield place.rewrite(node, f"(1 - ({text}) ** 2)", kind, "squared", 1.3)
            square = f"(1 - {bracketed(core, text)}) ** 2"
            yield place.rewrite(node, f"({square})", kind, "squared", 2.5)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            inner = _core(node.right)
            if inner is None:
                continue
            text = place.text(inner)
            left = node.left
            head = ""
            if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
                head, left = f"{place.text(left.left)} * ", left.right
            if place.text(left) == text:
                for form in _changing(place, [*forms(text, inner), *_own_slopes(place, inner)]):
                    yield place.rewrite(node, head + form, kind, f"{form} in its place", 1.3)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            right = place.text(node.right)
            left = place.text(node.left)
            yield place.rewrite(
                node, f"{left} * {bracketed(node.right, right)}", kind, "times, not over", 1.2
            )
            yield place.rewrite(
                node, f"{left} / {bracketed(node.right, right)} ** 2", kind, "over its square", 1.8
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield place.rewrite(node, place.text(node.left), kind, "not squared", 2.0)
            for power in _powers_near(place.text(node.right)):
                yield place.rewrite(node.right, power, kind, f"to the power {power}", 1.4)


def _own_slopes(place: Place, core: ast.expr) -> list[str]:
    """Return ``d_act(a)`` and ``d_act(s)`` for s = act(a), by the file's functions for slopes."""
    slopes = [name for name in _functions_of_one(place) if _SLOPE.search(name)]
    s, made = place.text(core), [core]
    made += [
        node.value
        for node in walked(place.source.tree) if slopes
        if isinstance(node, ast.Assign) and any(place.text(t) == s for t in node.targets)
    ]  # fmt: skip
    given = [place.text(call.args[0]) for call in made
             if isinstance(call, ast.Call) and len(call.args) == 1]  # fmt: skip
    return [f"{name}({text})" for name in slopes for text in dict.fromkeys([*given, s])]


_SLOPE = re.compile(r"^d(?!ot|iag|iv)\w|^grad|_d$|_grad$|prime|deriv|slope|diff")


def _powers_near(text: str) -> list[str]:
    """Return the powers one more and one less, of a half one that is a half, too.

    Examples
    --------
    >>> _powers_near("2"), _powers_near("-1.5"), _powers_near("n")
    (['3'], ['-0.5', '-2.5', '-1', '-2'], [])
    """
    try:
        power = float(text)
    except ValueError:
        return []
    near = [power + 1, power - 1, *((power + 0.5, power - 0.5) if power % 1 else ())]
    return [f"{new:g}" for new in near if new not in (0, 1)]


def unwrapped(place: Place) -> Iterator[Rewrite]:
    """Give values without the function, or the limits, that they are given to, and with others."""
    kind = "derivative of an activated value"
    for node, parent in place.loaded:
        if isinstance(parent, ast.Expr):
            continue  # it is called for what it does
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            argument = node.args[0]
            text, whole = place.text(argument), place.text(node)
            yield place.rewrite(node, inside(parent, text), kind, "the value as it is", 1.1)
            slope = f"({text} > 0)" if isinstance(argument, ast.Name) else f"(({text}) > 0)"
            for form in (slope, f"(1 - {whole} ** 2)", f"({whole} * (1 - {whole}))"):
                yield place.rewrite(node, form, "wrong derivative", f"{form} in its place", 1.4)
        elif isinstance(node, ast.Call) and place.text(node.func) in _LIMITS and node.args:
            for argument in node.args:
                text = place.text(argument)
                if shape_of(place.value(text, place.env)) == shape_of(
                    place.value(place.text(node), place.env)
                ):
                    new = inside(parent, text)
                    yield place.rewrite(node, new, "clipped", f"{text} as it is", 1.1)
    ones = _functions_of_one(place)
    for node, parent in place.loaded:
        if isinstance(parent, ast.Expr):
            continue
        if isinstance(node, ast.Name | ast.Subscript | ast.Attribute):
            text = place.text(node)
            value = place.value(text, place.env)
            if not isinstance(value, np.ndarray | np.floating | float):
                continue
            if isinstance(parent, ast.BinOp) and np.max(np.abs(value), initial=0.0) <= 1:
                yield place.rewrite(
                    node, f"(1 - {text})", "wrong derivative", f"1 - {text}, not {text}", 1.4
                )
            # Words, which a function of the file shifts or masks.
            whole = np.asarray(value).dtype.kind in "iu"
            for name in ones:
                cost = 1.2 if whole and not name.startswith("np.") else 1.9
                yield place.rewrite(node, f"{name}({text})", "wrong operand", f"{name} of it", cost)
        elif isinstance(node, ast.Call) and len(node.args) == 1:
            old = place.text(node.func)
            for name in ones:
                if name != old:
                    yield place.rewrite(
                        node.func, name, "wrong derivative", f"{name} in its place", 1.5
                    )


_LIMITS = {"np.clip", "np.maximum", "np.minimum", "np.nan_to_num", "np.round", "np.sign", "np.abs"}


def _functions_of_one(place: Place) -> list[str]:
    """Return what this function's file calls with one argument: sigmoid, np.tanh, dtanh, ...

    And its functions for slopes: one that is called nowhere has been forgotten.
    """
    found = {"np.tanh": None}
    slopes = (name for name in of_one(place.source)[0] if _SLOPE.search(name))
    found |= {name: None for name in slopes if callable(place.names.get(name))}
    for node in walked(place.source.tree):
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            text = place.source.of(node.func)
            if text in harmful(place.source):
                continue
            if (text.isidentifier() and callable(place.names.get(text))) or text in (
                "np.exp", "np.log", "np.abs", "np.sign", "np.sqrt",
            ):  # fmt: skip
                found[text] = None
    return list(found)[:8]
