"""Kinds of mistake that the place alone tells: in an index, in the bounds of a loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reference.debugger.texts.differences import Difference, Signed, addends
from reference.debugger.texts.edited import Edited
from reference.debugger.texts.roles import another_gate, called, loops_in, nodes_of, stored
from reference.debugger.texts.walks import RANGES, TURNS, are_reversed


def of_place(d: Difference, change: Edited) -> str:
    """Name what the place alone decides: an index, the bounds of a loop, a divisor."""
    inside = [*d.around, *nodes_of(d.new[:1])]
    sides = [*nodes_of(d.old), *nodes_of(d.new)]
    numbers = [n for n in sides if isinstance(n, ast.Constant) and isinstance(n.value, int)]
    if any(isinstance(n, ast.keyword) and n.arg == "dtype" for n in inside):
        return "wrong dtype"
    made = [n for n in d.around if called(n) in ("zeros", "empty", "ones", "zeros_like")]
    if any(n not in sides for n in made):
        return "index off by one" if numbers else "wrong shape"  # a row too many, or too few
    index = next((n for n in reversed(inside) if isinstance(n, ast.Subscript)), None)
    if d.what == "factors" and index is not None and _is_shape(index) and index not in d.around:
        return ""  # a size that is a factor
    if index is not None and _is_shape(index) and not any(called(n) in RANGES for n in inside):
        return "scale 1/B or 1/T" if _divides(index, inside) else "wrong shape"
    for outer, inner in zip([None, *inside], inside, strict=False):
        if isinstance(outer, ast.Dict) and inner in outer.keys:
            return "wrong name"
        if isinstance(outer, ast.keyword) and outer.arg in ("axis", "keepdims"):
            return "transposed" if any(called(n) == "stack" for n in inside) else "wrong shape"
        argument = isinstance(outer, ast.Call) and inner is not outer.func
        if (argument and called(outer) in TURNS and numbers == sides) or (
            isinstance(outer, ast.keyword) and outer.arg == "axes"
        ):
            return "transposed"
        if argument and called(outer) in ("sum", "mean") and numbers == sides:
            return "wrong shape"
        if argument and called(outer) == "reshape":
            return "wrong shape"
        if called(outer) == "einsum" and isinstance(inner, ast.Constant):
            return "transposed"
        if argument and called(outer) in RANGES:
            return "loop bounds"
        if isinstance(outer, ast.Compare) and numbers == sides:
            return "index off by one"
        if isinstance(outer, ast.Subscript) and inner is outer.slice:
            if _is_other_axis(d, outer):
                return "transposed"
            return _of_index(d, outer, change)
    if d.what == "replaced" and {type(node) for node in sides} == {ast.Compare}:
        return "index off by one"  # the turns at which it holds
    if d.what == "replaced" and called(d.old[0][1]) == called(d.new[0][1]) == "range":
        return "" if are_reversed(d.old[0][1], d.new[0][1]) else "loop bounds"
    return ""


def _is_shape(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"


def divides(d: Difference) -> bool:
    """Return whether a difference is in a divisor."""
    return any(_divides(node, [*d.around]) for node in nodes_of(d.new))


def _divides(node: ast.AST, inside: list[ast.AST]) -> bool:
    """Return whether a part of an expression is in a divisor."""
    return any(
        isinstance(outer, ast.BinOp)
        and isinstance(outer.op, ast.Div)
        and any(inner is node for inner in ast.walk(outer.right))
        for outer in inside
    )


def _is_other_axis(d: Difference, subscript: ast.Subscript) -> bool:
    """Whether ``w[:, j][k]`` stands for ``w[j][k]``, or the reverse: the axes exchanged."""
    if d.what != "replaced" or subscript.slice not in nodes_of((*d.old, *d.new)):
        return False
    indexed_again = any(isinstance(n, ast.Subscript) and n.value is subscript for n in d.around)
    for one, other in ((d.old[0][1], d.new[0][1]), (d.new[0][1], d.old[0][1])):
        if isinstance(other, ast.Tuple) and len(other.elts) == 2:
            first, last = other.elts
            whole = isinstance(first, ast.Slice) and first.lower is first.upper is first.step
            if not whole or ast.unparse(last) != ast.unparse(one):
                continue
            if indexed_again or isinstance(subscript.ctx, ast.Store):
                return True
    return False


def _of_index(d: Difference, subscript: ast.Subscript, change: Edited) -> str:
    if d.what == "swapped":
        return "transposed"
    if _goes_the_other_way(d, change):
        return "forward order"
    old, new = nodes_of(d.old), nodes_of(d.new)
    turned = [
        any(isinstance(n, ast.Slice) and is_backwards(n) for n in side) for side in (old, new)
    ]
    if turned[0] != turned[1]:
        return "forward order"
    names = all(isinstance(n, ast.Name) for n in (*old, *new)) and _is_product(subscript.slice)
    if names or (any(map(_is_product, old)) and any(map(_is_product, new))):
        return "wrong order"
    if not (len(old) == len(new) == 1 and _is_text(old[0]) and _is_text(new[0])) and any(
        _is_text(n) for node in [*old, *new] for n in ast.walk(node)
    ):
        return "wrong operand"  # a key that is put together
    if len(old) == len(new) == 1:
        was, becomes = old[0], new[0]
        if any(_is_whole(a) and not isinstance(b, ast.Slice) for a, b in
               ((was, becomes), (becomes, was))):  # fmt: skip
            return "wrong operand"
        if isinstance(was, ast.Slice) and isinstance(becomes, ast.Slice):
            if _is_other_end(was, becomes):
                return "wrong order"
            if _are_of_other_sizes(was, becomes, change):
                return "wrong operand"
            return "gate copied" if _are_blocks(was, becomes, change) else "index off by one"
        texts = [getattr(node, "value", None) for node in (was, becomes)]
        if isinstance(texts[0], str) and isinstance(texts[1], str):
            return of_names(texts[0], texts[1])
        block = any(isinstance(n, ast.Slice) for n in d.around)
        if _begins_there(d, becomes) and _are_of_other_sizes(was, becomes, change):
            return "wrong operand"
        names = [getattr(node, "id", "") for node in (was, becomes)]
        if not block and another_gate(*names):
            return "gate copied"
        numbers = isinstance(was, ast.Constant) and isinstance(becomes, ast.Constant)
        if (
            numbers
            and not loops_in(change.around_new)
            and not isinstance(subscript.slice, ast.Tuple)
        ):
            return "gate copied" if _is_weight(subscript.value) else "index off by one"
        if numbers and isinstance(subscript.slice, ast.Constant) and _is_weight(subscript.value):
            return "gate copied"
    return "index off by one"


def _goes_the_other_way(d: Difference, change: Edited) -> bool:
    """Return whether what counts the turns of a loop has one sign in one index, and another then.

    So are ``t`` and ``T - 1 - t``: the one goes up where the other goes down.
    """
    if d.what not in ("terms", "sign", "replaced"):
        return False
    counting = {
        name
        for loop in loops_in(change.around_new)
        for name in (
            stored([loop.target]) if isinstance(loop, ast.For) else stored(list(loop.body))
        )
    }
    signs = [dict(_signs((*side, *d.common))) for side in (d.old, d.new)]
    return any(signs[0].get(name, 0) * signs[1].get(name, 0) < 0 for name in counting)


def _signs(parts: tuple[Signed, ...]) -> Iterator[tuple[str, int]]:
    """Give the variables that are terms of a sum, with their signs."""
    for sign, node in ((sign * own, term) for sign, whole in parts for own, term in addends(whole)):
        if isinstance(node, ast.Name):
            yield node.id, sign


def _is_whole(node: ast.AST) -> bool:
    """Return whether an index is ``:``."""
    return isinstance(node, ast.Slice) and node.lower is node.upper is node.step is None


def _is_other_end(was: ast.Slice, becomes: ast.Slice) -> bool:
    """Return whether one slice counts a size from the end, and the other from the beginning."""
    ends = [
        any(isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub) for n in ast.walk(side))
        for side in (was, becomes)
    ]
    number = any(isinstance(n, ast.Constant) for side in (was, becomes) for n in ast.walk(side))
    return ends[0] != ends[1] and not number


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_product(node: ast.AST) -> bool:
    """Return whether an index counts by the rows or columns of a table: n * i + j."""
    if any(isinstance(n, ast.Slice) for n in ast.walk(node)):
        return False
    return any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)
               and not any(isinstance(side, ast.Constant) for side in (n.left, n.right))
               for n in ast.walk(node))  # fmt: skip


def _turning(change: Edited) -> set[str]:
    """Return the variables that count the turns of loops around a statement."""
    return {
        node.id
        for loop in loops_in(change.around_new)
        if isinstance(loop, ast.For)
        for node in ast.walk(loop.target)
        if isinstance(node, ast.Name)
    }


def _are_of_other_sizes(was: ast.AST, becomes: ast.AST, change: Edited) -> bool:
    """Return whether two places in an array are counted by other sizes: they are other blocks."""
    sizes = [{n.id for n in ast.walk(side) if isinstance(n, ast.Name)} for side in (was, becomes)]
    return sizes[0] != sizes[1] and all(some and not some & _turning(change) for some in sizes)


def _begins_there(d: Difference, node: ast.AST) -> bool:
    """Return whether both ends of a slice are counted from a place, as in ``p : p + n``."""
    slices = [n for n in d.around if isinstance(n, ast.Slice)]
    ends = [end for n in slices for end in (n.lower, n.upper)]
    return len(ends) == 2 and all(
        end is not None and any(ast.unparse(n) == ast.unparse(node) for n in ast.walk(end))
        for end in ends
    )


def _are_blocks(was: ast.Slice, becomes: ast.Slice, change: Edited) -> bool:
    """Return whether two slices are blocks of a size, as gates are stacked: not parts of time."""
    turning = _turning(change)
    for side in (was, becomes):
        names = {node.id for node in ast.walk(side) if isinstance(node, ast.Name)}
        ends = any(isinstance(n, ast.UnaryOp) for n in ast.walk(side))  # counted from the end
        shifted = re.search(r"[+-] 1\b|(?<!\d)1:", ast.unparse(side))
        if not names or ends or shifted or names & turning:
            return False
    return True


def _is_weight(node: ast.expr) -> bool:
    return bool(re.match(r"(W|U|R|V|b|w|p|kernel|bias|weight)", ast.unparse(node).split(".")[-1]))


def is_backwards(node: ast.Slice) -> bool:
    """Return whether a slice is ``::-1``."""
    return node.step is not None and ast.unparse(node.step) == "-1"


def of_names(old: str, new: str) -> str:
    """Name the mistake of one name in the place of another."""
    return "gate copied" if another_gate(old, new) else "wrong operand"
