"""An argument that is another than in all calls alike beside it: ``axis=0`` among ``axis=1``.

Where a program raises no value can be solved for, and the line that raises is seldom the one that
makes an array of the wrong shape. What most calls of a function say in common is what is meant.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from reference.debugger.repair.place import Rewrite, walked
from reference.debugger.running.source import Source, Splice

_COST = 1.2


def rewrites(source: Source, function: ast.FunctionDef) -> Iterator[Rewrite]:
    """Give each keyword of a call the constant that most calls of the same name give it."""
    said: dict[tuple[str, str], list[tuple[ast.stmt, ast.expr]]] = {}
    for statement in walked(function):
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
            continue
        for node in (n for n in ast.walk(statement) if isinstance(n, ast.Call)):
            for keyword in node.keywords:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if keyword.arg is not None and _is_constant(keyword.value):
                    said.setdefault((name, keyword.arg), []).append((statement, keyword.value))
    for (_, keyword), uses in said.items():
        texts = Counter(ast.unparse(value) for _, value in uses)
        (usual, count), *others = texts.most_common()
        for statement, value in uses if others and count > others[0][1] else ():
            old = ast.unparse(value)
            if old != usual:
                target = getattr(statement, "target", getattr(statement, "targets", [None])[0])
                yield Rewrite(source.file, (Splice(*source.span(value), usual),), "wrong shape",
                              f"{keyword}={usual}, not {old}, as beside it", _COST, value.lineno,
                              "" if target is None else source.in_one_line(target))  # fmt: skip


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple) and not any(
        isinstance(part, ast.Name | ast.Call) for part in ast.walk(node)
    )
