"""Texts unfolded: what goes over a few things that are written there, one after the other.

``for k, d in zip("if", (di, df)): g["b" + k] += d`` says no more than two lines do, and a small
function that is written in one text alone no more than its formula. Where only one of two texts is
folded so, it is unfolded: what is left to differ is the mistake.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeGuard

from reference.debugger.running.kept import kept
from reference.debugger.texts.edited import dumped
from reference.debugger.texts.formulas import formulas, on_one_line, put_in
from reference.debugger.texts.inlined import with_values
from reference.debugger.texts.roles import loaded, place_of

# What ends a turn, and what is made at one turn and called at another.
_KEEPS = ast.Break | ast.Continue | ast.Lambda | ast.FunctionDef
_MOST = 6  # things that are gone over
_KEPT = 16  # pairs of texts


@kept(_KEPT)
def unfolded(old: str, new: str) -> tuple[str, str]:
    """Return two texts with what only one of them folds unfolded; as they are where none does.

    Examples
    --------
    >>> old, new = "for k in 'ab': g['W' + k] = d * k", "g['Wa'] = d * 'a'; g['Wb'] = d"
    >>> print(unfolded(old, new)[0])
    g['Wa'] = d * 'a'
    g['Wb'] = d * 'b'
    """
    trees = ast.parse(old), ast.parse(new)
    changed = on_one_line(*trees)
    for mine, theirs in (trees, trees[::-1]):
        changed = put_in(mine, formulas(mine, theirs)) or changed
    both = list(zip(trees, _only_in_one(*trees), strict=True))
    if not changed and not any(gone for _, gone in both):
        return old, new
    there = [{dumped(n) for n in ast.walk(tree) if isinstance(n, _FOLDED)} for tree, _ in both]
    made = [_Plain().visit(_Unfolding(gone, kept, _constants(tree)).visit(tree))
            for (tree, gone), kept in zip(both, there[::-1], strict=True)]  # fmt: skip
    first, second = (ast.unparse(ast.fix_missing_locations(tree)) for tree in made)
    return first, second


_Head = tuple[str, str]
_FOLDED = ast.For | ast.ListComp | ast.GeneratorExp | ast.DictComp


def _only_in_one(old: ast.Module, new: ast.Module) -> tuple[set[_Head], set[_Head]]:
    """Return over what each text goes that the other does not, not over anything else either."""
    mine, theirs = Counter(_headed(old)), Counter(_headed(new))
    targets = [{target for target, _ in heads} for heads in (mine - theirs, theirs - mine)]
    return ({head for head in mine - theirs if head[0] not in targets[1]},
            {head for head in theirs - mine if head[0] not in targets[0]})  # fmt: skip


def _headed(tree: ast.AST) -> Iterator[_Head]:
    return (_head(n) for n in ast.walk(tree) if isinstance(n, ast.For | ast.comprehension))


def _head(node: ast.For | ast.comprehension) -> _Head:
    return dumped(node.target), dumped(node.iter)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the tuples and texts that the module has names for."""
    return {s.targets[0].id: s.value for s in tree.body
            if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)
            and (isinstance(s.value, ast.Tuple | ast.List) or _is_text(s.value))}  # fmt: skip


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class _Unfolding(ast.NodeTransformer):
    def __init__(self, gone: set[_Head], there: set[str], constants: dict[str, ast.expr]) -> None:
        self.gone, self.there, self.constants = gone, there, constants

    def visit(self, node: ast.AST) -> Any:
        """Leave alone what the other text has, too."""
        if isinstance(node, _FOLDED) and dumped(node) in self.there:
            return node
        made = super().visit(node)
        for block in ("body", "orelse"):
            if isinstance(made, ast.stmt) and isinstance(getattr(made, block, None), list):
                setattr(made, block, _summed(getattr(made, block)))
        return made

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        each = self._each(node)
        self.generic_visit(node)
        if each is None or node.orelse or any(isinstance(n, _KEEPS) for n in ast.walk(node)):
            return node
        return [with_values(s, values) for values in each for s in node.body]

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        made = self._elements(node)
        return node if made is None else ast.copy_location(ast.List(made, ast.Load()), node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        made = self._elements(node)
        return node if made is None else ast.copy_location(ast.Tuple(made, ast.Load()), node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        each = self._each(node.generators[0])
        if each is None or len(node.generators) > 1:
            return node
        keys: list[ast.expr | None] = [_with(node.key, values) for values in each]
        return ast.copy_location(ast.Dict(keys, [_with(node.value, v) for v in each]), node)

    def _elements(self, node: ast.ListComp | ast.GeneratorExp) -> list[ast.expr] | None:
        self.generic_visit(node)
        each = self._each(node.generators[0])
        if each is None or len(node.generators) > 1:
            return None
        return [_with(node.elt, values) for values in each]

    def _each(self, node: ast.For | ast.comprehension) -> list[dict[str, ast.expr]] | None:
        """Return what the variables of a loop stand for at each turn, if that is written there."""
        if _head(node) not in self.gone or getattr(node, "ifs", []):
            return None
        walked = self._walked(node.iter)
        if walked is None or not 0 < len(walked) <= _MOST:
            return None
        return [dict(_given(node.target, value)) for value in walked]

    def _walked(self, node: ast.expr) -> list[ast.expr] | None:
        node = self.constants.get(getattr(node, "id", ""), node)
        if isinstance(node, ast.Tuple | ast.List):
            return None if any(isinstance(e, ast.Starred) for e in node.elts) else node.elts
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [ast.Constant(letter) for letter in node.value]
        if not isinstance(node, ast.Call) or node.keywords:
            return None
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Dict):
            return _of_dict(node.func.value, name)
        parts = [self._walked(argument) for argument in node.args]
        if name == "zip" and any(parts):
            return _zipped(node.args, parts)
        if name == "enumerate" and len(parts) == 1 and parts[0] is not None:
            return [_tuple(ast.Constant(k), one) for k, one in enumerate(parts[0])]
        return parts[0][::-1] if name == "reversed" and parts[0] is not None else None


def _summed(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements with those that add to one place, one after the other, made one."""
    made: list[ast.stmt] = []
    for statement in body:
        last = made[-1] if made else None
        if (
            _adds(last)
            and _adds(statement)
            and dumped(last.target) == dumped(statement.target)
            and place_of(statement.target) not in loaded([statement.value])
        ):
            value = ast.BinOp(last.value, ast.Add(), statement.value)
            made[-1] = ast.AugAssign(last.target, ast.Add(), value)
        else:
            made.append(statement)
    return made


def _adds(statement: ast.stmt | None) -> TypeGuard[ast.AugAssign]:
    return isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)


def _of_dict(node: ast.Dict, name: str) -> list[ast.expr] | None:
    keys = [key for key in node.keys if key is not None]
    if len(keys) < len(node.values):
        return None
    pairs = [_tuple(*pair) for pair in zip(keys, node.values, strict=True)]
    return {"items": pairs, "keys": keys, "values": node.values}.get(name)


def _zipped(given: list[ast.expr], parts: list[list[ast.expr] | None]) -> list[ast.expr]:
    """Return the tuples that are gone over together; of a variable its entries."""
    count = min(len(part) for part in parts if part is not None)
    return [
        _tuple(*(ast.Subscript(whole, ast.Constant(k), ast.Load()) if part is None else part[k]
                 for whole, part in zip(given, parts, strict=True)))
        for k in range(count)
    ]  # fmt: skip


def _tuple(*parts: ast.expr) -> ast.expr:
    return ast.Tuple(list(parts), ast.Load())


def _given(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Give the variables of a target, each with what it stands for."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else None
        for k, one in enumerate(target.elts):
            part = ast.Subscript(value, ast.Constant(k), ast.Load()) if parts is None else parts[k]
            yield from _given(one, part)


def _with(node: ast.expr, values: dict[str, ast.expr]) -> ast.expr:
    return with_values(node, values)


class _Plain(ast.NodeTransformer):
    """Puts texts together, adds up what is listed, and splices what is starred."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        left, right = node.left, node.right
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            texts = left.value, right.value
            if isinstance(node.op, ast.Add) and all(isinstance(text, str) for text in texts):
                return ast.copy_location(ast.Constant(f"{texts[0]}{texts[1]}"), node)
            if isinstance(node.op, ast.Mod) and isinstance(texts[0], str):
                return ast.copy_location(ast.Constant(texts[0] % texts[1]), node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        parts = [part.value if isinstance(part, ast.FormattedValue) else part
                 for part in node.values]  # fmt: skip
        texts = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        if len(texts) < len(parts):
            return node
        return ast.copy_location(ast.Constant("".join(texts)), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.args = [one for argument in node.args for one in _spliced(argument)]
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        listed = node.args[0] if name == "sum" and node.args else None
        if isinstance(listed, ast.Tuple | ast.List) and listed.elts:
            whole, *rest = listed.elts
            for one in rest:
                whole = ast.BinOp(whole, ast.Add(), one)
            return ast.copy_location(whole, node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.List):
            node.value = ast.copy_location(ast.Tuple(node.value.elts, ast.Load()), node.value)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            inner = value if key is None and isinstance(value, ast.Dict) else None
            keys += [key] if inner is None else inner.keys
            values += [value] if inner is None else inner.values
        return ast.copy_location(ast.Dict(keys, values), node)


def _spliced(node: ast.expr) -> list[ast.expr]:
    starred = node.value if isinstance(node, ast.Starred) else None
    return starred.elts if isinstance(starred, ast.Tuple | ast.List) else [node]
