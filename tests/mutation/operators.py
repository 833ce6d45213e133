"""The kinds of mistake: each takes a site and yields what could stand there instead.

They follow the mistakes that people make in hand-written backward passes: signs, terms and
factors that are missing, a neighbour's name, a step too early or too late, a sum that is
overwritten, a transpose, the derivative of another function, one axis for the other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from tests.mutation.sites import Site

Changes = Iterator[Any]


def _expression(text: str, **parts: ast.expr) -> ast.expr:
    """Return the tree of an expression in which names stand for given trees."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts.get(node.id, node)

    return Fill().visit(ast.parse(text, mode="eval").body)


def _is_read(site: Site, kind: type | tuple[type, ...]) -> bool:
    """Return whether the site is an expression of this kind whose value is used."""
    context = getattr(site.node, "ctx", None)
    return isinstance(site.node, kind) and not isinstance(context, ast.Store | ast.Del)


def _is_number(site: Site) -> bool:
    """Return whether the site is something to compute with: no function, index or condition."""
    called = isinstance(site.parent, ast.Call) and site.place == "func"
    inside = isinstance(site.parent, ast.Attribute | ast.Subscript) or site.in_index
    is_global = isinstance(site.node, ast.Name) and site.node.id not in site.names
    return not (called or inside or site.in_condition or is_global)


# Signs, terms, factors


def other_arithmetic(site: Site) -> Changes:
    """Write + for −, + for *, * for /, and back."""
    others: dict[type, tuple[ast.operator, ...]] = {
        ast.Add: (ast.Sub(), ast.Mult()),
        ast.Sub: (ast.Add(), ast.Mult()),
        ast.Mult: (ast.Add(), ast.Sub(), ast.Div()),
        ast.Div: (ast.Mult(),),
        ast.MatMult: (ast.Mult(),),
        ast.Pow: (ast.Mult(),),
    }
    if isinstance(site.node, ast.BinOp):
        for other in others.get(type(site.node.op), ()):
            yield ast.BinOp(site.node.left, other, site.node.right)


def minus_sign(site: Site) -> Changes:
    """Put a minus where there is none, take it away where there is one."""
    if isinstance(site.node, ast.UnaryOp) and isinstance(site.node.op, ast.USub):
        yield site.node.operand
    elif _is_read(site, (ast.Name, ast.BinOp, ast.Call, ast.Subscript)) and _is_number(site):
        yield ast.UnaryOp(ast.USub(), site.node)


def missing_operand(site: Site) -> Changes:
    """Leave out a term or factor."""
    if isinstance(site.node, ast.BinOp):
        yield site.node.left
        yield site.node.right


def swapped_operands(site: Site) -> Changes:
    """Write a − b for b − a, A B for B A."""
    if isinstance(site.node, ast.BinOp) and not isinstance(site.node.op, ast.Add | ast.Mult):
        yield ast.BinOp(site.node.right, site.node.op, site.node.left)


def applied_twice(site: Site) -> Changes:
    """Multiply by a factor twice."""
    if isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.Mult):
        yield ast.BinOp(site.node, ast.Mult(), site.node.right)


def zero_result(site: Site) -> Changes:
    """Return or keep zeros in place of a result."""
    returned = isinstance(site.statement, ast.Return) and site.parent is not site.statement
    assigned = isinstance(site.parent, ast.Assign) and site.place == "value"
    if (returned or assigned) and _is_read(site, ast.expr) and _is_number(site):
        yield _expression("np.zeros_like(it)", it=site.node)


# Names


def other_name(site: Site) -> Changes:
    """Write another local name."""
    if _is_read(site, ast.Name) and site.node.id in site.names:
        for name in site.names:
            if name != site.node.id:
                yield ast.Name(name, ast.Load())


def other_attribute(site: Site) -> Changes:
    """Read another attribute, one that the function reads elsewhere."""
    if _is_read(site, ast.Attribute) and isinstance(site.node.value, ast.Name):
        for name in site.attributes.get(site.node.value.id, ()):
            if name != site.node.attr and site.node.value.id in site.names:
                yield ast.Attribute(site.node.value, name, ast.Load())


def swapped_places(site: Site) -> Changes:
    """Swap two elements of a tuple or two arguments of a call."""
    place = "args" if isinstance(site.node, ast.Call) else "elts"
    if not isinstance(site.node, ast.Call | ast.Tuple):
        return
    elements = getattr(site.node, place)
    for j, k in combinations(range(len(elements)), 2):
        swapped = list(elements)
        swapped[j], swapped[k] = elements[k], elements[j]
        if isinstance(site.node, ast.Call):
            yield ast.Call(site.node.func, swapped, site.node.keywords)
        else:
            yield ast.Tuple(swapped, site.node.ctx)


# Time and rows


def other_step(site: Site) -> Changes:
    """Take the step before or after."""
    if site.in_index and _is_read(site, ast.Name) and site.node.id in site.loop_names:
        yield _expression("it + 1", it=site.node)
        yield _expression("it - 1", it=site.node)


def other_range(site: Site) -> Changes:
    """Loop in the other direction, or a step too short or too long."""
    if not isinstance(site.node, ast.Call) or not isinstance(site.node.func, ast.Name):
        return
    if site.node.func.id == "reversed":
        yield site.node.args[0]
    if site.node.func.id == "range" and len(site.node.args) == 1:
        for text in ("range(n - 1)", "range(n + 1)", "range(1, n)", "range(-1, n)"):
            yield _expression(text, n=site.node.args[0])


