"""How two functions behave as functions: the same answer to the same question, nothing changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from manual_lstm.checks import fail
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.kept import Kept, alike
from reference.debugger.judging.raised import finding as raised_here
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Calls, Late, NoLoss, Raised
from reference.debugger.running.changes import changes
from reference.debugger.running.place import at, place_of

_SECONDS = 3.0  # to look for the line
_SLOW, _HEAVY = 0.05, 0.15  # of the time, for four calls
_TRIES = 12
_LONG = 200  # characters of an error
_OTHERS = 5


@dataclass
class Conduct:
    """What was seen.

    Parameters
    ----------
    others : list of Draw
        Further draws at which the loss has a finite value.
    random : bool
        Whether the loss draws random numbers: then nothing can be said.
    findings, reasons
        As in `Judgement`.
    """

    others: list[Draw] = field(default_factory=list)
    random: bool = False
    findings: list[Suspect] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def conduct(
    calls: Calls, given: Draw, others: Callable[[Collection[str]], Iterator[Draw]]
) -> Conduct:
    """Call both functions in several orders and compare; tells `calls` whether to restore.

    Parameters
    ----------
    calls : Calls
    given : Draw
    others : callable
        From the names whose gradients are returned to further draws.

    Raises
    ------
    ValueError
        If the loss raises at the given values, or is no scalar.
    Late
    """
    seen = Conduct()
    # From here on nothing is put back, so that what is kept between calls shows.
    started = time.monotonic()
    first = _first_value(calls, given, seen)
    again = _or_error(lambda: calls._value(given))
    drew = calls.state.has_drawn()
    gradients = _or_error(lambda: calls._gradients(given))
    gradients_again = _or_error(lambda: calls._gradients(given))
    names = [] if isinstance(gradients, Exception) else gradients.keys()
    took = time.monotonic() - started
    slow, heavy = took > _SLOW * calls.left, took > _HEAVY * calls.left
    seen.others = _with_a_value(calls, others(names), 1 if slow else _OTHERS)
    asked = seen.others[: 0 if heavy else 1 if slow else 2]
    values_after = [_or_error(lambda d=draw: calls._value(d)) for draw in asked]
    gradients_after = [_or_error(lambda d=draw: calls._gradients(d)) for draw in asked]

    # The same questions to functions that remember nothing.
    calls.restore()
    clean = _or_error(lambda: calls._value(given))
    calls.restore()
    clean_gradients = _or_error(lambda: calls._gradients(given))
    if isinstance(clean_gradients, Raised) and not isinstance(gradients, Raised):
        calls.after_loss = True
        seen.reasons.append("backward runs only after a call of loss with the same arguments")
        clean_gradients = gradients
    calls.stateful = True
    values_alone = [_or_error(lambda d=draw: calls.value(d)) for draw in asked]
    gradients_alone = [_or_error(lambda d=draw: calls.gradients(d)) for draw in asked]

    loss_repeats = alike(first, again) and alike(values_after, values_alone)
    if not loss_repeats and (drew or not alike(first, clean)):
        seen.random = True
        seen.reasons.append(
            "the loss differs from call to call with the same arguments: it draws random numbers, "
            "or depends on something that cannot be put back; draw them outside and pass them in"
        )
        return seen
    if calls.after_loss:  # each answer belongs to the loss that was asked just before
        calls.stateful = False
        gradients_after = [_or_error(lambda d=draw: calls.gradients(d)) for draw in asked]
        calls.stateful = True
    backward_repeats = (
        alike(gradients, gradients_again)
        and alike(gradients, clean_gradients)
        and alike(gradients_after, gradients_alone)
    )
    if not (loss_repeats and backward_repeats):
        kept = _kept(calls, [given, *seen.others[:2]])
        if not kept and not loss_repeats:
            kept.append(_kept_somewhere("loss", again, calls.loss))
        if not kept:
            failed = next((g for g in (gradients_again, *gradients_after)
                           if isinstance(g, Raised)), gradients_again)  # fmt: skip
            kept.append(_kept_somewhere("backward", failed, calls.backward))
        seen.findings += kept
    calls.stateful = calls.after_loss or not (loss_repeats and backward_repeats)
    for function, (name, draw) in calls.changed.items():
        known = {(found.line, found.variable) for found in seen.findings}
        found = _changed(calls, function, name, draw)
        seen.findings += [one for one in found if (one.line, one.variable) not in known]
    for function, names in calls.added.items():
        seen.reasons.append(f"{function} puts {', '.join(names)} into the caller's dict")
    return seen


def _kept(calls: Calls, draws: list[Draw]) -> list[Suspect]:
    """Return what is kept between calls, with the lines."""
    stateful, calls.stateful = calls.stateful, False  # nothing is put back but here
    before = [lambda: _or_error(lambda: calls.gradients(draws[0])),
              lambda: _or_error(lambda: calls.value(draws[0]))]  # fmt: skip
    questions = [
        question
        for draw in draws
        for question in (lambda d=draw: _or_error(lambda: calls.gradients(d)),
                         lambda d=draw: _or_error(lambda: calls.value(d)))
    ]  # fmt: skip
    try:
        until = min(time.monotonic() + _SECONDS, calls.deadline)
        return Kept(calls.state, until).suspects(before, questions)
    except Late:
        return []
    finally:
        calls.stateful = stateful
        calls.restore()


def _changed(calls: Calls, function: str, first: str, draw: Draw) -> list[Suspect]:
    """Return the lines that change arrays of the caller's, and the first line of all else."""
    params, inputs = draw.copies()
    contents = {
        str(name): _content(group, name, value)
        for group in (inputs, params)
        for name, value in group.items()
    }
    run = calls.loss if function == "loss" else calls.backward
    found = {}
    with suppress(Late, Exception):
        calls.restore()
        found = calls.quietly(
            lambda: changes(lambda: _or_any_error(lambda: run(params, inputs)), contents),
            at_most=_SECONDS,
        )
    calls.restore()
    why = f"{function} changes its argument {{0}}: whoever calls it again with the same arrays " \
          "gets another answer"  # fmt: skip
    by_line: dict[tuple[str, int], list[str]] = {}
    for name, change in found.items():
        by_line.setdefault(change.line, []).append(name)
    suspects = [
        Suspect(
            *at(*(change := found[names[0]]).line, change.function),
            variable=(name := ", ".join(names)),
            steps=change.steps,
            pattern=change.pattern,
            kind="argument changed",
            why=why.format(name) + "; this line writes into the array itself, or into a view of it",
            should_be="a new array (a = a + b in place of a += b), or a copy made before",
            confidence=0.9,
            engines=("memory",),
        )
        for names in by_line.values()
    ]
    return suspects or [
        Suspect(*place_of(run), variable=first, kind="argument changed", why=why.format(first),
                confidence=0.5, engines=("memory",))
    ]  # fmt: skip


