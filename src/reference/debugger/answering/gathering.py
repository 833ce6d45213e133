"""One edit in the place of several: the same factor on each use of a value belongs to the value.

What multiplies everything that is made of a variable is missing where the variable is made. Edits
that put it on the uses one by one are as right, and name lines that are not to blame.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reference.debugger.answering.answer import edits_between, original_line
from reference.debugger.answering.pruning import is_right, made, only_file
from reference.debugger.repair import Rewrite
from reference.debugger.running.source import Source, Splice
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.search import Search
from reference.debugger.texts.differences import Difference, Signed, addends, differences
from reference.debugger.texts.edited import Assigning, Edited, dumped, edited, written
from reference.debugger.texts.roles import function_of

_MOST = 4  # lines that are tried
_TIGHT = ast.BinOp | ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant


@dataclass(frozen=True)
class _Same:
    """Statements that all get the same factor, and what is scaled in all of them."""

    lines: tuple[int, ...]
    factor: tuple[Signed, ...]  # empty for the sign
    names: frozenset[str]
    function: ast.AST


def gather(search: Search, originals: dict[str, str]) -> None:
    """Put one edit where a variable is made for the same factor on its uses, in every repair."""
    search.found = [_gathered(search, found, originals) for found in search.found]
    search.program.restore_texts(originals)


def _gathered(search: Search, found: Found, originals: dict[str, str]) -> Found:
    file = only_file(found, originals)
    if file is None or search.spent():
        return found
    original = originals[file]
    same = _same(original, found.texts[file])
    if same is None:
        return found
    edits = edits_between(file, original, found.texts[file])
    kept = [e for e in edits if not any(e.first <= line <= e.last for line in same.lines)]
    base = made(original, kept)
    source = Source(file, base)
    for splice, line, name in list(_upstream(source, same, original))[:_MOST]:
        text = source.edited((splice,))
        if search.spent() or not is_right(search, file, text):
            continue
        steps = [
            step
            for step in found.steps
            if original_line(original, step.texts[file], step.rewrite.line) not in same.lines
        ]
        rewrite = Rewrite(file, (splice,), "missing factor", f"scale {name}",
                          max(step.rewrite.cost for step in found.steps), line, name)  # fmt: skip
        step = Step(rewrite, {**originals, file: base}, ((), ()))
        return replace(found, texts={**found.texts, file: text}, steps=[step, *steps])
    return found


def _same(old: str, new: str) -> _Same | None:
    """Return the statements of a repair that get one and the same factor."""
    groups: dict[str, list[tuple[Edited, Difference]]] = {}
    for change in edited(ast.parse(old), ast.parse(new)):
        d = _added(change)
        if d is not None:
            key = "sign" if d.what == "sign" else str(sorted((s, dumped(n)) for s, n in d.new))
            groups.setdefault(key, []).append((change, d))
    group = max(groups.values(), key=len, default=[])
    names = frozenset.intersection(*(_names(d) for _, d in group)) if group else frozenset()
    functions = {id(function_of(change.around_old)) for change, _ in group}
    if len(group) < 2 or not names or len(functions) != 1:
        return None
    lines = tuple(change.old.lineno for change, _ in group if change.old is not None)
    first = group[0]
    factor = () if first[1].what == "sign" else first[1].new
    return _Same(lines, factor, names, function_of(first[0].around_old))


def _added(change: Edited) -> Difference | None:
    """Return the factor or sign that is all that a statement gets."""
    old, new = change.old, change.new
    if not isinstance(old, Assigning) or not isinstance(new, Assigning) or change.moved:
        return None
    if type(old) is not type(new) or old.value is None or new.value is None:
        return None
    if dumped(written(old)[0]) != dumped(written(new)[0]):
        return None
    found = differences(old.value, new.value)
    if len(found) != 1 or (
        found[0].what != "sign" and (found[0].what, found[0].old) != ("factors", ())
    ):
        return None
    return found[0]


def _names(d: Difference) -> frozenset[str]:
    """Return the variables in what gets a factor."""
    scaled = d.new if d.what == "sign" else d.common
    return frozenset(
        ast.unparse(node)
        for _, whole in scaled
        for node in ast.walk(whole)
        if isinstance(node, ast.Name | ast.Attribute)
    )


def _upstream(source: Source, same: _Same, original: str) -> Iterator[tuple[Splice, int, str]]:
    """Give the edits of the lines that make what is scaled, the last one first."""
    name_of = getattr(same.function, "name", None)
    first = min(same.lines)
    writers = []
    for function in ast.walk(source.tree):
        if not isinstance(function, ast.FunctionDef) or function.name != name_of:
            continue
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign | ast.AugAssign):
                continue
            target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
            while isinstance(target, ast.Subscript):
                target = target.value
            at = original_line(original, source.text, node.lineno)
            if ast.unparse(target) in same.names and at < first:
                writers.append((node, ast.unparse(target)))
    writers.sort(key=lambda pair: (not _scales(pair[0]), -pair[0].lineno))
    for node, name in writers:
        new = _scaled(source, node, same.factor)
        if new:
            start, end = source.span(node.value)
            yield Splice(start, end, new), node.lineno, name


def _scales(node: ast.stmt) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult | ast.Div)


def _scaled(source: Source, node: ast.Assign | ast.AugAssign, factor: tuple[Signed, ...]) -> str:
    """Return the value of a statement with a factor more, or with the other sign."""
    text = source.of(node.value)
    whole = f"({text})" if len(addends(node.value)) > 1 else text
    divides = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div)
    if isinstance(node, ast.AugAssign) and not _scales(node):
        return ""
    if not factor:
        value = node.value
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            return source.of(value.operand)
        return f"-{whole}"
    if not isinstance(node.value, _TIGHT):
        whole = f"({text})"
    for power, part in factor:
        inner = ast.unparse(part)
        inner = f"({inner})" if isinstance(part, ast.BinOp) else inner
        whole += f" {'*' if (power > 0) != divides else '/'} {inner}"
    return whole
