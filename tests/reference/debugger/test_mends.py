"""What a call leaves behind, in many styles: the line, and a fix that passes; no false finding."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import module

from reference.debugger.debug import debug

NETWORK = """import numpy as np

def example(rng):
    T, B, D, H = 4, 2, 3, 5
    n = rng.standard_normal
    return ({"Wx": n((D, H)) * .5, "Wh": n((H, H)) * .5, "b": n(H)},
            {"x": n((T, B, D)), "h0": n((B, H)), "g": n((T, B, H))})

def fwd(p, x, h0):
    hs = [h0]
    for t in range(len(x)):
        hs.append(np.tanh(x[t] @ p["Wx"] + hs[-1] @ p["Wh"] + p["b"]))
    return hs

def bwd(p, x, hs, g, d=None):
    d = {k: np.zeros_like(v) for k, v in p.items()} if d is None else d
    dh = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dh = dh + g[t]
        dz = dh * (1 - hs[t + 1] ** 2)
        d["Wx"] += x[t].T @ dz
        d["Wh"] += hs[t].T @ dz
        d["b"] += dz.sum(axis=0)
        dh = dz @ p["Wh"].T
    d["h0"] = dh
    return d

def loss(params, inputs):
    hs = fwd(params, inputs["x"], inputs["h0"])
    return sum(np.sum(h * g) for h, g in zip(hs[1:], inputs["g"]))
"""

FAULTS = {
    "a list in a closure": (
        """
def make():
    steps = []
    def forward(p, x, h0):
        h = h0
        for t in range(len(x)):
            h_new = np.tanh(x[t] @ p["Wx"] + h @ p["Wh"] + p["b"])
            steps.append((x[t], h, h_new))
            h = h_new
    def backward(params, inputs):
        forward(params, inputs["x"], inputs["h0"])
        d = {k: np.zeros_like(v) for k, v in params.items()}
        dh = np.zeros_like(inputs["h0"])
        for (x, h, h_new), g in zip(reversed(steps), inputs["g"][::-1]):
            dh = dh + g
            dz = dh * (1 - h_new ** 2)
            d["Wx"] += x.T @ dz; d["Wh"] += h.T @ dz; d["b"] += dz.sum(axis=0)
            dh = dz @ params["Wh"].T
        return {**d, "h0": dh, "dummy": len(steps)}
    return backward
inner = make()
def backward(params, inputs):
    d = inner(params, inputs)
    n = d.pop("dummy")
    d["b"] = d["b"] * (4 / n)
    return d
""",
        "steps.append((x[t], h, h_new))",
        "steps.clear()",
    ),
    "a sum in a closure": (
        """
def make():
    total = None
    def backward(params, inputs):
        nonlocal total
        d = bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"])
        total = d["b"] if total is None else total + d["b"]
        d["b"] = total
        return d
    return backward
backward = make()
""",
        'total = d["b"] if total is None else total + d["b"]',
        "total = None",
    ),
    "the last state in a global": (
        """
h_last = None
def backward(params, inputs):
    global h_last
    h0 = inputs["h0"] if h_last is None else h_last
    hs = fwd(params, inputs["x"], h0)
    h_last = hs[-1]
    return bwd(params, inputs["x"], hs, inputs["g"])
""",
        "h_last = hs[-1]",
        "h_last = None",
    ),
    "an attribute that is made once": (
        """
class Model:
    def __init__(self):
        self.d = None
    def run(self, p, i):
        if self.d is None:
            self.d = {k: np.zeros_like(v) for k, v in p.items()}
        hs = fwd(p, i["x"], i["h0"])
        return bwd(p, i["x"], hs, i["g"], self.d)
model = Model()
def backward(params, inputs):
    return {k: v.copy() for k, v in model.run(params, inputs).items()}
""",
        "self.d = {k: np.zeros_like(v) for k, v in p.items()}",
        "self.d = None",
    ),
    "a field of an object": (
        """
from dataclasses import dataclass, field
@dataclass
class Store:
    db: list = field(default_factory=list)
store = Store()
def backward(params, inputs):
    d = bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"])
    store.db.append(d["b"])
    d["b"] = np.sum(store.db, axis=0)
    return d
""",
        'store.db.append(d["b"])',
        "store.db.clear()",
    ),
    "a tape that functions of other names share": (
        """
TAPE = []
def note(thunk):
    TAPE.append(thunk)
def objective(p, i):
    made = {"h": [i["h0"]]}
    for t in range(len(i["x"])):
        h, old = np.tanh(i["x"][t] @ p["Wx"] + made["h"][-1] @ p["Wh"] + p["b"]), made["h"][-1]
        made["h"].append(h)
        def back(d, t=t, h=h, old=old):
            dz = (d["h0"] + i["g"][t]) * (1 - h ** 2)
            d["Wx"] += i["x"][t].T @ dz; d["Wh"] += old.T @ dz; d["b"] += dz.sum(axis=0)
            d["h0"] = dz @ p["Wh"].T
        note(back)
    return sum(np.sum(h * g) for h, g in zip(made["h"][1:], i["g"]))
def pull(p, i):
    objective(p, i)
    d = {k: np.zeros_like(v) for k, v in {**p, "h0": i["h0"]}.items()}
    for back in reversed(TAPE):
        back(d)
    return d
loss, backward = objective, pull
""",
        "TAPE.append(thunk)",
        "TAPE.clear()",
    ),
    "an attribute of a function": (
        """
def backward(params, inputs):
    d = bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"])
    backward.seen = getattr(backward, "seen", 0) + 1
    d["b"] = d["b"] * backward.seen
    return d
