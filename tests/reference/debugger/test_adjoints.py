"""The adjoints of a loss, and what a backward's numbers and edits of it are by them."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.repair import Rewrite, common
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.recording import record
from reference.debugger.running.source import Splice
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.by_adjoints import advance
from reference.debugger.searching.cases import Case
from reference.debugger.searching.places import computes, place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.adjoints import adjoints_of
from reference.debugger.values.agreement import KEEPS, MAKES, SPOILS, UNKNOWN, Agreement

from .programs import RNN, module, rnn_arguments

TANH = "(1 - h[t] ** 2)"
# One function that computes the loss and the gradients.
BOTH = (
    RNN.replace("def loss", "def _loss")
    .replace("def backward", "def _both")
    .replace("    return {", "    return total, {")
    .replace("    for t in rev", '    total = np.sum(h[:-1] * inputs["dh"])\n    for t in rev')
    + """
def loss(params, inputs):
    return _both(params, inputs)[0]

def backward(params, inputs):
    return _both(params, inputs)[1]
"""
)
SEVERAL = RNN.replace(TANH, "(1 - h[t])").replace('params["W"].T @ da', 'params["W"] @ da')


def agreement(text: str, given: Inputs | None = None) -> tuple[Agreement, list[str]]:
    """Return the agreement of a backward with its loss, and the program's lines."""
    made, given = module(text), given or rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            program.shared_too = not computes(program)
            adjoints = adjoints_of(program, given, 5.0)
            assert adjoints is not None
            return Agreement(adjoints, record(program, given), program.sources), text.splitlines()


def site_of(found: Agreement, name: str, role: str) -> int:
    sites = found.recording.sites
    return next(k for k, site in enumerate(sites) if (site.name, site.role) == (name, role))


JOINED = """
import numpy as np

def loss(params, inputs):
    h = params["h0"]
    for x in inputs["xs"]:
        hx = np.concatenate([h, x], axis=1)
        z = np.tanh(hx @ params["Wz"])
        r = np.tanh(hx @ params["Wr"])
        h = z * h + r
    return np.sum(h * inputs["dh"])

def backward(params, inputs):
    Wz, Wr, H = params["Wz"], params["Wr"], params["h0"].shape[1]
    h, kept = params["h0"], []
    for x in inputs["xs"]:
        hx = np.concatenate([h, x], axis=1)
        kept.append((hx, h, np.tanh(hx @ Wz), np.tanh(hx @ Wr)))
        h = kept[-1][2] * h + kept[-1][3]
    g = {"Wz": np.zeros_like(Wz), "Wr": np.zeros_like(Wr)}
    dh = inputs["dh"]
    for hx, h, z, r in kept[::-1]:
        das = {"Wz": dh * h * (1 - z**2), "Wr": dh * (1 - r**2)}
        dh = dh * z
        for name, da in das.items():
            g[name] += hx.T @ da
            dhx = da @ params[name].T
            dh = dh + dhx[:, :H]
    return {**g, "h0": dh}
"""


def test_a_sum_over_some_uses_may_count_those_of_what_it_is_joined_into():
    rng = np.random.default_rng(0)
    params = {"h0": rng.normal(size=(2, 3)), "Wz": rng.normal(size=(5, 3)),
              "Wr": rng.normal(size=(5, 3))}  # fmt: skip
    inputs = {"xs": rng.normal(size=(3, 2, 2)), "dh": rng.normal(size=(2, 3))}
    found, _ = agreement(JOINED, (params, inputs))
    assert found.doubtful == []


def test_every_number_of_a_right_backward_is_an_adjoint():
    found, _ = agreement(RNN)
    assert found.wrong == 0
    assert found.score > 40
    assert found.doubtful == []


@pytest.mark.parametrize("written", ["[np.sum(", "([np.sum("])
def test_a_loss_in_a_list_of_one_is_that_loss(written):
    closing = "])," if written.startswith("(") else "]"
    plain = next(line for line in RNN.splitlines() if "return np.sum(" in line)
    listed = plain.replace("np.sum(", written) + closing
    found, _ = agreement(RNN.replace(plain, listed))
    assert found.wrong == 0
    assert found.score > 40


