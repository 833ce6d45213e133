"""Parameters, states and gradients are small trees: NamedTuples (or dicts) of arrays.

A leaf is an array, or ``None`` where a cell does without it (a bias switched off). NamedTuples,
tuples and dicts may be nested. The same containers are pytrees to JAX with no registration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from manual_lstm.checks import Array

Tree = TypeVar("Tree")
Rows = slice | Array


def tree_map(function: Callable[..., Any], tree: Tree, *others: Any) -> Tree:
    """Apply `function` to every array of `tree` and the arrays at its place in `others`.

    Examples
    --------
    >>> import numpy as np
    >>> tree_map(np.negative, {"W": np.array([1.0, 2.0]), "b": None})
    {'W': array([-1., -2.]), 'b': None}
    """
    return _map_nodes(function, tree, *others)


def _map_nodes(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    if isinstance(tree, np.ndarray):  # asked first: it is asked most
        return function(tree, *others)
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {
            key: _map_nodes(function, tree[key], *(other[key] for other in others)) for key in tree
        }
    if isinstance(tree, tuple):
        children = [_map_nodes(function, *parts) for parts in zip(tree, *others, strict=True)]
        return type(tree)(*children) if hasattr(tree, "_fields") else tuple(children)
    return function(tree, *others)


def named_leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Return every array of `tree` by its dotted name, in order; ``None`` leaves are left out.

    Examples
    --------
    >>> list(named_leaves({"lstm": {"W_x": 1, "b": None}, "V": 2}))
    ['lstm.W_x', 'V']
    """
    named: dict[str, Any] = {}
    _name_leaves(tree, prefix, named)
    return named


def _name_leaves(tree: Any, name: str, named: dict[str, Any]) -> None:
    if isinstance(tree, np.ndarray):  # asked first: it is asked most
        named[name] = tree
        return
    if tree is None:
        return
    if isinstance(tree, dict):
        children = tree.items()
    elif hasattr(tree, "_fields"):
        children = zip(tree._fields, tree, strict=True)
    elif isinstance(tree, tuple):
        children = enumerate(tree)
    else:
        named[name] = tree
        return
    for key, child in children:
        _name_leaves(child, f"{name}.{key}" if name else str(key), named)


def leaves(tree: Any) -> list[Any]:
    """Return every array of `tree`, in the order of `named_leaves`."""
    return list(named_leaves(tree).values())


def zeros_like(tree: Tree) -> Tree:
    """Return zeros of the same shapes and dtypes."""
    return tree_map(np.zeros_like, tree)


def accumulate(total: Any, term: Any) -> None:
    """Add `term` to `total` in place; `total` must be the caller's own."""
    tree_map(lambda into, what: np.add(into, what, out=into), total, term)


def take_rows(tree: Tree, rows: Rows) -> Tree:
    """Return the batch rows `rows` of every array; all of them where `rows` is a slice."""
    if isinstance(rows, slice):  # every row
        return tree
    return tree_map(lambda array: array[rows], tree)


def put_rows(tree: Tree, rows: Rows, values: Tree) -> Tree:
    """Return `tree` with its batch rows `rows` replaced by `values`; `tree` stays as it is."""
    if isinstance(rows, slice):  # every row
        return values

    def put(array: Array, value: Array) -> Array:
        changed = array.copy()
        changed[rows] = value
        return changed

    return tree_map(put, tree, values)


def output_of(state: Any) -> Any:
    """Return the output h: the first field of a state."""
    return next(iter(state.values())) if isinstance(state, dict) else state[0]


def with_output(state: Tree, h: Array) -> Tree:
    """Return `state` with its first field, the output h, replaced."""
    if isinstance(state, dict):
        return {**state, next(iter(state)): h}  # type: ignore[return-value]  # a dict like the given one
    assert isinstance(state, tuple)
    children = (h, *state[1:])
    return type(state)(*children) if hasattr(state, "_fields") else children  # type: ignore  # of the given type, a NamedTuple or a tuple
