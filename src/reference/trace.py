"""Somebody's NumPy step, traced by JAX as it stands.

For the trace, the names under which the step (and every function of theirs that it reaches)
knows NumPy are pointed at ``jax.numpy``; afterwards they are put back. Code that writes into
arrays, branches on values or leaves NumPy cannot be traced: `NotTraceable` says why.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.user_code import functions_reached


class NotTraceableError(Exception):
    """A step that JAX cannot trace; the message says why."""


def traced_step(cell: Any) -> Any:
    """Return the step of `cell` as ``step(None, params, state, x, tap)`` in JAX, unbatched.

    Notes
    -----
    The step runs on a batch of one. Precision and rank promotion follow NumPy's rules within.
    """

    def step(_: Any, params: Any, state: Any, x: Any, tap: Any) -> Any:
        row = jax.tree.map(lambda part: part[None], state)
        with (
            numpy_is_jax_numpy(cell.step),
            jax.numpy_rank_promotion("allow"),
            jax.numpy_dtype_promotion("standard"),
        ):
            try:
                moved, _cache = cell.step(params, row, x[None])
            except Exception as error:
                raise NotTraceableError(f"{type(error).__name__}: {first_line(error)}") from error
        moved = jax.tree.map(lambda part: jnp.asarray(part)[0], moved)
        if jax.tree.structure(moved) != jax.tree.structure(state):
            raise NotTraceableError("the step returns a state of another structure")
        return moved

    return step


def first_line(error: BaseException) -> str:
    """Return the first sentence of an error's message."""
    return (str(error).strip().splitlines() or [""])[0].split(". ")[0]


@contextmanager
def numpy_is_jax_numpy(function: Any) -> Iterator[None]:
    """Let the globals of `function`, and of what it reaches, mean ``jax.numpy`` by NumPy."""
    undo: list[tuple[dict[str, Any], str, Any]] = []
    spaces = {
        id(reached.__globals__): reached.__globals__ for reached in functions_reached(function)
    }
    try:
        for space in spaces.values():
            for name, value in list(space.items()):
                replacement = _jax_twin(value)
                if replacement is not None:
                    undo.append((space, name, value))
                    space[name] = replacement
        yield
    finally:
        for space, name, value in undo:
            space[name] = value


def _jax_twin(value: Any) -> Any:
    """Return what stands for a NumPy module or function in JAX, or None for anything else."""
    if isinstance(value, types.ModuleType):
        return {"numpy": jnp, "numpy.linalg": jnp.linalg}.get(value.__name__)
    if isinstance(value, np.ufunc) or (
        callable(value) and (getattr(value, "__module__", "") or "").split(".")[0] == "numpy"
    ):
        name = getattr(value, "__name__", "")
        return getattr(jnp, name, None) if getattr(np, name, None) is value else None
    return None
