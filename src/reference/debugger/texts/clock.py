"""Which time step it is in somebody's running program: loops are counted, and one is time."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from reference.debugger.running.kept import kept
from reference.debugger.texts.trees import copy_of

ENTER, TICK, LEAVE = "__loop_enter__", "__loop_tick__", "__loop_leave__"
BEGUN = "__loop_begun__"  # after the first statement of a while loop

_TIME = re.compile(r"^(t|tt|t_|ti|tau|time|step|timestep|time_step|bptt_step|pos|s)$", re.I)
_LAYER = re.compile(r"^(l|lay|layer|lyr|ell|level|depth)$", re.I)
_BACK_THROUGH = 4.0  # the score of a loop that walks backwards: of two sequences each has its own
_FROM_THE_END = r"[\[ ](-{0} [-] 1|-\({0} \+ 1\)|~{0}|-1 - {0})[\],]"  # an index: x[-t - 1]
_WALKS = ("zip", "enumerate", "reversed", "sorted", "list", "tuple", "iter", "range", "len", "map")
_Loop = ast.For | ast.While


@dataclass
class Ticks:
    """One loop: how it is written, and what its variable was at each turn of its longest run.

    `counts` says whether the variable went up or down by the same number at all turns so far: one
    that walks over words or labels does not tell which turn it is. `inner` are the loops that ran
    within its turns, in whatever function.
    """

    loop: _Loop
    backwards: bool
    score: float
    values: list[int | None] = field(default_factory=list)
    counts: bool = True
    inner: set[int] = field(default_factory=set)

    @property
    def named(self) -> bool:
        """Whether the loop counts, and calls what it counts time."""
        return self.numbered and any(map(_TIME.match, _names_of(self.loop)))

    @property
    def numbered(self) -> bool:
        """Whether a variable of the loop tells its turns apart."""
        return self.counts and None not in self.values and len(self.values) > 0

    def time_of(self, turn: int) -> int | None:
        """Return the time step of a turn: of the value of the loop's variable, if it has one."""
        names = self.values if self.numbered else list(range(len(self.values)))
        return self.times()[names.index(turn)] if turn in names else None

    def times(self) -> list[int]:
        """Return the time step of each turn."""
        known = [v for v in self.values if v is not None]
        if self.numbered:
            rises = len(known) > 1 and known[-1] > known[0]
            if not (rises and self.backwards):
                return known
            return [max(known) + min(known) - v for v in known]
        turns = range(len(self.values))
        return list(reversed(turns)) if self.backwards else list(turns)


def is_time(mine: Ticks, loops: list[Ticks]) -> bool:
    """Return whether a loop is time, and not one over samples with time within or elsewhere."""
    ran = [ticks for ticks in loops if ticks.values]
    if any(loops[k].score > mine.score for k in mine.inner):
        return False
    best = max(ran, key=lambda t: t.score, default=mine)
    if mine.named and not best.named:  # the other one walks over what was recorded: a tape
        return True
    return (
        mine.score >= min(best.score, _BACK_THROUGH) or abs(len(mine.values) - len(best.values)) < 2
    )


