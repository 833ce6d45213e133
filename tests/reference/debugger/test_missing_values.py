"""Values that are no numbers among the inputs, and that a program leaves out on purpose."""

import numpy as np
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.debug import debug
from reference.debugger.judging.draws import further
from reference.debugger.judging.verdict import checked
from reference.debugger.searching.cases import draws

# What is missing among the goals is NaN, and counts nowhere.
GAPS = """\
import numpy as np


def unroll(p, xs):
    hs = [np.zeros(p["U"].shape[0])]
    for x in xs:
        hs.append(np.tanh(x @ p["W"] + hs[-1] @ p["U"]))
    return hs


def misses(p, hs, goals):
    known = np.isfinite(goals)
    shown = np.array(hs[1:]) @ p["V"]
    return np.where(known, shown - np.nan_to_num(goals), 0.0), known.sum()


def loss(params, inputs):
    off, count = misses(params, unroll(params, inputs["xs"]), inputs["goals"])
    return np.sum(off ** 2) / count


def backward(params, inputs):
    xs = inputs["xs"]
    hs = unroll(params, xs)
    off, count = misses(params, hs, inputs["goals"])
    g = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros_like(hs[0])
    for t in range(len(xs) - 1, -1, -1):
        dy = 2 * off[t] / count
        g["V"] += np.outer(hs[t + 1], dy)
        dh = dh + params["V"] @ dy
        da = dh * (1 - hs[t + 1] ** 2)
        g["W"] += np.outer(xs[t], da)
        g["U"] += np.outer(hs[t], da)
        dh = params["U"] @ da
    return g


def example(rng):
    shapes = {"W": (3, 4), "U": (4, 4), "V": (4, 2)}
    goals = rng.normal(size=(6, 2))
    goals[1, 0] = goals[4] = np.nan
    return {n: rng.normal(size=s) for n, s in shapes.items()}, {
        "xs": rng.normal(size=(6, 3)), "goals": goals}
"""


def test_a_mistake_beside_missing_values_is_mended(tmp_path):
    wrong = GAPS.replace('dh = params["U"] @ da', 'dh = da @ params["U"]')
    made = loaded(wrong, tmp_path)
    params, inputs = made.example(np.random.default_rng(0))
    for found in (debugged(made), debug(made.loss, made.backward, params, inputs)):
        assert found.suspects[0].text.strip() == 'dh = da @ params["U"]'
        assert found.fixes
        mended = loaded(found.fixes[0].apply_to(wrong), tmp_path, "mended")
        assert debugged(mended).verdict == "right"


def test_what_is_missing_is_missing_in_fresh_values_too_and_nothing_else(tmp_path):
    params, inputs = loaded(GAPS, tmp_path).example(np.random.default_rng(0))
    of_verdict = further(checked(params, inputs), None, 0, ())
    of_search = draws(params, inputs, None, 0, 3)
    for goals in (
        *(next(of_verdict).inputs["goals"] for _ in range(3)),
        *(drawn[1]["goals"] for drawn in of_search),
    ):
        assert np.array_equal(np.isnan(goals), np.isnan(inputs["goals"]))
        assert not np.array_equal(goals, inputs["goals"], equal_nan=True)
