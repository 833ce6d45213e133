"""``equinox.nn.LSTMCell``: matrices turned around, gates i, f, g, o as ours, one bias."""

from __future__ import annotations

from collections.abc import Mapping

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import turned
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays

_SHAPES = {"weight_hh": ("4H", "H"), "weight_ih": ("4H", "D"), "bias": ("4H",)}


def to_equinox(params: LSTMParams) -> dict[str, Array]:
    """Return the weights, or the gradients, by the names of the cell's fields.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_equinox(params).items()]
    [('weight_ih', (20, 3)), ('weight_hh', (20, 5)), ('bias', (20,))]
    """
    W_x, W_h, b = own_arrays(params)
    named = {"weight_ih": turned(W_x), "weight_hh": turned(W_h)}
    return named if b is None else named | {"bias": b.copy()}


def from_equinox(named: Mapping[str, Array]) -> LSTMParams:
    """Return the fields of a cell as ours; ``bias`` may be missing (``use_bias=False``)."""
    arrays = named_arrays("equinox", named, ("weight_ih", "weight_hh"), ("bias",))
    fit("equinox", arrays, _SHAPES, named)
    b = arrays["bias"].copy() if "bias" in arrays else None
    return LSTMParams(turned(arrays["weight_ih"]), turned(arrays["weight_hh"]), b)