class Clock:
    """Counts the turns of all loops that were given it, and tells which of them is time now."""

    def __init__(self) -> None:
        self.loops: list[Ticks] = []
        self._running: list[tuple[types.FrameType, int, list[int | None]]] = []

    def put_into(self, block: list[ast.stmt]) -> list[ast.stmt]:
        """Return the statements of a block with the clock in all their loops."""
        found: list[ast.stmt] = []
        for statement in block:
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(statement, name, None)
                if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                    setattr(statement, name, self.put_into(inner))
            if not isinstance(statement, _Loop):
                found.append(statement)
                continue
            number = len(self.loops)
            self.loops.append(Ticks(statement, goes_backwards(statement), score_of(statement)))
            begun = [_call(BEGUN, number, statement)] if isinstance(statement, ast.While) else []
            first, *others = statement.body
            statement.body = [_call(TICK, number, statement), first, *begun, *others]
            found += [_call(ENTER, number, statement), statement, _call(LEAVE, number, statement)]
        return found

    def start(self) -> None:
        """Forget what the last run left."""
        self._running = []
        for ticks in self.loops:
            ticks.values, ticks.inner = [], set()

    def names(self) -> dict[str, object]:
        """Return the functions that the instrumented code calls."""
        return {ENTER: self._enter, TICK: self._tick, BEGUN: self._begun, LEAVE: self._leave}

    def _enter(self, number: int) -> None:
        frame = sys._getframe(1)
        for _, outer, _ in self._running:
            self.loops[outer].inner.add(number)
        if _is_constant(self.loops[number].loop, frame):
            self.loops[number].score = min(1.0, self.loops[number].score)
        self._running.append((frame, number, []))

    def _tick(self, number: int) -> None:
        frame = sys._getframe(1)
        for k in range(len(self._running) - 1, -1, -1):
            other, which, values = self._running[k]
            if other is frame and which == number:
                self._running[k + 1 :] = [
                    one for one in self._running[k + 1 :] if _waits(one[0], frame)
                ]
                ticks = self.loops[number]
                values.append(_variable(ticks.loop, frame))
                if isinstance(ticks.loop, ast.For):
                    ticks.counts = ticks.counts and _goes_on(values)
                if len(values) > len(ticks.values):
                    ticks.values = values
                return

    def _begun(self, number: int) -> None:
        """Take the variable of a loop as it is in most of its body: it may begin by ``t -= 1``."""
        frame = sys._getframe(1)
        for other, which, values in reversed(self._running):
            if other is frame and which == number and values:
                ticks = self.loops[number]
                values[-1] = _variable(ticks.loop, frame)
                ticks.counts = ticks.counts and _goes_on(values)
                return

    def _leave(self, number: int) -> None:
        frame = sys._getframe(1)
        for k in range(len(self._running) - 1, -1, -1):
            if self._running[k][0] is frame and self._running[k][1] == number:
                del self._running[k:]
                return

    def is_within(self, frame: types.FrameType | None) -> bool:
        """Return whether a loop is running, in a function or in one that calls it."""
        chain = set(_chain(frame))
        return any(values and id(other) in chain for other, _, values in self._running)

    def now(self, frame: types.FrameType | None) -> tuple[int, int, list[int | None]] | None:
        """Return the loop that is time, the value of its variable or else its turn, and all such.

        The list of all grows until the loop is left.
        """
        chain = set(_chain(frame))
        best = None
        for other, number, values in self._running:
            score = self.loops[number].score
            if values and id(other) in chain and score > 0 and (best is None or score >= best[0]):
                best = score, number, values
        if best is None:
            return None
        _, number, values = best
        turn = values[-1] if self.loops[number].counts else None
        return number, len(values) - 1 if turn is None else turn, values

    @property
    def steps(self) -> int:
        """How many time steps the likeliest loop has; 0 if there is none."""
        ran = [ticks for ticks in self.loops if ticks.values and ticks.score > 0]
        best = max(ran, key=lambda ticks: (ticks.score, len(ticks.values)), default=None)
        return 0 if best is None else len(best.values)


def _chain(frame: types.FrameType | None) -> Iterator[int]:
    """Give what tells a frame, and all that it was called from."""
    while frame is not None:
        yield id(frame)
        frame = frame.f_back


def _call(name: str, number: int, at: ast.stmt) -> ast.stmt:
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(number)], []))
    for node in ast.walk(call):
        ast.copy_location(node, at)
    return call


def _goes_on(values: list[int | None]) -> bool:
    """Return whether the last of some numbers is as far from the one before as that from its own.

    Examples
    --------
    >>> _goes_on([4, 3, 2]), _goes_on([4, 3, 3]), _goes_on([0, 0]), _goes_on([None, None])
    (True, False, False, True)
    """
    last = values[-3:]
    apart = {None if a is None or b is None else b - a for a, b in pairwise(last)}
    return len(apart) < 2 and 0 not in apart


def _variable(loop: _Loop, frame: types.FrameType) -> int | None:
    targets = loop.target if isinstance(loop, ast.For) else loop.test
    for node in ast.walk(targets):
        if isinstance(node, ast.Name):
            value = frame.f_locals.get(node.id)
            if isinstance(value, int | np.integer) and not isinstance(value, bool):
                return int(value)
    return None


def _waits(frame: types.FrameType, other: types.FrameType) -> bool:
    """Return whether a frame is that of a generator, which goes on where it stopped."""
    return frame is not other and bool(frame.f_code.co_flags & inspect.CO_GENERATOR)


