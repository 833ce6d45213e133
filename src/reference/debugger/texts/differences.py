"""What differs between two expressions: terms of sums, factors of products, or single names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reference.debugger.texts.edited import dumped, same

Signed = tuple[int, ast.expr]  # +1 or -1, and a term; or +1 and -1 for a factor and a divisor


@dataclass(frozen=True)
class Difference:
    """One place at which two expressions differ.

    Parameters
    ----------
    what : str
        "terms", "factors", "sign", "swapped", "replaced".
    old, new : tuple of (sign, expression)
        What only the one and what only the other has.
    around : tuple of ast nodes
        Expressions of the new text that hold the place, outermost first.
    common : tuple of (sign, expression)
        The terms or factors that both have.
    """

    what: str
    old: tuple[Signed, ...]
    new: tuple[Signed, ...]
    around: tuple[ast.AST, ...] = ()
    common: tuple[Signed, ...] = ()


def differences(old: ast.AST, new: ast.AST, around: tuple[ast.AST, ...] = ()) -> list[Difference]:
    """Return where two expressions differ, each as deep inside them as can be told.

    Examples
    --------
    >>> old, new = (ast.parse(t, mode="eval").body for t in ("(a + b) @ W", "(a + b - c) @ W"))
    >>> (one,) = differences(old, new)
    >>> one.what, [(sign, ast.unparse(term)) for sign, term in one.new]
    ('terms', [(-1, 'c')])
    """
    return list(_differences(old, new, around))


def _differences(old: ast.AST, new: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Difference]:
    if same(old, new):
        return
    if isinstance(old, ast.Compare) and isinstance(new, ast.Compare) and not _same_signs(old, new):
        yield Difference("replaced", ((1, old),), ((1, new),), around)
        return
    if (
        _are_other_keys(old, new)
        or _chooses(old) != _chooses(new)
        or _wraps(old, new)
        or _wraps(new, old)
    ):
        yield Difference("replaced", _one(old), _one(new), around)
        return
    if isinstance(old, ast.expr) and isinstance(new, ast.expr):
        for one, other in ((old, new), (new, old)):
            rest = _without(one, factors(other))
            if rest is not None:
                gone, come = ((), rest) if other is new else (rest, ())
                yield Difference("factors", gone, come, (*around, new), tuple(factors(one)))
                return
        for parts, what in ((addends, "terms"), (factors, "factors")):
            mine, theirs = parts(old), parts(new)
            if len(mine) > 1 or len(theirs) > 1 or mine[0][0] != theirs[0][0]:
                yield from _of_parts(what, mine, theirs, (*around, new))
                return
    yield from _of_children(old, new, around)


def _chooses(node: ast.AST) -> bool:
    """Return whether an expression as a whole is ``np.where(...)`` of two values."""
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "where"
        and len(node.args) == 3
    )


def _wraps(node: ast.AST, inner: ast.AST) -> bool:
    """Return whether a call is given a whole sum or product, which stands there without it."""
    if not isinstance(node, ast.Call) or not isinstance(inner, ast.BinOp):
        return False
    of = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    given = [*of, *node.args]
    return any(same(argument, inner) or _wraps(argument, inner) for argument in given)


def _same_signs(old: ast.Compare, new: ast.Compare) -> bool:
    return [type(op) for op in old.ops] == [type(op) for op in new.ops]


def _of_parts(
    what: str, old: list[Signed], new: list[Signed], around: tuple[ast.AST, ...]
) -> Iterator[Difference]:
    gone, come, common = _cancelled(old, new)
    bracket = _in_a_bracket(gone, come) if what == "terms" else None
    if bracket is not None:
        yield Difference("factors", *bracket, around)
        return
    if what == "terms" and gone and come and len(gone) + len(come) > 2:
        # A factor before a bracket, and the same without the bracket.
        wide = _cancelled(_multiplied_out(old), _multiplied_out(new))
        if len(wide[0]) + len(wide[1]) <= len(gone) + len(come) and wide[2]:
            gone, come, common = wide
    if what == "terms" and len(gone) == len(come) == 1 and gone[0][0] != come[0][0]:
        # -f * x for (1 - f) * x lacks x: the sign is right.
        wide = _cancelled(*(_multiplied_out(side, _is_sum) for side in (gone, come)))
        if len(wide[0]) + len(wide[1]) == 1:
            gone, come, common = wide
    if len(gone) == len(come) == 1:
        (sign, was), (other, becomes) = gone[0], come[0]
        if sign != other:
            known = same(was, becomes)
            name = "sign" if known and what == "terms" else what
            yield Difference(name, tuple(gone), tuple(come), around, tuple(common))
        else:
            yield from _differences(was, becomes, around)
        return
    if what == "terms" and len(gone) == len(come) > 1 and _turned(gone, come):
        yield Difference("sign", tuple(gone), tuple(come), around, tuple(common))
        return
    if what == "terms" and len(gone) == len(come):
        for (_, was), (_, becomes) in zip(gone, come, strict=True):
            yield from _differences(was, becomes, around)
        return
    if what == "factors" and len(gone) == len(come) > 1 and all(map(_indexed, gone, come)):
        for (_, was), (_, becomes) in zip(gone, come, strict=True):
            yield from _differences(was, becomes, around)
        return
    if what == "factors" and len(gone) == len(come) > 1 and (pair := _renamed(gone, come)):
        yield Difference("replaced", _one(pair[0]), _one(pair[1]), around)
        return
    if what == "factors":
        # A term that is missing from a bracket, or one too many: the bracket is one factor.
        for one, other, turned in ((gone, come, False), (come, gone, True)):
            if len(other) == 1 and len(addends(other[0][1])) > 1 and one and other[0][0] > 0:
                product = _product(one)
                if any(same(_product(factors(term)), product) for _, term in addends(other[0][1])):
                    pair = (other[0][1], product) if turned else (product, other[0][1])
                    yield from _differences(*pair, around)
                    return
    yield Difference(what, tuple(gone), tuple(come), around, tuple(common))


def _renamed(old: list[Signed], new: list[Signed]) -> tuple[ast.Name, ast.Name] | None:
    """Return the one name that stands for another in all of several factors."""
    pairs = {}
    for (sign, was), (other, becomes) in zip(old, new, strict=True):
        mine, theirs = ([n for n in ast.walk(side) if isinstance(n, ast.Name)]
                        for side in (was, becomes))  # fmt: skip
        pairs |= {(a.id, b.id): (a, b) for a, b in zip(mine, theirs, strict=False) if a.id != b.id}
        if sign != other or len(pairs) != 1:
            return None
        ((a, b),) = pairs
        if re.sub(rf"\b{a}\b", b, ast.unparse(was)) != ast.unparse(becomes):
            return None
    return next(iter(pairs.values()))


def _in_a_bracket(
    old: list[Signed], new: list[Signed]
) -> tuple[tuple[Signed, ...], tuple[Signed, ...]] | None:
    """Return the factors that terms got or lost together: (x - y) / s for x - y."""
    for one, other in ((old, new), (new, old)):
        if len(one) < 2 or len(other) != 1 or other[0][0] < 0:
            continue
        parts = factors(other[0][1])
        for part in parts:
            rest = tuple(p for p in parts if p is not part)
            gone, come, _ = _cancelled(one, addends(part[1]))
            if rest and part[0] > 0 and not gone and not come:
                return ((), rest) if other is new else (rest, ())
    return None


def _indexed(old: Signed, new: Signed) -> bool:
    """Return whether a factor is another part of the same array."""
    (sign, was), (other, becomes) = old, new
    bases = [n.value if isinstance(n, ast.Subscript) else n for n in (was, becomes)]
    return sign == other and (same(bases[0], becomes) or same(bases[1], was) or same(*bases))


def _turned(old: list[Signed], new: list[Signed]) -> bool:
    """Return whether terms are the same but for their signs."""
    return sorted((-s, dumped(n)) for s, n in old) == sorted((s, dumped(n)) for s, n in new)


def _without(node: ast.expr, parts: list[Signed]) -> tuple[Signed, ...] | None:
    """Return the other factors of a product that has a sum as one factor."""
    if len(parts) < 2 or len(addends(node)) < 2:
        return None
    mine = sorted((sign, dumped(term)) for sign, term in addends(node))
    for k, (power, factor) in enumerate(parts):
        if power > 0 and sorted((s, dumped(t)) for s, t in addends(factor)) == mine:
            return tuple(parts[:k] + parts[k + 1 :])
    return None


def _of_children(old: ast.AST, new: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Difference]:
    exchanged = _exchanged(old, new)
    if exchanged:
        gone, come = zip(*exchanged, strict=True)
        yield Difference("swapped", gone, come, (*around, new))
        return
    mine, theirs = ([n for n in ast.iter_child_nodes(side) if _tells(n)] for side in (old, new))
    if _stands_alone(old, new) or not mine or len(mine) != len(theirs):
        yield Difference("replaced", _one(old), _one(new), around)
        return
    for was, becomes in zip(mine, theirs, strict=True):
        yield from _differences(was, becomes, (*around, new))


def _stands_alone(old: ast.AST, new: ast.AST) -> bool:
    """Return whether the difference is between the two wholes, not between parts of them."""
    if type(old) is not type(new) or _fields(old) != _fields(new):
        return True
    if isinstance(old, ast.Slice) and isinstance(new, ast.Slice):
        ends = [(getattr(old, end), getattr(new, end)) for end in ("lower", "upper", "step")]
        apart = [(a, b) for a, b in ends if a is None or b is None or not same(a, b)]
        return len([(a, b) for a, b in apart if a is not b]) > 1 or any(
            (a is None) != (b is None) for a, b in apart
        )
    if isinstance(old, ast.Subscript) and isinstance(new, ast.Subscript):
        arrays = ast.Name | ast.Attribute
        if isinstance(old.value, arrays) and isinstance(new.value, arrays):
            another = not same(old.value, new.value) and not same(old.slice, new.slice)
            if another:  # another array, which has its own index
                return True
        return same(old.value, new) or same(new.value, old)
    if isinstance(old, ast.Call) and isinstance(new, ast.Call):
        names = [getattr(call.func, "attr", "") for call in (old, new)]
        method = names[0] == names[1] != "" and len(old.args) == len(new.args)
        return not method and not same(old.func, new.func)
    return isinstance(old, ast.Name | ast.Constant)


def _are_other_keys(old: ast.AST, new: ast.AST) -> bool:
    """Return whether two texts that are put together, as keys of a dict, differ in both parts."""
    texts = [n for side in (old, new) for n in (getattr(side, "left", None),)
             if isinstance(n, ast.Constant) and isinstance(n.value, str)]  # fmt: skip
    return (
        isinstance(old, ast.BinOp)
        and isinstance(new, ast.BinOp)
        and len(texts) == 2
        and not same(*texts)
        and not same(old.right, new.right)
    )


def _exchanged(old: ast.AST, new: ast.AST) -> list[tuple[Signed, Signed]]:
    """Return the elements of a tuple that stand in each other's place."""
    if not (isinstance(old, ast.Tuple | ast.List) and isinstance(new, ast.Tuple | ast.List)):
        return []
    if sorted(map(dumped, old.elts)) != sorted(map(dumped, new.elts)):
        return []
    pairs = zip(old.elts, new.elts, strict=True)
    return [((1, a), (1, b)) for a, b in pairs if not same(a, b)]


