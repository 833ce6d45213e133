"""Arrays of real sizes: the line is looked for at smaller ones, and the fix tried at these."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.searching.sizes import smaller_sizes
from reference.debugger.searching.smaller import resized, shrunk

WITH_ITS_OWN_SIZES = """\
import numpy as np

vocabulary, hidden, steps = 29, 50, 20
settings = {"hidden": hidden}


class Net:
    def __init__(self, units):
        self.units = units


net = Net(hidden)


def run(params, inputs):
    hs, ps, total = {-1: np.zeros((settings["hidden"], 1))}, {}, 0.0
    xs = {}
    for t in range(steps):
        xs[t] = np.zeros((vocabulary, 1))
        xs[t][inputs["ids"][t]] = 1
        hs[t] = np.tanh(params["U"] @ xs[t] + params["W"] @ hs[t - 1] + params["b"])
        logits = params["V"] @ hs[t]
        ps[t] = np.exp(logits) / np.sum(np.exp(logits))
        total -= np.log(ps[t][inputs["targets"][t], 0])
    return xs, hs, ps, total


def loss(params, inputs):
    return run(params, inputs)[3]


def backward(params, inputs):
    xs, hs, ps, _ = run(params, inputs)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    carry = np.zeros((net.units, 1))
    for t in reversed(range(steps)):
        dy = np.copy(ps[t])
        dy[inputs["targets"][t]] -= 1
        grads["V"] += dy @ hs[t].T
        dz = (1 - hs[t] ** 2) * (params["V"].T @ dy + carry)
        grads["U"] += dz @ xs[t].T
        grads["W"] += dz @ hs[t - 1].T
        grads["b"] += dz
        carry = params["W"].T @ dz
    return grads


def example(rng):
    small = {"U": (hidden, vocabulary), "W": (hidden, hidden), "b": (hidden, 1),
             "V": (vocabulary, hidden)}
    params = {name: 0.1 * rng.normal(size=shape) for name, shape in small.items()}
    ids = rng.integers(0, vocabulary, steps + 1)
    return params, {"ids": ids[:-1], "targets": ids[1:]}
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("(1 - hs[t] ** 2)", "(1 - hs[t])", 40),
        ('carry = params["W"].T @ dz', 'carry = params["W"] @ dz', 44),
    ],
)
def test_a_mistake_in_a_program_of_real_size_is_found_and_mended(tmp_path, old, new, line):
    source = WITH_ITS_OWN_SIZES.replace(old, new)
    made = loaded(source, tmp_path)
    found = debugged(made, seconds=60.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].line == line
    assert "at smaller sizes, and the given ones" in found.fixes[0].verified
    assert any(reason.startswith("the arrays are large") for reason in found.reasons)
    assert (made.hidden, made.settings, made.net.units) == (50, {"hidden": 50}, 50)
    mended = loaded(found.fixes[0].apply_to(source), tmp_path, "mended")
    assert debugged(mended).verdict == "right"


def test_a_fix_that_holds_at_smaller_sizes_only_is_no_fix(tmp_path):
    # Both gradients of b are twice what they should be at 20 steps; the second at 20 steps only.
    source = WITH_ITS_OWN_SIZES.replace(
        'grads["b"] += dz', 'grads["b"] += 2 * dz if len(hs) > 15 else dz + dz'
    )
    found = debugged(loaded(source, tmp_path), seconds=30.0)
    assert found.verdict == "wrong"
    for fix in found.fixes:
        mended = loaded(fix.apply_to(source), tmp_path, "mended")
        assert debugged(mended).verdict == "right"


def test_relations_between_sizes_are_kept():
    params = {"W": np.zeros((160, 400)), "b": np.zeros(400), "V": np.zeros((100, 60))}
    guesses = list(smaller_sizes((params, {"x": np.zeros((25, 60))})))
    assert any(
        g[400] == 4 * g[100] and g[160] == g[100] + g[60] and len({g[25], g[60], g[100]}) == 3
        for g in guesses
        if len(g) == 5
    )


def test_a_size_that_no_array_has_may_be_what_others_are_made_of():
    params = {"W": np.zeros((27, 64))}  # rows of [1, x, h] with 10 inputs, 16 hidden units
    guesses = list(smaller_sizes((params, {"xs": np.zeros((50, 32, 10))})))
    assert any(g[27] == 1 + g[10] + g[64] // 4 and g[64] % 4 == 0 for g in guesses)


def test_what_arrays_mean_is_kept():
    rng = np.random.default_rng(0)
    sizes = {20: 4, 30: 5}
    one_hot = resized(np.eye(30)[rng.integers(0, 30, 20)], sizes)
    assert one_hot.shape == (4, 5)
    assert (one_hot.sum(1) == 1).all()
    assert (resized(np.eye(30), sizes) == np.eye(5)).all()
    odds = rng.random((20, 30))
    assert np.allclose(resized(odds / odds.sum(1, keepdims=True), sizes).sum(1), 1.0)
    lengths = np.array([20, 11, 5])
    mask = (np.arange(20) < lengths[:, None]).astype(float)
    _, small = shrunk(({}, {"lengths": lengths, "mask": mask}), sizes)
    assert (small["mask"].sum(1) == small["lengths"]).all()
    assert small["lengths"].max() == 4
