"""Everybody who computes the same gradients, each as a function without arguments."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import manual_lstm as ml
from manual_lstm.sequence import by_steps
from reference.bench import per_gate
from reference.bench.sizes import Size, Task


class Prepared(NamedTuple):
    """A rival, ready to run one task.

    Parameters
    ----------
    run : callable
        Forward and backward, to the end; returns anything.
    gradients : callable
        What `run` returned to `manual_lstm.Gradients`, to be compared; not measured.
    """

    run: Callable[[], Any]
    gradients: Callable[[Any], ml.Gradients]


def everywhere(size: Size) -> bool:
    """Return True: most run every size."""
    return True


class Rival(NamedTuple):
    """Somebody who can be measured, if the package `needs` is installed and it `runs` the size."""

    name: str
    about: str
    prepare: Callable[[Task], Prepared]
    needs: str = "numpy"
    runs: Callable[[Size], bool] = everywhere

    @property
    def is_installed(self) -> bool:
        """Whether it can run here."""
        return find_spec(self.needs) is not None


def as_they_are(gradients: ml.Gradients) -> ml.Gradients:
    """Return gradients that need no other layout."""
    return gradients


def fused(task: Task) -> Prepared:
    """Run `manual_lstm.forward` and `backward` as they are called, with all checks."""

    def run() -> ml.Gradients:
        tape = ml.forward(task.cell, task.params, task.xs, task.state0).tape
        return ml.backward(tape, task.dhs)

    return Prepared(run, as_they_are)


def stepwise(task: Task) -> Prepared:
    """Run the same by the readable steps of the cell."""
    quick = fused(task)

    def run() -> ml.Gradients:
        with by_steps():
            return quick.run()

    return Prepared(run, as_they_are)


def gate_by_gate(task: Task) -> Prepared:
    """Run the style that people write."""
    W, b = per_gate.split(task.params)

    def run() -> Any:
        _, caches = per_gate.forward(W, b, task.xs, *task.state0)
        return per_gate.backward(W, caches, task.dhs)

    return Prepared(run, lambda results: per_gate.gradients(*results))


def jax_scan(task: Task) -> Prepared:
    """Run ``jax.jit`` of ``jax.grad`` of a scan."""
    from reference.bench.jax_rivals import scan

    return scan(task)


def flax_rnn(task: Task) -> Prepared:
    """Run the cell and the scan of flax, differentiated and compiled by JAX."""
    from reference.bench.jax_rivals import flax

    return flax(task)


def torch_lstm(task: Task) -> Prepared:
    """Run ``torch.nn.LSTM`` and ``torch.autograd``."""
    from reference.bench.torch_rival import lstm

    return lstm(task)


def numba_lstm(task: Task) -> Prepared:
    """Run our LSTM compiled by numba."""
    from reference.frameworks.numba import CompiledLSTM

    cell: Any = CompiledLSTM(task.cell.input_size, task.cell.hidden_size)
    return fused(task._replace(cell=cell))


def is_compiled(size: Size) -> bool:
    """Return whether the compiled LSTM is anything else than ours at this size."""
    from reference.frameworks.numba import MOST

    return size.B * size.H**2 <= MOST


OURS = "manual_lstm"
RIVALS = (
    Rival(OURS, "`ml.forward` and `ml.backward`", fused),
    Rival("numba", "the same, compiled, for small sizes", numba_lstm, "numba", is_compiled),
    Rival("steps", "the same, by the readable steps", stepwise),
    Rival("per gate", "NumPy in the style that people write", gate_by_gate),
    Rival("jax", "`jax.jit(jax.grad(...))` of a `lax.scan`", jax_scan, "jax"),
    Rival("flax", "`flax.linen.RNN` of its `OptimizedLSTMCell`, compiled", flax_rnn, "flax"),
    Rival("torch", "`torch.nn.LSTM`", torch_lstm, "torch"),
)
