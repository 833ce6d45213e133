"""``equinox.nn.LSTMCell`` and ``GRUCell``: matrices turned around, gates as ours, one bias.

The GRU's ``bias_n`` is our b_hn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from manual_lstm.cells import GRUParams, LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import turned
from manual_lstm.layouts.kinds import blocks_in, own_arrays, times
from manual_lstm.layouts.named import Shape, fit, named_arrays


def to_equinox(params: Any) -> dict[str, Array]:
    """Return weights, or gradients, of LSTMParams or GRUParams by the names of a cell's fields.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_equinox(params).items()]
    [('weight_ih', (20, 3)), ('weight_hh', (20, 5)), ('bias', (20,))]
    """
    arrays = own_arrays("equinox", params, (LSTMParams, GRUParams))
    named = {"weight_ih": turned(arrays["W_x"]), "weight_hh": turned(arrays["W_h"])}
    biases = {"bias": "b", "bias_n": "b_hn"}
    return named | {theirs: arrays[ours].copy() for theirs, ours in biases.items()
                    if ours in arrays}  # fmt: skip


def from_equinox(named: Mapping[str, Array]) -> Any:
    """Return the fields of a cell as ours; biases may be missing (``use_bias=False``)."""
    weights = ("weight_ih", "weight_hh")
    is_gru = isinstance(named, Mapping) and blocks_in(named.get("weight_hh"), 0, 1) == 3
    biases = ("bias", "bias_n") if is_gru else ("bias",)
    has_bias = isinstance(named, Mapping) and any(name in named for name in biases)
    arrays = named_arrays("equinox", named, (*weights, *(biases if has_bias else ())))
    stacked = times(3 if is_gru else 4)
    shapes: dict[str, Shape] = {
        "weight_hh": (stacked, "H"),
        "weight_ih": (stacked, "D"),
        "bias": (stacked,),
        "bias_n": ("H",),
    }
    fit("equinox", arrays, shapes, named)
    W_x, W_h = (turned(arrays[name]) for name in weights)
    b = [arrays[name].copy() if has_bias else None for name in biases]
    return GRUParams(W_x, W_h, *b) if is_gru else LSTMParams(W_x, W_h, *b)
