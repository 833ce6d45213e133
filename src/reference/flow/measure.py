"""Follow the gradient of one loss backward in time, whole and along the cell state alone.

L_t is a loss that reads the output of step t and no other. Its gradient with respect to the state
that step t-k hands on is found by the hand-written backward, step by step. The part that comes
*through the cell* is what is left if every gate and candidate is held at its value, so that the
state is carried by the factors of its own line, such as f; the rest came *through the gates*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import output_of, tree_map, with_output, zeros_like
from reference.cells import TWINS

CELL, GATES = "through the cell", "through the gates"
# Gates and candidates by the names that the twins give them. In a cell without c, n is a candidate;
# in the layer-normalised LSTM it is what the output shows of c.
_HELD = frozenset({"i", "f", "g", "o", "r", "u", "q", "k", "v"})


@dataclass(frozen=True)
class Subject:
    """A cell with weights, and how it is called in a report."""

    label: str
    cell: Any
    params: Any


@dataclass(frozen=True)
class Flow:
    """What was measured of one subject.

    Parameters
    ----------
    label : str
    norms : dict
        By name, such as ``"dL/dh"`` or ``"through the cell"``: the norm at each lag from 0 on,
        the geometric mean over the rows.
    memory : str
        The name of the gradient that the two paths add up to.
    paths_known : bool
        Whether the paths were told apart; if they were and none is among the norms, there is
        only the one through the weights.
    rates : dict
        By name: the factor per step that fits the norms from lag 1 on best; 0 for none.
    forget : float or None
        The geometric mean of the forget gate over units, rows and steps, if there is one.
    """

    label: str
    norms: dict[str, Array]
    memory: str
    paths_known: bool = True
    rates: dict[str, float] = field(default_factory=dict)
    forget: float | None = None


def measure(
    subject: Subject, xs: Array, gradient_of_loss: Callable[[Array], Array], lags: int
) -> Flow:
    """Follow a loss at the last step back over some lags.

    Parameters
    ----------
    subject : Subject
    xs : ndarray, (T, B, D)
        T must be more than `lags`.
    gradient_of_loss : callable
        From the last output (B, H) to the gradient of each row's loss with respect to it (B, H).
    lags : int
        How many steps to go back.

    Notes
    -----
    A gradient that overflows is infinite or NaN from that lag on, as IEEE 754 says.
    """
    with np.errstate(all="ignore"):
        return _measure(subject, xs, gradient_of_loss, lags)


def _measure(
    subject: Subject, xs: Array, gradient_of_loss: Callable[[Array], Array], lags: int
) -> Flow:
    cell, params = subject.cell, subject.params
    states, caches = [cell.init_state(xs.shape[1])], []
    for x in xs:
        state, cache = cell.step(params, states[-1], x)
        states.append(state)
        caches.append(cache)

    dh = gradient_of_loss(output_of(states[-1]))
    whole = carried = with_output(zeros_like(states[-1]), dh)
    carry = carry_of(cell)
    memory = memory_of(states[-1])
    norms: dict[str, list[float]] = {}
    for lag in range(lags + 1):
        add_norms(norms, whole, carried if carry else None, memory)
        t = len(xs) - 1 - lag
        whole = cell.step_backward(params, caches[t], whole)[1]
        if carry:
            carried = carry(params, states[t], xs[t], carried)
    arrays = {name: np.array(values) for name, values in norms.items()}
    if carry and not arrays[CELL][1:].any():  # no path but one: nothing to tell apart
        del arrays[CELL], arrays[GATES]
    forget = [cache.f for cache in caches[-lags:] if hasattr(cache, "f")]
    return Flow(
        label=subject.label,
        norms=arrays,
        memory=f"dL/d{memory}",
        paths_known=carry is not None,
        rates={name: fitted_rate(values) for name, values in arrays.items()},
        forget=float(np.exp(np.log(np.array(forget)).mean())) if forget else None,
    )


def add_norms(norms: dict[str, list[float]], whole: Any, carried: Any, memory: str) -> None:
    """Add one lag to the norms of each field of the state and of each path to its memory."""
    fields = fields_of(whole)
    for name, gradient in fields.items():
        norms.setdefault(f"dL/d{name}", []).append(mean_norm(gradient))
    if carried is not None:
        along = fields_of(carried)[memory]
        rest = fields[memory] - along
        # What is left of equal numbers is rounding and no path.
        rounding = 4 * np.finfo(float).eps * np.abs(fields[memory]).max(initial=0)
        norms.setdefault(CELL, []).append(mean_norm(along))
        norms.setdefault(GATES, []).append(mean_norm(np.where(np.abs(rest) > rounding, rest, 0)))


def mean_norm(gradient: Array) -> float:
    """Return the geometric mean over the rows of the norm of each row; 0 where one is 0."""
    rows = np.linalg.norm(gradient.reshape(len(gradient), -1), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.exp(np.log(rows).mean()))


def memory_of(state: Any) -> str:
    """Return the field of a state that carries it from step to step: c where there is one."""
    names = list(fields_of(state))
    return next((name for name in ("c", "C") if name in names), names[0])


def fitted_rate(norms: Array) -> float:
    """Return the factor per step of the straight line through the logarithms, from lag 1 on.

    Examples
    --------
    >>> round(fitted_rate(np.array([7.0, 1.0, 0.5, 0.25, 0.0, np.inf])), 12)
    0.5
    """
    lags = np.arange(1, len(norms))[(norms[1:] > 0) & np.isfinite(norms[1:])]
    if len(lags) < 2:
        return 0.0
    slope, _ = np.polyfit(lags, np.log(norms[lags]), 1)
    return float(np.exp(slope))


def fields_of(state: Any) -> dict[str, Array]:
    """Return the arrays of a state, or of its cotangent, by name."""
    return state if isinstance(state, dict) else state._asdict()


def carry_of(cell: Any) -> Callable[..., Any] | None:
    """Return ``(params, state, x, dstate) -> dstate_prev`` with gates held; None if not known."""
    twin = TWINS.get(type(cell))
    if twin is None:
        return None
    step = twin.step
    fields = set(fields_of(cell.init_state(1)))
    gates = (_HELD if "c" in fields else _HELD | {"n"}) - fields

    def hold(name: str, value: Any) -> Any:
        held = name.startswith(("z", "s_", "y_")) or name in gates
        return jax.lax.stop_gradient(value) if held else value

    def backward(params: Any, state: Any, x: Any, dstate: Any) -> Any:
        _, pull_back = jax.vjp(lambda state: step(cell, params, state, x, hold), state)
        return pull_back(dstate)[0]

    compiled = jax.jit(jax.vmap(backward, in_axes=(None, 0, 0, 0)))

    def carry(*given: Any) -> Any:
        with jax.enable_x64(True):
            return tree_map(np.asarray, compiled(*given))

    return carry