def _tells(node: ast.AST) -> bool:
    return not isinstance(node, ast.expr_context | ast.operator | ast.unaryop)


def _fields(node: ast.AST) -> list[str]:
    """Return what a node says itself: operators, names of keywords and arguments, constants."""
    return [
        type(value).__name__ if isinstance(value, ast.AST) else repr(value)
        for name, value in ast.iter_fields(node)
        if isinstance(value, ast.operator | ast.unaryop | str | int) and name != "ctx"
    ]


def _one(node: ast.AST) -> tuple[Signed, ...]:
    # Keywords and slices stand here, too, which the syntax tree does not count as expressions.
    return ((1, node),)  # type: ignore[return-value]


def _cancelled(old: list[Signed], new: list[Signed]):
    """Return what only the one has, what only the other has, and what both have."""
    rest, gone, common = list(new), [], []
    for sign, node in old:
        twin = next((k for k, (s, n) in enumerate(rest) if s == sign and same(n, node)), None)
        if twin is None:
            gone.append((sign, node))
        else:
            common.append(rest.pop(twin))
    return gone, rest, common


def addends(node: ast.expr, sign: int = 1) -> list[Signed]:
    """Return the terms of a sum with their signs; a value that is no sum is its only term."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        second = -sign if isinstance(node.op, ast.Sub) else sign
        right = [(second, node.right)] if _is_complement(node.right) else None
        return addends(node.left, sign) + (right or addends(node.right, second))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return addends(node.operand, -sign if isinstance(node.op, ast.USub) else sign)
    return [(sign, node)]


def _is_complement(node: ast.expr) -> bool:
    """Whether a value is 1 - x, in brackets: one thing, and no two terms."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and isinstance(node.left, ast.Constant)
        and node.left.value == 1
    )


