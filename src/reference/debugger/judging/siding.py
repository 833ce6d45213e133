"""Where a gradient and its reference differ: with which of them everybody else sides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch
from reference.debugger.judging.slopes import Slopes, analytic_slope, unit
from reference.debugger.judging.voters import Abstains
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls
from reference.debugger.running.timebox import ExitError
from reference.exact import Proof

if TYPE_CHECKING:
    from reference.debugger.judging.opinion import Opinion

KINK = "the loss has a kink there"
_SIDES = 0.25  # a vote is for the side that is nearer than this part of the gap
_CLEARLY = 0.02  # the same, where an exact voter sees it otherwise
_PLAIN, _PLAIN_IN_SEVEN = 1e-6, 1e-3  # of a gradient's largest entry


def vote(
    calls: Calls,
    draw: Draw,
    mismatch: Mismatch,
    manual: Array,
    reference: Array,
    who: str,
    slopes: Slopes,
    proof: Proof | None,
    seen: Opinion,
) -> None:
    """Ask everyone along the direction in which the two sides differ most clearly.

    The differences alone call the loss exactly as it is: where they can tell, they decide, but not
    by their noise. What is proved, and an exact voter, outweigh those of a loss of seven digits.

    Parameters
    ----------
    calls, draw
    mismatch : Mismatch
    manual, reference : ndarray
        The two sides.
    who : str
        Who told the reference.
    slopes : Slopes
        Of the loss at the draw.
    proof : Proof, optional
    seen : Opinion
        Is told what comes of it.
    """
    name = mismatch.name
    direction = unit(manual - reference)
    votes = {
        "manual": float((manual * direction).sum()),
        "reference": float((reference * direction).sum()),
    }
    gap = abs(votes["manual"] - votes["reference"])
    votes["differences"] = told = slopes.along({name: direction}, need=_CLEARLY * gap)
    try:
        votes["complex step"] = calls.quietly(
            lambda: analytic_slope(calls, draw, {name: direction})
        )
    except (Abstains, ExitError) as why:
        seen.reasons.append(f"complex step: {why}")
    finally:
        calls.restore()
    by_differences = _side(votes, "differences", gap, _SIDES, told.error)
    by_complex = _side(votes, "complex step", gap, _SIDES)
    exact = {who, "complex step"} - {"differences"} if by_complex == "reference" else set[str]()
    said = proof.gradients.get(name) if proof is not None else None
    seen.votes[name] = votes
    if by_differences == "reference" and by_complex != "reference":
        rather = votes["manual"], votes["reference"]
        if by_complex == "manual" and said == "proved":
            seen.right.append(name)
            seen.reasons.append(
                f"{name} is right in exact arithmetic; the loss loses digits, and its differences "
                "see another slope"
            )
            return
        if slopes.are_for({name: direction}, *rather):
            seen.undecided[name] = (seen.rough, True)
            return
    if by_differences == "reference":
        if by_complex in ("", "reference") and not (said == "proved" and slopes.short):
            seen.wrong[name] = mismatch
            seen.voters |= {"differences"} | (exact & {"complex step"})
        elif not slopes.short and _side(votes, "differences", gap, _CLEARLY, told.error):
            seen.wrong[name] = mismatch
            seen.voters.add("differences")
            seen.reasons.append("complex step: sees another slope; the loss is not analytic")
        else:
            seen.undecided[name] = (seen.rough, False)
    elif by_differences:
        seen.undecided[name] = ("the oracles disagree about it", False)
    elif told.kink:
        seen.undecided[name] = (KINK, True)
    elif exact and _is_enough(
        said, len(exact), slopes.short, _is_plain(mismatch, reference, slopes)
    ):
        seen.wrong[name] = mismatch
        seen.voters |= exact | ({"proof"} if said == "refuted" else set())
    elif slopes.short or not math.isfinite(told):
        seen.undecided[name] = (seen.rough, by_complex == "manual" or said == "proved")
    else:
        seen.undecided[name] = (
            f"the difference is {mismatch.times:.0f} × what rounding explains, but too small for "
            "differences to tell who is right", False,
        )  # fmt: skip


def _side(votes: dict[str, float], who: str, gap: float, near: float, error: float = 0.0) -> str:
    """Return which of the two sides a vote is for: nothing if it is too vague, or "neither"."""
    vote = votes.get(who, math.nan)
    if not math.isfinite(vote) or error > near * gap:
        return ""
    for side in ("reference", "manual"):
        if abs(vote - votes[side]) <= near * gap:
            return side
    return "neither"


def _is_plain(mismatch: Mismatch, reference: Array, slopes: Slopes) -> bool:
    """Return whether a difference is more than rounding might make of a gradient, at the worst."""
    largest = float(np.abs(reference).max(initial=0.0))
    return mismatch.error > (_PLAIN_IN_SEVEN if slopes.short else _PLAIN) * largest


def _is_enough(said: str | None, exact: int, short: bool, plain: bool) -> bool:
    """Return whether exact voters alone may call a gradient wrong."""
    if said == "refuted":
        return plain or not short
    return plain and exact > 1 and said != "proved"
