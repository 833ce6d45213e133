"""Params and inputs that are no dicts: vectors, lists of weights, tuples of inputs."""

from typing import Any

import numpy as np
import pytest

from reference.cell_question import Question
from reference.cli import main
from reference.handed_over import in_dicts

AS_VECTOR = """
import numpy as np

def loss(theta, data):
    x, = data
    return np.sum(np.tanh(x @ theta.reshape(3, 4)))

def backward(theta, data):
    x, = data
    return (x.T @ (1 - np.tanh(x @ theta.reshape(3, 4)) ** 2)).ravel()

def example(rng):
    return rng.normal(size=12), (rng.normal(size=(2, 3)),)
"""
AS_LIST = """
from collections import namedtuple

import numpy as np

Data = namedtuple("Data", "x")

def loss(coefs, data):
    W, b = coefs
    return np.sum(np.tanh(data.x @ W + b))

def backward(coefs, data):
    W, b = coefs
    d = 1 - np.tanh(data.x @ W + b) ** 2
    return [data.x.T @ d, d.sum(0)]

def example():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, 4)), rng.normal(size=4)], Data(rng.normal(size=(2, 3)))
"""


@pytest.mark.parametrize("text", [AS_VECTOR, AS_LIST], ids=["vector", "list"])
def test_what_is_no_dict_is_debugged_as_it_is(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.py").write_text(text)
    assert main(["debug", "asked.py"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("right: theta" if text is AS_VECTOR else "right: coefs[0] and coefs[1]")
    (tmp_path / "wrong.py").write_text(text.replace(" ** 2", ""))
    assert main(["debug", "wrong.py", "--seconds", "10"]) == 1
    told = capsys.readouterr().out
    assert "np.tanh(" in told
    assert "fix (passed" in told


def test_gradients_that_fit_no_params_stay_what_they_are():
    theta: Any = np.ones(3)
    asked = in_dicts(
        Question(lambda p, x: 0.0, lambda p, x: (0.0, p), theta, {"x": 1}, lambda rng: None)
    )
    assert isinstance(asked.backward(asked.params, asked.inputs), tuple)


def test_a_loss_that_returns_more_is_told_to_return_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.py").write_text(AS_VECTOR.replace("4)))\n\ndef b", "4))), theta\n\ndef b"))
    assert main(["debug", "asked.py"]) == 2
    assert "HINT: let loss return the first of these alone: add [0]" in capsys.readouterr().err
