"""The loss as it runs when every float that one of its expressions gives is to be looked at."""

from __future__ import annotations

import ast
import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

from reference.debugger.running.program import Program
from reference.debugger.running.sites import PROBE
from reference.debugger.running.source import Source, Unit

_WRITES = {"at", "copyto", "put", "put_along_axis", "fill_diagonal", "place", "putmask", "append"}
# Methods that leave their array as it is.
_READS = {"dot", "sum", "mean", "prod", "trace", "cumsum"}


class Watched:
    """The context in which every float that an expression of the loss gives passes the probe."""

    def __init__(self, program: Program, probe: Any, plain_too: bool) -> None:
        self.program, self.probe, self.plain_too = program, probe, plain_too

    def __enter__(self) -> None:
        program = self.program
        self.undo: list[Callable[[], None]] = []
        self.spaces: list[dict[str, Any]] = []
        own = {f.__name__ for f in program.functions} | {"__init__"}
        own |= {unit.classes[-1] for unit in program.live_units if unit.classes}
        try:
            self._enter(own)
        except BaseException:  # nobody would take the probe away
            self.__exit__()
            raise

    def _enter(self, own: set[str]) -> None:
        program, numbers = self.program, itertools.count()
        for space in {id(f.__globals__): f.__globals__ for f in program.functions}.values():
            if PROBE not in space:
                space[PROBE] = self.probe
                self.spaces.append(space)
        for unit in program.live_units:
            if not program.only_in_backward(unit):
                code = _watched(program.sources[unit.file], unit, numbers, own, self.plain_too)
                self.undo.append(program.swap(unit, code))

    def __exit__(self, *_: object) -> None:
        for undo in self.undo:
            undo()
        for space in self.spaces:
            del space[PROBE]


def _watched(
    source: Source, unit: Unit, numbers: Iterator[int], own: set[str], plain_too: bool
) -> types.CodeType:
    watcher = _Watcher(numbers, own, plain_too)
    body: list[ast.stmt] = watcher.visit(ast.Module(source.fresh(unit), [])).body
    for name in reversed(unit.classes):
        body = [ast.ClassDef(name, [], [], body, [])]
    module = ast.fix_missing_locations(ast.Module(body, []))
    return compile(module, source.file, "exec", dont_inherit=True)


class _Watcher(ast.NodeTransformer):
    """Wraps what is computed, and names where they are operands: there a copy does no harm."""

    def __init__(self, numbers: Iterator[int], own: set[str], plain_too: bool) -> None:
        self.numbers, self.own, self.plain_too = numbers, own, plain_too

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.left, node.right = self._operand(node.left), self._operand(node.right)
        return self._wrapped(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not):
            return self.generic_visit(node)
        node.operand = self._operand(node.operand)
        return self._wrapped(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in _WRITES or name in self.own or any(k.arg == "out" for k in node.keywords):
            return self.generic_visit(node)
        if ast.unparse(node.func).partition(".")[0] in ("np", "numpy", "math"):
            node.args = [self._operand(a) for a in node.args]
            node.keywords = [self.visit(k) for k in node.keywords]
        elif name in _READS and isinstance(node.func, ast.Attribute):  # ``x.dot(W)``
            node.func.value = self._operand(node.func.value)
            node.args = [self._operand(a) for a in node.args]
            node.keywords = [self.visit(k) for k in node.keywords]
        else:
            self.generic_visit(node)
        return self._wrapped(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        target = ast.unparse(node.target)
        node.value = self._operand(node.value)
        if not isinstance(node.target, ast.Name):
            node.target = self.visit(node.target)
        return [node, self._seen(target, node)]

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        target = _written_to(node.value)
        node.value = self.visit(node.value)
        return node if target is None else [node, self._seen(target, node)]

    def _operand(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            inner = self.visit(node)
            return self._wrapped(inner) if self.plain_too else inner
        if isinstance(node, ast.List | ast.Tuple):  # what is joined to one array
            node.elts = [self._operand(element) for element in node.elts]
            return node
        return self.visit(node)

    def _seen(self, target: str, after: ast.stmt) -> ast.stmt:
        """Return a statement that notes what stands in a place now: it was made there."""
        place = ast.copy_location(ast.parse(target, mode="eval").body, after)
        return ast.copy_location(ast.Expr(self._wrapped(place)), after)

    def _wrapped(self, node: Any) -> ast.expr:
        number = ast.Constant(next(self.numbers))
        call = ast.Call(ast.Name(PROBE, ast.Load()), [number, ast.Constant(None), node], [])
        return ast.copy_location(call, node)


def _written_to(node: ast.expr) -> str | None:
    """Return the array that a call of NumPy is told to write into."""
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return next((ast.unparse(k.value) for k in keywords if k.arg == "out"), None)
