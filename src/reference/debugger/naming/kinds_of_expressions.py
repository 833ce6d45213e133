"""Kinds of mistake in an expression: what stands in the place of what."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from functools import cached_property

from reference.debugger.naming.kinds_by_call import (
    are_functions_of_one,
    are_other_ends,
    of_calls,
    of_content,
    of_function,
    of_order,
)
from reference.debugger.naming.kinds_by_mending import UNTOLD
from reference.debugger.naming.kinds_by_place import divides, of_place
from reference.debugger.naming.kinds_by_relation import of_runs
from reference.debugger.naming.kinds_of_sums import (
    adds_to_given,
    in_a_chosen_slope,
    in_a_slope,
    is_view_of_result,
    is_zero_first,
    of_cuts,
    of_factors,
    of_terms,
    of_zero,
    opened,
)
from reference.debugger.naming.turns import Turns
from reference.debugger.texts.clock import score_of
from reference.debugger.texts.differences import Difference, differences
from reference.debugger.texts.edited import Assigning, Edited, same, written
from reference.debugger.texts.roles import (
    GRADIENT,
    activates,
    another_gate,
    called,
    function_of,
    is_activation,
    is_carried,
    is_complement,
    is_size,
    is_slope,
    is_zero,
    loaded,
    loops_in,
    nodes_of,
    stored,
)


@dataclass(frozen=True)
class Seen:
    """What running the program before and after an edit tells about the edited value.

    Parameters
    ----------
    old_shape, new_shape : tuple of int, optional
        Of the statement's value.
    steps : int
        How many time steps there were; 0 where unknown.
    only_effects : bool
        Whether the gradients were right before: what is mended is what the run leaves behind.
    mends : tuple of str
        The kinds of mistake of which a plain change mends the program, too.
    walks : str
        What the turns of loops that are written anew tell: "forward order", "loop bounds".
    turns : Turns, optional
        The runs themselves.
    """

    old_shape: tuple[int, ...] | None = None
    new_shape: tuple[int, ...] | None = None
    steps: int = 0
    only_effects: bool = False
    mends: tuple[str, ...] = ()
    walks: str = ""
    turns: Turns | None = field(default=None, repr=False, compare=False)

    @cached_property
    def relation(self) -> str:
        """The kind that is told by what the wrong values are to the right ones, if one is."""
        return "" if self.turns is None else of_runs(self.turns)

    @property
    def owns_memory(self) -> bool:
        """Whether the mistake matters, and no copy of anything mends it: then nothing is shared."""
        seen = self.turns
        told = seen is not None and bool(seen.answers[0]) and bool(seen.matters | seen.shared)
        return told and not self.only_effects and not {"aliasing", UNTOLD} & set(self.mends)

    @property
    def wraps(self) -> bool:
        """Whether the mistake matters just where one of its indices is before the first entry."""
        seen = self.turns
        return seen is not None and bool(seen.matters) and (
            seen.matters <= seen.wraps < set(seen.executed)
        )  # fmt: skip


# Where an edit changes several places, the one that says most names it.
_TELLING = (
    "late binding", "state between calls", "aliasing", "argument changed", "carry lost",
    "accumulation outside the loop", "never returned",
)  # fmt: skip
_SAYS_LITTLE = ("initial value", "spurious term", "wrong name", "wrong operand", "missing path")


_SLOPE = re.compile(r"deriv|prime|slope|^d_?(sig|tanh)|grad$", re.I)


def rank(kind: str) -> int:
    """Return how little a kind says beside others: the least one names the mistake."""
    if kind in _TELLING:
        return _TELLING.index(kind)
    return 20 + (kind in _SAYS_LITTLE)


def of_differences(found: list[Difference], change: Edited, seen: Seen) -> str:
    """Name the mistake of a statement by all that differs in it."""
    if len(found) == 2 and exchanged(*found):
        if any(called(n) == "reshape" for n in found[0].around):
            return "wrong shape"
        shared = [n for n in found[0].around if any(n is other for other in found[1].around)]
        return "transposed" if any(map(_is_product, shared[-1:])) else "wrong order"
    found = [d for d in found if not _is_named(d, change)]
    if cut := of_cuts(found):
        return cut
    kinds = [kind for d in found if (kind := of_difference(d, change, seen))]
    return min(kinds, key=rank, default="")


def _is_named(d: Difference, change: Edited) -> bool:
    """Return whether a value stands in the one text, and in the other the name that it has."""
    if d.what != "replaced":
        return False
    old, new = d.old[0][1], d.new[0][1]
    return any(
        value is not None and same(value, other)
        for value, other in ((opened(old, change), new), (opened(new, change), old))
    )


_PRODUCTS = ("dot", "outer", "matmul", "einsum", "tensordot", "kron")


def _is_product(node: ast.AST) -> bool:
    """Whether an order matters there as it does in a product of matrices, or in an index."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    return isinstance(node, ast.Subscript) or called(node) in _PRODUCTS


