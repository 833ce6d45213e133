"""What a variable is by its name: ``dg`` is the adjoint of ``g``, where there is a ``g``.

Two edits may be as right: one gives ``dg`` the factor that it lacks, the other multiplies by it
where ``dg`` is read. By the numbers alone neither is better. The name says which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair.entries import fields
from reference.debugger.values.adjoints import Adjoints

_ADJOINT = re.compile(r"^(?:\w+\.)*(?:grad_|d_|d)(\w+)(\[.*\])?$")
_NEAR = 1e-6


def becomes_its_own(
    name: str, before: Array, after: Array, env: dict[str, Any], adjoints: Adjoints
) -> bool:
    """Return whether a variable becomes the adjoint of what it is called after, and was not.

    Parameters
    ----------
    name : str
        As it is written, such as ``dg`` or ``self.dg[t]``.
    before, after : ndarray
    env : dict
        The variables there.
    adjoints : Adjoints
    """
    for own in of_name(name, after.shape, env, adjoints):
        size = _NEAR * float(np.max(np.abs(own)))
        is_, was = (np.allclose(made, own, rtol=_NEAR, atol=size) for made in (after, before))
        if is_ and not was:
            return True
    return False


def of_name(
    name: str, shape: tuple[int, ...], env: dict[str, Any], adjoints: Adjoints
) -> Iterator[Array]:
    """Give the adjoints, of a shape and not all zeros, of what a variable is called after."""
    for value in _called(name, env):
        own = adjoints.of_values(value) if value.shape == shape else None
        if own is not None and np.any(own):
            yield own


def _parts(value: Any) -> dict[Any, Any]:
    """Return what a dictionary, a named tuple or an object holds, by name."""
    if type(value) is dict:
        return value
    return value._asdict() if hasattr(value, "_asdict") else fields(value)


def _called(name: str, env: dict[str, Any]) -> Iterator[Array]:
    """Give the arrays that a variable may be the adjoint of, by its name."""
    found = _ADJOINT.match(name)
    if found is None:
        return
    what, part = found[1], found[2] or ""
    held = [env.get(what)]
    for value in env.values():
        held.append(_parts(value).get(what))
    for value in held:
        try:
            whole = eval(f"value{part}", {}, {**env, "value": value})
        except Exception:  # not so many steps, or nothing that has any
            continue
        if isinstance(whole, np.ndarray) and whole.dtype.kind == "f" and whole.size:
            yield whole
