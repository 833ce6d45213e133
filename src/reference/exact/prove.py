"""`prove`: is this backward the derivative of this loss? Decided in exact arithmetic.

The program runs, unmodified, on random numbers of a prime field instead of floats: once forward
with a random tangent v on every array, which gives the directional derivative ``J v``, and once
backward, which gives the gradients g. The backward is right if ``<g, v> = J v``. Both sides are
rational functions of the random numbers, of a degree far below P ≈ 2·10^18; if they are not the
same function, they agree at a random point with a probability of at most degree / P
(DeMillo and Lipton 1978, Zippel 1979, Schwartz 1980). No tolerance is involved.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.exact.arrays import constants, elements, random_elements, with_tangents
from reference.exact.blame import told
from reference.exact.field import Element, constant
from reference.exact.formal import Formal, NotASquare, trial
from reference.exact.patching import exact_numpy
from reference.exact.prime import P
from reference.exact.proof import Proof, Verdict

Loss = Callable[[Any, Any], Any]
Backward = Callable[[Any, Any], Mapping[str, Any]]

_MOST_DRAWS = 256  # until every square root that a trial needs exists: enough for about eight


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
    program = _Program(loss, backward, dict(params), dict(inputs), tuple(code))
    sizes = {
        name: np.shape(value)
        for name, value in (program.params | program.inputs).items()
        if is_float(value)
    }

    def proof(gradients: dict[str, Verdict], reason: str = "", verdict: Verdict | None = None):
        seconds = time.perf_counter() - started
        verdict = verdict or _together(gradients)
        return Proof(verdict, gradients, reason, seconds, sizes, trials)

    try:
        names = program.names_returned()
    except _Broken as broken:
        return proof({}, str(broken), "refuted")
    except Exception as error:
        return proof({}, f"on floats, {told(error)}", "not applicable")
    asked = [name for name in names if wrt is None or name in wrt]
    never = [name for name in wrt or () if name not in names]
    odd = [name for name in asked if not is_float(program.primal(name))]
    targets = [name for name in asked if name not in odd]
    gradients: dict[str, Verdict] = dict.fromkeys(names if wrt is None else wrt, "proved")
    gradients |= dict.fromkeys(odd, "not applicable") | dict.fromkeys(never, "refuted")
    reasons = [f"{name} is not the name of a float array" for name in odd]
    reasons += [f"backward returns no gradient of {name}" for name in never]
    if not targets and not never:
        reasons.append("backward returns no gradient of a float array")
        return proof(gradients, "; ".join(reasons), "not applicable")
    try:
        for k in range(trials):
            verdicts, why = _decide(program, targets, generic, seed=seed + k)
            gradients |= {name: v for name, v in verdicts.items() if v != "proved"}
            reasons += [reason for reason in why if reason not in reasons]
    except Exception as error:
        return proof(dict.fromkeys(gradients, "not applicable"), told(error), "not applicable")
    return proof(gradients, "; ".join(reasons))


def is_float(value: Any) -> bool:
    """Return whether `value` is a float or an array of floats, and so can have a gradient."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )


class _Broken(Exception):
    """The backward does not run, on floats either."""


class NotRepeatable(RuntimeError):
    """The loss differs from call to call."""


@dataclass(frozen=True)
class _Program:
    loss: Loss
    backward: Backward
    params: dict[str, Any]
    inputs: dict[str, Any]
    code: tuple[Any, ...]

    def primal(self, name: str) -> Any:
        return self.params[name] if name in self.params else self.inputs.get(name)

    def names_returned(self) -> list[str]:
        """Run on floats: which gradients are there?"""
        with np.errstate(all="ignore"):
            self.loss(*copy.deepcopy((self.params, self.inputs)))
            try:
                gradients = self.backward(*copy.deepcopy((self.params, self.inputs)))
            except Exception as error:
                raise _Broken(f"on floats, {told(error)}") from error
        return [name for name, gradient in gradients.items() if gradient is not None]

    def run(self, function: Callable[..., Any], primals: Mapping[str, Any]) -> Any:
        """Call `function` on fresh arrays of these elements."""
        own = {name: copy.copy(self.primal(name)) for name in (*self.params, *self.inputs)}
        own |= {name: copy.copy(primal) for name, primal in primals.items()}
        with exact_numpy(self.loss, self.backward, *self.code):
            return function({n: own[n] for n in self.params}, {n: own[n] for n in self.inputs})


