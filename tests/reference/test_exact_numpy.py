"""While float code runs on elements, NumPy makes room for them; afterwards it is as it was."""

from __future__ import annotations

import math
import math as mathematics
import sys
import threading
import types
from math import tanh

import numpy as np
import pytest
from numpy import zeros

from reference.exact import Detached, Element, constants, exact_numpy, trial
from reference.exact.patching import namespaces
from reference.exact.substitutes import substitutes


def x(shadow=0.5):
    return Element(7, 0, shadow)


MAKERS = {
    "zeros": lambda: np.zeros((2, 3)),
    "zeros of float": lambda: np.zeros((2, 3), float),
    "zeros of float64": lambda: np.zeros((2, 3), dtype=np.float64),
    "zeros of 'f4'": lambda: np.zeros((2, 3), dtype="f4"),
    "zeros like elements": lambda: np.zeros((2, 3), dtype=np.array([x()]).dtype),
    "zeros, column-major": lambda: np.zeros((2, 3), order="F"),
    "ones": lambda: np.ones((2, 3)),
    "empty": lambda: np.empty((2, 3)),
    "full": lambda: np.full((2, 3), 0.5),
    "full of rows": lambda: np.full((2, 3), [0.5, 1.0, 2.0]),
    "full of an element": lambda: np.full((2, 3), x()),
    "full of not-a-number": lambda: np.full((2, 3), np.nan),
    "zeros_like": lambda: np.zeros_like(np.ones((2, 3))),
    "zeros_like a list": lambda: np.zeros_like([[0.0] * 3] * 2),
    "ones_like": lambda: np.ones_like(np.ones((2, 3)), dtype=float),
    "empty_like": lambda: np.empty_like(np.ones((2, 3))),
    "full_like": lambda: np.full_like(np.ones((2, 3)), 2),
    "array": lambda: np.array([[0.0, 1.0, 2.0], [x(), x(), x()]]),
    "array of integers as floats": lambda: np.array([[0, 1, 2], [3, 4, 5]], dtype=float),
    "array of arrays": lambda: np.array([np.zeros(3), np.ones(3)]),
    "asarray": lambda: np.asarray([[0.5] * 3] * 2, np.float64),
    "ascontiguousarray": lambda: np.ascontiguousarray(np.zeros((3, 2)).T),
    "eye": lambda: np.eye(3)[:2],
    "eye of float": lambda: np.eye(3, dtype=float)[:2],
    "identity": lambda: np.identity(3)[:2],
    "astype": lambda: (np.arange(6).reshape(2, 3) > 2).astype(float) * x(),
}


@pytest.mark.parametrize("name", MAKERS)
def test_float_arrays_have_room_for_elements(name):
    make = MAKERS[name]
    with trial(seed=0), exact_numpy(make):
        made = make()
        made[1, 2] = x()
        made += x()
    assert made.shape == (2, 3)
    assert made.dtype == object
    assert all(type(entry) is Element for entry in made.flat)


OTHERS = {
    "zeros of int": lambda: np.zeros(3, int),
    "ones of bool": lambda: np.ones((2, 2), dtype=bool),
    "zeros_like of integers": lambda: np.zeros_like(np.arange(3)),
    "full of an int": lambda: np.full(3, 7),
    "full_like of integers": lambda: np.full_like(np.arange(3), 7),
    "array of integers": lambda: np.array([1, 2]),
    "array of words": lambda: np.array(["a", "b"]),
    "eye of int": lambda: np.eye(2, dtype=int),
    "array of complex numbers": lambda: np.array([1j]),
    "isnan": lambda: np.isnan(np.array([1])),
}


@pytest.mark.parametrize("name", OTHERS)
def test_integers_and_others_stay_what_they_are(name):
    make = OTHERS[name]
    original = make()
    with exact_numpy(make):
        made = make()
    assert made.dtype == original.dtype
    assert np.array_equal(made, original)


def test_memory_order_and_sharing_are_kept():
    elements = constants(np.ones((2, 3)))
    with exact_numpy():
        assert np.zeros((2, 3), order="F").flags.f_contiguous
        assert np.zeros_like(np.ones((2, 3)).T).flags.f_contiguous
        assert np.asarray(elements) is elements
        assert np.shares_memory(np.ascontiguousarray(elements), elements)
        assert not np.shares_memory(np.array(elements), elements)


def test_memory_not_yet_written_is_not_zero():
    with trial(seed=0), exact_numpy():
        assert np.empty(1)[0] != 0
        assert np.empty(1)[0] != np.empty(1)[0]


def scalar_code(value):
    return [math.exp(value), mathematics.sqrt(value), tanh(value), math.log(value, 10),
            float(value), isinstance(value, float), zeros(1)[0]]  # fmt: skip


