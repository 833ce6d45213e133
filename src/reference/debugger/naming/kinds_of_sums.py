"""Kinds of mistake in sums and products: a term or factor that is missing, or one too many."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable

from reference.debugger.naming.kinds_by_call import are_functions_of_one, of_function
from reference.debugger.texts.differences import Difference, Signed, addends, differences, factors
from reference.debugger.texts.edited import Assigning, Edited, Parents, same, written
from reference.debugger.texts.roles import (
    activates,
    called,
    definition_of,
    function_of,
    is_activation,
    is_carried,
    is_complement,
    is_size,
    is_slope,
    is_zero,
    loaded,
    loops_in,
    made_before,
    nodes_of,
    stored,
)

_LIMITS = ("min", "max", "minimum", "maximum", "clip")


def of_terms(d: Difference, change: Edited) -> str:
    """Name the mistake of a sum that has other terms."""
    old, new = list(d.old), list(d.new)
    if _counts_turns(d, change):
        return "index off by one"
    if new and not old:
        kinds = [of_added(term, change) for _, term in new]
        return next((kind for kind in kinds if kind != "missing path"), "missing path")
    if old and not new:
        return "spurious term"
    if isinstance(change.statement, Assigning):
        target = written(change.statement)[0]
        if any(same(term, target) for _, term in new) and len(new) > len(old):
            return of_added(target, change)
    whole, becomes = _sum(d.common, old), _sum(d.common, new)
    if is_complement(whole, becomes) or in_a_slope(d):
        return "wrong derivative" if in_a_slope(d) else "wrong operand"
    inner = opened(becomes, change)
    if inner is not None and not same(inner, becomes):
        found = differences(whole, inner)
        if len(found) == 1 and found[0].what == "factors" and not found[0].old:
            return of_factors([], list(found[0].new), list(found[0].common), change)
    if len(new) > len(old):
        return "transposed" if "conv" in called(old[0][1]) else "missing path"
    return "spurious term" if len(old) > len(new) else "wrong operand"


def in_a_slope(d: Difference) -> bool:
    """Return whether the difference lies in the derivative of an activation, as it should be."""
    products = [n for n in d.around if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)]
    for whole in d.around:
        beside = [f for product in products for _, f in factors(product) if f is not whole]
        if isinstance(whole, ast.expr) and len(addends(whole)) > 1 and is_slope([whole], beside):
            return True
    return False


def in_a_chosen_slope(d: Difference) -> bool:
    """Return whether the difference lies inside ``np.where(x > 0, 1, slope)``, a factor."""
    return any(
        called(whole) == "where"
        and isinstance(outer, ast.BinOp)
        and isinstance(outer.op, ast.Mult)
        and isinstance(whole, ast.Call)
        and isinstance(whole.args[0], ast.Compare)
        for outer, whole in itertools.pairwise(d.around)
    )


def of_added(term: ast.expr, change: Edited) -> str:
    """Name the mistake that adding a term mends."""
    statement, around = change.statement, change.around_new
    if isinstance(statement, ast.Assign | ast.AugAssign):
        target = ast.unparse(written(statement)[0])
        if ast.unparse(term) == target:
            return _of_accumulated(target, change)
    if isinstance(term, ast.Name | ast.Attribute | ast.Subscript) and is_carried(
        term, statement, around
    ):
        return "missing path" if _is_read_beside(term, change) else "carry not added"
    if _counts(term, change):
        return "index off by one"
    later = re.search(r"\[[a-z]\w* \+ 1|_next\b|next_", ast.unparse(term))
    if later and any(is_carried(n, statement, around) for n in _leaves(term)):
        return "carry not added"
    return "missing path"


def of_cuts(found: list[Difference]) -> str:
    """Name a sum over a part of what it is to go over, or over more: both its factors are cut."""
    pairs = [(d.old[0][1], d.new[0][1]) for d in found if d.what == "replaced"]
    if len(pairs) < 2 or len(pairs) < len(found):
        return ""
    for whole, part, kind in ((1, 0, "missing path"), (0, 1, "spurious term")):
        if all(
            isinstance(cut := pair[part], ast.Subscript)
            and same(cut.value, pair[whole])
            and any(isinstance(n, ast.Name) for n in ast.walk(cut.slice))  # a block, no end
            for pair in pairs
        ):
            return kind
    return ""


def adds_to_given(old: ast.AST, new: ast.AST, change: Edited) -> bool:
    """Return whether ``plus(sums, here)`` stands for ``here``: a function adds to what it is given.

    The user's function does nothing but add.
    """
    if not isinstance(new, ast.Call) or len(new.args) != 2 or not change.around_new:
        return False
    function = function_of(change.around_new)
    given = {a.arg for n in ast.walk(function) if isinstance(n, ast.arguments) for a in n.args}
    given |= {name for n in ast.walk(function) if isinstance(n, ast.Assign)
              and getattr(n.value, "id", "") in given for one in n.targets
              for name in stored([one])}  # fmt: skip
    rest = [n for n in new.args if not same(n, old)]
    adding = [n for n in ast.walk(change.around_new[0])
              if isinstance(n, ast.FunctionDef) and n.name == called(new)]  # fmt: skip
    does = {type(n.op).__name__ if isinstance(n, ast.BinOp | ast.AugAssign) else n.attr.capitalize()
            for f in adding for n in ast.walk(f) if isinstance(n, ast.BinOp | ast.AugAssign)
            or (isinstance(n, ast.Attribute) and ast.unparse(n.value) == "operator")}  # fmt: skip
    return len(rest) == 1 and getattr(rest[0], "id", "") in given and does == {"Add"}


def _counts_turns(d: Difference, change: Edited) -> bool:
    """Return whether a whole number is added to what counts the turns of a loop, or lacks there."""
    numbers = [getattr(node, "value", None) for node in nodes_of((*d.old, *d.new))]
    turning = {n.id for loop in loops_in(change.around_new) if isinstance(loop, ast.For)
               for n in ast.walk(loop.target) if isinstance(n, ast.Name)}  # fmt: skip
    return all(type(number) is int for number in numbers) and [
        getattr(node, "id", "") in turning for node in nodes_of(d.common)
    ] == [True]


def _is_read_beside(term: ast.expr, change: Edited) -> bool:
    """Return whether the loop reads what it carries elsewhere, too, so that it is not lost."""
    loops = loops_in(change.around_new)
    name = ast.unparse(term)
    others = [s for s in ast.walk(loops[-1]) if isinstance(s, ast.Assign | ast.AugAssign)
              and s is not change.new and name not in stored([s])] if loops else []  # fmt: skip
    return name in loaded([s.value for s in others])


def _counts(term: ast.expr, change: Edited) -> bool:
    """Return whether a whole number is added to numbers that are places in an array."""
    value = getattr(change.statement, "value", None)
    return (
        isinstance(term, ast.Constant)
        and isinstance(term.value, int)
        and value is not None
        and any(called(node) in ("arange", "range") for node in ast.walk(value))
    )


def _of_accumulated(target: str, change: Edited) -> str:
    """Name ``x = y`` for ``x = x + y``: from the step before, or a sum."""
    loops = loops_in(change.around_new)
    inner = loops[-1] if loops else function_of(change.around_new)
    body = list(inner.body)  # type: ignore[attr-defined]  # a loop, a function or the module
    if _comes_back(target, change, body):
        return "missing path"  # by which the value goes on past what is made of it
    if "[" in target or "." in target or made_before(target, change.statement, body):
        return "= for +="
    others = [
        node
        for top in body
        for node in ast.walk(top)
        if isinstance(node, ast.Name) and node.id == target and isinstance(node.ctx, ast.Load)
        and not change.statement.lineno <= node.lineno <= (change.statement.end_lineno or 0)
    ]  # fmt: skip
    if not loops:
        others = [n for n in others if n.lineno > change.statement.lineno]
        parameters = getattr(getattr(function_of(change.around_new), "args", None), "args", [])
        return "carry not added" if target in {a.arg for a in parameters} else "= for +="
    return "carry not added" if others else "= for +="


def _comes_back(target: str, change: Edited, body: list[ast.stmt]) -> bool:
    """Return whether what is added to a place is made of what the place held before."""
    statement = change.statement
    needed = (
        loaded([statement.value]) if isinstance(statement, Assigning) and statement.value else set()
    )
    needed = needed - {target}
    at = next((k for k, top in enumerate(body) if statement in ast.walk(top)), 0)
    for before in reversed(body[:at]):
        if stored([before]) & needed:
            needed |= loaded([before])
        if target in stored([before]):
            return False
        if target in needed:
            return True
    return False


def _leaves(node: ast.expr) -> list[ast.expr]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)]


def _sum(common: tuple[Signed, ...], own: list[Signed]) -> ast.expr:
    (sign, node), *rest = [*own, *common]
    whole = node if sign > 0 else ast.UnaryOp(ast.USub(), node)
    for sign, node in rest:
        whole = ast.BinOp(whole, ast.Add() if sign > 0 else ast.Sub(), node)
    return whole


def opened(node: ast.AST, change: Edited) -> ast.expr | None:
    """Return what a name was set to in its function."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        return definition_of(ast.unparse(node), change)
    return None


