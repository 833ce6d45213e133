"""Two texts compared: what was edited, written in one way, and what that did to memory.

Kind, time steps and sentence of an edit are all read from it, so that it is kept for a while.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from reference.debugger.naming.kinds_of_memory import of_memory
from reference.debugger.running.kept import kept
from reference.debugger.texts.edited import Edited, edited
from reference.debugger.texts.normal import normal
from reference.debugger.texts.unfolded import unfolded

_KEPT = 16  # pairs of texts


@dataclass(frozen=True)
class Compared:
    """An edit: nobody is to change its trees.

    Attributes
    ----------
    trees : pair of Module
        Both texts, written in one way.
    memory : pair of str
        What `of_memory` says of them.
    edits : tuple of Edited
    """

    trees: tuple[ast.Module, ast.Module]
    memory: tuple[str, str]
    edits: tuple[Edited, ...]


@kept(_KEPT)
def compared(old: str, new: str) -> Compared:
    """Compare the texts of a file before and after an edit.

    Examples
    --------
    >>> [one.statement.lineno for one in compared("a = 1; b = 2", "a = 1; b = 3").edits]
    [1]
    """
    trees = normal(ast.parse(old), ast.parse(new))
    return Compared(trees, of_memory(*trees), tuple(edited(*trees)))


def plainly_compared(old: str, new: str) -> Compared:
    """Compare texts in which what only one of them folds is unfolded.

    Examples
    --------
    >>> (one,) = plainly_compared("a = sum(f(v) for v in (x, y))", "a = f(x) - f(y)").edits
    >>> ast.unparse(one.old)
    'a = f(x) + f(y)'
    """
    return compared(*unfolded(old, new))
