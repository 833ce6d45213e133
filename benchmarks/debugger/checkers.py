"""What other gradient checkers say of a program: torch, JAX and HIPS autograd, at their defaults.

Each is given what its own documentation asks for: loss and backward wrapped as a
`torch.autograd.Function`, as a pair ``(f, f_vjp)``, as a primitive with ``defvjp``. The arguments
are the float parameters, and the float inputs for which the right program has a gradient. A
gradient that the backward leaves out is zero for those who use it, and is handed on as such.
"""

from __future__ import annotations

import re
import time
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import load
from timebox import TimeUpError, limit

SECONDS = 60.0

_STEP = re.compile(r"\b(?:time[ -]?step|step|t)\s*=?\s*\d+\b")
_LINE = re.compile(r"\bline\s+\d+\b|\.py:\d+")
_INPUT = re.compile(r"(?:with respect to|wrt|for) input (\d+)|invalid gradient at index (\d+)")


@dataclass(frozen=True)
class Answer:
    """What a checker said.

    Attributes
    ----------
    outcome
        ``"passed"``; ``"mismatch"``: its own complaint about the gradient; ``"raised"``: an
        exception from within the program, which it handed on; ``"refused"``: another exception, of
        its own, as for a gradient of the wrong shape; ``"no answer"``: not within the time.
    gradient
        The name of the argument that its message names.
    step, line
        Whether its message names a time step, or a line of the program.
    """

    outcome: str
    message: str
    gradient: str | None
    step: bool
    line: bool
    seconds: float

    @property
    def detected(self) -> bool:
        """Whether whoever asked has been told that something is wrong."""
        return self.outcome in ("mismatch", "raised", "refused")


class Wrapped:
    """A program as a function of the arrays `arguments`, by position."""

    def __init__(self, source: str, names: Sequence[str]) -> None:
        self.module: types.ModuleType = load(source)
        self.params, self.inputs = self.module.example(np.random.default_rng(0))
        self.names = names
        self.arguments = [{**self.inputs, **self.params}[name] for name in names]

    def _groups(self, arrays: Sequence[np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
        given = dict(zip(self.names, arrays, strict=True))
        params = {name: given.get(name, value) for name, value in self.params.items()}
        inputs = {
            name: value if name in self.params else given.get(name, value)
            for name, value in self.inputs.items()
        }
        return params, inputs

    def loss(self, *arrays: np.ndarray) -> float:
        """Return the loss at `arrays`."""
        return float(self.module.loss(*self._groups(arrays)))

    def backward(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """Return the gradients at `arrays`, in their order."""
        gradients = dict(self.module.backward(*self._groups(arrays)))
        return [
            np.asarray(gradients.get(name, np.zeros_like(array)))
            for name, array in zip(self.names, arrays, strict=True)
        ]


def torch_slow(wrapped: Wrapped, fast_mode: bool = False) -> None:
    """Check the whole Jacobian by central differences."""
    import torch

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.tensor(
                wrapped.loss(*(tensor.detach().numpy() for tensor in tensors)), dtype=torch.float64
            )

        @staticmethod
        def backward(ctx: Any, dloss: Any) -> Any:
            gradients = wrapped.backward(*(tensor.detach().numpy() for tensor in ctx.saved_tensors))
            return tuple(dloss * torch.as_tensor(gradient) for gradient in gradients)

    tensors = tuple(torch.tensor(array, requires_grad=True) for array in wrapped.arguments)
    torch.autograd.gradcheck(Loss.apply, tensors, fast_mode=fast_mode)


def torch_fast(wrapped: Wrapped) -> None:
    """Check one random projection of each Jacobian."""
    torch_slow(wrapped, fast_mode=True)


def jax_check_vjp(wrapped: Wrapped) -> None:
    """Check along one direction, the same each time."""
    import jax
    from jax.test_util import check_vjp

    jax.config.update("jax_enable_x64", True)  # else it compares with the tolerance of float32

    def loss(*arrays: np.ndarray) -> np.ndarray:
        return np.asarray(wrapped.loss(*arrays))

    def loss_and_vjp(*arrays: np.ndarray) -> tuple[np.ndarray, Callable[..., Any]]:
        return loss(*arrays), lambda dloss: tuple(dloss * g for g in wrapped.backward(*arrays))

    check_vjp(loss, loss_and_vjp, tuple(wrapped.arguments))


def hips_check_grads(wrapped: Wrapped) -> None:
    """Check along one random direction of all arguments."""
    from autograd.extend import defvjp_argnums, primitive
    from autograd.test_util import check_grads

    @primitive
    def loss(*arrays: np.ndarray) -> float:
        return wrapped.loss(*arrays)

    def vjp(argnums: Sequence[int], ans: float, args: Any, kwargs: Any) -> Callable[..., Any]:
        gradients = wrapped.backward(*args)
        return lambda dloss: [dloss * gradients[k] for k in argnums]

    defvjp_argnums(loss, vjp)
    np.random.seed(0)  # noqa: NPY002, it draws from the global generator
    everything = tuple(range(len(wrapped.arguments)))  # argument 0 alone, unless one asks
    check_grads(loss, argnum=everything, modes=["rev"], order=1)(*wrapped.arguments)


CHECKERS: dict[str, Callable[[Wrapped], None]] = {
    "torch": torch_slow,
    "torch, fast": torch_fast,
    "jax": jax_check_vjp,
    "autograd": hips_check_grads,
}


def ask(checker: Callable[[Wrapped], None], source: str, names: Sequence[str]) -> Answer:
    """Ask one checker about one program, loaded afresh."""
    wrapped = Wrapped(source, names)
    started = time.perf_counter()
    outcome, message = "passed", ""
    try:
        with limit(SECONDS), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            checker(wrapped)
    except TimeUpError:
        outcome = "no answer"
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        outcome = _outcome(error, wrapped.module)
    seconds = time.perf_counter() - started
    own = message if outcome in ("mismatch", "refused") else ""
    named = _INPUT.search(own)
    return Answer(
        outcome,
        message,
        names[int(named[1] or named[2])] if named else None,
        bool(_STEP.search(own)),
        bool(_LINE.search(own)),
        seconds,
    )


def _outcome(error: Exception, module: types.ModuleType) -> str:
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == module.__file__:
            return "raised"
        traceback = traceback.tb_next
    complaints = ("GradcheckError", "AssertionError")
    return "mismatch" if type(error).__name__ in complaints else "refused"
