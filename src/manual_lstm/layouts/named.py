"""Arrays by their names in a layout: all that are needed, no other, of one dtype, and they fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from manual_lstm import checks
from manual_lstm.checks import Array
from manual_lstm.layouts.recognize import hint

Shape = tuple[str, ...]

_TERM = re.compile(r"(\d*)([A-Z]?)")


def named_arrays(
    layout: str, named: Any, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Array]:
    """Return the arrays of a mapping by name, in the order of the names asked for.

    Raises
    ------
    ValueError, TypeError
        If a name is missing or unknown, if something is no array, or if dtypes differ.
    """
    if not isinstance(named, Mapping):
        checks.fail(
            "named",
            f"type {type(named).__name__}",
            "a mapping of names to arrays",
            f"the layout of {layout} has the names {', '.join(required)}",
            hint=hint(named, layout),
            error=TypeError,
        )
    missing = [name for name in required if name not in named]
    unknown = [str(name) for name in named if name not in (*required, *optional)]
    if missing or unknown:
        allowed = f", and optionally {', '.join(optional)}" if optional else ""
        checks.fail(
            "named",
            f"the names {', '.join(map(str, named)) or '(none)'}",
            f"named {', '.join(required)}{allowed}",
            f"those are the arrays of one layer in the layout of {layout}",
            hint=hint(named, layout),
        )
    arrays = {
        name: plain_array(name, named[name]) for name in (*required, *optional) if name in named
    }
    (first, like), *others = arrays.items()
    for name, array in others:
        checks.has_dtype(name, array, like.dtype, f"{first} has dtype {like.dtype}")
    return arrays


def plain_array(name: str, value: Any) -> Array:
    """Return `value` if it is a NumPy array; say how to make one of a framework's own."""
    is_foreign = type(value).__module__.partition(".")[0] not in ("numpy", "builtins")
    if isinstance(value, Mapping) or not (is_foreign and hasattr(value, "__array__")):
        return checks.is_array(name, value)
    call = f"{name}.detach().cpu().numpy()" if hasattr(value, "detach") else f"np.asarray({name})"
    checks.fail(
        name,
        f"type {type(value).__name__}",
        "a NumPy array",
        "layouts are rearranged in NumPy alone",
        hint=f"pass {call}",
        error=TypeError,
    )


def fit(
    layout: str, arrays: Mapping[str, Array], shapes: Mapping[str, Shape], whole: Any
) -> dict[str, int]:
    """Return the sizes at which the arrays have their symbolic shapes; refuse where none fit.

    Parameters
    ----------
    layout : str
    arrays : mapping
    shapes : mapping
        A shape in letters for each array that may be there, such as ``("1+D+H", "4H")``. What
        one array tells is taken as known for the next.
    whole : mapping or sequence
        What the caller was given: a hint of whose layout it is, is taken from that.
    """
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        if name not in arrays:
            continue
        has = arrays[name].shape
        in_letters = f"({', '.join(shape)}{',' if len(shape) == 1 else ''})"
        fits = len(has) == len(shape)
        if fits:
            _solve(dict(zip(shape, has, strict=True)), sizes)
            must = tuple(_evaluate(dimension, sizes) for dimension in shape)
            fits = has == must and min(sizes.values()) > 0
            in_letters = f"{in_letters} = {must}"
        if not fits:
            because = f"that is its shape in the layout of {layout}"
            checks.fail(name, f"shape {has}", in_letters, because, hint=hint(whole, layout))
    return sizes


def _terms(dimension: str) -> list[tuple[int, str]]:
    """Return (factor, letter) of each term, the letter empty in a number."""
    terms = (_TERM.fullmatch(part) for part in dimension.split("+"))
    return [(int(term[1] or 1), term[2]) for term in terms if term]


def _solve(dimensions: Mapping[str, int], sizes: dict[str, int]) -> None:
    """Add to `sizes` what the dimensions tell, the plainest of them first."""
    for _ in dimensions:
        for dimension in sorted(dimensions, key=len):
            terms = _terms(dimension)
            unknown = [term for term in terms if term[1] and term[1] not in sizes]
            if len(unknown) == 1:
                factor, letter = unknown[0]
                known = sum(factor * sizes.get(name, 1) for factor, name in terms if name != letter)
                sizes[letter] = (dimensions[dimension] - known) // factor


def _evaluate(dimension: str, sizes: Mapping[str, int]) -> int:
    return sum(factor * sizes.get(letter, 1) for factor, letter in _terms(dimension))
