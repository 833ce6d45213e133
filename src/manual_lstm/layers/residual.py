"""A layer with a path around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks, sequence_checks
from manual_lstm.checks import Array
from manual_lstm.layer import Layer, output_size
from manual_lstm.layers.direction import alive
from manual_lstm.layers.parts import Part, input_size, is_layer
from manual_lstm.sequence import backward, forward
from manual_lstm.tape import Tape


@dataclass(frozen=True)
class Residual(Layer):
    """A cell or layer with a path around it: its inputs are added to its outputs.

    Parameters
    ----------
    layer : Cell or Layer
        Its outputs have the size of its inputs. Parameters and states are its own.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> layer = ml.Residual(ml.LSTM(4, 4))
    >>> params = layer.init_params(np.random.default_rng(0))
    >>> xs = np.ones((6, 2, 4))
    >>> outputs = ml.forward(layer, params, xs).hs
    >>> np.array_equal(outputs, ml.forward(layer.layer, params, xs).hs + xs)
    True
    """

    layer: Part

    def __post_init__(self) -> None:
        is_layer("layer", self.layer)
        takes, gives = input_size(self.layer), output_size(self.layer)
        if takes not in (None, gives):
            because = "its inputs, of that size, are added to its outputs"
            checks.fail("layer", f"output size {gives}", str(takes), because)

    @property
    def input_size(self) -> int | None:
        """D of the layer."""
        return input_size(self.layer)

    @property
    def output_size(self) -> int:
        """The same."""
        return output_size(self.layer)

    @property
    def reads_ahead(self) -> bool:
        """Whether the layer reads ahead."""
        return isinstance(self.layer, Layer) and self.layer.reads_ahead

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Any:
        """Draw the parameters of the layer."""
        return self.layer.init_params(rng, dtype)

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> Any:
        """Return the zero state of the layer."""
        return self.layer.init_state(batch_size, dtype)

    def check_params(self, name: str, params: Any) -> np.dtype[Any]:
        """Refuse parameters that do not fit the layer; return their common dtype."""
        return sequence_checks.params(self.layer, params, name)

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, Any, tuple[Tape, Array]]:
        """Return the sums, the final state of the layer, and what `run_backward` needs."""
        if xs.dtype.kind in "iu":
            because = "inputs are added to outputs, and an index is no number to add"
            checks.fail("xs", f"dtype {xs.dtype}", "dense (T, B, D)", because, error=TypeError)
        hs, state_T, tape = forward(self.layer, params, xs, state0, lengths)
        is_alive = alive(lengths, *xs.shape[:2])[:, :, None]  # (T, B, 1)
        live_xs = np.where(is_alive, xs, 0)
        return hs + live_xs, state_T, (tape, is_alive)

    def run_backward(
        self, cache: tuple[Tape, Array], dhs: Array, dstate_T: Any
    ) -> tuple[Any, Array, Any]:
        """Return the gradients of the layer's parameters, of xs, and of its initial state."""
        tape, is_alive = cache
        # forward: hs + live_xs
        dlive_xs = dhs
        # forward: live_xs = where(is_alive, xs, 0)
        dxs_from_sum = np.where(is_alive, dlive_xs, 0)
        # forward: hs, state_T = forward(layer, params, xs, state0); and the sum reads xs as well
        dparams, dxs_from_layer, dstate0 = backward(tape, dhs, dstate_T)
        dxs = dxs_from_sum + dxs_from_layer
        return dparams, dxs, dstate0
