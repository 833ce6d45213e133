"""State that outlives a call: which global, attribute or default value, and where it is written.

Each candidate alone is put back to what it was before the first call; the one after which the
second call gives the first one's answer is at fault. Where none alone is, it is those that grow.
"""

from __future__ import annotations

import copy
import inspect
import re
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.debugger.arguments import same
from reference.debugger.diagnosis import Suspect
from reference.debugger.place import at
from reference.debugger.program import Inputs, Outcome, Program, copied
from reference.debugger.timebox import TimeUp


@dataclass
class _Root:
    """A value that lives on between calls, and where it is made."""

    name: str
    value: Any
    file: str
    line: int  # where it is made, if that is the line to blame
    function: str
    before: Any = None

    def put_back(self) -> None:
        """Give it the content it had."""
        before = copy.deepcopy(self.before)
        if isinstance(self.value, np.ndarray):
            self.value[...] = before
        elif isinstance(self.value, list):
            self.value[:] = before
        else:
            self.value.clear()
            self.value.update(before)


def kept_between_calls(program: Program, inputs: Inputs, until: float) -> list[Suspect]:
    """Return where state is kept that makes a second backward differ from the first."""
    program.state.restore()
    roots = list(_roots(program))
    for root in roots:
        root.before = copy.deepcopy(root.value)

    def call(arguments: Inputs) -> Outcome:
        try:
            with program.watchdog.limit(max(until - time.monotonic(), 0.1)):
                return Outcome(dict(program.backward(*copied(arguments))))
        except (Exception, TimeUp) as error:
            return Outcome(error=error)

    def outputs(outcome: Outcome) -> Any:
        return copy.deepcopy(outcome.outputs)

    first = outputs(call(inputs))
    moved = _moved(inputs)
    second, other = outputs(call(inputs)), outputs(call(moved))
    changed = [root for root in roots if not same(root.before, root.value)]
    grown = [root for root in changed if len(root.value) > len(root.before)]

    def clean() -> None:
        for root in roots:
            root.put_back()
        program.state.restore()

    clean()
    alone = outputs(call(moved))
    differs = not same(first, second)
    if not differs and same(other, alone):
        return []
    found = []
    for root in changed:
        if time.monotonic() > until:
            break
        clean()
        call(inputs)
        root.put_back()
        right, again = (first, inputs) if differs else (alone, moved)
        if same(right, outputs(call(again))):
            found.append(_suspect(program, root))
    clean()
    if not found:  # no one alone: several together
        found = sorted((_suspect(program, root) for root in grown), key=lambda found: found.line)
    return found


def _moved(inputs: Inputs) -> Inputs:
    """Return other arguments of the same sizes."""
    params, rest = copied(inputs)
    for group in (params, rest):
        for name, value in group.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                group[name] = value * 1.1 + 0.01
    return params, rest


def _roots(program: Program) -> Iterator[_Root]:
    seen: set[int] = set()
    for function in program.functions:
        code = function.__code__
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if _is_data(value) and id(value) not in seen:
                seen.add(id(value))
                names = [n for n, p in inspect.signature(function).parameters.items()
                         if p.default is value]  # fmt: skip
                yield _Root(names[0] if names else "", value, code.co_filename,
                            code.co_firstlineno, function.__name__)  # fmt: skip
        for name, value in list(function.__globals__.items()):
            if name.startswith("__") or id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, type):
                for attribute, inner in list(vars(value).items()):
                    if _is_data(inner) and not attribute.startswith("__"):
                        yield _Root(attribute, inner, code.co_filename, 0, value.__name__)
            elif _is_data(value):
                yield _Root(name, value, code.co_filename, 0, "")
            elif hasattr(value, "__dict__") and not isinstance(
                value, types.ModuleType | types.FunctionType
            ):
                for attribute, inner in list(vars(value).items()):
                    if _is_data(inner):
                        yield _Root(attribute, inner, code.co_filename, 0, "")


def _is_data(value: Any) -> bool:
    return isinstance(value, np.ndarray | list | dict | set)


def _suspect(program: Program, root: _Root) -> Suspect:
    source = program.sources.get(root.file)
    line = root.line
    if not line and source is not None:
        name = re.escape(root.name)
        written = re.compile(rf"\b{name}(\[.*\])?\s*([-+*/]?=[^=]|\.(append|add|extend|update)\()")
        lines = [n for n, text in enumerate(source.lines, 1) if written.search(text)]
        inside = [n for n in lines if source.lines[n - 1].startswith((" ", "\t"))]
        line = next(iter(inside or lines), 0)
    file, line, text, _ = at(root.file, line, root.function)
    return Suspect(
        file, line, text, root.function, root.name, pattern="all", kind="state between calls",
        why=f"{root.name} lives on between calls: what one call leaves in it, the next one finds; "
            "emptied before the second call, it gives the first one's answer again",
        should_be=f"{root.name} made anew, or cleared, at the start of each call",
        confidence=0.9, engines=("memory",),
    )  # fmt: skip
