"""The file's own small functions: activations and their slopes, mostly."""

from __future__ import annotations

import ast
from functools import lru_cache

from reference.debugger.running.source import Source


@lru_cache(maxsize=64)
def of_one(source: Source) -> tuple[list[str], list[str]]:
    """Return the file's own functions of one value, and what such functions are called with."""
    tree = source.tree
    own = [
        f.name
        for f in tree.body
        if isinstance(f, ast.FunctionDef) and len(f.args.args) == 1 and len(f.body) == 1
    ]
    given = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in own and node.args
    }
    return own, [text for text in given if "(" not in text]
