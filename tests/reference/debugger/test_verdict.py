"""`judge`: wrong backwards are called wrong, right ones never; what is open has its reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.reference.debugger.programs import RARE, RNN, module, rnn_arguments

from reference.debugger.judging.opinion import Opinion
from reference.debugger.judging.verdict import _summed_up, checked, judge

WRONG = {
    "carry lost": ("dh_next = params", "dh_other = params"),
    "derivative of an activated value": ("h[t] ** 2", "np.tanh(h[t]) ** 2"),
    "= for +=": ("dW += np", "dW = np"),
    "wrong index": ("np.outer(da, h[t - 1])", "np.outer(da, h[t])"),
    "repeated words": ("dU[:, xs[t]] += da", "dU[:, xs[t]] = da"),
    "a few units in the last place are no rounding": ("db += da", "db += da * (1 + 1e-11)"),
}


def judged(source: str, *edits: tuple[str, str], **options):
    program = module(source, *edits)
    return judge(program.loss, program.backward, *rnn_arguments(), **options)


def test_a_right_backward_is_right_and_proved():
    judgement = judged(RNN)
    assert judgement.verdict == "right"
    assert set(judgement.right) == {"U", "W", "b", "h0"}
    assert judgement.evidence["proved"]
    assert {"tangents", "differences"} <= set(judgement.evidence["voters"])
    assert not judgement.findings


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_backward_is_wrong(kind):
    judgement = judged(RNN, WRONG[kind])
    assert judgement.verdict == "wrong"
    assert judgement.wrong
    for name, mismatch in judgement.wrong.items():
        votes = judgement.votes[name]
        assert mismatch.error > mismatch.explained
        # Everyone sides with the reference.
        assert abs(votes["complex step"] - votes["reference"]) < 0.25 * abs(
            votes["manual"] - votes["reference"]
        )


def test_only_what_is_wrong_is_named_and_placed():
    judgement = judged(RNN, ("db += da", "db += da * np.array([1, 1, 2])"))
    assert list(judgement.wrong) == ["b"]
    assert set(judgement.right) == {"U", "W", "h0"}
    assert judgement.wrong["b"].place == {"entry": 2}
    assert judgement.wrong["b"].note == "wrong only in entry 2 of 3"
    np.testing.assert_allclose(
        judgement.manual["b"], judgement.reference["b"] * [1, 1, 2], rtol=1e-12
    )


def test_fresh_values_find_what_the_given_ones_hide():
    program = module(RNN, ("dh_next = params", "dh_other = params"))
    params, inputs = rnn_arguments()
    params["W"][...] = 0  # nothing comes back from the next step
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == "wrong"
    assert np.any(judgement.params["W"])


def test_fresh_integers_stay_in_their_range():
    program = module(RNN, ("dU[:, xs[t]] += da", "dU[:, xs[t]] = da"))
    params, inputs = rnn_arguments()
    inputs["xs"] = np.array([2, 0, 3, 1, 0])  # the repeated word is far away from the first
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == "wrong"
    assert set(judgement.inputs["xs"].tolist()) <= {0, 1, 2, 3}


def test_example_draws_other_sizes():
    source = RNN.replace("dW += np.outer", "dW += (len(xs) == 5) * np.outer")
    program = module(source)
    example = lambda rng: rnn_arguments(T=int(rng.integers(3, 5)), seed=int(rng.integers(99)))  # noqa: E731
    params, inputs = rnn_arguments()
    assert judge(program.loss, program.backward, params, inputs).verdict == "right"
    judgement = judge(program.loss, program.backward, params, inputs, example=example)
    assert list(judgement.wrong) == ["W"]


def test_nothing_that_is_passed_in_is_changed_and_prints_are_captured():
    program = module(RNN, ("    xs = inputs", "    print('hello from backward')\n    xs = inputs"))
    params, inputs = rnn_arguments()
    before = {name: array.copy() for name, array in (params | inputs).items()}
    for array in (params | inputs).values():
        array.flags.writeable = False
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == "right"
    assert "hello from backward" in judgement.output
    for name, array in (params | inputs).items():
        np.testing.assert_array_equal(array, before[name])


def test_float32_is_judged_by_its_own_rounding():
    program = module(RNN, ("np.zeros((T + 1, H))", "np.zeros((T + 1, H), dtype=np.float32)"))
    assert judge(program.loss, program.backward, *rnn_arguments()).verdict == "right"


@pytest.mark.parametrize(
    "edit",
    [
        ("return np.sum(h[:-1] * inputs[\"dh\"])",
         "return float(np.sum(h[:-1] * inputs[\"dh\"]))"),
        ("return np.sum(h[:-1] * inputs[\"dh\"])",
         "import math\n    return math.log(math.exp(float(np.sum(h[:-1] * inputs[\"dh\"]))))"),
        ("return np.sum(h[:-1] * inputs[\"dh\"])",
         "return float(f'{np.sum(h[:-1] * inputs[\"dh\"]):.17g}')"),
    ],
    ids=["float", "math on scalars", "through a string"],
)  # fmt: skip
def test_conversions_in_the_loss_do_not_matter(edit):
    assert judged(RNN, edit).verdict == "right"
    judgement = judged(RNN, edit, WRONG["carry lost"])
    assert judgement.verdict == "wrong"
    assert set(judgement.wrong) == {"U", "W", "b", "h0"}


LOG_DETERMINANT = """
import numpy as np

