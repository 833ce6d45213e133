"""Programs of real size: the verdict along a few directions, and in double precision."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.judging.precisions import judge_in_double_too
from reference.debugger.judging.verdict import checked, judge
from reference.debugger.judging.voters import Abstains, by_jax
from reference.debugger.running.doubles import doubled

SHORT = """\
import numpy as np

F = np.float32
steps, batch, units = 60, 16, 70


def forward(p, x):
    hs = np.zeros((steps + 1, batch, units), F)
    for t in range(steps):
        hs[t + 1] = np.tanh(x[t] @ p["U"] + hs[t] @ p["W"] + p["b"])
    return hs


def loss(params, inputs):
    hs = forward(params, inputs["x"])
    decay = F(1e-4) / 2 * np.sum(params["W"] ** 2)
    return [SCALE * np.mean((hs[-1] @ params["V"] - inputs["y"]) ** 2) + SCALE * decay]


def backward(params, inputs):
    x = inputs["x"]
    hs = forward(params, x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dy = SCALE * 2 * (hs[-1] @ params["V"] - inputs["y"]) / batch
    grads["V"] += hs[-1].T @ dy
    dh = dy @ params["V"].T
    for t in range(steps - 1, -1, -1):
        dz = dh * (1 - hs[t + 1] ** 2)
        grads["U"] += x[t].T @ dz
        grads["W"] += hs[t].T @ dz
        grads["b"] += dz.sum(0)
        dh = dz @ params["W"].T
    grads["W"] += SCALE * F(1e-4) * params["W"]
    return grads


def example(rng):
    shapes = {"U": (2, units), "W": (units, units), "b": (units,), "V": (units, 1)}
    params = {n: (rng.normal(size=s) / np.sqrt(s[0])).astype(F) for n, s in shapes.items()}
    x, y = rng.normal(size=(steps, batch, 2)), rng.normal(size=(batch, 1))
    return params, {"x": x.astype(F), "y": y.astype(F)}


SCALE = 1.0
"""


def test_a_right_program_of_seven_digits_is_proved_with_sixteen_at_smaller_sizes(tmp_path):
    made = loaded(SHORT, tmp_path)
    found = debugged(made, seconds=60.0)
    assert found.verdict == "right"
    assert found.evidence["proved"]
    assert "complex step" in found.evidence["voters"]
    assert any("judged with doubles" in reason for reason in found.reasons)
    assert made.F is np.float32
    assert made.np is np
    assert made.units == 70


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("(1 - hs[t + 1] ** 2)", "(1 - hs[t] ** 2)", 28),
        ("F(1e-4) * params", "2 * F(1e-4) * params", 33),  # hidden in the rounding of seven digits
    ],
)
def test_a_mistake_is_found_where_differences_drown(tmp_path, old, new, line):
    source = SHORT.replace(old, new)
    found = debugged(loaded(source, tmp_path), seconds=60.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].line == line
    mended = loaded(found.fixes[0].apply_to(source), tmp_path, "mended")
    assert debugged(mended, seconds=60.0).verdict == "right"


def test_a_mistake_in_the_gradients_of_a_tiny_loss_is_found(tmp_path):
    source = SHORT.replace("SCALE = 1.0", "SCALE = 1e-12").replace("np.float32", "np.float64")
    assert debugged(loaded(source, tmp_path), seconds=60.0).verdict == "right"
    source = source.replace("(1 - hs[t + 1] ** 2)", "(1 - hs[t] ** 2)")
    found = debugged(loaded(source, tmp_path, "wrong"), seconds=60.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].line == 28


def test_a_gradient_that_is_missing_is_found_among_large_ones(tmp_path):
    source = SHORT.replace("    return grads\n", '    del grads["b"]\n    return grads\n')
    made = loaded(source, tmp_path)
    found = judge(made.loss, made.backward, *made.example(np.random.default_rng(0)), seconds=30.0)
    assert found.verdict == "wrong"
    assert any(finding.kind == "never returned" for finding in found.findings)


def test_functions_compute_with_doubles_within_the_block_only(tmp_path):
    made = loaded(
        "import numpy as np\n\n\nSHORT = np.dtype('float32')\nKEPT = np.ones(2, np.float32)\n\n\n"
        "def loss(params, inputs, dtype=np.float32):\n"
        "    made = np.zeros(2, 'f4') + np.ones(2, SHORT) + np.float32(0) + KEPT\n"
        "    return made, dtype\n",
        tmp_path,
    )
    with doubled(made.loss, made.loss):
        values, dtype = made.loss({}, {})
        assert (values.dtype, dtype) == (np.float64, np.float64)
    values, dtype = made.loss({}, {})
    assert (values.dtype, dtype) == (np.float32, np.float32)


def test_lists_of_several_lengths_among_large_arrays_are_no_floats(tmp_path):
    source = SHORT.replace(
        '    return params, {"x": x.astype(F)',
        '    return params, {"names": [[1], [2, 3]], "x": x.astype(F)',
    )
    source = source.replace("np.float32", "np.float64")
    assert debugged(loaded(source, tmp_path), seconds=60.0).verdict == "right"


MASKED = """\
import numpy as np

batch, steps, words, units = 8, 12, 90, 60


def forward(p, ids):
    mask = (ids != 0).astype(float)
    hs = [np.zeros((batch, units))]
    for t in range(steps):
        new = np.tanh(p["E"][ids[:, t]] + hs[-1] @ p["W"])
        m = mask[:, t:t + 1]
        hs.append(m * new + (1 - m) * hs[-1])
    return mask, hs


def loss(params, inputs):
    return np.sum(forward(params, inputs["ids"])[1][-1] ** 2) / 2


def backward(params, inputs):
    ids = inputs["ids"]
    mask, hs = forward(params, ids)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = hs[-1]
    for t in reversed(range(steps)):
        m = mask[:, t:t + 1]
        new = np.tanh(params["E"][ids[:, t]] + hs[t] @ params["W"])
        da = dh * m * (1 - new ** 2)
        np.add.at(grads["E"], ids[:, t], da)
        grads["W"] += hs[t].T @ da
        dh = dh * (1 - m) + da @ params["W"].T
    return grads


def example(rng):
    ids = rng.integers(1, words, (batch, steps))
    for row in ids:
        row[rng.integers(3, steps + 1):] = 0
    params = {"E": rng.normal(size=(words, units)), "W": rng.normal(size=(units, units)) / 8}
    return params, {"ids": ids}
"""


def test_masks_made_of_whole_numbers_do_not_keep_the_complex_step_from_telling(tmp_path):
    made = loaded(MASKED, tmp_path)
    judgement = judge(made.loss, made.backward, *made.example(np.random.default_rng(0)))
    assert judgement.verdict == "right"
    assert judgement.evidence["voters"] == ["complex step", "differences"]


def test_a_trace_that_takes_longer_to_compile_than_an_answer_may_is_left_alone():
    def long(params, inputs):
        x = params["x"]
        for _ in range(inputs["times"]):
            x = np.tanh(x + inputs["b"])
        return np.sum(x)

    draw = checked({"x": np.ones(3)}, {"b": np.ones(3), "times": 400})
    with pytest.raises(Abstains, match="too long to compile"):
        by_jax(long, draw, ["x"], 1.0)


def test_the_name_of_a_gate_is_no_name_of_a_type(tmp_path):
    made = loaded(
        "import numpy as np\n\n\n"
        "def loss(params, inputs):\n"
        "    gates = {'f': params['b']}\n"
        "    return np.sum(np.tanh(gates['f']))\n\n\n"
        "def backward(params, inputs):\n"
        "    return {'b': 1 - np.tanh(params['b']) ** 2}\n",
        tmp_path,
    )
    given = {"b": np.array([0.3, -0.5])}, {}
    told = judge_in_double_too(made.loss, made.backward, given, None, 0, 10.0)
    assert told.verdict == "right"
    assert not any("double" in reason for reason in told.reasons)