def _is_constant(loop: _Loop, frame: types.FrameType) -> bool:
    """Return whether a loop has as many turns as a constant of the module says: no sequence."""
    if not isinstance(loop, ast.For):
        return False
    calls = [n.func for n in ast.walk(loop.iter) if isinstance(n, ast.Call)]
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    if "range" not in called or called - {"range", "reversed"}:
        return False
    names = {n.id for n in ast.walk(loop.iter) if isinstance(n, ast.Name)} - called
    return bool(names) and all(
        name not in frame.f_locals and isinstance(frame.f_globals.get(name), int) for name in names
    )


def _names_of(loop: _Loop) -> set[str]:
    """Return the variables that a loop sets, or that a while loop asks for."""
    over = loop.target if isinstance(loop, ast.For) else loop.test
    return {node.id for node in ast.walk(over) if isinstance(node, ast.Name)}


def _states_in(loop: _Loop) -> set[str]:
    """Return which variables of a loop are no numbers, whatever they are called: ``s``, a state."""
    over = ast.unparse(loop.iter) if isinstance(loop, ast.For) else "range("
    return set() if re.search(r"\b(range|enumerate)\(", over) else {"s"}


@kept(512)
def score_of(loop: _Loop) -> float:
    """Return how much a loop looks like time; 0 for one that goes over gates or names."""
    names = _names_of(loop)
    timely = 2.0 * any(_TIME.match(name) for name in names - _states_in(loop))
    if any(_LAYER.match(name) for name in names) and not timely:
        return 0.0
    if isinstance(loop, ast.While):
        return 1.0 + timely + 3.0 * goes_backwards(loop)
    if isinstance(loop.iter, ast.Constant | ast.Tuple | ast.List | ast.Set):
        return 0.0
    if re.search(
        r"\.(keys|items|values)\(\)|gates|layers|params|batch(?!_sizes)|lengths|samples|heads",
        ast.unparse(_Walked().visit(copy_of(loop.iter))),
        re.I,
    ) or (isinstance(loop.iter, ast.Name) and loop.iter.id.isupper() and len(loop.iter.id) > 1):
        return 0.5 * bool(timely) + 3.0 * goes_backwards(loop) * bool(timely)
    return 1.0 + timely + 3.0 * goes_backwards(loop)


class _Walked(ast.NodeTransformer):
    """Leaves what a loop walks over: of a call of somebody's function not what it is given."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Name) and node.func.id not in _WALKS:
            node.args, node.keywords = [], []
        self.generic_visit(node)
        return node


def goes_backwards(loop: _Loop) -> bool:
    """Return whether a loop walks from the end to the beginning, as far as its text tells.

    Examples
    --------
    >>> goes_backwards(ast.parse("for t in range(T - 1, -1, -1): pass").body[0])
    True
    >>> goes_backwards(ast.parse("while tape: dh = step_back(dh)").body[0])
    True
    """
    body = "\n".join(ast.unparse(statement) for statement in loop.body)
    if isinstance(loop, ast.While):
        # While something is in a list: the step that it calls takes it away from the end.
        emptied = isinstance(loop.test, ast.Name | ast.Attribute)
        return bool(re.search(r"\w -= 1|= (\w+) - 1\b|\.pop\(\)", body)) or (
            emptied and not re.search(r"popleft|pop\(0\)", body)
        )
    text = ast.unparse(loop.iter)
    if "reversed(" in text or "::-1]" in text or any(map(_counts_down, ast.walk(loop.iter))):
        return True
    if re.search(r"\.pop\(\)", body):
        return True
    for node in ast.walk(loop.target):
        if isinstance(node, ast.Name) and re.search(_FROM_THE_END.format(re.escape(node.id)), body):
            return True
        if isinstance(node, ast.Name) and re.search(rf"= [^=\n]* - {re.escape(node.id)}\b", body):
            return bool(re.search(rf"^\s*\w+ = [^\n]*- {re.escape(node.id)}\b( - 1)?$", body, re.M))
    return False


def _counts_down(node: ast.AST) -> bool:
    """Whether a call is ``range(start, stop, -1)``, or as the same is written by another name."""
    return (
        isinstance(node, ast.Call)
        and len(node.args) == 3
        and isinstance(node.args[2], ast.UnaryOp)
        and ast.unparse(node.args[2]) == "-1"
    )
