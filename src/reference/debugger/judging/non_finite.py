"""The line of a backward after which the first number that is none appears."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.whence import arrays_in
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late
from reference.debugger.running.memory import traced_lines
from reference.debugger.running.place import Place, at, is_users


def non_finite(calls: Calls, draw: Draw, names: list[str]) -> Suspect | None:
    """Return where NaN, or else infinity, appears first in a run of the backward.

    Parameters
    ----------
    calls : Calls
    draw : Draw
        At which gradients are not finite though the loss and its derivative are.
    names : list of str
        These gradients.
    """
    for kind, is_none in (("nan", np.isnan), ("infinity", np.isinf)):
        place = _first(calls, draw, is_none)
        if place is not None:
            return Suspect(
                *place, variable=", ".join(names), kind="not finite", pattern="",
                why=f"after this line there is {kind} where there was none before, and the "
                    f"gradient of {', '.join(names)} is no number, though the loss and its "
                    "derivative are",
                confidence=0.7, engines=("memory",),
            )  # fmt: skip
    return None


def _first(calls: Calls, draw: Draw, is_none: Any) -> Place | None:
    found: list[Place] = []
    known: set[int] = set()

    def fresh(frame: types.FrameType) -> bool:
        """Whether there is such a number in an array, or a float, that was not there before."""
        values = list(frame.f_locals.values())
        arrays = [a for a in arrays_in(values) if a.dtype.kind == "f" and id(a) not in known]
        scalars = [value for value in values if isinstance(value, float)]
        return any(is_none(a).any() for a in arrays) or any(map(is_none, scalars))

    def after(frame: types.FrameType, line: int) -> None:
        if not found and fresh(frame):
            code = frame.f_code
            found.append(at(code.co_filename, line, code.co_name))

    params, inputs = draw.copies()
    for value in arrays_in([params, inputs]):  # a mask of -inf is one that belongs there
        if value.dtype.kind == "f" and is_none(value).any():
            known.add(id(value))

    def run() -> None:
        if calls.after_loss:
            calls.loss(*draw.copies())
        with traced_lines(is_users, after):
            calls.backward(params, inputs)

    calls.restore()
    try:
        calls.quietly(run, at_most=3.0)
    except (Late, Exception):
        pass
    finally:
        calls.restore()
    return found[0] if found else None
