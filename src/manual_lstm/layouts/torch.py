"""``torch.nn.LSTM``: matrices turned around, gates i, f, g, o as ours, and two biases.

Torch adds ``bias_ih`` and ``bias_hh`` to the same sum, so that only their total means anything, and
both have the same gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import turned
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays


def to_torch(
    params: LSTMParams, *, layer: int = 0, reverse: bool = False, gradients: bool = False
) -> dict[str, Array]:
    """Return one layer by the names of torch's ``state_dict``.

    Parameters
    ----------
    params : LSTMParams
    layer : int
        Which layer of ``num_layers``.
    reverse : bool
        Whether it is the backward direction of a bidirectional layer.
    gradients : bool
        Whether `params` are gradients: each of torch's two biases then gets ours; of parameters
        the first gets it and the second is zero.

    Returns
    -------
    dict
        ``weight_ih_l0`` (4H, D), ``weight_hh_l0`` (4H, H), ``bias_ih_l0``, ``bias_hh_l0`` (4H,).
        Layers are put together with ``|``.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_torch(params).items()][:2]
    [('weight_ih_l0', (20, 3)), ('weight_hh_l0', (20, 5))]
    """
    W_x, W_h, b = own_arrays(params)
    suffix = _suffix(layer, reverse)
    named = {f"weight_ih{suffix}": turned(W_x), f"weight_hh{suffix}": turned(W_h)}
    if b is not None:
        named[f"bias_ih{suffix}"] = b.copy()
        named[f"bias_hh{suffix}"] = b.copy() if gradients else np.zeros_like(b)
    return named


def from_torch(
    named: Mapping[str, Array], *, layer: int = 0, reverse: bool = False, gradients: bool = False
) -> LSTMParams:
    """Return one layer of torch's ``state_dict`` as ours; other layers are not looked at.

    Parameters
    ----------
    named : mapping of str to ndarray
        Such as ``{name: weight.detach().numpy() for name, weight in module.named_parameters()}``.
    layer, reverse, gradients
        As in `to_torch`. Of parameters the two biases are added; of gradients, which are equal,
        the first is taken.
    """
    suffix = _suffix(layer, reverse)
    names = [f"{part}{suffix}" for part in ("weight_hh", "weight_ih", "bias_ih", "bias_hh")]
    W_hh, W_ih, b_ih, b_hh = names
    chosen = named
    if isinstance(named, Mapping) and any(name in named for name in names):
        chosen = {name: array for name, array in named.items() if str(name).endswith(suffix)}
    has_bias = isinstance(chosen, Mapping) and (b_ih in chosen or b_hh in chosen)
    arrays = named_arrays("torch", chosen, names if has_bias else names[:2])
    fit("torch", arrays, dict(zip(names, _SHAPES, strict=True)), chosen)
    b = None
    if has_bias:
        b = arrays[b_ih].copy() if gradients else arrays[b_ih] + arrays[b_hh]
    return LSTMParams(turned(arrays[W_ih]), turned(arrays[W_hh]), b)


_SHAPES = (("4H", "H"), ("4H", "D"), ("4H",), ("4H",))


def _suffix(layer: int, reverse: bool) -> str:
    """Return the end of a name: ``_l0``, ``_l1_reverse``."""
    checks.batch_size("layer", layer)
    checks.is_bool("reverse", reverse)
    return f"_l{layer}_reverse" if reverse else f"_l{layer}"
