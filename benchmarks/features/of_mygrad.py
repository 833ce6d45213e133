"""What docs/features.md says of MyGrad; its GRU needs ``mygrad[rnn]`` and SciPy."""

from __future__ import annotations

import importlib.metadata
import inspect
from typing import Any

import mygrad as mg
import mygrad.nnet.layers
import numpy as np
from features.claims import claim, raised, short
from mygrad.nnet.layers import gru

TOOL = "MyGrad"
T, B, D, H = 4, 2, 3, 5
RECURRENT = ("gru", "lstm", "rnn", "recurrent")


def arrays() -> tuple[Any, list[Any]]:
    """Return inputs and weights of a GRU."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in [(D, H), (H, H), (H,)] * 3]
    return rng.normal(size=(T, B, D)), weights


@claim(TOOL, "is", "autodiff for NumPy")
def autodiff() -> str:
    x = mg.tensor([1.0, 2.0])
    (np.tanh(x) * x).sum().backward()
    return f"np.tanh of a tensor has a gradient: {x.grad.round(3)}"


@claim(TOOL, "recurrent cells", "GRU")
def layers() -> str:
    found = [name for name in dir(mygrad.nnet.layers) if any(r in name.lower() for r in RECURRENT)]
    assert found == ["gru"], found
    return "mygrad.nnet.layers has gru and no other"


@claim(TOOL, "gradients are", "of a GRU as one operation; of other code by its tensors")
def one_operation() -> str:
    xs, weights = arrays()
    hs = gru(xs, *map(mg.tensor, weights))
    assert type(hs.creator).__name__ == "GRUnit"
    return "the creator of its result is one GRUnit"


@claim(TOOL, "gradients of c and h at every step", "of h; none of the initial state")
def of_every_step() -> str:
    xs, weights = arrays()
    hs = gru(xs, *map(mg.tensor, weights))
    hs.sum().backward()
    assert hs.shape == (T + 1, B, H)
    assert hs.grad.shape == (T, B, H)

    def after(k: int, h: Any) -> float:
        return gru(xs[k:], *weights, s0=h, constant=True).data.sum() if k < T else h.sum()

    for k in range(1, T + 1):
        differences = np.zeros((B, H))
        for place in np.ndindex(B, H):
            step = np.zeros((B, H))
            step[place] = 1e-6
            ends = (after(k, hs.data[k] + step), after(k, hs.data[k] - step))
            differences[place] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(hs.grad[k - 1], differences, atol=1e-7)
    said = raised(lambda: gru(xs, *weights, s0=mg.tensor(np.zeros((B, H)))), ValueError)
    return f"grad of the result is the whole derivative by h at each step; s0: {short(said, 70)}"


@claim(TOOL, "checks somebody else's backward", "–")
def no_check() -> str:
    assert not [name for name in dir(mg) if "check" in name or "numer" in name]
    return "no public name has check or numer in it"


@claim(TOOL, "rows of different lengths", "–")
def no_lengths() -> str:
    names = list(inspect.signature(gru).parameters)
    assert not [name for name in names if "len" in name or "mask" in name]
    return f"the arguments of gru are {', '.join(names)}"


@claim(TOOL, "two directions", "–")
def no_directions() -> str:
    names = list(inspect.signature(gru).parameters)
    assert not [name for name in names if "dir" in name or "reverse" in name]
    return "no argument of gru is about it"


@claim(TOOL, "keeps arrays that a backward needs from being changed", "they are locked")
def locked() -> str:
    xs, weights = arrays()
    hs = gru(xs, *map(mg.tensor, weights))
    weight = mg.tensor(weights[0])
    hs = gru(xs, weight, *weights[1:])

    def change() -> None:
        weight.data[0, 0] = 9

    said = raised(change, ValueError)
    hs.sum().backward()
    change()
    return f"{said}; after the backward it can be changed"


@claim(TOOL, "needs", "NumPy; numba and SciPy for the GRU")
def needs() -> str:
    lines = importlib.metadata.requires("mygrad") or []
    always = [line for line in lines if "extra" not in line]
    assert [line.split("!")[0].split(">")[0] for line in always] == ["numpy"]
    assert any("numba" in line and "rnn" in line for line in lines)
    return "; ".join(line for line in lines if "numba" in line or line in always)
