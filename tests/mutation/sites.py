"""Places in a function's syntax tree at which something can be changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Site:
    """A node, where it hangs, and what is known there.

    Parameters
    ----------
    node, parent : ast.AST
    place : str
        The field of `parent` that holds `node`.
    index : int or None
        Its position there, if that is a list.
    statement : ast.stmt
        The innermost statement around it.
    names : tuple of str
        The local names that have a value there.
    loop_names : tuple of str
        Those that a loop around it counts with.
    attributes : dict
        For a local name, the attributes that the function reads of it.
    in_index : bool
        Whether it stands between square brackets.
    in_condition : bool
        Whether it decides what is done.
    """

    node: Any
    parent: Any
    place: str
    index: int | None
    statement: ast.stmt
    names: tuple[str, ...]
    loop_names: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    in_index: bool = False
    in_condition: bool = False

    @contextmanager
    def replaced(self, changed: Any) -> Iterator[None]:
        """Let `changed` (a node; for a statement a list of them) stand there in the block."""
        if self.index is None:
            setattr(self.parent, self.place, changed)
            try:
                yield
            finally:
                setattr(self.parent, self.place, self.node)
            return
        kept = getattr(self.parent, self.place)
        changed = changed if isinstance(changed, list) else [changed]
        if isinstance(self.node, ast.stmt) and len(kept) == 1:
            changed = changed or [ast.Pass()]
        setattr(self.parent, self.place, [*kept[: self.index], *changed, *kept[self.index + 1 :]])
        try:
            yield
        finally:
            setattr(self.parent, self.place, kept)


def sites_of(tree: ast.FunctionDef) -> Iterator[Site]:
    """Yield every statement and expression of a function, and the defaults of its arguments."""
    attributes: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            read = attributes.setdefault(node.value.id, [])
            if node.attr not in read:
                read.append(node.attr)
    known = {name: tuple(read) for name, read in attributes.items()}
    start = Site(tree, None, "", None, tree, _arguments(tree), attributes=known)
    for index, default in enumerate(tree.args.defaults):
        yield replace(start, node=default, parent=tree.args, place="defaults", index=index)
    yield from _block(tree, "body", start)


def _block(parent: Any, place: str, around: Site) -> Iterator[Site]:
    """Yield the sites of a list of statements; names are known from their assignment on."""
    names = around.names
    for index, statement in enumerate(getattr(parent, place)):
        here = replace(around, node=statement, parent=parent, place=place, index=index,
                       statement=statement, names=names)  # fmt: skip
        yield here
        yield from _statement(statement, here)
        names = _joined(names, _assigned(statement))


def _statement(statement: ast.stmt, here: Site) -> Iterator[Site]:
    if isinstance(statement, ast.FunctionDef):
        inner = replace(here, names=_joined(here.names, _arguments(statement)))
        yield from _block(statement, "body", inner)
    elif isinstance(statement, ast.For):
        yield from _expressions(statement, "iter", here)
        # The second time round, all that the loop assigns has a value.
        counting = _joined((), _targets(statement.target))
        inner = replace(
            here,
            names=_joined(here.names, _assigned(statement)),
            loop_names=here.loop_names + counting,
        )
        yield from _block(statement, "body", inner)
    elif isinstance(statement, ast.If):
        yield from _expressions(statement, "test", here)
        yield from _block(statement, "body", here)
        yield from _block(statement, "orelse", here)
    else:
        for place, value in ast.iter_fields(statement):
            if isinstance(value, ast.AST | list):
                yield from _expressions(statement, place, here)


def _expressions(parent: Any, place: str, here: Site) -> Iterator[Site]:
    """Yield the expressions that a field holds, outer ones first."""
    value = getattr(parent, place)
    for index, node in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(node, ast.expr | ast.keyword):
            continue
        at = replace(here, node=node, parent=parent, place=place,
                     index=index if isinstance(value, list) else None)  # fmt: skip
        at = replace(at, in_condition=here.in_condition or place == "test")
        yield at
        inner = at
        if isinstance(node, ast.Lambda):
            inner = replace(at, names=_joined(at.names, _arguments(node)))
        for child in node._fields:
            if isinstance(node, ast.Lambda) and child == "args":
                continue
            if isinstance(getattr(node, child), ast.AST | list):
                indexing = isinstance(node, ast.Subscript) and child == "slice"
                around = replace(inner, in_index=at.in_index or indexing)
                yield from _expressions(node, child, around)


def _arguments(function: ast.FunctionDef | ast.Lambda) -> tuple[str, ...]:
    given = [argument.arg for argument in function.args.args]
    return (*given, function.args.vararg.arg) if function.args.vararg else tuple(given)


def _targets(target: ast.AST) -> list[str]:
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _assigned(statement: ast.stmt) -> list[str]:
    """Return the names that a statement gives a value, not looking into functions."""
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    found: list[str] = []
    for child in ast.iter_child_nodes(statement):
        found += _assigned(child) if isinstance(child, ast.stmt) else _targets(child)
    return found


def _joined(names: tuple[str, ...], more: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *more)))
