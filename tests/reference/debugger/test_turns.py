"""At which time steps a mistake matters: programs are run with the wrong line at one step."""

import importlib.util
import time

import numpy as np
import pytest

from reference.debugger.naming import patterns
from reference.debugger.naming.harm import effect
from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.patterns import pattern_of_edit, seen_in
from reference.debugger.naming.telling import told
from reference.debugger.naming.turns import Turns, turns
from reference.debugger.running.program import Program
from reference.debugger.running.source import Source
from reference.debugger.running.timebox import Watchdog

RIGHT = """\
import numpy as np


def forward(params, inputs):
    hs = [inputs["h0"]]
    for x in inputs["xs"]:
        hs.append(np.tanh(x @ params["W"] + hs[-1] @ params["U"]))
    return hs


def loss(params, inputs):
    hs = forward(params, inputs)
    keep = inputs["mask"][:, :, None]
    return np.sum(np.array(hs[1:]) * inputs["dhs"] * keep) + np.sum(hs[-1] * inputs["dlast"])


def slope(h):
    return 1 - h ** 2


def backward(params, inputs):
    hs = forward(params, inputs)
    dW, dU = np.zeros_like(params["W"]), np.zeros_like(params["U"])
    dxs = np.zeros_like(inputs["xs"])
    dhs = inputs["dhs"] * inputs["mask"][:, :, None]
    dh_next = inputs["dlast"]
    for t in range(len(hs) - 2, -1, -1):
        dh = dhs[t] + dh_next
        dz = dh * slope(hs[t + 1])
        dW += inputs["xs"][t].T @ dz
        dU += hs[t].T @ dz
        dxs[t] = dz @ params["W"].T
        dh_next = dz @ params["U"].T
    dh0 = dh_next
    return {"W": dW, "U": dU, "xs": dxs, "h0": dh0}
"""
T, B, D, H = 4, 3, 2, 5


def example(rng):
    mask = np.ones((T, B), dtype=int)
    mask[2:, 1] = mask[3, 0] = 0
    inputs = {"xs": rng.normal(size=(T, B, D)), "h0": rng.normal(size=(B, H)), "mask": mask,
              "dhs": rng.normal(size=(T, B, H)), "dlast": rng.normal(size=(B, H))}  # fmt: skip
    return {"W": rng.normal(size=(D, H)), "U": 0.5 * rng.normal(size=(H, H))}, inputs


