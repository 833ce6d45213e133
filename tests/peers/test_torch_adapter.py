"""The hand-written backward as a function that torch differentiates and trains with."""

from __future__ import annotations

import doctest
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

import manual_lstm as ml
from manual_lstm import layouts
from manual_lstm.trees import leaves, tree_map
from reference import Case, draw
from reference.frameworks import torch as adapter
from reference.frameworks.torch import Recurrent, parameters, recurrence

pytestmark = pytest.mark.peers
CASES = {
    "ragged": Case(T=4, B=3, D=2, H=5),
    "whole": Case(T=4, B=3, D=2, H=5, ragged=False),
    "indices": Case(T=4, B=3, D=2, H=5, index_inputs=True),
    "sizes of one": Case(T=1, B=1, D=1, H=1, ragged=False),
}


def variable(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.copy()).requires_grad_(array.dtype.kind == "f")


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_own_gradcheck_of_torch_passes(case, bias):
    problem = draw(ml.LSTM(case.D, case.H, bias=bias), case)
    params, state0 = tree_map(variable, (problem.params, problem.state0))
    lengths = None if problem.lengths is None else torch.from_numpy(problem.lengths)

    def run(xs, *flat):
        some, others = flat[: len(leaves(params))], flat[len(leaves(params)) :]
        hs, state_T = recurrence(
            problem.cell,
            adapter.refilled(params, list(some)),
            xs,
            adapter.refilled(state0, list(others)),
            lengths,
        )
        return hs, *state_T

    arguments = (variable(problem.xs), *leaves(params), *leaves(state0))
    assert torch.autograd.gradcheck(run, arguments)


def test_own_gradcheck_of_torch_can_fail():
    class Slip(ml.LSTM):
        def step_backward(self, params, cache, dstate):
            dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
            return dparams, dstate_prev._replace(c=dstate.c + dstate_prev.c), dx

    params = parameters(Slip(2, 3), seed=0)
    xs = torch.ones(4, 2, 2, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(
            lambda *flat: recurrence(Slip(2, 3), ml.LSTMParams(*flat), xs)[0], tuple(params)
        )


@pytest.mark.parametrize(
    "model",
    [
        ml.GRU(3, 4),
        ml.LSTMP(3, 4, projection_size=2),
        ml.Stack((ml.Bidirectional(ml.LSTM(3, 4)), ml.LSTM(8, 5))),
    ],
    ids=lambda model: type(model).__name__,
)
def test_other_cells_and_layers(model):
    params = parameters(model, seed=1)
    xs = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([5, 3])
    hs, _ = recurrence(model, params, xs, lengths=lengths)
    hs.backward(2 * hs)
    plain = tree_map(lambda part: part.detach().numpy(), params)
    outputs, _, tape = ml.forward(model, plain, xs.detach().numpy(), lengths=lengths.numpy())
    gradients = ml.backward(tape, 2 * outputs)
    np.testing.assert_array_equal(xs.grad.numpy(), gradients.xs)
    for part, gradient in zip(leaves(params), leaves(gradients.params), strict=True):
        np.testing.assert_array_equal(part.grad.numpy(), gradient)


def test_module_has_parameters_and_a_state_dict(tmp_path):
    model = ml.Stack((ml.LSTM(3, 4), ml.GRU(4, 5)))
    module = Recurrent(model, seed=1)
    names = [name for name, _ in module.named_parameters()]
    assert names[:4] == ["0_W_x", "0_W_h", "0_b", "1_W_x"]
    xs = torch.ones(4, 2, 3, dtype=torch.float64)
    hs, state_T = module(xs, lengths=torch.tensor([4, 2]))
    (hs.sum() + state_T[0].c.sum()).backward()
    assert all(weight.grad is not None for weight in module.parameters())
    other = Recurrent(model, seed=2)
    assert not torch.equal(other(xs)[0], module(xs)[0])
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(xs)[0], module(xs)[0])


