"""A term that is lacking where more than one value would do: but one of them is an adjoint."""

import time

import numpy as np

from reference.debugger.judging.oracle import gradients
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching import wanted
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import probed
from reference.debugger.values.divided import adjoints_of_sum

from .test_engine import loaded
from .test_wanted import texts

MEMORY = """\
import numpy as np


def remember(params, inputs):
    past, steps = [np.zeros(len(params["U"]))], []
    for x in inputs["xs"]:
        seen = np.array(past)
        ask = params["Q"] @ x
        e = np.exp(seen @ ask)
        a = e / e.sum()
        c = a @ seen
        past.append(np.tanh(params["W"] @ x + params["U"] @ c))
        steps.append((x, seen, ask, a, c))
    return past, steps


def loss(params, inputs):
    past, _ = remember(params, inputs)
    return np.sum(np.array(past[1:]) * inputs["dhs"])


def backward(params, inputs):
    past, steps = remember(params, inputs)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dpast = np.zeros((len(past), len(past[0])))
    for t in reversed(range(len(steps))):
        x, seen, ask, a, c = steps[t]
        dz = (inputs["dhs"][t] + dpast[t + 1]) * (1 - past[t + 1] ** 2)
        grads["W"] += np.outer(dz, x)
        grads["U"] += np.outer(dz, c)
        dc = params["U"].T @ dz
        da = seen @ dc
        de = a * (da - a @ da)
        dpast[:t + 1] += np.outer(a, dc) + np.outer(de, ask)
        grads["Q"] += np.outer(seen.T @ de, x)
    return grads


def example(rng):
    params = {name: rng.normal(size=s) for name, s in (("W", (4, 3)), ("U", (4, 4)), ("Q", (4, 3)))}
    return params, {"xs": rng.normal(size=(5, 3)), "dhs": rng.normal(size=(5, 4))}
"""


def test_a_term_is_found_that_makes_the_adjoint_of_what_is_read(tmp_path):
    wrong = "dpast[:t + 1] += np.outer(a, dc)"
    module = loaded(MEMORY.replace(" + np.outer(de, ask)", ""), tmp_path)
    given = module.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        program.discover(given, 5.0)
        oracle = gradients(program, given, ["W", "U", "Q"], 5.0)
        case = Case(given, program.value(given), oracle, {})
        base = score(program.run(given), case)
        adjoints = adjoints_of_sum(program, given, 3.0)
        now = probed(program, case, base, time.monotonic() + 20.0, adjoints)
        ((file, source),) = program.sources.items()
        line = next(n for n, text in enumerate(source.lines, 1) if text.strip() == wrong)
        here = place_at(program, now, file, line)
        assert here is not None
        given_ones = texts(wanted.rewrites(program, now, here))
    assert any(text.startswith("np.outer(a, dc) + de[:, None] * ") for text in given_ones)