def _product(parts: list[Signed]) -> ast.expr:
    (_, whole), *rest = sorted(parts, key=lambda part: -part[0])
    for power, node in rest:
        whole = ast.BinOp(whole, ast.Mult() if power > 0 else ast.Div(), node)
    return whole


def _is_number_of(node: ast.expr, change: Edited) -> bool:
    """Return whether a factor is a number of something; ``m`` may be a mask, and 1 - m is no size.

    A mask is taken of an array by steps, or compared.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
        return False
    made = definition_of(node.id, change) if isinstance(node, ast.Name) else None
    taken = isinstance(made, ast.Subscript) and "shape" not in ast.unparse(made)
    return is_size(node) and not taken and not isinstance(made, ast.Compare)


def of_factors(old: list[Signed], new: list[Signed], common: list[Signed], change: Edited) -> str:
    """Name the mistake of a product that has other factors."""
    if len(new) == 1 < len(old) and (whole := opened(new[0][1], change)) is not None:
        found = differences(_product(old), whole)  # of what the name stands for
        if len(found) == 1 and found[0].what == "factors" and not (found[0].old and found[0].new):
            (d,) = found
            return of_factors(list(d.old), list(d.new), [*common, *d.common], change)
    gone, come, beside = nodes_of(tuple(old)), nodes_of(tuple(new)), nodes_of(tuple(common))
    numbers = [n for n in gone + come if isinstance(n, ast.Constant)]
    if any(is_zero(n) for n in gone):
        return of_zero(change, new)
    if any(is_zero(n) for n in come) and not loops_in(change.around_new):
        return "wrong derivative" if len(gone) > 1 else "initial value"
    if numbers == gone + come and all(n.value in (1, -1) for n in numbers):
        return "wrong sign"
    sized = all(_is_number_of(n, change) for n in gone + come)
    if sized and not _may_be_a_mask([*old, *new]):
        return "scale 1/B or 1/T"
    if new and not old:
        if _is_half(come, beside):
            return "wrong derivative"
        return "missing derivative" if is_slope(come, beside) else "missing factor"
    if old and not new:
        norm = any("norm" in ast.unparse(n) or called(n) in _LIMITS for n in gone)
        return "clipped" if norm else "spurious factor"
    if any(called(n) == "outer" for n in come):
        return "dot for outer"
    twice = any(is_activation(n) or activates(n, change.around_old) for one in gone
                for n in ast.walk(one))  # fmt: skip
    if (
        twice
        and is_slope(come, beside)
        and not any(is_activation(n) for one in come for n in ast.walk(one))
    ):
        return "derivative of an activated value"
    if any(same(a, b) and _is_rest(a) for a, b in itertools.combinations(gone, 2)):
        return "wrong derivative"  # (1 - y) ** 2
    if any(is_slope([n], beside) for n in gone) and not any(is_slope([n], beside) for n in come):
        return "wrong derivative"
    if len(come) == 1 and of_function(gone, come[0]):
        return "wrong derivative"
    upside_down = len(gone) == len(come) == 1 and same(gone[0], come[0])
    if is_slope(come, beside) or (is_slope(gone, beside) and not upside_down):
        return "wrong derivative"
    if upside_down and not are_functions_of_one(old, new):
        return "wrong derivative" if is_slope(come, beside) else "wrong operand"
    if are_functions_of_one(old, new):
        return "wrong derivative"
    if len(gone) < len(come) and _definition_holds(come, gone, change):
        return "missing factor"
    return "wrong operand"


def _is_half(come: list[ast.expr], beside: list[ast.expr]) -> bool:
    """Return whether what is missing is s, where 1 - s is there."""
    return not is_slope(come, []) and any(
        is_complement(one, other) and _is_rest(other) for one in come for other in beside
    )


def _may_be_a_mask(parts: list[Signed]) -> bool:
    """Return whether a small letter multiplies: m is a mask as likely as a size."""
    return len(parts) == 1 and parts[0][0] > 0 and bool(re.fullmatch("[bmn]", _text(parts)))


def _text(parts: list[Signed]) -> str:
    return ast.unparse(parts[0][1])


def _is_rest(node: ast.expr) -> bool:
    """Return whether an expression is 1 minus something."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
    )


