"""``flax.nnx.OptimizedLSTMCell``, ``LSTMCell``, ``GRUCell`` and ``SimpleCell``.

All but ``LSTMCell`` have two matrices with the gates side by side, in our order: ``dense_i.kernel``
is W_x and ``dense_h.kernel`` is W_h. The one bias is ``dense_h.bias`` of an LSTM, ``dense_i.bias``
of the others. ``LSTMCell`` has a matrix for each gate, as in linen, with ``if_`` for ``if``.

``GRUCell`` has no bias inside of the reset gate: it is our GRU with b_hn = 0, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import GRUParams, LSTMParams, RNNParams
from manual_lstm.checks import Array
from manual_lstm.layouts.flax import from_flax, to_flax
from manual_lstm.layouts.kinds import GATES, bias_or_zeros, blocks_in, own_arrays, times
from manual_lstm.layouts.named import Shape, fit, named_arrays

_KINDS = {4: LSTMParams, 3: GRUParams, 1: RNNParams}


def to_flax_nnx(
    params: Any, *, optimized: bool = True, gradients: bool = False
) -> dict[str, dict[str, Array]]:
    """Return weights, or gradients, as ``nnx.to_pure_dict`` gives the state of a cell.

    Parameters
    ----------
    params : LSTMParams, GRUParams or RNNParams
        A bias of None becomes zeros: these cells always have one.
    optimized : bool
        Of an LSTM: for ``OptimizedLSTMCell``, or else for ``LSTMCell``.
    gradients : bool
        Whether these are gradients. That of b_hn is left out then, since ``GRUCell`` has no b_hn.

    Raises
    ------
    ValueError
        For weights of a GRU whose b_hn is not zero: no weights of ``GRUCell`` compute the same.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> {name: list(part) for name, part in to_flax_nnx(params).items()}
    {'dense_i': ['kernel'], 'dense_h': ['kernel', 'bias']}
    >>> list(to_flax_nnx(params, optimized=False))
    ['ii', 'if_', 'ig', 'io', 'hi', 'hf', 'hg', 'ho']
    """
    arrays = own_arrays("flax_nnx", params, _KINDS.values())
    if isinstance(params, LSTMParams) and not optimized:
        return {{"if": "if_"}.get(name, name): part for name, part in to_flax(params).items()}
    if not gradients and np.any(arrays.get("b_hn", 0)):
        checks.fail(
            "b_hn",
            "entries that are not zero",
            "zero everywhere",
            "nnx.GRUCell has no bias inside of the reset gate",
            hint="flax.linen.GRUCell has one: layouts.to_flax",
        )
    named = {
        "dense_i": {"kernel": arrays["W_x"].copy()},
        "dense_h": {"kernel": arrays["W_h"].copy()},
    }
    named[_side(type(params))]["bias"] = bias_or_zeros(arrays).copy()
    return named


def from_flax_nnx(named: Mapping[str, Mapping[str, Array]]) -> Any:
    """Return the state of a cell as LSTMParams, GRUParams or RNNParams, with biases.

    Parameters
    ----------
    named : mapping of mappings
        ``jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(cell, nnx.Param)))``, or gradients
        in that form. The b_hn of a GRU, and its gradient, are zeros.
    """
    is_nested = isinstance(named, Mapping) and all(
        isinstance(part, Mapping) for part in named.values()
    )
    if is_nested and "if_" in named:
        return from_flax({{"if_": "if"}.get(name, name): part for name, part in named.items()})
    flat = (
        {f"{name}.{leaf}": named[name][leaf] for name in named for leaf in named[name]}
        if is_nested
        else named
    )
    count = blocks_in(flat.get("dense_h.kernel") if is_nested else None, 1, 0)
    kind = _KINDS[count]
    bias = f"{_side(kind)}.bias"
    stacked = times(len(GATES[kind]))
    shapes: dict[str, Shape] = {
        "dense_h.kernel": ("H", stacked),
        "dense_i.kernel": ("D", stacked),
        bias: (stacked,),
    }
    arrays = named_arrays("flax_nnx", flat, tuple(shapes))
    sizes = fit("flax_nnx", arrays, shapes, named)
    W_x, W_h, b = (arrays[name].copy() for name in ("dense_i.kernel", "dense_h.kernel", bias))
    if kind is GRUParams:
        return GRUParams(W_x, W_h, b, np.zeros(sizes["H"], b.dtype))
    return kind(W_x, W_h, b)


def _side(kind: type) -> str:
    """Return which of the two matrices has the bias."""
    return "dense_h" if kind is LSTMParams else "dense_i"
