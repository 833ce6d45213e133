"""Faults in the order of running: each makes something wrong of what is right."""

from __future__ import annotations

import time

import numpy as np
import pytest

from reference.debugger.debug import debug
from reference.debugger.faults.in_turn import InTurn
from reference.debugger.judging.oracle import gradients
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.cases import Case
from reference.debugger.searching.search import Search
from reference.debugger.values.adjoints import adjoints_of

from .programs import module, recorded

# A leaky network whose update is blended with the old state, its slope in a function of its own.
BLENDED = """
import numpy as np

def squash(a):
    return a / (1 + np.abs(a))

def squash_prime(a):
    return 1 / (1 + np.abs(a)) ** 2

def run(params, xs):
    u, hs, kept = params["U"], [np.zeros(len(params["b"]))], []
    for x in xs:
        old = hs[-1]
        k = 1 / (1 + np.exp(-(params["K"] @ x + u @ old)))
        a = params["W"] @ x + params["V"] @ old + params["b"]
        m = squash(a)
        hs.append(k * m + (1 - k) * old)
        kept.append((x, old, k, a, m))
    return hs, kept

def loss(params, inputs):
    hs, _ = run(params, inputs["xs"])
    return sum(np.sum(h * g) for h, g in zip(hs[1:], inputs["gs"]))

def backward(params, inputs):
    hs, kept = run(params, inputs["xs"])
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros(len(params["b"]))
    for (x, old, k, a, m), g in zip(reversed(kept), reversed(inputs["gs"])):
        dh = g + later
        dm = dh * k
        dk = dh * (m - old)
        da = dm * squash_prime(a)
        dl = dk * k * (1 - k)
        grads["W"] += np.outer(da, x)
        grads["V"] += np.outer(da, old)
        grads["b"] += da
        grads["K"] += np.outer(dl, x)
        grads["U"] += np.outer(dl, old)
        later = dh * (1 - k) + params["V"].T @ da + params["U"].T @ dl
    return grads
"""


# Beads on a string: each hands its part on to the bead before it, through the object.
STRING = """
import numpy as np

class Size:
    def __init__(self, wide, deep):
        self.wide, self.deep = wide, deep

class Bead:
    def __init__(self, size, after):
        self.size, self.after, self.before = size, after, None

    def forward(self, params, x):
        old = np.zeros(self.size.deep) if self.after is None else self.after.s
        self.v = np.concatenate((x, old))
        self.s = np.tanh(params["M"] @ self.v + params["b"])

    def backward(self, params, grads, ds):
        da = ds * (1 - self.s ** 2)
        grads["M"] += np.outer(da, self.v)
        grads["b"] += da
        dv = params["M"].T @ da
        self.ds_after = dv[-self.size.deep:]

def run(params, xs):
    size = Size(xs.shape[1], len(params["b"]))
    beads, last = [], None
    for x in xs:
        bead = Bead(size, last)
        bead.forward(params, x)
        if last is not None:
            last.before = bead
        beads.append(bead)
        last = bead
    return beads

def loss(params, inputs):
    return sum(np.sum(b.s * g) for b, g in zip(run(params, inputs["xs"]), inputs["gs"]))

def backward(params, inputs):
    beads = run(params, inputs["xs"])
    grads = {name: np.zeros_like(params[name]) for name in ("M", "b")}
    for bead, g in zip(reversed(beads), reversed(inputs["gs"])):
        ds = g.copy()
        if bead.before is not None:
            ds += bead.before.ds_after
        bead.backward(params, grads, ds)
    return grads
"""


def case(seed: int, steps: int):
    rng = np.random.default_rng(seed)
    shapes = {"U": (4, 4), "V": (4, 4), "K": (4, 3), "W": (4, 3), "b": (4,)}
    shapes["M"] = (4, 7)
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return params, {
        "xs": rng.standard_normal((steps, 3)),
        "gs": rng.standard_normal((steps, 4)),
    }


def mended(*edits: tuple[str, str], text: str = BLENDED):
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    made = module(text)
    given = [case(0, 5), case(1, 4)]
    names = ["M", "b"] if text.count("Bead") else [*given[0][0].keys() - {"M"}]
    given = [({name: params[name] for name in names}, inputs) for params, inputs in given]
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        with program.quiet():
            program.discover(given[0], 5.0)
            cases = [
                Case(one, program.value(one), gradients(program, one, list(one[0]), 10.0))
                for one in given
            ]
            adjoints = adjoints_of(program, given[0], 5.0)
            assert adjoints is not None
            search = Search(program, cases, time.monotonic() + 60)
            InTurn(search, adjoints, time.monotonic() + 60).run()
            assert [source.text for source in program.sources.values()] == [text]
    return search.found, text.splitlines()


