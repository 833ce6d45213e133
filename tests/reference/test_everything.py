"""What is checked where nothing is named, on one process and on several, and how it is told."""

from __future__ import annotations

import inspect
import re
import sys
from functools import partial

import pytest

import manual_lstm as ml
from manual_lstm.layer import Layer
from reference import check_command
from reference.campaigns import command
from reference.cli import main
from reference.everything import CHECKED_LAYERS, everything, report_on
from reference.report.record import Evidence, Report

CELLS = """
from manual_lstm import GRU, LSTM, RNN, Residual
from tests.reference.planted import MeanForSum

LAYER = Residual(RNN(3, 3))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with cells in a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "cells.py").write_text(CELLS)
    return tmp_path


def test_it_is_every_cell_every_layer_and_the_model():
    public = {name: value for name, value in vars(ml).items() if inspect.isclass(value)}
    cells = {name for name, kind in public.items() if hasattr(kind, "step_backward")}
    layers = {kind for kind in public.values() if issubclass(kind, Layer) and kind is not Layer}
    assert cells - {"Cell"} <= everything().keys()
    assert {type(layer) for layer in CHECKED_LAYERS} == layers
    assert {layer.merge for layer in CHECKED_LAYERS if isinstance(layer, ml.Bidirectional)} == {
        "concat", "sum", "mean", "mul",
    }  # fmt: skip
    assert everything()["CharLM"] is ml.CharLM


@pytest.mark.parametrize(
    ("name", "layer"),
    [(name, asked) for name, asked in everything().items() if asked in CHECKED_LAYERS],
)
def test_a_layer_is_right_and_proved_for_every_length(name, layer):
    report = report_on(layer, cases=64)
    assert (report.name, report.verdict) == (name, "right"), str(report)
    proofs = {kind: proof.verdict for kind, proof in report.evidence.proofs.items()}
    assert proofs == {"dense inputs": "proved", "ragged lengths": "proved"}
    assert report.evidence.sampled >= 64


def right(asked, log, **options):
    """Return a report at once, and note what was asked for."""
    name = next((name for name, value in everything().items() if value is asked), str(asked))
    log.append((name, options["cases"], options["seed"]))
    return Report(name, "right", Evidence({}, options["cases"], "JAX"), worst={"xs": 1.0})


def here(function, items, _):
    return ((item, function(item)) for item in items)


def test_one_process_and_several_are_asked_the_same(monkeypatch, capsys):
    alone, shared = [], []
    monkeypatch.setattr(check_command, "report_on", partial(right, log=alone))
    monkeypatch.setattr(command, "report_on", partial(right, log=shared))
    monkeypatch.setattr(command, "computed", here)  # what is replaced, a worker would not know
    assert main(["check", "--cases", "16", "--seed", "3"]) == 0
    output = capsys.readouterr().out
    assert main(["check", "--cases", "16", "--seed", "3", "--jobs", "1"]) == 0
    assert capsys.readouterr().out == output
    assert alone == shared == [(name, 16, 3) for name in everything()]
    lines = output.splitlines()
    assert [line.split("  ")[0] for line in lines[1 : len(alone) + 1]] == list(everything())
    assert f"{len(alone)} right of {len(alone)}" in output


def test_a_line_for_each_that_is_right_and_the_whole_report_of_what_is_wrong(folder, capsys):
    named = ["cells.py:LSTM", "cells.py:MeanForSum", "cells.py:LAYER", "cells.py:GRU"]
    assert main(["check", *named, "--cases", "8"]) == 1
    output, errors = capsys.readouterr()
    assert errors == ""
    assert "━" not in output
    line = r"(LSTM|GRU|Residual\(.*\)) +right +proved +\d+ +\d+\.\d +\d+\.\d"
    lines = output.splitlines()
    assert sum(bool(re.fullmatch(line, text)) for text in lines) == 3
    assert "MeanForSum: wrong" in lines
    assert "  TOTAL: the gradient over the whole sequence is wrong" in lines
    assert "3 right, 1 wrong of 4; 3 proved in exact arithmetic" in output


@pytest.mark.parametrize("options", [["cells.py:GRU"], ["cells.py:GRU", "cells.py:LSTM", "-v"]])
def test_a_cell_alone_or_verbose_is_told_gradient_by_gradient(folder, capsys, options):
    assert main(["check", *options, "--cases", "8"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("GRU: right")
    assert output.count("params.W_h") == len([name for name in options if ":" in name])


def test_the_same_cell_twice_is_checked_once(folder, capsys):
    assert main(["check", "cells.py:GRU", "cells.py:GRU", "--cases", "8", "--jobs", "1"]) == 0
    assert capsys.readouterr().out.count("GRU: right") == 1


def test_what_stands_against_a_right_cell_is_a_note_under_its_line(folder, capsys):
    (folder / "leaky.py").write_text("from tests.reference.planted import LeakyRNN, RNN\n")
    assert main(["check", "leaky.py:LeakyRNN", "leaky.py:RNN", "--cases", "8"]) == 0
    output = capsys.readouterr().out
    assert "  note: JAX could not trace the step" in output