@pytest.fixture
def shown(tmp_path):
    """Return a function that plants a mistake and tells (kind, pattern, steps, what it does)."""

    def ask(*edits, inputs=None, right=RIGHT):
        wrong = right
        for right_text, wrong_text in edits:
            assert wrong.count(right_text) == 1
            wrong = wrong.replace(right_text, wrong_text)
        path = tmp_path / f"subject{len(list(tmp_path.iterdir()))}.py"  # no stale lines
        path.write_text(wrong)
        spec = importlib.util.spec_from_file_location("subject", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        given = inputs or example(np.random.default_rng(0))
        with Watchdog() as watchdog:
            program = Program(module.loss, module.backward, watchdog)
            program.discover(given, 5.0)
            before = program.texts
            until = time.monotonic() + 10
            found = turns(program, given, str(path), wrong, right, until)
            assert program.texts == before
            mended = Program(module.loss, module.backward, watchdog)
            mended.discover(given, 5.0)
            mended.install(str(path), right)
            oracle = mended.run(given).outputs
            mended.restore()
            program.restore()
        kind = kind_of(wrong, right, seen_in(found))
        return kind, *pattern_of_edit(kind, wrong, right, found, given), effect(found, oracle)

    return ask


LAST = '    dh_next = inputs["dlast"]\n'
CASES = {
    "every step": (
        [("dz = dh * slope(hs[t + 1])", "dz = dh")],
        ("missing derivative", "all", (0, 1, 2, 3)),
    ),
    "in a helper": ([("1 - h ** 2", "1 - h")], ("wrong derivative", "all", (0, 1, 2, 3))),
    "a carry that the loss starts": (
        [("dhs[t] + dh_next", "dhs[t]")], ("carry not added", "all", (0, 1, 2, 3)),
    ),
    "only where a sum is overwritten": (
        [("dW += inputs", "dW = inputs")], ("= for +=", "all but t=0", (1, 2, 3)),
    ),
    "a contribution after the loop": (
        [("        dU += hs[t].T @ dz\n", ""),
         ("    dh0 = dh_next\n", "    dh0 = dh_next\n    dU += hs[t].T @ dz\n")],
        ("accumulation outside the loop", "all but t=0", (1, 2, 3)),
    ),
    "first step left out": (
        [("range(len(hs) - 2, -1, -1)", "range(len(hs) - 2, 0, -1)")],
        ("loop bounds", "t=0", (0,)),
    ),
    "last step left out": (
        [("range(len(hs) - 2, -1, -1)", "range(len(hs) - 3, -1, -1)")],
        ("loop bounds", "the last", (3,)),
    ),
    "too many steps": (
        [("range(len(hs) - 2, -1, -1)", "range(len(hs) - 1, -1, -1)")],
        ("loop bounds", "the last", (4,)),
    ),
    "before the loop": (
        [(LAST, "    dh_next = np.zeros_like(hs[0])\n")], ("initial value", "the last", ()),
    ),
    "after the loop": (
        [("dh0 = dh_next", "dh0 = np.zeros_like(dh_next)")], ("never returned", "none", ()),
    ),
    "masked entries": (
        [("inputs[\"dhs\"] * inputs[\"mask\"][:, :, None]\n    dh_n", "inputs[\"dhs\"]\n    dh_n")],
        ("missing factor", "where the mask is 0", ()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_steps_at_which_a_mistake_matters(shown, name):
    edits, expected = CASES[name]
    assert shown(*edits)[:3] == expected


def test_a_value_that_is_zero_at_a_step_does_not_matter_there(shown):
    params, inputs = example(np.random.default_rng(1))
    inputs["dlast"][:] = 0
    kind, pattern, steps, _ = shown(("dhs[t] + dh_next", "dhs[t]"), inputs=(params, inputs))
    assert (kind, pattern, steps) == ("carry not added", "all but the last", (0, 1, 2))


def test_a_value_that_nobody_reads_does_not_matter(shown):
    transposed = 'dz @ params["U"].T', 'dz @ params["U"]'
    assert shown(transposed)[:3] == ("transposed", "all", (0, 1, 2, 3))
    silent = RIGHT.replace(', "h0": dh0}', "}")
    assert shown(transposed, right=silent)[:3] == ("transposed", "all but t=0", (1, 2, 3))


@pytest.mark.parametrize(
    ("edit", "told"),
    [(("dW += inputs[\"xs\"][t].T @ dz", "dW += 3 * inputs[\"xs\"][t].T @ dz"),
      "W is 3 times too large"),
     (("dxs[t] = dz", "dxs[t] = -dz"), "xs is right but for the sign"),
     (("dU += hs[t].T", "dU -= hs[t].T"), "U is right but for the sign"),
     (("dh0 = dh_next", "dh0 = 0 * dh_next"), "h0 is zero throughout"),
     (("dU += hs[t].T", "dU += hs[t + 1].T"), "U becomes right with it")],
)  # fmt: skip
def test_what_a_mistake_does_to_the_gradients(shown, edit, told):
    assert shown(edit)[3] == told


def test_texts_that_cannot_be_woven_are_left_alone(shown, tmp_path):
    path = tmp_path / "subject.py"
    path.write_text(RIGHT)
    spec = importlib.util.spec_from_file_location("subject", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        program.discover(example(np.random.default_rng(0)), 5.0)
        wrong = RIGHT.replace("def slope(h):", "def slope(h, scale=1):")
        inputs = example(np.random.default_rng(0))
        assert turns(program, inputs, str(path), wrong, RIGHT, time.monotonic() + 5) is None
        assert Source(str(path), RIGHT).text == program.sources[str(path)].text
        program.restore()


@pytest.mark.parametrize(
    ("wrong", "right", "sentence", "mend"),
    [("dc = dh * o", "dc = dh * o + dc_next",
      "dc is without dc_next, the part that comes from step t + 1", "add dc_next"),
     ("gf = gc * c", "gf = gc * (c - g)", "gf lacks the term -g", "subtract g"),
     ("df = dc * c", "df = dc * c * f * (1 - f)",
      "df lacks the factor f * (1 - f), the derivative of the activation",
      "multiply by f * (1 - f)"),
     ("dx = dm", "dx = dm / keep", "dx is not divided by keep", "divide by keep"),
     ("d = {'i': dc, 'f': dc}", "d = {'i': dc * g, 'f': dc}", 'd["i"] lacks the factor g',
      "multiply by g"),
     ("df = dc * cs[t + 1]", "df = dc * cs[t]", "cs[t + 1] is read where cs[t] belongs",
      "read cs[t]"),
     ("dU = h[1:].T @ d", "dU = h[:-1].T @ d", "h[1:] is read where h[:-1] belongs",
      "read h[:-1]"),
     ("db += di", "db += df", "di belongs to another gate: here it is df", "use df, not di"),
     ("dz = dh * (1 - h)", "dz = dh * (1 - h ** 2)",
      "the derivative of the activation is written wrong: it is 1 - h ** 2",
      "write 1 - h ** 2"),
     ("di = dc * i", "di = dc * i * (1 - i)",
      "di lacks the factor 1 - i, half of the derivative of the activation",
      "multiply by 1 - i"),
     ("dW = dz", "dW += dz",
      "every step overwrites dW, so that only the last one run is left in it",
      "add with +="),
     ("dh += dz", "dh = dz", "dh keeps what it held before, and should be set anew",
      "set it with ="),
     ("return dx, db, dW", "return dx, dW, db", "db and dW stand in each other's place",
      "exchange them"),
     ("dh = np.zeros_like(x)", "dh = np.zeros_like(h)", "dh should have the shape of h",
      "use h"),
     ("for t in range(T, 0, -1): pass", "for t in range(T - 1, -1, -1): pass",
      "the loop does not run over exactly the time steps that there are",
      "run over range(T - 1, -1, -1)"),
     ("dh = a", "dh = a\ndE += b", "a line is missing: dE += b", "insert dE += b")],
)  # fmt: skip
def test_a_mistake_is_told_in_a_sentence(wrong, right, sentence, mend):
    found = told(kind_of(wrong, right), wrong, right)
    assert (found.wrong, found.mend) == (sentence, mend)


def test_a_sum_within_one_step_is_no_sum_over_time(shown):
    whole = "        dh = dhs[t] + dh_next\n"
    twice = RIGHT.replace(whole, "        dh = dhs[t]\n        dh = dh + dh_next\n")
    lost = shown(("dh = dh + dh_next", "dh = dh_next"), right=twice)
    assert lost[:3] == ("= for +=", "all", (0, 1, 2, 3))


def test_repeated_indices_outside_of_loops_have_no_steps(shown):
    right = RIGHT.replace(
        "    dh0 = dh_next\n",
        "    dh0 = np.zeros_like(dh_next)\n    np.add.at(dh0, np.arange(len(dh0)), dh_next)\n",
    )
    wrong = "np.add.at(dh0, np.arange(len(dh0)), dh_next)", "dh0[np.arange(len(dh0))] += dh_next"
    assert shown(wrong, right=right)[0] == "repeated indices"
    assert shown(wrong, right=right)[1] != "after an index repeats"


BEHIND = "    dh0 = dh_next\n"


@pytest.mark.parametrize(
    ("line", "wrong", "told"),
    [("dU += 2 * params['U']", "dU += params['U']", ("missing factor", "none")),
     ("dxs = dxs / 3", "dxs = dxs", ("scale 1/B or 1/T", "none")),
     ("dW += 3 * inputs['xs'].sum(axis=(0, 1))[:, None]",
      "dW += inputs['xs'].sum(axis=(0, 1))[:, None]", ("missing factor", "none")),
     ("dxs = dxs * (np.arange(4) > 1)[:, None, None]", "dxs = dxs",
      ("missing derivative", "all but the last two")),
     ("dU += np.sum([2 * u for u in (params['U'],)], axis=0)",
      "dU += np.sum([u for u in (params['U'],)], axis=0)", ("missing factor", "none"))],
)  # fmt: skip
def test_a_line_outside_of_the_loop_is_wrong_at_the_steps_it_is_about(shown, line, wrong, told):
    right = RIGHT.replace(BEHIND, f"{BEHIND}    {line}\n")
    assert shown((line, wrong), right=right)[1:3] == (told[1], ())


def test_a_loop_over_samples_is_no_time(shown):
    line = "        dU = dU + 2 * params['U'] / len(params['U'])\n"
    right = RIGHT.replace(BEHIND, f"{BEHIND}    for i in range(2):\n{line}")
    assert shown(("2 * params['U']", "params['U']"), right=right)[1:3] == ("none", ())


def test_what_is_summed_over_parts_of_a_step_is_lost_at_every_step(shown):
    zeros = "            dU += 0 * part.sum()\n"
    part = f"            dh = dh + part\n{zeros}"
    whole = "        dh = dhs[t] + dh_next\n"
    right = RIGHT.replace(whole, f"{whole}        for part in (dhs[t], 2 * dhs[t]):\n{part}")
    wrong = right.replace(part, f"{zeros}        dh = dh + part\n")
    assert shown((right, wrong), right=right)[:3] == (
        "accumulation outside the loop", "all", (0, 1, 2, 3),
    )  # fmt: skip


def test_one_array_for_what_the_loop_starts_with_is_wrong_at_the_last(shown):
    right = RIGHT.replace("dh_next = inputs", "carries = [inputs").replace(
        '"dlast"]\n', '"dlast"].copy() for _ in range(2)]\n'
    ).replace("+ dh_next", "+ carries[0]").replace("dh_next = dz", "carries[0] = dz").replace(
        "dh0 = dh_next", "dh0 = carries[0]"
    )  # fmt: skip
    edit = '[inputs["dlast"].copy() for _ in range(2)]', '[inputs["dlast"].copy()] * 2'
    assert shown(edit, right=right)[:2] == ("aliasing", "the last")


def test_what_each_step_sets_anew_loses_all_but_the_last_run(shown):
    into = shown(("dW += inputs", "dW[...] = inputs"))
    assert into[1:3] == ("all but t=0", (1, 2, 3))
    line = "        dh = dhs[t] + dh_next\n"
    anew = shown((line, f"        dU = np.zeros_like(params['U'])\n{line}"))
    assert anew[1:3] == ("all but t=0", (1, 2, 3))


def test_a_sum_over_gates_in_a_helper_is_no_sum_over_time(shown):
    parts = (
        "    total = np.zeros_like(h)\n"
        "    for part in (np.ones_like(h), -(h ** 2)):\n"
        "        total += part\n"
        "    return total\n"
    )
    right = RIGHT.replace("    return 1 - h ** 2\n", parts)
    lost = shown(("total += part", "total = part"), right=right)
    assert lost[:3] == ("= for +=", "all", (0, 1, 2, 3))


def test_a_carry_that_is_lost_within_a_step_is_told_by_the_runs(shown):
    silent = RIGHT.replace(', "h0": dh0}', "}")
    line = '        dh_next = dz @ params["U"].T\n'
    lost = shown((line, f"{line}        dh_next = np.zeros_like(dh)\n"), right=silent)
    assert lost[:3] == ("carry lost", "all but t=0", (1, 2, 3))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [("xs, dhs)", "xs[1:], dhs[1:])", "t=0"),
     ("xs, dhs)", "xs[:-1], dhs[:-1])", "the last"),
     ("xs[:2], dhs[:2])", "xs[1:2], dhs[1:2])", "t=0"),
     ("np.array(hs)[:-1], dhs)", "np.array(hs)[1:], dhs)", "none"),
     ("np.array(hs)[:4], dhs)", "np.array(hs)[1:], dhs)", "none")],
)  # fmt: skip
def test_a_product_over_time_leaves_out_an_end_or_is_shifted(shown, right, wrong, told):
    line = f"    xs = inputs['xs']\n    dU += np.einsum('tbd,tbh->dh', {right}.sum(axis=0)\n"
    program = RIGHT.replace(BEHIND, f"{BEHIND}{line}")
    assert shown((right, wrong), right=program)[1:3] == (told, ())


def test_a_loop_over_parameters_is_about_no_step(shown):
    clipped = "    for part in (dW, dU):\n        part.clip(-0.1, 0.1, out=part)\n"
    assert shown((BEHIND, f"{BEHIND}{clipped}"))[1:3] == ("none", ())


def test_what_a_loop_begins_with_may_be_added_to_in_it(shown):
    right = RIGHT.replace("dh = dhs[t] + dh_next", "dh_next += dhs[t]").replace(
        "dz = dh *", "dz = dh_next *"
    ).replace('dh_next = inputs["dlast"]', 'dh_next = inputs["dlast"].copy()')  # fmt: skip
    edit = 'dh_next = inputs["dlast"].copy()', "dh_next = np.zeros_like(hs[0])"
    assert shown(edit, right=right)[:3] == ("initial value", "the last", ())


def test_a_loop_that_has_time_within_it_is_no_time(shown):
    loops = (
        f"    for k in range({T}):\n"
        f"        for t in range({T} - 1, -1, -1):\n"
        "            dU = dU + 0 * hs[t].sum()\n"
        "        dU = dU + 2 * params['U']\n"
    )
    right = RIGHT.replace(BEHIND, f"{BEHIND}{loops}")
    assert shown(("2 * params['U']", "params['U']"), right=right)[1:3] == ("none", ())


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [("t=0, 1, 3", "t=0, 2", "all"),
     ("t=1, 2, 3", "t=1", "all"),
     ("all", "t=0, 2", "all"),
     ("all but t=0 and t=1", "all but t=0", "all"),
     ("t=0 and t=1", "t=0 and t=1", "t=0 and t=1"),
     ("the last", "t=0, 2, 3", "the last"),
     ("t=0", "t=0, 2", "t=0"),
     ("all but the last", "all", "all"),
     ("all", "all but the last", "all"),
     ("all", "none", "none"),
     ("none", "all", "none"),
     ("where the mask is 0", "all", "where the mask is 0")],
)  # fmt: skip
def test_two_runs_tell_what_is_so_by_chance(monkeypatch, first, second, both):
    monkeypatch.setattr(patterns, "pattern_of_edit", lambda *asked: (asked[-1], ()))
    runs = [(Turns(), first), (Turns(), second)]
    assert patterns.pattern_of_runs("", "", "", runs)[0] == both


def test_a_mask_may_be_0_for_all_sequences_at_the_last_steps(shown):
    right = RIGHT.replace('inputs["dhs"] * inputs["mask"][:, :, None]\n    dh_n',
                          'inputs["dhs"]\n    dh_n').replace(
        "dh = dhs[t] + dh_next", 'dh = dhs[t] * inputs["mask"][t][:, None] + dh_next'
    )  # fmt: skip
    params, inputs = example(np.random.default_rng(0))
    inputs["mask"][3] = 0
    edit = ' * inputs["mask"][t][:, None] + dh_next', " + dh_next"
    lost = shown(edit, right=right, inputs=(params, inputs))
    assert lost[1:3] == ("where the mask is 0", (2, 3))
