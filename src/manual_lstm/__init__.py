"""Recurrent backward passes you can trust: NumPy only, hand-written, checked against autodiff.

Read in this order: `cells.lstm` (one step, forward and backward), `sequence` (any cell over T
steps), `losses` and `char_lm` (a whole model).
"""

from manual_lstm import layouts
from manual_lstm.activations import (
    Activation,
    HardSigmoid,
    ReLU,
    ScaledTanh,
    Sigmoid,
    Softsign,
    Tanh,
)
from manual_lstm.cell import Cell
from manual_lstm.cells import (
    GRU,
    JANET,
    LSTM,
    LSTMP,
    CoupledLSTM,
    CoupledLSTMParams,
    FullGateLSTM,
    FullGateLSTMParams,
    FullGateLSTMState,
    GRUParams,
    HiddenState,
    JANETParams,
    LayerNormLSTM,
    LayerNormLSTMParams,
    LSTMParams,
    LSTMPParams,
    LSTMState,
    NoForgetGateLSTM,
    NoForgetGateLSTMParams,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoInputGateLSTMParams,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
    NoOutputGateLSTMParams,
    OriginalLSTM,
    OriginalLSTMParams,
    PeepholeLSTM,
    PeepholeLSTMParams,
)
from manual_lstm.char_lm import CharLM, CharLMParams
from manual_lstm.layer import Layer
from manual_lstm.layers import (
    Bidirectional,
    BidirectionalParams,
    BidirectionalState,
    Residual,
    Stack,
)
from manual_lstm.losses import softmax_cross_entropy, softmax_cross_entropy_backward
from manual_lstm.sequence import Forward, Gradients, backward, forward
from manual_lstm.tape import Tape

__version__ = "0.1.0"

__all__ = [
    "GRU",
    "JANET",
    "LSTM",
    "LSTMP",
    "Activation",
    "Bidirectional",
    "BidirectionalParams",
    "BidirectionalState",
    "Cell",
    "CharLM",
    "CharLMParams",
    "CoupledLSTM",
    "CoupledLSTMParams",
    "Forward",
    "FullGateLSTM",
    "FullGateLSTMParams",
    "FullGateLSTMState",
    "GRUParams",
    "Gradients",
    "HardSigmoid",
    "HiddenState",
    "JANETParams",
    "LSTMPParams",
    "LSTMParams",
    "LSTMState",
    "Layer",
    "LayerNormLSTM",
    "LayerNormLSTMParams",
    "NoForgetGateLSTM",
    "NoForgetGateLSTMParams",
    "NoInputActivationLSTM",
    "NoInputGateLSTM",
    "NoInputGateLSTMParams",
    "NoOutputActivationLSTM",
    "NoOutputGateLSTM",
    "NoOutputGateLSTMParams",
    "OriginalLSTM",
    "OriginalLSTMParams",
    "PeepholeLSTM",
    "PeepholeLSTMParams",
    "ReLU",
    "Residual",
    "ScaledTanh",
    "Sigmoid",
    "Softsign",
    "Stack",
    "Tanh",
    "Tape",
    "__version__",
    "backward",
    "forward",
    "layouts",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
]
