"""Layers made of cells: one above the other, in both directions, with a path around.

All three take cells, and each other: a deep bidirectional LSTM is a `Stack` of `Bidirectional`.
In each file, `run_backward` stands under `run` and reverses it line by line.
"""

from manual_lstm.layers.bidirectional import (
    Bidirectional,
    BidirectionalParams,
    BidirectionalState,
)
from manual_lstm.layers.residual import Residual
from manual_lstm.layers.stack import Stack

__all__ = ["Bidirectional", "BidirectionalParams", "BidirectionalState", "Residual", "Stack"]
