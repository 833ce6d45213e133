"""`prove`: is this backward the derivative of this loss? Decided in exact arithmetic.

The program runs, unmodified, on random numbers of a prime field instead of floats: once forward
with a random tangent v on every array, which gives the directional derivative ``J v``, and once
backward, which gives the gradients g. The backward is right if ``<g, v> = J v``. Both sides are
rational functions of the random numbers, of a degree far below P ≈ 2·10^18; if they are not the
same function, they agree at a random point with a probability of at most degree / P
(DeMillo and Lipton 1978, Zippel 1979, Schwartz 1980). No tolerance is involved.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.exact.arrays import elements, with_tangents
from reference.exact.blame import told
from reference.exact.field import Element
from reference.exact.formal import Formal, NotASquare, OutOfTime, trial
from reference.exact.prime import P
from reference.exact.program import Program, is_float
from reference.exact.proof import Proof, Verdict

Loss = Callable[[Any, Any], Any]
Backward = Callable[[Any, Any], Mapping[str, Any]]
Verdicts = dict[str, Verdict]

_MOST_DRAWS = 64  # until every square root that a trial needs exists: enough for about six


def prove(
    loss: Loss,
    backward: Backward,
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    seed: int = 0,
    trials: int = 1,
    wrt: Collection[str] | None = None,
    generic: Collection[str] = (),
    code: Collection[Any] = (),
    seconds: float = math.inf,
    held: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Proof:
    """Prove or refute that `backward` gives the gradients of `loss`, in exact arithmetic.

    Parameters
    ----------
    loss : callable
        ``loss(params, inputs) -> scalar``.
    backward : callable
        ``backward(params, inputs) -> mapping`` of gradients by the names of their primals.
    params, inputs : mapping of str to ndarray
        Float arrays whose gradient is asked for become random field elements; comparisons
        follow the floats given here. All others keep their values. Nothing is changed. Choose
        small sizes, all different: every operation on an entry takes about a microsecond.
    seed : int
    trials : int, default 1
        Independent draws that all have to agree.
    wrt : collection of str, optional
        The names whose gradients are looked at; by default all that backward returns.
    generic : collection of str
        Further names of float arrays that take random values though no gradient is asked for,
        such as cotangents.
    code : collection of functions, classes or modules
        Further code that runs, where `exact_numpy` cannot see it from the two functions.
    seconds : float, optional
        Give up as not applicable after about so long.
    held : callable, optional
        Gives a context in which arrays that live on between calls can hold elements.

    Returns
    -------
    Proof

    Notes
    -----
    Proved means: equal for every real input of these shapes that takes the same branches. It says
    nothing about other sizes, other branches, or rounding.

    Examples
    --------
    >>> import numpy as np
    >>> def loss(params, inputs):
    ...     return np.sum(np.tanh(params["W"] @ inputs["x"]))
    >>> def backward(params, inputs):
    ...     y = np.tanh(params["W"] @ inputs["x"])
    ...     return {"W": np.outer(1 - y**2, inputs["x"])}
    >>> x = {"x": np.array([0.5, -1.0, 2.0])}
    >>> prove(loss, backward, {"W": np.ones((2, 3))}, x).verdict
    'proved'
    """
    started = time.perf_counter()
    program = Program(loss, backward, dict(params), dict(inputs), tuple(code), held)
    deadline = time.monotonic() + seconds
    question = _Question(program, (), tuple(generic), deadline)
    verdict, gradients, reasons = _examine(question, seed, trials, wrt)
    return Proof(
        verdict,
        gradients,
        "; ".join(reasons),
        time.perf_counter() - started,
        {name: np.shape(program.primal(name)) for name in program.float_names},
        trials,
    )


class _Undecided(Exception):
    """The question makes no sense for this program; the message says why."""


@dataclass(frozen=True)
class _Question:
    program: Program
    targets: tuple[str, ...]
    generic: tuple[str, ...]
    deadline: float


def _examine(
    question: _Question, seed: int, trials: int, wrt: Collection[str] | None
) -> tuple[Verdict, Verdicts, list[str]]:
    """Return the verdict, that of each gradient, and reasons."""
    program = question.program
    try:
        program.on_floats(program.loss)
    except Exception as error:
        return "not applicable", {}, [f"on floats, {told(error)}"]
    try:
        returned = program.on_floats(program.backward)
    except Exception as error:  # such as shapes that do not fit: wrong in any arithmetic
        return "refuted", {}, [f"on floats, {told(error)}"]
    if not isinstance(returned, Mapping):
        kind = type(returned).__name__
        return "not applicable", {}, [f"backward returns a {kind}, but must return a mapping"]

    names = [name for name, gradient in returned.items() if gradient is not None]
    gradients: Verdicts = dict.fromkeys(names if wrt is None else wrt, "proved")
    if not gradients:
        return "not applicable", {}, ["backward returns no gradient"]
    reasons = []
    for name in gradients:
        if name not in names:
            gradients[name] = "refuted"
            reasons.append(f"backward returns no gradient of {name}")
        elif not is_float(program.primal(name)):
            gradients[name] = "not applicable"
            reasons.append(f"{name} is not the name of an array of floats")
    targets = tuple(name for name, verdict in gradients.items() if verdict == "proved")
    question = replace(question, targets=targets)
    try:
        for k in range(trials):
            verdicts, found = _decide(question, seed + k)
            gradients |= {name: v for name, v in verdicts.items() if v == "refuted"}
            reasons += [reason for reason in found if reason not in reasons]
    except _Undecided as undecided:
        return "not applicable", dict.fromkeys(gradients, "not applicable"), [str(undecided)]
    except OutOfTime:
        reason = "it takes too long at these sizes"
        return "not applicable", dict.fromkeys(gradients, "not applicable"), [reason]
    except Exception as error:
        return "not applicable", dict.fromkeys(gradients, "not applicable"), [told(error)]
    for verdict in ("refuted", "not applicable"):
        if verdict in gradients.values():
            return verdict, gradients, reasons
    return "proved", gradients, reasons


def _decide(question: _Question, seed: int) -> tuple[Verdicts, list[str]]:
    """Return a verdict for each target, and reasons."""
    with trial(seed, deadline=question.deadline) as memory:
        verdicts, reasons = _attempt(question, memory)
    # A proof with made-up square roots is a proof; a refutation needs real ones.
    if "refuted" not in verdicts.values() or not memory.made_up_roots:
        return verdicts, reasons
    for draw in range(_MOST_DRAWS):
        try:
            with trial(seed + draw, true_roots=True, deadline=question.deadline) as memory:
                return _attempt(question, memory)
        except NotASquare:
            continue
    raise _Undecided(f"in {_MOST_DRAWS} draws there was none with all the square roots needed")


def _attempt(question: _Question, memory: Formal) -> tuple[Verdicts, list[str]]:
    """Compare <g, v> with J v: for all targets at once, and if that fails one by one."""
    program, targets = question.program, question.targets
    primals = program.primals({*targets, *question.generic}, memory)
    directions = {name: [memory.draw() for _ in range(primals[name].size)] for name in targets}

    def derivative(names: Collection[str]) -> Element:
        """Run forward with tangents on the arrays `names`."""
        memory.check_time()
        moved = {name: with_tangents(primals[name], directions[name]) for name in names}
        return _scalar(program.on_elements(program.loss, primals | moved))

    joint = derivative(targets)
    gradients = program.on_elements(program.backward, primals)
    products: dict[str, int] = {}
    reasons: list[str] = []
    for name in targets:
        fault = _fault(name, gradients.get(name), primals[name])
        if fault:
            reasons.append(fault)
        else:
            pairs = zip(elements(gradients[name]).flat, directions[name], strict=True)
            products[name] = sum(g.value * v for g, v in pairs) % P
    if not reasons and sum(products.values()) % P == joint.tangent:
        return dict.fromkeys(targets, "proved"), []

    verdicts: Verdicts = dict.fromkeys(targets, "refuted")
    for name, product in products.items():
        alone = derivative([name])
        if alone.value != joint.value:
            raise _Undecided("the loss differs from call to call with the same arguments")
        if product == alone.tangent:
            verdicts[name] = "proved"
    return verdicts, reasons


def _fault(name: str, gradient: Any, primal: Array) -> str:
    """Return why a gradient needs no comparison to be wrong, if so."""
    if np.shape(gradient) != primal.shape:
        shapes = f"shape {np.shape(gradient)}, but must be {primal.shape}"
        return f"the gradient of {name} has {shapes}, because {name} has that shape"
    try:
        elements(gradient)
    except (TypeError, ValueError):
        return f"the gradient of {name} has an entry that is no number"
    return ""


def _scalar(value: Any) -> Element:
    """Return what a loss returned as one element."""
    if np.size(value) != 1:
        raise _Undecided(f"the loss has shape {np.shape(value)}, but must be a scalar")
    (entry,) = elements(value).flat
    return entry
