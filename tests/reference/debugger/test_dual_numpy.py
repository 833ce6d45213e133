"""Whatever a loss calls while it runs on numbers with tangents, the process lives on."""

import copy
import pickle
import threading

import numpy as np
import pytest
from numpy import random as drawn_by
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.random import default_rng
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.running.dual import Dual, duals
from reference.debugger.running.tangents import dual_numpy
from reference.exact import exact_numpy

_kept = np.random.RandomState(3)

DRAWS = {
    "rand": lambda: np.random.RandomState(0).rand(2, 3),
    "randn": lambda: np.random.RandomState(0).randn(2, 3),
    "uniform": lambda: np.random.RandomState(0).uniform(-1, 1, (2, 3)),
    "normal": lambda: np.random.RandomState(0).normal(0.0, [1.0, 2.0, 3.0], (2, 3)),
    "random_sample": lambda: np.random.RandomState(0).random_sample(3),
    "gamma": lambda: np.random.RandomState(0).gamma(2.0, size=3),
    "dirichlet": lambda: np.random.RandomState(0).dirichlet([1.0, 2.0], 3),
    "multivariate": lambda: np.random.RandomState(0).multivariate_normal(
        [0.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], 3
    ),
    "permutation": lambda: np.random.RandomState(0).permutation(4),
    "choice": lambda: np.random.RandomState(0).choice(3, 4, p=[0.5, 0.25, 0.25]),
    "module": lambda: (np.random.seed(1), np.random.rand(3), np.random.normal(size=2))[1],  # noqa: NPY002
    "module by name": lambda: (drawn_by.seed(1), drawn_by.standard_normal(3))[1],  # noqa: NPY002
    "kept": lambda: (_kept.seed(2), _kept.uniform(size=4))[1],
    "generator": lambda: default_rng(0).random(3),
    "generator float32": lambda: default_rng(0).standard_normal((2, 3), dtype=np.float32),
    "generator normal": lambda: np.random.default_rng(0).normal(size=3),
    "generator exponential": lambda: np.random.default_rng(0).standard_exponential(3),
    "generator dirichlet": lambda: np.random.default_rng(0).dirichlet([1.0, 2.0, 3.0], 2),
    "generator multivariate": lambda: np.random.default_rng(0).multivariate_normal(
        [0.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], 3
    ),
    "generator choice": lambda: np.random.default_rng(0).choice(3, 4, p=[0.5, 0.25, 0.25]),
    "generator permuted": lambda: np.random.default_rng(0).permuted(np.arange(6)),
    "generator hypergeometric": lambda: np.random.default_rng(0).multivariate_hypergeometric(
        [3, 4], 2, 3
    ),
    "generator integers": lambda: np.random.default_rng(0).integers(0, 5, 4),
    "Philox": lambda: np.random.Generator(np.random.Philox(3)).random(3),
    "a copy": lambda: copy.deepcopy(np.random.default_rng(4)).random(3),
    "from a file": lambda: pickle.loads(pickle.dumps(np.random.default_rng(4))).normal(size=3),
    "a legacy copy": lambda: copy.deepcopy(_kept).uniform(size=4),
}


@pytest.mark.parametrize("block", [dual_numpy, exact_numpy])
@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_plain_numbers(name, block):
    draw = DRAWS[name]
    expected = draw()
    with block(draw):
        found = draw()
        with block(draw):  # a block within a block has the originals, too
            again = draw()
    for drawn in (found, again):
        assert drawn.dtype == expected.dtype
        np.testing.assert_array_equal(drawn, expected)


