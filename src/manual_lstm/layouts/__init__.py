"""Weights and gradients in the layouts of others, and back: the only place that knows them.

Ours: W_x (D, GH), W_h (H, GH), b (GH,) with G blocks, in the order i, f, g, o of an LSTM and
r, u, n of a GRU.

========  ============================  ================  ======================================
layout    arrays                        gates             what to know
========  ============================  ================  ======================================
torch     weight_ih (GH, D), weight_hh  i f g o; r z n    two biases, added; layers, directions,
                                                          proj_size
keras     kernel, recurrent_kernel,     i f c o; z r h    a GRU's bias has two rows unless it
          bias                                            resets before the product
flax      a matrix for each gate        by name           always biases
flax_nnx  kernel (D, GH), (H, GH)       i f g o; r z n    a GRU has no b_hn
haiku     w (D + H, 4H), b              i g f o; z r a    adds 1 to z_f in its forward; its z
                                                          replaces
equinox   weight_ih (GH, D), weight_hh  i f g o; r z n    one bias; bias_n is b_hn
onnx      W (N, GH, D), R, B, P         i o f c; z r h    N directions, two biases in one array
cs231n    Wx, Wh, b                     i f o g
ifog      one matrix (1 + D + H, 4H)    i f o g           the bias is its first row
columns   Wf (H, H + D), bf (H, 1), ... by name           reads the columns [h_prev; x]
========  ============================  ================  ======================================

The gradient of a rearranged array is the rearranged gradient, so each function serves both. Where
it is not, an offset or a sum of two biases, the argument ``gradients=True`` says which is meant.
Every function copies; nothing it returns shares memory with what it was given.
"""

from manual_lstm.layouts.blocks import other_update_gate
from manual_lstm.layouts.columns import from_columns, to_columns
from manual_lstm.layouts.equinox import from_equinox, to_equinox
from manual_lstm.layouts.flax import from_flax, to_flax
from manual_lstm.layouts.flax_nnx import from_flax_nnx, to_flax_nnx
from manual_lstm.layouts.haiku import from_haiku, to_haiku
from manual_lstm.layouts.keras import from_keras, to_keras
from manual_lstm.layouts.onnx import from_onnx, to_onnx
from manual_lstm.layouts.onnx_data import from_onnx_data, to_onnx_data
from manual_lstm.layouts.recognize import recognize
from manual_lstm.layouts.safetensors import load, save
from manual_lstm.layouts.stacked import from_cs231n, from_ifog, to_cs231n, to_ifog
from manual_lstm.layouts.torch import from_torch, to_torch

__all__ = [
    "from_columns",
    "from_cs231n",
    "from_equinox",
    "from_flax",
    "from_flax_nnx",
    "from_haiku",
    "from_ifog",
    "from_keras",
    "from_onnx",
    "from_onnx_data",
    "from_torch",
    "load",
    "other_update_gate",
    "recognize",
    "save",
    "to_columns",
    "to_cs231n",
    "to_equinox",
    "to_flax",
    "to_flax_nnx",
    "to_haiku",
    "to_ifog",
    "to_keras",
    "to_onnx",
    "to_onnx_data",
    "to_torch",
]
