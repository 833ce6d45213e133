"""One draw: the user's gradients against the reference, and the vote on every difference."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch, compare
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.large import is_analytic, judge_large
from reference.debugger.judging.missing import left_out, missing_gradients, of_wrong_shape
from reference.debugger.judging.raised import finding as raised_here
from reference.debugger.judging.slopes import analytic_slope, exact_slope, slope, tangents, unit
from reference.debugger.judging.voters import (
    Abstains,
    by_entries,
    by_jax,
    precision,
)
from reference.debugger.judging.whereabouts import placed
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late, Raised, as_floats
from reference.debugger.running.timebox import ExitError
from reference.exact import Proof
from reference.rounding import is_whole, one_ulp, response_to_rounding
from reference.tolerance import bound

# Below this, relative to a gradient's largest entry, "proved" outweighs what floats say.
_PROOF_OUTWEIGHS = 1e-6
NOT_FINITE = "it is not finite though the loss and its derivative are"
_DIGITS = 0.25  # of those of a number, the part that rounding has to leave
_NO_DIGITS = "rounding could explain all of a large difference: a branch hangs on it, perhaps"
_ROUGH = 1e-5  # tolerance where differences are all that there is
_SIDES = 0.25  # a vote is for the side that is nearer than this part of the gap
_MOST_STEPS = 1500
_MOST_ENTRIES = {"tangents": 4000, "complex step": _MOST_STEPS}  # that a voter is asked about
_TO_COMPILE = 6.0  # seconds: JAX may need half of them
_KINK = "the loss has a kink there, or is too rough for differences to tell"


@dataclass
class Opinion:
    """What one draw shows; see `Judgement`. `undecided` tells also whether it is harmless."""

    draw: Draw
    wrong: dict[str, Mismatch] = field(default_factory=dict)
    right: list[str] = field(default_factory=list)
    undecided: dict[str, tuple[str, bool]] = field(default_factory=dict)
    findings: list[Suspect] = field(default_factory=list)
    manual: dict[str, Array] = field(default_factory=dict)
    reference: dict[str, Array] = field(default_factory=dict)
    votes: dict[str, dict[str, float]] = field(default_factory=dict)
    voters: set[str] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    error: BaseException | None = None
    response: dict[str, Array] | None = None  # of the manual side to rounding
    rough: set[str] = field(default_factory=set)  # gradients on which differences cannot tell


def opinion(calls: Calls, draw: Draw, proof: Proof | None) -> Opinion:
    """Compare all gradients at one draw.

    Raises
    ------
    NoLoss, Late
    """
    here = calls.value(draw)
    seen = Opinion(draw)
    floats = draw.floats
    try:
        returned = calls.gradients(draw)
    except Raised as raised:
        seen.error = raised.__cause__ or raised
        seen.findings.append(raised_here(seen.error, str(raised)))
        seen.reasons += [
            f"params[{name!r}] holds integers: no gradient of it is looked at, and what is made "
            "like it, as by zeros_like, holds integers too"
            for name, value in draw.params.items()
            if name not in floats and np.asarray(value).dtype.kind in "iu"
        ]
        seen.reference, who = _reference(calls, draw, list(draw.params), here, seen)
        return seen
    missing = [name for name in draw.params if name in floats and returned.get(name) is None]
    names = [name for name in floats if returned.get(name) is not None]
    seen.reference, who = _reference(calls, draw, [*names, *missing], here, seen)
    _names(calls, draw, returned, missing, seen)
    for name in names:
        if name not in seen.reference:
            judge_large(calls, draw, name, returned[name], who, here, seen)
            continue
        _compare(calls, draw, name, returned[name], who, here, proof, seen)
    return seen


def _names(
    calls: Calls, draw: Draw, returned: dict[str, Any], missing: list[str], seen: Opinion
) -> None:
    """Find gradients that are not returned though the loss depends on them."""
    known = {**draw.inputs, **draw.params}
    unknown = [name for name in returned if name not in known]
    lacking = [name for name in missing if _depends(calls, draw, name, seen)]
    seen.findings += missing_gradients(calls, draw, returned, lacking)
    if unknown and not lacking:
        seen.reasons.append(
            f"backward returns {', '.join(map(repr, unknown))} besides: neither parameter nor input"
        )
    for name, other in left_out(draw, returned).items():
        along_it = slope(calls, draw, {name: np.ones(draw.floats[name].shape)})
        if along_it and not np.isnan(along_it):
            seen.reasons.append(
                f"no gradient of {name} is returned, though the loss depends on it as on {other}"
            )
    for name in returned:
        if name in known and name not in draw.floats:
            seen.reasons.append(f"{name} is no array of floats: its gradient is not looked at")


def _depends(calls: Calls, draw: Draw, name: str, seen: Opinion) -> bool:
    """Return whether the loss depends on an array."""
    if name in seen.reference:
        return bool(np.any(seen.reference[name]))
    way = unit(np.random.default_rng(3).standard_normal(draw.floats[name].shape))
    told = slope(calls, draw, {name: way})
    if np.isnan(told):
        with suppress(Abstains, ExitError, Late):
            told = exact_slope(calls, draw, {name: way})
    return abs(told) > 1e-9  # and not NaN


def _reference(
    calls: Calls, draw: Draw, names: list[str], here: float, seen: Opinion
) -> tuple[dict[str, Array], str]:
    """Return the right gradients by the first voter with whom the unmodified loss agrees."""
    names = [name for name in names if name in draw.floats]
    if not names:
        return {}, ""
    steps = sum(draw.floats[name].size for name in names)
    along_few = (
        f"{steps} entries are too many to look at each: gradients are compared along a few "
        "directions"
    )
    if steps > _MOST_ENTRIES["tangents"] and is_analytic(calls, draw, names, seen):
        seen.reasons.append(along_few)
        return {}, "complex step"
    rng = np.random.default_rng(0)
    directions = {name: unit(rng.standard_normal(draw.floats[name].shape)) for name in names}
    started = time.monotonic()
    slopes = {name: slope(calls, draw, {name: directions[name]}) for name in names}
    took = time.monotonic() - started
    seen.rough = {name for name, told in slopes.items() if np.isnan(told)}
    voters: dict[str, Any] = {
        "tangents": lambda: tangents(calls, draw, names),
        "complex step": lambda: by_entries(
            draw, names, lambda unit: analytic_slope(calls, draw, unit)
        ),
        "JAX": lambda: by_jax(calls.loss, draw, names),  # last: it compiles for a second or so
    }
    for who, ask in voters.items():
        if steps > _MOST_ENTRIES.get(who, steps):
            continue
        if who == "JAX" and steps > _MOST_STEPS and calls.left < _TO_COMPILE:
            continue
        calls.restore()
        try:
            found = calls.quietly(ask, at_most=min(5.0, 0.6 * calls.left))
        except (Abstains, ExitError) as why:
            seen.reasons.append(f"{who}: {why}")
            continue
        except Late:
            seen.reasons.append(f"{who}: takes too long")
            continue
        finally:
            calls.restore()
        told = {n: s for n, s in slopes.items() if not np.isnan(s)}
        off = [
            name for name, true in told.items()
            if not abs(float((found[name] * directions[name]).sum()) - true)
            <= 10 * precision(float(np.abs(found[name] * directions[name]).sum()), here)
        ]  # fmt: skip
        if not off and all(np.isfinite(gradient).all() for gradient in found.values()):
            seen.voters |= {who, "differences"} if told else {who}
            return found, who
        seen.reasons.append(f"{who}: the unmodified loss has another slope along {off or names}")
    if steps > _MOST_STEPS and is_analytic(calls, draw, names, seen):
        seen.reasons.append(along_few)
        return {}, "complex step"
    if steps * took / max(len(names), 1) > 0.5 * calls.left:
        seen.reasons.append(along_few)
        seen.voters.add("differences")
        return {}, "differences"
    seen.voters.add("differences")
    return by_entries(draw, names, lambda unit: slope(calls, draw, unit)), "differences"


def _compare(
    calls: Calls,
    draw: Draw,
    name: str,
    gradient: Any,
    who: str,
    here: float,
    proof: Proof | None,
    seen: Opinion,
) -> None:
    reference = seen.reference[name]
    manual = as_floats(gradient)
    if manual is None or manual.shape != reference.shape:
        finding, seen.wrong[name] = of_wrong_shape(calls, draw, name, gradient)
        seen.findings.append(finding)
        return
    seen.manual[name] = manual
    known = np.isfinite(reference)
    if not known.any() and reference.size:
        seen.undecided[name] = (_KINK, True)
        return
    reference = np.where(known, reference, 0.0)
    ours = np.where(known, manual, 0.0)
    if not np.isfinite(ours).all():
        _not_finite(name, manual, reference, proof, seen)
        return
    explained = _explained(reference, np.zeros_like(reference), manual, who, here, seen)
    mismatch = compare("TOTAL", name, ours, reference, explained)
    largest = float(np.abs(reference).max(initial=0.0))
    off = mismatch.error if mismatch is not None else 0.0
    if mismatch is not None:
        if seen.response is None:
            seen.response = _response(calls, draw)
        response = seen.response.get(name, np.zeros_like(reference))
        explained = _explained(reference, response, manual, who, here, seen)
        mismatch = compare("TOTAL", name, ours, reference, explained)
    proved = proof is not None and proof.gradients.get(name) == "proved"
    if mismatch is None:
        if name in seen.rough and not proved:  # one of several slopes, perhaps
            seen.undecided[name] = (_KINK, True)
        elif off > np.finfo(manual.dtype).eps ** _DIGITS * largest and not proved:
            seen.undecided[name] = (_NO_DIGITS, True)
        else:
            seen.right.append(name)
        return
    mismatch = placed(mismatch, np.abs(ours - reference) > explained)
    if proved and mismatch.error <= _PROOF_OUTWEIGHS * largest:
        seen.right.append(name)
        seen.reasons.append(
            f"{name} is right in exact arithmetic, and in floats off by {mismatch.times:.0f} × "
            "what rounding explains: it is computed in lower precision, or loses digits"
        )
        return
    _vote(calls, draw, mismatch, ours, reference, here, proof, seen)


def _not_finite(
    name: str, manual: Array, reference: Array, proof: Proof | None, seen: Opinion
) -> None:
    """NaN is no accusation where exact arithmetic calls the gradient right, or cannot tell."""
    refuted = proof is not None and proof.gradients.get(name) == "refuted"
    if refuted:
        seen.wrong[name] = not_a_number(name, manual, reference)
        seen.voters.add("proof")
    else:
        seen.undecided[name] = (NOT_FINITE, False)


def not_a_number(name: str, manual: Array, reference: Array) -> Mismatch:
    """Return the mismatch of a gradient that is not finite where the derivative is."""
    mismatch = compare("TOTAL", name, manual, reference, 0.0)
    assert mismatch is not None  # NaN differs
    return replace(mismatch, note="not a finite number where the derivative is")


def _explained(
    reference: Array, response: Array, manual: Array, who: str, here: float, seen: Opinion
) -> float:
    """Return the largest difference that rounding explains."""
    explained = bound(reference, response, manual.dtype)
    # An entry that cancels to zero keeps the rounding of the terms that cancelled.
    everything = max((float(np.nanmax(np.abs(g), initial=0.0)) for g in seen.reference.values()),
                     default=0.0)  # fmt: skip
    explained += float(np.finfo(manual.dtype).eps) * everything
    if who == "differences":
        largest = float(np.abs(reference).max(initial=0.0))
        explained += _ROUGH * largest + 10 * precision(0.0, here)
    return explained


def _response(calls: Calls, draw: Draw) -> dict[str, Array]:
    """Return how far the user's gradients move when their roundings, or their arguments, do."""

    def run(at: Any) -> dict[str, Array]:
        returned = {name: as_floats(value) for name, value in calls.gradients(at).items()}
        return {name: value for name, value in returned.items() if value is not None}

    rng = np.random.default_rng(1)

    def moved_by_one(array: Array) -> Array:
        moved = array + one_ulp(array) * rng.choice((-1.0, 1.0), array.shape)
        return np.where(is_whole(array), array, moved)

    response: dict[str, Array] = {}
    with suppress(Exception):
        plain = run(draw)
        response = {name: np.zeros(value.shape) for name, value in plain.items()}
        moves = [run(draw.map_floats(moved_by_one)) for _ in range(2)]
        changes = [{name: move[name] - plain[name] for name in plain} for move in moves]
        with suppress(Exception):  # code that does not take a subclass of ndarray
            changes.append(response_to_rounding(draw, run))
        for change in changes:
            for name, moved_by in change.items():
                np.maximum(response[name], np.nan_to_num(np.abs(moved_by)), out=response[name])
    return response


