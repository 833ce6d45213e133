"""`manual-lstm new`: what it writes is right at once, and can be checked when it is changed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import manual_lstm as ml
from reference import check
from reference.cli import main
from reference.exact import prove_cell
from reference.load import load_cell


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_it_is_right_at_once_and_proved(folder, capsys):
    assert main(["new", "my_cell.py"]) == 0
    assert "manual-lstm check my_cell.py:MyCell" in capsys.readouterr().out
    report = check(load_cell("my_cell.py:MyCell"), cases=64)
    assert report.verdict == "right"
    assert report.evidence.oracle == "JAX, which traced the step itself"
    assert {proof.verdict for proof in report.evidence.proofs.values()} == {"proved"}


def test_it_computes_what_the_lstm_computes(folder):
    main(["new", "my_cell.py"])
    cell, rng = load_cell("my_cell.py:MyCell")(3, 4), np.random.default_rng(0)
    params, xs = cell.init_params(rng), rng.normal(size=(5, 2, 3))
    lstm = ml.forward(ml.LSTM(3, 4), ml.LSTMParams(*params), xs)
    np.testing.assert_allclose(ml.forward(cell, params, xs).hs, lstm.hs, rtol=1e-13)


def test_a_changed_forward_is_wrong_until_the_backward_is_completed(folder):
    main(["new", "coupled.py"])
    path = folder / "coupled.py"
    text = path.read_text()
    forward = text.replace("f = sigmoid(z_f)  # CHANGE, for example to: f = 1 - i", "f = 1 - i")
    assert forward != text
    path.write_text(forward)
    proof = prove_cell(load_cell("coupled.py:Coupled")(2, 3))
    assert proof.verdict == "refuted"
    assert set(proof.gradients.values()) == {"refuted"}

    backward = forward.replace("dz_f = df * f * (1 - f)  #", "dz_f = 0 * df  #").replace(
        "dz_i = di * i * (1 - i)  #", "dz_i = (di - df) * i * (1 - i)  #"
    )
    assert backward.count("COMPLETE") == text.count("COMPLETE")
    path.write_text(backward)
    assert check(load_cell("coupled.py:Coupled"), cases=64).verdict == "right"


def test_its_example_runs(folder):
    main(["new", "soft-gru.py"])
    text = (folder / "soft-gru.py").read_text()
    assert "class SoftGru:" in text
    assert "MyCell" not in text
    assert "my_cell" not in text
    run = subprocess.run(
        [sys.executable, "soft-gru.py"], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert "dW_x (3, 16), largest entry" in run.stdout


def test_what_exists_is_never_overwritten(folder, capsys):
    (folder / "mine.py").write_text("years of work")
    assert main(["new", "mine.py"]) == 2
    assert (folder / "mine.py").read_text() == "years of work"
    assert capsys.readouterr().err == (
        "manual-lstm: mine.py has a file of that name, but must be new, because nothing is ever "
        "overwritten.\n"
    )


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("cell.txt", "FILE.py has the value cell.txt, but must be like my_cell.py, because"),
        ("2cells.py", "FILE.py has the value 2cells.py, but must be named with a letter first"),
        ("nowhere/cell.py", "cell.py has an error (No such file or directory), but must be a "),
    ],
)
def test_names_that_cannot_be(folder, capsys, name, complaint):
    assert main(["new", name]) == 2
    errors = capsys.readouterr().err
    assert complaint in errors
    assert errors.count("\n") == 1
    assert list(folder.iterdir()) == []
