"""Kinds of mistake that the functions tell: sums and means, transposes, order, copies, results."""

from __future__ import annotations

import ast
import re

from reference.debugger.naming.kinds_by_place import is_backwards, of_names
from reference.debugger.texts.differences import Signed, factors
from reference.debugger.texts.edited import dumped, same
from reference.debugger.texts.roles import called, is_activation, is_zero
from reference.debugger.texts.walks import RANGES, TURNS, are_reversed, are_turned

_SUMS, _MEANS = ("sum", "nansum"), ("mean", "average", "nanmean")
_SHAPES = ("reshape", "ravel", "flatten", "squeeze", "expand_dims", "broadcast_to", "atleast_2d",
           "tile", "repeat", "diag", "diagonal")  # fmt: skip
_PRODUCTS = ("dot", "matmul", "inner", "multiply", "vdot", "einsum", "tensordot")
_ENDS = ("pop", "popleft", "appendleft", "append", "insert", "extendleft", "next")
_NUMBERS = ("float32", "float16", "int", "int32", "int64", "half", "single", "round", "rint")
_ENDS_CUT = re.compile(r"(:, )*(\d+:|:-?\d+|[A-Z]\w*:|:-\w+)(, :)*")
_BACK = re.compile(r"(?i:back|bwd|grad|deriv|prime|slope|vjp|pull|adj)|^d_|^d[A-Z]")
_COPIES = ("copy", "array", "deepcopy")
_VIEWS = ("reshape", "ravel", "view", "squeeze", "asarray")


def of_calls(old: ast.AST, new: ast.AST) -> str:
    """Name what the functions say that are called."""
    a, b = called(old), called(new)
    if is_product(old) and b == "outer":
        return "dot for outer"
    if (a in _PRODUCTS and b == "outer") or (a == "outer" and b in _PRODUCTS):
        return "dot for outer"
    summed = b in _SUMS or b in _PRODUCTS or is_product(new)
    if a in _MEANS and summed:
        return "mean for sum"
    if b in _MEANS and a in _SUMS:
        return "scale 1/B or 1/T"
    if a == b in ("stack", "concatenate") and _axis(old) != _axis(new):
        return "transposed" if a == "stack" else "wrong shape"
    if _is_looked_at(old, new) or _is_looked_at(new, old):
        ends = [_is_first(node) for node in (old, new)]
        return "wrong operand" if ends[0] == ends[1] else "forward order"
    if "roll" in (a, b) and a != b:
        return "index off by one"  # the last entry stands before the first
    if b == "copy" and a in _VIEWS and _is_of(old, new):
        return "aliasing"  # in another shape it is the same memory
    if _turned(old) != _turned(new) or a == b == "einsum" or are_turned(old, new):
        return "transposed"
    if _is_one_of(old, new):
        return "missing path"
    orders = [[ast.unparse(k.value) for k in getattr(n, "keywords", []) if k.arg == "order"]
              for n in (old, new)]  # fmt: skip
    if orders[0] != orders[1]:
        return "wrong order"
    dtypes = [_dtype(old), _dtype(new)]
    if _is_like_another_kind(old, new) or _is_like_another_kind(new, old):
        return "wrong dtype"
    if dtypes[0] != dtypes[1] and (a == b or is_zero(old) or "astype" in (a, b)):
        return "wrong dtype"
    if _of_shape(old) and _of_shape(new) and a and b and a != b:
        return "wrong order"
    if (a in _SUMS and b in _SUMS) or (_of_shape(old) != _of_shape(new)):
        return "wrong shape"
    return ""


