"""A recurrence that torch differentiates by the hand-written backward, in NumPy on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]  # linted without the peers, too
from torch.autograd.function import (  # pyright: ignore[reportMissingImports]
    once_differentiable,
)

import manual_lstm as ml
from manual_lstm import checks
from manual_lstm.trees import leaves, named_leaves, tree_map


def recurrence(
    cell: Any,
    params: Any,
    xs: torch.Tensor,
    state0: Any = None,
    lengths: torch.Tensor | None = None,
) -> tuple[torch.Tensor, Any]:
    """Run a cell over a batch of sequences, as a function of torch.

    Parameters
    ----------
    cell : Cell
        Such as ``manual_lstm.LSTM(input_size=D, hidden_size=H)``, or a cell of your own.
    params : NamedTuple of tensors
        In the layout of manual_lstm; `parameters` draws them.
    xs : tensor, (T, B, D), or (T, B) integers
    state0 : NamedTuple of tensors, optional
    lengths : (B,) integer tensor, optional

    Returns
    -------
    hs : tensor, (T, B, H)
    state_T : like state0

    Raises
    ------
    ValueError, TypeError
        For a tensor that is not on the CPU, and for all that `manual_lstm.forward` refuses.

    Notes
    -----
    Gradients flow to params, xs and state0. They cannot be differentiated again: torch says so.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> cell = ml.LSTM(input_size=3, hidden_size=4)
    >>> params = parameters(cell, seed=0)
    >>> hs, state_T = recurrence(cell, params, torch.ones(5, 2, 3, dtype=torch.float64))
    >>> hs.sum().backward()
    >>> params.W_h.grad.shape
    torch.Size([4, 16])
    """
    checks_of_tensors({"params": params, "xs": xs, "state0": state0, "lengths": lengths})
    if state0 is None:
        like = leaves(params)[0]
        zeros = cell.init_state(xs.shape[1] if xs.ndim > 1 else 0, _numpy(like).dtype)
        state0 = tree_map(torch.from_numpy, zeros)
    trees = {"params": params, "state0": state0}
    run = Run(cell, trees, None if lengths is None else _numpy(lengths))
    hs, *parts = Recurrence.apply(run, xs, *leaves(trees))
    return hs, refilled(state0, parts)


def parameters(cell: Any, seed: int = 0, dtype: torch.dtype = torch.float64) -> Any:
    """Return the first weights of a cell as tensors that ask for their gradient.

    Parameters
    ----------
    cell : Cell
    seed : int
    dtype : torch.dtype
        ``torch.float64`` or ``torch.float32``.
    """
    kind = _numpy(torch.empty(0, dtype=dtype)).dtype
    drawn = cell.init_params(np.random.default_rng(seed), kind)
    return tree_map(lambda array: torch.from_numpy(array).requires_grad_(), drawn)


class Recurrent(torch.nn.Module):
    """A cell as a module of torch: its first weights are the module's parameters.

    Parameters
    ----------
    cell : Cell or Layer
    seed : int
    dtype : torch.dtype

    Examples
    --------
    >>> import manual_lstm as ml
    >>> module = Recurrent(ml.LSTM(input_size=3, hidden_size=4))
    >>> [name for name, _ in module.named_parameters()]
    ['W_x', 'W_h', 'b']
    >>> hs, state_T = module(torch.ones(5, 2, 3, dtype=torch.float64))
    """

    def __init__(self, cell: Any, seed: int = 0, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.cell = cell
        self._like = parameters(cell, seed, dtype)
        # In a stack a name has dots, which torch keeps for modules: 0.W_x is 0_W_x.
        for name, tensor in named_leaves(self._like).items():
            self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(tensor.detach()))

    @property
    def params(self) -> Any:
        """The parameters as the cell has them; a NamedTuple, or a tree of them."""
        return refilled(self._like, list(self.parameters()))

    def forward(
        self, xs: torch.Tensor, state0: Any = None, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, Any]:
        """Return hs and the final state, as `recurrence` does."""
        return recurrence(self.cell, self.params, xs, state0, lengths)


class Run:
    """One run: what is not a tensor to be differentiated, and the tape of the forward."""

    def __init__(self, cell: Any, trees: dict[str, Any], lengths: np.ndarray | None) -> None:
        self.cell = cell
        self.trees = trees
        self.lengths = lengths
        self.tape: Any = None


class Recurrence(torch.autograd.Function):
    """`manual_lstm.forward` and `manual_lstm.backward` as an operation of torch."""

    @staticmethod
    def forward(ctx: Any, run: Run, xs: torch.Tensor, *flat: torch.Tensor) -> Any:
        """Return hs and the leaves of the final state."""
        trees = refilled(run.trees, [_numpy(tensor) for tensor in flat])
        hs, state_T, run.tape = ml.forward(
            run.cell, trees["params"], _numpy(xs), trees["state0"], run.lengths
        )
        ctx.run = run
        ctx.save_for_backward(xs, *flat)  # torch then notices a tensor that is changed in between
        return tuple(torch.from_numpy(array) for array in (hs, *leaves(state_T)))

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *cotangents: torch.Tensor
    ) -> Any:
        """Return the gradients of xs and of the leaves of params and state0."""
        _ = ctx.saved_tensors
        run = ctx.run
        dhs, *dparts = (np.ascontiguousarray(_numpy(tensor)) for tensor in cotangents)
        dstate_T = refilled(run.trees["state0"], dparts)
        dparams, dxs, dstate0 = ml.backward(run.tape, dhs, dstate_T)
        flat = leaves({"params": dparams, "state0": dstate0})
        return (
            None,
            None if dxs is None else torch.from_numpy(dxs),
            *(torch.from_numpy(array) for array in flat),
        )


def checks_of_tensors(trees: dict[str, Any]) -> None:
    """Refuse what is no tensor, and tensors that NumPy cannot see."""
    for name, tensor in named_leaves(trees).items():
        if not isinstance(tensor, torch.Tensor):
            has = f"type {type(tensor).__name__}"
            hint = f"pass torch.from_numpy({name})" if isinstance(tensor, np.ndarray) else None
            checks.fail(name, has, "a torch tensor", "torch differentiates the recurrence",
                        hint=hint, error=TypeError)  # fmt: skip
        if tensor.device.type != "cpu":
            checks.fail(name, f"device {tensor.device}", "on the CPU", "NumPy computes there",
                        hint=f"pass {name}.cpu()")  # fmt: skip
        if tensor.dtype not in (torch.float64, torch.float32) and tensor.is_floating_point():
            checks.fail(name, f"dtype {tensor.dtype}", "torch.float64 or torch.float32",
                        "the backward is verified in these", error=TypeError)  # fmt: skip


def refilled(tree: Any, flat: list[Any]) -> Any:
    """Return a tree like `tree` whose leaves are `flat`, in the order of `leaves`."""
    rest = iter(flat)
    fill: Callable[[Any], Any] = lambda _: next(rest)  # noqa: E731
    return tree_map(fill, tree)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    """Return the tensor's own memory as a NumPy array."""
    return tensor.detach().numpy()
