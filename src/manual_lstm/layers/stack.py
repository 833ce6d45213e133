"""Layers one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks, sequence_checks
from manual_lstm.checks import Array
from manual_lstm.layer import Layer, output_size
from manual_lstm.layers.parts import Part, common_dtype, input_size, is_layer
from manual_lstm.sequence import backward, forward
from manual_lstm.tape import Tape


@dataclass(frozen=True)
class Stack(Layer):
    """Cells or layers one above the other: the outputs of one are the inputs of the next.

    Parameters
    ----------
    layers : sequence of cells or layers
        From the one that reads the input to the one that gives the output.

    Notes
    -----
    Parameters and states are tuples with one entry for each layer.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> layer = ml.Stack([ml.LSTM(3, 4), ml.LSTM(4, 5)])
    >>> params = layer.init_params(np.random.default_rng(0))
    >>> hs, (first, second), tape = ml.forward(layer, params, np.ones((6, 2, 3)))
    >>> hs.shape, first.c.shape
    ((6, 2, 5), (2, 4))
    >>> ml.backward(tape, dhs=np.ones_like(hs)).params[0].W_x.shape
    (3, 16)
    """

    layers: tuple[Part, ...]

    def __init__(self, layers: Sequence[Part]) -> None:
        if not isinstance(layers, tuple | list) or not layers:
            has = f"the value {layers!r}" if not layers else f"type {type(layers).__name__}"
            because = "each reads the outputs of the one before"
            checks.fail("layers", has, "a list of cells or layers", because, error=TypeError)
        object.__setattr__(self, "layers", tuple(layers))
        for k, layer in enumerate(self.layers):
            is_layer(f"layers[{k}]", layer)
        for k, (below, above) in enumerate(pairwise(self.layers)):
            takes, gives = input_size(above), output_size(below)
            if takes not in (None, gives):
                because = f"layers[{k}] gives outputs of that size"
                checks.fail(f"layers[{k + 1}]", f"input size {takes}", str(gives), because)

    @property
    def input_size(self) -> int | None:
        """D of the first layer."""
        return input_size(self.layers[0])

    @property
    def output_size(self) -> int:
        """The size of an output of the last layer."""
        return output_size(self.layers[-1])

    @property
    def reads_ahead(self) -> bool:
        """Whether any layer reads ahead."""
        return any(isinstance(layer, Layer) and layer.reads_ahead for layer in self.layers)

    def init_params(
        self, rng: np.random.Generator, dtype: DTypeLike = np.float64
    ) -> tuple[Any, ...]:
        """Draw the parameters of each layer, from the first to the last."""
        return tuple(layer.init_params(rng, dtype) for layer in self.layers)

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> tuple[Any, ...]:
        """Return the zero state of each layer."""
        return tuple(layer.init_state(batch_size, dtype) for layer in self.layers)

    def check_params(self, name: str, params: Any) -> np.dtype[Any]:
        """Refuse parameters that do not fit the layers; return their common dtype."""
        sequence_checks.container(name, params, tuple)
        if len(params) != len(self.layers):
            because = "each layer has its own parameters"
            checks.fail(name, f"{len(params)} entries", str(len(self.layers)), because)
        return common_dtype({f"{name}.{k}": pair for k, pair in enumerate(zip(
            self.layers, params, strict=True))})  # fmt: skip

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, tuple[Any, ...], list[Tape]]:
        """Return the outputs of the last layer, every layer's final state, and their tapes."""
        inputs, states, tapes = xs, [], []
        for layer, params_of_layer, state0_of_layer in zip(
            self.layers, params, state0, strict=True
        ):
            hs, state_T, tape = forward(layer, params_of_layer, inputs, state0_of_layer, lengths)
            states.append(state_T)
            tapes.append(tape)
            inputs = hs
        return inputs, tuple(states), tapes

    def run_backward(
        self, cache: list[Tape], dhs: Array, dstate_T: Any
    ) -> tuple[tuple[Any, ...], Array | None, tuple[Any, ...]]:
        """Return the gradients of every layer's parameters, of xs, and of every initial state."""
        dinputs: Any = dhs
        dparams, dstates = [], []
        for tape, dstate_T_of_layer in zip(reversed(cache), reversed(dstate_T), strict=True):
            # forward: inputs = hs
            dhs_of_layer = dinputs
            # forward: hs, state_T, tape = forward(layer, params, inputs, state0, lengths)
            gradients = backward(tape, dhs_of_layer, dstate_T_of_layer)
            dinputs = gradients.xs
            dparams.append(gradients.params)
            dstates.append(gradients.state0)
        return tuple(reversed(dparams)), dinputs, tuple(reversed(dstates))