def factors(node: ast.expr, power: int = 1) -> list[Signed]:
    """Return the factors of a product (1) and its divisors (-1)."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        second = -power if isinstance(node.op, ast.Div) else power
        return factors(node.left, power) + factors(node.right, second)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        twice = isinstance(node.right, ast.Constant) and node.right.value == 2
        if twice and isinstance(node.left, ast.BinOp):
            return [(power, node.left)] * 2
    return [(power, node)]


def _is_sum(node: ast.expr) -> bool:
    return len(addends(node)) > 1


def _is_bracket(node: ast.expr) -> bool:
    """Whether a factor is a sum to be multiplied out: 1 - x is left as it is."""
    return _is_sum(node) and not any(isinstance(term, ast.Constant) for _, term in addends(node))


def _multiplied_out(
    terms: list[Signed], opens: Callable[[ast.expr], bool] = _is_bracket
) -> list[Signed]:
    found: list[Signed] = []
    for sign, node in terms:
        parts = factors(node)
        at = next((k for k, (power, f) in enumerate(parts) if power > 0 and opens(f)), None)
        if at is None:
            found.append((sign, _product(parts)))
            continue
        (_, bracket) = parts.pop(at)
        opened = [(sign * s, _product([(1, term), *parts])) for s, term in addends(bracket)]
        found += _multiplied_out(opened, opens)
    return found


def _product(parts: list[Signed]) -> ast.expr:
    flat = [f for power, node in parts for f in factors(node, power)]
    flat = [f for f in flat if ast.unparse(f[1]) not in ("1", "1.0")] or flat
    flat.sort(key=lambda part: (-part[0], dumped(part[1])))
    (_, node), *rest = flat
    for power, factor in rest:
        node = ast.BinOp(node, ast.Mult() if power > 0 else ast.Div(), factor)
    return node
