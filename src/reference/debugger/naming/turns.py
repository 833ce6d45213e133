"""At which time steps a mistake matters: the mended program is run with the old line at one step.

The program before an edit and the one after it are woven into one: every place that differs asks
which of the two it is to be. With the old text at a single time step and the new one at all others,
the answer changes if and only if the mistake matters there.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reference.debugger.naming.in_company import in_company
from reference.debugger.naming.kinds_by_making import Plain, plain_mistake
from reference.debugger.naming.kinds_by_mending import kinds_that_mend
from reference.debugger.naming.readings import Readings
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.same_answers import apart_in, differ, kept
from reference.debugger.running.source import Source, Unit, place_of
from reference.debugger.running.timebox import TimeUp
from reference.debugger.texts.clock import Clock, Ticks, is_time
from reference.debugger.texts.edited import dumped, paired
from reference.debugger.texts.passes import OUTSIDE, Pass, Passes, Values, apart_after, settled
from reference.debugger.texts.trees import copy_of
from reference.debugger.texts.two_texts import VALUE, only_inside, places, watched

TURN, LEFT = "__turn__", "__turn_left__"

Key = tuple[int, int]  # a loop and its turn; or -1 and how often the place was run before
BESIDE_TIME = -2  # in place of -1: in a loop that is none over time
_MOST_STEPS, _MOST_KNOWN = 30, 3  # that are tried, and at which all variables are looked at


@dataclass
class Turns:
    """What the woven program showed.

    Parameters
    ----------
    executed : list of Key
        When places that differ were reached, in the mended program.
    matters : set of Key
        At which of them the old text changes the answer.
    values : dict
        For each key what the edited statement made: (with the old text there, as mended).
    loops : list of Ticks
        The loops as the mended program ran them.
    broken : list of list of (int or None)
        The turns of the same loops in the program as it was.
    answers : pair of dict
        Outputs before and after the edit; empty where it raised.
    steps : int
        How many time steps there were; 0 where no loop is time.
    within : list of (int, list)
        The runs of loops over time around the edit: the loop, and its turns.
    read : set of tuple of int
        Shapes of the arrays that the places that differ read, in the mended program.
    shared : set of Key
        If it matters at no step alone: at which it does with other places or steps.
    alone : dict
        For each key the outputs with the old text there alone, where that runs.
    mends, plain : callable
        Return the kinds of mistake of which a plain change mends the program as it was, and a
        plain mistake in the mended one that does the same.
    masks : dict
        For each key the masks that are read there, one number a sequence, by their texts.
    wraps : set of Key
        Where an index of the old text is less than 0.
    looked_up : bool
        Whether what the old text writes to is told by a value of the data.
    left : dict
        For each key the variables of the places that differ after it: (by the old text, mended).
    passes : dict
        For each key at which the mistake matters what the places that differ set, one after the
        other: (with the old text there, as mended).
    whole : pair of dict
        For each key what the places that differ set: (with the old text everywhere, as mended).
    variables : dict
        For some keys the values of all variables there, by their paths.
    """

    executed: list[Key] = field(default_factory=list)
    matters: set[Key] = field(default_factory=set)
    values: dict[Key, tuple[list[Any], list[Any]]] = field(default_factory=dict)
    loops: list[Ticks] = field(default_factory=list)
    broken: list[list[int | None]] = field(default_factory=list)
    answers: tuple[dict[str, Any], dict[str, Any]] = field(default_factory=lambda: ({}, {}))
    steps: int = 0
    within: list[tuple[int, list[int | None]]] = field(default_factory=list)
    read: set[tuple[int, ...]] = field(default_factory=set)
    masks: dict[Key, dict[str, Any]] = field(default_factory=dict)
    shared: set[Key] = field(default_factory=set)
    alone: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    mends: Callable[[], tuple[str, ...]] = tuple
    plain: Callable[[], Plain | None] = lambda: None
    wraps: set[Key] = field(default_factory=set)
    looked_up: bool = False
    left: dict[Key, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    passes: dict[Key, tuple[list[Pass], list[Pass]]] = field(default_factory=dict)
    whole: tuple[dict[Key, list[Pass]], dict[Key, list[Pass]]] = field(
        default_factory=lambda: ({}, {})
    )
    variables: dict[Key, Values] = field(default_factory=dict)

    def time_of(self, key: Key) -> int | None:
        """Return the time step of a key, or None outside of loops over time."""
        if key[0] >= 0:
            ticks = self.loops[key[0]]
            return ticks.time_of(key[1]) if is_time(ticks, self.loops) else None
        # In no loop: one execution a step, from the last to the first, or none of time.
        count = len({other for other in self.executed if other[0] == key[0]})
        timed = count > 1 and self.steps in ((0,) if key[0] == BESIDE_TIME else (0, count))
        return count - 1 - key[1] if timed else None

    def timed(self) -> list[Key]:
        """Return when places that differ were reached in a loop over time, in that order."""
        return [key for key in dict.fromkeys(self.executed) if self.time_of(key) is not None]

    def hands_on(self) -> bool:
        """Return whether the old text at the step that is run last alone changes fewer answers.

        What it makes is read at the next step that is run, or after the loop.
        """
        timed = self.timed()
        if not timed or timed[0] not in self.alone or timed[-1] not in self.alone:
            return False
        first, last = (apart_in(self.alone[timed[k]], self.answers[1]) for k in (0, -1))
        return last < first

    def known(self) -> tuple[int, ...]:
        """Return all time steps of the loop in which the edit lies."""
        times = set()
        for ticks, values in ((self.loops[number], values) for number, values in self.within):
            if is_time(ticks, self.loops):
                turned = values if ticks.numbered else range(len(values))
                times |= {ticks.time_of(turn) for turn in turned if turn is not None}
        steps = sorted(t for t in times if t is not None)
        return tuple(steps or range(len({k for k in self.executed if k[0] < 0})))

    def changed(self) -> tuple[int, ...]:
        """Return the time steps at which the mistake matters."""
        times = {self.time_of(key) for key in self.matters or self.shared}
        return tuple(sorted(t for t in times if t is not None))


def turns(
    program: Program, inputs: Inputs, file: str, old: str, new: str, until: float
) -> Turns | None:
    """Run the program woven from two texts of a file; None where they cannot be woven.

    Parameters
    ----------
    program : Program
        Left as it was found.
    inputs : pair of mappings
    file : str
    old, new : str
        Texts of the file, before and after an edit.
    until : float
        Monotonic time at which no further step is tried.
    """
    before = program.texts
    weaver = _Weaver()
    try:
        program.install(file, new)
        with _woven(program, file, Source(file, old), weaver):
            found = weaver.runs(program, inputs, until)
        if found is not None:
            given = program, inputs, file, (old, new), found.answers  # asked later: it takes runs
            found.mends = functools.partial(kinds_that_mend, *given, found.steps)
            found.plain = functools.partial(plain_mistake, *given, found.variables, found.passes)
        return found
    except (SyntaxError, ValueError, _Unwoven):
        return None
    finally:
        program.restore_texts(before)


class _Unwoven(Exception):
    """The two texts differ in something that cannot be chosen while the program runs."""


@contextlib.contextmanager
def _woven(program: Program, file: str, old: Source, weaver: _Weaver) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for space in {id(f.__globals__): f.__globals__ for f in program.functions}.values():
            for name, value in weaver.names().items():
                space[name] = value
                stack.callback(space.pop, name, None)
        twins = {place_of(unit, old): unit for unit in old.units}
        for unit in program.live_units:
            if not program.runs_in_backward(unit):
                continue
            was = unit
            if unit.file == file:
                was = twins.get(place_of(unit, program.sources[file]), unit)
            code = weaver.compiled(was, unit)
            stack.callback(program.swap(unit, code))
        yield


class _Weaver:
    def __init__(self) -> None:
        self.clock = Clock()
        self.gates = 0
        self.chosen: frozenset[Key] = frozenset()
        self.all_old = False
        self.order: dict[int, int] = {}
        self.log: list[Key] = []
        self.within: dict[int, tuple[int, list[int | None]]] = {}
        self.seen: dict[Key, list[Any]] = {}
        self.readings = Readings()
        self.passes = Passes()

    def names(self) -> dict[str, object]:
        """Return the functions that woven code calls."""
        return {**self.clock.names(), TURN: self._turn, VALUE: self._value, LEFT: self._left}

    def compiled(self, old: Unit, new: Unit) -> Any:
        """Return the code of a unit that can be as before and as after."""
        (tree,) = self._weave([copy_of(old.tree)], [copy_of(new.tree)])
        (tree,) = self.clock.put_into([tree])[:1] if hasattr(tree, "body") else [tree]
        statement: ast.stmt = tree
        for name in reversed(new.classes):
            statement = ast.ClassDef(name, [], [], [statement], [])
        module = ast.fix_missing_locations(ast.Module([statement], []))
        return compile(module, new.file, "exec", dont_inherit=True)

    def _weave(self, old: list[ast.stmt], new: list[ast.stmt]) -> list[ast.stmt]:
        if [dumped(s) for s in old] == [dumped(s) for s in new]:
            return new
        woven: list[ast.stmt] = []
        pairs = list(paired(old, new))
        become = {id(becomes): was for was, becomes in pairs if becomes is not None}
        # What is taken out keeps its place: before the statement that follows it.
        place = places(old, new, pairs)
        gone: dict[int, list[ast.stmt]] = {}
        for was, becomes in pairs:
            if becomes is None and was is not None:
                gone.setdefault(place[id(was)], []).append(was)
        for k, statement in enumerate(new):
            woven += [self._gate(was, None) for was in gone.get(k, [])]
            if id(statement) not in become:
                woven.append(statement)
                continue
            was = become[id(statement)]
            if was is not None and only_inside(was, statement):
                for name in ("body", "orelse", "finalbody"):
                    if getattr(statement, name, None):
                        inner = self._weave(getattr(was, name), getattr(statement, name))
                        setattr(statement, name, inner)
                woven.append(statement)
            else:
                woven.append(self._gate(was, statement))
        return woven + [self._gate(was, None) for was in gone.get(len(new), [])]

    def _gate(self, old: ast.stmt | None, new: ast.stmt | None) -> ast.stmt:
        at = new if new is not None else old
        assert at is not None
        if isinstance(at, ast.FunctionDef | ast.ClassDef | ast.Nonlocal | ast.Global):
            if old is None:
                return at
            raise _Unwoven
        number, self.gates = self.gates, self.gates + 1
        self.readings.watch(number, old, new)
        test = ast.Call(ast.Name(TURN, ast.Load()), [ast.Constant(number)], [])
        self.passes.watch(number, old, new)
        after = ast.Expr(ast.Call(ast.Name(LEFT, ast.Load()), [ast.Constant(number)], []))
        choice = ast.If(test, [*watched(new), after], [*watched(old), copy_of(after)])
        for node in ast.walk(choice):
            if isinstance(node, ast.expr | ast.stmt) and (old is None or not hasattr(old, "body")):
                node.lineno, node.end_lineno = at.lineno, at.end_lineno
                node.col_offset, node.end_col_offset = 0, 0
        return choice

    def _turn(self, number: int) -> bool:
        frame = sys._getframe(1)
        key = self._key(number, frame)
        self.log.append(key)
        self.readings.note(number, key, frame)
        self.passes.enter(number, key, frame)
        if self.all_old:
            return False
        return key not in self.chosen

    def _key(self, number: int, frame: Any) -> Key:
        now = self.clock.now(frame)
        if now is not None:
            number, turn, values = now
            self.within[id(values)] = number, values
            return number, turn
        self.order[number] = self.order.get(number, -1) + 1
        return BESIDE_TIME if self.clock.is_within(frame) else -1, self.order[number]

    def _value(self, value: Any) -> Any:
        if self.log:
            self.seen.setdefault(self.log[-1], []).append(kept(value))
            self.passes.show(value)
        return value

    def _left(self, number: int) -> None:
        self.passes.leave(number, sys._getframe(1))

    def run(
        self,
        program: Program,
        inputs: Inputs,
        *chosen: Key,
        all_old: bool = False,
        known: frozenset[Key] = frozenset(),
    ) -> Mapping[str, Any] | None:
        """Run once, with the old text at the chosen keys or at all; None where it raises."""
        self.chosen, self.all_old = frozenset(chosen), all_old
        self.order, self.log, self.seen, self.within = {}, [], {}, {}
        self.readings.start()
        self.passes.start(chosen[0] if chosen else None, known)
        self.clock.start()
        program.state.restore()
        mine = copied(inputs)
        try:
            with program.watchdog.limit(2.0):
                outputs = dict(program.backward(*mine))
        except (Exception, TimeUp):
            return None
        left = {
            f"left in {name}": value
            for given, now in zip(inputs, mine, strict=True)
            for name, value in dict(now).items()
            if name in given and isinstance(value, np.ndarray)
        }
        made = {str(name): kept(value) for name, value in outputs.items()}
        return {**made, **left}

    def runs(self, program: Program, inputs: Inputs, until: float) -> Turns | None:
        """Run as mended, as it was, and with the old text at one step after the other."""
        for old in (True, False):  # to learn which variables of loops count
            self.run(program, inputs, all_old=old)
        broken = self.run(program, inputs, all_old=True) or {}
        turned = [list(ticks.values) for ticks in self.clock.loops]
        old_values, as_was = dict(self.seen), self.passes.made
        right = self.run(program, inputs)
        if right is None:
            return None
        found = Turns(list(self.log), loops=copy.copy(self.clock.loops), broken=turned,
                      answers=(dict(broken), dict(right)), steps=self.clock.steps,
                      within=list(self.within.values()),
                      read=set().union(*self.readings.shapes.values()),
                      masks=dict(self.readings.masks), wraps=set(self.readings.wraps),
                      looked_up=self.readings.looked_up)  # fmt: skip
        found.loops = [replace(ticks, values=list(ticks.values)) for ticks in found.loops]
        new_values, mended = dict(self.seen), self.passes.made
        # What an edit takes out of the loop is right at a step if it is with old text outside too.
        outside = [key for key in dict.fromkeys(found.executed) if found.time_of(key) is None]
        keys = list(dict.fromkeys(found.executed))[:_MOST_STEPS]
        first = next((k for k in keys if apart_after(as_was.get(k, ()), mended.get(k, ()))), None)
        found.whole = as_was, mended
        for key in keys:
            if time.monotonic() > until:
                break
            answer = self.run(program, inputs, key)
            if answer is None and outside:  # it reads what the old text makes outside
                answer = self.run(program, inputs, key, *outside)
            raises = answer is None
            if answer is not None:
                found.alone[key] = answer
            found.values[key] = (self.seen.get(key, []), new_values.get(key, []))
            at = OUTSIDE if key[0] < 0 and found.time_of(key) is None else key
            made, right_made = self.passes.made.get(at, []), mended.get(at, [])
            found.left[key] = settled(made, right_made)
            if answer is not None and not differ(answer, right):
                continue
            if answer is not None and outside and found.time_of(key) is not None:
                answer = self.run(program, inputs, key, *outside)
            if answer is None or differ(answer, right):
                found.matters.add(key)
                if key[0] >= 0 and (not raises or key == first):
                    found.passes[key] = (as_was.get(key, []) if raises else made), right_made
        if not found.matters and broken and differ(broken, right):
            run = functools.partial(self.run, program, inputs)
            found.shared = in_company(found.timed(), outside, run, found.answers, until)
        if all(key[0] < 0 for key in keys):
            found.passes[OUTSIDE] = as_was.get(OUTSIDE, []), mended.get(OUTSIDE, [])
        some = list(found.passes)[:: max(1, len(found.passes) // 2)][:_MOST_KNOWN]
        self.run(program, inputs, known=frozenset(some))
        found.variables = self.passes.known
        if len(keys) == 1:
            found.values[keys[0]] = (old_values.get(keys[0], []), new_values.get(keys[0], []))
        return found
