"""``torch.nn.LSTM``, ``GRU`` and ``RNN``: matrices turned around, gates as ours, two biases.

Torch's gates are i, f, g, o and r, z, n; its z is our u, of a GRU that resets after the product
and ``update_gate="keeps"``. A layer that ends in ``_reverse`` reads from the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from manual_lstm import checks
from manual_lstm.cells import GRUParams, LSTMParams, LSTMPParams, RNNParams
from manual_lstm.checks import Array
from manual_lstm.layers import BidirectionalParams
from manual_lstm.layouts.biases import one_of_two, two_of_one
from manual_lstm.layouts.blocks import turned
from manual_lstm.layouts.kinds import blocks_in, own_arrays, times
from manual_lstm.layouts.named import Shape, fit, named_arrays

_CELLS = (LSTMParams, GRUParams, RNNParams, LSTMPParams)
_BY_GATES = {4: LSTMParams, 3: GRUParams, 1: RNNParams}
_LAYER = re.compile(r"_l(\d+)(_reverse)?$")


def to_torch(params: Any, *, gradients: bool = False, prefix: str = "") -> dict[str, Array]:
    """Return weights by the names of torch's ``state_dict``.

    Parameters
    ----------
    params : LSTMParams, GRUParams, RNNParams or LSTMPParams
        Or those of a `Bidirectional` of two such cells, or of a `Stack` of either.
    gradients : bool
        Whether `params` are gradients: each of torch's two biases then gets ours; of parameters
        the first gets it and the second is zero.
    prefix : str
        What stands before each name, such as ``"lstm."``.

    Returns
    -------
    dict
        ``weight_ih_l0`` (4H, D), ``weight_hh_l0`` (4H, H), ``bias_ih_l0``, ``bias_hh_l0`` (4H,),
        and with ``proj_size`` ``weight_hr_l0`` (P, H); the same of further layers.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_torch(params).items()][:2]
    [('weight_ih_l0', (20, 3)), ('weight_hh_l0', (20, 5))]
    """
    is_stack = isinstance(params, tuple) and not hasattr(params, "_fields")
    named: dict[str, Array] = {}
    for number, layer in enumerate(params if is_stack else (params,)):
        directions = layer if isinstance(layer, BidirectionalParams) else (layer,)
        for ending, cell in zip(("", "_reverse"), directions, strict=False):
            arrays = _cell_to_torch(cell, gradients)
            named |= {f"{prefix}{name}_l{number}{ending}": part for name, part in arrays.items()}
    return named


def from_torch(named: Mapping[str, Array], *, gradients: bool = False, prefix: str = "") -> Any:
    """Return torch's ``state_dict``, or gradients by the same names, as ours.

    Parameters
    ----------
    named : mapping of str to ndarray
        Such as ``{name: weight.detach().numpy() for name, weight in module.named_parameters()}``.
    gradients : bool
        Whether they are gradients: of two biases, which have the same one, the first is taken; of
        parameters the two are added.
    prefix : str
        Only names that begin with it are looked at.

    Returns
    -------
    LSTMParams, GRUParams, RNNParams or LSTMPParams
        `BidirectionalParams` of two where there are ``_reverse`` names, and a tuple, as `Stack`
        has it, where there is more than one layer.
    """
    if not isinstance(named, Mapping):
        named_arrays("torch", named, ("weight_ih_l0", "weight_hh_l0"))
    chosen = {name[len(prefix) :]: array for name, array in named.items()
              if str(name).startswith(prefix)}  # fmt: skip
    cells: dict[tuple[int, bool], dict[str, Array]] = {}
    for name, array in chosen.items():
        found = _LAYER.search(name)
        key = (int(found[1]), found[2] is not None) if found else (0, False)
        cells.setdefault(key, {})[name] = array
    numbers = sorted({number for number, _ in cells} | {0})
    if numbers != list(range(len(numbers))):
        checks.fail("named", f"the layers {', '.join(map(str, numbers))}", "layers 0, 1, 2, ...",
                    "each layer reads the one below it")  # fmt: skip
    layers = []
    for number in numbers:
        parts = [_cell_from_torch(cells.get((number, False), {}), f"_l{number}", gradients)]
        if (number, True) in cells:
            ending = f"_l{number}_reverse"
            parts.append(_cell_from_torch(cells[number, True], ending, gradients))
        layers.append(BidirectionalParams(*parts) if len(parts) == 2 else parts[0])
    return layers[0] if len(layers) == 1 else tuple(layers)


def _cell_to_torch(params: Any, gradients: bool) -> dict[str, Array]:
    arrays = own_arrays("torch", params, _CELLS)
    named = {"weight_ih": turned(arrays["W_x"]), "weight_hh": turned(arrays["W_h"])}
    if "b" in arrays:
        named["bias_ih"], named["bias_hh"] = two_of_one(
            arrays["b"], arrays.get("b_hn"), gradients=gradients
        )
    if "W_p" in arrays:
        named["weight_hr"] = turned(arrays["W_p"])
    return named


def _cell_from_torch(given: dict[str, Array], ending: str, gradients: bool) -> Any:
    W_hr, W_hh, W_ih, b_ih, b_hh = (
        f"{part}{ending}" for part in ("weight_hr", "weight_hh", "weight_ih", "bias_ih", "bias_hh")
    )
    biases = (b_ih, b_hh) if b_ih in given or b_hh in given else ()
    arrays = named_arrays("torch", given, (W_ih, W_hh, *biases), (W_hr,))
    count = 4 if W_hr in given else blocks_in(arrays[W_hh], 0, 1)
    stacked = times(count)
    shapes: dict[str, Shape] = {
        W_hr: ("P", "H"),
        W_hh: (stacked, "P" if W_hr in given else "H"),
        W_ih: (stacked, "D"),
        b_ih: (stacked,),
        b_hh: (stacked,),
    }
    fit("torch", arrays, shapes, given)
    W_x, W_h = turned(arrays[W_ih]), turned(arrays[W_hh])
    b, b_hn = None, None
    if biases:
        b, b_hn = one_of_two(arrays[b_ih], arrays[b_hh], has_b_hn=count == 3, gradients=gradients)
    if W_hr in given:
        return LSTMPParams(W_x, W_h, b, turned(arrays[W_hr]))
    return _BY_GATES[count](W_x, W_h, b, *([b_hn] if count == 3 else []))
