"""What a mistake does to the gradients, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.debugger.naming.meant_runs import outputs_of
from reference.debugger.naming.turns import Turns
from reference.debugger.running.shapes import shape_of
from reference.report.words import listed

_FEW = 4  # names


def effect(turns: Turns | None, oracle: Mapping[str, Any]) -> str:
    """Return what the mistake does to the gradients: by how much, and to which.

    Only what the edit changed and made right is told.
    """
    if turns is None or not turns.answers[0]:
        return ""
    before, after = turns.answers
    ratios: dict[str, list[str]] = {}
    plain, others = [], 0
    for name, reference in oracle.items():
        if name not in before or name not in after:
            continue
        mine, mended = before[name], after[name]
        if mine is None or mended is None or shape_of(mine) != shape_of(mended):
            continue
        if _near(mine, reference):
            continue
        if not _near(mended, reference):
            others += 1
            continue
        ratio = _ratio(np.asarray(mine), np.asarray(reference))
        if ratio:
            ratios.setdefault(ratio, []).append(name)
        else:
            plain.append(name)
    parts = [f"{listed(names, _FEW)} {'is' if len(names) == 1 else 'are'} {ratio}"
             for ratio, names in ratios.items()]  # fmt: skip
    if len(plain) > _FEW and not (ratios or others):
        parts.append("all gradients that are wrong become right with it")
    elif plain:
        become = "becomes" if len(plain) == 1 else "become"
        parts.append(f"{listed(plain, _FEW)} {become} right with it")
    return "; ".join(parts)


# What else may give a gradient another shape, and says more than the shape.
_SAY_MORE = ("transposed", "dot for outer", "wrong order", "wrong shape", "gate copied",
             "never returned", "wrong name", "mean for sum", "scale 1/B or 1/T",
             "loop bounds", "late binding")  # fmt: skip
# How a gradient comes not to be among the results.
_LEAVE_OUT = ("wrong name", "accumulation outside the loop", "loop bounds", "wrong order")


def of_shape(kind: str, turns: Turns | None, oracle: Mapping[str, Any]) -> str:
    """Return the kind "wrong shape" for a mistake that gives a gradient another shape.

    Parameters
    ----------
    kind : str
        What the change of text alone is called; it stays where the shapes were right, and where
        it says more.
    turns : Turns or None
        With the gradients before and after the edit.
    oracle : mapping of str to ndarray
    """
    if turns is None or kind in _SAY_MORE:
        return kind
    before, after = turns.answers
    if before and set(outputs_of(before)) < set(outputs_of(after)) and kind not in _LEAVE_OUT:
        return "never returned"
    shapes = [
        sorted(str(shape_of(value)) for value in answer.values()) for answer in (before, after)
    ]
    if kind == "forward order" and shapes[0] == shapes[1]:
        return kind  # the gradients have each other's shapes
    for name, reference in oracle.items():
        mine, mended = before.get(name), after.get(name)
        if (
            mine is not None
            and mended is not None
            and (shape_of(mine) != shape_of(reference) == shape_of(mended))
            and (shape_of(mine) or np.any(mine))  # nothing was ever added to a plain 0
        ):
            place = kind == "index off by one" and kind in turns.mends()
            return kind if place else "wrong shape"
    return kind


def _near(a: Any, b: Any) -> bool:
    size = float(np.max(np.abs(b), initial=0.0))
    return shape_of(a) == shape_of(b) and bool(np.all(np.abs(a - b) <= 1e-7 * size + 1e-11))


def _ratio(mine: Any, reference: Any) -> str:
    """Tell a gradient that is a plain multiple of the right one.

    Examples
    --------
    >>> _ratio(np.array([2.0, 4.0]), np.array([1.0, 2.0])), _ratio(np.ones(2), np.arange(2.0))
    ('twice too large', '')
    """
    if not np.any(mine):
        return "zero throughout"
    if reference.size < 2 or not np.any(reference):
        return ""
    ratio = float(np.vdot(reference, mine) / np.vdot(reference, reference))
    if not _near(mine, ratio * reference) or abs(ratio) < 1e-9:
        return ""
    if abs(ratio + 1) < 1e-6:
        return "right but for the sign"
    for factor, word in ((ratio, "large"), (1 / ratio, "small")):
        if factor > 1 and abs(factor - round(factor)) < 1e-6 * factor:
            return f"{ {2: 'twice'}.get(round(factor), f'{round(factor)} times') } too {word}"
    return f"{ratio:.4g} times what is right"
