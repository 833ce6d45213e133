"""What names and short expressions stand for in recurrent code: gates, sizes, slopes, carries."""

from __future__ import annotations

import ast
import re
from typing import AnyStr

from reference.debugger.texts.differences import Signed, addends, factors
from reference.debugger.texts.edited import Edited, Loop, Parents, same

_GATES = frozenset("ifogzrun")
_GATE_WORDS = frozenset(
    ("input", "forget", "output", "cell", "candidate", "cand", "update", "reset", "ingate",
     "outgate")
)  # fmt: skip
_WEIGHTS = frozenset("WURVbwpBP")
_ACTIVATIONS = re.compile(r"(tanh|sigm|^sig$|logistic|expit|softplus|relu|^act$|activ)", re.I)
_SLOPES = re.compile(r"(^d_?(tanh|sig|relu|act|f$)|deriv|prime|slope|_grad$|_bwd$|heaviside)", re.I)
_LATER = re.compile(r"(next|prev|carry|carried|_rec\b|_?back\b|future|later|after)", re.I)
GRADIENT = re.compile(r"^(d|grad|g_|delta|adj|bar_|carry)|(_bar|_adj|_grad|carry|_rec)$", re.I)
_SIZES = re.compile(
    r"^(B|T|N|M|n|b|m|batch|batch_size|steps|n_steps|\w*_len|lengths?|counts?|total|num_\w+|n_\w+)$"
)
_ZEROS = ("zeros", "zeros_like", "empty", "empty_like")


# Names.


def words_of(name: str) -> list[str]:
    """Return the parts of an identifier: ``dW_fx`` gives d, W, fx."""
    return [w for w in re.split(r"_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\d+", name) if w]


def apart_from_ends(a: AnyStr, b: AnyStr) -> tuple[AnyStr, AnyStr, AnyStr, AnyStr]:
    """Return how two texts begin alike, what is different in each, and how they end alike.

    Examples
    --------
    >>> apart_from_ends("past_h", "past_c"), apart_from_ends("dhr", "dcr")
    (('past_', 'h', 'c', ''), ('d', 'h', 'c', 'r'))
    """
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[:start], a[start : len(a) - end], b[start : len(b) - end], a[len(a) - end :]


def another_gate(a: str, b: str) -> bool:
    """Return whether two names differ in the gate that they belong to, and in nothing else.

    Examples
    --------
    >>> another_gate("di", "df"), another_gate("W_xi", "W_xo"), another_gate("h_prev", "h")
    (True, True, False)
    """
    if a == b or not a or not b:
        return False
    before, one, other, after = apart_from_ends(a, b)
    if {one.lower(), other.lower()} <= _GATES and len(one) == len(other) == 1:
        return not before or len(before) <= 3 or before.endswith("_") or after.startswith("_")
    if len(one) == len(other) == 1 and any(w in _WEIGHTS for w in before[-2:]):
        return {one.lower(), other.lower()} <= _GATES | set("chaks") - {"x"}
    mine, theirs = [w.lower() for w in words_of(a)], [w.lower() for w in words_of(b)]
    apart = [(x, y) for x, y in zip(mine, theirs, strict=False) if x != y]
    return len(mine) == len(theirs) and len(apart) == 1 and set(apart[0]) <= _GATE_WORDS