REFUSED = {
    "out": lambda x: np.random.default_rng(0).random(out=np.empty(3)),
    "out of floats": lambda x: np.random.default_rng(0).standard_normal(out=np.zeros(2)),
    "scale": lambda x: np.random.default_rng(0).normal(0.0, x),
    "legacy scale": lambda x: np.random.RandomState(0).normal(x),
    "weights": lambda x: np.random.default_rng(0).choice(2, p=x),
    "legacy weights": lambda x: np.random.RandomState(0).choice(2, p=x),
    "dirichlet": lambda x: np.random.RandomState(0).dirichlet(x),
    "eigenvalues": lambda x: np.linalg.eigvals(np.outer(x, x)),
    "svd": lambda x: np.linalg.svd(np.outer(x, x)),
    "fft": np.fft.fft,
    "rfft": lambda x: np.fft.rfft(x, axis=0),
    "float buffer": lambda x: np.random.RandomState(0).rand(2).__iadd__(x),
    "bytes": lambda x: memoryview(x).cast("d"),
    "view": lambda x: x.view(float),
    "strides of seven digits": lambda x: as_strided(x, (2, 2), (4, 4)),
    "strides that lead out": lambda x: as_strided(x[1:], (2, 2), (-8, -8)),
    "strides beyond": lambda x: np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)),
    "from memory": np.frombuffer,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_take_tangents_raises(name):
    use = REFUSED[name]
    with dual_numpy(use), pytest.raises((TypeError, ValueError, BufferError)):
        use(duals(np.array([0.25, 0.75]), np.eye(2)))


TAKEN = {
    "shuffle": lambda x: np.random.default_rng(0).shuffle(x),
    "permutation": lambda x: np.random.RandomState(0).permutation(x),
    "copied": copy.deepcopy,
    "sorted": np.sort,
    "padded": lambda x: np.pad(x, 1),
    "convolved": lambda x: np.convolve(x, np.ones(2)),
    "einsum": lambda x: np.einsum("i,j->ij", x, np.ones(3)),
    "norm": np.linalg.norm,
    "solve": lambda x: np.linalg.solve(np.eye(2), x),
    "det": lambda x: np.linalg.det(np.outer(x, x) + np.eye(2)),
    "stacked": lambda x: np.stack([x, np.zeros(2)]),
    "windows": lambda x: sliding_window_view(x, 2),
    "windows of floats": lambda x: x + sliding_window_view(np.random.default_rng(0).random(3), 2),
    "seven digits by strides": lambda x: as_strided(
        np.random.default_rng(0).random(4, dtype=np.float32)[1:], (2, 3), (-4, 4)
    ),
    "backwards": lambda x: as_strided(x[1:], (2,), (-8,)),
    "interchanged": lambda x: np.ascontiguousarray(np.outer(x, x).T),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_takes_objects_takes_tangents(name):
    use = TAKEN[name]
    values = duals(np.array([0.25, 0.75]), np.eye(2))
    with dual_numpy(use):
        use(values)
    assert all(type(entry) is Dual for entry in values)


def test_other_threads_keep_their_numpy():
    seen = []
    with dual_numpy():
        thread = threading.Thread(target=lambda: seen.append(np.zeros(1).dtype))
        thread.start()
        thread.join()
        assert np.zeros(1).dtype == object
    assert seen == [np.float64]


DROPOUT = """\
import numpy as np


class Net:
    def __init__(self):
        self.W = np.random.RandomState(5).uniform(-1, 1, (3, 4))   # and then replaced

    def forward(self, x):
        h, hs, masks = np.zeros((2, 4)), [], []
        rng = np.random.default_rng(7)
        for t in range(len(x)):
            h = np.tanh(x[t] @ self.W + 0.5 * h)
            mask = (rng.random(h.shape) < 0.75) / 0.75
            hs.append(h)
            masks.append(mask)
            h = h * mask
        return h, hs, masks


def loss(params, inputs):
    net = Net()
    net.W = params["W"]
    return 0.5 * np.sum(net.forward(inputs["x"])[0] ** 2)


def backward(params, inputs):
    net = Net()
    net.W = params["W"]
    x = inputs["x"]
    dh, hs, masks = net.forward(x)
    dW = np.zeros_like(net.W)
    for t in reversed(range(len(x))):
        dz = dh * masks[t] * (1 - hs[t] ** 2)
        dW += x[t].T @ dz
        dh = 0.5 * dz
    return {"W": dW}


def example(rng):
    return {"W": rng.normal(size=(3, 4))}, {"x": rng.normal(size=(4, 2, 3))}
"""


def test_a_net_that_draws_its_dropout_is_judged_and_mended(tmp_path):
    assert debugged(loaded(DROPOUT, tmp_path), seconds=20.0).verdict == "right"
    wrong = DROPOUT.replace("dh * masks[t] *", "dh *")
    found = debugged(loaded(wrong, tmp_path, "forgotten"), seconds=20.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].line == wrong[: wrong.index("dz = dh")].count("\n") + 1