@pytest.mark.parametrize(
    "new", ["(1 - h[t])", "h[t] * (1 - h[t])", "(1 - np.tanh(h[t]) ** 2)", "(1 - h[t - 1] ** 2)"]
)
def test_the_first_doubtful_line_is_the_wrong_one(new):
    found, lines = agreement(RNN.replace(TANH, new))
    assert found.wrong > 5
    assert new in lines[found.doubtful[0][1] - 1]


def test_what_a_matrix_gets_of_each_product_is_known_of_its_method_too():
    for product in ('params["W"] @ h[t - 1]', 'params["W"].dot(h[t - 1])'):
        found, _ = agreement(RNN.replace('params["W"] @ h[t - 1]', product))
        outer = site_of(found, "dW", "added")
        assert found.at_sites[outer] == [True] * len(found.at_sites[outer])


def test_a_lost_carry_is_seen_one_step_later():
    found, _ = agreement(RNN.replace(" + dh_next)", ")"))
    right = found.at_sites[site_of(found, "da", "assigned")]
    assert right[0] is True  # at the last step there is nothing to be lost
    assert False in right


def test_numbers_of_the_loss_itself_and_zeros_say_nothing():
    found, _ = agreement(RNN)
    _, given = rnn_arguments()
    assert found.of(np.zeros(3)) is None
    assert found.of(given["h0"]) is None
    assert found.of(np.arange(3)) is None  # no floats


def test_what_the_loss_makes_in_place_is_its_own_too():
    made_at_once = 'h[t] = np.tanh(params["U"][:, xs[t]] + params["W"] @ h[t - 1] + params["b"])'
    assert made_at_once in RNN
    in_place = (
        'h[t] = params["U"][:, xs[t]] + params["W"] @ h[t - 1] + params["b"]\n'
        "        h[t] *= 0.5\n        np.tanh(h[t], out=h[t])"
    )
    found, _ = agreement(RNN.replace(made_at_once, in_place))
    params, given = rnn_arguments()
    scaled = 0.5 * (params["U"][:, given["xs"][0]] + params["W"] @ given["h0"] + params["b"])
    assert found.of(scaled) is None
    assert found.of(np.tanh(scaled)) is None


def test_what_a_comprehension_names_itself_is_no_variable_of_the_line():
    da = f'da = (inputs["dh"][t] + dh_next) * {TANH}'
    assert da in RNN
    wrong = da.replace(TANH, "np.array([x for x in (1 - h[t])])")
    found, lines = agreement(RNN.replace(da, wrong))
    assert wrong in lines[found.doubtful[0][1] - 1]
    listed = "dhs = [dh_next]\n        " + da.replace("dh_next", "sum(x for x in dhs)")
    found, _ = agreement(RNN.replace(da, listed))
    assert found.wrong == 0


def test_an_edit_makes_keeps_and_spoils():
    wrong, _ = agreement(RNN.replace(TANH, "(1 - h[t])"))
    right, _ = agreement(RNN)
    k = site_of(right, "da", "assigned")
    values = [np.asarray(e.value) for e in right.recording.executions[k]]
    olds = [np.asarray(e.value) for e in wrong.recording.executions[k]]
    first = [values[0] - olds[0], *(np.zeros(3) for _ in values[1:])]
    assert wrong.change(k, first) == MAKES
    assert right.change(k, [2 * v for v in values]) == SPOILS
    assert right.change(k, [values[1] - values[0], *first[1:]]) == KEEPS
    assert right.change(k, [np.zeros(3)] * len(values)) == UNKNOWN


def test_gradients_that_the_loss_computes_besides_are_no_numbers_of_its_own():
    text = BOTH.replace(TANH, "(1 - h[t])")
    found, lines = agreement(text)
    assert "(1 - h[t])" in lines[found.doubtful[0][1] - 1]
    assert agreement(BOTH)[0].wrong == 0
    assert agreement(BOTH)[0].score > 40


def test_a_wrong_value_counts_until_it_is_met():
    right, _ = agreement(RNN)
    wrong, _ = agreement(RNN.replace(" + dh_next)", ")"))
    first, _ = agreement(RNN.replace(TANH, "(1 - h[t])"))
    everything = sum(of_site.count(True) for of_site in right.at_sites.values())
    assert right.ahead() == everything
    assert everything > wrong.ahead() > first.ahead()
    skipped = [k for k, of_site in wrong.at_sites.items() if False in of_site]
    assert wrong.ahead(skipped) != wrong.ahead()


