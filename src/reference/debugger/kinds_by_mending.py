"""The kind of a mistake by what its kind means: the change that a kind asks for mends it.

A sequence that is gone over in the wrong direction is right once it is turned, a value that is
shared is right once it is copied, a sum that is set anew is right once it is added to. Such changes
are made in the mistaken program and run: what gives the answers of the mended one names the kind,
however the mistake and its mend are written.
"""

from __future__ import annotations

import ast
import contextlib
import time
import types
from collections.abc import Iterator, Mapping
from typing import Any

from reference.debugger.edited import Edited, Parents, dumped, edited
from reference.debugger.meant import Meant, Slot, block_of, made, placed
from reference.debugger.meant_by_lists import list_ends
from reference.debugger.meant_by_moves import moves
from reference.debugger.meant_by_updates import names, updates
from reference.debugger.picked import PICK, Picks
from reference.debugger.program import Inputs, Program, copied
from reference.debugger.same_answers import differ, kept
from reference.debugger.source import Unit
from reference.debugger.timebox import TimeUp

_TURNED = "__walked_back__"
_SECONDS = 0.2  # of this thread's own time: how busy the machine is changes nothing

Answers = Mapping[str, Any]
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

    Nothing is told of what is right once a statement that the edit changes is gone: there it is
    one too many. A program that gave the right outputs is not looked at.

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
    before, after = ({name: value for name, value in answer.items()
                      if not name.startswith("left in ")} for answer in answers)  # fmt: skip
    if before and not differ(before, after):
        return ()
    installed = {file: source.text for file, source in program.sources.items()}
    tree = ast.parse(texts[0])
    found = [one for one in edited(tree, ast.parse(texts[1])) if one.old is not None]
    try:
        program.install(file, texts[0])
        with program.quiet(), _named(program, _Trial(program, inputs, file, tree, after)) as trial:
            return tuple(dict.fromkeys(_kinds(trial, found, Picks(steps))))
    except (SyntaxError, ValueError):
        return ()
    finally:
        program.restore_texts(installed)


def _kinds(trial: _Trial, found: list[Edited], picks: Picks) -> Iterator[str]:
    tops = [(one.old, one.around_old) for one in found if one.old is not None]
    if any(trial.mends(_without(*top)) for top in tops):
        return
    same = {dumped(s) for one in found if one.new is not None for s in ast.walk(one.new)
            if isinstance(s, ast.stmt) and s is not one.new}  # fmt: skip
    places = [place for top in tops for place in _inside(*top)
              if place in tops or dumped(place[0]) not in same]  # fmt: skip
    changes = [change for loop in _loops(places) for change in _turned(loop)]
    for statement, around in places:
        if not hasattr(statement, "body"):
            changes += [*updates(statement, around), *list_ends(statement, around)]
    for change in changes:
        if trial.mends(change.slots):
            yield change.kind
    yield from trial.picked(_picking(places, picks), picks)
    for statement, around in places:
        for change in moves(statement, around):
            if trial.mends(change.slots):
                yield change.kind


def _without(statement: ast.stmt, around: Parents) -> tuple[Slot, ...]:
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
    call = ast.Call(ast.Name(_TURNED, ast.Load()), [loop.iter], [])
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


@contextlib.contextmanager
def _named(program: Program, trial: _Trial) -> Iterator[_Trial]:
    """Let changed programs find what they call."""
    own = {_TURNED: lambda walked: list(walked)[::-1], PICK: trial.pick, **names()}
    with contextlib.ExitStack() as stack:
        for space in {id(f.__globals__): f.__globals__ for f in program.functions}.values():
            for name, value in own.items():
                space[name] = value
                stack.callback(space.pop, name, None)
        yield trial


class _Trial:
    """Makes changes in a tree of a program, runs it and compares what it gives with the right."""

    def __init__(
        self, program: Program, inputs: Inputs, file: str, tree: ast.Module, right: Answers
    ) -> None:
        self.program, self.inputs, self.right = program, inputs, right
        self.tree, self.file = tree, file
        self.picks = Picks(0)
        self.until = time.thread_time() + _SECONDS

    def pick(self, number: int, value: Any) -> Any:
        """Return a value as the picks want it."""
        return self.picks.value(number, value)

    def mends(self, slots: tuple[Slot, ...]) -> bool:
        """Return whether a change makes the program right."""
        if not slots or time.thread_time() > self.until:
            return False
        with self._changed(list(slots)) as runs:
            return runs and self._is_right()

    def picked(self, slots: list[Slot], picks: Picks) -> Iterator[str]:
        """Give the kinds of which another value of one expression makes the program right."""
        self.picks = picks
        with self._changed(slots) as runs:
            if not runs or time.thread_time() > self.until:
                return
            self._run()
            for kind, number, becomes in list(picks.trials()):
                if time.thread_time() > self.until:
                    return
                picks.active = number, becomes
                if self._is_right():
                    yield kind

    @contextlib.contextmanager
    def _changed(self, slots: list[Slot]) -> Iterator[bool]:
        """Put a change into the live program for the length of a block, if it can be."""
        with contextlib.ExitStack() as stack:
            units = {unit.first: unit for node, _, _ in slots for unit in self._units_of(node)}
            try:
                with made(slots):
                    codes = [(unit, self._compiled(unit)) for unit in units.values()]
                for unit, code in codes:
                    stack.callback(self.program.swap(unit, code))
            except (SyntaxError, ValueError, TypeError):
                units = {}
            yield bool(units)

    def _units_of(self, node: ast.AST) -> Iterator[Unit]:
        line = getattr(node, "lineno", 0)
        return (u for u in self.program.live_units
                if u.file == self.file and u.first <= line <= u.last)  # fmt: skip

    def _compiled(self, unit: Unit) -> types.CodeType:
        statement: ast.stmt = next(
            n
            for n in ast.walk(self.tree)
            if isinstance(n, ast.FunctionDef) and n.lineno == unit.tree.lineno
        )
        for name in reversed(unit.classes):
            statement = placed(ast.ClassDef(name, [], [], [statement], []), statement)
        module = ast.fix_missing_locations(ast.Module([statement], []))
        return compile(module, unit.file, "exec", dont_inherit=True)

    def _run(self) -> Answers | None:
        self.program.state.restore()
        try:
            with self.program.watchdog.limit(_SECONDS):
                outputs = dict(self.program.backward(*copied(self.inputs)))
        except (Exception, TimeUp):
            return None
        return {str(name): kept(value) for name, value in outputs.items()}

    def _is_right(self) -> bool:
        answer = self._run()
        return answer is not None and not differ(answer, self.right)
