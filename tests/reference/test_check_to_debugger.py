"""A cell whose check fails goes straight to the debugger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.reference import planted

from reference import debug
from reference.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "wrong_rnn.py"


def test_check_names_the_line_of_a_wrong_cell(capsys):
    assert main(["check", f"{EXAMPLE}:WrongRNN", "--cases", "64"]) == 1
    told = capsys.readouterr().out
    assert "mean for sum" in told
    assert "> 49 | dparams = Params(x.T @ dz, h_prev.T @ dz, dz.mean(axis=0))" in told
    assert "dz.sum(axis=0))" in told


def test_json_holds_the_diagnosis(capsys):
    assert main(["check", f"{EXAMPLE}:WrongRNN", "--cases", "64", "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "wrong"
    assert report["diagnosis"]["suspects"][0]["line"] == 49


def test_debug_takes_a_cell():
    assert debug(planted.RNN).verdict == "right"
    diagnosis = debug(planted.NotTransposed(2, 3), seconds=10)
    assert diagnosis.verdict == "wrong"
    assert diagnosis.suspects[0].file.endswith("planted.py")
    assert set(diagnosis.heat) == set(diagnosis.wrong) | set(diagnosis.right)


def test_debug_without_params_says_so():
    with pytest.raises(TypeError, match="params has no value, but must be a dict of arrays"):
        debug(lambda params, inputs: 0.0, lambda params, inputs: {})
