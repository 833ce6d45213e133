"""A cell whose check fails goes straight to the debugger."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.reference import planted

import manual_lstm as ml
from reference import cell_debug, check, debug
from reference.cell_debug import debug_cell
from reference.cli import main
from reference.compare import Mismatch
from reference.report.record import Evidence, Report

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


HIDDEN = {
    "lengths": (planted.TwiceWhereOneRowLives, "b", "if len(dx) == 1:"),
    "lengths, one cell": (planted.TwiceWhereOneRowLives(2, 3), "b", "if len(dx) == 1:"),
    "an input size of one": (planted.TwiceWhereOneInput, "xs", "dx = 2 * dx"),
    "a layer": (planted.PaddingHasAGradient(ml.RNN(3, 3)), "xs", "dxs + dhs"),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_dense_inputs_do_not_show_is_found_as_check_finds_it(kind):
    cell, wrong, line = HIDDEN[kind]
    diagnosis = debug(cell)
    assert (diagnosis.verdict, set(diagnosis.wrong)) == ("wrong", {wrong})
    assert diagnosis.reasons[0].startswith("dense inputs do not show it; Case(T=")
    first = diagnosis.suspects[0]
    assert first.file.endswith("planted.py")
    assert line in Path(first.file).read_text().splitlines()[first.line - 1]

    report = check(cell)
    assert report.verdict == "wrong"
    assert report.failing is not None
    assert repr(report.failing) in diagnosis.reasons[0]


def test_a_backward_that_raises_for_one_row_is_found():
    report = check(planted.RaisesWhereOneRowLives)
    assert [mismatch.stage for mismatch in report.mismatches] == ["RAISES"]
    assert report.failing is not None
    diagnosis = debug(planted.RaisesWhereOneRowLives)
    assert diagnosis.verdict == "wrong"
    assert "np.squeeze" in diagnosis.suspects[0].why


def test_a_proof_at_other_sizes_is_no_doubt():
    report = check(planted.TwiceWhereOneInput)
    proofs = {kind: proof.verdict for kind, proof in report.evidence.proofs.items()}
    assert proofs == {
        "dense inputs": "proved", "ragged lengths": "proved", "the problem that fails": "refuted",
    }  # fmt: skip


class WrongWithMasks(ml.RecurrentDropoutLSTM):
    """Has masks in the inputs, and the sign of a gradient wrong."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams._replace(b=-dparams.b), dstate_prev, dx


RIGHT = {
    "masks at each step": ml.RecurrentDropoutLSTM,
    "masks of every state": ml.Zoneout,
    "masks in the state": ml.VariationalDropoutLSTM,
    "masks, one cell": ml.Zoneout(2, 3, of=ml.GRU),
    "an output of another size": ml.LSTMP,
    "a matrix in the state": ml.MLSTM,
    "a stack": ml.Stack([ml.LSTM(2, 3), ml.GRU(3, 4)]),
    "both directions": ml.Bidirectional(ml.RNN(2, 3), merge="mul"),
    "a residual": ml.Residual(ml.RNN(3, 3)),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_debug_takes_any_cell_or_layer(kind, monkeypatch):
    told = Report("any", "right", Evidence({}, 1, "JAX"))
    monkeypatch.setattr(cell_debug, "check", lambda cell, **_: told)
    diagnosis = debug(RIGHT[kind])
    assert diagnosis.verdict == "right", str(diagnosis)
    assert {"xs"} < set(diagnosis.right)


def test_debug_finds_a_mistake_in_a_cell_with_masks():
    diagnosis = debug(WrongWithMasks, seconds=10)
    assert (diagnosis.verdict, set(diagnosis.wrong)) == ("wrong", {"b"})
    assert diagnosis.suspects


def test_what_only_check_sees_is_never_called_right():
    nan = float("nan")
    found = Mismatch("EFFECT", "xs", (), {}, nan, nan, 1.0, 0.0, 1, 1, note="written into")
    report = Report("RNN", "wrong", Evidence({}, 1, "JAX"), mismatches=(found,))
    diagnosis = debug_cell(planted.RNN, report=report)
    assert diagnosis.verdict == "inconclusive"
    seen = "`check` finds it wrong, where the debugger sees nothing: xs: written into"
    assert seen in diagnosis.reasons


def test_a_check_for_which_there_is_no_time_is_told(monkeypatch):
    def slow(cell, *, seed, progress):
        monkeypatch.setattr(cell_debug.time, "monotonic", lambda: float("inf"))
        progress(64, 256)

    monkeypatch.setattr(cell_debug, "check", slow)
    diagnosis = debug(planted.RNN)
    assert diagnosis.verdict == "right"
    assert "looked at dense inputs alone: there was no time for others" in diagnosis.reasons


def test_the_command_finds_it_too(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "mine.py").write_text("from tests.reference.planted import TwiceWhereOneRowLives\n")
    assert main(["debug", "mine.py:TwiceWhereOneRowLives"]) == 1
    assert "dense inputs do not show it" in capsys.readouterr().out
    assert main(["check", "mine.py:TwiceWhereOneRowLives"]) == 1
    assert "dense inputs do not show it" in capsys.readouterr().out


def test_debug_without_params_says_so():
    with pytest.raises(TypeError, match="params has no value, but must be a dict of arrays"):
        debug(lambda params, inputs: 0.0, lambda params, inputs: {})
