"""The program that this project started from: four faults at once, each of them to be named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from reference.debugger.debug import debug
from reference.debugger.searching.by_length import first_steps

FILE = Path(__file__).parents[3] / "examples" / "wrong_origin.py"
FAULTS = [
    "dc = dct[0]",
    "for step in np.arange(0, t)[::-1]:",
    "dW[0] += np.dot(di, h[step - 1])",
    "dc += dc * f[step]",
]


def loaded():
    spec = importlib.util.spec_from_file_location("wrong_origin", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_fault_of_the_origin_is_named_and_mended():
    module = loaded()
    params, inputs = module.example(np.random.default_rng(0))
    found = debug(
        module.loss, module.backward, params, inputs, example=module.example, seconds=120.0
    )
    assert found.verdict == "wrong"
    assert {s.text for s in found.suspects[: len(FAULTS) + 3]} >= set(FAULTS)
    mended: dict = {}
    exec(compile(found.fixes[0].apply_to(FILE.read_text()), "mended", "exec"), mended)
    params, inputs = module.example(np.random.default_rng(99))
    again = debug(mended["loss"], mended["backward"], params, inputs)
    assert again.verdict == "right"


def test_sequences_are_cut_along_the_axis_of_their_steps():
    inputs = {"x": np.zeros((2, 5, 3)), "y": np.zeros((2, 5)), "h0": np.zeros((2, 4)), "n": 7}
    _, short = first_steps(({"W": np.zeros((3, 4))}, inputs), 2)
    assert {name: np.shape(value) for name, value in short.items()} == {
        "x": (2, 2, 3),
        "y": (2, 2),
        "h0": (2, 4),
        "n": (),
    }
    assert first_steps(({}, {"n": 3}), 1) is None


def test_the_size_that_is_cut_is_one_without_which_the_loss_runs():
    inputs = {"x": np.zeros((9, 4)), "y": np.zeros((9, 3))}  # each array has the steps, none alone

    def runs(cut):
        return cut[1]["x"].shape[1] == 4 and cut[1]["y"].shape[1] == 3

    _, short = first_steps(({"W": np.zeros((12, 28))}, inputs), 2, runs)
    assert (short["x"].shape, short["y"].shape) == ((2, 4), (2, 3))


def test_lists_are_sequences_too():
    inputs = {"words": [3, 1, 2, 0], "y": [np.zeros(3) for _ in range(4)]}
    _, short = first_steps(({"W": np.zeros((3, 5))}, inputs), 2)
    assert short["words"] == [3, 1]
    assert len(short["y"]) == 2
