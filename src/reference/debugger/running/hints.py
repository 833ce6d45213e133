"""The line that makes arrays by name of what people keep their weights in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm.checks import CONVERTIBLE
from reference.debugger.running.shapes import shape_of


def to_make_a_dict(name: str, value: Any) -> str | None:
    """Return how to hand over params or inputs that are no dict, if there is a known way."""
    held = [key for key, inner in vars(value).items() if _is_array(inner)] if _is_object(value) \
        else []  # fmt: skip
    if held:
        first = f"{held[0]!r}: {name}.{held[0]}"
        return f"hand over {{{first}, ...}}, and set {name}'s own from it in loss and backward"
    dicts = [key for key, inner in vars(value).items() if _holds_arrays(inner)] if \
        _is_object(value) else []  # fmt: skip
    if dicts:
        return (
            f"make the object, such as net, outside, and hand over net.{dicts[0]}; in loss and "
            f"backward set net.{dicts[0]} = {name}"
        )
    return None


def to_make_arrays(name: str, value: Any) -> str | None:
    """Return how to hand over a parameter that is no array, if there is a known way.

    Parameters
    ----------
    name : str
        Such as ``params['W']``.
    value
    """
    if type(value) in CONVERTIBLE:
        return f"pass np.asarray({name}, dtype=float)"
    if not _is_object(value):
        return None
    names = [*vars(value)] if hasattr(value, "__dict__") else []
    names += [slot for cls in type(value).__mro__ for slot in getattr(cls, "__slots__", ())]
    held = [key for key in names if _is_array(getattr(value, key, None))]
    if not held:
        return None
    at = next((key for key in held if key in ("data", "value", "values")), held[0])
    return (
        f"hand over {{name: p.{at} for name, p in params.items()}}; in loss and backward set "
        f"p.{at} = params[name] for each, and return the gradients by the same names"
    )


def to_return(returned: Any, params: Mapping[str, Any]) -> str | None:
    """Return how to make a dict of gradients of what a backward returned, if that is plain."""
    if not isinstance(returned, list | tuple):
        return None
    dicts = [k for k, part in enumerate(returned) if isinstance(part, Mapping)]
    if dicts:
        return f"return its part [{dicts[0]}] alone"
    shapes = [shape_of(value) for value in params.values()]
    arrays = [np.shape(part) for part in returned if isinstance(part, np.ndarray)]
    if arrays[: len(shapes)] == shapes:
        return f"return dict(zip({list(params)}, ...)) of them"
    return None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _holds_arrays(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(map(_is_array, value.values()))


def _is_object(value: Any) -> bool:
    has_parts = hasattr(value, "__dict__") or hasattr(type(value), "__slots__")
    return has_parts and not isinstance(value, type | np.ndarray) and not callable(value)
