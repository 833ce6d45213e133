"""Which lines are the backward's own, where a function is run by the loss too."""

from __future__ import annotations

from reference.debugger.running.program import Program
from reference.debugger.running.source import first_line, function_around


def line_key(program: Program, file: str, line: int, function: str) -> tuple[str, str, str]:
    """Return what a line is known by, whatever becomes of the lines before it."""
    source = program.sources[file]
    return file, function, source.data[source.at(line) : source.at(line + 1)].decode().strip()


def spares(program: Program, file: str, line: int, function: str) -> bool:
    """Return whether a line of a function that is searched is left out: the loss is made of it."""
    return bool(program.spared) and line_key(program, file, line, function) in program.spared


def is_own(program: Program, file: str, line: int) -> bool:
    """Return whether a line is the backward's own: the loss does not run it, or not need it."""
    source = program.sources[file]
    function = function_around(source, line)
    if function is None:
        unit = source.unit_at(line)
        return unit is None or program.only_in_backward(unit)
    key = file, first_line(function)
    if key in program.partly:
        return not spares(program, file, line, function.name)
    return key not in program.in_loss