def _vote(
    calls: Calls,
    draw: Draw,
    mismatch: Mismatch,
    manual: Array,
    reference: Array,
    here: float,
    proof: Proof | None,
    seen: Opinion,
) -> None:
    """Ask everyone along the direction in which the two sides differ most clearly."""
    name = mismatch.name
    direction = unit(manual - reference)
    votes = {
        "manual": float((manual * direction).sum()),
        "reference": float((reference * direction).sum()),
    }
    gap = abs(votes["manual"] - votes["reference"])
    votes["differences"] = slope(calls, draw, {name: direction})
    try:
        votes["complex step"] = calls.quietly(
            lambda: analytic_slope(calls, draw, {name: direction})
        )
    except (Abstains, ExitError) as why:
        seen.reasons.append(f"complex step: {why}")
    finally:
        calls.restore()

    def tells_side(who: str, off: float) -> str:
        if np.isnan(votes.get(who, np.nan)) or off > _SIDES * gap:
            return ""
        for side in ("reference", "manual"):
            if abs(votes[who] - votes[side]) <= _SIDES * gap:
                return side
        return "neither"

    rough = precision(float(np.abs(reference * direction).sum()), here)
    by_differences = tells_side("differences", rough)
    by_complex = tells_side("complex step", 0.0)
    refuted = proof is not None and proof.gradients.get(name) == "refuted"
    seen.votes[name] = votes
    # The differences alone call the loss exactly as it is: where they can tell, they decide.
    if by_differences == "reference":
        seen.wrong[name] = mismatch
        seen.voters |= {"differences"} | ({"complex step"} if by_complex == "reference" else set())
        if by_complex not in ("", "reference"):
            seen.reasons.append("complex step: sees another slope; the loss is not analytic")
    elif by_differences:
        seen.undecided[name] = ("the oracles disagree about it", False)
    elif np.isnan(votes["differences"]):
        seen.undecided[name] = (_KINK, True)
    elif by_complex == "reference" and refuted:
        seen.wrong[name] = mismatch
        seen.voters |= {"complex step", "proof"}
    else:
        seen.undecided[name] = (
            f"the difference is {mismatch.times:.0f} × what rounding explains, but too small for "
            "differences to tell who is right", False,
        )  # fmt: skip
