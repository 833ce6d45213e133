"""Which of the two names a mistake: what its text says, or what its values say.

The difference of a single name, index or factor tells best what was meant. Of lines that are
written anew as a whole the text tells little, and the values tell what became of them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from reference.debugger.differences import differences
from reference.debugger.edited import Edited
from reference.debugger.kinds_of_expressions import Seen
from reference.debugger.roles import called

# What a text says where it says little, and which relations say more than that.
_NOTHING_SPECIAL = ("", "wrong operand", "wrong shape", "spurious term", "wrong name",
                    "initial value", "never returned")  # fmt: skip
_PLACES = ("transposed", "wrong order", "index off by one")
_FACTORS = ("missing factor", "spurious factor", "missing derivative", "wrong derivative")
_MORE = {
    **dict.fromkeys(_NOTHING_SPECIAL, (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T",
                                       "mean for sum", "= for +=", "missing path")),
    "missing path": (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T", "mean for sum"),
    "overwritten too early": ("missing path",),
    "= for +=": (*_PLACES, *_FACTORS, "missing path"),
    "carry lost": (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T", "mean for sum"),
    "aliasing": _PLACES,
    "transposed": ("wrong order",),
    "scale 1/B or 1/T": ("missing factor", "spurious factor"),
    "gate copied": ("wrong order",),
    "repeated indices": ("scale 1/B or 1/T", "wrong sign"),
}  # fmt: skip


def outweighed(kind: str, found: Sequence[Edited], seen: Seen) -> str:
    """Return the kind of an edit, of what its text and what its values say.

    Parameters
    ----------
    kind : str
        What the text says.
    found : sequence of Edited
    seen : Seen
        With what the values say.
    """
    more = _MORE.get(kind, ())
    if (
        not more
        or kind in seen.mends
        or is_small(found)
        or _loops(found)
        or seen.relation not in more
    ):
        return kind
    if seen.relation == "scale 1/B or 1/T" and _averages(found):
        return "mean for sum"
    if seen.relation == "wrong order" and "forward order" in seen.mends:
        return "forward order"  # it is all right if gone over the other way
    return seen.relation


def is_small(found: Sequence[Edited]) -> bool:
    """Return whether all that an edit changes is one name, number or index."""
    if len(found) != 1 or found[0].old is None or found[0].new is None or found[0].moved:
        return False
    apart = differences(found[0].old, found[0].new)
    nodes = [node for d in apart for _, node in (*d.old, *d.new)]
    ends = {sign for d in apart for sign, _ in (*d.old, *d.new)}
    return len(apart) == 1 and len(nodes) < 3 and len(ends) < 2 and not any(
        isinstance(inner, ast.BinOp | ast.Call | ast.Tuple | ast.List | ast.Dict)
        for node in nodes
        for inner in ast.walk(node)
    )  # fmt: skip


def _loops(found: Sequence[Edited]) -> bool:
    """Return whether a loop is written anew, so that its turns may be others."""
    return any(isinstance(s, ast.For | ast.While) for one in found for s in (one.old, one.new))


def _averages(found: Sequence[Edited]) -> bool:
    """Return whether a mean is taken before the edit that is not taken after it."""
    before, after = (
        [
            called(node)
            for one in found
            if (s := getattr(one, side)) is not None
            for node in ast.walk(s)
        ].count("mean")
        for side in ("old", "new")
    )
    return before > after
