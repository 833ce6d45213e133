"""`watch`: the line at which memory is shared, changed or kept; nothing in right programs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import RNN, line_of, module, rnn_arguments

from reference.debugger.effects import watch

# The same network with steps of their own and caches.
STEPS = """
import numpy as np

def step(params, x, h_prev):
    h = np.tanh(params["U"][:, x] + params["W"] @ h_prev + params["b"])
    return h, {"x": x, "h_prev": h_prev, "h": h}

def forward(params, inputs):
    h, caches = inputs["h0"], []
    hs = np.zeros((len(h), len(inputs["xs"])))
    for t, x in enumerate(inputs["xs"]):
        h, cache = step(params, x, h)
        caches.append(cache)
        hs[:, t] = h
    return hs, caches

def loss(params, inputs):
    return np.sum(forward(params, inputs)[0].T * inputs["dh"])

def backward(params, inputs):
    hs, caches = forward(params, inputs)
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    dh_next = np.zeros(len(hs))
    for dh, cache in zip(inputs["dh"][::-1], reversed(caches)):
        da = (dh + dh_next) * (1 - cache["h"] ** 2)
        grads["U"][:, cache["x"]] += da
        grads["W"] += np.outer(da, cache["h_prev"])
        grads["b"] += da
        dh_next = params["W"].T @ da
    grads["h0"] = dh_next
    return grads
"""

MODEL = """
import numpy as np

class Model:
    total = {}

    def __init__(self, params):
        self.params = params

    def forward(self, xs, h0):
        T, H = len(xs), len(h0)
        self.h = np.zeros((T + 1, H))
        self.h[0] = h0
        for t in range(T):
            z = self.params["U"][:, xs[t]] + self.params["W"] @ self.h[t] + self.params["b"]
            self.h[t + 1] = np.tanh(z)
        return self.h[1:]

    def backward(self, xs, dhs):
        grads = {name: np.zeros_like(array) for name, array in self.params.items()}
        dh = np.zeros(len(self.h[0]))
        for t in reversed(range(len(xs))):
            dh += dhs[t]
            da = dh * (1 - self.h[t + 1] ** 2)
            grads["U"][:, xs[t]] += da
            grads["W"] += np.outer(da, self.h[t])
            grads["b"] += da
            dh[:] = self.params["W"].T @ da
        return {**grads, "h0": dh}

def loss(params, inputs):
    return np.sum(Model(params).forward(inputs["xs"], inputs["h0"]) * inputs["dh"])

def backward(params, inputs):
    model = Model(params)
    model.forward(inputs["xs"], inputs["h0"])
    return model.backward(inputs["xs"], inputs["dh"])
