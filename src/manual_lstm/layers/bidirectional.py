"""A sequence read from both ends.

Schuster and Paliwal 1997. With lengths, each row is read from its own last live step, never from
padding. The two readings know nothing of each other, so that the gradients of the inputs add up.

References
----------
M. Schuster, K. Paliwal, "Bidirectional Recurrent Neural Networks", IEEE Transactions on Signal
Processing 45(11), 1997.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks, sequence_checks
from manual_lstm.checks import Array
from manual_lstm.layer import Layer, output_size
from manual_lstm.layers.direction import reverse
from manual_lstm.layers.merge import MERGES, merge, merge_backward
from manual_lstm.layers.parts import Part, common_dtype, input_size, is_layer
from manual_lstm.sequence import backward, forward
from manual_lstm.tape import Tape


class BidirectionalParams(NamedTuple):
    """Parameters of the layers that read forwards and backwards; also their gradients."""

    forward: Any
    backward: Any


class BidirectionalState(NamedTuple):
    """States of the layers that read forwards and backwards; also their cotangents.

    The final state of the one that reads backwards is the one after it has read the first step.
    """

    forward: Any
    backward: Any


class BidirectionalCache(NamedTuple):
    """What the backward of `Bidirectional` needs to know of its forward."""

    tape_forward: Tape
    tape_backward: Tape
    hs_forward: Array
    hs_backward: Array
    lengths: Array | None


@dataclass(frozen=True)
class Bidirectional(Layer):
    """Two cells or layers, one of which reads each row from its own last step to its first.

    Parameters
    ----------
    forward_layer : Cell or Layer
    backward_layer : Cell or Layer, optional
        The one that reads backwards; described like the other if not given. It has parameters
        of its own in either case.
    merge : {"concat", "sum", "mean", "mul"}
        What becomes of the two outputs of a step: side by side, forward first, or one of the
        three of equal size.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> layer = ml.Bidirectional(ml.LSTM(3, 4))
    >>> params = layer.init_params(np.random.default_rng(0))
    >>> hs, state_T, _ = ml.forward(layer, params, np.ones((6, 2, 3)), lengths=np.array([6, 4]))
    >>> hs.shape
    (6, 2, 8)
    >>> np.array_equal(hs[0, :, 4:], state_T.backward.h)  # it ends at the first step
    True
    """

    forward_layer: Part
    backward_layer: Part = None  # type: ignore[assignment]  # replaced by forward_layer
    merge: str = "concat"

    def __post_init__(self) -> None:
        if self.backward_layer is None:
            object.__setattr__(self, "backward_layer", self.forward_layer)
        is_layer("forward_layer", self.forward_layer)
        is_layer("backward_layer", self.backward_layer)
        checks.one_of("merge", self.merge, MERGES)
        takes, other = input_size(self.backward_layer), input_size(self.forward_layer)
        if None not in (takes, other) and takes != other:
            because = "both layers read the same inputs"
            checks.fail("backward_layer", f"input size {takes}", str(other), because)
        gives, other = output_size(self.backward_layer), output_size(self.forward_layer)
        if self.merge != "concat" and gives != other:
            because = f"the merge {self.merge!r} takes outputs of one size"
            checks.fail("backward_layer", f"output size {gives}", str(other), because)

    @property
    def input_size(self) -> int | None:
        """D of both layers."""
        return input_size(self.forward_layer)

    @property
    def output_size(self) -> int:
        """The size of an output: that of both together where they stand side by side."""
        sizes = output_size(self.forward_layer), output_size(self.backward_layer)
        return sum(sizes) if self.merge == "concat" else sizes[0]

    @property
    def reads_ahead(self) -> bool:
        """True: the first output has read the last input."""
        return True

    def init_params(
        self, rng: np.random.Generator, dtype: DTypeLike = np.float64
    ) -> BidirectionalParams:
        """Draw the parameters of both layers, forward first."""
        ahead = self.forward_layer.init_params(rng, dtype)
        return BidirectionalParams(ahead, self.backward_layer.init_params(rng, dtype))

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> BidirectionalState:
        """Return the zero states of both layers."""
        layers = self.forward_layer, self.backward_layer
        return BidirectionalState(*(layer.init_state(batch_size, dtype) for layer in layers))

    def check_params(self, name: str, params: Any) -> np.dtype[Any]:
        """Refuse parameters that do not fit the two layers; return their common dtype."""
        sequence_checks.container(name, params, BidirectionalParams)
        return common_dtype({
            f"{name}.forward": (self.forward_layer, params.forward),
            f"{name}.backward": (self.backward_layer, params.backward),
        })  # fmt: skip

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, BidirectionalState, BidirectionalCache]:
        """Return the merged outputs, both final states, and what `run_backward` needs."""
        hs_forward, state_T_forward, tape_forward = forward(
            self.forward_layer, params.forward, xs, state0.forward, lengths
        )
        xs_reversed = reverse(xs, lengths)
        hs_reversed, state_T_backward, tape_backward = forward(
            self.backward_layer, params.backward, xs_reversed, state0.backward, lengths
        )
        hs_backward = reverse(hs_reversed, lengths)
        hs = merge(self.merge, hs_forward, hs_backward)
        state_T = BidirectionalState(state_T_forward, state_T_backward)
        cache = BidirectionalCache(tape_forward, tape_backward, hs_forward, hs_backward, lengths)
        return hs, state_T, cache

    def run_backward(
        self, cache: BidirectionalCache, dhs: Array, dstate_T: BidirectionalState
    ) -> tuple[BidirectionalParams, Array | None, BidirectionalState]:
        """Return the gradients of both layers' parameters, of xs, and of both initial states."""
        tape_forward, tape_backward, hs_forward, hs_backward, lengths = cache
        dstate_T_forward, dstate_T_backward = dstate_T

        # forward: hs = merge(hs_forward, hs_backward)
        dhs_forward, dhs_backward = merge_backward(self.merge, hs_forward, hs_backward, dhs)
        # forward: hs_backward = reverse(hs_reversed)
        dhs_reversed = reverse(dhs_backward, lengths)
        # forward: hs_reversed, state_T_backward = forward(xs_reversed, state0_backward)
        dparams_backward, dxs_reversed, dstate0_backward = backward(
            tape_backward, dhs_reversed, dstate_T_backward
        )
        # forward: hs_forward, state_T_forward = forward(xs, state0_forward)
        dparams_forward, dxs_from_forward, dstate0_forward = backward(
            tape_forward, dhs_forward, dstate_T_forward
        )
        # forward: xs_reversed = reverse(xs); and the layer that reads forwards reads xs as well
        dxs = None
        if dxs_reversed is not None:  # index inputs have no gradient, in either direction
            dxs_from_reversed = reverse(dxs_reversed, lengths)
            dxs = dxs_from_forward + dxs_from_reversed  # type: ignore[operator]  # both are None, or neither
        dparams = BidirectionalParams(dparams_forward, dparams_backward)
        return dparams, dxs, BidirectionalState(dstate0_forward, dstate0_backward)
