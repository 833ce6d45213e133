"""`check_estimate` names what was planted in numerical gradients, and accuses no sound one."""

import numpy as np
import pytest

from reference.estimate import check_estimate


def problem():
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 4)), "V": rng.normal(size=(4, 2)), "b": rng.normal(size=2)}
    return params, {"x": rng.normal(size=(5, 3)), "y": rng.normal(size=(5, 2))}


def loss(params, inputs):
    h = np.tanh(inputs["x"] @ params["W"])
    return np.sum((np.exp(0.3 * (h @ params["V"])) + params["b"] - inputs["y"]) ** 2)


def gradient(
    loss, params, inputs, h=1e-5, scheme="central", dtype=np.float64, span=None, undo=True
):
    """Take a numerical gradient entry by entry, soundly or not."""
    params = {name: value.astype(dtype) for name, value in params.items()}
    inputs = {name: value.astype(dtype) for name, value in inputs.items()}
    here = loss(params, inputs)
    estimate = {name: np.zeros_like(value) for name, value in params.items()}
    for name, value in params.items():
        for at in np.ndindex(value.shape):
            before = value[at]
            ahead = behind = here
            if scheme != "backward":
                value[at] = before + h
                ahead = loss(params, inputs)
            if scheme != "forward":
                value[at] = before - h if undo else value[at] - 2 * h
                behind = loss(params, inputs)
            if undo:
                value[at] = before
            width = span or (2 * h if scheme == "central" else h)
            estimate[name][at] = (ahead - behind) / width
    return estimate


PARAMS, INPUTS = problem()


def taken(**how):
    return lambda: gradient(loss, PARAMS, INPUTS, **how)


def times(factor):
    return lambda: {name: factor * g for name, g in taken()().items()}


def without_rows(estimate, value=0.0):
    estimate["W"][1:] = value
    return estimate


