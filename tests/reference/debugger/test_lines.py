"""Texts whose lines hold several statements, or one behind a colon, or begin with tabs."""

from itertools import pairwise

import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.running.source import Source

CROWDED = """\
import numpy as np; import math
units = 3; words = 5
U = np.ones((units, words)); W = np.ones((units, units)); b = np.zeros(units)
squash = lambda z: np.tanh(z); slope = lambda y: 1 - y ** 2
try: range_ = xrange
except NameError: range_ = range
if units > 2: limit = 7; other = 8
else: limit = 9
class Empty: pass

def run(texts, params):
    U, W, b = params; J = 0
    gU = np.zeros_like(U); gW = np.zeros_like(W); gb = np.zeros_like(b)
    for xs in texts:
        h = {-1: np.zeros(units)}; n = len(xs)
        for t in range_(n):
            h[t] = squash(U[:, xs[t]] + W @ h[t - 1] + b); J += np.sum(h[t] ** 2) / len(texts)
        dh = np.zeros(units)
        for t in range_(n - 1, -1, -1):
            dy = 2 * h[t]; dy /= len(texts)
            dh = dh + dy; dz = dh * slope(h[t])
            gU[:, xs[t]] += dz; gW += np.outer(dz, h[t - 1])
            gb += dz; dh = W.T @ dz
    return J, (gU, gW, gb)


def loss(params, inputs):
    return run(inputs["texts"], [params[k] for k in "UWb"])[0]


def backward(params, inputs):
    return dict(zip("UWb", run(inputs["texts"], [params[k] for k in "UWb"])[1]))


def example(rng):
    params = {"U": rng.normal(size=(units, words)), "W": rng.normal(size=(units, units)) / 2,
              "b": rng.normal(size=units)}
    return params, {"texts": [[int(k) for k in rng.integers(words, size=n)] for n in (3, 5, 2, 6)]}
"""

WRONG = {
    "a factor forgotten": ("dy = 2 * h[t]; dy /= len(texts)", "dy = 2 * h[t]"),
    "an index": ("np.outer(dz, h[t - 1])", "np.outer(dz, h[t])"),
    "not transposed": ("dh = W.T @ dz", "dh = W @ dz"),
}


def test_units_are_lines():
    units = Source("crowded.py", CROWDED).units
    assert [u.first for u in units] == sorted({u.first for u in units})
    assert all(a.last < b.first for a, b in pairwise(units))


@pytest.mark.parametrize("unit", Source("crowded.py", CROWDED).units, ids=lambda u: str(u.first))
def test_every_unit_compiles_alone(unit):
    Source("crowded.py", CROWDED).compiled(unit)


@pytest.mark.parametrize("indent", ["    ", "\t"], ids=["spaces", "tabs"])
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_in_crowded_lines_are_mended(name, indent, tmp_path):
    right, wrong = WRONG[name]
    text = CROWDED.replace(right, wrong).replace("    ", indent)
    found = debugged(loaded(text, tmp_path, f"crowded_{len(name)}_{len(indent)}"), seconds=20.0)
    assert found.verdict == "wrong"
    assert found.fixes, str(found)
    if name != "a factor forgotten":  # that may be divided at many lines
        assert found.suspects[0].line == text[: text.index(wrong)].count("\n") + 1
    assert "ended early" not in str(found)
