"""Probe sites: every value that a statement of the user's makes, wrapped so that it can be seen.

``X = E`` becomes ``X = __probe__(k, locals(), E)``. What is wrapped: assigned and added values,
elements of returned tuples, lists and dicts, elements of comprehensions, unpacked names, arguments
of calls to the user's own functions, appended values, bodies of lambdas.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from reference.debugger.running.closures import hold_all_around
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source, Unit, body_in, heads_of

PROBE = "__probe__"


@dataclass(frozen=True)
class Site:
    """A place in the text at which a value is made.

    Parameters
    ----------
    file : str
    line : int
        Where the value's own text begins.
    statement : int
        The first line of its statement.
    function : str
    name : str
        What the value is called, as written.
    role : str
        "assigned", "stored" (into a part of something), "added", "scaled", "returned",
        "unpacked", "argument", "element" or "appended".
    plain : bool
        Whether the expression only names something that exists already.
    span : tuple of int
        The bytes of the expression in its file; empty for an unpacked name.
    taken : bool
        Whether the value is taken away from what it is "added" to.
    within : bool
        Whether it is an element that a comprehension makes, with variables of its own.
    """

    file: str
    line: int
    statement: int
    function: str
    name: str
    role: str
    plain: bool
    span: tuple[int, int] | None
    taken: bool = False
    within: bool = False


def instrument(
    source: Source,
    unit: Unit,
    sites: list[Site],
    called: set[str],
    wanted: Callable[[str, int], bool] | None = None,
    around: bool = False,
) -> types.CodeType:
    """Return the code of a unit with probes; its sites are appended to `sites`.

    Parameters
    ----------
    source : Source
    unit : Unit
    sites : list of Site
    called : set of str
        Names of the user's own functions: arguments of calls to these are sites.
    wanted : callable, optional
        Which functions, by file and first line, have sites; by default all.
    around : bool
        Whether functions in functions are to see all variables around them.
    """
    own = None
    if wanted is not None:
        own = frozenset(first for first in _firsts(unit.tree) if wanted(source.file, first))
    text = source.alone(unit)
    heads, number = heads_of(unit), len(sites)
    # The bytes from the end of the unit on are as many as in the text alone.
    moved = source.at(unit.last + 1) - len(text.encode())
    made, code = _moved(source.file, text, heads, number, frozenset(called), own, moved,
                         around)  # fmt: skip
    sites += made
    return code


@kept(256)
def _moved(
    file: str,
    text: str,
    heads: int,
    number: int,
    called: frozenset[str],
    own: frozenset[int] | None,
    moved: int,
    around: bool,
) -> tuple[list[Site], types.CodeType]:
    """Return the sites of a unit so many bytes further on in its file, and its code."""
    made, code = _instrumented(file, text, heads, number, called, own, around)
    return [
        site if site.span is None else
        replace(site, span=(site.span[0] + moved, site.span[1] + moved))
        for site in made
    ], code  # fmt: skip


@kept(256)
def _firsts(tree: ast.AST) -> list[int]:
    """Return the first lines of all functions in a tree."""
    return [
        min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Lambda)
    ]


@kept(256)
def _instrumented(
    file: str,
    text: str,
    heads: int,
    number: int,
    called: frozenset[str],
    own: frozenset[int] | None,
    around: bool,
) -> tuple[list[Site], types.CodeType]:
    """Return the sites of a unit whose text stands alone, the first with a number, and its code.

    Kept: from edit to edit most units of a file stay as they are.
    """
    source, sites = Source(file, text), []
    module = source.tree
    body = body_in(module, heads)
    instrumenter = _Instrumenter(source, sites, number, called, own)
    body[:] = [made for old in body for made in cast(Any, _listed(instrumenter.visit(old)))]
    ast.fix_missing_locations(module)
    if around:
        hold_all_around(module, PROBE)
    return sites, compile(module, file, "exec", dont_inherit=True)


class _Instrumenter(ast.NodeTransformer):
    def __init__(
        self,
        source: Source,
        sites: list[Site],
        number: int,
        called: frozenset[str],
        own: frozenset[int] | None,
    ) -> None:
        self.source, self.sites, self.number = source, sites, number
        self.called, self.own = called, own
        self.functions: list[str] = []
        self.active = [own is None]
        self.statement = 0
        self.taking = False
        self.within = False

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        return super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        self.functions.append(node.name)
        self._enter(first)
        body: list[Any] = [inner for old in node.body for inner in _listed(self.visit(old))]
        node.body = body
        self.active.pop()
        self.functions.pop()
        return node

    def _enter(self, first: int) -> None:
        self.active.append(self.own is None or first in self.own)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        target = node.targets[-1]
        name = self.source.of(target)
        if isinstance(target, ast.Tuple | ast.List) and not isinstance(node.value, ast.Tuple):
            node.value = self.visit(node.value)
            after = target.elts if self.active[-1] else []
            return [node, *(self._after(e, node) for e in after if _is_place(e))]
        if isinstance(target, ast.Tuple | ast.List) and isinstance(node.value, ast.Tuple):
            names = [self.source.of(element) for element in target.elts]
            node.value.elts = [
                self._probe(element, names[min(k, len(names) - 1)], "assigned")
                for k, element in enumerate(node.value.elts)
            ]
            return node
        role = "stored" if isinstance(target, ast.Subscript) else "assigned"
        node.value = self._value(node.value, name, role)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self._value(node.value, self.source.of(node.target), "assigned")
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.AST]:
        self.taking = isinstance(node.op, ast.Sub)
        node.value = self._value(node.value, self.source.of(node.target), "added")
        self.taking = False
        if isinstance(node.op, ast.Add | ast.Sub) or not self.active[-1]:
            return self._spread(node)
        return [node, self._after(node.target, node, "scaled")]  # the product, not its factor

    def _spread(self, node: ast.AugAssign) -> ast.AST:
        """Let the probe of what is added see what it is added to, of which it may be a part."""
        added = node.value
        if (
            isinstance(added, ast.Call)
            and getattr(added.func, "id", "") == PROBE
            and not any(isinstance(inner, ast.Call) for inner in ast.walk(node.target))
        ):
            added.args.append(ast.parse(self.source.of(node.target), mode="eval").body)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self._value(node.value, "the result", "returned")
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        if node.value is not None:
            node.value = self._value(node.value, "the value yielded", "returned")
        return node

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> ast.AST:
        node.elt = self._made(node.elt)
        node.generators = [self.visit(generator) for generator in node.generators]
        return node

    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        node.key, node.value = self.visit(node.key), self._made(node.value)
        node.generators = [self.visit(generator) for generator in node.generators]
        return node

    def _made(self, element: ast.expr) -> ast.expr:
        """Wrap what a comprehension makes."""
        around, self.within = self.within, True
        made = self._value(element, self.source.of(element)[:30], "element")
        self.within = around
        return made

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._enter(node.lineno)
        around, self.within = self.within, False
        node.body = self._value(node.body, "the result", "returned")
        self.within = around
        self.active.pop()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else (
            node.func.id if isinstance(node.func, ast.Name) else ""
        )  # fmt: skip
        node.func = self.visit(node.func)
        if name == "append" and len(node.args) == 1:
            what = self.source.of(node.func) if hasattr(node.func, "lineno") else "append"
            node.args = [self._value(node.args[0], what.removesuffix(".append"), "appended")]
        elif name == "at" and len(node.args) == 3:  # np.add.at(into, where, value)
            into = self.source.of(node.args[0])
            node.args = [*map(self.visit, node.args[:2]), self._value(node.args[2], into, "added")]
        elif name in self.called or name == "dict" or name[:1].isupper():  # a record's fields
            role = "argument" if name in self.called else "element"
            node.args = [
                self.visit(a) if isinstance(a, ast.Starred) else self._probe(a, name, role)
                for a in node.args
            ]
            for keyword in node.keywords:
                if keyword.arg is not None:
                    keyword.value = self._probe(keyword.value, keyword.arg, role)
                else:
                    keyword.value = self.visit(keyword.value)
        elif name in _JOINING:
            node.args = [
                self._value(a, "element", "element") if _is_display(a) else self.visit(a)
                for a in node.args
            ]
            node.keywords = [self.visit(keyword) for keyword in node.keywords]
        else:
            self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        joins = isinstance(node.value, ast.Attribute) and node.value.attr in ("c_", "r_")
        if joins and isinstance(node.slice, ast.Tuple):
            node.slice.elts = [
                self.visit(e) if isinstance(e, ast.Slice | ast.Constant) else
                self._probe(e, self.source.of(e)[:30], "element")
                for e in node.slice.elts
            ]  # fmt: skip
            return node
        return self.generic_visit(node)

    def _value(self, node: ast.expr, name: str, role: str) -> ast.expr:
        """Wrap a value, or the elements of a display."""
        if isinstance(node, ast.Tuple | ast.List):
            node.elts = [self._value(e, self.source.of(e)[:30], role) for e in node.elts]
            return node
        if isinstance(node, ast.Dict):
            keys = [k.value if isinstance(k, ast.Constant) else None for k in node.keys]
            node.values = [
                self._value(v, str(k), "element") for k, v in zip(keys, node.values, strict=True)
            ]
            return node
        return self._probe(node, name, role)

    def _probe(self, node: ast.expr, name: str, role: str) -> ast.expr:
        if isinstance(node, ast.Starred | ast.Constant | ast.Lambda) or not self.active[-1]:
            return self.visit(node)
        k = self._site(node, name, role, _is_plain(node), self.source.span(node))
        within = self.within
        return ast.copy_location(_call(k, self.visit(node), within), node)

    def _after(self, target: ast.expr, statement: ast.stmt, role: str = "unpacked") -> ast.AST:
        name = self.source.of(target)
        k = self._site(target, name, role, True, None)
        load = ast.parse(name, mode="eval").body
        store = ast.parse(f"{name} = 0").body[0].targets[0]  # type: ignore[attr-defined]  # it is an assignment
        new = ast.Assign([store], _call(k, load))
        for node in ast.walk(new):
            ast.copy_location(node, statement)
        return new

    def _site(
        self, node: ast.expr, name: str, role: str, plain: bool, span: tuple[int, int] | None
    ) -> int:
        function = self.functions[-1] if self.functions else ""
        taken = self.taking and role == "added"
        self.sites.append(
            Site(self.source.file, node.lineno, self.statement, function, name, role, plain, span,
                 taken, self.within)
        )  # fmt: skip
        return self.number + len(self.sites) - 1


_JOINING = {"concatenate", "hstack", "vstack", "stack", "column_stack", "dstack", "block", "array"}


def _is_display(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple)


def _listed(result: ast.AST | list[ast.AST] | None) -> list[ast.AST]:
    return result if isinstance(result, list) else [] if result is None else [result]


def _is_place(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _is_plain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name)


def _call(k: int, value: ast.expr, within: bool = False) -> ast.Call:
    # A comprehension sees some of the variables around it only: its probe looks at the frames.
    frame: ast.expr = ast.Call(ast.Name("locals", ast.Load()), [], [])
    frame = ast.Constant(None) if within else frame
    return ast.Call(ast.Name(PROBE, ast.Load()), [ast.Constant(k), frame, value], [])