WRONG = {
    "truncation": (taken(h=1e-1), "step too large", "central", 1e-1),
    "truncation at an odd step": (taken(h=3e-2), "step too large", "central", 3e-2),
    "cancellation": (taken(h=1e-12), "step too small", "central", 1e-12),
    "cancellation at an odd step": (taken(h=3e-13), "step too small", "central", 3e-13),
    "nearly nothing left": (taken(h=1e-14), "step too small", "central", 1e-14),
    "forward": (taken(h=1e-3, scheme="forward"), "one-sided difference", "forward", 1e-3),
    "backward": (taken(h=1e-3, scheme="backward"), "one-sided difference", "backward", 1e-3),
    "forward, cancellation": (
        taken(h=1e-12, scheme="forward"), "step too small", "forward", 1e-12,
    ),
    "float32": (taken(h=1e-3, dtype=np.float32), "float32", "central", 1e-3),
    "float32, small step": (taken(h=1e-5, dtype=np.float32), "float32", "central", 1e-5),
    "sign": (times(-1), "wrong sign", None, None),
    "missing / 2": (taken(span=1e-5), "factor 2", None, None),
    "one side over two": (
        taken(h=1e-6, scheme="forward", span=2e-6), "factor 1/2", "forward", 1e-6,
    ),
    "mean": (times(1 / 5), "averaged: 1/5", None, None),
    "sum": (times(5), "factor 5", None, None),
    "mean over each array": (
        lambda: {name: g / g.size for name, g in taken()().items()}, "averaged", None, None,
    ),
    "odd constant": (times(3.3), "constant factor", None, None),
    "mean over what is no size here": (times(1 / 7), "constant factor", None, None),
    "no sign": (
        lambda: {name: np.abs(g) for name, g in taken()().items()}, "absolute value", None, None,
    ),
    "not undone": (taken(h=1e-4, undo=False), "perturbation not undone", "central", 1e-4),
    "not undone, one-sided": (
        taken(h=1e-6, scheme="forward", undo=False),
        "perturbation not undone", "forward from one base value", 1e-6,
    ),
    "some entries": (lambda: without_rows(taken()()), "only some entries computed", None, None),
    "some entries, wrong sign": (
        lambda: without_rows(times(-1)()), "only some entries computed and wrong sign", None, None,
    ),
    "no entry": (times(0), "all zero", None, None),
    "no number": (times(np.nan), "not finite", None, None),
    "transposed": (lambda: {"W": taken()()["W"].T}, "wrong shape", None, None),
    "step and factor": (
        taken(h=1e-1, span=1e-1), "factor 2 and step too large", "central", 1e-1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_was_planted_is_named(name):
    make, kind, scheme, step = WRONG[name]
    report = check_estimate(loss, PARAMS, make(), INPUTS)
    assert (report.verdict, report.kind) == ("wrong", kind)
    assert report.why
    if scheme is not None:
        assert report.scheme == scheme
        assert report.step == pytest.approx(step)
    assert str(report).startswith(f"estimate is wrong: {kind}\n")


@pytest.mark.parametrize("h", [1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
def test_sound_differences_are_right(h):
    report = check_estimate(loss, PARAMS, gradient(loss, PARAMS, INPUTS, h), INPUTS)
    assert report.verdict == "right"
    assert report.kind == ""
    assert max(report.errors.values()) < 1e-5
    assert "complex step at 22 of 22 entries" in str(report)


def test_part_of_the_names_is_enough():
    estimate = gradient(loss, PARAMS, INPUTS)
    assert check_estimate(loss, PARAMS, {"V": estimate["V"]}, INPUTS).verdict == "right"


def test_numbers_without_a_cause_are_wrong_all_the_same():
    estimate = gradient(loss, PARAMS, INPUTS)
    estimate["V"] = estimate["V"] + np.random.default_rng(1).normal(size=(4, 2))
    report = check_estimate(loss, PARAMS, estimate, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "")
    assert "no known cause gives these numbers" in report.why


def test_digits_of_another_loss_show_that_the_step_is_too_small():
    # The same function, rounded in another order: the very numbers cannot be had again.
    def turned(params, inputs):
        h = np.tanh(np.einsum("ij,jk->ik", inputs["x"], params["W"]))
        terms = (params["b"] - inputs["y"] + np.exp(0.3 * np.einsum("ij,jk", h, params["V"]))) ** 2
        return terms.ravel()[::-1].cumsum()[-1]

    estimate = gradient(turned, PARAMS, INPUTS, 1e-12)
    report = check_estimate(loss, PARAMS, estimate, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "step too small")
    assert "small multiple of the last digit" in report.why


class Stateful:
    """Keeps the last hidden state for the next call."""

    def __init__(self):
        self.h = np.zeros(4)

    def loss(self, params, inputs):
        h = np.tanh(inputs["x"] @ params["W"] + self.h)
        self.h = 0.5 * h[-1]
        return np.sum((h @ params["V"] + params["b"] - inputs["y"]) ** 2)


def test_state_that_is_kept_between_evaluations_is_named():
    model = Stateful()
    estimate = gradient(model.loss, PARAMS, INPUTS)
    report = check_estimate(Stateful().loss, PARAMS, estimate, INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "state kept between evaluations")
    assert any("loss keeps state" in text for text in report.evidence)


def test_state_that_is_reset_by_the_user_is_right():
    def reset(params, inputs):
        return Stateful().loss(params, inputs)

    estimate = gradient(reset, PARAMS, INPUTS)
    assert check_estimate(Stateful().loss, PARAMS, estimate, INPUTS).verdict == "right"


def test_state_that_is_kept_in_the_inputs_is_named():
    def moving(params, inputs):
        h = np.tanh(inputs["x"] @ params["W"] + inputs["h0"])
        inputs["h0"][...] = 0.5 * h[-1]
        return np.sum((h @ params["V"]) ** 2)

    params = {name: PARAMS[name] for name in ("W", "V")}
    inputs = {**INPUTS, "h0": np.zeros(4)}
    estimate = gradient(moving, params, inputs)
    report = check_estimate(moving, params, estimate, inputs)
    assert (report.verdict, report.kind) == ("wrong", "state kept between evaluations")
    assert not inputs["h0"].any()


def test_the_users_function_is_called():
    def mine(loss, params, inputs):
        return gradient(loss, params, inputs, h=1e-2, scheme="forward")

    report = check_estimate(loss, PARAMS, mine, INPUTS)
    assert (report.kind, report.step) == ("one-sided difference", 1e-2)
    right = check_estimate(loss, PARAMS, lambda p, i: gradient(loss, p, i), INPUTS)
    assert right.verdict == "right"


def test_a_function_that_leaves_params_changed_is_told():
    def careless(loss, params):
        estimate = np.zeros_like(params)
        for k in range(len(params)):
            base = loss(params)
            params[k] += 1e-3
            estimate[k] = (loss(params) - base) / 1e-3
        return estimate

    x = np.linspace(-1.0, 1.5, 6)
    before = x.copy()
    report = check_estimate(lambda x: np.sum(np.sin(x) * x[::-1]), x, careless)
    assert (report.verdict, report.kind) == ("wrong", "perturbation not undone")
    assert "after your function has run, params is changed" in report.evidence
    np.testing.assert_array_equal(x, before)


def test_a_loss_that_refuses_complex_numbers_is_differentiated_by_differences():
    def clumsy(params):
        return sum(float.fromhex(w.hex()) ** 3 for w in params["w"])

    w = np.array([0.5, -1.0, 2.0])
    report = check_estimate(clumsy, {"w": w}, {"w": 3 * w**2})
    assert report.verdict == "right"
    assert "extrapolated differences" in str(report)
    assert check_estimate(clumsy, {"w": w}, {"w": 6 * w**2}).kind == "factor 2"


def test_a_complex_step_that_goes_wrong_is_outvoted():
    def absolute(params):
        return np.sum(np.abs(params["w"]))  # of a complex number: its imaginary part is lost

    w = np.array([0.5, -1.0, 2.0])
    assert check_estimate(absolute, {"w": w}, {"w": np.sign(w)}).verdict == "right"


QUESTIONS = {
    "kink": (lambda p: np.sum(np.maximum(p["w"], 0.0) + 0.3 * np.abs(p["w"])), "no derivative"),
    "random": (lambda p: np.sum(p["w"] * np.random.default_rng().normal(size=3)), "another value"),
    "not finite": (lambda p: np.log(p["w"][0] - 9.0), "loss is nan here"),
    "faint": (lambda p: 1.0 + 1e-12 * np.sum(p["w"] ** 2), "too small beside the loss"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_cannot_be_told_is_inconclusive(name):
    function, reason = QUESTIONS[name]
    report = check_estimate(function, {"w": np.array([0.0, 1.0, 2.0])}, {"w": np.zeros(3)})
    assert report.verdict == "inconclusive"
    assert reason in report.why


def test_large_arrays_are_sampled():
    rng = np.random.default_rng(0)
    params = {"A": rng.normal(size=(60, 50)), "B": rng.normal(size=(50, 40))}

    def bilinear(params):
        return np.sum(np.tanh(params["A"] @ params["B"] / 10))

    outer = 1 - np.tanh(params["A"] @ params["B"] / 10) ** 2
    right = {"A": outer @ params["B"].T / 10, "B": params["A"].T @ outer / 10}
    assert check_estimate(bilinear, params, right).verdict == "right"
    half = {"A": right["A"], "B": right["B"].copy()}
    half["B"][:, 20:] = 0
    report = check_estimate(bilinear, params, half)
    assert report.kind == "only some entries computed"


UNUSABLE = {
    "no mapping": (lambda: check_estimate(loss, [1.0], {}, INPUTS), "params has type list"),
    "estimate": (lambda: check_estimate(loss, PARAMS, [1.0], INPUTS), "estimate has type list"),
    "name": (
        lambda: check_estimate(loss, PARAMS, {"U": np.zeros(3)}, INPUTS),
        r"estimate has the name 'U', but must be of names of params \(W, V, b\)",
    ),
    "nothing": (lambda: check_estimate(loss, PARAMS, {}, INPUTS), "estimate has no name"),
    "words": (
        lambda: check_estimate(loss, PARAMS, {"b": np.array(["a", "b"])}, INPUTS),
        r"estimate\['b'\] has dtype <U1",
    ),
    "integers": (
        lambda: check_estimate(lambda p: p["n"].sum(), {"n": np.arange(3)}, {"n": np.ones(3)}),
        r"params\['n'\] has dtype int64",
    ),
    "no scalar": (
        lambda: check_estimate(lambda p: p["b"], PARAMS, {"b": np.zeros(2)}),
        r"loss\(params\) has shape \(2,\), but must be a scalar",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_used_is_refused(name):
    call, complaint = UNUSABLE[name]
    with pytest.raises((TypeError, ValueError), match=complaint):
        call()


def test_a_mean_is_told_by_its_size():
    report = check_estimate(loss, PARAMS, times(1 / 7)(), INPUTS)
    assert "(1/7)" in report.why
    assert "a mean over 7" in report.why


def test_a_loss_that_reads_other_arrays_is_told():
    mine = {name: value.copy() for name, value in PARAMS.items()}
    report = check_estimate(lambda params, inputs: loss(mine, inputs), PARAMS, taken()(), INPUTS)
    assert (report.verdict, report.kind) == ("wrong", "loss without params")


def test_a_number_is_a_parameter_as_well():
    assert check_estimate(lambda w: w**2, 3.0, 6.0).verdict == "right"


def test_what_the_loss_prints_is_kept_from_the_terminal(capsys):
    def talks(params, inputs):
        print("epoch 1")
        return loss(params, inputs)

    assert check_estimate(talks, PARAMS, taken()(), INPUTS).verdict == "right"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((lambda: 1.0, np.ones(2), np.ones(2)), "loss has the parameters (), but must be a"),
        ((loss, PARAMS, taken()()), "loss has the parameters (params, inputs), but must be a"),
        ((np.sum, np.arange(3), np.ones(3)), "params has dtype int64, but must be of dtype"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments, complaint):
    with pytest.raises(TypeError) as error:
        check_estimate(*arguments)
    assert str(error.value).startswith(complaint)
