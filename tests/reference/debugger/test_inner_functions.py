"""Functions that a backward makes for itself are there, too, when its lines are computed anew."""

import ast

import numpy as np
from tests.reference.debugger.programs import debugged, loaded, recorded

from reference.debugger.repair import rich
from reference.debugger.repair.place import Place
from reference.debugger.running.source import Source

LATER = """\
import numpy as np


def run(params, inputs):
    x = inputs["x"]
    h = np.zeros((4, 3, len(x) + 1))
    k = np.zeros((4, 3, len(x) + 1))
    for t in range(len(x)):
        k[:, :, t + 1] = np.cos(params["W"] @ x[t] + params["U"] @ h[:, :, t])
        h[:, :, t + 1] = np.sin(params["V"] @ k[:, :, t + 1])
    return h, k


def loss(params, inputs):
    return np.sum(run(params, inputs)[0] ** 2)


def backward(params, inputs):
    x = inputs["x"]
    h, k = run(params, inputs)
    dh, da, dv = 2 * h, np.zeros_like(h), np.zeros_like(h)
    for t in range(len(x), 0, -1):
        dv[:, :, t] = dh[:, :, t] * np.cos(params["V"] @ k[:, :, t])
        a = params["W"] @ x[t - 1] + params["U"] @ h[:, :, t - 1]
        da[:, :, t] = -(params["V"].T @ dv[:, :, t]) * np.sin(a)
        dh[:, :, t - 1] += params["U"].T @ da[:, :, t]
    flat = lambda v: v.reshape(len(v), -1)
    dU = flat(da[:, :, 1:]) @ flat(h[:, :, :-1]).T
    dV = flat(dv[:, :, 1:]) @ flat(k[:, :, 1:]).T
    dW = flat(da[:, :, 1:]) @ flat(np.moveaxis(x, 0, 2)).T
    return {"W": dW, "U": dU, "V": dV}


def example(rng):
    params = {"W": rng.normal(size=(4, 2)), "U": rng.normal(size=(4, 4)),
              "V": rng.normal(size=(4, 4))}
    return params, {"x": rng.normal(size=(5, 2, 3))}
"""


def test_what_is_kept_of_an_inner_function_can_be_called(tmp_path):
    recording, _ = recorded(loaded(LATER, tmp_path))
    envs = [run.env for runs in recording.executions.values() for run in runs if "flat" in run.env]
    assert envs
    assert all(env["flat"](np.ones((2, 3, 4))).shape == (2, 12) for env in envs)


def test_a_part_of_another_array_has_its_own_slice(tmp_path):
    wrong = LATER.replace("flat(k[:, :, 1:])", "flat(h[:, :, :-1])")
    diagnosis = debugged(loaded(wrong, tmp_path), seconds=15)
    assert diagnosis.fixes
    assert "flat(k[:, :, 1:]).T" in diagnosis.fixes[0].edits[0].new[0]


def test_parts_of_other_arrays_are_offered():
    source = Source("subject.py", "def f(a, h, k):\n    b = k[1:] * k[1:]\n    return a @ h[:-1]\n")
    unit = source.units[0]
    assert isinstance(unit.tree, ast.FunctionDef)
    env = {"a": np.ones((2, 3)), "h": np.ones((4, 2)), "k": np.ones((4, 2)), "b": np.ones((3, 2))}
    here = Place(source, unit, unit.tree, unit.tree.body[1], [env], {})
    assert ["k[1:]"] in [[splice.new for splice in rewrite.splices] for rewrite in rich(here)]
