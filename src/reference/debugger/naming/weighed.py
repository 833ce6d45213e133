"""Which of the two names a mistake: what its text says, or what its values say.

The difference of a single name, index or factor tells best what was meant. Of lines that are
written anew as a whole the text tells little, and the values tell what became of them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from reference.debugger.naming.kinds_of_expressions import Seen
from reference.debugger.texts.clock import score_of
from reference.debugger.texts.differences import differences
from reference.debugger.texts.edited import Edited
from reference.debugger.texts.roles import called

# What a text says where it says little, and which relations say more than that.
_NOTHING_SPECIAL = ("", "wrong operand", "wrong shape", "spurious term", "wrong name",
                    "initial value", "never returned")  # fmt: skip
_PLACES = ("transposed", "wrong order", "index off by one")
_FACTORS = ("missing factor", "spurious factor", "missing derivative", "wrong derivative",
            "derivative of an activated value")  # fmt: skip
_MORE = {
    **dict.fromkeys(_NOTHING_SPECIAL, (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T",
                                       "mean for sum", "= for +=", "missing path")),
    "missing path": (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T", "mean for sum",
                     "= for +="),
    "overwritten too early": ("missing path",),
    "= for +=": (*_PLACES, *_FACTORS, "missing path"),
    "carry lost": (*_PLACES, *_FACTORS, "wrong sign", "scale 1/B or 1/T", "mean for sum",
                   "= for +="),
    "carry not added": ("= for +=",),
    "wrong derivative": ("missing derivative", "derivative of an activated value", "missing factor",
                         "spurious factor", "wrong order"),
    "missing factor": ("spurious factor",),
    "spurious factor": ("missing factor",),
    "aliasing": _PLACES,
    "transposed": ("wrong order",),
    "scale 1/B or 1/T": ("missing factor", "spurious factor"),
    "gate copied": ("wrong order",),
    "repeated indices": ("scale 1/B or 1/T", "wrong sign"),
}  # fmt: skip
# What a text says that was written anew, and what may be for another reason.
_TELL_LITTLE = (*_NOTHING_SPECIAL, "missing path", "carry lost", "= for +=", "index off by one",
                "aliasing", "repeated indices", "missing factor", "spurious factor",
                "forward order")  # fmt: skip
_A_LOOP = 1.0  # a loop that looks no more like time than any does


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
        or (kind in _FACTORS[:2] and _divides(found))
        or (kind == "wrong derivative" and seen.relation in _FACTORS[:2] and len(found) == 1)
        or seen.relation not in more
    ):
        return kind
    if seen.relation == "scale 1/B or 1/T" and _averages(found):
        return "mean for sum"
    if seen.relation == "wrong order" and "forward order" in seen.mends:
        return "forward order"  # it is all right if gone over the other way
    return _of_divisor(seen.relation, found)


def may_be_plainer(kind: str, found: Sequence[Edited], seen: Seen) -> bool:
    """Return whether a plain mistake that gives the same answers tells more than the text.

    So it is where several lines differ, the text tells little, and nothing else confirms it.
    """
    if any(isinstance(one.new, ast.Nonlocal | ast.Global) for one in found):
        return False  # the right value was set where nobody looks for it
    return kind in _TELL_LITTLE and kind not in (*seen.mends, seen.relation) and not is_small(found)


def _of_divisor(kind: str, found: Sequence[Edited]) -> str:
    """Return the kind of a factor that is a divisor: of which one too many is what lacks."""
    more = _divisors(found, "old") - _divisors(found, "new")
    if kind == "missing factor" and more > 0:
        return "spurious factor"
    return "missing factor" if kind == "spurious factor" and more < 0 else kind


def _divisors(found: Sequence[Edited], side: str) -> int:
    """Count what is divided by: a square twice."""
    statements = [s for one in found if (s := getattr(one, side)) is not None]
    count = 0
    for node in (node for s in statements for node in ast.walk(s)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            by = node.right if isinstance(node, ast.BinOp) else node.value
            count += 2 if isinstance(by, ast.BinOp) and isinstance(by.op, ast.Pow) else 1
    return count


def _divides(found: Sequence[Edited]) -> bool:
    """Return whether a factor may be a divisor, so that the text alone knows which it is."""
    return any(_divisors(found, side) for side in ("old", "new"))


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
    """Return whether a loop is written anew, so that its steps may be others."""
    return any(isinstance(s, ast.For | ast.While) and score_of(s) > _A_LOOP
               for one in found for s in (one.old, one.new))  # fmt: skip


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
