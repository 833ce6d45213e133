"""An answer where Python shows it by itself: one short line, and in a notebook the text."""

from types import SimpleNamespace

import pytest
from tests.reference.report import diagnoses

from reference.report.record import Evidence, Report


@pytest.mark.parametrize("name", diagnoses.ALL)
def test_the_repr_is_one_short_line_that_begins_with_the_verdict(name):
    diagnosis = diagnoses.ALL[name]
    shown = repr(diagnosis)
    assert shown.startswith(f"<Diagnosis: {diagnosis.verdict}")
    assert "\n" not in shown
    assert len(shown) < 240  # pytest cuts what is longer


def test_the_repr_names_the_line_and_the_fix():
    assert repr(diagnoses.WRONG) == (
        "<Diagnosis: wrong: W and h0 (2 of 4 gradients); V and b right; my_lstm.py:11: carry not "
        "added; fix: adds what flows back from step t+1; all of it by print>"
    )


def test_a_notebook_shows_the_text_and_escapes_it():
    shown = diagnoses.WRONG._repr_html_()
    assert shown.startswith("<pre>")
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert '<span style="font-weight: bold">wrong: W and h0 (2 of 4 gradients)' in shown
    assert "dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next</span>" in shown


def test_ipython_prints_the_text():
    told = []
    diagnoses.WRONG._repr_pretty_(SimpleNamespace(text=told.append), False)
    assert told == [str(diagnoses.WRONG)]


def test_a_report_is_short_too():
    report = Report("Mine", "right", Evidence({}, 12, "JAX"))
    assert repr(report) == "<Report: Mine: right>"
    assert report._repr_html_() == f"<pre>{report}</pre>"
