"""What docs/features.md says of ``torch.autograd.gradcheck``."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import torch
from features.claims import claim, raised, short
from torch.autograd import gradcheck, gradgradcheck

TOOL = "gradcheck"


def x(*shape: int, dtype: Any = None) -> Any:
    """Return a tensor that asks for its gradient."""
    values = np.random.default_rng(0).normal(size=shape)
    return torch.tensor(values, dtype=dtype or torch.float64, requires_grad=True)


def in_numpy(backward: Any) -> Any:
    """Return y = a * b, computed in NumPy, with this backward, as a function of torch."""

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.arrays = a.detach().numpy(), b.detach().numpy()
            return torch.from_numpy(ctx.arrays[0] * ctx.arrays[1])

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            return tuple(map(torch.from_numpy, backward(*ctx.arrays, dy.numpy())))

    return Product.apply


def right(a: Any, b: Any, dy: Any) -> Any:
    return dy * b, dy * a


def second_wrong(a: Any, b: Any, dy: Any) -> Any:
    return dy * b, 2 * dy * a


@claim(TOOL, "compares with", "central differences")
def central_differences() -> str:
    seen = []

    def square(a: Any) -> Any:
        seen.append(float(a.detach()))
        return a * a

    a = x()
    assert gradcheck(square, (a,))
    steps = {round((value - a.item()) / 1e-6) for value in seen}
    assert {-1, 0, 1} == steps, steps
    return "the function is called at x - 1e-6 and x + 1e-6"


@claim(TOOL, "works on NumPy code as it is", "wrapped in a `Function`")
def wrapped() -> str:
    said = raised(lambda: gradcheck(np.multiply, (x(3), x(3))))
    assert gradcheck(in_numpy(right), (x(3), x(3)))
    return f"as it is: {short(said, 60)}; wrapped: passes"


@claim(TOOL, "tolerance", "`atol=1e-5`, `rtol=1e-3`")
def tolerance() -> str:
    given = inspect.signature(gradcheck).parameters
    assert (given["atol"].default, given["rtol"].default) == (1e-5, 1e-3)
    return "the defaults of its signature"


@claim(TOOL, "single precision", "documented as likely to fail")
def single_precision() -> str:
    assert "likely fail" in gradcheck.__doc__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = raised(lambda: gradcheck(torch.tanh, (x(3, dtype=torch.float32),)))
    return f"a right gradient fails in float32: {short(said, 50)}"


@claim(TOOL, "draws sizes and values itself", "–")
def inputs_are_asked_for() -> str:
    given = inspect.signature(gradcheck).parameters["inputs"]
    assert given.default is inspect.Parameter.empty
    return "`inputs` has no default"


def of_a_wrong_gradient() -> str:
    return raised(lambda: gradcheck(in_numpy(second_wrong), (x(2, 3), x(2, 3))))


@claim(TOOL, "names the wrong gradient", "yes, by its number")
def names_the_gradient() -> str:
    said = of_a_wrong_gradient()
    assert "with respect to input 1" in said
    return short(said)


@claim(TOOL, "names gate, unit, row, time step", "–")
def shows_matrices() -> str:
    said = of_a_wrong_gradient()
    assert "numerical:tensor" in said
    assert "analytical:tensor" in said
    assert not [word for word in ("gate", "unit", "row", "step", "index") if word in said.lower()]
    return "both Jacobians as matrices, no place in words"


@claim(TOOL, "names the line, and what it should be", "–")
@claim(TOOL, "proposes a fix that was run", "–")
def names_no_line() -> str:
    said = of_a_wrong_gradient()
    assert "second_wrong" not in said
    assert "line" not in said.lower()
    assert "dy * a" not in said
    return "no line and no code in the message"


@claim(TOOL, 'says "cannot tell" apart from "wrong"', "–")
def at_a_kink() -> str:
    kink = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    said = raised(lambda: gradcheck(torch.relu, (kink,)))
    assert "Jacobian mismatch" in said
    return f"ReLU at 0: {short(said, 60)}"


@claim(TOOL, "notices changed arguments and shared memory", "–")
def changed_arguments() -> str:
    def greedy(a: Any, b: Any, dy: Any) -> Any:
        gradients = dy * b, dy * a
        dy *= 2  # what somebody else handed over
        return gradients

    def sharing(a: Any, b: Any, dy: Any) -> Any:
        return dy, dy  # right where a = b = 1

    assert gradcheck(in_numpy(greedy), (x(3), x(3)))
    ones = [torch.ones(3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert gradcheck(in_numpy(sharing), ones)
    assert "overlapping memory" in gradcheck.__doc__
    return "a backward that doubles dy, and one that returns dy itself twice, pass"


@claim(TOOL, "notices an answer that changes", "`nondet_tol`")
def changing_answers() -> str:
    rng = np.random.default_rng(0)

    def noisy(a: Any, b: Any, dy: Any) -> Any:
        return dy * b + 1e-9 * rng.normal(size=3), dy * a

    said = raised(lambda: gradcheck(in_numpy(noisy), (x(3), x(3))))
    assert "not reentrant" in said
    return short(said[said.index("Backward") :] if "Backward" in said else said)


@claim(TOOL, "second derivatives", "`gradgradcheck`")
def second_derivatives() -> str:
    assert gradgradcheck(torch.tanh, (x(3),))
    return "passes for tanh"


@claim(TOOL, "forward mode", "`check_forward_ad`")
def forward_mode() -> str:
    assert gradcheck(torch.tanh, (x(3),), check_forward_ad=True)
    return "passes for tanh"


@claim(TOOL, "operations of every kind", "yes")
def any_operation() -> str:
    assert gradcheck(lambda a: torch.linalg.inv(a @ a.T + torch.eye(3)).sort().values, (x(3, 3),))
    return "an inverse that is sorted passes"


@claim(TOOL, "needs", "torch")
def needs() -> str:
    said = raised(lambda: gradcheck(np.sin, (np.ones(2),)))
    return f"NumPy arrays are refused: {short(said, 70)}"
