"""A line that only joins all gradients to one vector explains whatever is wrong: it comes last."""

import time

import numpy as np

from reference.debugger.judging.oracle import gradients
from reference.debugger.naming.kinds_by_values import Said
from reference.debugger.naming.standing import only_hands_on
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.round import probed

from .test_engine import loaded

FLAT = """\
import numpy as np


def parts(theta):
    return theta[:6].reshape(2, 3), theta[6:10].reshape(2, 2)


def states(theta, xs):
    W, U = parts(theta)
    hs = [np.zeros(2)]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1]))
    return hs


def loss(params, inputs):
    return np.sum(states(params["theta"], inputs["xs"])[-1] ** 2)


def backward(params, inputs):
    W, U = parts(params["theta"])
    hs = states(params["theta"], inputs["xs"])
    dW, dU, dh = np.zeros_like(W), np.zeros_like(U), 2 * hs[-1]
    for t in reversed(range(len(inputs["xs"]))):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(dz, inputs["xs"][t])
        dU += np.outer(hs[t], dz)
        dh = U.T @ dz
    whole = np.concatenate([dW.ravel(), dU.ravel()])
    return {"theta": whole}


def example(rng):
    return {"theta": rng.normal(size=10)}, {"xs": rng.normal(size=(4, 3))}
"""


def test_what_joins_all_gradients_only_hands_them_on(tmp_path):
    module = loaded(FLAT, tmp_path)
    given = module.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        program.discover(given, 5.0)
        case = Case(given, program.value(given), gradients(program, given, ["theta"], 5.0), {})
        base = score(program.run(given), case)
        now = probed(program, case, base, time.monotonic() + 20.0)
        hands_on = {
            now.recording.sites[e.site].name: only_hands_on(program, given, now, e, Said())
            for e in now.evidence
        }
        program.restore()
    assert hands_on["whole"]
    assert not hands_on["dU"]
    assert not hands_on["dh"]