def names_in(node: ast.AST) -> set[str]:
    """Return the names and attributes that an expression reads."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def called(node: ast.AST | None) -> str:
    """Return the name of the function or method that an expression calls, or nothing."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def place_of(node: ast.expr) -> str:
    """Return the variable or attribute that a place is in, whatever its indices: as text."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)


# Short expressions.


def is_zero(node: ast.AST | None) -> bool:
    """Return whether an expression is zero for everyone to see."""
    if isinstance(node, ast.Constant):
        return node.value in (0, 0.0) and node.value is not False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return is_zero(node.left) or is_zero(node.right)
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(map(is_zero, node.elts))
    if called(node) in ("full_like", "full"):
        assert isinstance(node, ast.Call)
        return len(node.args) > 1 and is_zero(node.args[1])
    if isinstance(node, ast.DictComp):
        return is_zero(node.value)
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return is_zero(node.elt)
    if isinstance(node, ast.Dict):
        return bool(node.values) and all(map(is_zero, node.values))
    return called(node) in _ZEROS


def is_empty(node: ast.AST | None) -> bool:
    """Return whether a value is zero, or a list or dict that holds nothing."""
    return is_zero(node) or (
        node is not None and ast.unparse(node) in ("[]", "{}", "list()", "dict()")
    )


def is_size(node: ast.AST) -> bool:
    """Return whether an expression counts something: a batch, steps, entries, unmasked ones."""
    if isinstance(node, ast.Call):
        inner = node.func.value if isinstance(node.func, ast.Attribute) else node
        if called(node) in ("sum", "count_nonzero"):
            of = [inner, *node.args]
            return any("mask" in n.lower() or "len" in n.lower() for x in of for n in names_in(x))
        if called(node) in ("len", "size", "prod"):
            return True
        return called(node) in ("float", "max", "maximum") and any(map(is_size, node.args))
    if isinstance(node, ast.Attribute):
        return node.attr == "size" or bool(_SIZES.match(node.attr))
    if isinstance(node, ast.Subscript):
        if "None" in ast.unparse(node.slice):  # one for each sequence; m[:, None] is a mask
            return len(ast.unparse(node.value)) > 1 and is_size(node.value)
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add | ast.Sub):
        sides = [s for s in (node.left, node.right) if not isinstance(s, ast.Constant)]
        return bool(sides) and all(map(is_size, sides))
    return isinstance(node, ast.Name) and bool(_SIZES.match(node.id))


def is_activation(node: ast.AST) -> bool:
    """Return whether an expression applies tanh, a sigmoid or the like."""
    return bool(_ACTIVATIONS.search(called(node))) and not _SLOPES.search(called(node))


def activates(node: ast.AST, around: Parents) -> bool:
    """Return whether an expression calls a function of the user's that activates its argument."""
    name = called(node)
    for function in ast.walk(around[0]) if name and around else ():
        if isinstance(function, ast.FunctionDef) and function.name == name:
            argument = next((a.arg for a in function.args.args if a.arg != "self"), None)
            return any(
                isinstance(inner, ast.Call)
                and (is_activation(inner) or called(inner) == "exp")
                and argument in names_in(inner)
                for inner in ast.walk(function)
            )
    return False


def is_slope(added: list[ast.expr], beside: list[ast.expr]) -> bool:
    """Return whether factors are the derivative of an activation, or the half that was missing.

    Parameters
    ----------
    added : list of expressions
    beside : list of expressions
        The other factors of the product.
    """
    if any(_slope(node, added) for node in added):
        return True
    halves = [node for node in added if _completes(node, beside)]
    return len(halves) == len(added) > 0


def _completes(node: ast.expr, beside: list[ast.expr]) -> bool:
    """Return whether a factor is the other half of s * (1 - s)."""
    return _slope(node, beside) or any(
        (rest := _complement(other)) is not None and same(rest, node) for other in beside
    )


def _slope(node: ast.expr, product: list[ast.expr]) -> bool:
    if isinstance(node, ast.Compare):
        return any(isinstance(c, ast.Constant) for c in [node.left, *node.comparators])
    if isinstance(node, ast.Call):
        function = node.func
        if called(node) in ("astype", "float64", "asarray", "where", "float", "array"):
            inner = [function.value] if isinstance(function, ast.Attribute) else []
            return any(isinstance(n, ast.Compare) for n in [*inner, *node.args])
        flags = {k.arg for k in node.keywords} & {"derivative", "deriv", "prime", "grad"}
        return bool(_SLOPES.search(called(node))) or bool(flags)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return called(node.left) == "cosh"
    terms = addends(node)
    if len(terms) > 1:
        rest = _complement(node)
        if rest is None:
            return False
        if _squared(rest) or any(same(rest, factor) for factor in product):
            return True
        inner = [f for _, f in factors(rest)]
        return all(any(same(i, factor) for factor in product) for i in inner)
    return False


def _complement(node: ast.expr) -> ast.expr | None:
    """Return x of 1 - x."""
    terms = addends(node)
    if len(terms) == 2:
        one = [t for s, t in terms if s > 0 and isinstance(t, ast.Constant) and t.value == 1]
        rest = [t for s, t in terms if s < 0]
        if one and rest:
            return rest[0]
    return None


def is_complement(a: ast.expr, b: ast.expr) -> bool:
    """Return whether one expression is 1 minus the other."""
    x, y = _complement(a), _complement(b)
    return (x is not None and same(x, b)) or (y is not None and same(y, a))