def every_row(site: Site) -> Changes:
    """Take all rows in place of some."""
    if _is_read(site, ast.Name) and (site.in_index or site.node.id == "rows"):
        yield _expression("slice(None)")


# Functions, axes, constants


def other_derivative(site: Site) -> Changes:
    """Use the derivative of another function, or of a value already squashed."""
    if not isinstance(site.node, ast.BinOp) or not isinstance(site.node.op, ast.Sub):
        return
    one, taken = site.node.left, site.node.right
    if not isinstance(one, ast.Constant) or one.value != 1:
        return
    if isinstance(taken, ast.BinOp) and isinstance(taken.op, ast.Pow):
        for text in ("1 - y", "(1 - y) ** 2", "1 - np.tanh(y) ** 2", "y * (1 - y)", "1 - y * y * y",
                     "y ** 2 - 1", "y > 0"):  # fmt: skip
            yield _expression(text, y=taken.left)
    else:
        for text in ("1 - y ** 2", "1 - y - y", "y - 1", "(1 - y) ** 2", "y * (1 - y)",
                     "1 - np.tanh(y)", "y > 0"):  # fmt: skip
            yield _expression(text, y=taken)


def other_constant(site: Site) -> Changes:
    """Write one more, one less, or nothing; True for False."""
    if not isinstance(site.node, ast.Constant):
        return
    if isinstance(site.node.value, bool):
        yield ast.Constant(not site.node.value)
    elif isinstance(site.node.value, int | float):
        for value in (site.node.value + 1, site.node.value - 1, 0):
            if value != site.node.value:
                yield ast.Constant(value)


def transpose(site: Site) -> Changes:
    """Transpose once too often or not at all."""
    if isinstance(site.node, ast.Attribute) and site.node.attr == "T":
        yield site.node.value
    in_product = isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.MatMult)
    if in_product and _is_read(site, (ast.Name, ast.Call)):
        yield ast.Attribute(site.node, "T", ast.Load())


def other_method(site: Site) -> Changes:
    """Take the mean for the sum, subtract for add, make no copy."""
    others = {"sum": ("mean", "max"), "add": ("subtract", "multiply"), "copy": ("view",)}
    if isinstance(site.node, ast.Attribute):
        for name in others.get(site.node.attr, ()):
            yield ast.Attribute(site.node.value, name, ast.Load())
    if isinstance(site.node, ast.Call) and isinstance(site.node.func, ast.Attribute):
        if site.node.func.attr in ("sum", "copy"):
            yield site.node.func.value
        if site.node.func.attr == "add" and len(site.node.args) == 2:  # = for +=
            positive = ast.Attribute(site.node.func.value, "positive", ast.Load())
            yield ast.Call(positive, site.node.args[1:], site.node.keywords)


def missing_argument(site: Site) -> Changes:
    """Leave out a keyword or the last argument."""
    if isinstance(site.node, ast.Call):
        for k in range(len(site.node.keywords)):
            kept = [*site.node.keywords[:k], *site.node.keywords[k + 1 :]]
            yield ast.Call(site.node.func, site.node.args, kept)
        if site.node.args:
            yield ast.Call(site.node.func, site.node.args[:-1], site.node.keywords)


def other_condition(site: Site) -> Changes:
    """Negate a condition, or let it always hold, or never."""
    if isinstance(site.parent, ast.If | ast.IfExp) and site.place == "test":
        yield ast.UnaryOp(ast.Not(), site.node)
        yield ast.Constant(True)
        yield ast.Constant(False)


# Statements


def deleted(site: Site) -> Changes:
    """Leave out the statement."""
    if not isinstance(site.node, ast.For | ast.FunctionDef):
        yield []


def other_assignment(site: Site) -> Changes:
    """Write += for =, = for +=, and overwrite what adds up."""
    node = site.node
    match node:
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target]):
            if isinstance(target, ast.Subscript) or target.id in site.names:  # else it has no value
                yield [ast.AugAssign(target, ast.Add(), node.value)]
                yield [ast.AugAssign(target, ast.Sub(), node.value)]
        case ast.AugAssign():
            yield [ast.Assign([node.target], node.value)]
            for operator in (ast.Add(), ast.Sub(), ast.Mult()):
                yield [ast.AugAssign(node.target, operator, node.value)]
        case ast.Expr(ast.Call(ast.Name("accumulate"), [ast.Name(total), term])):
            yield [ast.Assign([ast.Name(total, ast.Store())], term)]
        case ast.Expr(ast.Call(ast.Attribute(ast.Attribute(_, "add"), "at"), [into, index, term])):
            place = ast.Subscript(into, index, ast.Store())
            yield [ast.AugAssign(place, ast.Add(), term)]
            yield [ast.Assign([place], term)]


def twice(site: Site) -> Changes:
    """Run the statement twice."""
    if isinstance(site.node, ast.Expr | ast.AugAssign):  # to assign twice changes nothing
        yield [site.node, site.node]


Operator = Callable[[Site], Changes]

OPERATORS: tuple[Operator, ...] = (
    other_arithmetic, minus_sign, missing_operand, swapped_operands, applied_twice, zero_result,
    other_name, other_attribute, swapped_places, other_step, other_range, every_row,
    other_derivative, other_constant, transpose, other_method, missing_argument, other_condition,
)  # fmt: skip
STATEMENT_OPERATORS: tuple[Operator, ...] = (deleted, other_assignment, twice)
