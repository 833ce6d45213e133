"""Whether a mistake shows where a mask is 0: from what an edit leaves, and from its steps."""

from __future__ import annotations

import numpy as np

from reference.debugger.naming.patterns_outside import Pair, apart, where_read_masks
from reference.debugger.naming.turns import Key, Turns
from reference.debugger.running.shapes import shape_of


def left_masked(turns: Turns, before: set[str], after: set[str]) -> str:
    """Tell whether all variables that the edit leaves otherwise are so where a mask is 0 only.

    What only the new text sets is, with the old one, what another step has left. If it leaves
    nothing otherwise that it names, the steps tell.

    Parameters
    ----------
    turns : Turns
    before, after : set of str
        What the old statements set, and what the new ones do.
    """
    left: dict[str, dict[Key, Pair]] = {}
    for key, both in turns.left.items():
        for name, (was, becomes) in both.items():
            if shape_of(was) != shape_of(becomes):
                return ""
            if np.any(apart(was, becomes)):
                left.setdefault(name, {})[key] = was, becomes
    settled = set(left) - (before ^ after) or set(left) & before or set(left)
    left = {name: left[name] for name in settled}
    masked = all(where_read_masks(values, turns.masks) for values in left.values())
    if left:
        return "where the mask is 0" if masked else ""
    return _where_masks_have_gaps(turns.timed(), turns)


def _where_masks_have_gaps(timed: list[Key], turns: Turns) -> str:
    """Tell whether it matters at just those steps at which a mask that is read has a 0."""
    mine = [key for key in timed if key in turns.matters]
    if not 1 < len(mine) < len(timed):
        return ""
    for text in set.intersection(*(set(turns.masks.get(key, ())) for key in timed)):
        if mine == [key for key in timed if not np.all(turns.masks[key][text])]:
            return "where the mask is 0"
    return ""
