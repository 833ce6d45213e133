"""At which time steps a line is wrong, where no fix says so: by the adjoints of the loss."""

from __future__ import annotations

from reference.debugger.evidence import Evidence
from reference.debugger.round import Round, times_of
from reference.debugger.timing import in_words


def pattern_of(now: Round, e: Evidence) -> tuple[str, tuple[int, ...]]:
    """Return at which time steps a line has to give another value, in words and as numbers.

    Parameters
    ----------
    now : Round
    e : Evidence
        What the solve for its value says.
    """
    times = times_of(now.recording, e.site)
    changed = tuple(sorted({times[n] for n in e.steps}))
    return in_words(changed, tuple(sorted(set(times)))), changed