def _definition_holds(come: list[ast.expr], gone: list[ast.expr], change: Edited) -> bool:
    inner = [value for node in come if (value := opened(node, change)) is not None]
    return any(same(n, g) for value in inner for n in ast.walk(value) for g in gone)


def is_view_of_result(node: ast.Subscript, change: Edited) -> bool:
    """Return whether a value is a part of an array that the function returns."""
    results = [n.value for n in ast.walk(function_of(change.around_new))
               if isinstance(n, ast.Return) and n.value is not None]  # fmt: skip
    return any(same(node.value, n) for value in results for n in ast.walk(value))


def is_zero_first(old: ast.AST | None, new: ast.AST) -> bool:
    """Return whether a value is what it should be but under a condition, under which it is zero."""
    arms = [old.body, old.orelse] if isinstance(old, ast.IfExp) else []
    return any(
        same(one, new) and is_zero(other) for one, other in ((arms, arms[::-1]) if arms else ())
    )


def of_zero(change: Edited, new: Iterable[Signed], around: Parents = ()) -> str:
    """Name a zero where a value belongs."""
    statement = change.statement
    if any(isinstance(n, ast.IfExp) for n in around):
        return "initial value"  # of the first step
    if not loops_in(change.around_new) and any(isinstance(n, ast.Call) for n in around):
        return "initial value"  # a function is given nothing to begin with
    if isinstance(statement, ast.Return):
        return "never returned"
    target = written(statement)[0] if isinstance(statement, Assigning) else None
    loops = loops_in(change.around_new)
    if target is None:
        return "carry lost" if loops else "never returned"
    if not loops and isinstance(target, ast.Subscript | ast.Attribute):
        return "never returned"
    if not loops:
        names = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
        starts = any(_starts_a_loop(name, change) for name in names)
        return "initial value" if starts else "never returned"
    leaves = [n for _, one in new for n in _leaves(one)]
    if any(same(n, target) for n in leaves):
        return "carry lost"  # it is there, and is set to zero
    if any(is_carried(n, statement, change.around_new) for n in leaves):
        return "carry not added"
    return "carry lost" if ast.unparse(target) in loaded(list(loops[-1].body)) else "missing path"


def _starts_a_loop(name: str, change: Edited) -> bool:
    function = function_of(change.around_new)
    return any(
        isinstance(node, ast.For | ast.While)
        and node.lineno > change.statement.lineno
        and name in loaded(list(node.body))
        for node in ast.walk(function)
    )
