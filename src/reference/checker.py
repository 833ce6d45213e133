"""check(cell): right, wrong or inconclusive, with the evidence.

First the values of the forward, then the gradients; then each step on its own (LOCAL), what is
carried between steps (CARRY), what is summed (ACCUM) and what is touched (EFFECT); and the same
NumPy code in exact arithmetic. A difference becomes an accusation only when the oracles agree
with each other against the hand-written side.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm.trees import named_leaves
from reference import invariants
from reference.batch import BatchComparison, compare_batch
from reference.compare import Mismatch, axes_of, compare
from reference.exact import Proof, prove_cell
from reference.exact.cells import prove_problem
from reference.plan import SHAPES, Plan, plan_for
from reference.problem import Problem
from reference.report.record import Evidence, Report
from reference.rounding import Run, run_sequence
from reference.subject import Subject, subject_of, takes_indices
from reference.vote import vote

Progress = Callable[[int, int], None]
_STEPWISE = 3  # problems taken apart step by step
_LONGEST_PROOF = 10.0  # seconds for a problem that fails where others are proved


def check(
    cell: Any, *, cases: int = 256, seed: int = 0, progress: Progress | None = None
) -> Report:
    """Check a cell's hand-written backward.

    Parameters
    ----------
    cell : Cell, class of cells, or Layer
        Built in or yours. A class must take ``input_size`` and ``hidden_size``, and is checked
        at many sizes; an instance at its own.
    cases : int, default 256
        Random problems to compare, at the least.
    seed : int, default 0
        The same seed draws the same problems.
    progress : callable, optional
        Called with (problems done, problems in all).

    Returns
    -------
    Report
        ``report.verdict`` is "right", "wrong" or "inconclusive"; ``print(report)`` tells why.

    Raises
    ------
    TypeError
        If `cell` does not keep the contract of `manual_lstm.Cell`.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> check(ml.LSTM(input_size=3, hidden_size=4), cases=64).verdict
    'right'
    """
    started = time.perf_counter()
    subject = subject_of(cell)
    findings = _Findings()
    oracle_name = ""
    proofs: dict[str, Proof] = {}
    try:
        with np.errstate(all="ignore"):  # what is not finite is seen in the values
            plan = plan_for(subject)
            oracle_name = plan.oracle_name
            _compare(plan, findings, cases, seed, progress or _silent)
            _take_apart(plan, findings, seed)
            _ask_everyone(plan, findings)
            proofs = _prove(subject)
    except Exception as error:
        _tell_raised(error, findings)
    _weigh(proofs, findings)
    return Report(
        name=subject.name,
        verdict=findings.verdict,
        evidence=Evidence(proofs, findings.compared, oracle_name),
        mismatches=tuple(sorted(findings.mismatches, key=_order)),
        reasons=tuple(findings.reasons),
        notes=tuple(findings.notes),
        worst=findings.worst,
        seed=seed,
        seconds=time.perf_counter() - started,
        failing=min(findings.failing, key=_size).case if findings.failing else None,
    )


@dataclass
class _Findings:
    """What has been found so far."""

    compared: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)
    failing: list[Problem] = field(default_factory=list)
    failing_steps: list[Problem] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doubtful: bool = False

    def doubt(self, reason: str) -> None:
        """Rule out an accusation and a pass, for a reason."""
        self.doubtful = True
        self.reasons.append(reason)

    @property
    def may_be_right(self) -> bool:
        return not self.mismatches and not self.doubtful and self.compared > 0

    @property
    def verdict(self) -> str:
        if self.may_be_right:
            return "right"
        return "inconclusive" if self.doubtful or not self.mismatches else "wrong"


def _silent(done: int, total: int) -> None:
    """Report no progress."""


def _compare(plan: Plan, findings: _Findings, cases: int, seed: int, progress: Progress) -> None:
    """Compare whole sequences, at least `cases` of them, until some fail."""
    if plan.why:
        findings.notes.append(f"{plan.why}; so the gradients are those of {plan.oracle_name}")
    if plan.numeric is not None:
        cases = min(cases, 4 * len(SHAPES))
    rng = np.random.default_rng(seed)
    for turn, (oracle, problems) in enumerate(plan.batches(rng), start=1):
        try:
            comparison = compare_batch(problems, oracle, rng)
        except Exception:
            findings.failing = [problem for problem in problems if _raises(problem)]
            raise
        _note(findings, comparison, problems)
        findings.compared += len(problems)
        progress(min(findings.compared, cases), cases)
        enough = findings.compared >= cases and turn >= plan.subject.variants
        if findings.failing or enough:
            break
    if findings.failing:
        problem = min(findings.failing, key=_size)
        findings.failing = [problem]
        findings.mismatches += _mismatches(plan, problem, "TOTAL", rng)


def _raises(problem: Problem) -> bool:
    """Return whether the hand-written side raises on a problem."""
    try:
        run_sequence(problem)
    except Exception:  # whatever somebody's cell raises
        return True
    return False


def _note(findings: _Findings, comparison: BatchComparison, problems: list[Problem]) -> None:
    for name in comparison.errors:
        worst = float(np.max(comparison.in_ulps(name), initial=0))
        findings.worst[name] = max(findings.worst.get(name, 0.0), worst)
    if all(np.isfinite(array).all() for array in comparison.reference.values()):
        findings.failing += [problems[n] for n in comparison.failing]
    else:
        findings.doubt("the forward is not finite for ordinary inputs")


def _take_apart(plan: Plan, findings: _Findings, seed: int) -> None:
    """Check EFFECT, CARRY, ACCUM and LOCAL, on a failing problem and on fresh ones."""
    if plan.subject.is_layer:  # its steps are those of its cells
        return
    D, H = plan.subject.sizes or (SHAPES[0].D, SHAPES[0].H)
    case = replace(SHAPES[0], D=D, H=H)
    variants = plan.subject.variants
    fresh = [
        plan.draw(replace(case, seed=seed + n), n % variants)
        for n in range(max(_STEPWISE, variants))
    ]
    for problem in findings.failing + fresh:
        findings.mismatches += invariants.effects(problem)
        findings.mismatches += invariants.carry_and_accum(problem)

    rng = np.random.default_rng(seed + 1)
    asked = [(problem, plan.oracle_alone(problem)) for problem in findings.failing if plan.pads]
    asked += [(problem, plan.oracle(case, n % variants)) for n, problem in enumerate(fresh)]
    for problem, oracle in asked:
        timed = invariants.local_problems(problem, rng)
        comparison = compare_batch([step for _, step in timed], oracle, rng, invariants.run_step)
        if comparison.failing:
            findings.failing_steps = [timed[comparison.failing[0]][1]]
            _tell_local(plan, findings, [timed[n] for n in comparison.failing], rng)
            break
    findings.mismatches = _distinct(findings.mismatches)


def _tell_local(
    plan: Plan, findings: _Findings, wrong: list[tuple[int, Problem]], rng: np.random.Generator
) -> None:
    """Note what differs in the first of the steps that are wrong, and at which steps."""
    where = [t for t, _ in wrong]
    for mismatch in _mismatches(plan, wrong[0][1], "LOCAL", rng, invariants.run_step):
        at, everywhere = {"t": where[0]} | mismatch.place, {"t": where} | mismatch.where
        findings.mismatches.append(replace(mismatch, place=at, where=everywhere))


def _mismatches(
    plan: Plan,
    problem: Problem,
    stage: str,
    rng: np.random.Generator,
    run: Run = run_sequence,
) -> list[Mismatch]:
    """Return every result of one problem that differs, decoded."""
    comparison = compare_batch([problem], plan.oracle_alone(problem), rng, run)
    manual = run(problem)
    found = []
    for name, bounds in comparison.bounds.items():
        mismatch = compare(
            "VALUE" if name.startswith(("hs", "state_T")) else stage,
            name,
            manual[name],
            comparison.reference[name][0],
            float(bounds[0]),
            axes=axes_of(name, problem.cell),
            gates=getattr(problem.cell, "gates", None),
        )
        if mismatch is not None:
            again = f"draw({plan.subject.call(problem.cell)}, {problem.case!r})"
            found.append(replace(mismatch, reproduce=again))
    return found


def _ask_everyone(plan: Plan, findings: _Findings) -> None:
    """Let the oracles vote on the worst wrong gradients; without agreement nobody is accused."""
    for stage, problems, run in (
        ("LOCAL", findings.failing_steps, invariants.run_step),
        ("TOTAL", findings.failing, run_sequence),
    ):
        wrong = [m for m in findings.mismatches if m.stage == stage and not m.note]
        if not wrong:
            continue
        name, problem = max(wrong, key=lambda mismatch: mismatch.times).name, problems[0]
        answers, _ = plan.oracle_alone(problem).answers(
            [problem], np.zeros(1), np.random.default_rng(0)
        )
        votes = vote(problem, name, run(problem)[name], answers[name][0])
        what = "one step" if stage == "LOCAL" else "the sequence"
        findings.reasons.append(f"vote on {what}: {votes}")
        if not votes.against_manual:
            findings.doubt(
                "the oracles do not agree with each other, so nobody is accused; perhaps the "
                "forward has a kink, keeps state between calls, or was traced wrongly"
            )


def _prove(subject: Subject) -> dict[str, Proof]:
    """Prove the cell in exact arithmetic, for each kind of input."""
    kinds: dict[str, dict[str, Any]] = {"dense inputs": {}, "ragged lengths": {"lengths": True}}
    if subject.twin is not None and takes_indices(subject):
        kinds["index inputs"] = {"index_inputs": True}
    proofs = {}
    for kind, options in kinds.items():
        variants = range(subject.variants) if kind == "dense inputs" else [0]
        # Three rows, so that two are alive beside one of length zero: a sum over the batch shows.
        proofs[kind] = _all(
            prove_cell(subject.make(2, 3, variant), B=3, **options) for variant in variants
        )
    return proofs


def _all(proofs: Iterable[Proof]) -> Proof:
    """Return one proof for several: the first that failed, if any did."""
    proofs = list(proofs)
    first = next((proof for proof in proofs if proof.verdict != "proved"), proofs[0])
    return replace(first, seconds=sum(proof.seconds for proof in proofs))


def _weigh(proofs: dict[str, Proof], findings: _Findings) -> None:
    """Where exact arithmetic and floats disagree, say so, and accuse nobody."""
    verdicts = {proof.verdict for proof in proofs.values()}
    if findings.may_be_right and "refuted" in verdicts:
        findings.notes.append(
            "exact arithmetic could not prove it, though floats agree: perhaps through an "
            "identity of functions that the prover does not know"
        )
    formal = {mismatch.stage for mismatch in findings.mismatches} <= {"LOCAL", "TOTAL"}
    if not findings.mismatches or not formal or verdicts != {"proved"}:
        return
    # Proved at a few sizes: a fault may need others, such as a batch of one.
    is_refuted = False
    for problem in findings.failing[:1]:
        proof = prove_problem(problem, seconds=_LONGEST_PROOF)
        proofs["the problem that fails"] = proof
        is_refuted = proof.verdict == "refuted"
    if not is_refuted:
        findings.doubt("exact arithmetic proves the backward, though floats disagree")


def _tell_raised(error: Exception, findings: _Findings) -> None:
    """Turn an exception of the cell's own code into a finding; let any other one through."""
    frames = traceback.extract_tb(error.__traceback__)
    step = [frame for frame in frames if frame.name in ("step", "step_backward")]
    if not step or frames[-1].filename == __file__:
        raise error
    at = next(
        (frame for frame in reversed(frames) if frame.filename == step[-1].filename), step[-1]
    )
    what = f"{type(error).__name__} at line {at.lineno} ({at.line}): {error}"
    if step[-1].name == "step_backward":
        nan = float("nan")
        findings.mismatches.append(
            Mismatch("RAISES", "step_backward", (), {}, nan, nan, np.inf, 0.0, 1, 1, note=what)
        )
    else:
        findings.doubt(f"step raised {what}")


def _size(problem: Problem) -> int:
    T, B = problem.xs.shape[:2]
    return T * B * sum(array.size for array in named_leaves(problem.params).values())


_STAGES = ("RAISES", "VALUE", "EFFECT", "LOCAL", "CARRY", "ACCUM", "TOTAL")


def _order(mismatch: Mismatch) -> int:
    return _STAGES.index(mismatch.stage)


def _distinct(mismatches: list[Mismatch]) -> list[Mismatch]:
    """Keep the first of each stage, name and note."""
    kept = {(m.stage, m.name, m.note): m for m in reversed(mismatches)}
    return list(reversed(kept.values()))
