"""Time steps in words."""

from __future__ import annotations


def in_words(changed: tuple[int, ...], known: tuple[int, ...]) -> str:
    """Tell in words at which of the known time steps a value is wrong; "all" where none is known.

    Examples
    --------
    >>> in_words((0,), (0, 1, 2)), in_words((1, 2), (0, 1, 2)), in_words((0, 1), (0, 1, 2))
    ('t=0', 'all but t=0', 'all but the last')
    >>> in_words((0, 1), (0, 1, 2, 3, 4)), in_words((2, 3), (0, 1, 2, 3))
    ('t=0 and t=1', 'all but t=0 and t=1')
    """
    if not changed or not known or changed == known:
        return "all"
    if changed == known[:1]:
        return "t=0"
    if changed == known[-1:]:
        return "the last"
    if changed == known[1:]:
        return "all but t=0"
    if changed == known[:-1]:
        return "all but the last"
    if len(known) > 3 and changed == known[2:]:
        return "all but " + " and ".join(f"t={t}" for t in known[:2])
    if len(known) > 3 and changed == known[:-2]:
        return "all but the last two"
    if len(known) > 3 and changed == known[:2]:
        return " and ".join(f"t={t}" for t in changed)
    return "t=" + ", ".join(map(str, changed))