def loss(params, inputs):
    W = params["W"]
    return np.sum(np.log(np.linalg.eigvalsh(W @ W.T + np.eye(len(W)))))

def backward(params, inputs):
    W = params["W"]
    return {"W": 2 * np.linalg.inv(W @ W.T + np.eye(len(W))) @ W}
"""


@pytest.mark.parametrize("factor", [2, 3])
def test_where_only_jax_knows_a_function_it_is_asked(factor):
    source = LOG_DETERMINANT.replace("2 *", f"{factor} *")
    W = np.random.default_rng(0).standard_normal((3, 2))
    judgement = judge(*_functions(source), {"W": W}, {})
    assert judgement.verdict == ("right" if factor == 2 else "wrong")
    assert "JAX" in judgement.evidence["voters"]
    # Who could not tell says on which line.
    for voter in ("tangents", "complex step"):
        (reason,) = [told for told in judgement.reasons if told.startswith(voter)]
        assert voter == "complex step" or "np.linalg.eigvalsh" in reason


KINK = """
import numpy as np

def loss(params, inputs):
    return np.sum(np.maximum(params["w"] - inputs["x"], 0))

def backward(params, inputs):
    return {"w": 1.0 * (params["w"] > inputs["x"])}
"""


def test_a_kink_is_no_accusation():
    params = {"w": np.array([1.0, 3.0, -2.0])}  # NumPy's other subgradient at the first entry
    inputs = {"x": np.array([1.0, 2.0, 3.0])}
    judgement = judge(*_functions(KINK), params, inputs)
    assert judgement.verdict == "right"

    def example(rng):
        w = rng.normal(size=3)
        return {"w": w}, {"x": w.copy()}

    given = example(np.random.default_rng(0))
    judgement = judge(*_functions(KINK), *given, example=example)
    assert judgement.verdict == "inconclusive"
    assert any("kink" in reason for reason in judgement.reasons)


UNTRAINED = """
import numpy as np

def loss(params, inputs):
    return np.sum(np.tanh(params["gain"] * (params["W"] @ inputs["x"]) + params["peep"]) ** 2)

def backward(params, inputs):
    y = np.tanh(params["gain"] * (params["W"] @ inputs["x"]) + params["peep"])
    da = 2 * y * (1 - y ** 2)
    return {"W": np.outer(GRADIENT, inputs["x"]), "gain": da * (params["W"] @ inputs["x"]),
            "peep": da}
"""


def test_what_is_one_before_training_hides_nothing():
    def example(rng):
        params = {"W": rng.normal(size=(3, 2)), "gain": np.ones(3), "peep": np.zeros(3)}
        return params, {"x": rng.normal(size=2)}

    given = example(np.random.default_rng(5))
    for gradient, verdict in {'da * params["gain"]': "right", "da": "wrong",
                              'da * params["gain"] + params["peep"]': "wrong"}.items():  # fmt: skip
        functions = _functions(UNTRAINED.replace("GRADIENT", gradient))
        judgement = judge(*functions, *given, example=example)
        assert judgement.verdict == verdict
        assert verdict == "right" or set(judgement.wrong) == {"W"}


LEAKY = """
import numpy as np

