"""Arrays of real sizes: the line is looked for at smaller ones, and the fix tried at these."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.answering.answer import edits_between
from reference.debugger.answering.at_its_sizes import at_its_steps
from reference.debugger.diagnosis import Diagnosis, Fix, Suspect
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
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


@pytest.mark.parametrize(
    ("shapes", "inputs", "fits"),
    [
        (
            [(160, 400), (400,), (100, 60)],
            (25, 60),
            [lambda g: g[400] == 4 * g[100], lambda g: g[160] == g[100] + g[60]],
        ),
        # Rows of [1, x, h]: 10 inputs, and 16 hidden units before four gates.
        (
            [(27, 64)],
            (50, 32, 10),
            [lambda g: g[64] % 4 == 0, lambda g: g[27] == 1 + g[10] + g[64] // 4],
        ),
        # Rows of [x, h] and four gates, of which the one is of no use without the other.
        (
            [(104, 256), (256,), (64, 4)],
            (96, 32, 40),
            [lambda g: g[256] == 4 * g[64] and g[104] == g[40] + g[64]],
        ),
        # Rows of [h, x, 1] and of [h, 1].
        (
            [(265, 200), (201, 64)],
            (50,),
            [lambda g: g[201] == g[200] + 1, lambda g: g[265] == g[200] + g[64] + 1],
        ),
        # A vocabulary that is written elsewhere, and four heads.
        ([(64, 51), (64, 64)], (25,), [lambda g: g[51] == 51, lambda g: g[64] % 4 == 0]),
    ],
)
def test_how_sizes_hang_together_is_found_by_how_far_a_program_comes(shapes, inputs, fits):
    params = {str(k): np.zeros(shape) for k, shape in enumerate(shapes)}
    own = {size: size for shape in (*shapes, inputs) for size in shape}

    def reached(sizes):
        come = next((k for k, fit in enumerate(fits) if not fit({**own, **sizes})), np.inf)
        return float(come)

    sizes = next(smaller_sizes((params, {"x": np.zeros(inputs)}), reached))
    assert reached(sizes) == np.inf
    assert sum(sizes.values()) < sum(sizes) / 3


def test_what_most_hangs_on_becomes_the_smallest_but_what_is_of_the_inputs_alone():
    params = {"E": np.zeros((12, 24)), "W": np.zeros((24, 160)), "U": np.zeros((40, 160))}

    def reached(sizes):
        return np.inf if sizes.get(160) == 4 * sizes.get(40, 0) else 0.0

    sizes = next(smaller_sizes((params, {"x": np.zeros((30, 12))}), reached))
    assert sizes[30] < sizes[40] < sizes[24] < sizes[12]
    assert sum(np.prod([sizes[n] for n in value.shape]) for value in params.values()) < 450


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


@pytest.mark.parametrize(
    ("new", "old", "pattern"),
    [
        ('dy[inputs["targets"][t]] -= 1', 'dy[inputs["ids"][t]] -= 1', "all"),
        ("dz @ hs[t - 1].T", "dz @ hs[t - 1 if t else 1].T", "t=0"),
    ],
)
def test_that_a_line_is_wrong_at_the_first_step_only_is_seen_at_the_given_sizes(
    tmp_path, new, old, pattern
):
    source = WITH_ITS_OWN_SIZES.replace(new, old)
    made = loaded(source, tmp_path)
    given = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given, 5.0)
        (file,) = program.sources
        edits = edits_between(file, source, WITH_ITS_OWN_SIZES)
        suspect = Suspect(file, edits[0].first, old, "backward", kind="wrong operand",
                          pattern="t=0", steps=(0,))  # fmt: skip
        found = Diagnosis("wrong", suspects=(suspect,))
        told = at_its_steps(program, given, found, Fix(edits, "", "", source))
    assert told.suspects[0].pattern == pattern


CHUNKS = """\
import numpy as np

hidden, length, chunks = 40, 15, 2


def run(W, xs, h):
    tape = []
    for x in xs:
        new = np.tanh(W @ np.concatenate([h, x, [1.0]]))
        tape.append((np.concatenate([h, x, [1.0]]), new))
        h = new
    return h, tape


def back(W, tape, dh):
    dW = np.zeros_like(W)
    for v, h in reversed(tape):
        da = dh * (1 - h ** 2)
        dW += np.outer(da, v)
        dh = (W.T @ da)[:hidden]
    return dW, dh


def forward(params, inputs):
    h, tapes = np.zeros(hidden), []
    for k in range(chunks):
        h, tape = run(params["W"], inputs["xs"][k * length:(k + 1) * length], h)
        tapes.append(tape)
    return h, tapes


def loss(params, inputs):
    return 0.5 * np.sum(forward(params, inputs)[0] ** 2)


def backward(params, inputs):
    dh, tapes = forward(params, inputs)
    grad = np.zeros_like(params["W"])
    for tape in reversed(tapes):
        dW, dh = back(params["W"], tape, dh)
        grad += dW
    return {"W": grad}


def example(rng):
    shape = hidden, hidden + 9 + 1
    params = {"W": rng.normal(size=shape) / np.sqrt(hidden)}
    return params, {"xs": rng.normal(size=(chunks * length, 9))}
"""


def test_a_sequence_of_chunks_is_made_smaller_with_the_length_of_a_chunk(tmp_path):
    handed_on = CHUNKS.replace("dW, dh = back(params", "dW, _ = back(params")
    found = debugged(loaded(handed_on, tmp_path))
    assert found.verdict == "wrong"
    assert any("looked for with" in reason for reason in found.reasons)
    assert found.fixes


WORKSPACE = """
import numpy as np

STEPS, UNITS = 40, 16
WORK = {"h": np.zeros((STEPS + 1, UNITS)), "da": np.zeros((STEPS, UNITS))}


def loss(params, inputs):
    h = WORK["h"]
    h[0] = 0
    for t in range(STEPS):
        h[t + 1] = np.tanh(h[t] @ params["W"] + inputs["xs"][t])
    return 0.5 * np.sum(h[1:] ** 2)


def backward(params, inputs):
    loss(params, inputs)
    h, da = WORK["h"], WORK["da"]
    dh = np.zeros(UNITS)
    for t in reversed(range(STEPS)):
        da[t] = (dh + h[t + 1]) * (1 - h[t + 1] ** 2)
        dh = params["W"] @ da[t]
    return {"W": h[:-1].T @ da}


def example(rng):
    params = {"W": rng.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS)}
    return params, {"xs": rng.normal(size=(STEPS, UNITS))}
"""


def test_arrays_of_states_with_the_first_among_them_are_made_smaller_too(tmp_path):
    found = debugged(loaded(WORKSPACE.replace("h[:-1].T", "h[1:].T"), tmp_path))
    assert any("looked for with" in reason for reason in found.reasons)
    assert found.fixes
    assert found.fixes[0].apply_to(found.fixes[0].source) == WORKSPACE
