"""The lines that make what a line reads: through variables, objects, containers, and calls."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from reference.debugger.repair import Place
from reference.debugger.searching.by_adjoints import writers


def makers(place: Place, around: Collection[Place]) -> Iterator[Place]:
    """Give the lines that write what a line reads, then those that have made what they write.

    A part of an object is written in another function than it is read in: ``n.next.dh`` by
    ``self.dh = ...``. What a call gives is made by the lines of its function that write what it
    returns.

    Parameters
    ----------
    place : Place
    around : collection of Place
        All lines, with their values.
    """
    given: set[int] = {id(place)}
    near = [place, *writers(place, around)]
    for other in [*near[1:], *_through(near, around)]:
        if id(other) not in given:
            given.add(id(other))
            yield other


def _through(near: list[Place], around: Collection[Place]) -> Iterator[Place]:
    """Give the lines elsewhere that write an attribute that is read, or what a call returns."""
    read, called = set[str](), set[str]()
    for place in near:
        for node, _ in place.loaded:
            if isinstance(node, ast.Attribute):
                read.add(node.attr)
            if isinstance(node, ast.Call):
                called.add(getattr(node.func, "id", getattr(node.func, "attr", "")))
    for other in around:
        target, statement = other.target, other.statement
        if isinstance(target, ast.Attribute):
            makes = target.attr in read
        elif getattr(other.function, "name", "") in called:
            returned = isinstance(target, ast.Name) and target.id in _returned(other)
            makes = returned or isinstance(statement, ast.Return)
        else:
            makes = False
        if makes:
            yield other


def _returned(place: Place) -> set[str]:
    """Return the variables in what the function of a line returns."""
    return {
        name.id
        for node in ast.walk(place.function)
        if isinstance(node, ast.Return) and node.value is not None
        for name in ast.walk(node.value)
        if isinstance(name, ast.Name)
    }
