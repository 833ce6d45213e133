"""What calls leave behind, told as people know it: a step of training, weights kept in globals."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from reference.debugger.answering.mends import LEFT_BEHIND
from reference.debugger.diagnosis import Diagnosis, Suspect
from reference.debugger.naming.kinds_of_whole import switches_clipping
from reference.debugger.texts.edited import edited
from reference.report.words import listed

_CHANGED, _KEPT = LEFT_BEHIND
_RATE = re.compile(r"\b(\w*lr|\w*learning_rate|\w*step_size|eta|alpha)\b", re.I)
_HANDED_ON = re.compile(r"lives on between calls \((global|attribute)\)")
_MEANT = (
    "Where a state is meant to go on from call to call, set it anew in loss and in backward for "
    "the check"
)
_MOVED = "move it"
_TAKEN = re.compile(r"-= *(0?\.\d+|\d(\.\d*)?e-\d+) *\*")
_UPDATE = re.compile(r"[-+]=|=.*-|subtract|\.step\(")


def as_known(diagnosis: Diagnosis, params: Collection[str]) -> Diagnosis:
    """Return a diagnosis in which one line is one suspect, and what is no mistake is called so.

    Fixes that would end somebody's training, or turn their clipping round, are left out.

    Parameters
    ----------
    diagnosis : Diagnosis
    params : collection of str
    """
    joined = _joined(diagnosis.suspects)
    suspects = [_as_known(suspect, params) for suspect in joined]
    first = joined[0] if joined else None
    advice, fixes = diagnosis.advice, diagnosis.fixes
    if any(_is_step_of_training(suspect, params) for suspect in joined):
        advice, fixes = ("for the check call it without the update",), ()
    elif first is not None and holds_params(first, params):
        advice, fixes = ("for the check set them in loss and in backward, before they run",), ()
    elif first is not None and first.kind == _KEPT:  # moved, it hands on what it was given
        fixes = tuple(fix for fix in fixes if fix.why != _MOVED)
    elif any(_turns_clipping(fix.source, fix.apply_to(fix.source)) for fix in fixes[:1]):
        advice, fixes = ("for the check switch clipping off",), ()
        suspects[0] = replace(suspects[0], should_be="")
    fixes = tuple(f for f in fixes if not _turns_clipping(f.source, f.apply_to(f.source)))
    suspects[1:] = [  # the condition of clipping, behind the clipping itself
        s for s in suspects[1:] if not (s.kind == "clipped" and s.should_be.startswith("if "))
    ]
    return replace(diagnosis, suspects=tuple(suspects), fixes=fixes, advice=advice)


def _turns_clipping(old: str, new: str) -> bool:
    """Return whether a fix does not more than turn round the condition of clipping."""
    found = edited(ast.parse(old), ast.parse(new))
    return bool(found) and all(map(switches_clipping, found))


def _joined(suspects: Iterable[Suspect]) -> list[Suspect]:
    """Return the suspects with what one line keeps from call to call as one of them."""
    found: list[Suspect] = []
    for suspect in suspects:
        same = [k for k, other in enumerate(found) if suspect.kind == other.kind == _KEPT
                and (suspect.file, suspect.line) == (other.file, other.line)
                and other.line and other.variable]  # fmt: skip
        if not same:
            found.append(suspect)
        elif suspect.variable not in found[same[0]].variable.split(", "):
            other = found[same[0]]
            found[same[0]] = replace(other, variable=f"{other.variable}, {suspect.variable}")
    return found


def _as_known(suspect: Suspect, params: Collection[str]) -> Suspect:
    names = suspect.variable.split(", ")
    if _is_step_of_training(suspect, params):
        return replace(
            suspect,
            steps=(),
            why="params take a step of training here, which is right in training: their gradients "
            "are asked for at values that stay",
            should_be="",
        )
    if holds_params(suspect, params):
        told = f"{names[0]} lives on between calls as a global that is"
        if len(names) > 1:
            told = f"{listed(names)} live on between calls as globals that are"
        return replace(
            suspect,
            why=f"{told} set from params here, and read elsewhere as the last call left it",
            should_be="",
        )
    if suspect.kind != _KEPT or not _HANDED_ON.search(suspect.why):
        return suspect
    why = f"{suspect.why}. {_MEANT}"
    should = suspect.should_be
    if len(names) > 1:
        why = why.replace(f"{names[0]} lives on", f"{listed(names)} live on", 1)
        why = why.replace("leaves in it,", "leaves in them,").replace(", it gives", ", they give")
        should = should.replace(names[0], listed(names), 1)
    return replace(suspect, why=why, should_be=should)


def holds_params(suspect: Suspect, params: Collection[str]) -> bool:
    """Return whether what is kept between calls are globals that have the names of params."""
    names = set(suspect.variable.split(", "))
    return suspect.kind == _KEPT and names <= set(params) and "(global)" in suspect.why


def _is_step_of_training(suspect: Suspect, params: Collection[str]) -> bool:
    """Return whether a line takes something from params, as an optimiser does."""
    names = set(suspect.variable.split(", "))
    if suspect.kind != _CHANGED or not names <= set(params):
        return False
    by_rate = bool(_RATE.search(suspect.text) and _UPDATE.search(suspect.text))
    taken = len(names) > 1 and "-=" in suspect.text
    return by_rate or taken or bool(_TAKEN.search(suspect.text)) or _takes_a_product(suspect.text)


def _takes_a_product(line: str) -> bool:
    """Return whether a statement is ``p -= rate * g``, or ``p += -rate * g``.

    Examples
    --------
    >>> _takes_a_product("p -= rate * g / np.sqrt(memory)"), _takes_a_product("p += rate * g")
    (True, False)
    """
    try:
        (node,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return False
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Sub | ast.Add):
        return False
    value: ast.expr = node.value
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        value = value.left  # over the root of a sum of squares
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
        return False
    if isinstance(node.op, ast.Sub):
        return True
    while isinstance(value, ast.BinOp):
        value = value.left
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
