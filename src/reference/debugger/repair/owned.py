"""What all objects of a class share, although each needs its own: lists and dicts of the class."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Rewrite
from reference.debugger.running.source import Source, Splice

_MADE = ("list", "dict", "deque", "defaultdict", "zeros", "set", "OrderedDict")


def rewrites(source: Source) -> Iterator[Rewrite]:
    """Give ``self.kept = []`` in the constructor for ``kept = []`` in the body of a class."""
    for cls in (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)):
        shared = [node for node in cls.body if isinstance(node, ast.Assign) and _is_kept(node)]
        made = [f for f in cls.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
        if not made:
            continue
        for one in shared:
            yield _own(source, made[0], [one])
        if len(shared) > 1:
            yield _own(source, made[0], shared)


def _is_kept(node: ast.Assign) -> bool:
    """Return whether a name of a class holds what its objects will write into."""
    value = node.value
    if not all(isinstance(target, ast.Name) for target in node.targets):
        return False
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", getattr(value.func, "id", "")) in _MADE
    return isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}")


def _own(source: Source, constructor: ast.FunctionDef, shared: list[ast.Assign]) -> Rewrite:
    first = constructor.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if documented and len(constructor.body) > 1:
        first = constructor.body[1]
    at, indent = source.at(first.lineno), source.indent(first)
    names = [ast.unparse(target) for node in shared for target in node.targets]
    lines = [
        f"{indent}self.{ast.unparse(target)} = {source.of(node.value)}\n"
        for node in shared
        for target in node.targets
    ]
    why = f"each object has {', '.join(names)} of its own"
    return Rewrite(source.file, (Splice(at, at, "".join(lines)),), "state between calls",
                   why, 1.0, shared[0].lineno, names[0])  # fmt: skip
