"""``haiku.LSTM``: one matrix for input and h, gates i, g, f, o, and a forget gate of σ(z_f + 1).

The 1 is added in Haiku's forward, not at its start: a bias of 0 there is one of 1 here. To and fro
moves a forget bias by at most one rounding of that sum; everything else is exact.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import reorder
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays_with_bias

_SHAPES = {"w": ("D+H", "4H"), "b": ("4H",)}


def to_haiku(params: LSTMParams, *, gradients: bool = False) -> dict[str, Array]:
    """Return ``w`` (D + H, 4H) and ``b`` (4H,) of the module ``lstm/linear``.

    Parameters
    ----------
    params : LSTMParams
        A bias of None counts as zeros: Haiku always has one.
    gradients : bool
        Whether `params` are gradients, which know nothing of the 1.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=2).init_params(np.random.default_rng(0))
    >>> params.b, to_haiku(params)["b"]
    (array([0., 0., 1., 1., 0., 0., 0., 0.]), array([0., 0., 0., 0., 0., 0., 0., 0.]))
    """
    W_x, W_h, b = own_arrays_with_bias(params)
    if not gradients:
        b = b - _forget_bias(b)
    w = np.concatenate([W_x, W_h])
    return {"w": reorder(w, "ifgo", "igfo"), "b": reorder(b, "ifgo", "igfo")}


def from_haiku(named: Mapping[str, Array], *, gradients: bool = False) -> LSTMParams:
    """Return ``w`` and ``b`` of the module ``lstm/linear`` as ours."""
    arrays = named_arrays("haiku", named, tuple(_SHAPES))
    D = fit("haiku", arrays, _SHAPES, named)["D"]
    w, b = (reorder(array, "igfo", "ifgo") for array in arrays.values())
    if not gradients:
        b = b + _forget_bias(b)
    return LSTMParams(w[:D].copy(), w[D:].copy(), b)


def _forget_bias(b: Array) -> Array:
    """Return 1 for the forget gate and 0 for the others, like `b`, blocks i, f, g, o."""
    ones = np.zeros_like(b)
    ones[len(b) // 4 : len(b) // 2] = 1
    return ones
