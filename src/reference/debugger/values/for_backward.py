"""What functions that the loss runs too compute for the backward alone.

Slopes that are kept, or the gradients of a function that gives value and gradients at once: such a
line is the backward's own, though the loss runs it. No number of it reaches the loss, which is
found by running the loss with other numbers there.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reference.debugger.running.own_lines import line_key
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.recording import record, size_of
from reference.debugger.running.sites import Site
from reference.debugger.running.source import Source, first_line
from reference.debugger.values.probe import shaken

_Key = tuple[str, int]  # of a function: its file and its first line


def note(program: Program, inputs: Inputs, seconds: float) -> None:
    """Note in a program the functions that are searched for such lines, and their other lines.

    Parameters
    ----------
    program : Program
        Its `partly` gains functions, and `spared` the lines of these that the loss is made of.
    inputs : tuple of mapping
    seconds : float
    """
    shared = (program.in_loss & program.in_backward) - program.partly
    owners = {key: program.sources[key[0]] for key in shared if key[0] in program.sources}
    if program.shared_too or not any(_computed(source) for source in set(owners.values())):
        return
    before = set(program.partly)
    program.partly |= owners.keys()
    recording = record(program, inputs, seconds, around=False)
    program.partly = before
    if recording.error is not None:
        return
    sites = recording.sites
    around = {file: _functions(source) for file, source in program.sources.items()}
    keys = {
        k: key
        for k, seen in recording.executions.items()
        if size_of(seen[0].value)
        and (key := _function(program.sources[sites[k].file], around[sites[k].file], sites[k]))
        in owners
    }
    telling = [
        k
        for k, key in keys.items()
        if np.any(recording.executions[k][0].value) and _computes(owners[key], sites[k])
    ]
    until = time.monotonic() + seconds
    program.partly = before | owners.keys()
    own, of_loss = _told_apart(program, inputs, sites, telling, until)
    mixed = {keys[k] for k in own}
    others = [k for k, key in keys.items() if key in mixed and k not in telling]
    more, of_loss_too = _told_apart(program, inputs, sites, others, until)
    program.partly = before | mixed
    of_loss = {_line(sites[k]) for k in of_loss | of_loss_too}
    made = {_line(sites[k]) for k in more if not _only_hands_on(sites[k])} - of_loss
    made |= {_line(sites[k]) for k in own}
    program.spared = {
        line_key(program, key[0], statement.lineno, name)
        for key in mixed
        for statement, name in _statements(owners[key], key)
        if not _is_own(statement, key[0], made, of_loss)
    }


def _told_apart(
    program: Program, inputs: Inputs, sites: list[Site], among: list[int], until: float
) -> tuple[set[int], set[int]]:
    """Return the sites that move a gradient and not the loss, and those that move the loss."""
    value, gradients = program.value(inputs), program.run(inputs).outputs
    own, of_loss = set(), set()
    with shaken(program, sites) as shake:
        for k in among:
            if time.monotonic() > until:
                break
            shake(k)
            if program.value(inputs, 1.0) != value:
                of_loss.add(k)
            elif _differ(program.run(inputs, 1.0).outputs, gradients):
                own.add(k)
    return own, of_loss


def _differ(some: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    return some.keys() != others.keys() or any(
        not np.array_equal(some[name], value) for name, value in others.items()
    )


def _only_hands_on(site: Site) -> bool:
    """Whether a site is a part of a cache, or of a result, that exists already."""
    return site.plain and site.role != "assigned"


def _line(site: Site) -> _Key:
    return site.file, site.statement


def _is_own(statement: ast.stmt, file: str, made: set[_Key], of_loss: set[_Key]) -> bool:
    """Whether a statement makes what the loss is not made of; a loop if all that is in it does."""
    if not hasattr(statement, "body"):
        return (file, statement.lineno) in made
    inside = {(file, n.lineno) for n in ast.walk(statement) if isinstance(n, ast.stmt)}
    return bool(inside & made) and not inside & of_loss


def _functions(source: Source) -> list[tuple[int, int, int]]:
    """Return where each function of a file begins and ends, in bytes, and its first line, or 0.

    The inner ones last; a lambda has no lines of its own.
    """
    return sorted(
        (*source.span(node), first_line(node) if isinstance(node, ast.FunctionDef) else 0)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.Lambda)
    )


def _function(source: Source, around: list[tuple[int, int, int]], site: Site) -> _Key:
    """Return the function around a site, by its first line."""
    at = site.span[0] if site.span is not None else source.at(site.line)
    return site.file, max((f for f in around if f[0] <= at < f[1]), default=(0, 0, 0))[2]


def _statements(source: Source, key: _Key) -> Iterator[tuple[ast.stmt, str]]:
    """Give the statements of a function, and its name; not those of inner functions."""

    def visit(node: ast.AST, name: str) -> Iterator[tuple[ast.stmt, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield child, name
            if not isinstance(child, ast.FunctionDef | ast.Lambda):
                yield from visit(child, name)

    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef) and first_line(node) == key[1]:
            yield from visit(node, node.name)


def _computed(source: Source) -> bool:
    return any(_is_arithmetic(node) for node in ast.walk(source.tree))


def _computes(source: Source, site: Site) -> bool:
    """Whether a site makes a new number; what only copies or collects is a part of a cache."""
    if site.plain or site.span is None:
        return False
    # In brackets, as it may stand on several lines.
    tree = ast.parse(b"(" + source.data[slice(*site.span)] + b"\n)", mode="eval")

    def visit(node: ast.AST) -> bool:
        if _is_arithmetic(node):
            return True
        inner = [node.value] if isinstance(node, ast.Subscript) else ast.iter_child_nodes(node)
        return any(map(visit, inner))  # an index is no number that is made

    return visit(tree)


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return isinstance(getattr(np, node.func.attr, None), np.ufunc)
    return isinstance(node, ast.BinOp | ast.Compare)
