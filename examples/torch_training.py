"""Train in torch with the verified backward: a bit that has to be remembered.

Each sequence begins with +1 or -1, noise follows, and the sign of the first input is asked for at
the end. Optimiser, output layer and loss are torch's; the LSTM is manual_lstm's, forward and
backward. Needs torch: ``pip install torch``, then ``python examples/torch_training.py``.
"""

import torch

import manual_lstm as ml
from reference.frameworks.torch import parameters, recurrence

T, B, D, H = 20, 32, 1, 16


def batch(generator):
    """Return inputs (T, B, D) and the sign that each began with (B,), as 0 or 1."""
    xs = 0.3 * torch.randn(T, B, D, dtype=torch.float64, generator=generator)
    targets = torch.randint(0, 2, (B,), generator=generator)
    xs[0, :, 0] = 2.0 * targets - 1
    return xs, targets


def train(steps=100, seed=0):
    """Return the loss of every step, in nats."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # of the output layer
    cell = ml.LSTM(input_size=D, hidden_size=H)
    params = parameters(cell, seed=seed)
    output = torch.nn.Linear(H, 2, dtype=torch.float64)
    optimiser = torch.optim.Adam([*params, *output.parameters()], lr=0.01)
    losses = []
    for _ in range(steps):
        xs, targets = batch(generator)
        _, state_T = recurrence(cell, params, xs)
        loss = torch.nn.functional.cross_entropy(output(state_T.h), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    for step, loss in enumerate(train()):
        if step % 20 == 19:
            print(f"step {step + 1:3d}: {loss:.4f} nats")
