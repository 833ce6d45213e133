"""Contributions that a variable lacks, each added to it by a statement of its own.

What lacks a part, and what part, is known by the probes: a variable or a product of two that has
just that value, anywhere between the line that makes the variable and the end of its function, is
the statement that is missing. After each statement only that is new which is made of what it sets.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Iterator

from reference.debugger.repair import Place, Rewrite, insertions
from reference.debugger.running.program import Program
from reference.debugger.searching.lacking import lacks
from reference.debugger.searching.places import all_statements, place_at
from reference.debugger.searching.round import Round
from reference.debugger.texts.roles import stored

_WORD = re.compile(r"[A-Za-z_]\w*")
_Terms = Callable[[Place, str, tuple[int, ...]], Iterator[tuple[str, float]]]


def lacking(program: Program, now: Round, lines: list[Place], seconds: float) -> Iterator[Rewrite]:
    """Give what is just what the variable of a line lacks: variables, and then products."""
    until = time.monotonic() + seconds
    for terms in (insertions.variables, insertions.terms):
        for place in lines:
            yield from _lacking(program, now, place, terms, until)


def summed(program: Program, now: Round, lines: list[Place], seconds: float) -> Iterator[Rewrite]:
    """Give what is added up over the turns of a loop, to what begins with zeros."""
    until = time.monotonic() + seconds
    for place in lines:
        yield from _summed(program, now, place, until)


def _lacking(
    program: Program, now: Round, place: Place, terms: _Terms, until: float
) -> Iterator[Rewrite]:
    name, shape = _made(place)
    site = now.site_at(place.source.file, place.statement.lineno, name) if shape else None
    if site is None or not any(e.site == site and e.linear for e in now.evidence):
        return
    new: set[str] | None = None  # by the statements since the last look: all at first
    for end in _after(program, now, place):
        for term, cost in terms(end, name, shape):
            if time.monotonic() > until:
                return
            if new is not None and not new & set(_WORD.findall(term)):
                continue
            if not lacks(now, site, end, term):
                continue  # it has to be just what is lacking
            if ast.unparse(end.statement) == f"{name} = {name}":  # there is room for it
                yield end.rewrite(end.statement, f"{name} = {name} + {term}", "missing path",
                                  f"+ {term}", cost - 1)  # fmt: skip
            else:
                yield insertions.inserted(end, name, term, cost, place.statement.lineno)
        new = _set_by(end.statement)


def _summed(program: Program, now: Round, place: Place, until: float) -> Iterator[Rewrite]:
    """Give contributions at the end of each loop to what begins with zeros."""
    name, shape = _made(place)
    value = getattr(place.statement, "value", None)
    if not shape or value is None or "zeros" not in place.text(value):
        return
    ends = {id(loop.body[-1]) for loop in ast.walk(place.function)
            if isinstance(loop, ast.For | ast.While)}  # fmt: skip
    for end in _after(program, now, place):
        for term, cost in insertions.terms(end, name, shape) if id(end.statement) in ends else ():
            if time.monotonic() > until:
                return
            yield insertions.inserted(end, name, term, cost)


def _made(place: Place) -> tuple[str, tuple[int, ...]]:
    """Return the variable that a statement makes, and its shape; no shape if it makes none."""
    name, value = place.variable, getattr(place.statement, "value", None)
    if not name.isidentifier() or not isinstance(place.statement, ast.Assign) or value is None:
        return name, ()
    return name, place.shape(place.text(value))


def _set_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement may change."""
    if isinstance(statement, ast.Expr):  # a call may write into what it is given
        return set(_WORD.findall(ast.unparse(statement)))
    return {word for text in stored([statement]) for word in _WORD.findall(text)}


def _after(program: Program, now: Round, place: Place) -> Iterator[Place]:
    """Give the statements after one, in its function, with what is known there."""
    last = getattr(place.function, "end_lineno", 0) or 0
    for file, line, _ in all_statements(program):
        if file == place.source.file and place.statement.lineno < line <= last:
            found = place_at(program, now, file, line)
            if found is not None and found.function is place.function:
                yield found
