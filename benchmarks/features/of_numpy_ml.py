"""What docs/features.md says of numpy-ml 0.1.2."""

from __future__ import annotations

import collections
import collections.abc
import importlib.metadata
import inspect
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
from features.claims import claim, raised, short

# As it is published it cannot be imported with Python 3.10 or newer; this is all that it lacks.
collections.Hashable = collections.abc.Hashable  # pyright: ignore[reportAttributeAccessIssue]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # optional packages that are not there
    from numpy_ml.neural_nets import layers, modules

TOOL = "numpy-ml"
T, B, D, H = 4, 2, 3, 5


def run(parameters: Any = None) -> tuple[Any, Any, Any]:
    """Return a cell, its inputs and the loss: the sum of all its outputs."""
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(T, B, D))
    cell = layers.LSTMCell(H)
    cell.forward(xs[0])  # draws the parameters
    drawn = {name: rng.normal(size=array.shape) for name, array in cell.parameters.items()}
    cell = layers.LSTMCell(H)
    cell.n_in = D
    cell._init_params()
    for name, array in (parameters or drawn).items():
        cell.parameters[name] = array.copy()
    return cell, xs, sum(cell.forward(x)[0].sum() for x in xs)


@claim(TOOL, "is", "models in NumPy")
def models() -> str:
    assert layers.LSTMCell.__module__.startswith("numpy_ml")
    program = "import numpy_ml"
    command = [sys.executable, "-W", "ignore", "-c", program]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    return f"`{program}` by itself: {short(told.splitlines()[-1]) if told else 'runs'}"


@claim(TOOL, "recurrent cells", "LSTM, RNN: a step each")
def cells() -> str:
    found = {name for name in dir(layers) if "LSTM" in name or "RNN" in name or "GRU" in name}
    assert found == {"LSTM", "LSTMCell", "RNN", "RNNCell"}
    said = [raised(lambda kind=kind: kind(H), AttributeError) for kind in (layers.LSTM, layers.RNN)]
    assert layers.RNNCell(H).forward(np.ones((B, D))).shape == (B, H)
    return f"the cells run; the layers over a sequence: {short(said[0])}"


@claim(TOOL, "gradients are", "hand-written")
def hand_written() -> str:
    cell, _, _ = run()
    for _ in range(T):
        cell.backward(np.ones((B, H)))
    for name, gradient in cell.gradients.items():
        differences = np.zeros_like(gradient)
        for place in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {key: array.copy() for key, array in cell.parameters.items()}
                moved[name][place] += step
                ends.append(run(moved)[2])
            differences[place] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(gradient, differences, atol=1e-7)
    return f"{len(cell.gradients)} gradients of LSTMCell agree with differences, in plain NumPy"


@claim(TOOL, "gradients of c and h at every step", "between two calls, one step after the other")
def of_every_step() -> str:
    cell, _, _ = run()
    cell.backward(np.ones((B, H)))
    kept = {name: np.shape(cell.derived_variables[f"dLd{name}_accumulator"]) for name in "AC"}
    assert kept == {"A": (B, H), "C": (B, H)}
    return "after each step's backward, derived_variables hold dL/dA and dL/dC of the step before"


@claim(TOOL, "checks somebody else's backward", "–")
def no_check() -> str:
    names = [name for name in (*dir(layers), *dir(modules)) if "check" in name.lower()]
    assert not names
    return "no name in neural_nets.layers or modules has check in it"


@claim(TOOL, "rows of different lengths", "–")
def no_lengths() -> str:
    asked = (layers.LSTM.forward, layers.LSTMCell.forward, modules.BidirectionalLSTM.forward)
    told = [list(inspect.signature(function).parameters) for function in asked]
    assert all(len(names) == 2 for names in told)
    return f"forward takes the inputs and nothing else: {told[0]}"


@claim(TOOL, "two directions", "LSTM")
def two_directions() -> str:
    xs = np.random.default_rng(0).normal(size=(B, D, T))
    module = modules.BidirectionalLSTM(H)
    ys = module.forward(xs)
    assert ys.shape == (B, 2 * H, T)
    assert module.backward(np.ones_like(ys)).shape == xs.shape
    return "BidirectionalLSTM runs forward and backward"


@claim(TOOL, "keeps arrays that a backward needs from being changed", "–")
def not_kept() -> str:
    gradients = []
    for change in (False, True):
        cell, _, _ = run()
        if change:
            cell.parameters["Wf"] *= 2
        for _ in range(T):
            cell.backward(np.ones((B, H)))
        gradients.append(cell.gradients["Wf"].copy())
    assert np.abs(gradients[0] - gradients[1]).max() > 1e-3
    return "a weight changed before the backward gives other gradients, and nothing is said"


@claim(TOOL, "needs", "NumPy and SciPy; Python before 3.10")
def needs() -> str:
    lines = [x for x in importlib.metadata.requires("numpy-ml") or [] if "extra" not in x]
    assert {line.split(">")[0].split("=")[0].strip() for line in lines} == {"numpy", "scipy"}
    return f"{', '.join(lines)}; it imports collections.Hashable, which left in Python 3.10"
