"""Entries of dictionaries under the name that a loop goes through."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any


def keyed(nodes: Iterable[ast.AST], line: int, env: dict[str, Any]) -> Iterator[str]:
    r"""Give ``p[name]`` and ``self.p[name]`` for each dictionary, in a loop over names.

    Parameters
    ----------
    nodes : iterable of ast.AST
        Those of the function.
    line : int
        The line of a statement; the loops around it count.
    env : dict
        The variables there.

    Examples
    --------
    >>> tree = ast.parse("for name in p:\n    d[name] += 1")
    >>> list(keyed(ast.walk(tree), 2, {"name": "W", "p": {"W": 1.0}, "n": 3}))
    ['p[name]']
    """
    keys = [
        target.id
        for loop in nodes
        if isinstance(loop, ast.For) and loop.lineno < line <= (loop.end_lineno or 0)
        for target in ast.walk(loop.target)
        if isinstance(target, ast.Name) and isinstance(env.get(target.id), str)
    ]
    held = dict(env) if keys else {}
    for name, value in env.items() if keys else ():
        if hasattr(value, "__dict__") and not callable(value) and len(vars(value)) < 60:
            held.update((f"{name}.{field}", inner) for field, inner in vars(value).items())
    for text, value in held.items():
        if type(value) is dict:
            yield from (f"{text}[{key}]" for key in keys if env[key] in value)
