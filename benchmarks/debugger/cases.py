"""What a case of the debugger benchmark is: a program, or a program with planted mistakes."""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = (
    "carry lost",
    "carry not added",
    "derivative of an activated value",
    "missing derivative",
    "wrong derivative",
    "aliasing",
    "= for +=",
    "gate copied",
    "mean for sum",
    "index off by one",
    "accumulation outside the loop",
    "transposed",
    "wrong operand",
    "missing path",
    "spurious factor",
    "missing factor",
    "scale 1/B or 1/T",
    "never returned",
    "wrong name",
    "wrong sign",
    "argument changed",
    "state between calls",
    "wrong order",
    "loop bounds",
    "forward order",
    "wrong shape",
    "overwritten too early",
    "initial value",
    "spurious term",
    "clipped",
    "late binding",
    "wrong dtype",
    "+= for =",
    "dot for outer",
    "repeated indices",
)
"""Kinds of mistake, in the words of the field."""

SYMPTOMS = ("gradient", "raises", "argument", "repeat", "names")
"""How a mistake shows: a wrong gradient, an exception, an argument that is changed, a second call
that differs from the first, or names that are missing from the result or unknown."""

PROGRAMS = Path(__file__).parent / "programs"

_OCCURRENCE = re.compile(r"^(?P<text>.*?)\s+@(?P<number>\d+)$", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """One fault of a mistaken program.

    Attributes
    ----------
    lines
        Texts (stripped) of the lines of the *wrong* source at which a reasonable reader accepts
        the blame, the primary one first. ``"text @2"`` is the second line with that text.
    kind
        One of `KINDS`, or several with bars between them where a reader accepts each.
    steps
        The time steps at which the line gives a wrong value that matters: ``"all"``, ``"t=0"``,
        ``"all but the last"``, ... A bar separates what is accepted alike: a line that hands
        something from step t to step t - 1 may be told by either.
    variable
        The name whose value is wrong first.
    why
        One sentence.
    """

    lines: tuple[str, ...]
    kind: str
    steps: str
    variable: str
    why: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are accepted, the best one first."""
        return tuple(self.kind.split(" | "))

    def line_numbers(self, source: str) -> list[int]:
        """Line numbers of `lines` in the wrong source, the primary one first."""
        return [line_number(source, text) for text in self.lines]


@dataclass(frozen=True)
class Mistake:
    """A right program and the edits that make it wrong.

    Attributes
    ----------
    name
        Name of the case; unique.
    program
        Name of the right program.
    edits
        Pairs (old text, new text); each old text occurs exactly once in the right source. Where
        there are as many edits as faults, edit k is fault k.
    faults
        The faults, independent of each other.
    shows
        Where the mistake can be seen; see `SYMPTOMS`.
    """

    name: str
    program: str
    edits: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    shows: tuple[str, ...] = ("gradient",)

    @property
    def source(self) -> str:
        """Source text of the wrong program."""
        return self.apply(range(len(self.edits)))

    def apply(self, which: Any) -> str:
        """Give the source text with only the edits of the indices `which`."""
        source = program_source(self.program)
        for old, _ in self.edits:
            if source.count(old) != 1:
                msg = f"{self.name}: {old!r} occurs {source.count(old)} times, but must occur once"
                raise ValueError(msg)
        for index in which:
            source = source.replace(*self.edits[index])
        return source


@dataclass(frozen=True)
class Subject:
    """A program as a user would hand it over: a name and a source text."""

    name: str
    source: str


@dataclass(frozen=True)
class Mutant(Subject):
    """A right program with one term changed by an operator.

    Attributes
    ----------
    program
        Name of the right program.
    operator
        Name of the operator.
    lines
        Line numbers at which the blame is accepted, the primary one first.
    raises
        Whether it raises in at least one example.
    """

    program: str
    operator: str
    lines: tuple[int, ...]
    raises: bool = False


def program_names() -> list[str]:
    """Names of the right programs, sorted."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py") if path.stem != "__init__")


def program_source(name: str) -> str:
    """Source text of a right program."""
    return (PROGRAMS / f"{name}.py").read_text()


def line_number(source: str, text: str) -> int:
    """Line number (from 1) of the only line with this stripped text.

    Raises
    ------
    ValueError
        If there is no such line, or several and `text` does not say which one.
    """
    match = _OCCURRENCE.match(text)
    wanted = match["text"] if match else text
    found = [n for n, line in enumerate(source.splitlines(), 1) if line.strip() == wanted]
    if match and len(found) >= int(match["number"]):
        return found[int(match["number"]) - 1]
    if match or len(found) != 1:
        raise ValueError(f"line {text!r} occurs {len(found)} times")
    return found[0]


def load(source: str, name: str = "subject") -> types.ModuleType:
    """Run a source text as a fresh module that no other code sees."""
    module = types.ModuleType(name)
    module.__file__ = f"<{name}>"
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    return module
