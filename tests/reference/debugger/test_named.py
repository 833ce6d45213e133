"""Weights in lists, tuples, records, nested dicts, and any inputs can be asked about."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from reference.debugger.debug import debug
from reference.debugger.running.named import by_name


class Pair(NamedTuple):
    W: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Record:
    W: Any
    b: Any


PUT = {  # how somebody keeps a matrix and a bias, and what the gradients are called then
    "tuple": (lambda W, b: (W, b), lambda p: p, ["params[0]", "params[1]"]),
    "list": (lambda W, b: [W, b], lambda p: p, ["params[0]", "params[1]"]),
    "named tuple": (Pair, lambda p: p, ["W", "b"]),
    "dataclass": (Record, lambda p: (p.W, p.b), ["W", "b"]),
    "layers": (lambda W, b: [(W, b)], lambda p: p[0], ["params[0][0]", "params[0][1]"]),
    "nested": (
        lambda W, b: {"rnn": {"W": W}, "out": [b]},
        lambda p: (p["rnn"]["W"], p["out"][0]),
        ["rnn.W", "out[0]"],
    ),
    "vector": (
        lambda W, b: np.concatenate([W.ravel(), b]),
        lambda p: (p[:6].reshape(2, 3), p[6:]),
        ["params"],
    ),
}
INPUTS = {
    "dict": (lambda xs: {"xs": xs}, lambda i: i["xs"]),
    "tuple": (lambda xs: (xs, 3), lambda i: i[0]),
    "array": (lambda xs: xs, lambda i: i),
    "object": (lambda xs: SimpleNamespace(xs=xs), lambda i: i.xs),
}


def question(kept, given, factor):
    put, taken, names = PUT[kept]
    hand, read = INPUTS[given]

    def loss(params, inputs):
        W, b = taken(params)
        return np.sum(np.tanh(read(inputs) @ W.T + b) ** 2)

    def backward(params, inputs):
        W, b = taken(params)
        y = np.tanh(read(inputs) @ W.T + b)
        da = 2 * y * (1 - y**2) * factor
        return put(da.T @ read(inputs), np.sum(da, axis=0))

    def example(rng):
        n = rng.integers(2, 5)
        return put(rng.normal(size=(2, 3)), rng.normal(size=2)), hand(rng.normal(size=(n, 3)))

    return loss, backward, example, names


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("kept", PUT)
def test_gradients_are_named_after_their_places(kept, given):
    loss, backward, example, names = question(kept, given, 1.0)
    params, inputs = example(np.random.default_rng(3))
    asked = by_name(loss, backward, params, inputs)
    assert list(asked.params) == names
    assert asked.loss(asked.params, asked.inputs) == loss(params, inputs)
    assert list(asked.backward(asked.params, asked.inputs)) == names
    drawn, others = asked.named(example(np.random.default_rng(4)))
    assert list(drawn) == names
    assert others.keys() == asked.inputs.keys()


@pytest.mark.parametrize(
    ("kept", "given"),
    [("tuple", "array"), ("nested", "tuple"), ("vector", "object"), ("dataclass", "dict")],
)
@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "right"), (0.5, "wrong")])
def test_they_are_debugged_like_dicts(kept, given, factor, verdict):
    loss, backward, example, names = question(kept, given, factor)
    found = debug(loss, backward, *example(np.random.default_rng(3)), example=example, seconds=8)
    assert found.verdict == verdict
    assert sorted(found.wrong if factor != 1 else found.right) == sorted(names)


def test_an_example_may_do_without_a_generator():
    loss, backward, example, _ = question("list", "array", 1.0)
    given = example(np.random.default_rng(3))
    found = debug(loss, backward, *given, example=lambda: given, seconds=8)
    assert found.verdict == "right"
    assert not any("example" in reason for reason in found.reasons)


@pytest.mark.parametrize("kind", [SimpleNamespace, Record])
@pytest.mark.parametrize("changes", [False, True])
def test_records_of_arrays_are_changed_only_if_they_are(kind, changes):
    loss, backward, example, _ = question("tuple", "dict", 1.0)

    def changing(params, inputs):
        found = backward(params, inputs)
        inputs["more"].b[:] += changes
        return found

    params, inputs = example(np.random.default_rng(3))
    inputs["more"] = kind(W=1, b=np.ones(2))
    found = debug(loss, changing, params, inputs, seconds=8)
    assert ("argument changed" in {s.kind for s in found.suspects}) == changes
    assert found.verdict == ("wrong" if changes else "right")


def test_what_is_a_dict_of_arrays_stays_what_it_is():
    given = max, min, {"W": np.ones(2)}, {"x": 1}
    assert all(a is b for a, b in zip(by_name(*given), given, strict=False))
