"""The character model: index input, an LSTM without bias, output matrix, cross-entropy.

Where U, W, V are written for the three matrices, U is ``W_x``, W is ``W_h`` and V is ``V``::

    hs     = LSTM(inputs)          inputs (T, B) indices in [0, K)
    logits = hs V                  (T, B, K)
    loss   = cross-entropy of softmax(logits) against targets, in nats
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks, sequence_checks
from manual_lstm.cells.lstm import LSTM, LSTMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.losses import (
    CrossEntropyCache,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from manual_lstm.sequence import backward, forward
from manual_lstm.tape import Tape, check_same, checksums


class CharLMParams(NamedTuple):
    """W_x (K, 4H), W_h (H, 4H), V (H, K); also their gradients."""

    W_x: Any
    W_h: Any
    V: Any


class CharLMTape(NamedTuple):
    """What `CharLM.backward` needs to know of `CharLM.forward`."""

    lstm: Tape
    hs: Array
    V: Array
    cross_entropy: CrossEntropyCache
    checksum_of_V: dict[str, int]


class CharLMForward(NamedTuple):
    """Result of `CharLM.forward`: loss in nats, final state, and the tape."""

    loss: Any
    state_T: LSTMState
    tape: CharLMTape


class CharLMGradients(NamedTuple):
    """Result of `CharLM.backward`, each like its primal."""

    params: CharLMParams
    state0: LSTMState


@dataclass(frozen=True)
class CharLM:
    """Describe a character model; it holds no weights.

    Parameters
    ----------
    vocab_size : int
        K, the number of characters.
    hidden_size : int
        H, the number of LSTM units.

    Examples
    --------
    >>> import numpy as np
    >>> model = CharLM(vocab_size=5, hidden_size=4)
    >>> params = model.init_params(np.random.default_rng(0))
    >>> text = np.array([[0], [1], [2], [3]])
    >>> loss, state_T, tape = model.forward(params, text[:-1], text[1:])
    >>> model.backward(tape).params.V.shape
    (4, 5)
    """

    vocab_size: int
    hidden_size: int

    def __post_init__(self) -> None:
        checks.positive_int("vocab_size", self.vocab_size)
        checks.positive_int("hidden_size", self.hidden_size)

    @property
    def cell(self) -> LSTM:
        """The LSTM inside: input size K, no bias."""
        return LSTM(self.vocab_size, self.hidden_size, bias=False)

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> CharLMParams:
        """Draw W_x (K, 4H), W_h (H, 4H) and V (H, K) uniformly within ±1/√H."""
        W_x, W_h, _ = self.cell.init_params(rng, dtype)
        shape = (self.hidden_size, self.vocab_size)
        V = (rng.uniform(-1, 1, shape) / self.hidden_size**0.5).astype(dtype)
        return CharLMParams(W_x, W_h, V)

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> LSTMState:
        """Return the zero state, (B, H) each."""
        return self.cell.init_state(batch_size, dtype)

    def forward(
        self,
        params: CharLMParams,
        inputs: Array,
        targets: Array,
        state0: LSTMState | None = None,
        reduction: str = "mean",
    ) -> CharLMForward:
        """Return the loss of predicting `targets` from `inputs`.

        Parameters
        ----------
        params : CharLMParams
        inputs, targets : ndarray of integers, (T, B)
            In text order ``targets[t]`` is the character after ``inputs[t]``.
        state0 : LSTMState, optional
            State before the first character; zeros if not given.
        reduction : {"mean", "sum"}
            Over all T·B targets.

        Returns
        -------
        loss : scalar, in nats
        state_T : LSTMState
        tape : CharLMTape
        """
        self._check(params, inputs, targets)
        W_x, W_h, V = params
        hs, state_T, tape = forward(self.cell, LSTMParams(W_x, W_h, None), inputs, state0)
        logits = hs @ V  # (T, B, K)
        loss, cache = softmax_cross_entropy(logits, targets, reduction)
        return CharLMForward(
            loss, state_T, CharLMTape(tape, hs, V, cache, checksums({"params.V": V}))
        )

    def backward(
        self, tape: CharLMTape, dloss: Any = 1, dstate_T: LSTMState | None = None
    ) -> CharLMGradients:
        """Return the gradients of ``dloss * loss`` (plus `dstate_T` on the final state)."""
        if not isinstance(tape, CharLMTape):
            sequence_checks.not_a_tape(tape, "of type CharLMTape", "CharLM.forward")
        hs, V = tape.hs, tape.V
        check_same(tape.checksum_of_V, checksums({"params.V": V}))
        T, B, H = hs.shape
        # forward: loss = softmax_cross_entropy(logits, targets)
        dlogits = softmax_cross_entropy_backward(tape.cross_entropy, dloss)
        # forward: logits = hs @ V
        dV = hs.reshape(T * B, H).T @ dlogits.reshape(T * B, -1)
        dhs = dlogits @ V.T
        # forward: hs, state_T = forward(inputs, state0)
        (dW_x, dW_h, _), _, dstate0 = backward(tape.lstm, dhs, dstate_T)
        return CharLMGradients(CharLMParams(dW_x, dW_h, dV), dstate0)

    def _check(self, params: CharLMParams, inputs: Array, targets: Array) -> None:
        """Check what the LSTM and the loss cannot, or would call by another name."""
        H, K = self.hidden_size, self.vocab_size
        sequence_checks.container("params", params, CharLMParams)
        W_x = checks.is_array("params.W_x", params.W_x)
        V = checks.is_array("params.V", params.V)
        checks.has_shape("params.V", V, (H, K), "(H, K)", f"the model has H = {H}, K = {K}")
        checks.has_dtype("params.V", V, W_x.dtype, f"params.W_x has dtype {W_x.dtype}")
        for name, text in (("inputs", inputs), ("targets", targets)):
            checks.is_index_array(name, text, "its entries are characters")
            if text.ndim != 2:
                because = "a character stands for each step and row"
                checks.fail(name, f"shape {text.shape}", "(T, B)", because)
            checks.in_range(name, text, 0, K - 1, f"the model has K = {K} characters")
        T, B = inputs.shape
        checks.has_shape("targets", targets, (T, B), "(T, B)", "inputs has that shape")
