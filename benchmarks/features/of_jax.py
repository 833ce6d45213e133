"""What docs/features.md says of ``jax.test_util.check_grads`` and ``check_vjp``."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from features.claims import claim, raised, short
from jax._src.public_test_util import default_gradient_tolerance
from jax.test_util import check_grads, check_vjp

jax.config.update("jax_enable_x64", True)

TOOL = "check_grads"


def values(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape)


def product(a: Any, b: Any) -> Any:
    return np.asarray(a) * np.asarray(b)


def product_vjp(second: float = 1.0, noise: Any = None) -> Any:
    """Return (a, b) -> outputs and their backward, the gradient of b times `second`."""

    def vjp(a: Any, b: Any) -> Any:
        def backward(dy: Any) -> Any:
            wobble = 0 if noise is None else 1e-9 * noise.normal(size=a.shape)
            return dy * b + wobble, second * dy * a

        return a * b, backward

    return vjp


@claim(TOOL, "compares with", "differences, in one random direction")
def one_direction() -> str:
    seen = []

    def noted(a: Any) -> Any:
        seen.append(np.asarray(a))
        return np.sin(seen[-1])

    a = values(50)
    check_vjp(noted, lambda a: jax.vjp(jnp.sin, a), (a,))
    moved = [array - a for array in seen if np.abs(array - a).max() > 0]
    assert len(moved) == 2
    np.testing.assert_allclose(moved[0], -moved[1])
    assert np.all(moved[0] != 0)
    return "for 50 numbers the function is called at two more points, all moved at once, ±"


@claim(TOOL, "works on NumPy code as it is", "with `check_vjp`")
def numpy_code() -> str:
    said = raised(lambda: check_grads(product, (values(3), values(3)), 1, modes=("rev",)))
    check_vjp(product, product_vjp(), (values(3), values(3)))
    return f"check_vjp passes; check_grads: {short(said, 50)}"


@claim(TOOL, "tolerance", "by dtype and times the size, or yours")
def tolerance() -> str:
    by_dtype = {np.dtype(kind).name: tol for kind, tol in default_gradient_tolerance.items()}
    assert by_dtype["float32"] > by_dtype["float64"]
    assert {"atol", "rtol"} <= inspect.signature(check_grads).parameters.keys()
    # A gradient of 1000 numbers may be further off than one of 1, by 1000 times.
    check_vjp(lambda a: a, lambda a: (a, lambda dy: (dy + 1e-6,)), (np.ones(1000),))
    one = (np.ones(1),)
    raised(lambda: check_vjp(lambda a: a, lambda a: (a, lambda dy: (dy + 1e-2,)), one))
    return f"float32 {by_dtype['float32']:g}, float64 {by_dtype['float64']:g}"


@claim(TOOL, "single precision", "yes")
def single_precision() -> str:
    check_grads(jnp.tanh, (jnp.asarray(values(3), jnp.float32),), 1)
    return "a right gradient passes in float32"


@claim(TOOL, "draws sizes and values itself", "–")
def inputs_are_asked_for() -> str:
    assert inspect.signature(check_grads).parameters["args"].default is inspect.Parameter.empty
    return "`args` has no default"


def of_a_wrong_gradient() -> str:
    arguments = values(2, 3), values(2, 3)
    return raised(lambda: check_vjp(product, product_vjp(2.0), arguments))


@claim(TOOL, "names the wrong gradient", "–")
def names_no_gradient() -> str:
    said = of_a_wrong_gradient()
    assert "cotangent projection" in said
    assert not [word for word in ("argument", "input", "args[", "arg 1") if word in said.lower()]
    return short(said)


@claim(TOOL, "names gate, unit, row, time step", "–")
def one_number() -> str:
    said = of_a_wrong_gradient()
    assert "Mismatched elements: 1 / 1" in said
    return "Mismatched elements: 1 / 1: a single projection was compared"


@claim(TOOL, "names the line, and what it should be", "–")
@claim(TOOL, "proposes a fix that was run", "–")
def names_no_line() -> str:
    said = of_a_wrong_gradient()
    assert "line" not in said.lower()
    assert "second * dy" not in said
    return "no line and no code in the message"


@claim(TOOL, 'says "cannot tell" apart from "wrong"', "–")
def at_a_kink() -> str:
    said = raised(lambda: check_grads(jax.nn.relu, (np.zeros(2),), 1, modes=("rev",)))
    assert "Not equal to tolerance" in said
    return f"ReLU at 0: {short(said, 60)}"


@claim(TOOL, "notices changed arguments and shared memory", "–")
def changed_arguments() -> str:
    def greedy(a: Any, b: Any) -> Any:
        def backward(dy: Any) -> Any:
            gradients = dy * b, dy * a
            dy *= 1 + 1e-9  # what somebody else handed over
            np.multiply(a, 1 + 1e-9, out=a)
            return gradients

        return a * b, backward

    def sharing(a: Any, b: Any) -> Any:
        return a * b, lambda dy: (dy, dy)  # right where a = b = 1

    a = values(3)
    check_vjp(product, greedy, (a, values(3)))
    assert np.any(a != values(3))
    check_vjp(product, sharing, (np.ones(3), np.ones(3)))
    return "a backward that changes dy and an argument, and one that returns dy twice, pass"


@claim(TOOL, "notices an answer that changes", "–")
def changing_answers() -> str:
    noisy = product_vjp(noise=np.random.default_rng(0))
    check_vjp(product, noisy, (values(3), values(3)))
    return "a backward with noise of 1e-9 passes"


@claim(TOOL, "second derivatives", "`order`")
def second_derivatives() -> str:
    check_grads(jnp.tanh, (values(3),), order=2)
    return "passes for tanh"


@claim(TOOL, "forward mode", "`modes`")
def forward_mode() -> str:
    check_grads(jnp.tanh, (values(3),), 1, modes=("fwd",))
    return "passes for tanh"


@claim(TOOL, "operations of every kind", "yes")
def any_operation() -> str:
    check_grads(lambda a: jnp.sort(jnp.linalg.inv(a @ a.T + jnp.eye(3))), (values(3, 3),), 1)
    return "an inverse that is sorted passes"


@claim(TOOL, "needs", "JAX")
def needs() -> str:
    assert check_grads.__module__.startswith("jax")
    return f"it is {check_grads.__module__}.{check_grads.__name__}"