def exchanged(a: Difference, b: Difference) -> bool:
    """Return whether two places got each other's value."""
    return a.what == b.what == "replaced" and (
        same(a.old[0][1], b.new[0][1]) and same(a.new[0][1], b.old[0][1])
    )


def of_difference(d: Difference, change: Edited, seen: Seen) -> str:
    """Name the mistake of one place: by the place itself, then by terms, factors, or names."""
    place = of_place(d, change)
    if place == "wrong shape" and seen.old_shape is not None and seen.old_shape == seen.new_shape:
        return _of_same_shape(d)
    if place:
        return place
    if d.what == "swapped":
        return "wrong order"
    if (in_a_slope(d) and d.what in ("sign", "terms")) or in_a_chosen_slope(d):
        return "wrong derivative"
    if d.what == "sign" or (d.what == "terms" and len(d.old) == len(d.new) == 1):
        return "wrong sign"
    if d.what == "terms":
        return of_terms(d, change)
    if d.what == "factors":
        return of_factors(list(d.old), list(d.new), list(d.common), change)
    outer = next((n for n in reversed(d.around) if isinstance(n, ast.Call)), None)
    if outer is not None and isinstance(d.old[0][1], ast.Name):
        slope = bool(_SLOPE.search(called(outer))) and activates(outer, change.around_new)
        if slope:
            return "derivative of an activated value"
    return _of_exchange(d, d.old[0][1], d.new[0][1], change, seen)


def _of_same_shape(d: Difference) -> str:
    """Name an array that is made like another, or an axis, where the shape is right already."""
    calls = [called(n) for n in d.around if isinstance(n, ast.Call)]
    if any(name in ("flip", "concatenate", "stack", "hstack", "vstack") for name in calls):
        return "forward order" if "flip" in calls else "wrong order"
    if any(isinstance(n, ast.keyword) and n.arg == "axis" for n in d.around):
        return "transposed"
    return (
        "wrong dtype"
        if any("zeros" in name or "empty" in name for name in calls)
        else ("wrong shape")
    )


