"""MyCell: an LSTM, to be changed into a cell of your own.

    run the example at the end    python my_cell.py
    is the backward right?        manual-lstm check my_cell.py:MyCell
    which line of it is wrong?    manual-lstm debug my_cell.py:MyCell

How to go on:

1. As it stands, the check says "right". Change the forward: `step`, say the line marked CHANGE.
2. Now the check says "wrong", and of which gradient, gate, unit and step.
3. Complete the backward: `step_backward`, the lines marked COMPLETE, until it says "right".

Nothing else has to be told: the gradients to compare with come from JAX, which traces `step` as it
stands. So write it with NumPy functions and operators, and no writing into arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import manual_lstm as ml


class Params(NamedTuple):
    """The weights. Their gradients have the same names. Add your own here."""

    W_x: Any  # (D, 4H), in blocks of H columns: i, f, g, o
    W_h: Any  # (H, 4H)
    b: Any  # (4H,)


class State(NamedTuple):
    """What one step hands to the next; the first field is the output."""

    h: Any  # (B, H)
    c: Any  # (B, H)


@dataclass(frozen=True)
class MyCell:
    """The equations of your cell, in a sentence."""

    input_size: int  # D
    hidden_size: int  # H

    # Not needed, but with these the reports name gates and units, and inputs are checked.
    gates = "ifgo"
    param_shapes = Params(W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",))
    state_shapes = State(h=("B", "H"), c=("B", "H"))

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes."""
        return {"D": self.input_size, "H": self.hidden_size}

    def init_params(self, rng: np.random.Generator, dtype: Any = np.float64) -> Params:
        """Draw the first weights."""
        D, H = self.input_size, self.hidden_size

        def draw(*shape: int) -> Any:
            return (rng.uniform(-1, 1, shape) / H**0.5).astype(dtype)

        return Params(W_x=draw(D, 4 * H), W_h=draw(H, 4 * H), b=draw(4 * H))

    def init_state(self, batch_size: int, dtype: Any = np.float64) -> State:
        """Return the state before the first step."""
        zeros = np.zeros((batch_size, self.hidden_size), dtype)
        return State(h=zeros, c=zeros.copy())

    def step(self, params: Params, state: State, x: Any) -> tuple[State, Any]:
        """Return the next state, and whatever `step_backward` needs to know."""
        W_x, W_h, b = params
        h_prev, c_prev = state

        z = x @ W_x + h_prev @ W_h + b
        z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)
        i = sigmoid(z_i)
        f = sigmoid(z_f)  # CHANGE, for example to: f = 1 - i
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return State(h, c), (x, h_prev, c_prev, i, f, g, o, tanh_c)

    def step_backward(self, params: Params, cache: Any, dstate: State) -> tuple[Params, State, Any]:
        """Return gradients of the parameters, of the previous state and of x.

        Each line stands under the forward line that it reverses, the last one first. `dstate` is
        all that later steps and the loss contribute to h and c.
        """
        W_x, W_h, _ = params
        x, h_prev, c_prev, i, f, g, o, tanh_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_c
        do = dh * tanh_c
        dtanh_c = dh * o
        # forward: tanh_c = np.tanh(c); and the next step reads c as its c_prev
        dc = dtanh_c * (1 - tanh_c**2) + dc_from_next
        # forward: c = f * c_prev + i * g
        df = dc * c_prev
        dc_prev = dc * f
        di = dc * g
        dg = dc * i
        # forward: o = sigmoid(z_o)
        dz_o = do * o * (1 - o)
        # forward: g = np.tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = sigmoid(z_f)
        dz_f = df * f * (1 - f)  # COMPLETE, in the example: z_f is read by nobody
        # forward: i = sigmoid(z_i)
        dz_i = di * i * (1 - i)  # COMPLETE, in the example: i is read by f as well
        # forward: z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)
        dz = np.concatenate((dz_i, dz_f, dz_g, dz_o), axis=1)
        # forward: z = x @ W_x + h_prev @ W_h + b
        dparams = Params(W_x=x.T @ dz, W_h=h_prev.T @ dz, b=dz.sum(axis=0))
        dh_prev = dz @ W_h.T
        dx = dz @ W_x.T
        return dparams, State(dh_prev, dc_prev), dx


def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + exp(-z)), by way of tanh, which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def example() -> None:
    """Run the cell over a sequence, and back."""
    rng = np.random.default_rng(0)
    cell = MyCell(input_size=3, hidden_size=4)
    params = cell.init_params(rng)
    xs = rng.normal(size=(5, 2, 3))  # T = 5 steps, B = 2 rows, D = 3
    hs, _, tape = ml.forward(cell, params, xs)
    loss = 0.5 * np.sum(hs**2)
    gradients = ml.backward(tape, dhs=hs)  # dloss/dhs = hs
    print(f"loss {loss:.6f}")
    for name, gradient in zip(params._fields, gradients.params, strict=True):
        print(f"d{name} {gradient.shape}, largest entry {np.abs(gradient).max():.6f}")


if __name__ == "__main__":
    example()
