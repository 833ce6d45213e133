"""What a line should be, where that is told: it is tried before no fix is said to be found."""

from reference.debugger.searching.cases import score
from reference.debugger.searching.places import ordered_statements
from reference.debugger.searching.round import probed

from .test_engine import RIGHT, debugged, loaded

EXAMPLE = """

def example(rng):
    params = {"W": rng.normal(size=(3, 16)), "U": rng.normal(size=(4, 16)),
              "b": rng.normal(size=16)}
    inputs = {"xs": rng.normal(size=(3, 2, 3)), "dhs": rng.normal(size=(3, 2, 4)),
              "h0": rng.normal(size=(2, 4)), "c0": rng.normal(size=(2, 4))}
    return params, inputs
"""


def test_what_a_line_is_said_to_be_is_tried(monkeypatch, tmp_path):
    def probes_alone(search, by_length):
        case = search.cases[0]
        outcome = search.program.run(case.inputs)
        now = probed(search.program, case, score(outcome, case), search.until, search.adjoints())
        search.first = now
        ordered = ordered_statements(search.program, now, outcome)
        search.order = [(file, line) for file, line, _ in ordered]

    monkeypatch.setattr("reference.debugger.debug._search", probes_alone)
    wrong = RIGHT.replace(
        "dc_next + dh * o * (1 - tanh_c ** 2)", "dc_next + dh * (1 - tanh_c ** 2)"
    )
    diagnosis = debugged(loaded(wrong + EXAMPLE, tmp_path), seconds=12)
    assert diagnosis.verdict == "wrong"
    assert diagnosis.fixes
    assert diagnosis.suspects[0].kind == "missing factor"
    assert diagnosis.fixes[0].edits[0].new[0].strip() == diagnosis.suspects[0].should_be