def test_math_and_imported_names_take_elements():
    with trial(seed=0), exact_numpy(scalar_code):
        *values, is_float, zero = scalar_code(x())
        assert all(type(value) is Element for value in [*values, zero])
        assert values[0] == x().exp()
        assert values[2] == x().tanh()
        assert values[4] == x()
        assert is_float
        assert math.exp(np.array([x()])) == x().exp()
        assert math.exp(0.0) == 1.0
        assert math.isfinite(x())
    assert zeros is np.zeros
    assert float is float
    with pytest.raises(Detached):
        scalar_code(x())


def test_answers_are_for_the_real_numbers():
    row = np.array([x(0.5), x(math.inf), x(math.nan)])
    with exact_numpy():
        assert list(np.isfinite(row)) == [True, False, False]
        assert list(np.isnan(row)) == [False, False, True]
        assert np.allclose(row[:1], 0.5)
        assert np.isfinite(x())


def test_formulas_of_floats_alone():
    row = np.array([Element(5, 0, 0.5), Element(9, 0, -1.0)])
    with trial(seed=4), exact_numpy():
        assert np.linalg.norm(row) == np.sqrt(np.sum(row * row))
        assert (np.linalg.norm(row[None], axis=0) ** 2 == row**2).shape == (2,)
        assert np.logaddexp(0, row[0]) == (1 + np.exp(row[:1]))[0].log()
        with pytest.raises(NotImplementedError, match="norm of order 1"):
            np.linalg.norm(row, 1)
        assert np.linalg.norm([3.0, 4.0]) == 5.0
        assert np.logaddexp(0.0, 0.0) == math.log(2)


def test_scipys_functions_of_floats_alone():
    special = pytest.importorskip("scipy.special", reason="SciPy is not among our dependencies")
    row = np.array([Element(5, 0, 0.5), Element(9, 0, -1.0), Element(11, 0, 0.25)])
    with trial(seed=4), exact_numpy():
        e = np.exp(row)
        assert special.expit(row[0]) == 1 / (1 + 1 / e[0])
        assert special.logit(special.expit(row[0])) == row[0]
        assert special.log_expit(row[0]) == -(1 + 1 / e[0]).log()
        assert (special.softmax(row) == e / e.sum()).all()
        assert np.exp(special.logsumexp(row[None], axis=1))[0] == e.sum()
        assert np.exp(special.log_softmax(row))[1] == e[1] / e.sum()
        assert special.expit(0.0) == 0.5


def replaced():
    return {key: getattr(sys.modules[key[0]], key[1]) for key in substitutes()}


def test_everything_is_put_back_also_after_an_exception():
    before = replaced()
    names = set(globals())
    with pytest.raises(ZeroDivisionError), exact_numpy(scalar_code):
        np.zeros(1)[0] / np.zeros(1)[0]  # raises for exact numbers alone
    assert replaced() == before
    assert set(globals()) == names
    assert all(function is before[key] for key, (function, _) in substitutes().items())


def test_blocks_may_be_nested():
    before = replaced()
    with exact_numpy(scalar_code):
        with exact_numpy(scalar_code):
            assert np.zeros(1).dtype == object
        assert np.zeros(1).dtype == object
        assert zeros(1).dtype == object
    assert replaced() == before


def test_other_threads_keep_the_originals():
    seen = []
    with exact_numpy():
        thread = threading.Thread(target=lambda: seen.append(np.zeros(1).dtype))
        thread.start()
        thread.join()
    assert seen == [np.float64]


def test_the_users_other_modules_are_found():
    helper, main = types.ModuleType("helper"), types.ModuleType("main")
    exec("def half(x):\n    return float(x) / 2", vars(helper))
    vars(main)["helper"] = helper
    exec("import numpy, os\nclass Net:\n    def run(self, x):\n        return helper.half(x)",
         vars(main))  # fmt: skip
    net = main.Net()
    for given in (net, main.Net, net.run, main):
        found = namespaces(given)
        assert [id(space) for space in found] == [id(vars(main)), id(vars(helper))]
    with exact_numpy(net):
        assert net.run(x()) == x() / 2


DRAWS = {
    "normal": lambda: np.random.default_rng(0).normal(size=3),
    "float32": lambda: np.random.default_rng(0).random(3, dtype=np.float32),
    "RandomState": lambda: np.random.RandomState(0).randn(3),
    "global": lambda: (np.random.seed(0), np.random.rand(3))[1],  # noqa: NPY002
}


@pytest.mark.parametrize("name", DRAWS)
def test_generators_draw_floats_within_the_block(name):
    # Their compiled code writes floats into what np.empty gives, unchecked.
    expected = DRAWS[name]()
    with exact_numpy():
        drawn = DRAWS[name]()
    assert drawn.dtype == expected.dtype
    np.testing.assert_array_equal(drawn, expected)
