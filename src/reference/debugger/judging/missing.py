"""Gradients that a backward leaves out, misnames, or gives another shape: which, and where."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from reference.compare import Mismatch, compare
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.whence import Whence
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, as_floats
from reference.debugger.running.changes import loops_around
from reference.debugger.running.place import Place, place_of
from reference.rounding import is_whole


def missing_gradients(
    calls: Calls, draw: Draw, returned: Mapping[str, Any], lacking: list[str]
) -> list[Suspect]:
    """Return findings for parameters on which the loss depends and that have no gradient."""
    known = {**draw.inputs, **draw.params}
    unknown = [name for name in returned if name not in known]
    meant = {name: other for name in lacking if (other := _alike(name, unknown))}
    misnamed = [name for name in lacking if name in meant]
    never = [name for name in lacking if name not in meant]
    whence = whence_of(calls, draw, ()) if lacking else Whence()
    here = place_of(calls.backward)
    found = []
    if misnamed:
        pairs = ", ".join(f"{meant[name]!r} for {name!r}" for name in misnamed[:4])
        more = f" and {len(misnamed) - 4} more" if len(misnamed) > 4 else ""
        found.append(
            Suspect(*(whence.line_that_returns((), here[3]) or here),
                    variable=", ".join(misnamed), pattern="none", kind="wrong name",
                    why="backward returns names that are no parameter's, perhaps "
                        f"{pairs}{more}; gradients are compared by name",
                    should_be="a dict whose keys are the names of params and inputs",
                    confidence=0.6, engines=("explain",))
        )  # fmt: skip
    if never:
        names = ", ".join(never)
        found.append(
            Suspect(*(whence.line_that_returns(set(returned) & set(known), here[3]) or here),
                    variable=names, pattern="none", kind="never returned",
                    why=f"backward returns {'no gradient of ' + names if returned else 'nothing'}"
                        f", and the loss depends on {'it' if len(never) == 1 else names}",
                    confidence=0.6, engines=("explain",))
        )  # fmt: skip
    return found


def left_out(draw: Draw, returned: Mapping[str, Any]) -> dict[str, str]:
    """Return inputs without a gradient, each with one that is alike and has one: `c0`, as `h0` has.

    It may be meant so, and is no mistake. Masks, counts and what is called otherwise, as targets
    are, do not count.
    """
    inputs = {name: draw.floats[name] for name in draw.inputs if name in draw.floats}
    have = [name for name in inputs if returned.get(name) is not None]
    return {
        name: like[0]
        for name, value in inputs.items()
        if name not in have
        and not is_whole(value).all()
        and (like := [n for n in have if inputs[n].shape == value.shape and _are_alike(n, name)])
    }


def _are_alike(name: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, name, other).ratio() >= 0.5


def of_wrong_shape(calls: Calls, draw: Draw, name: str, gradient: Any) -> tuple[Suspect, Mismatch]:
    """Return the finding of a gradient that has another shape than its primal, or is no array."""
    manual, shape = as_floats(gradient), draw.floats[name].shape
    place: Place | None = None
    if manual is not None:
        place = whence_of(calls, draw, [manual.shape]).line_of(name)
    pattern = "all" if place and loops_around(*place[:2]) else "none"
    has = f"type {type(gradient).__name__}" if manual is None else f"shape {manual.shape}"
    finding = Suspect(
        *(place or place_of(calls.backward)), variable=name, kind="wrong shape", pattern=pattern,
        why=f"the gradient of {name} has {has}, but must have shape {shape}, because {name} has it",
        confidence=0.6, engines=("explain",),
    )  # fmt: skip
    mismatch = compare("TOTAL", name, np.zeros((*shape, 0)), np.zeros(shape), 0.0)
    assert mismatch is not None  # the shapes differ
    wanted = shape if manual is not None else f"an array of shape {shape}"
    return finding, replace(mismatch, note=f"{has} where {wanted} is right")


def _alike(name: str, unknown: list[str]) -> str:
    """Return an unknown name that may be meant for a known one."""
    bare = name.lower().replace("_", "")
    for other in unknown:
        if other.lower().replace("_", "") in (bare, f"d{bare}", f"grad{bare}", f"{bare}grad"):
            return other
    ends = [other for other in unknown if other.endswith(name) or name.endswith(other)]
    return next(iter(ends or difflib.get_close_matches(name, unknown, 1, 0.5)), "")


def whence_of(calls: Calls, draw: Draw, shapes: Collection[tuple[int, ...]]) -> Whence:
    """Run the backward once more, watched line by line."""
    whence = Whence()
    calls.restore()
    with suppress(Exception):
        copies = draw.copies()
        if calls.after_loss:
            calls.loss(*draw.copies())
        calls.quietly(lambda: whence.run(lambda: calls.backward(*copies), shapes), at_most=3.0)
    calls.restore()
    return whence
