"""The script of a failing test: small, complete, and it fails again."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reference.repetition import repetition

PROGRAM = """
import numpy as np


def example(rng):
    T, H = rng.integers(2, 9, size=2)
    params = {"W": rng.normal(size=(H, H)), "b": rng.normal(size=H)}
    return params, {"xs": rng.normal(size=(T, H))}


def loss(params, inputs):
    h = np.zeros(len(params["b"]))
    for x in inputs["xs"]:
        h = np.tanh(x + h @ params["W"] + params["b"])
    return h.sum()


def backward(params, inputs):
    hs = [np.zeros(len(params["b"]))]
    for x in inputs["xs"]:
        hs.append(np.tanh(x + hs[-1] @ params["W"] + params["b"]))
    dW, db, dh = np.zeros_like(params["W"]), np.zeros_like(params["b"]), np.ones_like(hs[-1])
    for t in reversed(range(len(inputs["xs"]))):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(hs[t], dz)
        db += dz
        dh = dz @ params["W"]
    return {"W": dW, "b": db}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine_to_repeat.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    import mine_to_repeat  # type: ignore[import-not-found]

    yield mine_to_repeat
    del sys.modules["mine_to_repeat"]


def script_of(program, given, wrong=("W", "b"), **options) -> str:
    return repetition(program.loss, program.backward, given, wrong, **options)


def names_of(script: str) -> dict:
    """Run all of a script but its last line."""
    names: dict = {}
    exec("\n".join(script.splitlines()[:-1]), names)
    return names


def test_it_runs_and_fails_again(program, tmp_path):
    given = program.example(np.random.default_rng(0))
    script = script_of(program, given, example=program.example)
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("wrong: W and b"), run.stdout


def test_the_smallest_example_with_the_fewest_decimals_is_taken(program):
    given = program.example(np.random.default_rng(0))
    names = names_of(script_of(program, given, example=program.example))
    assert names["params"]["W"].shape == (2, 2)
    assert 3 <= len(names["inputs"]["xs"]) <= 7  # at two steps W is right
    for value in (*names["params"].values(), *names["inputs"].values()):
        np.testing.assert_array_equal(value, np.round(value, 1))


def test_an_example_at_which_all_is_right_is_not_taken(program):
    def of_one_step(rng):
        params, inputs = program.example(rng)
        return params, {"xs": inputs["xs"][:1]}  # the mistake is in what goes back to step 0

    given = program.example(np.random.default_rng(0))
    names = names_of(script_of(program, given, example=of_one_step))
    assert names["params"]["W"].shape == given[0]["W"].shape


def test_what_is_given_is_not_changed(program):
    given = program.example(np.random.default_rng(0))
    for group in given:
        for array in group.values():
            array.setflags(write=False)
    script_of(program, given, example=program.example)


def test_many_numbers_are_told_by_their_seed(program, monkeypatch):
    monkeypatch.setattr("reference.repetition._MOST_NUMBERS", 3)
    monkeypatch.setattr("reference.repetition._rounded", lambda inputs, decimals: ({}, {}))
    given = program.example(np.random.default_rng(0))
    script = script_of(program, given, example=program.example)
    names = names_of(script)
    assert names["params"]["W"].shape == (2, 2)
    assert "as in the test" in script_of(program, given)


def test_of_weights_in_a_list_the_example_is_named(program):
    given = [np.ones(2)], {}
    script = repetition(program.loss, program.backward, given, ["params[0]"], program.example)
    assert "params, inputs = example(np.random.default_rng(0))" in script
    script = repetition(program.loss, program.backward, given, ["params[0]"])
    assert "params, inputs = ...  # as in the test\n" in script


def test_every_kind_of_value_comes_back(program):
    values = {
        "f": np.array([0.1, np.nan, -np.inf]),
        "s": np.array([[1.5]], np.float32),
        "i": np.array([3, 4]),
        "none": np.zeros((0, 3), np.float32),
        "scalar": 2.5,
        "flag": True,
    }
    names = names_of(script_of(program, (values, {}), wrong=()))
    for name, value in values.items():
        np.testing.assert_array_equal(names["params"][name], value)
        assert np.asarray(names["params"][name]).dtype == np.asarray(value).dtype


def test_functions_made_inside_functions_are_written_out():
    def loss(params, inputs):
        return (params["w"] ** 2).sum()

    def backward(params, inputs):
        return {"w": params["w"]}

    script = repetition(loss, backward, ({"w": np.array([1.25])}, {}), ["w"])
    names = names_of(script)
    assert names["loss"](names["params"], {}) == pytest.approx(1.44)
    assert "made inside a function" in script


def test_functions_that_fail_at_other_values_are_no_example(program):
    def choosy(params, inputs):
        if len(params["b"]) < 5:
            raise ValueError("too few")
        return program.backward(params, inputs)

    given = ({"W": np.eye(5), "b": np.ones(5)}, {"xs": np.ones((3, 5))})
    names = names_of(
        repetition(program.loss, choosy, given, ["W"], lambda rng: ({"W": 1}, {"xs": 2}))
    )
    assert names["params"]["W"].shape == (5, 5)


NET = """
import numpy as np


class Net:
    def loss(self, params, inputs):
        self.h = np.tanh(inputs["x"] @ params["W"])
        return self.h.sum()

    def backward(self, params, inputs):
        self.loss(params, inputs)
        return {"W": inputs["x"].T @ (1 - self.h)}


net = Net()
"""
GIVEN = {"W": np.full((2, 2), 0.3)}, {"x": np.array([[0.5, -1.0]])}


def test_methods_of_an_object_that_a_module_has_run_again(tmp_path, monkeypatch):
    (tmp_path / "net_to_repeat.py").write_text(NET)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("net_to_repeat")
    try:
        script = repetition(module.net.loss, module.net.backward, GIVEN, ("W",))
    finally:
        del sys.modules["net_to_repeat"]
    assert "from net_to_repeat import net\n" in script
    assert script.endswith("print(debug(net.loss, net.backward, params, inputs))")
    names = names_of(script)
    assert names["net"].loss(names["params"], names["inputs"])


def test_of_an_object_that_a_test_has_made_the_script_tells_which_and_prints_no_numbers():
    class Net:
        def loss(self, params, inputs):
            return 1.0

        backward = loss

    net = Net()
    script = repetition(net.loss, net.backward, GIVEN, ("W",))
    assert "net = ...  # the " in script
    assert ".Net of the test, of " in script
    assert "debug(net.loss, net." in script
    assert "np.array" not in script