@pytest.mark.parametrize(
    "edits",
    [
        # The blend the other way round on all three ways back.
        [("dm = dh * k", "dm = dh * (1 - k)"), ("(m - old)", "(old - m)"),
         ("dh * (1 - k) +", "dh * k +")],
        # A slope of the wrong function, and what is read one step too late.
        [("dm * squash_prime(a)", "dm * m * (1 - m)"), ("np.outer(dl, old)", "np.outer(dl, m)")],
        [("dk * k * (1 - k)", "dk * (1 - k)"), ("dm * squash_prime(a)", "dm * squash(a)")],
    ],
)  # fmt: skip
def test_faults_of_several_lines_are_mended_one_after_the_other(edits):
    found, lines = mended(*edits)
    assert found
    wrong = {n for n, line in enumerate(lines, 1) if any(new in line for _, new in edits)}
    assert {step.rewrite.line for step in found[0].steps} == wrong


def test_all_terms_of_a_sum_are_mended_in_one_edit():
    found, _ = mended(
        ('params["V"].T @ da + params["U"].T @ dl', 'params["V"].T @ dm + params["U"].T @ dk'),
        ("dk = dh * (m - old)", "dk = dh * (old - m)"),
    )
    assert found
    assert 'params["V"].T @ da + params["U"].T @ dl' in "".join(found[0].texts.values())


def test_what_is_handed_on_through_objects_is_mended_where_it_is_made():
    found, _ = mended(
        ("(1 - self.s ** 2)", "(1 - self.s)"),
        ("dv[-self.size.deep:]", "dv[:self.size.deep]"),
        text=STRING,
    )
    assert found
    written = next(iter(found[0].texts.values()))
    assert "dv[:self.size.deep]" not in written
    assert "(1 - self.s)" not in written


def test_a_sum_of_which_all_terms_are_wrong_is_one_fault():
    made = module(BLENDED.replace("@ da + p", "@ dm + p").replace('["U"].T @ dl', '["U"].T @ dk'))
    params, inputs = case(0, 5)
    given = {name: value for name, value in params.items() if name != "M"}, inputs
    found = debug(made.loss, made.backward, *given, seconds=30.0)
    assert found.fixes
    (fix, *_) = found.fixes
    assert 'params["V"].T @ da + params["U"].T @ dl' in fix.apply_to(fix.source)


def test_a_fault_that_makes_no_number_wrong_is_searched_once_the_others_are_mended():
    found, _ = mended(("(m - old)", "(old - m)"), ('grads["b"] += da', "pass"))
    assert found
    assert "dk = dh * (m - old)" in next(iter(found[0].texts.values()))
    assert len(found[0].steps) == 2


CLOSURES = """
import numpy as np

def step(x, h, p):
    z = np.tanh(p["W"] @ x + p["U"] @ h)
    out = h + h * z

    def undo(dout):
        dz = dout * h * (1 - z**2)
        dh = dout + p["U"].T @ dz
        return dh, dict(W=np.outer(dz, x), U=np.outer(dz, h))

    return out, undo

def loss(params, inputs):
    h = inputs["h0"]
    for x in inputs["xs"]:
        h, _ = step(x, h, params)
    return np.sum(h * inputs["g"])

def backward(params, inputs):
    h, tape = inputs["h0"], []
    for x in inputs["xs"]:
        h, back = step(x, h, params)
        tape.append(back)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = inputs["g"]
    for back in reversed(tape):
        dh, more = back(dh)
        for name in grads:
            grads[name] += more[name]
    return grads

def example(rng):
    params = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3))}
    return params, {"xs": rng.normal(size=(4, 2)), "h0": rng.normal(size=3),
                    "g": rng.normal(size=3)}
"""


def test_what_a_variable_is_called_with_and_what_a_dict_is_made_of_are_recorded():
    recording, _ = recorded(module(CLOSURES))
    at = {(site.name, site.role) for k, site in enumerate(recording.sites)
          if k in recording.executions}  # fmt: skip
    assert {("back", "argument"), ("W", "element"), ("U", "element")} <= at
