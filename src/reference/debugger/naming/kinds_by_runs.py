"""Which kind holds, where the text of an edit tells one and runs of the program tell others."""

from __future__ import annotations

from reference.debugger.naming.kinds_by_mending import UNTOLD
from reference.debugger.naming.kinds_of_expressions import Seen

# What a change that mends the program tells, the ones first that leave least to chance.
_BY_CHANGE = (
    "wrong dtype", "repeated indices", "aliasing", "carry lost", "forward order",
    "carry not added", "= for +=", "+= for =", "overwritten too early", "wrong order",
    "accumulation outside the loop", "loop bounds", "index off by one", "transposed",
)  # fmt: skip

# What the text says of a formula or of a call as a whole holds, whatever else would mend it.
_BY_TEXT = (
    "argument changed", "state between calls", "late binding", "clipped", "wrong derivative",
    "missing derivative", "derivative of an activated value", "scale 1/B or 1/T", "mean for sum",
    "gate copied", "wrong dtype", "loop bounds",
)  # fmt: skip
_SAME = {"wrong order": ("forward order", "overwritten too early"),
         "index off by one": ("forward order",),
         "forward order": ("index off by one",),
         "accumulation outside the loop": ("= for +=",),
         "initial value": ("overwritten too early",)}  # fmt: skip


def by_runs(kind: str, flow: str, seen: Seen) -> str:
    """Return the kind of a mistake, by the text and by what was seen of it.

    Parameters
    ----------
    kind : str
        What the text of the edit tells, statement by statement.
    flow : str
        What the way of values through the loop tells, or nothing.
    seen : Seen

    Examples
    --------
    >>> by_runs("wrong operand", "", Seen(mends=("aliasing",)))
    'aliasing'
    """
    if seen.relation == "wrong dtype":
        return seen.relation  # nothing else makes whole numbers of all of them
    others = set(seen.mends) - {UNTOLD}
    turned = not others or "forward order" in others  # else it is right as it goes
    if seen.walks and (turned or seen.walks != "forward order"):
        return seen.walks
    guessed = kind == "wrong dtype" and bool(others)  # no value is cut, and another thing mends
    if (kind in _BY_TEXT and not guessed) or kind in seen.mends:
        return kind
    if seen.wraps and kind != "aliasing":
        return "index off by one"  # the last entry stands for the one before the first
    if kind == "aliasing" and flow == "carry not added":
        flow = ""  # what one of two names is set to the other has, too
    if flow.startswith("carry") and not {"forward order", "aliasing"} & others:
        return flow
    told = next((one for one in _BY_CHANGE if one in seen.mends), flow or kind)
    if told == "overwritten too early" and kind == seen.relation and kind.endswith(" factor"):
        return kind  # what is read too late has something too much
    return kind if told in _SAME.get(kind, ()) else told
