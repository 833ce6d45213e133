"""The plain word for the time steps at which a line is wrong, where a run lists them.

A step is missing from such a list where the difference is zero by chance, as there the line adds
nothing or what it reads is zero: a reader says in which turns the line is wrong whatever it reads.
"""

from __future__ import annotations

import re

from reference.debugger.running.timing import in_words

Steps = tuple[int, ...]

PLAIN = ("all", "none", "t=0", "the last", "all but t=0", "all but the last")
_MOST = 3  # steps that a reader would list one by one


def plain(pattern: str, changed: Steps, known: Steps, ran: Steps) -> str:
    """Return the plain word for steps that a pattern lists, or the pattern itself.

    Parameters
    ----------
    pattern : str
        As `reference.debugger.running.timing.in_words` tells it.
    changed, known : tuple of int
        The steps at which the line is wrong, of all that the loop has.
    ran : tuple of int
        The steps at which the line is run at all.

    Examples
    --------
    >>> plain("t=1, 2", (1, 2), (0, 1, 2, 3), (0, 1, 2, 3))  # zero at both ends
    'all'
    >>> plain("all but t=0 and t=1", (2, 3), (0, 1, 2, 3), (2, 3))
    'all'
    >>> plain("t=1, 4", (1, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5))
    't=1, 4'
    """
    if pattern in PLAIN or len(changed) < 2:
        return pattern
    if changed == ran:
        return "all"
    inner = len(changed) > 1 and changed == known[1:-1]
    listed = pattern.startswith("t=") and "and" not in pattern
    many = len(changed) > _MOST or 2 * len(changed) > len(known)
    return "all" if listed and (inner or many) else pattern


def within(steps: Steps, whole: Steps) -> str:
    """Return the word for all steps of a loop that has one less than there are, at one end.

    Examples
    --------
    >>> within((0, 1, 2), (0, 1, 2, 3)), within((0, 1, 2), (0, 1, 2))
    ('all but the last', 'all')
    """
    told = in_words(steps, whole)
    return told if told in ("all but t=0", "all but the last") else "all"


def covers(word: str, pattern: str, steps: Steps, known: Steps) -> bool:
    """Return whether a plain word has all steps that another run lists: it misses one by chance.

    Examples
    --------
    >>> covers("all but the last", "all but the last two", (0, 1, 2), (0, 1, 2, 3, 4))
    True
    >>> covers("all but the last", "t=1, 4", (1, 4), (0, 1, 2, 3, 4))
    False
    """
    whole = counted(word, known)
    return pattern not in PLAIN and len(whole) > 1 and bool(steps) and set(steps) <= set(whole)


def are_chance(pattern: str, other: str) -> bool:
    """Return whether two runs tell single steps, and not the same ones.

    Examples
    --------
    >>> are_chance("t=1, 3", "t=2"), are_chance("t=1", "t=1"), are_chance("t=0", "the last")
    (True, False, False)
    """
    listed = [re.match(r"t=(?!0$)|all but t=0 and ", text) is not None for text in (pattern, other)]
    told = ("all", "all but t=0", "all but the last")
    return (
        pattern != other
        and any(listed)
        and all(
            single or text in told for single, text in zip(listed, (pattern, other), strict=True)
        )
    )


def says_more(pattern: str, other: str) -> bool:
    """Return whether a pattern has more steps than another that it may be taken for."""
    order = ["all", "all but t=0", "all but the last"]
    if "mask" in pattern or "mask" in other or other == "none" or pattern == other:
        return False
    if pattern in order and other in order:
        return pattern == "all"
    return pattern in order and other.startswith("t=") and other not in ("t=0",)


def counted(pattern: str, known: Steps) -> Steps:
    """Return the steps that a plain word means."""
    return {"all": known, "t=0": known[:1], "the last": known[-1:], "all but t=0": known[1:],
            "all but the last": known[:-1]}.get(pattern, ())  # fmt: skip
