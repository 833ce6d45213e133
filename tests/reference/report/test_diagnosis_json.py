"""A diagnosis as JSON: the same keys always, plain values only."""

import json
from pathlib import Path

import pytest
from tests.reference.report import diagnoses

from reference.report.diagnosis_json import diagnosis_json

KEYS = ["format", "verdict", "wrong", "right", "undecided", "suspects", "fixes", "evidence",
        "reasons", "details", "remarks", "advice", "heat", "output", "seconds",
        "files"]  # fmt: skip


@pytest.mark.parametrize("name", diagnoses.ALL)
def test_keys_are_stable_and_the_values_survive_strict_json(name):
    diagnosis = diagnoses.ALL[name]
    values = diagnosis_json(diagnosis)
    assert list(values) == KEYS
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values == diagnosis.to_json()
    assert values["verdict"] == diagnosis.verdict


def test_every_part_of_a_diagnosis_is_there():
    values = diagnosis_json(diagnoses.WRONG)
    assert values["format"] == 1
    assert values["wrong"]["W"]["manual"] == 0.25
    assert values["wrong"]["W"]["place"] == {"gate": "f", "unit": 2}
    assert values["wrong"]["h0"]["manual"] is None
    assert values["wrong"]["h0"]["times"] is None
    assert values["right"] == ["V", "b"]
    first = values["suspects"][0]
    assert (first["file"], first["line"], first["steps"]) == ("my_lstm.py", 11, [0, 1, 2, 3])
    assert first["engines"] == ["probe", "explain"]
    assert len(values["suspects"]) == 3
    fix = values["fixes"][0]
    assert fix["lines"] == [11]
    assert "+        dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next" in fix["diff"]
    assert values["heat"]["W"]["errors"][0] == [0.0, 1e-3, 0.5, 2.0, 0.0]
    assert values["heat"]["W"]["errors"][1][2] is None
    assert values["files"] == ["my_lstm.py"]


def test_the_edits_alone_mend_the_source():
    edit = diagnosis_json(diagnoses.WRONG)["fixes"][0]["edits"][0]
    lines = diagnoses.SOURCE.splitlines()
    assert lines[edit["first"] - 1 : edit["last"]] == edit["old"]
    lines[edit["first"] - 1 : edit["last"]] = edit["new"]
    assert "\n".join(lines) + "\n" == diagnoses.WRONG.fixes[0].apply_to(diagnoses.SOURCE)


def test_every_key_is_documented():
    page = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text()
    values = diagnosis_json(diagnoses.WRONG)
    inner = [values["wrong"]["W"], values["suspects"][0], values["fixes"][0],
             values["fixes"][0]["edits"][0]]  # fmt: skip
    names = {key for group in (values, *inner) for key in group}
    assert not [name for name in names if f"`{name}`" not in page]
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == KEYS