def loss(params, inputs):
    LIMIT
    return params["alpha"] * np.sum(np.tanh(params["w"] * inputs["x"])) ** 2

def backward(params, inputs):
    y = np.tanh(params["w"] * inputs["x"])
    return {"w": 2 * np.sum(y) * FACTOR * (1 - y ** 2) * inputs["x"], "alpha": np.sum(y) ** 2}
"""


@pytest.mark.parametrize(
    ("factor", "limit", "verdict"),
    [
        ('params["alpha"]', "", "right"),
        ("0.7", "", "wrong"),
        ('params["alpha"]', 'assert abs(params["alpha"] - 0.7) < 0.01', "right"),
    ],
)
@pytest.mark.parametrize("made", [np.array, np.float64, float])
def test_what_an_example_always_draws_alike_is_asked_at_other_values(factor, limit, verdict, made):
    def example(rng):
        return {"w": rng.normal(size=3), "alpha": made(0.7)}, {"x": rng.normal(size=3)}

    functions = _functions(LEAKY.replace("FACTOR", factor).replace("LIMIT", limit))
    judgement = judge(*functions, *example(np.random.default_rng(5)), example=example)
    assert judgement.verdict == verdict
    assert set(judgement.wrong) == ({"w"} if verdict == "wrong" else set())
    assert not any("AssertionError" in reason for reason in judgement.reasons)


RELU = """
import numpy as np

def states(params, inputs):
    hs = [np.zeros(params["W"].shape[0])]
    for x in inputs["xs"]:
        hs.append(np.maximum(0.0, params["W"] @ hs[-1] + params["U"] @ x))
    return hs

def loss(params, inputs):
    return np.sum(states(params, inputs)[-1] ** 2)

def backward(params, inputs):
    hs = states(params, inputs)
    dW, dU = np.zeros_like(params["W"]), np.zeros_like(params["U"])
    dh = 2 * hs[-1]
    for t in reversed(range(len(inputs["xs"]))):
        dz = dh * (hs[t + 1] > 0)
        dW += np.outer(dz, hs[t])
        dU += np.outer(dz, inputs["xs"][t])
        dh = params["W"].T @ dz
    return {"W": dW, "U": dU}
"""


@pytest.mark.parametrize(("mask", "verdict"), [("hs[t + 1]", "right"), ("hs[t]", "wrong")])
def test_a_wrong_mask_of_zeros_is_not_taken_for_rounding(mask, verdict):
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(4, 4)), "U": rng.normal(size=(4, 3))}
    program = module(RELU, ("(hs[t + 1] > 0)", f"({mask} > 0)"))
    judgement = judge(program.loss, program.backward, params, {"xs": rng.normal(size=(5, 3))})
    assert judgement.verdict == verdict


def test_an_input_that_is_left_out_beside_one_like_it_is_a_note():
    source = """
import numpy as np

def loss(params, inputs):
    return np.sum(np.tanh(params["w"] * inputs["h0"] + inputs["c0"] + inputs["mask"]))

def backward(params, inputs):
    d = 1 - np.tanh(params["w"] * inputs["h0"] + inputs["c0"] + inputs["mask"]) ** 2
    return {"w": d * inputs["h0"], "h0": d * params["w"]}
"""
    inputs = {"h0": np.array([0.5, -1.5]), "c0": np.array([0.25, 0.75]), "mask": np.ones(2)}
    judgement = judge(*_functions(source), {"w": np.array([0.5, 2.5])}, inputs)
    assert judgement.verdict == "right"
    (note,) = (reason for reason in judgement.reasons if "no gradient of" in reason)
    assert note == "no gradient of c0 is returned, though the loss depends on it as on h0"


RESETS = """
import numpy as np

def steps(params, inputs):
    h, kept = params["h0"], []
    for x, done in zip(inputs["xs"], inputs["done"]):
        FLAGS
        kept.append((flags, h))
        h = np.tanh(params["E"][np.where(flags == 1, 0, 1)] + x + h)
    return kept, h

