"""What docs/features.md says of torchrecurrent."""

from __future__ import annotations

import importlib.metadata
import inspect

import torch
import torchrecurrent
from features.claims import claim, raised, short

TOOL = "torchrecurrent"
T, B, D, H = 4, 2, 3, 5
CELLS = [name for name in dir(torchrecurrent) if name.endswith("Cell")]


@claim(TOOL, "is", "cells for torch")
def modules() -> str:
    assert all(issubclass(getattr(torchrecurrent, name), torch.nn.Module) for name in CELLS)
    return "every cell is a torch.nn.Module"


@claim(TOOL, "recurrent cells", "41")
def cells() -> str:
    assert len(CELLS) == 41
    return f"{', '.join(CELLS[:4])}, …: {len(CELLS)}"


@claim(TOOL, "gradients are", "torch's autograd")
def autograd() -> str:
    hs, _ = torchrecurrent.MGU(D, H)(torch.ones(T, B, D))
    assert hs.grad_fn is not None
    own = [name for name in CELLS if "backward" in vars(getattr(torchrecurrent, name))]
    assert not own
    return "outputs have a grad_fn; no cell has a backward of its own"


@claim(TOOL, "gradients of c and h at every step", "autograd")
def of_every_step() -> str:
    cell = torchrecurrent.PeepholeLSTMCell(D, H)
    state, kept = (torch.zeros(B, H), torch.zeros(B, H)), []
    for x in torch.ones(T, B, D):
        state = cell(x, state)
        for part in state:
            part.retain_grad()
        kept.append(state)
    sum(h.sum() for h, _ in kept).backward()
    assert all(part.grad.shape == (B, H) for state in kept for part in state)
    return "retain_grad on the states of one's own loop over a cell"


@claim(TOOL, "checks somebody else's backward", "–")
def no_check() -> str:
    assert not [name for name in dir(torchrecurrent) if "check" in name.lower()]
    return "no public name has check in it"


@claim(TOOL, "rows of different lengths", "–")
def no_lengths() -> str:
    layer = torchrecurrent.MGU(D, H)
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.ones(T, B, D), [4, 2])
    said = raised(lambda: layer(packed), AttributeError)
    assert list(inspect.signature(layer.forward).parameters) == ["inp", "state"]
    return f"forward(inp, state); packed: {short(said, 70)}"


@claim(TOOL, "two directions", "–")
def no_directions() -> str:
    said = raised(lambda: torchrecurrent.MGU(D, H, bidirectional=True), TypeError)
    return short(said)


@claim(TOOL, "keeps arrays that a backward needs from being changed", "torch's version counter")
def version_counter() -> str:
    layer = torchrecurrent.MGU(D, H)
    loss = layer(torch.ones(T, B, D))[0].sum()
    with torch.no_grad():
        for weight in layer.parameters():
            weight *= 2
    return short(raised(loss.backward, RuntimeError))


@claim(TOOL, "needs", "torch")
def needs() -> str:
    lines = importlib.metadata.requires("torchrecurrent") or []
    always = [line for line in lines if "extra" not in line]
    assert any(line.startswith("torch") for line in always)
    return ", ".join(always)
