"""Which loop is time: in pipelines, tapes, loops over samples, and of steps that are functions."""

import ast

import numpy as np
import pytest

from reference.debugger.naming.patterns import pattern_of_edit
from reference.debugger.texts.clock import goes_backwards, score_of

from .programs import module, told_apart

LOSS = """\
import numpy as np

SMALL = 2


def states(p, xs):
    hs = [p["h0"]]
    for x in xs:
        hs.append(np.tanh(x + p["U"] @ hs[-1]))
    return hs


def loss(params, inputs):
    total = 0.0
    for h, d in zip(states(params, inputs["xs"])[1:], inputs["dhs"]):
        total += h @ d
    return total


"""

PIPELINE = (
    LOSS
    + """\
def rewind(p, hs, dhs):
    dh = np.zeros(3)
    for (before, h), d in zip(reversed(list(zip(hs, hs[1:]))), reversed(dhs)):
        dz = (d + dh) * (1 - h ** 2)
        yield "U", np.outer(dz, before)
        yield "b", dz
        dh = p["U"].T @ dz
    yield "h0", dh


def backward(params, inputs):
    grads = {"U": np.zeros((3, 3)), "h0": np.zeros(3), "b": np.zeros(3)}
    for name, part in rewind(params, states(params, inputs["xs"]), inputs["dhs"]):
        grads[name] += part
    return grads
"""
)

FUNCTION = (
    LOSS
    + """\
def pairs(params, inputs):
    hs = states(params, inputs["xs"])
    return list(zip(hs, hs[1:]))


def step(p, before, h, d, dh, grads):
    dz = d + dh
    dz = dz * (1 - h ** 2)
    grads["U"] += np.outer(dz, before)
    for _ in range(SMALL):
        dz = dz * 1.0
    return p["U"].T @ dz


def backward(params, inputs):
    grads, dh = {"U": np.zeros((3, 3))}, np.zeros(3)
    for (before, h), d in zip(reversed(pairs(params, inputs)), inputs["dhs"][::-1]):
        dh = step(params, before, h, d, dh, grads)
    return {**grads, "h0": dh}
"""
)

TAPE = (
    LOSS
    + """\
def backward(params, inputs):
    hs, tape = states(params, inputs["xs"]), []
    g = {"U": np.zeros((3, 3)), "h0": np.zeros(3)}
    dh = np.zeros(3)

    def slope(h):
        dh[:] = dh * (1 - h ** 2)

    def product(before):
        g["U"] += np.outer(dh, before)
        dh[:] = params["U"].T @ dh

    for t in range(len(inputs["xs"])):
        tape.append(lambda before=hs[t]: product(before))
        tape.append(lambda h=hs[t + 1]: slope(h))
        tape.append(lambda d=inputs["dhs"][t]: np.add(dh, d, out=dh))
    for pull in reversed(tape):
        pull()
    g["h0"] += dh
    return g
"""
)

SAMPLES = (
    LOSS
    + """\
def unread(p, hs, dhs, g):
    dh = np.zeros(3)
    for t in reversed(range(len(dhs))):
        dz = (dhs[t] + dh) * (1 - hs[t + 1] ** 2)
        g["U"] += np.outer(dz, hs[t])
        dh = p["U"].T @ dz
    return dh


def backward(params, inputs):
    g = {"U": np.zeros((3, 3)), "h0": np.zeros(3)}
    for weight, scaled in zip((0.5, 0.25, 0.25), (True, True, True)):
        dhs = weight * inputs["dhs"]
        dhs = dhs * 1.0
        g["h0"] += unread(params, states(params, inputs["xs"]), dhs, g)
    return g
"""
)


def told(right, *edits, kind="", steps=4, quiet=0):
    """Plant a mistake and tell its steps; the last `quiet` steps have no part in the loss."""
    made = module(right, *edits)
    rng = np.random.default_rng(0)
    dhs = rng.normal(size=(steps, 3))
    dhs[steps - quiet :] = 0.0
    params = {"U": rng.normal(size=(3, 3)), "h0": rng.normal(size=3)}
    given = params, {"xs": rng.normal(size=(steps, 3)), "dhs": dhs}
    wrong, found = told_apart(made, right, given)
    return pattern_of_edit(kind, wrong, right, found, given)[0]


def test_a_generator_keeps_its_place_in_time_while_its_caller_goes_on():
    assert told(PIPELINE, ("(d + dh)", "(d - dh)")) == "all but the last"
    assert told(PIPELINE, ("1 - h ** 2", "1 - h")) == "all"


def test_a_loop_over_what_a_function_makes_of_the_parameters_is_time():
    lines = '    dz = d + dh\n    dz = dz * (1 - h ** 2)\n    grads["U"] += np.outer(dz, before)\n'
    two = lines.replace("1 - h ** 2", "1 - h").replace("(dz, before)", "(before, dz)")
    assert told(FUNCTION, (lines, two)) == "all"
    assert told(FUNCTION, ("dz = d + dh\n", "dz = d\n")) == "all but the last"


