"""One cell a file, with its equations, its forward and its hand-written backward."""

from manual_lstm.cells.lstm import LSTM, LSTMCache, LSTMParams, LSTMState
from manual_lstm.cells.peephole import PeepholeLSTM, PeepholeLSTMCache, PeepholeLSTMParams

__all__ = [
    "LSTM",
    "LSTMCache",
    "LSTMParams",
    "LSTMState",
    "PeepholeLSTM",
    "PeepholeLSTMCache",
    "PeepholeLSTMParams",
]