def _of_exchange(d: Difference, old: ast.AST, new: ast.AST, change: Edited, seen: Seen) -> str:
    power = _of_power(old, new)
    if power and not in_a_slope(d):
        return power
    counted = any(called(n) == "len" for n in d.around)
    if divides(d) and (is_size(old) or is_size(new) or counted):
        return "scale 1/B or 1/T"
    if are_other_ends(old, new):
        loops = loops_in(change.around_new)
        return "wrong order" if loops and score_of(loops[-1]) == 0 else "forward order"
    if activates(old, change.around_old) and any(same(n, new) for n in ast.walk(old)):
        return "derivative of an activated value"
    if _goes_over_less(old, new, d, change):
        return "missing path"
    if adds_to_given(old, new, change):
        return "= for +="
    before = replace(change, new=change.old, around_new=change.around_old)
    if is_zero_first(opened(old, before), new):
        return "initial value"
    for rule in (of_calls, of_order, of_content):
        kind = rule(old, new)
        if kind == "never returned" and isinstance(getattr(new, "ctx", None), ast.Store):
            return ""  # what is taken out of something: what is made of it tells
        if kind == "never returned" and (
            isinstance(change.statement, ast.For) or any(isinstance(n, ast.Call) for n in d.around)
        ):
            return "missing path"  # what is gone over, or added up
        if kind:
            return kind
    if not isinstance(old, ast.expr) or not isinstance(new, ast.expr):
        return _of_other(old, new, change)
    if isinstance(change.statement, ast.Return) and getattr(old, "value", 0) is None:
        return "never returned"
    if is_zero(old) and isinstance(new, ast.Subscript) and is_view_of_result(new, change):
        return "never returned"
    if is_zero(old) and not is_zero(new) and not isinstance(new, ast.Constant):
        return of_zero(change, d.new, d.around)
    if is_zero(new) and not loops_in(change.around_new):
        return "initial value"
    if is_size(old) and is_size(new):
        return "scale 1/B or 1/T"
    if is_complement(old, new):
        return "wrong operand"
    if isinstance(old, ast.Constant) and isinstance(new, ast.Constant) and _is_factor(d):
        if old.value == 1:  # a factor that is 1 is none
            return "missing factor"
        if new.value == 1:
            return "spurious factor"
        if kind := _of_multiples(old.value, new.value):
            return kind
    if _is_power(d) and all(isinstance(n, ast.Constant | ast.UnaryOp) for n in (old, new)):
        return "wrong derivative"
    slope = _of_slopes(old, new, d, change)
    if slope:
        return slope
    kept = bool(d.around) and isinstance(d.around[-1], ast.Tuple | ast.List)
    looked_up = "" if kept else _of_opened(old, new, change)
    if looked_up:
        return looked_up
    if isinstance(old, ast.Name | ast.Attribute) and isinstance(new, ast.Name | ast.Attribute):
        return _of_pair(old, new, change)
    if None not in (seen.old_shape, seen.new_shape) and seen.old_shape != seen.new_shape:
        return "wrong shape"
    if another_gate(ast.unparse(old), ast.unparse(new)):
        return "gate copied"
    applied = any(
        isinstance(b, ast.Call) and any(same(n, a) for n in ast.walk(b))
        for a, b in ((old, new), (new, old))
    )  # what is applied to a value makes another of it
    if of_function([old], new) or (not applied and are_functions_of_one([(1, old)], [(1, new)])):
        return "wrong derivative"
    if _starts(change):
        return "initial value"
    return "wrong operand"


def _of_multiples(old: object, new: object) -> str:
    """Name a number in a product that should be a multiple of itself, or is one."""
    if not (isinstance(old, int | float) and isinstance(new, int | float)):
        return ""
    small, large = sorted((abs(old), abs(new)))
    if small < 1e-9 or large == small or abs(large / small - round(large / small)) > 1e-9:
        return ""
    return "missing factor" if abs(new) > abs(old) else "spurious factor"


def _goes_over_less(old: ast.AST, new: ast.AST, d: Difference, change: Edited) -> bool:
    """Return whether a text whose letters are gone over, as those of gates, lacks some of them."""
    letters = [getattr(node, "value", None) for node in (old, new)]
    walked = isinstance(change.statement, ast.For) or any(
        isinstance(n, ast.comprehension) for n in d.around[-1:]
    )
    return (
        walked
        and all(isinstance(text, str) for text in letters)
        and set(str(letters[0])) < set(str(letters[1]))
    )


def _of_power(old: ast.AST, new: ast.AST) -> str:
    """Name a square that stands for its root, or the reverse: it is a factor more or less."""
    for whole, part, kind in ((new, old, "missing factor"), (old, new, "spurious factor")):
        root = (
            whole.left if isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Pow) else None
        )
        if root is not None and same(root, part):
            return kind
    return ""


