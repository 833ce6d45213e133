"""Mistakes of memory that only the whole edit shows, not its statements one by one."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable

from reference.debugger.texts.edited import dumped, written
from reference.debugger.texts.roles import place_of


def of_memory(old: ast.Module, new: ast.Module) -> tuple[str, str]:
    """Return the kind of an edit after which something shares no memory, and its name; or nothing.

    Examples
    --------
    >>> old, new = "dc *= f; dh += dc; ds = dc * s", "dh += dc * f; ds = dc * s"
    >>> of_memory(ast.parse(old), ast.parse(new))
    ('overwritten too early', 'dc')
    >>> old, new = "rows = [[0] * 3] * 2", "rows = [[0] * 3 for _ in range(2)]"
    >>> of_memory(ast.parse(old), ast.parse(new))
    ('aliasing', '')
    """
    before, after = _statements(old), _statements(new)
    had, has = ({dumped(s) for s in statements} for statements in (before, after))
    unbound = _under_tests_of_its_own(old, new)
    gone = [s for s in before if dumped(s) not in has and id(s) not in unbound]
    came = [s for s in after if dumped(s) not in had]
    products, were = _dumps(came), _dumps(gone)
    others = {dumped(s.targets[0]): s.value for s in gone if isinstance(s, ast.Assign)
              and isinstance(s.value, ast.Name | ast.Subscript | ast.Attribute)}  # fmt: skip
    made = {dumped(target) for s in came for target in getattr(s, "targets", [])}
    for statement in gone:
        if not isinstance(statement, ast.AugAssign | ast.Assign):
            continue
        target, whole = written(statement)
        # With x = x * f for x *= f the statement tells it all.
        key = _key(whole)
        scaled = isinstance(statement, ast.AugAssign) or _scales(target, whole)
        own = not isinstance(statement, ast.AugAssign)
        fewer = sum(dumped(target) in _targets(s) for s in gone) > sum(
            dumped(target) in _targets(s) for s in came
        )
        elsewhere = dumped(target) not in made or (fewer and _is_part(key, came))
        if scaled and elsewhere and products[key] > were[key] - own:
            named = _named_before(target, statement, old) or _is_given(target, statement, old)
            return "aliasing" if named else "overwritten too early", ast.unparse(target)
        if own:
            continue
        first = others.get(dumped(target))  # another name for what is changed with it
        names = [*_named_before(target, statement, old), *([] if first is None else [first])]
        if not isinstance(whole, ast.BinOp):
            continue
        keys = [_key(ast.BinOp(name, whole.op, whole.right)) for name in names]
        if any(products[key] > were[key] for key in keys):
            return "aliasing", ast.unparse(target)
    shared = _changed_as_another(gone, came, new)
    if shared:
        return "aliasing", shared
    if _any(_is_repeated, gone) and not _any(_is_repeated, came) and came:
        return "aliasing", ""
    return "", ""


def _named_before(target: ast.expr, statement: ast.stmt, tree: ast.Module) -> list[ast.expr]:
    """Return the other names that a block gives to a value before a statement changes it."""
    for node in ast.walk(tree):
        block = getattr(node, "body", None)
        if isinstance(block, list) and statement in block:
            return [
                s.targets[0]
                for s in block[: block.index(statement)]
                if isinstance(s, ast.Assign) and dumped(s.value) == dumped(target)
            ]
    return []


def _is_given(target: ast.expr, statement: ast.stmt, tree: ast.Module) -> bool:
    """Return whether a function changes what its caller has given it, and does not read it again.

    What it reads later is its own mistake, whoever else has the value.
    """
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and statement in ast.walk(function):
            given = place_of(target) in [a.arg for a in function.args.args]
            named = [s for s in ast.walk(function) if isinstance(s, ast.Assign | ast.Return)
                     and s.value is not None and dumped(s.value) == dumped(target)]  # fmt: skip
            return given and bool(named)
    return False


def _targets(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.AugAssign):
        return [dumped(statement.target)]
    return [dumped(target) for target in getattr(statement, "targets", [])]


def _scales(target: ast.expr, whole: ast.expr) -> bool:
    """Return whether a value is what its target was, times something."""
    return (
        isinstance(whole, ast.BinOp)
        and isinstance(whole.op, ast.Mult)
        and dumped(target) in (dumped(whole.left), dumped(whole.right))
    )


def _is_part(key: str, statements: list[ast.stmt]) -> bool:
    """Return whether an operation is a part of a value, and not the whole of it."""
    return any(
        isinstance(n, ast.BinOp) and _key(n) == key
        for s in statements
        for n in ast.walk(s)
        if n is not getattr(s, "value", None)
    )


def _under_tests_of_its_own(old: ast.Module, new: ast.Module) -> set[int]:
    """Return the statements under a condition that only the old text has: that tells it all."""
    tests = {dumped(n.test) for n in ast.walk(new) if isinstance(n, ast.If)}
    return {
        id(inner)
        for n in ast.walk(old)
        if isinstance(n, ast.If) and dumped(n.test) not in tests
        for inner in ast.walk(n)
    }


def _changed_as_another(gone: list[ast.stmt], came: list[ast.stmt], tree: ast.Module) -> str:
    """Return the name that was given to what another name has, and by which it was changed.

    All that the change reads is read in the new text, too: it only gets memory of its own.
    """
    read = {n.id for s in came for n in ast.walk(s) if isinstance(n, ast.Name)}
    for first in gone:
        if isinstance(first, ast.Assign) and len(first.targets) > 1 and not _is_number(first.value):
            again = any(isinstance(s, ast.Assign) and len(s.targets) > 1 for s in came)
            kept = set() if again else {dumped(n) for n in ast.walk(tree)}
            if all(dumped(target) in kept for target in first.targets):
                return ast.unparse(first.targets[-1])
        if not isinstance(first, ast.Assign) or not isinstance(first.targets[0], ast.Name):
            continue
        name = first.targets[0].id
        if not isinstance(first.value, ast.Name | ast.Subscript | ast.Attribute):
            continue
        if any(dumped(first.value) == dumped(getattr(s, "value", first)) for s in came):
            continue  # under another name it is still the same
        for change in gone:
            target = change.target if isinstance(change, ast.AugAssign) else None
            if isinstance(change, ast.Assign) and isinstance(change.targets[0], ast.Subscript):
                target = change.targets[0]
            if target is None or name != ast.unparse(target).partition("[")[0]:
                continue
            needed = {n.id for n in ast.walk(change) if isinstance(n, ast.Name)} - {name}
            if needed <= read:
                return name
    return ""


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and not hasattr(n, "body")]


def _dumps(statements: list[ast.stmt]) -> Counter[str]:
    return Counter(_key(n) for s in statements for n in ast.walk(s) if isinstance(n, ast.BinOp))


def _key(node: ast.expr) -> str:
    """Return an operation as text, the same for a * b and b * a."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add):
        one, other = sorted((dumped(node.left), dumped(node.right)))
        return f"{type(node.op).__name__}({one}, {other})"
    return dumped(node)


def _any(question: Callable[[ast.AST], bool], statements: list[ast.stmt]) -> bool:
    return any(question(node) for statement in statements for node in ast.walk(statement))


def _is_repeated(node: ast.AST) -> bool:
    """Return whether a list or dict is made with one object for all its elements."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return any(
            isinstance(n, ast.List) and not all(isinstance(e, ast.Constant) for e in n.elts)
            for n in (node.left, node.right)
        )
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "dict.fromkeys"
