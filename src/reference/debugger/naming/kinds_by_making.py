"""The kind of a mistake by the plain one that does the same.

A line that was written anew as a whole has a text that tells little. If the mended program with a
term left out, or with another operand, gives the same wrong answers, in all their digits, then the
mistake is that, however it was written.
"""

from __future__ import annotations

import ast
import itertools
from collections import ChainMap
from collections.abc import Mapping
from typing import Any, NamedTuple

from reference.debugger.naming.kinds_by_mending import places_in, without
from reference.debugger.naming.meant import Meant, made
from reference.debugger.naming.meant_runs import Answers, outputs_of, trying
from reference.debugger.naming.plain_mistakes import plain_mistakes
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.same_answers import differ
from reference.debugger.texts.edited import edited
from reference.debugger.texts.passes import Pass, apart_after
from reference.debugger.texts.roles import stored


class Plain(NamedTuple):
    """A plain mistake in the mended text: its kind, if it is known, and both texts."""

    kind: str
    old: str
    new: str


def plain_mistake(
    program: Program,
    inputs: Inputs,
    file: str,
    texts: tuple[str, str],
    answers: tuple[Answers, Answers],
    known: Mapping[Any, Mapping[str, Any]],
    passes: Mapping[Any, tuple[list[Pass], list[Pass]]],
) -> Plain | None:
    """Return a plain mistake in the mended program that gives the answers of the mistaken one.

    Parameters
    ----------
    program : Program
        Left as it was found.
    inputs : pair of mappings
    file : str
    texts : pair of str
        Before and after the edit.
    answers : pair of mappings
        What the program gave with either text.
    known : mapping of mappings
        Values of some expressions, by their texts, at some steps.
    passes : mapping
        What the places that differ set: what sets a value that differs is looked at first.
    """
    before, after = map(outputs_of, answers)
    if not before or not differ(before, after):
        return None
    tree = ast.parse(texts[1])
    found = edited(ast.parse(texts[0]), tree)
    tops = [(one.new, one.around_new) for one in found if one.new is not None]
    gone = [one.old for one in found]
    wrong = {one.place.partition("[")[0] for both in passes.values() for one in apart_after(*both)}
    try:
        with trying(program, inputs, file, texts[1], tree, before) as trial:
            places = sorted(places_in(tops, gone), key=lambda place: not _touches(place[0], wrong))
            left_out = (Meant("", without(*place)) for place in places
                        if not isinstance(place[0], ast.Return))  # fmt: skip
            theirs = [statement for statement in gone if statement is not None]
            others = plain_mistakes(places, theirs, ChainMap(*map(dict, known.values())))
            for one in itertools.chain(left_out, others):
                if trial.gives(one.slots):
                    right = ast.unparse(tree)
                    with made(one.slots):
                        return Plain(one.kind, ast.unparse(tree), right)
        return None
    except (SyntaxError, ValueError):
        return None


def _touches(statement: ast.stmt, wrong: set[str]) -> bool:
    """Return whether a statement sets one of some variables, or may change it by a method."""
    if isinstance(statement, ast.Expr):
        return any(isinstance(n, ast.Name) and n.id in wrong for n in ast.walk(statement))
    if hasattr(statement, "body"):
        return False
    places = {name.partition("[")[0] for name in stored([statement])}
    return bool(places & wrong)
