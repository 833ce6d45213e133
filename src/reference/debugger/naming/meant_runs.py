"""Changes of a tree that are made in the live program and run: what it gives then."""

from __future__ import annotations

import ast
import contextlib
import time
import types
from collections.abc import Iterator, Mapping
from typing import Any

from reference.debugger.naming.meant import Slot, made, placed
from reference.debugger.naming.meant_by_updates import names
from reference.debugger.naming.picked import PICK, Picks
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.same_answers import differ, kept
from reference.debugger.running.source import Unit
from reference.debugger.running.timebox import TimeUp

TURNED = "__walked_back__"
SECONDS = 0.2  # of this thread's own time: how busy the machine is changes nothing

Answers = Mapping[str, Any]


def outputs_of(answers: Answers) -> dict[str, Any]:
    """Return what a run gave, without what it left in its inputs."""
    return {name: value for name, value in answers.items() if not name.startswith("left in ")}


@contextlib.contextmanager
def trying(
    program: Program, inputs: Inputs, file: str, text: str, tree: ast.Module, right: Answers
) -> Iterator[Trial]:
    """Run a text of a file, whose tree is to be changed, and let the changes find what they call.

    The program is left as it was found.
    """
    installed = {name: source.text for name, source in program.sources.items()}
    try:
        program.install(file, text)
        trial = Trial(program, inputs, file, tree, right)
        own = {TURNED: lambda walked: list(walked)[::-1], PICK: trial.pick, **names()}
        with program.quiet(), contextlib.ExitStack() as stack:
            for space in {id(f.__globals__): f.__globals__ for f in program.functions}.values():
                for name, value in own.items():
                    space[name] = value
                    stack.callback(space.pop, name, None)
            yield trial
    finally:
        program.restore_texts(installed)


class Trial:
    """Makes changes in a tree of a program, runs it and compares what it gives with the right."""

    def __init__(
        self, program: Program, inputs: Inputs, file: str, tree: ast.Module, right: Answers
    ) -> None:
        self.program, self.inputs, self.right = program, inputs, right
        self.tree, self.file = tree, file
        self.picks = Picks(0)
        self.until = time.thread_time() + SECONDS

    def is_up(self) -> bool:
        """Return whether the time for all changes is up."""
        return time.thread_time() > self.until

    def pick(self, number: int, value: Any) -> Any:
        """Return a value as the picks want it."""
        return self.picks.value(number, value)

    def gives(self, slots: tuple[Slot, ...]) -> bool:
        """Return whether the changed program gives the answers that are asked for."""
        if not slots or self.is_up():
            return False
        with self._changed(list(slots)) as runs:
            return runs and self._is_right()

    def picked(self, slots: list[Slot], picks: Picks) -> Iterator[str]:
        """Give the kinds of which another value of one expression makes the program right."""
        self.picks = picks
        with self._changed(slots) as runs:
            if not runs or self.is_up():
                return
            self._run()
            for kind, number, becomes in list(picks.trials()):
                if self.is_up():
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
            with self.program.watchdog.limit(SECONDS):
                outputs = dict(self.program.backward(*copied(self.inputs)))
        except (Exception, TimeUp):
            return None
        return {str(name): kept(value) for name, value in outputs.items()}

    def _is_right(self) -> bool:
        answer = self._run()
        return answer is not None and not differ(answer, self.right)
