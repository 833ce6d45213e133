"""`check_estimate`: whether a numerical gradient is right, and what went wrong in taking it."""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.estimate_report import EstimateReport
from reference.estimate_search import Question
from reference.evaluations import Entry, Evaluations, scalar

_LEADING = 48  # entries from the beginning on, for what depends on the order
_SPREAD = 12  # further ones of each array
_CALLED_WITH = {1: "params", 2: "params and inputs"}
# What a sound difference attains: a part of an array's largest entry, and of the loss.
_AGREES = 1e-6
_ROUNDING = 1e-9


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
        loss is left out.
    inputs : mapping, optional
    seconds : float
        To look for a cause at most.

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
    entries and 12 more of each array. The estimate is then compared with what every difference
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
    deadline = time.monotonic() + seconds
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
    evaluations.restore()
    params, shared = evaluations.fresh(), evaluations.copied_inputs()
    here, again = (float(scalar(evaluations.call(params, shared))) for _ in range(2))
    if not np.isfinite(here):
        return EstimateReport("inconclusive", why=f"loss is {here} here.")
    if here != float(evaluations.value(evaluations.fresh())):
        return EstimateReport("inconclusive", why="loss gives another value at each call, so it "
                              "has no derivative: fix its random numbers.")  # fmt: skip
    keeps = here != again
    if keeps:
        evidence.append(f"loss keeps state: {here:.9g}, and {again:.9g} when it is called again")

    entries = _chosen(estimate)
    exact, doubt, how = _exact(evaluations, entries)
    evidence.append(
        f"exact derivative by {how} at {len(entries)} of "
        f"{sum(value.size for value in estimate.values())} entries"
    )
    mine = np.array([estimate[entry.name][entry.index] for entry in entries])
    scales = {name: max((abs(exact[k]) for k, e in enumerate(entries) if e.name == name),
                        default=0.0) for name in estimate}  # fmt: skip
    scale = np.array([scales[entry.name] for entry in entries])
    attained = _AGREES * scale + _ROUNDING * abs(here)
    allowed = attained + doubt
    off = np.where(np.isfinite(mine), np.abs(mine - exact), np.inf)
    errors: dict[str, float] = {}
    for k, entry in enumerate(entries):
        part = float(off[k] / scale[k]) if scale[k] else (np.inf if off[k] > allowed[k] else 0.0)
        errors[entry.name] = max(errors.get(entry.name, 0.0), part)
    faint = [name for name in estimate if 0 < 1e-2 * scales[name] < _ROUNDING * abs(here)]
    if faint:
        evidence.append(f"too small beside the loss for differences to tell: {', '.join(faint)}")
    report = EstimateReport("right", evidence=tuple(evidence), errors=errors)
    if not np.isfinite(exact).all() or (doubt > attained).any():
        k = int(np.argmax(np.where(np.isfinite(exact), doubt, np.inf)))
        why = f"loss has no derivative that can be told at {entries[k]}: a kink, or low precision."
        return replace(report, verdict="inconclusive", errors=None, why=why)
    if (off <= allowed).all():
        if len(faint) < len(estimate):
            return report
        why = "The gradient is too small beside the loss for differences to tell."
        return replace(report, verdict="inconclusive", why=why)
    about = Question(evaluations, entries, mine, exact, allowed, here, deadline)
    return about.answered(report, inputs, keeps)


def _chosen(estimate: dict[str, Array]) -> list[Entry]:
    """Return the leading entries, and more of each array: first where it is 0, and the largest."""
    leading, spread = [], []
    rng = np.random.default_rng(0)
    for name, value in estimate.items():
        flat = np.abs(np.nan_to_num(value.ravel()))
        first = min(value.size, _LEADING - len(leading))
        leading += [Entry(name, tuple(map(int, np.unravel_index(k, value.shape))))
                    for k in range(first)]  # fmt: skip
        rest = np.arange(first, value.size)
        if rest.size:
            picked = {int(rest[flat[rest].argmax()]), int(rest[flat[rest].argmin()])}
            picked |= {int(k) for k in rng.choice(rest, min(_SPREAD, rest.size), replace=False)}
            spread += [Entry(name, tuple(map(int, np.unravel_index(k, value.shape))))
                       for k in sorted(picked)]  # fmt: skip
    return leading + spread


def _exact(evaluations: Evaluations, entries: list[Entry]) -> tuple[Array, Array, str]:
    """Return the derivative at each entry, how far it may be off, and how it was taken."""
    told = [evaluations.richardson(entry) for entry in entries]
    rough, doubt = (np.array(column) for column in zip(*told, strict=True))
    try:
        exact = np.array([evaluations.complex_step(entry) for entry in entries])
    except Exception:  # whatever a loss says to complex numbers
        return rough, doubt, "extrapolated differences"
    scale = np.abs(rough).max(initial=0.0)
    if not (np.abs(exact - rough) <= 10 * doubt + 1e-7 * scale).all():
        return rough, doubt, "extrapolated differences (the complex step disagrees)"
    # A kink at the very place: one side's slope is as good as the other's.
    jumps = np.array([evaluations.jump(entry, 1e-6) for entry in entries])
    largest = 1e-5 * scale + 1e-7 * abs(evaluations.at(entries[0], 0.0))
    return exact, np.where(jumps > largest, jumps, 0.0), "the complex step"
