"""What rounding does to the oracle: Monte Carlo arithmetic on the operations of JAX itself.

The gradient program is written out as a jaxpr and run one operation at a time, the result of
each float operation moved by one unit in the last place at random. One-ulp perturbations of the
inputs do not tell what ``1 - f`` loses inside when a gate f is nearly open; this does. It is
slow (seconds a problem), and asked only when a difference is about to be called a mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

from reference.rounding import one_ulp

# Operations that only wrap another program.
_WRAPPERS = ("jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "checkpoint")
_RUNS = 4


def movement(function: Callable[..., Any], arguments: tuple[Any, ...], seed: int = 0) -> Any:
    """Return how far each result of a JAX function moves when the roundings within it do.

    Parameters
    ----------
    function : callable
    arguments : tuple
        Pytrees of arrays.
    seed : int

    Returns
    -------
    pytree
        Like the result of `function`, of non-negative numbers.
    """
    closed, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    flat = jax.tree.leaves(arguments)
    rng = np.random.default_rng(seed)
    plain = _run(closed.jaxpr, closed.consts, flat, None)
    moved = [np.zeros(np.shape(array)) for array in plain]
    for _ in range(_RUNS):
        answer = _run(closed.jaxpr, closed.consts, flat, rng)
        moved = [
            np.maximum(largest, np.abs(np.asarray(now) - np.asarray(then)))
            for largest, now, then in zip(moved, answer, plain, strict=True)
        ]
    return jax.tree.unflatten(jax.tree.structure(shape), moved)


def _run(jaxpr: Any, consts: Any, arguments: Any, rng: np.random.Generator | None) -> list[Any]:
    known = dict(zip(jaxpr.constvars, consts, strict=True))
    known |= dict(zip(jaxpr.invars, arguments, strict=True))

    def read(variable: Any) -> Any:
        return variable.val if isinstance(variable, Literal) else known[variable]

    for equation in jaxpr.eqns:
        given = [read(variable) for variable in equation.invars]
        name, params = equation.primitive.name, equation.params
        if name == "scan":
            results = _scan(given, params, rng)
        elif name in _WRAPPERS:
            inner = params.get("jaxpr", params.get("call_jaxpr", params.get("fun_jaxpr")))
            results = _run(inner.jaxpr, inner.consts, given, rng)
        else:
            results = equation.primitive.bind(*given, **params)
            results = results if equation.primitive.multiple_results else [results]
            results = [_noisy(result, rng) for result in results]
        known |= dict(zip(equation.outvars, results, strict=True))
    return [read(variable) for variable in jaxpr.outvars]


def _scan(given: list[Any], params: Any, rng: np.random.Generator | None) -> list[Any]:
    body, n = params["jaxpr"], params["num_consts"]
    m = n + params["num_carry"]
    consts, carry, xs = given[:n], given[n:m], given[m:]
    steps = range(params["length"])
    ys: list[Any] = [None] * params["length"]
    for t in reversed(steps) if params["reverse"] else steps:
        now = _run(body.jaxpr, body.consts, [*consts, *carry, *(x[t] for x in xs)], rng)
        carry, ys[t] = now[: m - n], now[m - n :]
    return [*carry, *(jnp.stack(parts) for parts in zip(*ys, strict=True))]


def _noisy(result: Any, rng: np.random.Generator | None) -> Any:
    if rng is None or not jnp.issubdtype(result.dtype, jnp.floating):
        return result
    plain = np.asarray(result)
    return jnp.asarray(plain + one_ulp(plain) * rng.choice((-1.0, 0.0, 1.0), plain.shape))
