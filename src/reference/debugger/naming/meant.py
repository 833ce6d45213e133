"""What a kind of mistake means, as the change that would mend it: made in a tree, and unmade."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Slot = tuple[ast.AST, str, Any]  # a node, one of its fields, and what is to stand there


@dataclass(frozen=True)
class Meant:
    """A change that mends a mistake of one kind, if it is one.

    Parameters
    ----------
    kind : str
    slots : tuple of (node, name of a field, value)
    """

    kind: str
    slots: tuple[Slot, ...]


@contextlib.contextmanager
def made(slots: Iterable[Slot]) -> Iterator[None]:
    """Make a change of a tree for the length of a block.

    Examples
    --------
    >>> tree = ast.parse("a = 1")
    >>> with made([(tree.body[0], "value", ast.Constant(2))]):
    ...     print(ast.unparse(tree))
    a = 2
    >>> ast.unparse(tree)
    'a = 1'
    """
    before = []
    for node, field, value in slots:
        before.append((node, field, getattr(node, field)))
        setattr(node, field, value)
    try:
        yield
    finally:
        for node, field, value in reversed(before):
            setattr(node, field, value)


def block_of(statement: ast.stmt, parent: ast.AST) -> tuple[str, list[ast.stmt]]:
    """Return the block of a parent in which a statement stands, and its name; empty if nowhere."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and any(s is statement for s in block):
            return field, block
    return "", []


def placed(node: ast.stmt, at: ast.stmt) -> ast.stmt:
    """Return a statement with the line of another, for the compiler."""
    ast.copy_location(node, at)
    return ast.fix_missing_locations(node)