def is_product(node: ast.AST) -> bool:
    """Return whether a value is a product of arrays as matrices."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def are_other_ends(old: ast.AST, new: ast.AST) -> bool:
    """Return whether something is put to, or taken from, the other end of a list."""
    a, b = called(old), called(new)
    return a in _ENDS and b in _ENDS and (a != b or _arguments(old) != _arguments(new))


def _is_of(old: ast.AST, new: ast.AST) -> bool:
    """Return whether two methods are of the same value."""
    of = [n.func.value for n in (old, new)
          if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]  # fmt: skip
    return len(of) == 2 and same(*of)


def _axis(node: ast.AST) -> str:
    """Return along which axis arrays are put together, where all else is left to the arrays."""
    assert isinstance(node, ast.Call)
    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "axis")]
    return ast.unparse(given[0]) if given else "0"


def _is_looked_at(node: ast.AST, other: ast.AST) -> bool:
    """Return whether an end of a list is looked at that the other text takes off it."""
    return (
        isinstance(node, ast.Subscript)
        and called(other) in ("pop", "popleft")
        and isinstance(other, ast.Call)
        and isinstance(other.func, ast.Attribute)
        and same(node.value, other.func.value)
    )


def _is_first(node: ast.AST) -> bool:
    """Return whether the first element of a list is looked at, or taken off it."""
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.slice) == "0"
    first = isinstance(node, ast.Call) and [ast.unparse(n) for n in node.args] == ["0"]
    return first or called(node) == "popleft"


def _is_one_of(node: ast.AST, whole: ast.AST) -> bool:
    """Return whether one entry of an array is read, and in the other text the array in a shape."""
    numbers = ast.Constant | ast.UnaryOp
    return (
        isinstance(node, ast.Subscript)
        and called(whole) in _SHAPES
        and any(same(n, node.value) for n in ast.walk(whole))
        and any(isinstance(part, numbers) and ast.unparse(part) != "None"
                for part in getattr(node.slice, "elts", [node.slice]))
    )  # fmt: skip


def _is_like_another_kind(node: ast.AST, other: ast.AST) -> bool:
    """Return whether zeros are of the kind of an array in one text, and of its shape in both."""
    if called(node) not in ("zeros_like", "empty_like") or called(other) not in ("zeros", "empty"):
        return False
    given = [n.args[0] for n in (node, other) if isinstance(n, ast.Call) and n.args]
    return len(given) == 2 and ast.unparse(given[1]) == f"{ast.unparse(given[0])}.shape"


def _arguments(node: ast.AST) -> int:
    return len(node.args) if isinstance(node, ast.Call) else 0


def _turned(node: ast.AST) -> int:
    """Count the transposes around a value."""
    count = 0
    while True:
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            node, count = node.value, count + 1
        elif called(node) in TURNS and isinstance(node, ast.Call):
            called_on = node.func.value if isinstance(node.func, ast.Attribute) else None
            method = called_on is not None and ast.unparse(called_on) != "np"
            node = called_on if method and called_on is not None else node.args[0]
            count += 1
        else:
            return count % 2


def _dtype(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        if called(node) == "astype":
            return ast.unparse(node.args[0]) if node.args else ""
        if called(node) in ("zeros", "ones", "empty", "array", "asarray") and len(node.args) == 2:
            return ast.unparse(node.args[1])
        return next((ast.unparse(k.value) for k in node.keywords if k.arg == "dtype"), "")
    return ""


def _of_shape(node: ast.AST) -> bool:
    if called(node) in _SHAPES:
        return True
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return any(ast.unparse(part) in ("None", "np.newaxis") for part in parts)
    return False


def of_order(old: ast.AST, new: ast.AST) -> str:
    """Name a sequence that is walked the wrong way, or a kernel that must be flipped."""
    if are_reversed(old, new):
        return "forward order"
    if _is_permuted(old, new):
        return "wrong order"
    if _reversed(old) == _reversed(new):
        return "wrong order" if _reversed(old) and not same(old, new) else ""
    inner = new if _reversed(new) else old
    of = ast.unparse(inner.value) if isinstance(inner, ast.Subscript) else ast.unparse(inner)
    kernel = re.fullmatch(r"(\w+\.)*(k|kernel|filt\w*|w|W\w*|taps)(\[.*\])?", of)
    return "transposed" if kernel else "forward order"


def _is_permuted(old: ast.AST, new: ast.AST) -> bool:
    """Return whether a text has the letters of another, each once, in another order."""
    texts = [getattr(node, "value", None) for node in (old, new)]
    if not all(isinstance(text, str) and text.isalpha() for text in texts):
        return False
    one, other = (sorted(str(text)) for text in texts)
    return one == other and len(set(one)) == len(one) > 1


def _reversed(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        turned = any(isinstance(part, ast.Slice) and is_backwards(part) for part in parts)
        return turned != (any(isinstance(p, ast.Slice) for p in parts) and _reversed(node.value))
    if called(node) in ("list", "enumerate", "tuple", "array") and isinstance(node, ast.Call):
        return any(map(_reversed, node.args))
    return bool(re.search(r"^(flip|flipud)$|revers", called(node)))


def of_content(old: ast.AST, new: ast.AST) -> str:
    """Name a value that is wrapped in something, or has lost what it was wrapped in."""
    wrapped = any(same(n, old) for n in ast.walk(new))
    if _copies(new, old) or _copies(old, new):
        return "aliasing"  # or what is written to the copy was for what it is a copy of
    if _adds_parts(new) and not _adds_parts(old):
        return "missing path"
    if called(old) in _NUMBERS and any(same(n, new) for n in ast.walk(old)):
        return "wrong dtype"
    if {called(old), called(new)} & {"pop", "popleft"}:
        return "wrong operand"  # another record than the one that was looked at
    chosen = of_choice(old, new)
    if chosen:
        return chosen
    if "sorted" in (called(old), called(new)) and called(old) != called(new):
        return "wrong order"
    if (wrapped and called(new) in _SUMS) or _summed(old, new):
        return "wrong shape"
    inner = old.func.value if called(old) == "copy" and isinstance(old, ast.Call) and isinstance(
        old.func, ast.Attribute) else old  # fmt: skip
    if (
        (is_product(new) or called(new) == "dot")
        and any(same(n, inner) for n in ast.walk(new))
        and not isinstance(old, ast.Constant)
    ):
        return "missing factor"
    whole = next((w for w, part in ((old, new), (new, old)) if isinstance(w, ast.Subscript)
                  and (same(w.value, part) or called(w.value) == called(part) != "")),
                 None)  # fmt: skip
    if whole is not None and _ENDS_CUT.fullmatch(_index_of(whole)):
        return "index off by one"
    if isinstance(new, ast.IfExp):
        arms = (new.body, new.orelse)
        products = [arm for arm in arms if len(factors(arm)) > 1 and not same(arm, old)]
        if len(products) == 1 and any(same(f, old) for _, f in factors(products[0])):
            return "missing factor"  # at some turns
        if isinstance(old, ast.Subscript) and any(_is_part(arm, old.value) for arm in arms):
            return "index off by one"
        if any(same(arm, old) for arm in arms):
            return "missing path"
    if isinstance(old, ast.Call) and "clip" in called(old) and "clip" not in ast.unparse(new):
        return "clipped"
    if (
        isinstance(old, ast.Call)
        and called(old) in ("minimum", "maximum")
        and (any(same(n, new) for n in ast.walk(old)))
    ):
        counts = any(called(n) in RANGES for n in ast.walk(new))
        return "index off by one" if counts else "clipped"
    if is_activation(old) and any(same(n, new) for n in ast.walk(old)):
        return "derivative of an activated value"
    if isinstance(old, ast.Lambda) or isinstance(new, ast.Lambda):
        return "late binding"
    return _of_results(old, new)


def _adds_parts(node: ast.AST) -> bool:
    """Return whether a value is the sum of what a comprehension makes."""
    return (
        called(node) == "sum"
        and isinstance(node, ast.Call)
        and any(isinstance(a, ast.GeneratorExp | ast.ListComp) for a in node.args)
    )


def _copies(node: ast.AST, of: ast.AST) -> bool:
    """Return whether a value is a copy of another, or a list or dict of copies of what it holds."""
    if isinstance(node, ast.ListComp | ast.DictComp):
        element = node.elt if isinstance(node, ast.ListComp) else node.value
        return called(element) in _COPIES and any(same(n, of) for n in ast.walk(node))
    return called(node) in _COPIES and any(same(n, of) for n in ast.walk(node))


def of_choice(old: ast.AST, new: ast.AST) -> str:
    """Name ``np.where(m, x, y)`` for x, or the reverse: with zeros for y it is a factor.

    Examples
    --------
    >>> one, other = (ast.parse(t, mode="eval").body for t in ("d * f", "np.where(m, f * d, 0)"))
    >>> of_choice(one, other), of_choice(other, one)
    ('missing factor', 'spurious factor')
    """
    for whole, part, kinds in (
        (new, old, ("missing factor", "missing path")),
        (old, new, ("spurious factor", "spurious term")),
    ):
        if isinstance(whole, ast.Call) and called(whole) == "where" and len(whole.args) == 3:
            arms = whole.args[1:]
            if kind := _of_gate(whole, part, whole is new):
                return kind
            for arm, other in (arms, arms[::-1]):
                if _product_of(arm) == _product_of(part):
                    return kinds[0] if is_zero(other) else kinds[1]
    return ""


def _of_gate(whole: ast.Call, part: ast.AST, is_right: bool) -> str:
    """Name ``np.where(m, x, 0)``, which is m * x, in the place of a product, or the reverse."""
    if not is_zero(whole.args[2]):
        return ""
    gated = {*_product_of(whole.args[1]), f"1 {dumped(whole.args[0])}"}
    mine, theirs = (set(_product_of(part)), gated) if is_right else (gated, set(_product_of(part)))
    if mine < theirs:
        return "missing factor"
    return "spurious factor" if mine > theirs else ""


def _product_of(node: ast.AST) -> list[str]:
    """Return the factors of a value as texts, in an order of their own."""
    parts = factors(node) if isinstance(node, ast.expr) else []
    return sorted(f"{power} {dumped(factor)}" for power, factor in parts)


def _is_part(node: ast.expr, whole: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and same(node.value, whole)


def _summed(old: ast.AST, new: ast.AST) -> bool:
    """Return whether a value is the sum over some axis of what should stand there."""
    if not isinstance(old, ast.Call) or called(old) not in _SUMS:
        return False
    inner = [*old.args[:1], *([old.func.value] if isinstance(old.func, ast.Attribute) else [])]
    return any(same(n, new) for n in inner)


def _index_of(node: ast.Subscript) -> str:
    return ast.unparse(node.slice).strip("()")


def of_function(old: list[ast.expr], new: ast.AST) -> bool:
    """Return whether factors stand for a function of all that is in them, and of more.

    That function is the derivative of another, of which the factors are one part.
    """
    if not isinstance(new, ast.Call) or not _BACK.search(called(new)):
        return False
    mine, theirs = (
        {
            ast.unparse(n)
            for part in side
            for n in ast.walk(part)
            if isinstance(n, ast.Name | ast.Attribute)
        }
        for side in (old, [new])
    )
    return len(mine) > 1 and mine < theirs


_ELEMENTARY = (
    "sin", "cos", "tan", "exp", "expm1", "log", "log1p", "sqrt", "abs", "absolute", "sign", "tanh",
    "cosh", "sinh", "arctan", "reciprocal", "maximum", "log2", "sigmoid",
)  # fmt: skip


def are_functions_of_one(old: list[Signed], new: list[Signed]) -> bool:
    """Return whether two products are other functions of the same: as log x and 1 / x are.

    Examples
    --------
    >>> one, other = (ast.parse(t, mode="eval").body for t in ("np.sqrt(v)", "0.5 / np.sqrt(v)"))
    >>> are_functions_of_one(factors(one), factors(other))
    True
    """
    mine, theirs = (
        {n.id for _, one in side for n in ast.walk(one) if isinstance(n, ast.Name)} - {"np", "math"}
        for side in (old, new)
    )
    return bool(mine) and mine == theirs and _applied(old) != _applied(new)


def _applied(side: list[Signed]) -> list[str]:
    """Return the elementary functions and powers in factors and divisors."""
    nodes = [(sign, n) for sign, one in side for n in ast.walk(one)]
    powers = [dumped(n) for _, n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow)
              and isinstance(n.right, ast.Constant | ast.UnaryOp | ast.BinOp)]  # fmt: skip
    calls = [f"{sign} {called(n)}" for sign, n in nodes if called(n) in _ELEMENTARY]
    return sorted(calls + powers)


def _of_results(old: ast.AST, new: ast.AST) -> str:
    if isinstance(new, ast.Dict):
        if not isinstance(old, ast.Dict):
            return "wrong name"
        mine, theirs = ([ast.unparse(k) for k in node.keys if k] for node in (old, new))
        return "never returned" if set(mine) < set(theirs) else "wrong name"
    if isinstance(new, ast.DictComp):
        return "wrong name"
    if isinstance(old, ast.Tuple | ast.List) and isinstance(new, ast.Tuple | ast.List):
        if isinstance(old, ast.List) and not old.elts:
            return "initial value"  # the list is begun with nothing in it
        return "never returned" if len(new.elts) > len(old.elts) else "wrong order"
    texts = [getattr(node, "value", None) for node in (old, new)]
    if isinstance(texts[0], str) and isinstance(texts[1], str):
        return of_names(texts[0], texts[1])
    return ""
