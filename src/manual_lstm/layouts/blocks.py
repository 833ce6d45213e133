"""Blocks of gates in another order, and matrices turned around: copies, never views."""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm.checks import Array


def reorder(array: Array, given: str, wanted: str, axis: int = -1) -> Array:
    """Return `array` with its blocks along `axis` in the order `wanted`.

    Parameters
    ----------
    array : ndarray
        One block for each gate along `axis`.
    given, wanted : str
        One letter for each block: the same letters in two orders.

    Examples
    --------
    >>> reorder(np.arange(8), "ifgo", "iofg")
    array([0, 1, 6, 7, 2, 3, 4, 5])
    """
    block = dict(zip(given, np.split(array, len(given), axis=axis), strict=True))
    return np.concatenate([block[gate] for gate in wanted], axis=axis)


def turned(matrix: Array) -> Array:
    """Return the transposed matrix, rows contiguous."""
    return np.array(np.swapaxes(matrix, -1, -2), order="C")


def other_update_gate(params: Any) -> Any:
    """Return weights of a GRU for the other meaning of its update gate.

    A gate u that keeps and a gate u that replaces are 1 - u of each other, and
    σ(-z) = 1 - σ(z): the block u of every weight is negated. The gradient of that block changes
    its sign with it, so this serves gradients too.

    Parameters
    ----------
    params : GRUParams or GRUResetBeforeParams

    Examples
    --------
    >>> import manual_lstm as ml
    >>> params = ml.GRU(input_size=3, hidden_size=2).init_params(np.random.default_rng(0))
    >>> back = other_update_gate(other_update_gate(params))
    >>> bool((back.W_h == params.W_h).all())
    True
    """

    def negated(array: Array | None) -> Array | None:
        if array is None:
            return None
        changed = array.copy()
        H = array.shape[-1] // 3
        changed[..., H : 2 * H] = -array[..., H : 2 * H]
        return changed

    arrays = {name: negated(getattr(params, name)) for name in ("W_x", "W_h", "b")}
    if getattr(params, "b_hn", None) is not None:
        arrays["b_hn"] = params.b_hn.copy()
    return params._replace(**arrays)
