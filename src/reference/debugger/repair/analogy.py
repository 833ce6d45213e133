"""What a statement lacks, written as what is there already: for another state, part or sum."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, product, walked
from reference.debugger.running.source import Source, Splice
from reference.debugger.texts.roles import apart_from_ends

_JOINS = {"concatenate", "stack", "hstack", "vstack", "column_stack", "array", "dstack"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give terms by analogy, and factors of parts of an array that only has a second name."""
    yield from _terms(place)
    yield from _parts(place)


def _terms(place: Place) -> Iterator[Rewrite]:
    """Give ``f(dh, h) + f(dc, c)`` for ``f(dh, h)``: the same for the other state."""
    for node in place.chains():
        text = place.text(node)
        if isinstance(node, ast.Name | ast.Constant) or len(text) > 120:
            continue
        shape = place.shape(text)
        if not shape:
            continue
        for new in _renamed(place, node):
            value = place.value(new, place.env)
            if isinstance(value, np.ndarray) and value.shape == shape and np.any(value):
                yield place.rewrite(node, f"{text} + {new}", "missing path", f"+ {new}", 1.5)


def _renamed(place: Place, node: ast.expr) -> Iterator[str]:
    """Give an expression with one word replaced by another in all the names that allow it."""
    names = [
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and inner.id in place.env and not callable(inner)
    ]
    arrays = {n.id for n in names if isinstance(place.env[n.id], np.ndarray | list)}
    start, _ = place.source.span(node)
    given: dict[str, None] = {}
    for old in arrays:
        for other in place.env:
            swap = swap_of(old, other)
            if swap is None:
                continue
            renamed = {n: new for n in arrays if (new := _with(n, *swap)) in place.env and new != n}
            if len(renamed) < 2:
                continue
            text = place.text(node).encode()
            for n in sorted(names, key=lambda n: -place.source.span(n)[0]):
                if n.id in renamed:
                    a, b = (x - start for x in place.source.span(n))
                    text = text[:a] + renamed[n.id].encode() + text[b:]
            given[text.decode()] = None
    yield from itertools.islice(given, 12)


def swap_of(old: str, new: str) -> tuple[str, str] | None:
    """Return the one letter or word in which two names differ.

    Examples
    --------
    >>> swap_of("past_h", "past_c"), swap_of("dhr", "dcr"), swap_of("dh", "x")
    (('h', 'c'), ('h', 'c'), None)
    """
    if old == new:
        return None
    head, a, b, tail = apart_from_ends(old, new)
    return (a, b) if a and b and (head or tail or len(old) == len(new) == 1) else None


def renamed_in(source: Source, node: ast.AST, old: str, new: str) -> str:
    """Return the text of an expression with a letter or word of its names replaced.

    Examples
    --------
    >>> source = Source("f", "x = later.from_h * grad_h(w)")
    >>> renamed_in(source, source.tree.body[0].value, "h", "c")
    'later.from_c * grad_c(w)'
    """
    word = re.compile(rf"(?<![A-Za-z])(d?){re.escape(old)}(?![A-Za-z])")
    return " ".join(word.sub(lambda found: found.group(1) + new, source.of(node)).split())


def _with(name: str, old: str, new: str) -> str:
    """Return a name with the last place of a letter or word replaced."""
    head, found, tail = name.rpartition(old)
    return f"{head}{new}{tail}" if found else name


def _parts(place: Place) -> Iterator[Rewrite]:
    """Give ``b = concatenate([x, y * r])`` for ``b = a``, where a is ``concatenate([x, y])``."""
    statement = place.statement
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Name):
        return
    made = None
    for node in walked(place.function):
        if isinstance(node, ast.Assign) and node.lineno < statement.lineno and any(
            isinstance(t, ast.Name) and t.id == statement.value.id for t in node.targets
        ):  # fmt: skip
            made = node.value
    if not (
        isinstance(made, ast.Call) and made.args and isinstance(made.args[0], ast.Tuple | ast.List)
    ):
        return
    if getattr(made.func, "attr", getattr(made.func, "id", "")) not in _JOINS:
        return
    start, _ = place.source.span(made)
    whole = place.text(made).encode()
    for element in made.args[0].elts:
        text = place.text(element)
        shape = place.shape(text)
        a, b = (x - start for x in place.source.span(element))
        for atom in place.atoms if shape else ():
            if atom.shape == shape and atom.text != text and not atom.zero:
                part = f"{product(element, text)} * {atom.text}"
                new = (whole[:a] + part.encode() + whole[b:]).decode()
                yield place.rewrite(statement.value, new, "missing factor",
                                    f"{text} times {atom.text}", 1.5)  # fmt: skip


def anew(place: Place) -> Iterator[Rewrite]:
    """Give a sum set to zero before the loop that adds it up, once it has been read."""
    loop = place.statement
    if not isinstance(loop, ast.For | ast.While):
        return
    source = place.source
    summed: dict[str, int] = {}
    for node in ast.walk(loop):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            summed.setdefault(node.target.id, node.lineno)
    for name, added in summed.items():
        value = place.env.get(name)
        zero = f"np.zeros_like({name})" if isinstance(value, np.ndarray) else "0.0"
        if not isinstance(value, float | np.floating | np.ndarray):
            continue
        at = source.at(loop.lineno)
        line = f"{source.indent(loop)}{name} = {zero}\n"
        yield Rewrite(source.file, (Splice(at, at, line),), "spurious term",
                      f"{name} begins anew", 1.4, added, name)  # fmt: skip
