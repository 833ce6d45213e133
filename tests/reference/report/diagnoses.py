"""Diagnoses made by hand, to be rendered."""

from __future__ import annotations

import numpy as np

from reference.compare import Mismatch
from reference.debugger.diagnosis import Diagnosis, Edit, Fix, Suspect

FILE = "my_lstm.py"
SOURCE = """\
import numpy as np


def backward(params, inputs):
    W, V = params["W"], params["V"]
    h, c, f, o, dy = forward(params, inputs)
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    for t in reversed(range(len(dy))):
        dV += np.outer(dy[t], h[t])
        dh = V.T @ dy[t] + dh_next
        dc = dh * o[t] * (1 - c[t] ** 2)
        df = dc * c[t - 1] * f[t] * (1 - f[t])

        dW += np.dot(df, h[t - 1])
        dc_next += dc * f[t]  # <script>alert("&")</script>
    return {"W": dW, "V": dV}
"""
LINES = SOURCE.splitlines()


def suspect(line, **about):
    defaults = {"file": FILE, "line": line, "text": LINES[line - 1], "function": "backward"}
    return Suspect(**defaults | about)


def mismatch(name, index, manual, reference, explained=1e-15, **about):
    error = abs(manual - reference) if np.isfinite(manual) else np.inf
    defaults = {"place": {}, "wrong": 12, "size": 20}
    return Mismatch("TOTAL", name, index, manual=manual, reference=reference, error=error,
                    explained=explained, **defaults | about)  # fmt: skip


def fix(first, last, new, why, verified="12 fresh inputs, 4 sizes, exact arithmetic"):
    edit = Edit(FILE, first, last, tuple(LINES[first - 1 : last]), tuple(new))
    return Fix((edit,), why, verified, SOURCE)


CARRY = suspect(
    11,
    variable="dc",
    steps=(0, 1, 2, 3),
    pattern="all but the last",
    kind="carry not added",
    why="dc lacks exactly the contribution of step t+1.",
    should_be="dh * o[t] * (1 - tanh(c[t]) ** 2) + dc_next",
    confidence=0.97,
    engines=("probe", "explain"),
)
OUTER = suspect(
    14, variable="dW", kind="dot for outer", why="dW is one number everywhere.", confidence=0.92,
    engines=("probe",), steps=(0, 1, 2, 3, 4), pattern="all",
)  # fmt: skip
PLUS = suspect(15, variable="dc_next", kind="+= for =", confidence=0.2)
ADDED = fix(11, 11, ["        dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next"],
            "adds what flows back from step t+1")  # fmt: skip
OTHER = fix(15, 15, ["        dc_next = dc * f[t]"], "assigns, where += keeps the later step")

WRONG = Diagnosis(
    "wrong",
    wrong={
        "W": mismatch("W", (2, 1), 0.25, -0.5, place={"gate": "f", "unit": 2},
                      where={"gate": ["f", "i"], "unit": [1, 2]}),
        "h0": mismatch("h0", (0,), float("nan"), 1.0),
    },
    right=("V", "b"),
    suspects=(CARRY, OUTER, PLUS),
    fixes=(ADDED, OTHER),
    evidence={"draws": 4, "fresh": 3, "voters": ["JAX", "complex step"], "proved": False},
    reasons=("loss prints 12 lines a call",),
    heat={
        "W": {
            "errors": np.array([[0.0, 1e-3, 0.5, 2.0, 0.0], [1e-9, 0.0, np.nan, 1e-6, 0.0]]),
            "axes": ("gate", "t"),
            "labels": {"gate": ["f", "<i>"]},
        },
        "h0": np.array([0.1, 0.0, np.inf]),
        "V": {"errors": np.zeros((2, 5)), "axes": ("gate", "t")},
    },
    sources={FILE: SOURCE},
    output="loss is 3.2\n",
    seconds=2.34,
)  # fmt: skip
RIGHT = Diagnosis(
    "right",
    right=("W", "V", "b"),
    evidence={"draws": 2, "fresh": 1, "voters": ["JAX"], "proved": True},
    sources={FILE: SOURCE},
    seconds=0.4,
)
INCONCLUSIVE = Diagnosis(
    "inconclusive",
    right=("V",),
    reasons=("W: the oracles disagree: there is a kink at the point",),
)
RAISED = Diagnosis(
    "wrong",
    suspects=(suspect(10, kind="raises", why="NameError: name 'dh_next' is not defined",
                      engines=("exception",), confidence=1.0),),
    sources={FILE: SOURCE},
)  # fmt: skip
EMPTY = Diagnosis("wrong")
ALL = {"wrong": WRONG, "right": RIGHT, "inconclusive": INCONCLUSIVE, "raised": RAISED,
       "empty": EMPTY}  # fmt: skip