def loss(params, inputs):
    return np.sum(steps(params, inputs)[1] ** 2)

def backward(params, inputs):
    kept, h = steps(params, inputs)
    dE, dh = np.zeros_like(params["E"]), 2 * h
    for flags, before in reversed(kept):
        da = dh * (1 - h ** 2)
        rows = np.where(flags == 1, 0, 1)
        ADDED
        dh, h = da, before
    return {"E": dE, "h0": dh}
"""


@pytest.mark.parametrize("flags", ["flags = done", "flags = 1 - (1 - done) * 1.0"])
@pytest.mark.parametrize(
    ("added", "verdict"), [("np.add.at(dE, rows, da)", "right"), ("dE[rows] += da", "wrong")]
)
def test_flags_have_no_rounding(flags, added, verdict):
    """One that moved by a unit in the last place led to another row: taken for rounding."""
    rng = np.random.default_rng(0)
    done = (rng.random((5, 3)) < 0.4).astype(float)
    params = {"E": rng.normal(size=(2, 4)), "h0": rng.normal(size=(3, 4))}
    program = module(RESETS, ("FLAGS", flags), ("ADDED", added))
    inputs = {"xs": rng.normal(size=(5, 3, 4)), "done": done}
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == verdict


def test_a_mistake_that_shows_at_one_draw_of_twelve_is_found():
    program = module(RARE)
    params, inputs = program.example(np.random.default_rng(0))
    judgement = judge(program.loss, program.backward, params, inputs, example=program.example)
    assert judgement.verdict == "wrong"
    assert list(judgement.wrong) == ["E"]
    assert len(set(judgement.inputs["words"].tolist())) == 1
    assert not judgement.evidence["proved"]
    assert any("some values or sizes only" in reason for reason in judgement.reasons)


def test_many_draws_accuse_nobody_who_is_right():
    program = module(
        RARE,
        ("dE[words] += np", "np.add.at(dE, words, np"),
        ('["w"])\n    return {', '["w"]))\n    return {'),
    )
    params, inputs = program.example(np.random.default_rng(0))
    judgement = judge(program.loss, program.backward, params, inputs, example=program.example)
    assert judgement.verdict == "right"


def _functions(source: str):
    program = module(source)
    return program.loss, program.backward


def test_a_loss_that_is_not_finite_is_inconclusive():
    source = KINK.replace("np.sum(", "np.inf * np.sum(")
    judgement = judge(*_functions(source), {"w": np.ones(2)}, {"x": np.array([0.5, 1.5])})
    assert judgement.verdict == "inconclusive"
    assert any("inf" in reason for reason in judgement.reasons)


def test_a_gradient_that_is_not_finite_but_right_in_exact_arithmetic_is_inconclusive():
    source = """
import numpy as np

def loss(params, inputs):
    return np.sum(np.tanh(params["w"]))

def backward(params, inputs):
    e = np.exp(800 + params["w"]) / np.exp(800)
    return {"w": (1 - np.tanh(params["w"]) ** 2) * e / e}
