"""Entries of dictionaries under the name that a loop goes through, and other parts of arrays."""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_CODE = (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType)


def fields(value: Any) -> dict[str, Any]:
    """Return the attributes of an object that holds values; of code, and of too much, none.

    An object that can be called, such as a cell, holds values all the same.

    Examples
    --------
    >>> class Cell:
    ...     def __call__(self, x):
    ...         return self.W * x
    >>> cell = Cell()
    >>> cell.W = 2.0
    >>> fields(cell), fields(Cell), fields(3.0)
    ({'W': 2.0}, {}, {})
    """
    if isinstance(value, _CODE) or not hasattr(value, "__dict__") or len(vars(value)) >= 60:
        return {}
    return vars(value)


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
    nodes = list(nodes)
    keys = [
        target.id
        for loop in nodes
        if isinstance(loop, ast.For) and loop.lineno < line <= (loop.end_lineno or 0)
        for target in ast.walk(loop.target)
        if isinstance(target, ast.Name) and isinstance(env.get(target.id), str)
    ]
    keys += _composed(nodes, env)
    held = dict(env) if keys else {}
    for name, value in env.items() if keys else ():
        held.update((f"{name}.{field}", inner) for field, inner in fields(value).items())
    for text, value in held.items():
        if type(value) is dict:
            yield from (f"{text}[{key}]" for key in keys if _text_of(key, env) in value)


def _composed(nodes: Iterable[ast.AST], env: dict[str, Any]) -> list[str]:
    """Return the keys of a function that are put together of names: ``f"{name}_W"``."""
    found = {
        ast.unparse(node.slice)
        for node in nodes
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.JoinedStr | ast.BinOp)
        and any(isinstance(n, ast.Constant) and type(n.value) is str for n in ast.walk(node.slice))
    }
    return sorted(key for key in found if _text_of(key, env) is not None)


def _text_of(key: str, env: dict[str, Any]) -> str | None:
    try:
        made = eval(key, {}, env)
    except Exception:  # of another part of the function
        return None
    return made if type(made) is str else None


def other_parts(source: Source, node: ast.Subscript) -> Iterator[str]:
    """Give what a slice leaves out of its array: ``x[n:]`` of ``x[:n]``."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = [source.in_one_line(part) for part in parts]
    for k, part in enumerate(parts):
        if not isinstance(part, ast.Slice) or part.step is not None:
            continue
        if (part.lower is None) != (part.upper is None):
            first, _, last = texts[k].partition(":")
            index = ", ".join([*texts[:k], f"{last}:{first}", *texts[k + 1 :]])
            yield f"{source.of(node.value)}[{index}]"


def in_cache(texts: Iterable[str], names: Mapping[str, Any], env: Mapping[str, Any]) -> list[str]:
    """Return expressions of the forward with what a step has kept in the place of its variables.

    ``raw[:, 1:]`` is ``step["raw"][:, 1:]`` where the backward has a step's dictionary.
    """
    kept: dict[str, str] = {}
    for name, value in env.items():
        parts = value if type(value) is dict and len(value) < 30 else {}
        kept |= {key: f'{name}["{key}"]' for key in parts if isinstance(key, str)}
        kept |= {key: f"{name}.{key}" for key in (*getattr(value, "_fields", ()), *fields(value))}
    known = {*names, *env, *dir(builtins)}
    found = []
    for text in texts if kept else ():
        tree, own = _parsed(text)
        missing = own - known
        if missing and missing <= kept.keys() and len(found) < _MOST_IN_CACHE:
            found.append(_renamed(text, tree, {name: kept[name] for name in missing}))
    return found


_MOST_IN_CACHE = 40


@kept(1024)
def _parsed(text: str) -> tuple[ast.expr, frozenset[str]]:
    tree = ast.parse(text, mode="eval").body
    return tree, frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))


def _renamed(text: str, tree: ast.expr, new: Mapping[str, str]) -> str:
    """Return the text of an expression with other texts for some of its names."""
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in new]
    data = text.encode()
    for node in sorted(nodes, key=lambda node: -node.col_offset):
        data = data[: node.col_offset] + new[node.id].encode() + data[node.end_col_offset :]
    return data.decode()