def losses_in_training(run, weights, head, xs, targets, steps):
    """Return the loss of each step of Adam."""
    optimizer = torch.optim.Adam([*weights, *head.parameters()], lr=0.01)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(head(run(xs)).flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_training_gives_the_losses_of_torch():
    T, B, D, H, K, steps = 12, 4, 5, 8, 6, 60
    cell = ml.LSTM(D, H)
    params = parameters(cell, seed=0)
    module = torch.nn.LSTM(D, H, dtype=torch.float64)
    weights = layouts.to_torch(tree_map(lambda part: part.detach().numpy(), params))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    module.bias_hh_l0.requires_grad_(False)  # one bias is trained, as in ours

    torch.manual_seed(0)
    xs = torch.randn(T, B, D, dtype=torch.float64)
    targets = torch.randint(0, K, (T, B))
    heads = [torch.nn.Linear(H, K, dtype=torch.float64) for _ in range(2)]
    heads[1].load_state_dict(heads[0].state_dict())
    trained = [weight for weight in module.parameters() if weight.requires_grad]

    def by_hand(xs):
        return recurrence(cell, params, xs)[0]

    def by_torch(xs):
        return module(xs)[0]

    manual = losses_in_training(by_hand, params, heads[0], xs, targets, steps)
    theirs = losses_in_training(by_torch, trained, heads[1], xs, targets, steps)
    assert manual[-1] < 0.7 * manual[0]
    np.testing.assert_allclose(manual, theirs, rtol=1e-12)


def test_single_precision():
    params = parameters(ml.LSTM(3, 4), dtype=torch.float32)
    hs, _ = recurrence(ml.LSTM(3, 4), params, torch.ones(5, 2, 3))
    hs.sum().backward()
    assert params.W_x.grad.dtype == torch.float32


def test_second_derivatives_are_refused():
    params = parameters(ml.LSTM(3, 4))
    hs, _ = recurrence(ml.LSTM(3, 4), params, torch.ones(5, 2, 3, dtype=torch.float64))
    (first,) = torch.autograd.grad((hs**2).sum(), params.W_h, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_a_parameter_that_was_changed_before_the_backward_is_noticed():
    params = parameters(ml.LSTM(3, 4))
    hs, _ = recurrence(ml.LSTM(3, 4), params, torch.ones(5, 2, 3, dtype=torch.float64))
    with torch.no_grad():
        params.W_h.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        hs.sum().backward()


REFUSED = {
    "another device": (
        lambda xs: torch.ones(5, 2, 3, device="meta"),
        ValueError,
        "xs has device meta, but must be on the CPU, because NumPy computes there.",
    ),
    "half precision": (
        lambda xs: xs.half(),
        TypeError,
        "xs has dtype torch.float16, but must be torch.float64 or torch.float32",
    ),
    "no tensor": (
        lambda xs: xs.numpy(),
        TypeError,
        "xs has type ndarray, but must be a torch tensor",
    ),
    "another size": (
        lambda xs: xs[..., :2],
        ValueError,
        r"xs has shape \(5, 2, 2\), but must be \(T, B, D\) = \(5, 2, 3\)",
    ),
    "another precision": (lambda xs: xs.float(), TypeError, "xs has dtype float32, but must be"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused(case):
    change, error, message = REFUSED[case]
    params = parameters(ml.LSTM(3, 4))
    with pytest.raises(error, match=message):
        recurrence(ml.LSTM(3, 4), params, change(torch.ones(5, 2, 3, dtype=torch.float64)))


def test_the_example_learns():
    path = Path(__file__).parents[2] / "examples" / "torch_training.py"
    losses = runpy.run_path(str(path))["train"](steps=50)
    assert losses[0] > 0.5
    assert losses[-1] < 0.05


def test_the_examples_run():
    assert doctest.testmod(adapter).failed == 0