def _decide(
    program: _Program, targets: list[str], generic: Collection[str], seed: int
) -> tuple[dict[str, Verdict], list[str]]:
    """Return a verdict for each target, and reasons."""
    with trial(seed) as memory:
        verdicts, reasons = _attempt(program, targets, generic, memory)
    # A proof with made-up square roots is a proof; a refutation needs real ones.
    if "refuted" not in verdicts.values() or not memory.made_up_roots:
        return verdicts, reasons
    for draw in range(_MOST_DRAWS):
        try:
            with trial(seed + draw, true_roots=True) as memory:
                return _attempt(program, targets, generic, memory)
        except NotASquare:
            continue
    raise NotASquare(f"{_MOST_DRAWS} draws found no numbers that all have the square roots needed")


def _attempt(
    program: _Program, targets: list[str], generic: Collection[str], memory: Formal
) -> tuple[dict[str, Verdict], list[str]]:
    primals = _primals(program, {*targets, *generic}, memory)
    directions = {name: [memory.draw() for _ in range(np.size(primals[name]))] for name in targets}

    def derivative(names: Collection[str]) -> Element:
        """Run forward with tangents on the arrays `names`."""
        moved = {name: with_tangents(primals[name], directions[name]) for name in names}
        return _scalar(program.run(program.loss, primals | moved))

    joint = derivative(targets)
    gradients = program.run(program.backward, primals)
    products, reasons = {}, []
    for name in targets:
        try:
            products[name] = _inner(name, gradients.get(name), directions[name], primals[name])
        except _WrongGradient as wrong:
            reasons.append(str(wrong))
    verdicts: dict[str, Verdict] = dict.fromkeys(targets, "refuted")
    if len(products) == len(targets) and sum(products.values()) % P == joint.tangent:
        return dict.fromkeys(targets, "proved"), reasons
    for name, product in products.items():
        alone = derivative([name])
        if alone.value != joint.value:
            raise NotRepeatable("the loss differs from call to call with the same arguments")
        if product == alone.tangent:
            verdicts[name] = "proved"
    return verdicts, reasons


def _primals(program: _Program, free: set[str], memory: Formal) -> dict[str, Array]:
    """Return every float array as elements: random ones for the names in `free`."""
    primals = {}
    for name in (*program.params, *program.inputs):
        value = program.primal(name)
        if is_float(value):
            array = np.asarray(value)
            made = random_elements(array, memory) if name in free else constants(array)
            primals[name] = made if isinstance(value, np.ndarray) else made.item()
    return primals


class _WrongGradient(Exception):
    """A gradient that needs no comparison to be wrong."""


def _inner(name: str, gradient: Any, direction: list[int], primal: Any) -> int:
    """Return <gradient, direction>."""
    shape = np.shape(primal)
    if gradient is None or np.shape(gradient) != shape:
        raise _WrongGradient(
            f"the gradient of {name} has shape {np.shape(gradient)}, but must be {shape}"
        )
    try:
        entries = elements(gradient).flat
    except (TypeError, ValueError) as error:
        raise _WrongGradient(f"the gradient of {name} has an entry that is no number") from error
    return sum(g.value * v for g, v in zip(entries, direction, strict=True)) % P


def _scalar(value: Any) -> Element:
    """Return what a loss returned as one element."""
    if np.size(value) != 1:
        raise ValueError(f"the loss has shape {np.shape(value)}, but must be a scalar")
    (entry,) = elements(value).flat
    return entry


def _together(gradients: Mapping[str, Verdict]) -> Verdict:
    found = set(gradients.values())
    return "refuted" if "refuted" in found else (
        "not applicable" if "not applicable" in found else "proved"
    )  # fmt: skip


__all__ = ["NotRepeatable", "constant", "is_float", "prove"]
