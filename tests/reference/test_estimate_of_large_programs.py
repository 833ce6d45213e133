"""`check_estimate` where few entries are given, a call takes long, or a loss has seven digits."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from reference.estimate import check_estimate

RNG = np.random.default_rng(3)
PARAMS = {"A": RNG.normal(size=(12, 15)) / 4, "c": RNG.normal(size=40)}
INPUTS = {"x": RNG.normal(size=(7, 12))}


def loss(params, inputs):
    return np.sum(np.tanh(inputs["x"] @ params["A"]) ** 2) + np.sum(np.exp(0.5 * params["c"]))


def gradient(params=PARAMS, inputs=INPUTS):
    y = np.tanh(inputs["x"] @ params["A"])
    return {"A": inputs["x"].T @ (2 * y * (1 - y**2)), "c": 0.5 * np.exp(0.5 * params["c"])}


def few(fill, count=6, seed=0):
    """Return the gradient at some entries drawn at random, `fill` at the others."""
    rng = np.random.default_rng(seed)
    part = {}
    for name, value in gradient().items():
        part[name] = np.full_like(value, fill)
        at = rng.choice(value.size, count, replace=False)
        part[name].flat[at] = value.flat[at]
    return part


@pytest.mark.parametrize("fill", [np.nan, 0.0])
def test_entries_that_are_given_are_judged(fill):
    report = check_estimate(loss, PARAMS, few(fill), INPUTS)
    assert (report.verdict, report.kind) == ("right", "")
    assert "6 of the 180 entries of A; 6 of the 40 entries of c" in report.why
    assert max((report.errors or {"": 1.0}).values()) < 1e-6


@pytest.mark.parametrize("fill", [np.nan, 0.0])
def test_entries_that_are_given_and_wrong_are_told(fill):
    half = {name: 0.5 * value for name, value in few(fill).items()}
    report = check_estimate(loss, PARAMS, half, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "factor 1/2")
    assert "only these are judged" in report.why


def test_an_array_that_is_filled_by_more_than_half_is_a_sample_beside_others():
    part = few(0.0)
    c = gradient()["c"]
    part["c"] = np.where(RNG.permutation(40) < 25, c, 0.0)
    assert check_estimate(loss, PARAMS, part, INPUTS).verdict == "right"


def test_rows_of_zeros_are_left_out_not_chosen():
    part = gradient()
    part["A"][4:] = 0.0
    report = check_estimate(loss, PARAMS, part, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "only some entries computed")


def test_a_gradient_of_many_true_zeros_is_given_as_a_whole():
    rows = np.array([3, 4, 9, 20, 22])

    def embedded(params):
        return np.sum(params["E"][rows] ** 2)

    E = RNG.normal(size=(30, 4))
    right = np.zeros_like(E)
    right[rows] = 2 * E[rows]
    report = check_estimate(embedded, {"E": E}, {"E": right})
    assert (report.verdict, report.why) == ("right", "")


def test_an_entry_that_is_not_looked_at_shows_along_a_direction():
    wrong = gradient()
    value = np.sort(np.abs(wrong["A"]).ravel())[60]
    at = tuple(np.argwhere(np.abs(wrong["A"]) == value)[0])
    wrong["A"][at] *= 1.5
    report = check_estimate(loss, PARAMS, wrong, INPUTS)
    assert report.verdict == "wrong"
    assert f"A[{at[0]}, {at[1]}]" in report.why
    assert "along a direction of A" in str(check_estimate(loss, PARAMS, gradient(), INPUTS))


def test_a_kink_that_is_not_looked_at_is_no_mistake():
    A = RNG.normal(size=(15, 12))
    A[11, 7] = 0.0

    def rectified(params):
        return np.sum(np.maximum(params["A"], 0.0) ** 1)

    halves = 0.5 * (np.sign(A) + 1)  # what central differences give
    report = check_estimate(rectified, {"A": A}, {"A": halves})
    assert report.verdict == "inconclusive"


def slow(params, inputs):
    time.sleep(0.01)
    return loss(params, inputs)


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "right"), (2.0, "wrong")])
def test_time_is_bounded_where_a_call_takes_long(factor, verdict):
    estimate = {name: factor * value for name, value in gradient().items()}
    started = time.monotonic()
    report = check_estimate(slow, PARAMS, estimate, INPUTS, seconds=2.0)
    assert time.monotonic() - started < 4.0
    assert report.verdict == verdict
    assert report.kind == ("factor 2" if factor == 2 else "")
    assert any(" of 220 entries" in text for text in report.evidence)


def test_where_there_is_no_time_that_is_said():
    report = check_estimate(slow, PARAMS, gradient(), INPUTS, seconds=0.02)
    assert report.verdict == "inconclusive"
    assert "give it more `seconds`" in report.why


SHORT = {name: value.astype(np.float32) for name, value in PARAMS.items()}
SHORT_INPUTS = {"x": INPUTS["x"].astype(np.float32)}


def test_a_loss_of_short_floats_is_not_random():
    estimate = gradient(SHORT, SHORT_INPUTS)
    doubles = {name: value.astype(float) for name, value in SHORT.items()}
    exact = gradient(doubles, {"x": SHORT_INPUTS["x"].astype(float)})
    assert check_estimate(loss, SHORT, exact, SHORT_INPUTS).verdict == "right"
    coarse = {name: np.round(value, 3) for name, value in estimate.items()}
    report = check_estimate(loss, SHORT, coarse, SHORT_INPUTS)
    assert report.verdict == "wrong"
    assert "seven digits" in report.why


BUFFERS = SimpleNamespace(y=np.zeros((7, 15), np.float32))
HELD = {"y": np.zeros((7, 15), np.float32)}


def in_buffer(params, inputs):
    np.dot(inputs["x"], params["A"], out=BUFFERS.y)
    np.tanh(BUFFERS.y, out=BUFFERS.y)
    return np.float32((BUFFERS.y**2).sum())


def in_a_dict(params, inputs):
    np.dot(inputs["x"], params["A"], out=HELD["y"])
    return (HELD["y"] ** 2).sum()


def test_buffers_of_short_floats_are_doubles_for_the_derivative():
    params = {"A": SHORT["A"]}
    exact = gradient({**PARAMS, "A": SHORT["A"].astype(float)},
                     {"x": SHORT_INPUTS["x"].astype(float)})  # fmt: skip
    report = check_estimate(in_buffer, params, {"A": exact["A"]}, SHORT_INPUTS)
    assert report.verdict == "right"
    assert BUFFERS.y.dtype == np.float32


def test_buffers_that_stay_short_are_told():
    params = {"A": SHORT["A"]}
    report = check_estimate(in_a_dict, params, {"A": np.ones_like(SHORT["A"])}, SHORT_INPUTS)
    assert report.verdict == "inconclusive"
    assert "loss computes in float32 only" in report.why


def test_a_loss_that_is_rounded_to_float32_is_told():
    def rounded(params, inputs):
        return np.float32(loss(params, inputs))

    A = PARAMS["A"]
    estimate = np.zeros_like(A)
    for at in np.ndindex(A.shape):
        step = np.zeros_like(A)
        step[at] = 1e-4
        ahead, behind = (rounded({**PARAMS, "A": A + s}, INPUTS) for s in (step, -step))
        estimate[at] = (float(ahead) - float(behind)) / 2e-4
    report = check_estimate(rounded, PARAMS, {"A": estimate}, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "float32")
    assert "omputes in float32" in report.why
    assert check_estimate(rounded, PARAMS, gradient(), INPUTS).verdict == "right"
