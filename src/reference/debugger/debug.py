"""`debug`: from "the gradient check failed" to the line, the step, the value and a verified fix."""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from manual_lstm import checks
from reference.debugger.answering.answer import fixes_of, suspects_of
from reference.debugger.answering.at_its_sizes import proved_at_smaller_sizes, tried_at_its_sizes
from reference.debugger.answering.by_evidence import try_what_is_known
from reference.debugger.answering.elsewhere import without_coincidences
from reference.debugger.answering.fewer import with_fewer
from reference.debugger.answering.finishing import at_other_sizes, finished
from reference.debugger.answering.gathering import gather
from reference.debugger.answering.left_behind import holds_params
from reference.debugger.answering.mends import LEFT_BEHIND, mends
from reference.debugger.answering.pruning import prune
from reference.debugger.answering.unread import not_read
from reference.debugger.diagnosis import Diagnosis
from reference.debugger.faults.several import told_apart
from reference.debugger.judging.draws import ordinary
from reference.debugger.judging.effects import aliasing, combined
from reference.debugger.judging.examples import Examples, guarded
from reference.debugger.judging.precisions import judge_in_double_too
from reference.debugger.judging.usable import check_usable
from reference.debugger.judging.verdict import TOO_LARGE, Judgement
from reference.debugger.running.arguments import same
from reference.debugger.running.aside import leave_aside
from reference.debugger.running.doubles import in_double_precision, in_doubles
from reference.debugger.running.garbage import seldom_collected
from reference.debugger.running.kept import forget
from reference.debugger.running.memory_bound import bounded
from reference.debugger.running.named import by_name
from reference.debugger.running.place import place_of
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.timebox import TimeUp, Watchdog
from reference.debugger.searching.beside import Beside, Result, is_possible
from reference.debugger.searching.by_findings import search_memory, search_shapes
from reference.debugger.searching.by_length import search_by_length
from reference.debugger.searching.cases import draws, size_of
from reference.debugger.searching.places import computes
from reference.debugger.searching.question import Question
from reference.debugger.searching.search import Search
from reference.debugger.searching.smaller import is_large, made_smaller
from reference.debugger.searching.thorough import search_thoroughly
from reference.debugger.values import for_backward
from reference.report.heat_map import relative_errors

_TELLING = 3.0  # seconds that are kept for saying what was found
_KNOWN = 0.5  # of what is left then, what may pass until what is known of lines has been tried
_SHORT = 0.4  # of the time for the search, what is kept for short sequences
_FAR_FETCHED = 0.2  # what is kept for the far-fetched, where short sequences are searched elsewhere
_MOST_ASKED = 3  # inputs, before those at which the verdict is known to show
_TOLD_APART = 0.6  # of the time of a second search, what is for faults told apart


