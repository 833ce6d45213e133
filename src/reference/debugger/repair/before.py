"""What a step keeps of a state after the state has been overwritten: kept as it was before.

``h = o * np.tanh(c); cache.append((x, h))`` where the backward needs the h that the step began
with. No line of the backward is wrong, and where every gradient depends on what was kept no value
tells; but few statements keep anything, and few of the names that they read are overwritten by the
same step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Rewrite, walked
from reference.debugger.running.source import Source, Splice, blocks_of

_KEEPING = ("append", "appendleft", "insert", "update", "push")
_COST = 1.2
_SIMPLE = ast.Assign | ast.AugAssign | ast.Return | ast.Expr


def rewrites(source: Source, tree: ast.AST) -> Iterator[Rewrite]:
    """Give what a function keeps as it was before its step overwrites it, and the other way."""
    for block in blocks_of(walked(tree)):
        for at, statement in enumerate(block):
            elements = _elements(statement)
            if elements:
                yield from _earlier(source, block, at, elements)
                yield from _later(source, block, at, elements)


def reads(source: Source, tree: ast.AST) -> Iterator[Rewrite]:
    """Give lines that read what a variable was before ``x = f(x)``, each line alone."""
    for block in blocks_of(walked(tree)):
        for at, statement in enumerate(block):
            if isinstance(statement, ast.Assign | ast.AugAssign):
                for name in sorted(_written(statement) & _read(statement)):
                    yield from _of_readers(source, block, at, name)


def _of_readers(source: Source, block: list[ast.stmt], at: int, name: str) -> Iterator[Rewrite]:
    line, indent = source.at(block[at].lineno), source.indent(block[at])
    kept = f"{_word(name)}_before"
    for later in block[at + 1 :]:
        for statement in (node for node in ast.walk(later) if isinstance(node, _SIMPLE)):
            value = statement.value
            nodes = [] if value is None else _nodes(value, name, buffers=True)
            if not nodes:
                continue
            in_place = any(name in _changed(s) for s in block[at:])
            set_first = f"{indent}{kept} = {name}{'.copy()' if in_place else ''}\n"
            yield Rewrite(
                source.file,
                (Splice(line, line, set_first), *(Splice(*source.span(n), kept) for n in nodes)),
                "overwritten too early", f"{name} as before line {block[at].lineno}", _COST + 0.15,
                block[at].lineno, name,  # what is overwritten is to blame, not who reads it
            )  # fmt: skip
        if name in _written(later):
            return


def _elements(statement: ast.stmt) -> list[ast.expr]:
    """Return what a statement keeps: appended, put into a container, or handed on in one."""
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Expr) and isinstance(value, ast.Call):
        if getattr(value.func, "attr", "") not in _KEEPING:
            return []
        return [e for given in _given(value) for e in _flat(given)]
    if isinstance(statement, ast.Return):  # (h, c, (x, h, c)): the cache is what is further in
        return [e for inner in _inner(value) if _inner(inner) for e in _flat(inner)]
    if not isinstance(statement, ast.Assign):
        return []
    whole = isinstance(statement.targets[0], ast.Subscript | ast.Attribute)
    parts = isinstance(statement.targets[0], ast.Tuple) and any(
        isinstance(target, ast.Subscript) for target in statement.targets[0].elts
    )
    if whole or parts:  # a part of a buffer: what is computed there is no copy of a state
        return [e for e in _flat(value) if isinstance(e, ast.Name | ast.Attribute | ast.Subscript)]
    together = isinstance(value, ast.Tuple) and isinstance(statement.targets[0], ast.Name)
    return _flat(value) if together or isinstance(value, ast.Dict) else []


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _inner(node: ast.expr | None) -> list[ast.expr]:
    """Return the elements of a display, or of what is made of them: ``Cache(x, h, c)``."""
    if isinstance(node, ast.Tuple | ast.List):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", "")
        return _given(node) if name == "dict" or name.lstrip("_")[:1].isupper() else []
    return []


def _flat(node: ast.expr | None) -> list[ast.expr]:
    inner = _inner(node)
    return [e for one in inner for e in _flat(one)] if inner else [] if node is None else [node]


def _earlier(
    source: Source, block: list[ast.stmt], at: int, elements: list[ast.expr]
) -> Iterator[Rewrite]:
    """Give the values from before the first statement that overwrites them."""
    statement, indent = block[at], source.indent(block[at])
    first: dict[str, int] = {}
    for name in dict.fromkeys(n for element in elements for n in _names(element)):
        wrote = next((k for k in range(at) if name in _written(block[k])), None)
        if wrote is not None and any(name in _read(s) for s in block[: wrote + 1]):
            first[name] = wrote
    if not first:
        return
    start = block[min(first.values())]
    if not isinstance(statement, ast.Return) and all(
        name in first or not any(name in _written(s) for s in block[:at])
        for element in elements
        for name in _names(element)
    ):
        yield _moved(source, statement, start.lineno, "before it is overwritten", _COST)
    uses = [(element, name) for element in elements for name in _names(element) if name in first]
    sets = [[use] for use in uses] if len(uses) > 1 else []
    for chosen in (uses, *sets):
        names = dict.fromkeys(name for _, name in chosen)
        kept = {name: f"{_word(name)}_before" for name in names}
        splices = [
            Splice(*source.span(node), kept[name])
            for element, name in chosen
            for node in _nodes(element, name)
        ]
        for name in names:
            in_place = any(name in _changed(s) for s in block[first[name] : at])
            line = source.at(block[first[name]].lineno)
            text = f"{name}.copy()" if in_place else name
            splices.append(Splice(line, line, f"{indent}{kept[name]} = {text}\n"))
        yield Rewrite(
            source.file, tuple(splices), "overwritten too early",
            f"{', '.join(names)} as before this step", _COST + 0.05 * len(names),
            source.line_at(splices[0].start), ", ".join(names),
        )  # fmt: skip


def _later(
    source: Source, block: list[ast.stmt], at: int, elements: list[ast.expr]
) -> Iterator[Rewrite]:
    """Give the whole statement after the last one that writes what it keeps."""
    if isinstance(block[at], ast.Return):
        return
    names = {name for element in elements for name in _names(element)}
    after = [k for k in range(at + 1, len(block)) if names & _written(block[k])]
    if after and not isinstance(block[after[-1]], ast.Return):
        last = block[after[-1]]
        line = (last.end_lineno or last.lineno) + 1
        yield _moved(source, block[at], line, "once it is as it should be", _COST + 0.1)


def _moved(source: Source, statement: ast.stmt, line: int, why: str, cost: float) -> Rewrite:
    start, end = source.at(statement.lineno), source.at((statement.end_lineno or 0) + 1)
    text = source.data[start:end].decode()
    text = text if text.endswith("\n") else f"{text}\n"
    at = source.at(line)
    lead = "" if source.data[at - 1 : at] == b"\n" else "\n"
    splices = Splice(start, end, ""), Splice(at, at, lead + text)
    return Rewrite(source.file, splices, "overwritten too early", why, cost, statement.lineno, "")


def _names(element: ast.expr) -> list[str]:
    """Return the variables of an expression, attributes of objects as they are written."""
    return list(dict.fromkeys(ast.unparse(node) for node in _variables(element)))


def _nodes(element: ast.expr, name: str, buffers: bool = False) -> list[ast.expr]:
    return [node for node in _variables(element, buffers) if ast.unparse(node) == name]


def _variables(node: ast.AST, buffers: bool = False) -> Iterator[ast.expr]:
    """Give what may be a state; an element of a buffer, such as that of this step, is none."""
    if (
        not buffers
        and isinstance(node, ast.Subscript)
        and not any(isinstance(inner, ast.Slice) for inner in ast.walk(node.slice))
    ):
        return
    if isinstance(node, ast.Name | ast.Attribute) and _is_path(node):
        yield node
    elif isinstance(node, ast.Call):  # not the function itself, but what it is a method of
        if isinstance(node.func, ast.Attribute):
            yield from _variables(node.func.value, buffers)
        for given in _given(node):
            yield from _variables(given, buffers)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _variables(child, buffers)


def _is_path(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _read(statement: ast.stmt) -> set[str]:
    found = {
        ast.unparse(node)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    if isinstance(statement, ast.AugAssign):
        found.add(ast.unparse(_base(statement.target)))
    return found


def _written(statement: ast.stmt) -> set[str]:
    """Return the variables that a statement sets, or parts of which it sets."""
    return {
        ast.unparse(_base(node))
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(node.ctx, ast.Store)
    } | _changed(statement)


def _changed(statement: ast.stmt) -> set[str]:
    """Return the variables whose arrays a statement changes in place."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.AugAssign):
            found.add(ast.unparse(_base(node.target)))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.add(ast.unparse(_base(node)))
        elif isinstance(node, ast.keyword) and node.arg == "out":
            found.add(ast.unparse(_base(node.value)))
    return found


def _base(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _word(name: str) -> str:
    return name.replace(".", "_").removeprefix("self_")
