"""How two functions behave as functions: the same answer to the same question, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from manual_lstm.checks import fail
from reference.debugger.arguments import Draw, same
from reference.debugger.calls import Calls, NoLoss, Raised
from reference.debugger.diagnosis import Suspect
from reference.debugger.place import place_of

_TRIES = 12
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
    before = _random_position()
    first = _first_value(calls, given, seen)
    again = _or_error(lambda: calls._value(given))
    drew = before != _random_position()
    gradients = _or_error(lambda: calls._gradients(given))
    gradients_again = _or_error(lambda: calls._gradients(given))
    names = [] if isinstance(gradients, Exception) else gradients.keys()
    seen.others = _with_a_value(calls, others(names))
    values_after = [_or_error(lambda d=draw: calls._value(d)) for draw in seen.others[:2]]
    gradients_after = [_or_error(lambda d=draw: calls._gradients(d)) for draw in seen.others[:2]]

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
    values_alone = [_or_error(lambda d=draw: calls.value(d)) for draw in seen.others[:2]]
    gradients_alone = [_or_error(lambda d=draw: calls.gradients(d)) for draw in seen.others[:2]]

    loss_repeats = _alike(first, again) and _alike(values_after, values_alone)
    if not loss_repeats and (drew or not _alike(first, clean)):
        seen.random = True
        seen.reasons.append(
            "the loss differs from call to call with the same arguments: it draws random numbers, "
            "or depends on something that cannot be put back; draw them outside and pass them in"
        )
        return seen
    backward_repeats = (
        _alike(gradients, gradients_again)
        and _alike(gradients, clean_gradients)
        and _alike(gradients_after, gradients_alone)
    )
    if not loss_repeats:
        seen.findings.append(_kept("loss", again, calls.loss))
    if not backward_repeats:
        failed = next((g for g in (gradients_again, *gradients_after)
                       if isinstance(g, Raised)), gradients_again)  # fmt: skip
        seen.findings.append(_kept("backward", failed, calls.backward))
    calls.stateful = calls.after_loss or not (loss_repeats and backward_repeats)
    for function, name in calls.changed.items():
        seen.findings.append(
            Suspect(*place_of(getattr(calls, function)), variable=name, kind="argument changed",
                    why=f"{function} changes its argument {name}: whoever calls it again with the "
                        "same arrays gets another answer",
                    confidence=0.5, engines=("memory",))
        )  # fmt: skip
    return seen


def _first_value(calls: Calls, given: Draw, seen: Conduct) -> float | None:
    try:
        return calls._value(given)
    except NoLoss as none:
        if none.__cause__ is None:
            seen.reasons.append(f"at the given values {none}")
            return None
        fail("loss(params, inputs)", f"an error of its own, {none}", "a number",
             "a gradient is the derivative of one number")  # fmt: skip


def _with_a_value(calls: Calls, draws: Iterator[Draw]) -> list[Draw]:
    """Return the first draws at which the loss is finite."""
    found: list[Draw] = []
    for draw in islice(draws, _TRIES):
        if len(found) == _OTHERS or (found and calls.left < 0):
            break
        if not isinstance(_or_error(lambda d=draw: calls.value(d)), Exception):
            found.append(draw)
    return found


def _random_position() -> Any:
    """Return how far NumPy's global generator has come."""
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002
    return state["state"]["pos"], state["has_gauss"]


def _or_error(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (NoLoss, Raised) as error:
        return error


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, list):
        return all(_alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Exception) or isinstance(b, Exception):
        return isinstance(a, Exception) and isinstance(b, Exception)
    return same(a, b)


def _kept(function: str, second: Any, code: Callable[..., Any]) -> Suspect:
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
