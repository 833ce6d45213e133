"""Parameters and inputs by name, whatever somebody keeps them in: lists, tuples, nested dicts.

Gradients are compared by name. So what is no dict of arrays is taken apart before a question is
asked, and put together again where the two functions are called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np


class Asked(NamedTuple):
    """Two functions of dicts of arrays, such dicts, and what makes a pair of them of any other."""

    loss: Callable[..., Any]
    backward: Callable[..., Any]
    params: Any
    inputs: Any
    named: Callable[[Any], Any]


def by_name(
    loss: Callable[..., Any], backward: Callable[..., Any], params: Any, inputs: Any
) -> Asked:
    """Return a question about dicts of arrays; the very functions, if it is one already.

    Parameters
    ----------
    loss, backward : callable
    params
        A list, a tuple, a named tuple, a dataclass or a dict of arrays or again of these, or one
        array. Anything else stays as it is, for others to refuse.
    inputs
        Anything.

    Examples
    --------
    >>> def backward(params, inputs):
    ...     (W, b), (x,) = params, inputs
    ...     return np.outer(np.ones(2), x), np.ones(2)
    >>> params, inputs = (np.zeros((2, 3)), np.zeros(2)), (np.ones(3),)
    >>> named = by_name(lambda params, inputs: 0.0, backward, params, inputs)
    >>> sorted(named.params), sorted(named.backward(named.params, named.inputs))
    (['params[0]', 'params[1]'], ['params[0]', 'params[1]'])
    """
    apart = not isinstance(params, Mapping) or any(map(_has_parts, params.values()))
    apart = apart and _only_arrays(params)
    if not apart and (isinstance(inputs, Mapping) or not isinstance(params, Mapping)):
        return Asked(loss, backward, params, inputs, lambda pair: pair)

    def call(function: Callable[..., Any], params_by_name: Any, inputs_by_name: Any) -> Any:
        mine = _together("params", params, params_by_name) if apart else params_by_name
        theirs = inputs_by_name
        if not isinstance(inputs, Mapping):
            theirs = _together("inputs", inputs, inputs_by_name, shallow=True)
        return function(mine, theirs)

    def named_loss(params: Any, inputs: Any) -> Any:
        return call(loss, params, inputs)

    def named_backward(params: Any, inputs: Any) -> Any:
        returned = call(backward, params, inputs)
        return _gradients(returned, list(params)) if apart else returned

    def named(pair: Any) -> Any:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            return pair
        mine, theirs = pair
        if not isinstance(theirs, Mapping):
            theirs = dict(_leaves("inputs", theirs, shallow=True))
        return dict(_leaves("params", mine)) if apart else mine, theirs

    mine, theirs = named((params, inputs))
    return Asked(named_loss, named_backward, mine, theirs, named)


def _has_parts(value: Any) -> bool:
    is_record = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return is_record or isinstance(value, list | tuple | Mapping)


def _parts(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the parts of a value, by names that tell where they are."""
    if dataclasses.is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if hasattr(value, "_asdict"):
        return list(value._asdict().items())
    if isinstance(value, Mapping):
        return list(value.items())
    return [(f"{name}[{k}]", part) for k, part in enumerate(value)]


def _leaves(name: str, value: Any, *, shallow: bool = False) -> Iterator[tuple[str, Any]]:
    """Give what has no parts, by names such as ``params[0]`` and ``lstm.W``."""
    if not _has_parts(value):
        yield name, value
        return
    for key, part in _parts(name, value):
        if shallow or not _has_parts(part):
            yield str(key), part
            continue
        for inner, leaf in _leaves(str(key), part):
            yield inner if inner.startswith(str(key)) else f"{key}.{inner}", leaf


def _together(name: str, kept: Any, named: Mapping[str, Any], *, shallow: bool = False) -> Any:
    """Return a value as somebody keeps it, with what has no parts given by name."""
    values = iter([named[key] for key, _ in _leaves(name, kept, shallow=shallow)])

    def made(value: Any, *, whole: bool = False) -> Any:
        if whole or not _has_parts(value):
            return next(values)
        parts = [made(part, whole=shallow) for _, part in _parts("", value)]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return dataclasses.replace(value, **dict(zip(names, parts, strict=True)))
        if isinstance(value, Mapping):
            return dict(zip(value, parts, strict=True))
        kind: Any = type(value)
        return getattr(kind, "_make", kind)(parts)

    return made(kept)


def _gradients(returned: Any, names: list[str]) -> Any:
    """Return gradients by the names of params: in the order of what is returned, if need be."""
    if isinstance(returned, tuple | list) and len(returned) == 1 and len(names) > 1:
        (returned,) = returned
    found = dict(_leaves("params", returned))
    if isinstance(returned, Mapping) or dataclasses.is_dataclass(returned):
        return found
    leaves = list(found.values())
    return dict(zip(names, leaves, strict=True)) if len(leaves) == len(names) else returned


def _only_arrays(params: Any) -> bool:
    """Return whether params has numbers in all its parts: what else it is, others refuse."""
    if not (_has_parts(params) or isinstance(params, np.ndarray)):
        return False
    leaves = [leaf for _, leaf in _leaves("params", params)]
    kinds = int, float, np.generic, np.ndarray
    return bool(leaves) and all(isinstance(leaf, kinds) for leaf in leaves)
