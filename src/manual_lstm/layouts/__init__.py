"""Weights and gradients in the layouts of others, and back: the only place that knows them.

Ours: W_x (D, 4H), W_h (H, 4H), b (4H,), blocks in the order i, f, g, o.

========  ====================================  ==========  =================================
layout    arrays                                gates       what to know
========  ====================================  ==========  =================================
torch     weight_ih (4H, D), weight_hh (4H, H)  i, f, g, o  two biases, added
keras     kernel, recurrent_kernel, bias        i, f, g, o  the same as ours
flax      a matrix for each gate                by name     always a bias, on the side of h
haiku     w (D + H, 4H), b                      i, g, f, o  adds 1 to z_f in its forward
equinox   weight_ih (4H, D), weight_hh, bias    i, f, g, o  one bias
onnx      W (N, 4H, D), R, B (N, 8H)            i, o, f, g  N directions, two biases in one
cs231n    Wx (D, 4H), Wh (H, 4H), b             i, f, o, g
ifog      one matrix (1 + D + H, 4H)            i, f, o, g  the bias is its first row
========  ====================================  ==========  =================================

The gradient of a rearranged array is the rearranged gradient, so each function serves both. Where
it is not, an offset or a sum of two biases, the argument ``gradients=True`` says which is meant.
Every function copies; nothing it returns shares memory with what it was given.
"""

from manual_lstm.layouts.equinox import from_equinox, to_equinox
from manual_lstm.layouts.flax import from_flax, to_flax
from manual_lstm.layouts.haiku import from_haiku, to_haiku
from manual_lstm.layouts.keras import from_keras, to_keras
from manual_lstm.layouts.onnx import from_onnx, from_onnx_data, to_onnx, to_onnx_data
from manual_lstm.layouts.recognize import recognize
from manual_lstm.layouts.safetensors import load, save
from manual_lstm.layouts.stacked import from_cs231n, from_ifog, to_cs231n, to_ifog
from manual_lstm.layouts.torch import from_torch, to_torch

__all__ = [
    "from_cs231n",
    "from_equinox",
    "from_flax",
    "from_haiku",
    "from_ifog",
    "from_keras",
    "from_onnx",
    "from_onnx_data",
    "from_torch",
    "load",
    "recognize",
    "save",
    "to_cs231n",
    "to_equinox",
    "to_flax",
    "to_haiku",
    "to_ifog",
    "to_keras",
    "to_onnx",
    "to_onnx_data",
    "to_torch",
]