def test_functions_that_see_the_last_step_are_wrong_at_all_but_that_one():
    edit = "lambda before=hs[t]: product(before)", "lambda: product(hs[t])"
    assert told(TAPE, edit, kind="late binding") == "all but the last"


def test_a_loop_over_samples_is_none_over_time_however_many_there_are():
    assert told(SAMPLES, ("dhs = weight * inputs", "dhs = 2 * weight * inputs")) == "none"
    assert told(SAMPLES, ("1 - hs[t + 1] ** 2", "1 - hs[t + 1]")) == "all"


def test_lines_that_belong_together_are_right_where_all_of_them_are():
    edits = [
        ("    dh = np.zeros(3)\n", "    dh = np.zeros(3)\n    hs = hs[1:]\n"),
        ("(1 - hs[t + 1] ** 2)", "(1 - hs[t] ** 2)"),
        ("np.outer(dz, hs[t])", "np.outer(dz, hs[t - 1])"),
    ]
    assert told(SAMPLES, *edits) == "t=0"


def test_a_carry_that_is_zero_for_some_steps_is_lost_at_all_but_the_last():
    edit = '        dh = p["U"].T @ dz\n    return', "        dh = 0 * dz\n    return"
    assert told(SAMPLES, edit, kind="carry lost", quiet=1) == "all but the last"


def test_an_entry_that_is_taken_from_a_list_is_taken_once():
    taken = "(1 - tape.pop().T ** 2)"
    right = SAMPLES.replace("    dh = np.zeros(3)\n", "    dh, tape = np.zeros(3), list(hs)\n")
    right = right.replace("(1 - hs[t + 1] ** 2)", taken)
    assert told(right, (taken, "tape.pop()")) == "all"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("for s, q in tape[::-1]: pass", 4.0),  # a state, and no number of a step
        ("for s in reversed(range(S)): pass", 6.0),
        ("for layer in reversed(params): pass", 0.0),
        ("for f, y in zip(reversed(frames(params, inputs)), ys): pass", 4.0),
    ],
)
def test_how_much_a_loop_looks_like_time(text, score):
    (loop,) = ast.parse(text).body
    assert isinstance(loop, ast.For)
    assert score_of(loop) == score


@pytest.mark.parametrize("index", ["-k - 1", "-(k + 1)", "~k"])
def test_an_index_from_the_end_goes_backwards(index):
    (loop,) = ast.parse(f"for k in range(T):\n    dh = dz[{index}]").body
    assert isinstance(loop, ast.For)
    assert goes_backwards(loop)
    (loop,) = ast.parse("for k in range(1, T):\n    dh = dz[-k]").body
    assert isinstance(loop, ast.For)
    assert not goes_backwards(loop)


MASKED = (
    LOSS.replace("h @ d\n", "np.sum(h * d)\n")
    .replace('inputs["xs"]', "inputs")
    .replace(
        '    for x in xs:\n        hs.append(np.tanh(x + p["U"] @ hs[-1]))\n',
        '    for x, m in zip(xs["xs"], xs["m"]):\n'
        '        new = np.tanh(x + hs[-1] @ p["U"])\n'
        "        hs.append(m * new + (1 - m) * hs[-1])\n",
    )
    + """\
def backward(params, inputs):
    xs, ms = inputs["xs"], inputs["m"]
    hs, dU, dh = states(params, inputs), np.zeros((3, 3)), np.zeros((2, 3))
    for t in reversed(range(len(xs))):
        m = ms[t]
        dh = dh + inputs["dhs"][t]
        here = dh * m
        dz = here * (1 - np.tanh(xs[t] + hs[t] @ params["U"]) ** 2)
        dU += hs[t].T @ dz
        dh = dh * (1 - m) + dz @ params["U"].T
    return {"U": dU, "h0": dh}
"""
)


def test_a_carry_that_is_masked_too_early_is_wrong_where_the_mask_is_0():
    edits = (
        ("        here = dh * m\n", "        dh = dh * m\n        here_too = dh\n"),
        (
            "dz = here *",
            "dz = here_too *",
        ),
    )
    made = module(MASKED, *edits)
    rng = np.random.default_rng(0)
    mask = np.ones((4, 2, 1))
    mask[1:, 1] = 0.0
    params = {"U": rng.normal(size=(3, 3)), "h0": rng.normal(size=(2, 3))}
    xs = rng.normal(size=(4, 2, 3))
    given = params, {"xs": xs, "m": mask, "dhs": rng.normal(size=(4, 2, 3))}
    wrong, found = told_apart(made, MASKED, given)
    assert pattern_of_edit("", wrong, MASKED, found, given)[0] == "where the mask is 0"


def test_a_factor_that_comes_too_early_is_wrong_at_the_step_that_is_run_first_too():
    half = "        dz = dz * 0.5\n"
    handed = '        dh = p["U"].T @ dz\n'
    right = SAMPLES.replace(handed, half + handed)
    edits = (half, ""), ("dz = (dhs[t] + dh) *", "dz = 0.5 * (dhs[t] + dh) *")
    assert told(right, *edits) == "all"