def debug(
    loss: Any,
    backward: Callable[[Any, Any], Mapping[str, Any]] | None = None,
    params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    example: Callable[[np.random.Generator], Inputs] | None = None,
    sources: Iterable[Any] | None = None,
    seconds: float = 20.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Say whether `backward` is the derivative of `loss`, and if not, which line is to blame.

    Parameters
    ----------
    loss : callable
        ``loss(params, inputs) -> scalar``, unmodified; or, alone, a cell, a class of cells or a
        layer, which is run over a short sequence, and if that shows nothing, on the kind of
        problem that `check` finds wrong.
    backward : callable
        ``backward(params, inputs) -> mapping`` of gradients by the names of their primals.
    params, inputs : mapping of str to ndarray
        Never changed. Small sizes, all different, are searched fastest. `params` may be a list,
        tuple, dataclass or dict of arrays or of these, or one array: then gradients come in the
        same form, and are named after their places. `inputs` may be anything.
    example : callable, optional
        ``example(rng) -> (params, inputs)``: draws other values and sizes; fixes are verified on
        them. Without it fresh values of the same shapes are drawn.
    sources : iterable of paths or modules, optional
        Files to look in; by default all that the two functions reach outside installed packages.
    seconds : float
        The whole budget. The verdict needs a small part of it.
    seed : int
    progress : callable, optional
        Is told in a line what has been found so far.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        As `reference.debugger.judging.verdict.judge` does, if the question makes no sense.

    Notes
    -----
    Every run of an edited program happens in memory, on copies; no file is written.
    """
    started = time.monotonic()
    if backward is None:
        if isinstance(loss, types.FunctionType):
            checks.fail("backward", "no value", "a function of params and inputs that returns "
                        "gradients by name", "a loss alone gives nothing to compare",
                        error=TypeError)  # fmt: skip
        from reference.cell_debug import debug_cell  # which asks `debug` about two functions

        return debug_cell(loss, sources=sources, seconds=seconds, seed=seed, progress=progress)
    if params is None or inputs is None:
        checks.fail("params" if params is None else "inputs", "no value",
                    "a dict of arrays by name", "loss and backward are called with it",
                    error=TypeError)  # fmt: skip
    check_usable(loss, backward, inputs, seconds, seed)
    asked = by_name(loss, backward, params, inputs)
    given = asked.params, asked.inputs
    example = guarded(example, asked.named)
    judgement = judge_in_double_too(asked.loss, asked.backward, given, example, seed, seconds)
    diagnosis = Diagnosis(
        verdict=judgement.verdict,
        wrong=judgement.wrong,
        right=judgement.right,
        undecided=judgement.undecided,
        suspects=judgement.findings,
        evidence=judgement.evidence,
        reasons=judgement.reasons,
        output=judgement.output,
        heat=relative_errors(judgement.manual, judgement.reference),
    )
    if progress is not None:
        progress(f"verdict: {judgement.verdict}")
    known = judgement.verdict == "wrong"
    if known or (judgement.verdict == "right" and TOO_LARGE in judgement.reasons):
        with Watchdog() as watchdog:
            run = _after(*asked[:2]) if judgement.after_loss else asked.backward
            program = Program(judgement.loss or asked.loss, run, watchdog, sources)
            try:
                if known:
                    diagnosis = _searched(
                        program, judgement, diagnosis, *given, example, seed,
                        started + seconds, progress,
                    )  # fmt: skip
                else:
                    diagnosis = _proved(program, judgement, diagnosis, seed, started + seconds)
            except (Exception, SystemExit, TimeUp) as error:
                if known:  # the verdict stands, whatever the search meets in somebody's code
                    stopped = f"the search for the line stopped: {_told(error)}"
                    reasons = (*diagnosis.reasons, stopped)
                    diagnosis = replace(diagnosis, reasons=reasons, sources=program.texts)
            finally:
                program.restore()
                forget()
    diagnosis = replace(diagnosis, seconds=time.monotonic() - started)
    return finished(diagnosis, judgement, given, seconds, backward, example)


def _after(loss: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """Return the backward as it is meant: after a call of the loss with the same arguments."""

    def asked(params: Any, inputs: Any) -> Any:
        loss(params, inputs)
        return backward(params, inputs)

    return asked


def _proved(
    program: Program, judgement: Judgement, diagnosis: Diagnosis, seed: int, until: float
) -> Diagnosis:
    """Look for a proof at smaller sizes."""
    given = judgement.params, judgement.inputs
    program.discover(given, max(0.2, min(5.0, until - time.monotonic())))
    with program.quiet(), bounded(), in_double_precision(program):
        question = Question(program, judgement, given, until)
        return proved_at_smaller_sizes(question, diagnosis, seed)


def _searched(
    program: Program,
    judgement: Judgement,
    diagnosis: Diagnosis,
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    example: Callable[..., Any] | None,
    seed: int,
    until: float,
    progress: Callable[[str], None] | None,
) -> Diagnosis:
    given = (params, inputs)
    program.discover(given, max(0.2, min(5.0, until - time.monotonic())))
    if isinstance(example, Examples):
        leave_aside(program, example.function)
    with program.quiet(), bounded(), seldom_collected(), in_double_precision(program):
        if isinstance(example, Examples) and example.failed:
            example = None
        drawn = [in_doubles(d) for d in (given, *draws(params, inputs, example, seed, 8))]
        if judgement.small:
            drawn = [(ordinary(d[0]), d[1]) for d in drawn]
        at = min(drawn, key=size_of)
        question = Question(program, judgement, drawn[0], until)
        unread = not_read(program, at, diagnosis)
        if unread:  # every "fix" would make a backward that may be right return zeros
            return replace(diagnosis, remarks=(unread,), sources=program.texts)
        if is_large(at):
            question.given = at
            with made_smaller(
                program,
                at,
                question.names,
                seed,
                0.4 * (until - time.monotonic()),
                question.goes_wrong_alike,
            ) as smaller:
                found = smaller and _found(
                    question, diagnosis, smaller.drawn, smaller.drawn[:1], progress
                )
            if smaller is not None and found is not None:
                found = at_other_sizes(found, smaller.sizes)
                if progress and found.fixes:
                    progress(f"fix: {found.fixes[0].why}; it is tried at the given sizes")
                return tried_at_its_sizes(question, found, smaller)
        asked = drawn[:1] if example is None else sorted(drawn, key=size_of)[:_MOST_ASKED]
        of_verdict = in_doubles((judgement.params, judgement.inputs))
        return _found(question, diagnosis, drawn, [*asked, of_verdict], progress)


def _found(
    question: Question,
    diagnosis: Diagnosis,
    drawn: list[Inputs],
    asked: list[Inputs],
    progress: Callable[[str], None] | None,
) -> Diagnosis:
    """Search on some of the inputs that are drawn, and say what was found.

    The search begins at those of `asked` at which the mistake shows.
    """
    program, judgement, until = question.program, question.judgement, question.until
    originals = program.texts
    reasons = [f"the source text of {file} is not what runs" for file in program.unreadable]
    small, first = question.showing(asked)
    others = [d for d in drawn[1:] if d is not small][:3]
    if first is None or not program.functions:
        return replace(diagnosis, sources=originals, reasons=(*diagnosis.reasons, *reasons))
    end = until - min(_TELLING, 0.2 * (until - time.monotonic()))
    search = Search(program, [first], end, _accepts(program, small), progress)
    search.cases += [case for d in others if (case := question.case(d)) is not None]
    conduct = [f for f in judgement.findings if f.kind in LEFT_BEHIND]
    mended = mends(program, conduct, search.cases) if conduct else []
    if mended or any(holds_params(f, first.inputs[0]) for f in conduct):
        return replace(
            diagnosis,
            fixes=tuple(mended),
            sources=originals,
            reasons=(*diagnosis.reasons, *reasons),
        )
    # One function that gives loss and gradients: look at it, and let the loss stay.
    program.shared_too = not computes(program)
    try:
        for_backward.note(program, small, min(1.0, 0.05 * (until - time.monotonic())))
    except Exception as error:  # a fault of ours: the other lines are searched all the same
        reasons.append(f"lines that the loss runs too are left out ({_told(error)})")
    left = max(0.2, 0.15 * (until - time.monotonic()))
    shared_memory = aliasing(program, small, first.oracle, left)
    try:
        search_memory(search, shared_memory, left)
        shapes = [f for f in judgement.findings if f.kind == "wrong shape"]
        if shapes and not search.found:
            search_shapes(search, shapes, left)
        if not search.found:
            _search(search, lambda end: search_by_length(search, drawn, question.case, end))
        if not search.found:
            try_what_is_known(search, originals, _KNOWN * max(0.0, until - time.monotonic()))
    except Exception as error:  # a fault of ours: what is known so far stands all the same
        reasons.append(f"the search ended early ({_told(error)})")
    if search.broken and not search.found:
        reasons.append(f"some edits could not be tried ({_told(search.broken[0])})")

    def general(search: Search, originals: dict[str, str]) -> None:
        without_coincidences(search, originals, question)

    for simpler in (general, prune, with_fewer, gather):
        try:
            simpler(search, originals)
        except Exception as error:  # the repair stands as it is
            reasons.append(f"a repair was left as found ({_told(error)})")
            program.restore_texts(originals)
    fixes = fixes_of(program, search, originals, judgement)
    suspects = suspects_of(program, search, originals, judgement, fixes, reasons)
    raised = any("exception" in finding.engines for finding in judgement.findings)
    # A mend that runs says more than what raises, or is given as None all over.
    absent = {f.line for f in judgement.findings if f.kind == "never returned"}
    elsewhere = bool(fixes and absent) and suspects[0].line not in absent
    seen_first = not judgement.wrong and not ((raised and fixes) or elsewhere)
    suspects = combined(suspects, [*judgement.findings, *shared_memory], first=seen_first)
    return replace(
        diagnosis,
        suspects=tuple(suspects),
        fixes=tuple(fix for fix, _ in fixes),
        sources=originals,
        reasons=(*diagnosis.reasons, *reasons),
        evidence={**diagnosis.evidence, "runs": program.runs},
    )


def _told(error: BaseException) -> str:
    """Return an error's text, and whose it is where no line of the user's was running."""
    ours = "" if place_of(error)[0] else " - an error of the debugger itself: please report it"
    return f"{type(error).__name__}: {error}{ours}"


def _search(search: Search, by_length: Callable[[float], None]) -> None:
    """Search for one fault, for several, on short sequences, and for what is far-fetched.

    Where there is a second core, the second and the third are done there at the same time.
    """
    program, end = search.program, search.until
    originals = program.texts

    def for_several() -> Result:
        search.beside, search.until, search.steps = None, end, []
        search.progress = None  # two processes are not to write to one terminal
        program.restore_texts(originals)
        told_apart(search, end, _TOLD_APART)
        if not search.found:
            by_length(end)
        return Result(search.found, search.apart, search.steps, search.standing)

    if is_possible():
        with Beside(program, for_several) as search.beside:
            search.until -= _FAR_FETCHED * (end - time.monotonic())
            search.search()
            if not search.found:
                program.restore_texts(originals)
                search_thoroughly(search, end)
            known = Result() if search.found else search.beside.result(end)
        search.beside = None
        if not search.found:
            search.found, search.steps = known.found, known.steps or search.steps
            search.apart, search.standing = known.apart, known.standing
    else:
        search.until -= _SHORT * (end - time.monotonic())
        search.several = lambda found: told_apart(found, end)
        search.search()
        if not search.found:
            program.restore_texts(originals)
            search.until = end
            by_length(end)
        if not search.found:
            program.restore_texts(originals)
            search_thoroughly(search, end)
    if not search.found and search.apart:
        search.steps = search.apart


def _accepts(program: Program, inputs: Inputs) -> Callable[[], bool]:
    """Return the condition beyond right gradients: nothing changed, the same answer twice."""

    def same_twice() -> bool:
        program.state.restore()
        mine = copied(inputs)
        try:
            with program.watchdog.limit(5.0):
                answers = [
                    {name: np.array(v) for name, v in dict(program.backward(*mine)).items()}
                    for _ in range(2)
                ]
        except (Exception, TimeUp):
            return False
        unchanged = all(
            same(mine[k][name], inputs[k][name])
            for k in (0, 1)
            for name in inputs[k]
            if isinstance(inputs[k][name], np.ndarray)
        )
        return unchanged and all(
            np.array_equal(answers[0][name], answers[1].get(name, np.zeros(0)))
            for name in answers[0]
        )

    return same_twice