def _content(group: Any, name: Any, value: Any) -> Callable[[], Any]:
    """Return what tells whether an argument is another one, or the name bound to another."""

    def told(what: Any) -> Any:
        return what.tobytes() if isinstance(what, np.ndarray) else repr(what)

    return lambda: (told(value), None if group.get(name) is value else told(group.get(name)))


def _first_value(calls: Calls, given: Draw, seen: Conduct) -> float | NoLoss:
    try:
        return calls._value(given)
    except NoLoss as none:
        if none.__cause__ is None:
            return none
        error = str(none).removeprefix("the loss raises: ")
        if len(error) > _LONG:  # as of a module that tells at length what to use in its place
            error = f"{error.partition('. ')[0].rstrip(')')})"
        if calls.can_do_without(none.__cause__, given):
            found = raised_here(none.__cause__, error)
            why = f"loss raises here, in what its value is not made of: {error}"
            seen.findings.append(replace(found, why=why))
            calls.restore()
            return calls._value(given)
        fail("loss(params, inputs)", f"an error of its own, {error}", "a number",
             "a gradient is the derivative of one number")  # fmt: skip


def _with_a_value(calls: Calls, draws: Iterator[Draw], most: int) -> list[Draw]:
    """Return the first draws at which the loss is finite."""
    found: list[Draw] = []
    for draw in islice(draws, _TRIES):
        if len(found) == most or (found and calls.left < 0):
            break
        if not isinstance(_or_error(lambda d=draw: calls.value(d)), Exception):
            found.append(draw)
    return found


def _or_error(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (NoLoss, Raised) as error:
        return error


def _or_any_error(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


def _kept_somewhere(function: str, second: Any, code: Callable[..., Any]) -> Suspect:
    raised = isinstance(second, Exception)
    file, line, text, name = place_of(code)
    if raised and second.__cause__ is not None:
        file, line, text, name = place_of(second.__cause__) or (file, line, text, name)
    how = f"raises on a later call ({second})" if raised else "gives another answer on a later call"
    return Suspect(
        file, line, text, name, kind="state between calls", confidence=0.5, engines=("memory",),
        why=f"{function} {how}: something is kept from call to call in a global, an object, a "
            "class or a default argument",
    )  # fmt: skip