""",
        'backward.seen = getattr(backward, "seen", 0) + 1',
        "backward.seen = 0",
    ),
    "a default value": (
        """
def accumulate(d, *, into={}):
    for k, v in d.items():
        into[k] = into.get(k, 0) + v
    return dict(into)
def backward(params, inputs):
    return accumulate(bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"]))
""",
        "def accumulate(d, *, into={}):",
        "if into is None:",
    ),
    "a helper that adds to its argument": (
        """
def one(p, d, x, h, h_new, dh, dh_next):
    dh += dh_next
    dz = dh * (1 - h_new ** 2)
    d["Wx"] += x.T @ dz
    d["Wh"] += h.T @ dz
    d["b"] += dz.sum(axis=0)
    return dz @ p["Wh"].T
def backward(params, inputs):
    x, g = inputs["x"], inputs["g"]
    hs = fwd(params, x, inputs["h0"])
    d = {k: np.zeros_like(v) for k, v in params.items()}
    dh_next = np.zeros_like(hs[0])
    for t in range(len(x) - 1, -1, -1):
        dh_next = one(params, d, x[t], hs[t], hs[t + 1], g[t], dh_next)
    d["h0"] = dh_next
    return d
""",
        "dh += dh_next",
        "dh = dh + dh_next",
    ),
    "parameters that are clipped": (
        """
def backward(params, inputs):
    d = bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"])
    for v in params.values():
        np.clip(v, -0.1, 0.1, out=v)
    return d
""",
        "np.clip(v, -0.1, 0.1, out=v)",
        "v = v.copy()",
    ),
}

RIGHT = {
    "counters, logs and workspaces": """
from functools import lru_cache
@lru_cache
def zeros(shape):
    return np.zeros(shape)
calls = 0
history = []
work = {}
def backward(params, inputs):
    global calls
    calls += 1
    history.append(float(np.sum(inputs["g"])))
    work["hs"] = fwd(params, inputs["x"], inputs["h0"])
    d = bwd(params, inputs["x"], work["hs"], inputs["g"])
    work["last"] = d
    return d
""",
    "a buffer that is filled anew": """
class Layer:
    def __init__(self): self.buf = None; self.n = 0
    def backward(self, p, i):
        self.n += 1
        if self.buf is None or self.buf.shape != i["h0"].shape:
            self.buf = np.empty_like(i["h0"])
        self.buf[...] = i["h0"]
        d = bwd(p, i["x"], fwd(p, i["x"], self.buf), i["g"])
        return d
layer = Layer()
backward = layer.backward
""",
    "a cache that the loss fills": """
cache = {}
def loss(params, inputs):
    cache["hs"] = fwd(params, inputs["x"], inputs["h0"])
    return sum(np.sum(h * g) for h, g in zip(cache["hs"][1:], inputs["g"]))
def backward(params, inputs):
    return bwd(params, inputs["x"], cache["hs"], inputs["g"])
""",
    "a name put into the caller's dict": """
def backward(params, inputs):
    inputs["hs"] = fwd(params, inputs["x"], inputs["h0"])
    return bwd(params, inputs["x"], inputs["hs"], inputs["g"])
""",
    "names bound anew": """
def backward(params, inputs):
    inputs["x"] = np.asfortranarray(inputs["x"] * 1.0)
    inputs["g"] = inputs["g"].reshape(inputs["g"].shape[0], -1, inputs["g"].shape[2])
    return bwd(params, inputs["x"], fwd(params, inputs["x"], inputs["h0"]), inputs["g"])
""",
}

LOST = """
cache = {}
def loss(params, inputs):
    cache["hs"] = fwd(params, inputs["x"], inputs["h0"])
    return sum(np.sum(h * g) for h, g in zip(cache["hs"][1:], inputs["g"]))
def backward(params, inputs):
    x, g, hs = inputs["x"], inputs["g"], cache["hs"]
    d = {k: np.zeros_like(v) for k, v in params.items()}
    dh = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dh = g[t]
        dz = dh * (1 - hs[t + 1] ** 2)
        d["Wx"] += x[t].T @ dz
        d["Wh"] += hs[t].T @ dz
        d["b"] += dz.sum(axis=0)
        dh = dz @ params["Wh"].T
    d["h0"] = dh
    return d
"""


def asked(text: str):
    program = module(NETWORK + text)
    params, inputs = program.example(np.random.default_rng(0))
    return debug(program.loss, program.backward, params, inputs, example=program.example)


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_is_named_and_mended(name):
    text, line, new = FAULTS[name]
    diagnosis = asked(text)
    assert diagnosis.verdict == "wrong"
    assert not diagnosis.wrong
    first = diagnosis.suspects[0]
    changed = "dh = dh" in new or "copy" in new
    assert first.kind == ("argument changed" if changed else "state between calls")
    assert first.text == line
    (fix,) = diagnosis.fixes
    assert new in fix.diff
    mended = fix.apply_to(NETWORK + text)
    assert mended.startswith(NETWORK)
    assert asked(mended.removeprefix(NETWORK)).verdict == "right"


@pytest.mark.parametrize("name", RIGHT)
def test_what_does_no_harm_is_no_fault(name):
    diagnosis = asked(RIGHT[name])
    assert diagnosis.verdict == "right"
    assert not diagnosis.suspects


def test_a_backward_that_needs_its_loss_first_is_searched_like_any_other():
    diagnosis = asked(LOST)
    assert set(diagnosis.wrong) == {"Wx", "Wh", "b", "h0"}
    assert diagnosis.suspects[0].text == "dh = g[t]"
    assert "dh + g[t]" in diagnosis.fixes[0].diff
