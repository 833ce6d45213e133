"""Short ways to write a mistake down; without `lines` the blame is on the line an edit writes."""

from __future__ import annotations

from dataclasses import dataclass

from cases import Fault, Mistake, program_source


def edited_line(program: str, edits: tuple[tuple[str, str], ...], index: int) -> str:
    """Text of the line of the wrong source at which edit `index` begins to write."""
    source = program_source(program)
    for k, (old, new) in enumerate(edits):
        if source.count(old) != 1:
            raise ValueError(f"{old!r} occurs {source.count(old)} times in {program}")
        indent = len(new) - len(new.lstrip())
        source = source.replace(old, new if k != index else new[:indent] + "\0" + new[indent:])
    lines = [line.strip() for line in source.splitlines()]
    marked = next(line for line in lines if "\0" in line)
    text = marked.replace("\0", "")
    same = [line for line in lines if line in (text, marked)]
    return text if len(same) == 1 else f"{text} @{same.index(marked) + 1}"


def single(
    name: str,
    program: str,
    old: str,
    new: str,
    *,
    kind: str,
    steps: str,
    variable: str,
    why: str,
    lines: tuple[str, ...] = (),
    more: tuple[tuple[str, str], ...] = (),
    shows: tuple[str, ...] = ("gradient",),
) -> Mistake:
    """Give a mistake of one fault; `more` are further edits that belong to it.

    Without `lines` the blame is on the line that the first edit writes.
    """
    edits = ((old, new), *more)
    fault = Fault(lines or (edited_line(program, edits, 0),), kind, steps, variable, why)
    return Mistake(name, program, edits, (fault,), shows)


@dataclass(frozen=True)
class Part:
    """One fault of several and the edit that plants it; see `Fault`."""

    old: str
    new: str
    kind: str
    steps: str
    variable: str
    why: str
    lines: tuple[str, ...] = ()


def several(
    name: str, program: str, *parts: Part, shows: tuple[str, ...] = ("gradient",)
) -> Mistake:
    """Give a mistake of several independent faults, one edit each."""
    edits = tuple((part.old, part.new) for part in parts)
    faults = tuple(
        Fault(
            part.lines or (edited_line(program, edits, k),),
            part.kind,
            part.steps,
            part.variable,
            part.why,
        )
        for k, part in enumerate(parts)
    )
    return Mistake(name, program, edits, faults, shows)
