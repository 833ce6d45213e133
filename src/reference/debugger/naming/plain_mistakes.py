"""Plain mistakes in a right statement: a term left out, another operand, another sign.

They are what people do where they write a line anew as a whole. The text of such a line tells
little, but it gives the same values as the right line with a plain mistake, and that has a name.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.debugger.naming.meant import Meant, Slot, block_of
from reference.debugger.naming.meant_by_updates import NUMPY
from reference.debugger.running.shapes import shape_of
from reference.debugger.texts.differences import factors
from reference.debugger.texts.edited import Parents, dumped, same
from reference.debugger.texts.roles import called
from reference.debugger.texts.trees import copy_of

Values = Mapping[str, Any]
_Value = ast.Name | ast.Attribute | ast.Subscript
_MODULES = ("np", "numpy", "math")
_MOST = 10  # values that are tried for another
# What is not made from its first argument by changing its entries one by one.
_WHOLE = ("zeros", "zeros_like", "empty", "empty_like", "ones", "ones_like", "range", "arange",
          "len", "enumerate", "zip", "outer", "dot", "matmul", "einsum", "tensordot", "list",
          "reversed", "array", "asarray", "stack", "concatenate", "hstack", "vstack", "copy",
          "append", "insert", "at", "update", "int", "float")  # fmt: skip


@dataclass(frozen=True)
class _Site:
    """An expression, and where it stands: in a field of a node, or in a list there."""

    node: ast.expr
    parent: ast.AST
    field: str
    index: int | None = None


Ways = Callable[[list[_Site], list[ast.expr], Values], Iterator[Meant]]


def plain_mistakes(
    places: list[tuple[ast.stmt, Parents]], others: Iterable[ast.AST], known: Values
) -> Iterator[Meant]:
    """Give plain mistakes in right statements; without a kind where the text tells it.

    Parameters
    ----------
    places : list of (statement, parents)
    others : iterable of ast nodes
        The mistaken statements: what they read may be read in the place of something.
    known : mapping
        Values of some expressions, by their texts: those of another shape are not exchanged.

    Examples
    --------
    >>> tree = ast.parse("dc = dh * o + dn")
    >>> (meant, *_) = plain_mistakes([(tree.body[0], (tree,))], [], {})
    >>> [ast.unparse(value) for _, _, value in meant.slots]
    ['dh * o']
    """
    for statement, around in places:
        yield from _unguarded(statement, around)
    sites = [[site for site in _sites(statement) if not hasattr(site.parent, "body")]
             for statement, _ in places]  # fmt: skip
    pool = _pool([site.node for some in sites for site in some], others)
    ways: tuple[Ways, ...] = (_terms, _left_out, _of_signs, _of_slopes, _exchanged, _of_others)
    for way in ways:
        for some in sites:
            yield from way(some, pool, known)
    for statement, _ in places:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
            yield Meant("wrong sign", ((statement, "op", ast.Sub()),))


def _unguarded(statement: ast.stmt, around: Parents) -> Iterator[Meant]:
    """Give a block without the condition that it stands under."""
    field, block = block_of(statement, around[-1])
    if field and isinstance(statement, ast.If) and not statement.orelse:
        new = [one for s in block for one in (statement.body if s is statement else [s])]
        yield Meant("", ((around[-1], field, new),))


def _sites(node: ast.AST) -> Iterator[_Site]:
    """Give the expressions of a statement that are values: no functions, no indices of values."""
    for field, value in ast.iter_fields(node):
        if field in ("func", "body", "orelse", "targets", "target") and not (
            isinstance(node, ast.IfExp | ast.Lambda)
        ):
            of = value.value if field == "func" and isinstance(value, ast.Attribute) else None
            if of is not None and ast.unparse(of) not in _MODULES:
                yield from _from(of, _Site(of, value, "value"))
            continue
        if isinstance(value, ast.expr):
            yield from _from(value, _Site(value, node, field))
        elif isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, ast.expr):
                    yield from _from(one, _Site(one, node, field, index))
                elif isinstance(one, ast.keyword | ast.comprehension):
                    yield from _sites(one)


def _from(node: ast.expr, site: _Site) -> Iterator[_Site]:
    if isinstance(node, _Value) and _is_read_whole(node):
        yield site
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        return
    yield site
    yield from _sites(node)


def _is_read_whole(node: ast.AST) -> bool:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _pool(nodes: list[ast.expr], others: Iterable[ast.AST]) -> list[ast.expr]:
    """Return the values that are read: first those that the mistaken statements alone read."""
    mine = {dumped(n): n for n in nodes if isinstance(n, _Value)}
    theirs = {dumped(s.node): s.node for other in others for s in _sites(other)
              if isinstance(s.node, _Value)}  # fmt: skip
    first = [node for key, node in theirs.items() if key not in mine]
    return [*first[:_MOST], *list(mine.values())[:_MOST]]


def _put(*pairs: tuple[_Site, ast.expr]) -> tuple[Slot, ...]:
    """Return the change that puts expressions into places."""
    lists: dict[tuple[int, str], list[ast.expr]] = {}
    slots: list[Slot] = []
    for site, node in pairs:
        if site.index is None:
            slots.append((site.parent, site.field, node))
            continue
        key = id(site.parent), site.field
        if key not in lists:
            lists[key] = list(getattr(site.parent, site.field))
            slots.append((site.parent, site.field, lists[key]))
        lists[key][site.index] = node
    return tuple(slots)


def _terms(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give what is left of sums without one of their terms."""
    del pool, known
    for site in sites:
        node = site.node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            right = node.right if isinstance(node.op, ast.Add) else _less(node.right)
            for part in (node.left, right):
                if not isinstance(part, ast.Constant):
                    yield Meant("", _put((site, part)))