"""
    judgement = judge(*_functions(source), {"w": np.array([0.5, -0.25])}, {})
    assert judgement.verdict == "inconclusive"
    assert "not finite" in judgement.undecided["w"]


def test_random_numbers_in_the_loss_are_told():
    for draw in ("np.random.rand()", "np.random.default_rng().random()"):
        source = KINK.replace("return np.sum(", f"return {draw} * np.sum(", 1)
        judgement = judge(*_functions(source), {"w": np.ones(2)}, {"x": np.array([0.5, 1.5])})
        assert judgement.verdict == "inconclusive"
        assert any("random" in reason for reason in judgement.reasons)


def test_state_between_calls_is_found():
    source = RNN.replace("def forward", "seen = []\n\ndef forward").replace(
        "    T, H", "    seen.append(1)\n    T, H"
    )
    assert judged(source).verdict == "right"  # kept, and without effect
    judgement = judged(source, ("dW += np", "dW += (len(seen) < 3) * np"))
    assert judgement.verdict == "wrong"
    assert [finding.kind for finding in judgement.findings] == ["state between calls"]


def test_an_argument_that_is_changed_is_found():
    judgement = judged(RNN, ("    xs = inputs", '    inputs["dh"] *= 2\n    xs = inputs'))
    assert judgement.verdict == "wrong"
    assert ("argument changed", "dh") in {(f.kind, f.variable) for f in judgement.findings}


def test_a_backward_that_raises_is_a_finding_with_its_line():
    judgement = judged(RNN, ("np.outer(da, h[t - 1])", "np.dot(da, h[t - 1, :2])"))
    assert judgement.verdict == "wrong"
    (finding,) = judgement.findings
    assert finding.kind == "dot for outer"
    assert finding.should_be == "np.outer(da, h[t - 1, :2])"
    assert finding.text == "dW += np.dot(da, h[t - 1, :2])"
    assert isinstance(judgement.error, ValueError)


def test_shapes_and_names_are_findings():
    judgement = judged(RNN, ('"b": db', '"b": db[:, None]'))
    assert [(f.kind, f.variable) for f in judgement.findings] == [("wrong shape", "b")]
    assert judgement.wrong["b"].note == "shape (3, 1) where (3,) is right"
    judgement = judged(RNN, ('"b": db', '"db": db'))
    assert [(f.kind, f.variable) for f in judgement.findings] == [("wrong name", "b")]
    judgement = judged(RNN, ('"b": db, ', ""))
    assert [(f.kind, f.variable) for f in judgement.findings] == [("never returned", "b")]


def test_an_unused_parameter_needs_no_gradient():
    program = module(RNN)
    params, inputs = rnn_arguments()
    params["unused"] = np.ones(2)
    assert judge(program.loss, program.backward, params, inputs).verdict == "right"


def test_a_backward_that_never_ends_is_inconclusive():
    program = module(RNN, ("    xs = inputs", "    while True: pass\n    xs = inputs"))
    judgement = judge(program.loss, program.backward, *rnn_arguments(), seconds=0.5)
    assert judgement.verdict == "inconclusive"
    assert judgement.reasons == (
        "the backward did not end in time; it was at line 18: while True: pass",
    )
    assert judgement.seconds < 5


UNUSABLE = {
    "params no mapping": (RNN, lambda p, i: ([p], i), TypeError, "params has type list"),
    "a list of weights": (RNN, lambda p, i: (p | {"b": [1.0]}, i), TypeError, r"params\['b'\]"),
    "a weight that is NaN": (
        RNN, lambda p, i: (p | {"b": np.full(3, np.nan)}, i), ValueError, "finite"),
    "no scalar": (
        RNN.replace("np.sum(h[:-1]", "(h[:-1]"), lambda p, i: (p, i), ValueError,
        r"has shape \(5, 3\), but must be a real scalar"),
    "a loss of None": (
        RNN.replace("return np.sum(h[:-1]", "np.sum(h[:-1]"), lambda p, i: (p, i), TypeError,
        "NoneType"),
    "a loss that raises": (
        RNN.replace("np.sum(h[:-1]", "np.sum(h[:-2]"), lambda p, i: (p, i), ValueError,
        r"return np.sum\(h\[:-2\]"),
    "gradients in a tuple": (
        RNN.replace('return {"U": dU, "W": dW, "b": db, "h0": dh_next}', "return dU, dW"),
        lambda p, i: (p, i), TypeError, "has type tuple, but must be a dict"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_cannot_be_judged_is_refused_in_one_sentence(what):
    source, change, error, sentence = UNUSABLE[what]
    program = module(source)
    with pytest.raises(error, match=sentence):
        judge(program.loss, program.backward, *change(*rnn_arguments()))


@pytest.mark.parametrize(
    ("names", "told"),
    [(["b"], "b is right"), (["U", "W"], "U, W are right"), (list("abcdefg"), " and others are")],
)
def test_what_floats_call_right_and_exact_arithmetic_does_not_is_told_at_once(names, told):
    given = checked({name: np.ones(2) for name in names}, {})
    proof: Any = SimpleNamespace(verdict="refuted", refuted=dict.fromkeys(names))
    summed_up = _summed_up(given, [Opinion(given, right=names)], proof, [], [])
    (reason,) = summed_up.reasons
    assert told in reason