def _is_factor(d: Difference) -> bool:
    outer = d.around[-1] if d.around else None
    return isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Mult | ast.Div)


def _is_power(d: Difference) -> bool:
    outer = d.around[-1] if d.around else None
    return isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Pow)


def _of_pair(old: ast.expr, new: ast.expr, change: Edited) -> str:
    """Name one variable in the place of another."""
    a, b = ast.unparse(old).split(".")[-1], ast.unparse(new).split(".")[-1]
    if not another_gate(a, b):
        return "initial value" if _starts(change) else "wrong operand"
    # The derivative of i * g with respect to i is g: not a line of another gate.
    partners = ({"i", "g"}, {"i", "c"}, {"i", "n"}, {"z", "n"}, {"i", "a"})
    if {a.lower(), b.lower()} in partners and isinstance(change.statement, Assigning):
        target = ast.unparse(written(change.statement)[0])
        if re.search(rf"(?<![a-z]){re.escape(a)}\b|d\w*{re.escape(a)}\b", target):
            return "wrong operand"
    return "gate copied"


def _starts(change: Edited) -> bool:
    """Return whether a statement before a loop sets what the loop hands on."""
    if loops_in(change.around_new) or not isinstance(change.statement, Assigning):
        return False
    target = written(change.statement)[0]
    names = [ast.unparse(n) for n in ast.walk(target) if isinstance(n, ast.Name)]
    function = function_of(change.around_new)
    return any(
        isinstance(node, ast.For | ast.While)
        and node.lineno > change.statement.lineno
        and any(n in loaded(list(node.body)) and n in stored(list(node.body)) for n in names)
        for node in ast.walk(function)
    )


def _of_slopes(old: ast.expr, new: ast.expr, d: Difference, change: Edited) -> str:
    """Name a derivative that is taken of the wrong thing or by the wrong formula."""
    if is_slope([new], list(nodes_of(d.common))):
        applied = isinstance(old, ast.BinOp) and any(is_activation(n) for n in ast.walk(old))
        if (applied or activates(old, change.around_old)) and not any(
            is_activation(n) for n in ast.walk(new)
        ):
            return "derivative of an activated value"
        return "wrong derivative"
    inside = in_a_slope(d)
    powers = (isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow) for n in (old, new))
    if inside and (any(powers) or any(map(is_activation, (old, new)))):
        return "wrong derivative"
    return ""


def _of_opened(old: ast.expr, new: ast.expr, change: Edited) -> str:
    """Look up what a name was set to: it may be the other value with one more factor or term."""
    for was, becomes in ((old, opened(new, change)), (opened(old, change), new)):
        if was is None or becomes is None:
            continue
        found = differences(was, becomes)
        if len(found) == 1 and found[0].what == "factors":
            d = found[0]
            if not d.old or not d.new:
                return of_factors(list(d.old), list(d.new), list(d.common), change)
        if len(found) == 1 and found[0].what == "terms":
            kind = of_terms(found[0], change)
            gradient = GRADIENT.search(ast.unparse(old).rpartition(".")[2])
            carried = isinstance(old, ast.Name) and is_carried(
                old, change.statement, change.around_new
            )  # it is there: what lacks is no carry
            inside = bool(loops_in(change.around_new))
            told = ("carry not added", "spurious term") if inside else ("carry not added",)
            said = told if gradient and not carried else ()
            return kind if kind in said else "wrong operand"
    return ""


def _of_other(old: ast.AST, new: ast.AST, change: Edited) -> str:
    if isinstance(old, ast.arguments):
        if any(isinstance(x, ast.Dict | ast.List) for x in old.defaults):
            return "state between calls"
        return "late binding"
    return "wrong name" if isinstance(old, ast.keyword | ast.alias) else "wrong operand"