def test_with_other_faults_downstream_the_first_edit_counts_by_how_far_it_reaches():
    made, given = module(SEVERAL), rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            case = Case(given, program.value(given), {})
            adjoints = adjoints_of(program, given, 5.0)
            recording = record(program, given)
            now = Round(recording)
            assert adjoints is not None
            now.agreement = Agreement(adjoints, recording, program.sources)
            ((file, source),) = program.sources.items()
            at = source.data.index(b"(1 - h[t])")
            line = source.line_at(at)
            edits = [
                Rewrite(file, (Splice(at, at + 10, new),), "", new, 1.0, line, "da")
                for new in ("(1 + h[t])", TANH, "h[t]")
            ]
            best = advance(program, case, now, edits)
            assert best is not None
            assert best.why == TANH


def test_edits_of_a_line_that_writes_into_a_list_of_unlike_arrays():
    line = "        kept[t] = da + db\n"
    text = RNN.replace("        db += da\n", "        db += da\n" + line).replace(
        "    for t in rev", "    kept = [np.zeros(n + 1) for n in range(len(xs))]\n    for t in rev"
    )
    lines = text.splitlines()
    made, given = module(text), rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            now = Round(record(program, given))
            (file,) = program.sources
            place = place_at(program, now, file, lines.index(line.rstrip()) + 1)
            assert place is not None
            assert any("- db" in s.new for rewrite in common(place) for s in rewrite.splices)


def test_a_loss_that_does_not_run_on_other_numbers_has_no_adjoints():
    text = RNN.replace('return np.sum(h[:-1] * inputs["dh"])',
                       "return float(np.linalg.svd(np.outer(h[0], h[0]))[1][0])")  # fmt: skip
    made, given = module(text), rnn_arguments()
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            assert adjoints_of(program, given, 5.0) is None


MASKED = BOTH.replace('h[:-1] * inputs["dh"])', 'h[:-1] * inputs["dh"] * inputs["mask"])').replace(
    'inputs["dh"][t]', '(inputs["dh"] * inputs["mask"])[t]'
)


def test_what_a_mask_keeps_from_the_loss_is_of_the_loss_all_the_same():
    params, inputs = rnn_arguments()
    mask = np.ones_like(inputs["dh"])
    mask[-2:] = 0.0  # padding: nothing that is made there reaches the loss
    found, _ = agreement(MASKED, (params, {**inputs, "mask": mask}))
    assert found.wrong == 0


def test_ones_beside_numbers_of_the_loss_have_adjoints():
    text = """
import numpy as np

def loss(params, inputs):
    v = np.r_[inputs["x"], 1.0]
    return np.sum(np.tanh(v @ params["W"]))

def backward(params, inputs):
    v = np.r_[inputs["x"], 1.0]
    da = 1 - np.tanh(v @ params["W"]) ** 2
    dv = params["W"] @ da
    return {"W": np.outer(v, da), "x": dv[:-1]}
"""
    rng = np.random.default_rng(0)
    given = {"W": rng.standard_normal((4, 2))}, {"x": rng.standard_normal(3)}
    found, _ = agreement(text, given)
    assert found.at_sites[site_of(found, "dv", "assigned")] == [True]


THROUGH_VIEWS = """
import numpy as np

def grown(z):
    np.exp(z, out=z)

def loss(params, inputs):
    a = inputs["x"] * params["w"]
    grown(a[:2])
    return np.sum(a ** 2)

def backward(params, inputs):
    a = inputs["x"] * params["w"]
    grown(a[:2])
    da = 2 * a
    da[:2] *= a[:2]
    return {"w": da * inputs["x"]}
"""


def test_what_a_loss_writes_through_views_is_noted_in_place():
    made, rng = module(THROUGH_VIEWS), np.random.default_rng(0)
    given = {"w": rng.normal(size=4)}, {"x": rng.normal(size=4)}
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given, 5.0)
            found = adjoints_of(program, given, 5.0)
    assert found is not None
    right = made.backward(*given)["w"]
    assert all(np.any(np.isclose(found._whole, entry)) for entry in right)


def test_a_line_that_makes_zeros_of_something_is_hollow():
    lost = 'dh_next = params["W"].T @ dh_next'
    found, lines = agreement(RNN.replace('dh_next = params["W"].T @ da', lost))
    assert [lines[line - 1].strip() for _, line in found.hollow] == [lost]
    assert agreement(RNN)[0].hollow == []
