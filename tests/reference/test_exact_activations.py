"""Activations as people write them, with plain 0 and 1 in them: proved, refuted, differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reference.debugger.running.dual import Dual, duals, real, tangents_of
from reference.debugger.running.tangents import dual_numpy
from reference.exact import prove

# Name -> (function, its derivative), of z and of y, the function's value.
ACTIVATIONS = {
    "sigmoid by the larger and the smaller one": (
        """
    up = 1 / (1 + np.exp(-np.maximum(z, 0)))
    down = np.exp(np.minimum(z, 0)) / (1 + np.exp(np.minimum(z, 0)))
    y = np.where(z > 0, up, down)""",
        "y * (1 - y)",
    ),
    "sigmoid by where": (
        """
    e = np.exp(-np.abs(z))
    y = np.where(z >= 0, 1, e) / (1 + e)""",
        "y * (1 - y)",
    ),
    "sigmoid of what is written into": (
        """
    a = z.copy()
    a[z > 0] = 0
    b = z.copy()
    b[z < 0] = 0
    y = np.exp(a) / (np.exp(a) + np.exp(-b))""",
        "y * (1 - y)",
    ),
    "sigmoid in place": (
        """
    a = np.minimum(z, 0)
    np.exp(a, out=a)
    b = np.maximum(z, 0)
    np.negative(b, out=b)
    np.exp(b, out=b)
    y = a / (a + b)""",
        "y * (1 - y)",
    ),
    "functions of a rectifier": (
        """
    y = np.tanh(np.maximum(0, z)) + np.log1p(np.fmax(z, 0))""",
        "(z > 0) * (1 - np.tanh(z) ** 2 + 1 / (1 + np.maximum(z, 0)))",
    ),
    "exponential of a hard sigmoid": (
        """
    y = np.exp(np.clip(0.2 * z + 0.5, 0, 1))""",
        "0.2 * y * ((z > -2.5) & (z < 2.5))",
    ),
    "softplus": (
        """
    y = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))""",
        "1 / (1 + np.exp(-z))",
    ),
    "logarithm of a sum of exponentials": (
        """
    m = np.maximum(z, 0)
    y = m + np.log(np.exp(z - m) + np.exp(0 - m))""",
        "np.exp(z) / (1 + np.exp(z))",
    ),
    "ELU": (
        """
    y = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))""",
        "np.where(z > 0, 1, y + 1)",
    ),
    "SELU by select": (
        """
    y = 1.5 * np.select([z > 0, z <= 0], [z, 2 * (np.exp(np.select([z < 0], [z])) - 1)])""",
        "1.5 * np.where(z > 0, 1, 2 * np.exp(np.minimum(z, 0)))",
    ),
    "GELU of what is clipped": (
        """
    c = np.clip(z, -1, 2)
    y = 0.5 * z * (1 + np.tanh(0.75 * c))""",
        "0.5 * (1 + np.tanh(0.75 * np.clip(z, -1, 2))) + 0.375 * z * ((z > -1) & (z < 2))"
        " * (1 - np.tanh(0.75 * np.clip(z, -1, 2)) ** 2)",
    ),
    "step function": (
        """
    y = np.exp(z * np.heaviside(z, 0))""",
        "np.heaviside(z, 0) * y",
    ),
    "symmetric logarithm": (
        """
    y = np.sign(z) * np.log1p(np.abs(z))""",
        "1 / (1 + np.abs(z))",
    ),
    "piecewise": (
        """
    y = np.piecewise(z, [z < 0, z >= 0], [np.exp, lambda z: 1 + z])
    y = np.tanh(np.maximum(y, 1))""",
        "(z > 0) * (1 - y ** 2)",
    ),
}  # fmt: skip

SOURCE = """
from typing import Any

import numpy as np
def activation(z):{function}
    return y
def loss(params, inputs):
    return np.sum(activation(inputs["x"] @ params["W"] + params["b"]) * inputs["r"])
def backward(params, inputs):
    z = inputs["x"] @ params["W"] + params["b"]
    y = activation(z)
    dz = inputs["r"] * {factor} * ({slope})
    return {{"W": inputs["x"].T @ dz, "b": dz.sum(0)}}
"""
RNG = np.random.default_rng(5)
PARAMS = {"W": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4)}
INPUTS = {"x": 2 * RNG.normal(size=(5, 3)), "r": RNG.normal(size=(5, 4))}


def program(name, factor="1"):
    function, slope = ACTIVATIONS[name]
    names: dict[str, Any] = {"__name__": "somebody"}
    source = SOURCE.format(function=function, slope=slope, factor=factor)
    exec(compile(source, "somebody.py", "exec"), names)
    return names["loss"], names["backward"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_right_one_is_proved_and_a_wrong_one_refuted(name):
    proof = prove(*program(name), PARAMS, INPUTS, trials=2)
    assert proof.verdict == "proved", proof
    assert prove(*program(name, "0.5"), PARAMS, INPUTS).verdict == "refuted"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_tangents_are_those_of_the_backward(name):
    loss, backward = program(name)
    tangent = np.eye(PARAMS["b"].size)
    params = {"W": duals(PARAMS["W"]), "b": duals(PARAMS["b"], tangent)}
    with dual_numpy(loss):
        value = loss(params, {key: duals(array) for key, array in INPUTS.items()})
    assert type(value) is Dual
    assert real(value) == pytest.approx(loss(PARAMS, INPUTS))
    expected = backward(PARAMS, INPUTS)["b"]
    np.testing.assert_allclose(tangents_of(value, 4)[0], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "of"),
    [("expit", "special.expit(z)"), ("log_expit", "special.log_expit(z)"),
     ("softmax", "special.softmax(z, axis=1)"), ("logsumexp", "special.logsumexp(z, axis=1)"),
     ("log_softmax", "special.log_softmax(z, axis=-1)")],
)  # fmt: skip
def test_tangents_go_through_scipys_functions(name, of):
    special = pytest.importorskip("scipy.special", reason="SciPy is not among our dependencies")
    names: dict[str, Any] = {"special": special, "np": np}
    exec(f"def f(z):\n    return np.sum(({of}) ** 2)", names)
    z = RNG.normal(size=(3, 4))
    before, given = getattr(special, name), duals(z, np.eye(z.size))
    with dual_numpy(names["f"]):
        value = names["f"](given)
    assert getattr(special, name) is before
    slope = tangents_of(value, z.size)[0]
    for k, step in enumerate(1e-5 * np.eye(z.size)):
        ahead, behind = names["f"](z + step.reshape(z.shape)), names["f"](z - step.reshape(z.shape))
        assert slope[k] == pytest.approx((ahead - behind) / 2e-5, rel=1e-6, abs=1e-9)
