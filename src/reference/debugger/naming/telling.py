"""What is wrong with a line, in sentences: from what the mend changes and what it changed."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass

from reference.debugger.naming.kinds import kind_of_change
from reference.debugger.naming.kinds_of_expressions import exchanged
from reference.debugger.naming.kinds_of_memory import of_memory
from reference.debugger.naming.kinds_of_whole import switches_clipping
from reference.debugger.texts.differences import Difference, Signed, differences
from reference.debugger.texts.edited import (
    Assigning,
    Edited,
    conditions_of,
    edited,
    headed,
    written,
)
from reference.debugger.texts.roles import called, is_slope, nodes_of


@dataclass(frozen=True)
class Told:
    """A finding in words.

    Parameters
    ----------
    wrong : str
        What is wrong, one sentence without its full stop.
    mend : str
        What to do, in a few words.
    """

    wrong: str
    mend: str


_BY_KIND = {
    "late binding": (
        "the function that is made here looks its outer variables up when it is called, after the "
        "loop has set them anew: all of them use the last ones",
        "keep the value that there is when the function is made",
    ),
    "repeated indices": (
        "+= with an array of indices counts an index that occurs twice only once",
        "add with np.add.at",
    ),
    "state between calls": (
        "what one call leaves behind is still there in the next",
        "start anew in every call",
    ),
    "argument changed": (
        "the array that is changed here belongs to the caller",
        "make a new array",
    ),
    "accumulation outside the loop": (
        "the line stands after the loop, so that only the step that is run last is counted",
        "move it into the loop",
    ),
    "dot for outer": (
        "np.dot contracts where every entry of the one is to meet every entry of the other",
        "use np.outer",
    ),
    "wrong dtype": ("the array cannot hold fractions, so that gradients are cut to integers",
                    "give it the dtype of the values"),
    "never returned": ("the gradient is computed and does not reach the result", "return it"),
    "wrong name": ("the names of the result are not those of what the gradient is taken of",
                   "use the same names"),
}  # fmt: skip


def told(kind: str, old: str, new: str) -> Told:
    """Return what a mend of `kind` says, from the texts before and after it.

    Examples
    --------
    >>> told("missing factor", "dc_prev = dc", "dc_prev = dc * f")
    Told(wrong='dc_prev lacks the factor f', mend='multiply by f')
    """
    trees = ast.parse(old), ast.parse(new)
    memory, name = of_memory(*trees)
    if memory and not name:
        return Told("its elements are all one and the same object", "make one for each")
    if memory:
        return Told(f"{name} is changed in place, and what it held before is read later",
                    f"leave {name} as it is")  # fmt: skip
    found = edited(*trees)
    if not found:
        return Told("", "")
    one = next((one for one in found if kind_of_change(one) == kind), found[0])
    return _of_statement(kind, one, found)


def _of_statement(kind: str, one: Edited, found: list[Edited]) -> Told:
    made = _made(one)
    if one.moved:
        tests, now = conditions_of(one)
        if len(now) > len(tests):
            test = _text(now[-1])
            return Told(f"{_short(one.statement)} is run at every turn", f"run it only if {test}")
        if len(now) < len(tests):
            test = _text(tests[-1])
            return Told(f"{_short(one.statement)} is run only if {test}", "run it at every turn")
        if kind in _BY_KIND:
            return Told(*_BY_KIND[kind])
        return Told(f"{_short(one.statement)} is run in the wrong place", "move it")
    if kind == "aliasing":
        return _of_aliasing(one)
    if kind == "carry lost":
        return _of_carry(one, found)
    if kind == "+= for =":
        return Told(f"{made} keeps what it held before, and should be set anew", "set it with =")
    if kind in ("= for +=", "carry not added") and one.old is not None and one.new is not None:
        lost = _overwritten(kind, one)
        if lost is not None:
            return lost
    if kind == "clipped" and (one.new is None or switches_clipping(one)):
        return Told("the gradients are set to limits here: clipped, they are no derivatives",
                    "without it: clip afterwards, if at all")  # fmt: skip
    names = _not_returned(one) if kind == "never returned" else []
    if kind == "never returned" and _in_place(one):
        return Told(f"{made} is a new array from here on, and nobody else sees it: what was "
                    "handed over stays as it was",
                    "change in place what was handed over")  # fmt: skip
    if names:
        are = "is" if len(names) == 1 else "are"
        return Told(f"the gradient of {_and(names)} {are} not in the result",
                    f"return {_and(names)}")  # fmt: skip
    if kind in _BY_KIND:
        return Told(*_BY_KIND[kind])
    if one.old is None:
        line = _text(one.statement, 90)
        return Told(f"a line is missing: {line}", f"insert {line}")
    if one.new is None:
        return Told(f"this line is one too many: {_short(one.statement)}", "leave it out")
    apart = _differences(one)
    if not apart:
        return Told(f"{made} is wrong", "")
    if len(apart) == 2 and exchanged(*apart):
        return _exchanged(apart[0].old[0][1], apart[0].new[0][1])
    return _of_difference(kind, _part(made, apart[0]), apart[0])


def _in_place(one: Edited) -> bool:
    """Return whether a name is bound anew in the old text, and its array changed in the new."""
    target = getattr(one.new, "target", None) if isinstance(one.new, ast.AugAssign) else None
    return isinstance(one.old, ast.Assign) and isinstance(target, ast.Name)


def _not_returned(one: Edited) -> list[str]:
    """Return the keys of a dict that only the new text has."""
    texts = []
    for statement in (one.old, one.new):
        dicts = [n for n in ast.walk(statement or ast.Pass()) if isinstance(n, ast.Dict)]
        texts.append([str(getattr(key, "value", "")) for one in dicts for key in one.keys if key])
    return [key for key in texts[1] if key not in texts[0]]


def _differences(one: Edited) -> list[Difference]:
    old, new = one.old, one.new
    assert old is not None
    assert new is not None
    if isinstance(old, Assigning) and isinstance(new, Assigning) and old.value and new.value:
        (target, value), (other, becomes) = written(old), written(new)
        found = differences(target, other) or differences(value, becomes)
    elif hasattr(old, "body"):
        found = differences(headed(old), headed(new))
    else:
        found = differences(old, new)
    return found


def _part(made: str, d: Difference) -> str:
    """Return what the difference is in, where a statement makes several things."""
    for outer, inner in itertools.pairwise([*d.around, *nodes_of(d.new[:1])]):
        if isinstance(outer, ast.Dict) and inner in outer.values:
            key = outer.keys[outer.values.index(inner)]  # type: ignore[arg-type]  # found among the values, so an expression
            if key is not None:
                return (
                    f"{made}[{_text(key)}]" if made.isidentifier() else f"the gradient {_text(key)}"
                )
        if isinstance(outer, ast.Tuple) and inner in outer.elts and made.startswith("("):
            names = made.strip("()").split(", ")
            if len(names) == len(outer.elts):
                return names[outer.elts.index(inner)]  # type: ignore[arg-type]  # found among them, so an expression
    return made


def _made(one: Edited) -> str:
    """Return what a statement makes, in a word."""
    statement = one.statement
    if isinstance(statement, ast.Expr) and isinstance(one.old, Assigning):
        statement = one.old
    if isinstance(statement, Assigning):
        return _text(written(statement)[0])
    if isinstance(statement, ast.Return):
        return "the result"
    if isinstance(statement, ast.For | ast.While):
        return "the loop"
    return "the line"


def _of_aliasing(one: Edited) -> Told:
    value = getattr(one.old, "value", None)
    what = _text(value) if isinstance(value, ast.expr) else "the array"
    return Told(
        f"{what} is no array of its own: it shares its memory with one that is overwritten before "
        "the backward reads it", "keep a copy",
    )  # fmt: skip


def _of_carry(one: Edited, found: list[Edited]) -> Told:
    statement = one.statement
    if one.new is None or one.moved:
        name = _made(one)
        if one.new is None and not any(isinstance(n, ast.For | ast.While) for n in one.around_old):
            return Told(f"{name} is set to zero again, so that what it held before is lost",
                        "leave this line out")  # fmt: skip
        return Told(
            f"{name} is set to zero again at every step, so that what came from step t + 1 is lost",
            "set it once, before the loop",
        )
    names = [_made(other) for other in found]
    if one.old is not None and isinstance(one.old, ast.Assign):
        gone = {n.id for n in ast.walk(written(one.old)[0]) if isinstance(n, ast.Name)}
        come = {n.id for n in ast.walk(written(statement)[0]) if isinstance(n, ast.Name)}  # type: ignore[arg-type]  # an assignment, as the old one is
        names = sorted(come - gone) or names
        other = sorted(gone - come)
        if other:
            return Told(
                f"what goes on to step t - 1 is put into {_and(other)} and read from {_and(names)}",
                f"write it to {_and(names)}",
            )
    are, do = ("is", "does") if len(names) == 1 else ("are", "do")
    return Told(
        f"{_and(names)} {are} read at every step and never set anew: what comes from step t + 1 "
        f"{do} not arrive".replace(
            "comes from step t + 1 do not", "comes from step t + 1 does not"
        ),
        "; ".join(_short(other.statement) for other in found if other.new is not None),
    )


def _overwritten(kind: str, one: Edited) -> Told | None:
    """Tell of a value that is replaced where it should be added to."""
    d = next(iter(_differences(one)), None)
    name = _made(one)
    if isinstance(one.old, ast.Assign) and (
        not isinstance(one.new, ast.Assign)
        or (d is not None and d.what == "terms" and [_text(n) for n in nodes_of(d.new)] == [name])
    ):
        if kind == "carry not added":
            return Told(f"{name} is overwritten: the part that came from step t + 1 is lost",
                        f"add to {name}")  # fmt: skip
        if "[" in name:
            return Told(f"{name} is overwritten: what it held before is lost", "add with +=")
        return Told(f"every step overwrites {name}, so that only the last one run is left in it",
                    "add with +=")  # fmt: skip
    return None


def _of_difference(kind: str, made: str, d: Difference) -> Told:
    old, new = _sum_of(d, d.old), _sum_of(d, d.new)
    if kind == "loop bounds":
        over = next((_text(n) for n in d.around if called(n) == "range"), new)
        return Told("the loop does not run over exactly the time steps that there are",
                    f"run over {over}")  # fmt: skip
    if any(called(n) in ("zeros", "empty", "ones") for n in d.around):
        return Told(f"the buffer {made} has not as many rows as are read", "change its size")
    slope = next((n for n in reversed(d.around) if is_slope([n], [])), None)  # type: ignore[list-item]  # is_slope asks what each is
    if kind == "wrong derivative" and slope is not None:
        return Told(f"the derivative of the activation is written wrong: it is {_text(slope)}",
                    f"write {_text(slope)}")  # fmt: skip
    like = next(
        (n for n in d.around if isinstance(n, ast.Call) and called(n) == "zeros_like"), None
    )
    if like is not None and like.args and like in nodes_of(d.new):
        return Told(f"nothing is made of what {made} is the derivative with respect to",
                    f"{made} is zero")  # fmt: skip
    if like is not None and like.args:
        shape = _text(like.args[0])
        return Told(f"{made} should have the shape of {shape}", f"use {shape}")
    index = _index(d)
    if kind == "index off by one" and index is None and d.what != "replaced":
        outer = next((n for n in d.around if isinstance(n, ast.Subscript)), None)
        if outer is not None:
            return Told(f"the index is wrong: {_text(outer)} belongs here", f"use {_text(outer)}")
    if kind == "carry not added":
        return Told(f"{made} is without {new}, the part that comes from step t + 1", f"add {new}")
    if d.what == "terms" and not d.old:
        inside = _index(d)
        if inside:
            return Told(f"{inside[0]} is read where {inside[1]} belongs", f"read {inside[1]}")
        less = new.removeprefix("-")
        return Told(
            f"{made} lacks the term {new}", f"add {new}" if less == new else f"subtract {less}"
        )
    if d.what == "factors" and not d.old:
        come, beside = nodes_of(d.new), nodes_of(d.common)
        half = "" if is_slope(come, []) else "half of "
        what = f", {half}the derivative of the activation" if is_slope(come, beside) else ""
        if all(sign < 0 for sign, _ in d.new):
            below = " * ".join(map(_text, come))
            return Told(f"{made} is not divided by {below}", f"divide by {below}")
        return Told(f"{made} lacks the factor {new}{what}", f"multiply by {new}")
    index = _index(d)
    if index:
        if kind == "forward order":
            return Told(f"{index[0]} is in the wrong order of time", f"take {index[1]}")
        return Told(f"{index[0]} is read where {index[1]} belongs", f"read {index[1]}")
    if not d.new:
        what = "term" if d.what == "terms" else "factor"
        return Told(f"{made} has the {what} {old} too many", f"without {old}")
    if kind == "wrong sign":
        return Told(f"{new.lstrip('-')} enters {made} with the wrong sign", "turn the sign round")
    if kind == "mean for sum":
        return Told("the mean is taken where the contributions add up", "take the sum")
    if kind == "derivative of an activated value":
        return Told(f"{new} is activated already, and {old} activates it again",
                    f"use {new}, not {old}")  # fmt: skip
    if kind == "wrong derivative":
        return Told(f"{old} is not the derivative here, {new} is", f"{new} in place of {old}")
    if kind == "gate copied":
        return Told(f"{old} belongs to another gate: here it is {new}", f"use {new}, not {old}")
    if kind == "clipped":
        return Told(f"{made} is clipped inside the recursion", "clip afterwards, if at all")
    if kind == "wrong shape":
        return Told(f"{old} has not the shape of what the gradient is taken of", f"use {new}")
    if kind == "transposed":
        return Told(f"{old} is the wrong way round", f"use {new}")
    if kind == "forward order":
        return Told(f"{old} is in the wrong order of time", f"take {new}")
    if kind == "initial value":
        return Told(f"{made} begins with {old} and should begin with {new}", f"begin with {new}")
    if kind == "index off by one" and isinstance(d.new[0][1], ast.IfExp) and "- 1" in old:
        return Told(f"{old} wraps round at the first step: row -1 is the last row", f"use {new}")
    if d.what == "swapped":
        return _exchanged(d.old[0][1], d.new[0][1])
    which = ", which has the missing factor in it" if kind.startswith("missing") else ""
    mend = f"use {new}, not {old}" if not new.startswith("not ") else f"{new} in place of {old}"
    return Told(f"{old} is used where {new} belongs{which}", mend)


def _exchanged(a: ast.expr, b: ast.expr) -> Told:
    return Told(f"{_text(a)} and {_text(b)} stand in each other's place", "exchange them")


def _index(d: Difference) -> tuple[str, str] | None:
    """Return a subscript before and after, where the difference is in its index."""
    outer = next((n for n in reversed(d.around) if isinstance(n, ast.Subscript)), None)
    if outer is None or any(called(n) for n in d.around[d.around.index(outer) + 1 :]):
        return None
    new = _text(outer)
    was, becomes = _sum_of(d, d.old, True), _sum_of(d, d.new, True)
    at = new.rfind(becomes) if becomes else -1
    if at < 0:
        return None
    return f"{new[:at]}{was}{new[at + len(becomes) :]}", new


def _sum_of(d: Difference, own: tuple[Signed, ...], whole: bool = False) -> str:
    """Return terms or factors as text; with `whole`, those that both texts have as well."""
    parts = (*d.common, *own) if whole else own
    if d.what in ("terms", "sign"):
        text = " ".join(f"{'+' if sign > 0 else '-'} {_text(node)}" for sign, node in parts)
        return f"-{text[2:]}" if text.startswith("- ") else text.removeprefix("+ ")
    if d.what == "factors":
        if len(parts) == 1 and parts[0][0] > 0:
            return _text(parts[0][1])
        above = " * ".join(_factor(node) for sign, node in parts if sign > 0)
        below = "".join(f" / {_factor(node)}" for sign, node in parts if sign < 0)
        return f"{above or '1'}{below}"
    return ", ".join(map(_text, nodes_of(own)))


def _factor(node: ast.expr) -> str:
    text = _text(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare) else text


def _text(node: ast.AST, most: int = 70) -> str:
    text = " ".join(ast.unparse(node).split())
    text = text if '"' in text else text.replace("'", '"')
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _short(statement: ast.stmt) -> str:
    return _text(statement)


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
