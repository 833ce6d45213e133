"""Small programs for the debugger's tests, loaded as a user's module would be."""

from __future__ import annotations

import linecache
import types
from itertools import count
from typing import Any

import numpy as np

_numbers = count()

# A recurrent network on the index inputs of a character model, with buffers.
RNN = """
import numpy as np

def forward(params, inputs):
    xs, h0 = inputs["xs"], inputs["h0"]
    T, H = len(xs), len(h0)
    h = np.zeros((T + 1, H))
    h[-1] = h0
    for t in range(T):
        h[t] = np.tanh(params["U"][:, xs[t]] + params["W"] @ h[t - 1] + params["b"])
    return h

def loss(params, inputs):
    h = forward(params, inputs)
    return np.sum(h[:-1] * inputs["dh"])

def backward(params, inputs):
    xs = inputs["xs"]
    h = forward(params, inputs)
    dU, dW = np.zeros_like(params["U"]), np.zeros_like(params["W"])
    db, dh_next = np.zeros_like(params["b"]), np.zeros_like(inputs["h0"])
    for t in reversed(range(len(xs))):
        da = (inputs["dh"][t] + dh_next) * (1 - h[t] ** 2)
        dU[:, xs[t]] += da
        dW += np.outer(da, h[t - 1])
        db += da
        dh_next = params["W"].T @ da
    return {"U": dU, "W": dW, "b": db, "h0": dh_next}
"""


def module(source: str, *edits: tuple[str, str]) -> Any:
    """Return the program as a module; each edit replaces a text that occurs once."""
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    name = f"<program {next(_numbers)}>"
    made = types.ModuleType(f"program_{next(_numbers)}")
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), vars(made))
    return made


def line_of(found: Any) -> str:
    """Return the text of a suspect's line without what stands around it."""
    return found.text.strip()


def rnn_arguments(T: int = 5, H: int = 3, K: int = 4, seed: int = 0) -> tuple[dict, dict]:
    """Draw arguments for `RNN`; words repeat."""
    rng = np.random.default_rng(seed)
    params = {
        "U": rng.standard_normal((H, K)),
        "W": rng.standard_normal((H, H)),
        "b": rng.standard_normal(H),
    }
    words = np.array([1, 3, 1, 0, 2, 1, 3])[:T]
    return params, {
        "xs": words,
        "h0": rng.standard_normal(H),
        "dh": rng.standard_normal((T, H)),
    }
