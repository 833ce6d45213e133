"""The kind of a mistake by what its kind means: the change that a kind asks for mends it.

A sequence that is gone over in the wrong direction is right once it is turned, a value that is
shared is right once it is copied, a sum that is set anew is right once it is added to. Such changes
are made in the mistaken program and run: what gives the answers of the mended one names the kind,
however the mistake and its mend are written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.naming.meant import Meant, Slot, block_of, placed
from reference.debugger.naming.meant_by_former import formers, owned
from reference.debugger.naming.meant_by_lists import list_ends
from reference.debugger.naming.meant_by_moves import moves
from reference.debugger.naming.meant_by_updates import updates
from reference.debugger.naming.meant_runs import TURNED, Answers, Trial, outputs_of, trying
from reference.debugger.naming.picked import Picks
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.same_answers import differ
from reference.debugger.texts.edited import Edited, Parents, dumped, edited

UNTOLD = "untold"  # no kind: a line of the old text is one too many, or the time was up
_Place = tuple[ast.stmt, Parents]


def kinds_that_mend(
    program: Program,
    inputs: Inputs,
    file: str,
    texts: tuple[str, str],
    answers: tuple[Answers, Answers],
    steps: int,
) -> tuple[str, ...]:
    """Return the kinds of mistake of which a plain change mends a program.

    Of what is right once a statement that the edit changes is gone, `UNTOLD` is all that is told:
    there it is one too many. A program that gave the right outputs is not looked at.

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
    steps : int
        How many time steps there are.
    """
    before, after = map(outputs_of, answers)
    if before and not differ(before, after):
        return ()
    tree = ast.parse(texts[0])
    found = [one for one in edited(tree, ast.parse(texts[1])) if one.old is not None]
    try:
        with trying(program, inputs, file, texts[0], tree, after) as trial:
            return tuple(dict.fromkeys(_kinds(trial, found, Picks(steps))))
    except (SyntaxError, ValueError):
        return ()


def _kinds(trial: Trial, found: list[Edited], picks: Picks) -> Iterator[str]:
    tops = [(one.old, one.around_old) for one in found if one.old is not None]
    if any(trial.gives(without(*top)) for top in tops):
        yield UNTOLD
        return
    places = places_in(tops, [one.new for one in found])
    changes = [change for loop in _loops(places) for change in _turned(loop)]
    for statement, around in places:
        if not hasattr(statement, "body"):
            changes += [*updates(statement, around), *list_ends(statement, around)]
    for change in changes:
        if trial.gives(change.slots):
            yield change.kind
    yield from trial.picked(_picking(places, picks), picks)
    if trial.is_up():
        yield UNTOLD
    for ways in (moves, formers, owned):
        for statement, around in places:
            for change in ways(statement, around):
                if trial.gives(change.slots):
                    yield change.kind


def places_in(tops: list[_Place], others: list[ast.stmt | None]) -> list[_Place]:
    """Return statements, and those inside them that others do not have inside them, too."""
    same = {dumped(s) for other in others if other is not None for s in ast.walk(other)
            if isinstance(s, ast.stmt) and s is not other}  # fmt: skip
    return [place for top in tops for place in _inside(*top)
            if place in tops or dumped(place[0]) not in same]  # fmt: skip


def without(statement: ast.stmt, around: Parents) -> tuple[Slot, ...]:
    """Return the change that takes a statement out of its block."""
    field, block = block_of(statement, around[-1])
    rest = [s for s in block if s is not statement] or [placed(ast.Pass(), statement)]
    return ((around[-1], field, rest),) if field else ()


def _inside(statement: ast.stmt, around: Parents) -> Iterator[_Place]:
    """Give a statement and all that stand in its blocks."""
    yield statement, around
    for field in ("body", "orelse"):
        for inner in getattr(statement, field, []):
            yield from _inside(inner, (*around, statement))


def _loops(places: list[_Place]) -> list[ast.For]:
    """Return the loops that places are in, or are."""
    found = {id(n): n for statement, around in places
             for n in (*around, statement) if isinstance(n, ast.For)}  # fmt: skip
    return list(found.values())


def _turned(loop: ast.For) -> Iterator[Meant]:
    call = ast.Call(ast.Name(TURNED, ast.Load()), [loop.iter], [])
    ast.fix_missing_locations(ast.copy_location(call, loop.iter))
    yield Meant("forward order", ((loop, "iter", call),))


def _picking(places: list[_Place], picks: Picks) -> list[Slot]:
    """Return the change after which the values in some statements can be picked."""
    slots: list[Slot] = []
    blocks: dict[tuple[int, str], tuple[ast.AST, list[ast.stmt]]] = {}
    for statement, around in places:
        for head in ("iter", "test"):
            if hasattr(statement, head):
                slots.append((statement, head, picks.put_into(getattr(statement, head))))
        field, block = block_of(statement, around[-1])
        if field and not hasattr(statement, "body"):
            _, now = blocks.setdefault((id(around[-1]), field), (around[-1], list(block)))
            now[next(k for k, s in enumerate(block) if s is statement)] = picks.put_into(statement)
    return [*slots, *((parent, field, now) for (_, field), (parent, now) in blocks.items())]
