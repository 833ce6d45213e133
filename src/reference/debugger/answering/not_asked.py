"""Programs whose backward is not to blame: the loss never looks at params, or a step is taken.

No edit of the backward could be right there, and one that makes it agree would spoil it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.oracle import gradients
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.source import Source

STEP = "optimiser step"


def without_params(
    program: Program, oracle: Mapping[str, Array], inputs: Inputs, drawn: Iterable[Inputs]
) -> Suspect | None:
    """Return what is to be said where loss or backward is the same whatever params are.

    Parameters
    ----------
    program : Program
    oracle : mapping of str to ndarray
        What is right at the inputs.
    inputs : (params, inputs)
    drawn : iterable of (params, inputs)
        Others.
    """
    params = [name for name in oracle if name in inputs[0]]
    moved = {name: _moved(value) for name, value in dict(inputs[0]).items()}
    names, kept = ", ".join(params), ", ".join(_globals_called(program, params))
    why = f"does not depend on any of params ({names}): it gives the same whatever they are"
    if kept:
        why += (
            f"; {kept} are read from the globals, which params do not reach: set these first in "
            "loss and backward, as with globals().update(params)"
        )
    if params and not any(np.any(oracle[name]) for name in params):
        pairs = [(params, given) for params, given in (inputs, *drawn)]
        if all(program.value((moved, given)) == program.value((p, given)) for p, given in pairs):
            return _at(program, program.loss, f"the loss {why}")
    elif params and kept:
        before, after = (program.run((group, inputs[1])).outputs for group in (inputs[0], moved))
        right = gradients(program, (moved, inputs[1]), params, 2.0)
        same = bool(before) and all(
            np.array_equal(np.asarray(before[n]), np.asarray(after.get(n))) for n in before
        )
        if same and all(n in right and not np.allclose(right[n], oracle[n]) for n in params):
            return _at(program, program.backward, f"the backward {why}")
    return None


def _at(program: Program, function: Any, why: str) -> Suspect:
    """Return what is said, at the head of a function."""
    file, line, text = "", 0, ""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename in program.sources:
        file, line = code.co_filename, code.co_firstlineno
        text = program.sources[file].lines[line - 1].strip()
    return Suspect(
        file=file,
        line=line,
        text=text,
        function=getattr(function, "__name__", ""),
        kind="params not used",
        why=why,
        confidence=0.95,
        engines=("memory",),
    )


def _moved(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value + 0.125
    return value + 0.125 if isinstance(value, float) else value


def _globals_called(program: Program, names: Iterable[str]) -> list[str]:
    """Return the names that hold arrays in a module of the program, too."""
    spaces = [function.__globals__ for function in program.functions]
    return [n for n in names if any(isinstance(s.get(n), np.ndarray | float) for s in spaces)]


def steps_told(program: Program, findings: Iterable[Suspect]) -> list[Suspect]:
    """Return the findings, those that are steps of an optimiser with what is to be done."""
    return [_told(finding, program.sources.get(finding.file)) for finding in findings]


def _told(finding: Suspect, source: Source | None) -> Suspect:
    if finding.kind != "argument changed" or source is None:
        return finding
    if not any(
        node.lineno == finding.line and _is_step(node)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt)
    ):
        return finding
    return replace(
        finding,
        kind=STEP,
        why=f"{finding.why}. It is a step of an optimiser, which is as it must be in training",
        should_be="the same line, in a function of its own that loss and backward do not call",
    )


def _is_step(node: ast.stmt) -> bool:
    """Whether a statement is ``p -= rate * g``, or ``p += -rate * g``."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Sub | ast.Add):
        return False
    value: ast.expr = node.value
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        value = value.left  # over the root of a sum of squares
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
        return False
    if isinstance(node.op, ast.Sub):
        return True
    while isinstance(value, ast.BinOp):
        value = value.left
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