def _left_out(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give what is left of products, choices and calls without one of their parts."""
    del pool, known
    for site in sites:
        node = site.node
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            parts = [node.left, *([node.right] if isinstance(node.op, ast.Mult) else [])]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            parts = [node.operand]
        elif isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, ast.Call) and called(node) == "where" and len(node.args) == 3:
            parts = node.args[1:]
        elif isinstance(node, ast.Call) and called(node) not in _WHOLE:
            of = node.func.value if isinstance(node.func, ast.Attribute) else None
            method = of is not None and ast.unparse(of) not in _MODULES
            parts = node.args[:1] if not method or of is None else [of, *node.args[:1]]
        for part in parts:
            yield Meant("", _put((site, part)))
        if isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.MatMult):
            turned = isinstance(node, ast.Attribute) and node.attr == "T"
            back = node.value if turned and isinstance(node, ast.Attribute) else None
            other = back or ast.Attribute(node, "T", ast.Load())
            yield Meant("transposed", _put((site, other)))


def _less(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), node)


def _of_signs(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give sums with another sign, and values with another wherever they are read."""
    del known
    for site in sites:
        node = site.node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield Meant("", ((node, "op", op),))
    for value in pool:
        mine = [site for site in sites if same(site.node, value)]
        if mine:
            yield Meant("wrong sign", _put(*((site, _less(site.node)) for site in mine)))


def _of_slopes(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give derivatives of activations by another formula, or of what is activated already."""
    del pool, known
    for site in sites:
        node = site.node
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
                and isinstance(node.left, ast.Constant) and node.left.value == 1):  # fmt: skip
            continue
        parts = [part for _, part in factors(node.right)]
        squared = isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Pow)
        if squared or (len(parts) == 2 and same(*parts)):
            base = node.right.left if squared and isinstance(node.right, ast.BinOp) else parts[0]
            x = ast.unparse(base)
            others = {f"({x}) * (1 - ({x}))": "wrong derivative",
                      f"1 - ({x})": "wrong derivative",
                      f"1 - {NUMPY}.tanh({x}) ** 2": "derivative of an activated value",
                      }  # fmt: skip
        else:
            x = ast.unparse(node.right)
            again = f"(1 / (1 + {NUMPY}.exp(-({x}))))"
            others = {f"1 / ({x})": "missing derivative",
                      f"(1 - ({x}) ** 2) / ({x})": "wrong derivative",
                      f"{again} * (1 - {again}) / ({x})": "derivative of an activated value",
                      }  # fmt: skip
        for text, kind in others.items():
            yield Meant(kind, _put((site, ast.parse(text, mode="eval").body)))


def _exchanged(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give pairs of values in each other's place."""
    del pool
    values = [site for site in sites if isinstance(site.node, _Value)]
    for one, other in itertools.combinations(values, 2):
        if same(one.node, other.node) or not _may_stand_for(one.node, other.node, known):
            continue
        parent = one.parent
        matrices = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
        kind = "transposed" if matrices and parent is other.parent else "wrong order"
        yield Meant(kind, _put((one, other.node), (other, one.node)))


def _of_others(sites: list[_Site], pool: list[ast.expr], known: Values) -> Iterator[Meant]:
    """Give values in the place of which stands another."""
    for site in sites:
        if not isinstance(site.node, _Value):
            continue
        for other in pool:
            if not same(other, site.node) and _may_stand_for(other, site.node, known):
                yield Meant("", _put((site, copy_of(other))))


def _may_stand_for(one: ast.expr, other: ast.expr, known: Values) -> bool:
    """Return whether two values are known as arrays of one shape, and are not the same.

    What is not known may be anything: a list that is put into itself has no end. Whole numbers
    count something, and are nothing to each other.
    """
    a, b = known.get(ast.unparse(one)), known.get(ast.unparse(other))
    if a is None or b is None or shape_of(a) != shape_of(b):
        return False
    counts = np.size(a) == 1 and not (np.any(a % 1) and np.any(b % 1))
    return not counts and not np.array_equal(a, b)
