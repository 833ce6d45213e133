"""Mistakes that do nothing at one time step alone: steps that share what each should have.

One record for all steps is right as long as one step writes to it, and two names of one array of
zeros as long as the loop that adds to them makes a new array.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from reference.debugger.running.same_answers import differ

Answer = Mapping[str, Any]
Key = tuple[int, int]  # as in turns.py


def in_company(
    keys: Sequence[Key],
    outside: Sequence[Key],
    run: Callable[..., Answer | None],
    answers: tuple[Answer, Answer],
    until: float,
) -> set[Key]:
    """Return the steps at which an old text matters that matters at none of them alone.

    It is tried with what differs outside of the loop as well, and then with the step that is run
    next: what that one writes, the step before it loses. Steps that do not tell all that is wrong
    tell nothing, as the new text at the others parts what is shared.

    Parameters
    ----------
    keys : sequence
        The time steps, in the order in which they are run.
    outside : sequence
        Where else the texts differ.
    run : callable
        Gives the answer with the old text at some keys; None where it raises.
    answers : pair of mappings
        With the old text everywhere, and with the new one.
    until : float
        Monotonic time at which no further step is tried.

    Examples
    --------
    >>> def run(*old):  # one record for all steps that have the old text
    ...     return {f"dW{t}": float(max(old)[1] if (0, t) in old else t) for t in range(3)}
    >>> steps = [(0, 0), (0, 1), (0, 2)]
    >>> sorted(in_company(steps, [], run, (run(*steps), run()), float("inf")))
    [(0, 0), (0, 1)]
    """

    def wrong(*old: Key) -> bool:
        answer = run(*old) if time.monotonic() <= until else answers[1]
        return answer is None or differ(answer, answers[1])

    found = {key for key in keys if wrong(key, *outside)} if outside else set()
    if found:
        told = run(*found, *outside)
        return found if told is not None and not differ(told, answers[0]) else set(keys)
    return {key for key, following in pairwise(keys) if wrong(key, following, *outside)}
