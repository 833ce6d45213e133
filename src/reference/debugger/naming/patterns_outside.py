"""At which time steps a line is wrong that runs outside of the loops over time.

Where its value has an axis of its own for time and is wrong at some of it, that tells. Else what it
sets before a loop is the value that the first turn begins with. Any other line is run once for all
steps, or has to do with none, such as the gradient of a penalty: no step can be told of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from reference.debugger.running.shapes import array_of, shape_of
from reference.debugger.running.timing import in_words
from reference.debugger.texts.clock import goes_backwards, score_of
from reference.debugger.texts.differences import differences
from reference.debugger.texts.edited import Edited
from reference.debugger.texts.roles import called, function_of, loaded, loops_in, stored

_LABELS = re.compile(r"^(ys?|t|targets?|labels?|tags?|outputs?)$", re.I)  # 0 or 1, but no masks
_BUFFER = re.compile(r"[\w.]+(\['[^']*'\])*")

Shape = tuple[int, ...]
Pair = tuple[Any, Any]  # a value as it is, and as it should be


def outside(
    kind: str,
    found: list[Edited],
    pairs: Iterable[Pair],
    steps: int,
    neutral: bool = False,
) -> str:
    """Tell what a statement outside of the loops over time is about, in words.

    Parameters
    ----------
    kind : str
    found : list of Edited
        What is changed there.
    pairs : iterable of (value, value)
        What the statement makes, wrong and right.
    steps : int
        How many time steps there are; 0 where that is not known.
    neutral : bool
        Whether the values that are set are right, and only share memory with others, or do not.
    """
    if kind == "wrong shape":
        return "none"
    for was, becomes in pairs:
        axis = along_time(was, becomes, steps)
        if axis not in ("", "all"):
            return axis
    if any(isinstance(s := one.statement, ast.For | ast.While) and score_of(s) for one in found):
        return "all"  # a loop has all steps before it
    end = _end_left_out(found) or first_or_last(kind, found, neutral)
    if end:
        return end
    return "none" if steps else "all"  # which step is which is not known


def _end_left_out(found: list[Edited]) -> str:
    """Tell which end of a sequence both factors of a product leave out: ``a[1:] @ b[1:]``."""
    if len(found) != 1 or found[0].old is None or found[0].new is None:
        return ""
    ends = {_cut(d.old[0][1], d.new[0][1]) for d in differences(found[0].old, found[0].new)
            if d.what == "replaced"}  # fmt: skip
    return ends.pop() if len(ends) == 1 else ""


def _cut(old: ast.AST, new: ast.AST) -> str:
    """Tell which end of a sequence an expression leaves out, that another does not."""
    if isinstance(old, ast.Subscript):
        if ast.dump(old.value) != ast.dump(new):
            return ""
        old, new = old.slice, ast.Slice()
    if isinstance(old, ast.Tuple) and len(slices := [n for n in old.elts if _bounded(n)]) == 1:
        (old,) = slices
    if not isinstance(old, ast.Slice) or not isinstance(new, ast.Slice):
        return ""
    starts_alike, ends_alike = _alike(old.lower, new.lower), _alike(old.upper, new.upper)
    if new.lower is None and not starts_alike and ends_alike:
        return "t=0"
    cut = isinstance(old.upper, ast.UnaryOp) and new.upper is None
    return "the last" if cut and starts_alike else ""  # else it is shifted: all are others


def _alike(old: ast.expr | None, new: ast.expr | None) -> bool:
    return (old and ast.dump(old)) == (new and ast.dump(new))


def _bounded(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and (node.lower is not None or node.upper is not None)


def has_time(
    shapes: Iterable[Shape], steps: int, inputs: tuple[Mapping[str, Any], ...] = ()
) -> bool:
    """Return whether one of several shapes has an axis for time.

    Examples
    --------
    >>> inputs = ({"x": np.ones((5, 3))},)
    >>> has_time([(3, 2)], 5), has_time([(5, 3)], 5), has_time([(15,)], 5, inputs)
    (False, True, True)
    """
    lengths = {steps}
    for group in inputs:
        for value in dict(group).values():
            shape = shape_of(value)[:2] if isinstance(value, np.ndarray) else ()
            if len(shape) == 2 and steps in shape:  # batch and time beside each other, made one
                lengths.add(shape[0] * shape[1])
    return steps > 1 and any(length in lengths for shape in shapes for length in shape)


def along_time(was: Any, becomes: Any, steps: int) -> str:
    """Tell at which places of an axis of the length of time two values differ."""
    if steps < 2 or was is None or becomes is None:
        return ""
    a, b = np.asarray(was), np.asarray(becomes)
    if a.shape != b.shape or a.shape.count(steps) != 1:
        return ""
    axis = a.shape.index(steps)
    differ = np.any(apart(a, b), axis=tuple(k for k in range(a.ndim) if k != axis))
    changed = tuple(int(t) for t in np.flatnonzero(differ))
    return in_words(changed, tuple(range(steps))) if changed else ""


def apart(a: Any, b: Any) -> Any:
    """Return where two arrays differ by more than rounding."""
    size = float(np.max(np.abs(b), initial=0.0)) + 1e-300
    return ~(np.abs(a - b) <= 1e-9 * size)


def first_or_last(kind: str, found: list[Edited], neutral: bool = False) -> str:
    """Tell the step that a loop begins with, where a statement is about that.

    Memory that is shared, with the right values in it, is so at every step of a sum or a buffer.
    """
    for one in found:
        around = one.around_new or one.around_old
        line = one.statement.lineno
        loops = [
            n
            for n in ast.walk(function_of(around))
            if isinstance(n, ast.For | ast.While) and score_of(n) > 0
        ]
        if loops_in(around) and not (one.moved and kind == "initial value"):
            continue
        after = [loop for loop in loops if loop.lineno > line]
        if after:
            loop = min(after, key=lambda loop: loop.lineno)
            backwards = goes_backwards(loop)
            handed = _set_anew(loop) if neutral and backwards else handed_on(loop)
            if handed & _written(one):
                return "the last" if backwards else "t=0"
    return ""


def _set_anew(loop: ast.For | ast.While) -> set[str]:
    """Return what a loop hands from one turn to the next and sets anew: nothing it adds to."""
    whole = [t for n in ast.walk(loop) if isinstance(n, ast.Assign) for t in n.targets]
    targets = [t for one in whole for t in getattr(one, "elts", [one])]
    names = {ast.unparse(t.value if isinstance(t, ast.Subscript) else t) for t in targets}
    return handed_on(loop) & names


def beside_time(found: list[Edited]) -> bool:
    """Return whether all that is changed stands beside the loops over time, as far as texts tell.

    What a loop over time calls is run at every step, too.
    """
    if not found:
        return False
    around = [one.around_old or one.around_new for one in found]
    loops = [n for n in ast.walk(around[0][0])
             if isinstance(n, ast.For | ast.While) and score_of(n) > 0]  # fmt: skip
    calls = {called(n) for n in ast.walk(around[0][0]) if isinstance(n, ast.Call)}
    in_loops = {called(n) for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Call)}
    functions = [function_of(parents) for parents in around] + [one.statement for one in found]
    names = {f.name for f in functions if isinstance(f, ast.FunctionDef)}
    once = names <= calls - in_loops and not any(getattr(f, "decorator_list", 0) for f in functions)
    return bool(loops) and once and not any(map(loops_in, around))


def handed_on(loop: ast.For | ast.While) -> set[str]:
    """Return what a loop hands from one turn to the next: read before it is written.

    Buffers of which it reads one entry and writes another count too.
    """
    body = list(loop.body)
    handed = set()
    for name in stored(body) & loaded(body):
        first = next(s for s in body if name in stored([s]))
        reads = [s for s in body if name in loaded([s])]
        if reads[0].lineno <= first.lineno or isinstance(first, ast.AugAssign):
            handed.add(name)
    parts = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Subscript)]
    written_to = {ast.unparse(n.value) for n in parts if isinstance(n.ctx, ast.Store)}
    return handed | (written_to & {ast.unparse(n.value) for n in parts
                                   if isinstance(n.ctx, ast.Load)})  # fmt: skip


def _written(one: Edited) -> set[str]:
    """Return what an edit writes to, and of an entry of a dict the dict."""
    found = stored([s for s in (one.old, one.new) if s is not None])
    return found | {m[0] for name in found if (m := _BUFFER.match(name))}


def where_masked(
    values: Iterable[tuple[int | None, Any, Any]],
    steps: int,
    inputs: tuple[Mapping[str, Any], ...],
) -> str:
    """Tell whether exactly the entries are wrong at which a mask of the inputs is 0.

    Parameters
    ----------
    values : iterable of (int or None, value, value)
        The time step, or None outside of time, with what is made there, wrong and right.
    steps : int
    inputs : tuple of mappings
    """
    values = list(values)
    for group in inputs:
        for name, mask in dict(group).items():
            array = array_of(mask)
            mine = array.ndim == 2 and steps in (0, *array.shape) and not _LABELS.match(name)
            if mine and _is_mask(array) and _fits(array, values):
                return "where the mask is 0"
            if array.ndim == 1 and array.dtype.kind in "iu" and "len" in name and steps:
                rows = np.arange(steps)[:, None] < array
                if not rows.all() and _fits(rows, values):
                    return "where the mask is 0"
    return ""


def where_read_masks(values: Mapping[Any, Pair], masks: Mapping[Any, Mapping[str, Any]]) -> str:
    """Tell whether exactly the rows are wrong at which a mask is 0 that the line reads itself."""
    texts = [set(masks.get(key, {})) for key in values]
    for text in set.intersection(*texts) if texts else ():
        rows = {key: masks[key][text] for key in values}
        told, wrong, allowed = False, 0, 0
        for key, (was, becomes) in values.items():
            if was is None or becomes is None or shape_of(was) != shape_of(becomes):
                break
            differ = apart(np.asarray(was), np.asarray(becomes))
            if not differ.any():
                continue
            wide = differ.ndim > max(1, rows[key].ndim)
            there = wide and _along(differ, rows[key] == 0)
            if there is False:
                break
            wrong, allowed = wrong + there.sum(), allowed + np.sum(rows[key] == 0)
            told = told or rows[key].any()  # else no sequence may be there any more
        else:
            # Where nothing flows back to a sequence yet it is wrong at none of its steps.
            if told and 2 * wrong >= allowed:
                return "where the mask is 0"
    return ""


def _is_mask(array: Any) -> bool:
    return bool(np.all((array == 0) | (array == 1)) and np.any(array == 0) and np.any(array == 1))


def _fits(mask: Any, values: list[tuple[int | None, Any, Any]]) -> bool:
    told = False
    for time, was, becomes in values:
        if was is None or becomes is None:
            return False
        a, b = np.asarray(was), np.asarray(becomes)
        if a.shape != b.shape:
            return False
        differ = apart(a, b)
        if not differ.any():
            continue
        rows = (
            [mask, mask.T] if time is None else [m[time] for m in (mask, mask.T) if time < len(m)]
        )
        if not any(_inside(differ, row == 0) for row in rows):
            return False
        told = told or not differ.all()
    return told


def _inside(differ: Any, allowed: Any) -> bool:
    """Return whether what differs lies where it may, and fills most of that."""
    there = _along(differ, allowed)
    return there is not False and there.sum() >= 0.5 * allowed.sum()


def _along(differ: Any, allowed: Any) -> Any:
    """Return where along the axes of a mask something differs; False if it may not there."""
    for lead in range(differ.ndim - allowed.ndim + 1):
        if differ.shape[lead : lead + allowed.ndim] != allowed.shape:
            continue
        others = tuple(k for k in range(differ.ndim) if not lead <= k < lead + allowed.ndim)
        there = differ.any(axis=others)
        if np.any(there) and np.all(there <= allowed):
            return there
    return False
