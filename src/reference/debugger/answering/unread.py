"""A loss that does not depend on its params: it reads values of the same names elsewhere.

Scripts keep their weights in globals. Where the function that is handed to the debugger forgets to
set them from its params, every derivative is zero, and no line of the backward is to blame.
"""

from __future__ import annotations

import dis

import numpy as np

from reference.debugger.diagnosis import Diagnosis
from reference.debugger.running.program import Inputs, Program, copied
from reference.report.words import file_name, listed

NOT_READ = "the loss does not depend on any of params"


def not_read(program: Program, inputs: Inputs, diagnosis: Diagnosis) -> str:
    """Return in words that the loss does not depend on params, and what it reads instead, or "".

    Parameters
    ----------
    program : Program
    inputs : (params, inputs)
    diagnosis : Diagnosis
        Only where each derivative that was looked at is exactly zero the question is asked.
    """
    if not diagnosis.wrong or any(m.reference != 0 for m in diagnosis.wrong.values()):
        return ""
    if any(finding.kind in ("raises", "wrong name") for finding in diagnosis.suspects):
        return ""
    values = {program.value(moved, 5.0) for moved in (inputs, *_others(inputs))}
    if len(values) > 1 or not np.isfinite(values.pop()):
        return ""
    where = _globals_read(program, inputs)
    return f"{NOT_READ}: any values of them give the same{f'; {where}' if where else ''}"


def _others(inputs: Inputs) -> list[Inputs]:
    """Return the inputs with all floats of params set to something else, twice."""
    rng = np.random.default_rng(4)
    found = []
    for spread in (0.1, 1.0):
        params, rest = copied(inputs)
        for name, value in params.items():
            if np.asarray(value).dtype.kind == "f":
                params[name] = value + spread * rng.standard_normal(np.shape(value))
        found.append((params, rest))
    return found


def _globals_read(program: Program, inputs: Inputs) -> str:
    """Tell the first function that reads globals of the names of params, with its line."""
    for function in program.functions:
        code = function.__code__
        lines: dict[str, int] = {}
        line = code.co_firstlineno
        for step in dis.get_instructions(code):
            line = getattr(getattr(step, "positions", None), "lineno", None) or line
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in inputs[0]:
                lines.setdefault(step.argval, line)
        if lines:
            place = f"{file_name(code.co_filename)}:{min(lines.values())}"
            are = "the global" if len(lines) == 1 else "the globals"
            return (
                f"{function.__name__} reads {are} {listed(lines)} ({place}): set them from params "
                "in loss and backward first, as by globals().update(params)"
            )
    return ""