"""


def watched(source, *edits, **options):
    program = module(source, *edits)
    return watch(program.loss, program.backward, *rnn_arguments(), **options)


@pytest.mark.parametrize("source", [RNN, STEPS, MODEL], ids=["buffers", "steps", "a model"])
def test_nothing_in_right_programs(source):
    assert watched(source) == []


@pytest.mark.parametrize(
    "edit",
    [("db += da", "db += 2 * da"), ("h[t] ** 2)", "h[t])"), ("dh_next = params", "dh = params")],
    ids=["factor", "derivative", "carry"],
)
def test_nothing_where_a_formula_is_wrong(edit):
    assert watched(RNN, edit) == []


ALIASING = {
    "a view of the first column": (
        STEPS,
        [("hs = np.zeros((len(h), len(inputs[\"xs\"])))",
          "hs = np.zeros((len(h), len(inputs[\"xs\"])))\n    hs[:, 0] = h\n    h = hs[:, 0]")],
        ["h = hs[:, 0]"],
    ),
    "one buffer for all states": (
        STEPS,
        [('h, caches = inputs["h0"], []', 'h, caches = inputs["h0"].copy(), []'),
         ("h, cache = step(params, x, h)", "h[:], cache = step(params, x, h)")],
        ["h[:], cache = step(params, x, h)", 'return h, {"x": x, "h_prev": h_prev, "h": h}'],
    ),
    "one array in a list": (
        MODEL,
        [("self.h = np.zeros((T + 1, H))", "self.h = [np.zeros(H)] * (T + 1)"),
         ("self.h[0] = h0", "self.h[0][:] = h0"),
         ("        for t in range(T):\n", "        hs = []\n        for t in range(T):\n"),
         ("self.h[t + 1] = np.tanh(z)",
          "self.h[t + 1][:] = np.tanh(z)\n            hs.append(self.h[t + 1].copy())"),
         ("return self.h[1:]", "return np.array(hs)")],
        ["self.h = [np.zeros(H)] * (T + 1)"],
    ),
    "the initial state in the last row": (
        RNN, [("(T + 1, H)", "(T, H)"), ("h[:-1] * inputs", "h * inputs")], ["h[-1] = h0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ALIASING)
def test_aliasing_is_named_where_the_alias_is_bound(case):
    source, edits, lines = ALIASING[case]
    found = watched(source, *edits)
    assert found
    assert found[0].kind == "aliasing"
    assert line_of(found[0]) in lines


def test_the_line_that_overwrites_is_told():
    source, edits, _ = ALIASING["a view of the first column"]
    found = watched(source, *edits)
    (writer,) = [one for one in found if line_of(one) == "hs[:, t] = h"]
    assert f"line {writer.line} overwrites it" in found[0].why
    assert found[0].steps == (0,)


@pytest.mark.parametrize(
    ("source", "edit", "line"),
    [
        (STEPS, ("        da = (dh + dh_next)", "        dh += dh_next\n        da = dh"),
         "dh += dh_next"),
        (MODEL, ('self.params["W"].T @ da\n', 'self.params["W"].T @ da\n            dhs[t] = dh\n'),
         "dhs[t] = dh"),
        (RNN, ("        da = (", "        np.add(dh_next, 0, out=inputs['dh'][t])\n        da = ("),
         "np.add(dh_next, 0, out=inputs['dh'][t])"),
    ],
    ids=["in place", "a row", "out="],
)  # fmt: skip
def test_an_argument_that_is_changed(source, edit, line):
    found = watched(source, edit)
    assert (found[0].kind, found[0].variable, line_of(found[0])) == ("argument changed", "dh", line)


STATE = {
    "a default value": (
        RNN,
        [("def forward(params, inputs):", "def total(db, sums={}):\n"
          "    sums['b'] = sums.get('b', 0) + db\n    return sums['b']\n\n"
          "def forward(params, inputs):"), ('"b": db', '"b": total(db)')],
        "def total(db, sums={}):",
    ),
    "a global": (
        RNN,
        [("def forward(params", "total = []\n\ndef forward(params"),
         ("        db += da\n", "        total.append(da)\n"), ('"b": db', '"b": sum(total)')],
        "total.append(da)",
    ),
    "an attribute of the class": (
        MODEL,
        [('grads["b"] += da', 'self.total["b"] = self.total.get("b", 0) + da'),
         ("{**grads,", '{**grads, "b": self.total["b"],')],
        "total = {}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STATE)
def test_state_between_calls(case):
    source, edits, line = STATE[case]
    found = watched(source, *edits)
    assert (found[0].kind, line_of(found[0])) == ("state between calls", line)


def test_a_cache_that_every_call_fills_anew_is_no_state():
    edits = [("def forward(params", "cache = {}\n\ndef forward(params"),
             ("    return h\n", "    cache['h'] = h\n    return h\n"),
             ("    h = forward(params, inputs)\n    dU", "    forward(params, inputs)\n"
              "    h = cache['h']\n    dU")]  # fmt: skip
    assert watched(RNN, *edits) == []


def test_everything_is_as_it_was():
    source, edits, _ = ALIASING["a view of the first column"]
    program = module(source, *edits)
    before = {name: vars(program)[name] for name in vars(program)}
    codes = {name: f.__code__ for name, f in before.items() if hasattr(f, "__code__")}
    params, inputs = rnn_arguments()
    copies = {name: array.copy() for name, array in (params | inputs).items()}
    watch(program.loss, program.backward, params, inputs)
    assert vars(program) == before
    for name, code in codes.items():
        assert before[name].__code__ is code
    for name, array in (params | inputs).items():
        np.testing.assert_array_equal(array, copies[name])
