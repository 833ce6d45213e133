"""Small programs for the debugger's tests, loaded as a user's module would be."""

from __future__ import annotations

import importlib.util
import linecache
import time
import types
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from reference.debugger.debug import debug
from reference.debugger.diagnosis import Diagnosis
from reference.debugger.naming.turns import Turns, turns
from reference.debugger.running.program import Program
from reference.debugger.running.recording import Recording, record
from reference.debugger.running.source import Source
from reference.debugger.running.timebox import Watchdog

_numbers = count()

# A recurrent network on the index inputs of a character model, with buffers.
RNN = """
import numpy as np

def forward(params, inputs):
    xs, h0 = inputs["xs"], inputs["h0"]
    T, H = len(xs), len(h0)
    h = np.zeros((T + 1, H))
    h[-1] = h0
    for t in range(T):
        h[t] = np.tanh(params["U"][:, xs[t]] + params["W"] @ h[t - 1] + params["b"])
    return h

def loss(params, inputs):
    h = forward(params, inputs)
    return np.sum(h[:-1] * inputs["dh"])

def backward(params, inputs):
    xs = inputs["xs"]
    h = forward(params, inputs)
    dU, dW = np.zeros_like(params["U"]), np.zeros_like(params["W"])
    db, dh_next = np.zeros_like(params["b"]), np.zeros_like(inputs["h0"])
    for t in reversed(range(len(xs))):
        da = (inputs["dh"][t] + dh_next) * (1 - h[t] ** 2)
        dU[:, xs[t]] += da
        dW += np.outer(da, h[t - 1])
        db += da
        dh_next = params["W"].T @ da
    return {"U": dU, "W": dW, "b": db, "h0": dh_next}
"""


# Its mistake shows where a word is there twice: at one draw in twelve.
RARE = """
import numpy as np

def loss(params, inputs):
    return np.sum(np.tanh(params["E"][inputs["words"]] @ params["w"]) ** 2)

def backward(params, inputs):
    words = inputs["words"]
    y = np.tanh(params["E"][words] @ params["w"])
    da = 2 * y * (1 - y ** 2)
    dE = np.zeros_like(params["E"])
    dE[words] += np.outer(da, params["w"])
    return {"E": dE, "w": params["E"][words].T @ da}

def example(rng):
    params = {"E": rng.normal(size=(12, 3)), "w": rng.normal(size=3)}
    return params, {"words": rng.integers(0, 12, 2)}
"""


def module(source: str, *edits: tuple[str, str]) -> Any:
    """Return the program as a module; each edit replaces a text that occurs once."""
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    name = f"<program {next(_numbers)}>"
    made = types.ModuleType(f"program_{next(_numbers)}")
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec", dont_inherit=True), vars(made))
    return made


def loaded(source: str, folder: Path, name: str = "subject") -> Any:
    """Import a source text as a user's file is imported."""
    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def debugged(module: Any, seconds: float = 20.0, **options: Any) -> Diagnosis:
    """Debug a module's two functions on its first example."""
    params, inputs = module.example(np.random.default_rng(0))
    return debug(
        module.loss, module.backward, params, inputs, example=module.example, seconds=seconds,
        **options,
    )  # fmt: skip


def recorded(made: Any) -> tuple[Recording, Source]:
    """Return what a program of one file makes at its first example, and its text."""
    given = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given, 5.0)
        recording = record(program, given)
        program.restore()
    (source,) = program.sources.values()
    return recording, source


def told_apart(made: Any, right: str, given: tuple[dict, dict]) -> tuple[str, Turns | None]:
    """Return the text of a program with a mistake, and what the right text changes at each turn."""
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given, 5.0)
        ((file, source),) = program.sources.items()
        wrong = source.text
        found = turns(program, given, file, wrong, right, time.monotonic() + 10)
        program.restore()
    return wrong, found


def line_of(found: Any) -> str:
    """Return the text of a suspect's line without what stands around it."""
    return found.text.strip()


def rnn_arguments(T: int = 5, H: int = 3, K: int = 4, seed: int = 0) -> tuple[dict, dict]:
    """Draw arguments for `RNN`; words repeat."""
    rng = np.random.default_rng(seed)
    params = {
        "U": rng.standard_normal((H, K)),
        "W": rng.standard_normal((H, H)),
        "b": rng.standard_normal(H),
    }
    words = np.array([1, 3, 1, 0, 2, 1, 3])[:T]
    return params, {
        "xs": words,
        "h0": rng.standard_normal(H),
        "dh": rng.standard_normal((T, H)),
    }


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