def _squared(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return True
    parts = factors(node)
    return called(node) == "square" or (len(parts) == 2 and same(parts[0][1], parts[1][1]))


# Carries: what a line gets from the step that the backward has just left.


def loops_in(around: Parents) -> list[Loop]:
    """Return the loops of the innermost function around a place, outermost first."""
    found: list[Loop] = []
    for node in around:
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            found = []
        if isinstance(node, Loop):
            found.append(node)
    return found


def function_of(around: Parents) -> ast.AST:
    """Return the innermost function around a place, or the module."""
    return next((n for n in reversed(around) if isinstance(n, ast.FunctionDef)), around[0])


def stored(nodes: list[ast.stmt] | list[ast.AST]) -> set[str]:
    """Return the texts of all places that statements write to."""
    found = set()
    for statement in nodes:
        for node in ast.walk(statement):
            if isinstance(getattr(node, "ctx", None), ast.Store):
                found.add(ast.unparse(node))
    return found


def loaded(nodes: list[ast.stmt] | list[ast.AST]) -> set[str]:
    """Return the texts of all places that statements read; ``x += 1`` is no reading of x."""
    found = set()
    for statement in nodes:
        for node in ast.walk(statement):
            if isinstance(getattr(node, "ctx", None), ast.Load):
                found.add(ast.unparse(node))
    return found


def made_before(name: str, statement: ast.stmt, block: list[ast.stmt]) -> bool:
    """Return whether a block writes to a place before a statement."""
    before = [
        node
        for top in block
        for node in ast.walk(top)
        if isinstance(node, ast.stmt) and (node.end_lineno or node.lineno) < statement.lineno
    ]
    return name in stored(before)


def is_carried(node: ast.expr, statement: ast.stmt, around: Parents) -> bool:
    """Return whether a value comes from the step that the backward has just left."""
    if isinstance(node, ast.Subscript):
        index = ast.unparse(node.slice)
        if re.search(r"\b[a-z]\w* \+ 1\b", index) and GRADIENT.search(ast.unparse(node.value)):
            return True
        return is_carried(node.value, statement, around)
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    name = ast.unparse(node)
    short = name.rpartition(".")[2]
    loops = loops_in(around)
    if loops:
        body = loops[-1].body
        if made_before(name, statement, body):
            return False
        if name in stored(body) - stored(
            [loops[-1].target] if isinstance(loops[-1], ast.For) else []
        ):
            return True
        return bool(_LATER.search(short)) and bool(GRADIENT.search(short))
    function = function_of(around)
    if isinstance(function, ast.FunctionDef):
        if made_before(name, statement, function.body):
            return False
        if short in {a.arg for a in function.args.args}:
            passed = _passed(short, function, around[0])
            return passed if passed is not None else bool(GRADIENT.search(short))
    return bool(_LATER.search(short)) and bool(GRADIENT.search(short))


def _passed(name: str, function: ast.FunctionDef, tree: ast.AST) -> bool | None:
    """Return whether what a function is called with comes from the step before, if it is known."""
    places = [a.arg for a in function.args.args]
    answers = []
    for around, statement in _statements(tree):
        for node in ast.walk(statement):
            if not (isinstance(node, ast.Call) and called(node) == function.name):
                continue
            own = isinstance(node.func, ast.Attribute) and places[:1] == ["self"]
            place = places.index(name) - own
            given = next((k.value for k in node.keywords if k.arg == name), None)
            if given is None and place < len(node.args):
                given = node.args[place]
            if given is not None:
                answers.append(
                    any(is_carried(term, statement, around) for _, term in addends(given))
                )
    return any(answers) if answers else None


def _statements(tree: ast.AST, around: Parents = ()):
    """Give each simple statement with what is around it."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt):
            if hasattr(child, "body"):
                yield from _statements(child, (*around, tree))
            else:
                yield (*around, tree), child


def definition_of(name: str, change: Edited) -> ast.expr | None:
    """Return what the innermost function last set a name to before a statement, if it is plain."""
    function = function_of(change.around_new or change.around_old)
    texts = name, f"{name}[...]", f"{name}[:]"
    made = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and node.lineno < change.statement.lineno
        and len(node.targets) == 1
        and ast.unparse(node.targets[0]) in texts
    ]
    return max(made, key=lambda node: node.lineno).value if made else None


def nodes_of(parts: tuple[Signed, ...]) -> list[ast.expr]:
    """Return terms or factors without their signs."""
    return [node for _, node in parts]
