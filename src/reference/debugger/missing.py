"""Gradients that a backward does not return, or returns by another name: which, and where."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from reference.debugger.arguments import Draw
from reference.debugger.calls import Calls
from reference.debugger.diagnosis import Suspect
from reference.debugger.place import place_of
from reference.debugger.whence import Whence


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
                    why=f"backward returns no gradient of {names}, and the loss depends on "
                        f"{'it' if len(never) == 1 else 'them'}",
                    confidence=0.6, engines=("explain",))
        )  # fmt: skip
    return found


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
