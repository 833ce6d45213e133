"""One draw: the user's gradients against the reference, and the vote on every difference."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch, compare
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.large import judge_large
from reference.debugger.judging.missing import left_out, missing_gradients, of_wrong_shape
from reference.debugger.judging.raised import finding as raised_here
from reference.debugger.judging.references import reference_of
from reference.debugger.judging.siding import KINK, vote
from reference.debugger.judging.slopes import Slopes, exact_slope, unit
from reference.debugger.judging.voters import Abstains
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
_VAGUE = 1e-2  # of a gradient: what is not known better is not known
_OF_LOSS = 1e-8  # a slope that small beside the loss is none


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
    late: str = ""  # why the time was up before all were judged
    slopes: Slopes | None = None  # of the loss there
    kinks: set[str] = field(default_factory=set)  # gradients along which the loss has a kink
    vague: dict[str, float] = field(default_factory=dict)  # how far references may be off

    @property
    def rough(self) -> str:
        """Why differences cannot tell."""
        if self.slopes is not None and self.slopes.short:
            return (
                "the loss has few digits (float32, or it is rounded), so its differences are "
                "noise there: let it be float64"
            )
        return "the loss is too rough there for differences to tell"


def opinion(calls: Calls, draw: Draw, proof: Proof | None) -> Opinion:
    """Compare all gradients at one draw.

    Raises
    ------
    NoLoss, Late
    """
    slopes = Slopes(calls, draw)
    seen = Opinion(draw, slopes=slopes)
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
        seen.reference, who = reference_of(calls, draw, list(draw.params), slopes, seen)
        return seen
    missing = [name for name in draw.params if name in floats and returned.get(name) is None]
    names = [name for name in floats if returned.get(name) is not None]
    seen.reference, who = reference_of(calls, draw, [*names, *missing], slopes, seen)
    _names(calls, draw, returned, missing, slopes, seen)
    large = {name: returned[name] for name in names if name not in seen.reference}
    try:
        if large:
            judge_large(calls, draw, large, who, slopes, seen)
        for name in names:
            if name in seen.reference:
                _compare(calls, draw, name, returned[name], who, slopes, proof, seen)
    except Late:
        seen.late = calls.no_time()
        for name in names:
            if name not in (*seen.right, *seen.wrong, *seen.undecided):
                seen.undecided[name] = (seen.late, True)
    return seen


def _names(
    calls: Calls,
    draw: Draw,
    returned: dict[str, Any],
    missing: list[str],
    slopes: Slopes,
    seen: Opinion,
) -> None:
    """Find gradients that are not returned though the loss depends on them."""
    known = {**draw.inputs, **draw.params}
    unknown = [name for name in returned if name not in known]
    lacking = [name for name in missing if _depends(calls, draw, name, slopes, seen)]
    seen.findings += missing_gradients(calls, draw, returned, lacking)
    if unknown and not lacking:
        seen.reasons.append(
            f"backward returns {', '.join(map(repr, unknown))} besides: neither parameter nor input"
        )
    for name, other in left_out(draw, returned).items():
        along_it = slopes.along({name: np.ones(draw.floats[name].shape)})
        if abs(along_it) > along_it.error:
            seen.reasons.append(
                f"no gradient of {name} is returned, though the loss depends on it as on {other}"
            )
    for name in returned:
        if name in known and name not in draw.floats:
            seen.reasons.append(f"{name} is no array of floats: its gradient is not looked at")


def _depends(calls: Calls, draw: Draw, name: str, slopes: Slopes, seen: Opinion) -> bool:
    """Return whether the loss depends on an array."""
    if name in seen.reference:
        known = np.nan_to_num(seen.reference[name])
        return bool(np.abs(known).max(initial=0.0) > seen.vague.get(name, 0.0))
    way = {name: unit(np.random.default_rng(3).standard_normal(draw.floats[name].shape))}
    told = slopes.along(way)
    if abs(told) > told.error:
        return True
    with suppress(Abstains, ExitError, Late):
        return abs(exact_slope(calls, draw, way)) > _OF_LOSS * abs(slopes.here)
    return False


def _compare(
    calls: Calls,
    draw: Draw,
    name: str,
    gradient: Any,
    who: str,
    slopes: Slopes,
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
        seen.undecided[name] = (seen.rough, True)
        return
    reference = np.where(known, reference, 0.0)
    ours = np.where(known, manual, 0.0)
    if not np.isfinite(ours).all():
        _not_finite(name, manual, reference, proof, seen)
        return
    explained = _explained(name, reference, np.zeros_like(reference), manual, who, seen)
    mismatch = compare("TOTAL", name, ours, reference, explained)
    largest = float(np.abs(reference).max(initial=0.0))
    off = mismatch.error if mismatch is not None else 0.0
    if mismatch is not None:
        if seen.response is None:
            seen.response = _response(calls, draw)
        response = seen.response.get(name, np.zeros_like(reference))
        explained = _explained(name, reference, response, manual, who, seen)
        mismatch = compare("TOTAL", name, ours, reference, explained)
    proved = proof is not None and proof.gradients.get(name) == "proved"
    if mismatch is None:
        vague = seen.vague.get(name, 0.0)
        if name in seen.kinks and not proved:  # one of several slopes, perhaps
            seen.undecided[name] = (KINK, True)
        elif (
            vague > _OF_LOSS * abs(slopes.here)
            and vague > _VAGUE * max(largest, float(np.abs(ours).max(initial=0.0)))
            and not proved
        ):
            seen.undecided[name] = (seen.rough, True)
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
    vote(calls, draw, mismatch, ours, reference, who, slopes, proof, seen)


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
    name: str, reference: Array, response: Array, manual: Array, who: str, seen: Opinion
) -> float:
    """Return the largest difference that rounding explains."""
    explained = bound(reference, response, manual.dtype)
    # An entry that cancels to zero keeps the rounding of the terms that cancelled.
    largest_of_each = [np.nan_to_num(np.abs(g)).max(initial=0.0) for g in seen.reference.values()]
    everything = float(max(largest_of_each, default=0.0))
    explained += float(np.finfo(manual.dtype).eps) * everything
    if who == "differences":
        largest = float(np.abs(reference).max(initial=0.0))
        explained += _ROUGH * largest + seen.vague.get(name, 0.0)
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
