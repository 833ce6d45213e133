"""``manual-lstm check --jobs``: the reports of one process, on more problems, kept in a journal."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from reference.campaigns import command
from reference.campaigns.campaign import CellResult
from reference.campaigns.tally import Failure
from reference.cli import main
from reference.report.record import Evidence, Report

CELL = "from manual_lstm import LSTM\n\nclass Right(LSTM):\n    pass\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with a cell in a file; a campaign begins after 64 problems."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(command, "TOGETHER", 64)
    (tmp_path / "mine.py").write_text(CELL)
    return tmp_path


def check(capsys, *arguments):
    status = main(["check", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_reports_count_every_problem_and_a_journal_is_continued(folder, capsys):
    campaign = ["mine.py:Right", "--cases", "200", "--journal", "right.jsonl"]
    status, (report,) = check(capsys, *campaign, "--jobs", "1")
    assert (status, report["name"], report["verdict"]) == (0, "Right", "right")
    assert report["evidence"]["sampled"] == 200
    assert {proof["verdict"] for proof in report["evidence"]["proofs"].values()} == {"proved"}

    before = (folder / "right.jsonl").read_bytes()
    status, (again,) = check(capsys, *campaign, "--resume")
    assert (status, again["worst"]) == (0, report["worst"])
    assert (folder / "right.jsonl").read_bytes() == before


def test_a_cell_that_fails_later_is_wrong_with_the_line_that_shows_it():
    report = Report("Mine", "right", Evidence({}, 256, "JAX"), worst={"hs": 2.0, "xs": 3.0})
    asked = Failure(7, "draw(Mine(2, 3), Case(seed=7))", ["xs"], 40.0, "xs: manual 1", accused=True)
    other = Failure(9, "draw(Mine(2, 3), Case(seed=9))", ["xs"], 2.0)
    found = CellResult("Mine", 1000, {"xs": 1280.0, "params.b": 1.0}, [asked, other])

    wrong = command.joined(report, found)
    assert (wrong.verdict, wrong.evidence.sampled) == ("wrong", 1256)
    assert wrong.worst == {"hs": 2.0, "xs": 1280.0, "params.b": 1.0}
    assert wrong.reasons == (
        "2 of the random problems failed",
        "draw(Mine(2, 3), Case(seed=7)): xs off by up to 4e+01 × what rounding explains; "
        "xs: manual 1",
    )
    assert "2 of the random problems failed" in str(wrong)
    doubtful = command.joined(report, replace(found, failures=[other]))
    assert doubtful.verdict == "inconclusive"
