"""`check_estimate`: whether a numerical gradient is right, and what went wrong in taking it."""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.estimate_judged import MORE_TIME, Judged
from reference.estimate_report import EstimateReport
from reference.evaluations import Evaluations, OutOfTime, scalar

_CALLED_WITH = {1: "params", 2: "params and inputs"}


def check_estimate(
    loss: Callable[..., Any],
    params: Mapping[str, Array] | Array,
    estimate: Mapping[str, Array] | Array | Callable[..., Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    seconds: float = 20.0,
) -> EstimateReport:
    """Say whether a numerical gradient is right, and if not, how it was taken.

    Parameters
    ----------
    loss : callable
        ``loss(params)``, or ``loss(params, inputs)`` where `inputs` is given: a scalar.
    params : mapping of str to ndarray, or ndarray
        Never changed.
    estimate : mapping of str to ndarray, ndarray, or callable
        The gradient; or a function that takes it, called as ``estimate(loss, params)``, or
        ``estimate(loss, params, inputs)`` where `inputs` is given; with one parameter fewer, the
        loss is left out. Entries that are NaN are not judged, nor are zeros among which few
        entries, of no regular place, are filled.
    inputs : mapping, optional
    seconds : float
        To judge it and to look for a cause, at most.

    Returns
    -------
    EstimateReport

    Raises
    ------
    TypeError, ValueError
        If loss is no scalar, or a name of the estimate is unknown.

    Notes
    -----
    The exact derivative is taken by the complex step where the loss knows complex numbers and
    agrees with differences, else by extrapolated central differences, at up to 48 leading
    entries and 12 more of each array, and along a direction of arrays that are larger; at fewer
    where a loss is slow, and the report says at how many. What a loss computes in float32 is
    computed in float64, if it can be. The estimate is then compared with what every difference
    would have given, at steps from 1e-1 to 1e-15, in float64 and float32, times the usual stray
    factors, with perturbations that stay, and with state that is kept.

    Examples
    --------
    >>> def loss(params):
    ...     return np.sum(np.tanh(params["W"]))
    >>> W = np.array([0.5, -1.0, 2.0])
    >>> one_sided = (np.tanh(W + 1e-3) - np.tanh(W)) / 1e-3
    >>> print(check_estimate(loss, {"W": W}, {"W": one_sided}))
    estimate is wrong: one-sided difference
      (f(x + h) - f(x)) / h with h = 0.001 is off by order h; take (f(x + h) - f(x - h)) / 2h.
      W: off by 4.6e-04 of its largest entry
      evidence: it is the forward difference with step 0.001 in float64 at all 3 entries
      evidence: exact derivative by the complex step at 3 of 3 entries
    """
    single = isinstance(params, np.ndarray | np.floating | float)
    named = {"params": params} if single else params
    if not isinstance(named, Mapping):
        fail("params", f"type {type(params).__name__}", "an array or a dict of arrays by name",
             "its gradient is checked", error=TypeError)  # fmt: skip
    _takes(loss, 1 if inputs is None else 2)
    evaluations = Evaluations(loss, named, inputs, single=single)
    evidence: list[str] = []
    if callable(estimate):
        estimate = _taken(estimate, loss, params, inputs, evidence)
        evaluations.restore()
    given = {"params": estimate} if single and not isinstance(estimate, Mapping) else estimate
    deadline = time.monotonic() + seconds
    return _report(evaluations, _checked(given, evaluations), inputs, evidence, deadline)


def _takes(loss: Callable[..., Any], count: int) -> None:
    """Refuse a loss that cannot be called with so many arguments."""
    try:
        signature = inspect.signature(loss)
    except (TypeError, ValueError):  # built in: unknown
        return
    try:
        signature.bind(*range(count))
    except TypeError:
        fail("loss", f"the parameters {signature}", f"a function of {_CALLED_WITH[count]}",
             "it is evaluated at other values of params", error=TypeError)  # fmt: skip


def _taken(
    function: Callable[..., Any], loss: Any, params: Any, inputs: Any, evidence: list[str]
) -> Any:
    """Return the estimate that the user's function takes, on copies."""
    mine, my_inputs = copy.deepcopy(params), copy.deepcopy(inputs)
    arguments = [loss, mine] if inputs is None else [loss, mine, my_inputs]
    try:
        count = len(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        count = len(arguments)
    answer = function(*(arguments[1:] if count < len(arguments) else arguments))
    before = params if isinstance(params, Mapping) else {"params": params}
    after = mine if isinstance(mine, Mapping) else {"params": mine}
    moved = [name for name in before if not np.array_equal(before[name], after[name])]
    if moved:
        evidence.append(f"after your function has run, {', '.join(moved)} is changed")
    return answer


def _checked(estimate: Any, evaluations: Evaluations) -> dict[str, Array]:
    """Return the estimate by name, of known names."""
    if not isinstance(estimate, Mapping):
        fail("estimate", f"type {type(estimate).__name__}", "a dict of arrays by name",
             "gradients are compared by name", error=TypeError)  # fmt: skip
    unknown = [name for name in estimate if name not in evaluations.params]
    if unknown or not estimate:
        has = f"the name {unknown[0]!r}" if unknown else "no name"
        names = ", ".join(evaluations.params)
        fail("estimate", has, f"of names of params ({names})", "it is compared with them")
    given = {name: np.asarray(value) for name, value in estimate.items()}
    for name, value in given.items():
        if value.dtype.kind not in "fiub":
            fail(f"estimate[{name!r}]", f"dtype {value.dtype}", "an array of floats",
                 "it is compared entry by entry", error=TypeError)  # fmt: skip
        if evaluations.params[name].dtype.kind != "f":
            where = "params" if evaluations.single else f"params[{name!r}]"
            fail(where, f"dtype {evaluations.params[name].dtype}", "of dtype float64",
                 "a small step is lost in integers", error=TypeError)  # fmt: skip
    return {name: value.astype(np.float64) for name, value in given.items()}


def _report(
    evaluations: Evaluations,
    estimate: dict[str, Array],
    inputs: Any,
    evidence: list[str],
    deadline: float,
) -> EstimateReport:
    for name, value in estimate.items():
        shape = evaluations.params[name].shape
        if value.shape != shape:
            turned = " (it looks transposed)" if value.T.shape == shape else ""
            why = f"{name} has shape {value.shape}, but must be {shape}{turned}."
            return EstimateReport("wrong", "wrong shape", why, evidence=tuple(evidence))
    if np.isnan(np.concatenate([value.ravel() for value in estimate.values()])).all():
        return EstimateReport("wrong", "not finite", "No entry is a number.")
    evaluations.deadline = deadline
    try:
        here, again, anew = _first_calls(evaluations)
    except OutOfTime:
        return EstimateReport("inconclusive", why=f"A call of loss takes "
                              f"{evaluations.seconds_a_call:.2g} s, which leaves no time for its "
                              f"derivative: {MORE_TIME}.")  # fmt: skip
    except (TypeError, ValueError) as error:
        if not evaluations.is_short:
            raise
        evaluations.as_given()  # which raises what is not due to precision
        return EstimateReport("inconclusive", why="loss computes in float32 only, of which "
                              "differences leave too few digits; in float64 it raises "
                              f"{type(error).__name__}: {error}".rstrip(".") + ". Let its arrays "
                              "have the dtype of params.")  # fmt: skip
    if not np.isfinite(here):
        return EstimateReport("inconclusive", why=f"loss is {here} here.")
    if here != anew:
        return EstimateReport("inconclusive", why="loss gives another value at each call, so it "
                              "has no derivative: fix its random numbers.")  # fmt: skip
    keeps = here != again
    if keeps:
        evidence.append(f"loss keeps state: {here:.9g}, and {again:.9g} when it is called again")
    if evaluations.is_short:
        evidence.append("what loss computes in float32 is computed in float64 for the derivative")
    return Judged(evaluations, estimate, here, evidence).report(inputs, keeps)


def _first_calls(evaluations: Evaluations) -> tuple[float, float, float]:
    """Return the loss, the loss when it is called again, and from the same state again."""
    with evaluations.prepared():
        params, shared = evaluations.fresh(), evaluations.copied_inputs()
        here, again = (float(scalar(evaluations.call(params, shared))) for _ in range(2))
    return here, again, float(evaluations.value(evaluations.fresh()))
