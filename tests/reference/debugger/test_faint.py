"""Where losses and gradients are tiny, as of lengths in metres that are microns, zero is wrong."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.naming.scales import _mended
from reference.debugger.repair.inverses import _solved
from reference.debugger.repair.quotients import Products
from reference.debugger.searching.cases import Case, score_of
from reference.debugger.searching.round import Round
from reference.debugger.searching.wanted import _mends
from reference.debugger.values.evidence import Evidence, _steps
from reference.debugger.values.probe import Jacobian

SMALL = 1e-13


def case(size=SMALL):
    return Case(({}, {}), 3 * size, {"W": size * np.array([2.0, -1.0]), "b": size * np.ones(1)})


def test_zero_is_no_gradient_and_no_loss():
    right = case()
    assert score_of({"W": np.zeros(2), "b": np.zeros(1)}, right).right == frozenset()
    assert score_of(right.oracle, right).right == {"W", "b"}
    assert right.is_loss(3 * SMALL * (1 + 1e-15), 1e-12)
    assert not right.is_loss(0.0, 1e-6)
    assert not right.is_loss(3 * SMALL * (1 + 1e-5), 1e-6)
    assert case(1e6).is_loss(3e6 + 1e-7, 1e-12)  # rounding


def test_a_loss_that_is_lost_in_its_parts_is_itself():
    # Of 1 - 1: what rounding leaves is as large as the loss.
    assert Case(({}, {}), 1e-16, {"W": np.ones(2)}).is_loss(-2e-16, 1e-12)


def seen(size=SMALL):
    outputs = {"W": size * np.ones(3)}
    jac = Jacobian({"W": slice(0, 3)}, {0: [slice(0, 3)]}, np.eye(3))
    recording = SimpleNamespace(outputs=outputs)
    return Round(cast(Any, recording), jac, residual={"W": size * np.array([1.0, -2.0, 0.5])})


def test_a_change_that_is_none_mends_nothing():
    now = seen()
    e = Evidence(0, 1.0, ("W",), 1.0, (0,), now.residual["W"])
    assert _mends(now, e, now.residual["W"])
    assert not _mends(now, e, np.zeros(3))
    assert _mended(now, now.residual["W"]) == ("W",)
    assert _mended(now, 0.5 * now.residual["W"]) == ()
    assert _steps(now.residual["W"], [slice(0, 1), slice(1, 3)], 1e-12 * SMALL) == (0, 1)


SOURCE = """\
import numpy as np

METRE = 1e-7


def forward(p, x):
    hs = [np.zeros((x.shape[1], 3))]
    for x_t in x:
        hs.append(np.tanh(x_t @ p["W"] + hs[-1] @ p["U"]))
    return hs


def loss(params, inputs):
    hs = forward(params, inputs["x"])
    return np.mean((METRE * hs[-1] - inputs["y"]) ** 2)


def backward(params, inputs):
    x, hs = inputs["x"], forward(params, inputs["x"])
    dh = 2 * METRE * (METRE * hs[-1] - inputs["y"]) / hs[-1].size
    dW, dU = np.zeros_like(params["W"]), np.zeros_like(params["U"])
    for t in reversed(range(len(x))):
        da = dh * (1 - hs[t + 1] ** 2)
        dW += x[t].T @ da
        dU += hs[t].T @ da
        dh = da @ params["U"].T
    return {"W": dW, "U": dU}


def example(rng):
    params = {"W": rng.normal(size=(2, 3)), "U": rng.normal(size=(3, 3))}
    return params, {"x": rng.normal(size=(4, 5, 2)), "y": METRE * rng.normal(size=(5, 3))}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "mend"),
    [("2 * METRE * (", "2 * (", "METRE"), ("da @ params", "dh @ params", "da @|hs[t + 1] ** 2) @")],
)
def test_a_mistake_is_mended_and_not_made_nothing(right, wrong, mend, tmp_path):
    assert SOURCE.count(right) == 1
    found = debugged(loaded(SOURCE.replace(right, wrong), tmp_path), seconds=40.0)
    assert found.verdict == "wrong"
    assert found.fixes
    for fix in found.fixes:
        added = [line for line in fix.diff.splitlines()[2:] if line.startswith("+")]
        assert any(part in added[0] for part in mend.split("|"))


def test_formulas_are_told_apart_by_what_they_give_and_not_by_its_size():
    rng = np.random.default_rng(2)
    a, b, c = rng.uniform(1, 2, size=(3, 4))
    products = Products([("a", SMALL * a), ("b", b), ("c", c)], a)
    assert list(products.of(SMALL * a * b, np.ones(4, bool), 2)) == [("a", "b")]
    matrix, target = rng.normal(size=(5, 2)), SMALL * rng.normal(size=(5, 3))
    assert _solved(matrix, target) is None  # not every target is a product
    x = SMALL * rng.normal(size=(2, 3))
    solved = _solved(matrix, matrix @ x)
    assert solved is not None
    np.testing.assert_allclose(solved, x.T)
