"""`judge`: is this backward the derivative of this loss? Everyone who can tell has a vote.

A gradient is called wrong only where it differs, in floats, from a reference by more than
rounding explains, and where the unmodified loss sides with the reference along the very direction
in which the two differ. Kinks, non-finite values, oracles that disagree and random numbers leave
the question open, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.compare import Mismatch
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.conduct import conduct
from reference.debugger.judging.draws import SPREAD, Example, drawn, further, ordinary
from reference.debugger.judging.examples import ExampleError, Examples, guarded
from reference.debugger.judging.non_finite import non_finite
from reference.debugger.judging.opinion import NOT_FINITE, Opinion, not_a_number, opinion
from reference.debugger.judging.screening import suspicious
from reference.debugger.running.arguments import Draw, checked
from reference.debugger.running.calls import Calls, Late, NoLoss
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.timebox import ExitError
from reference.exact import Proof, constants, prove

_DRAWS = 4  # with the given one; half of them where the answer is plain
_TO_SCREEN = 0.5  # seconds
_FOR_PROOF, _FOR_REFUTING = 2.0, 0.5  # seconds, the latter where it seems to be wrong
_FOR_WRONG = 0.15  # of the time, after which two draws are enough to call it wrong
_MOST_PROVED = 4000  # entries
_NAMED = 4  # gradients, with a reason that is the same for all
TOO_LARGE = "not proved: the arrays are large, and there is no example of smaller ones"


@dataclass(frozen=True)
class Judgement:
    """What can be said of somebody's backward without looking at its lines.

    Parameters
    ----------
    verdict : {"right", "wrong", "inconclusive"}
    wrong : dict
        Name of each wrong gradient to its worst `Mismatch`.
    right : tuple of str
        Names of the gradients that are right.
    undecided : dict
        Name of each other gradient to the reason.
    findings : tuple of Suspect
        Faults that show without a comparison, each with its place where it has one: a backward
        that raises, names and shapes that are wrong, an argument that is changed, state that is
        kept between calls. Any of them makes the verdict "wrong".
    params, inputs : mapping
        The arguments at which `manual` and `reference` hold: the given ones if they show it.
    manual, reference : dict
        Gradients by name, the user's and the right ones (float64).
    votes : dict
        For each wrong gradient who told what of its derivative along the direction in which the
        two sides differ.
    proof : Proof or None
        What exact arithmetic says, where the program runs in it.
    evidence : dict
        "draws", "voters", "proved" and so on, as in `Diagnosis`.
    reasons : tuple of str
        Why it is inconclusive, who could not tell and why, and what was seen besides.
    error : BaseException or None
        What the backward raised.
    output : str
        What the user's functions printed.
    seconds : float
    after_loss : bool
        Whether the backward runs only after a call of the loss with the same arguments.
    small : bool
        Whether it shows better at larger weights than the given ones.
    loss : callable or None
        The loss as it was asked: the user's own, or that without a part which raises and on which
        its value does not depend.
    """

    verdict: str
    wrong: dict[str, Mismatch] = field(default_factory=dict)
    right: tuple[str, ...] = ()
    undecided: dict[str, str] = field(default_factory=dict)
    findings: tuple[Suspect, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    manual: dict[str, Array] = field(default_factory=dict, repr=False)
    reference: dict[str, Array] = field(default_factory=dict, repr=False)
    votes: dict[str, dict[str, float]] = field(default_factory=dict)
    proof: Proof | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    error: BaseException | None = field(default=None, repr=False)
    output: str = ""
    seconds: float = 0.0
    after_loss: bool = False
    small: bool = False
    loss: Callable[..., Any] | None = field(default=None, repr=False)


def judge(
    loss: Callable[[Any, Any], Any],
    backward: Callable[[Any, Any], Mapping[str, Any]],
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    example: Example | None = None,
    seed: int = 0,
    seconds: float = 10.0,
    enough: float | None = None,
) -> Judgement:
    """Say whether `backward` gives the gradients of `loss`, gradient by gradient.

    Parameters
    ----------
    loss : callable
        ``loss(params, inputs) -> scalar``, as the user wrote it.
    backward : callable
        ``backward(params, inputs) -> mapping`` of gradients by the names of their primals.
    params, inputs : mapping of str to ndarray
        Never changed.
    example : callable, optional
        ``example(rng) -> (params, inputs)``: draws other values and sizes. Without it, fresh
        values of the same shapes are drawn.
    seed : int
    seconds : float
        When the time is up, what is known is returned.
    enough : float, optional
        After so many seconds no further values are asked at if anything is known.

    Returns
    -------
    Judgement

    Raises
    ------
    TypeError
        If params or inputs is no mapping, a parameter no array, or backward returns no mapping.
    ValueError
        If the loss raises, or is no scalar.

    Examples
    --------
    >>> import numpy as np
    >>> def loss(params, inputs):
    ...     return np.sum(np.tanh(params["W"] @ inputs["x"]))
    >>> def backward(params, inputs):
    ...     y = np.tanh(params["W"] @ inputs["x"])
    ...     return {"W": np.outer(1 - y, inputs["x"])}  # forgot the square
    >>> x = {"x": np.array([0.5, -1.0, 2.0])}
    >>> judgement = judge(loss, backward, {"W": np.ones((2, 3))}, x)
    >>> judgement.verdict, list(judgement.wrong)
    ('wrong', ['W'])
    """
    started = time.monotonic()
    given = checked(params, inputs)
    until = started + (seconds if enough is None else enough)
    with Calls(loss, backward, started + seconds, until) as calls:
        judgement = _judged(calls, given, guarded(example), seed)
        calls.restore()
    return replace(
        judgement,
        output=calls.printed.getvalue(),
        seconds=time.monotonic() - started,
        after_loss=calls.after_loss,
        loss=calls.loss,
    )


def _judged(calls: Calls, given: Draw, example: Examples | None, seed: int) -> Judgement:

    def others(names: Collection[str]) -> Iterator[Draw]:
        return further(given, example, seed, names)

    try:
        manner = conduct(calls, given, others)
    except Late as late:
        return Judgement("inconclusive", reasons=(str(late),))
    reasons = list(manner.reasons)
    if manner.random:
        return Judgement("inconclusive", reasons=tuple(reasons))
    proof = _proof(calls, given, example, seed, reasons)
    opinions: list[Opinion] = []
    took, begun = 0.0, time.monotonic()  # by the last one; by all
    small = example is not None and ordinary(given.params) is not given.params
    few = _DRAWS // 2 + small  # the given weights, larger ones, and others by the example
    proved = proof is not None and proof.verdict == "proved"
    for draw in (given, *manner.others):
        is_wrong = any(each.wrong or each.error for each in opinions)
        enough = len(opinions) >= (few if proved or is_wrong else _DRAWS)
        if is_wrong and len(opinions) > 1:  # what is left of the time is for the line
            enough |= time.monotonic() - begun > _FOR_WRONG * (calls.until - begun)
        if enough or (opinions and _is_known(opinions) and calls.until - time.monotonic() < took):
            break
        if opinions and calls.left < took:
            break
        started = time.monotonic()
        try:
            found = opinion(calls, draw, proof)
            if draw.source != SPREAD or found.wrong or not (found.undecided or found.error):
                opinions.append(found)  # else it may be that the program does not bear these values
        except NoLoss as none:
            given_ones = "the given values" if draw is given else draw.source
            if draw.source != SPREAD:
                reasons.append(f"at {given_ones} {none}")
        except Late as late:
            if not opinions:
                reasons.append(str(late))
            break
        took = time.monotonic() - started
        if opinions and opinions[-1].late:
            break
    if example is not None and not any(each.wrong or each.error for each in opinions):
        rare = _rare(calls, given, example, seed)
        if rare is not None:
            with suppress(NoLoss, Late):
                opinions.append(opinion(calls, rare, proof))
    if example is not None and example.failed:
        reasons.append(f"{example.failed}; fresh values of the given sizes were drawn")
    findings = [*manner.findings, *_without_numbers(calls, opinions, proof)]
    return _summed_up(given, opinions, proof, findings, reasons)


def _is_known(opinions: list[Opinion]) -> bool:
    """Return whether every gradient has been judged at some values."""
    known = {name for each in opinions for name in (*each.right, *each.wrong)}
    return all(each.error or each.findings or known >= each.undecided.keys() for each in opinions)


def _rare(calls: Calls, given: Draw, example: Examples, seed: int) -> Draw | None:
    """Return a draw that the gradients seem to be wrong at, of many, if there is one."""
    more = islice(further(given, example, seed, ()), _DRAWS - 1, None)  # some were asked in full
    theirs = takewhile(lambda draw: draw.source in ("example", SPREAD), more)  # until it fails
    with suppress(TypeError, ValueError):  # what it draws cannot be asked about
        return suspicious(calls, theirs, min(_TO_SCREEN, 0.1 * calls.left))
    return None


def _without_numbers(calls: Calls, opinions: list[Opinion], proof: Proof | None) -> list[Suspect]:
    """Call gradients wrong that are no numbers at any draw, if the line is known.

    One draw may overflow where others do not, and what is right in exact arithmetic is right.
    """
    names = [
        name
        for name in (opinions[0].undecided if len(opinions) > 1 else ())
        if all(each.undecided.get(name, ("",))[0] == NOT_FINITE for each in opinions)
        and (proof is None or proof.gradients.get(name) != "proved")
    ]
    found = non_finite(calls, opinions[0].draw, names) if names else None
    if found is None:
        return []
    for each in opinions:
        for name in names:
            del each.undecided[name]
            each.wrong[name] = not_a_number(name, each.manual[name], each.reference[name])
    return [found]


def _proof(
    calls: Calls, given: Draw, example: Examples | None, seed: int, reasons: list[str]
) -> Proof | None:
    """Ask exact arithmetic, at the smallest sizes that are to be had."""
    sizes = [given]
    if example is not None and not example.failed:
        with suppress(ExampleError):
            sizes += [drawn(example, np.random.default_rng([seed, 7, k])) for k in range(6)]
    smallest = min(sizes, key=lambda draw: draw.size)
    if smallest.size > _MOST_PROVED:
        reasons.append(TOO_LARGE)
        return None
    # Of what is wrong a proof is only looked for where it takes little.
    is_wrong = suspicious(calls, [given], _TO_SCREEN) is not None
    calls.restore()
    try:
        proof = calls.quietly(
            lambda: prove(
                calls.loss,
                calls.backward,
                *smallest.copies(),
                seed=seed,
                held=lambda: calls.state.rebound(InOtherNumbers(constants)),
            ),
            at_most=_FOR_PROOF if not is_wrong else _FOR_REFUTING,
        )
    except Late:
        if not is_wrong:
            reasons.append("not proved: exact arithmetic takes too long")
        return None
    except ExitError as leaving:
        reasons.append(f"not proved: {leaving}")
        return None
    finally:
        calls.restore()
    if proof.verdict == "not applicable":
        reasons.append(f"not proved: exact arithmetic does not run: {proof.reason}")
        return None
    return proof


def _summed_up(
    given: Draw,
    opinions: list[Opinion],
    proof: Proof | None,
    findings: list[Suspect],
    reasons: list[str],
) -> Judgement:
    findings = list(findings)
    for each in opinions:
        findings += [f for f in each.findings if (f.kind, f.variable) not in
                     {(g.kind, g.variable) for g in findings}]  # fmt: skip
        reasons += [reason for reason in each.reasons if reason not in reasons]
    # The draw that shows most; among equals the given one, unless its weights are small.
    small = ordinary(given.params) is not given.params
    shown = max(
        opinions,
        key=lambda each: (
            len(each.wrong),
            small and ordinary(each.draw.params) is each.draw.params,
        ),
        default=Opinion(given),
    )
    wrong: dict[str, Mismatch] = {}
    votes: dict[str, dict[str, float]] = {}
    for each in (shown, *opinions):
        for name, mismatch in each.wrong.items():
            if name not in wrong:
                wrong[name], votes[name] = mismatch, each.votes.get(name, {})
    agreed = {name for each in opinions for name in each.right}
    undecided: dict[str, str] = {}
    for each in opinions:
        for name, (reason, harmless) in each.undecided.items():
            if name not in wrong and not (harmless and name in agreed):
                undecided[name] = reason
    right = tuple(sorted(agreed - wrong.keys() - undecided.keys()))
    if proof is not None and proof.verdict == "refuted":
        open_ones = [name for name in proof.refuted if name in right]
        if open_ones:
            are = "is" if len(open_ones) == 1 else "are"
            reasons.append(
                f"{_some(open_ones)} {are} right in floats, but not proved: exact arithmetic knows "
                "exp, log and roots by a few relations only"
            )
    proved = proof is not None and proof.verdict == "proved"
    if wrong and proved:
        reasons.append("proved right at the smallest sizes: it shows at some values or sizes only")
    if wrong or findings:
        verdict = "wrong"
    elif right and not undecided:
        verdict = "right"
    else:
        verdict = "inconclusive"
        reasons += _by_reason(undecided)
        if not right and not undecided and opinions:
            reasons.append("backward returns no gradient that could be compared")
    return Judgement(
        verdict,
        wrong,
        right,
        undecided,
        tuple(findings),
        shown.draw.params,
        shown.draw.inputs,
        shown.manual,
        shown.reference,
        votes,
        proof,
        {
            "draws": len(opinions),
            "fresh": sum(each.draw.source != "given" for each in opinions),
            "voters": sorted({voter for each in opinions for voter in each.voters}),
            "proved": proved and not wrong,
        },
        tuple(dict.fromkeys(reasons)),
        next((each.error for each in opinions if each.error is not None), None),
        small=small and bool(wrong) and shown.draw is not given,
    )


def _by_reason(undecided: dict[str, str]) -> list[str]:
    """Return each reason once, with the names of the gradients that it is for."""
    names: dict[str, list[str]] = {}
    for name, reason in undecided.items():
        names.setdefault(reason, []).append(name)
    return [f"{_some(some)}: {reason}" for reason, some in names.items()]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
