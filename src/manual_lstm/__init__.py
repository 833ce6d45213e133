"""Recurrent backward passes you can trust: NumPy only, hand-written, checked against autodiff.

Read in this order: `cells.lstm` (one step, forward and backward), `sequence` (any cell over T
steps), `losses` and `char_lm` (a whole model).
"""

from manual_lstm.cell import Cell
from manual_lstm.cells import (
    LSTM,
    LSTMParams,
    LSTMState,
    PeepholeLSTM,
    PeepholeLSTMParams,
)
from manual_lstm.char_lm import CharLM, CharLMParams
from manual_lstm.losses import softmax_cross_entropy, softmax_cross_entropy_backward
from manual_lstm.sequence import Forward, Gradients, backward, forward
from manual_lstm.tape import Tape

__version__ = "0.1.0"

__all__ = [
    "LSTM",
    "Cell",
    "CharLM",
    "CharLMParams",
    "Forward",
    "Gradients",
    "LSTMParams",
    "LSTMState",
    "PeepholeLSTM",
    "PeepholeLSTMParams",
    "Tape",
    "__version__",
    "backward",
    "forward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
]
