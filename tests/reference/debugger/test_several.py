"""Several faults at once: told apart by what each line should have had, and mended one by one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import numpy as np
import pytest

from reference.debugger.faults.apart import Apart
from reference.debugger.faults.several import Several, told_apart
from reference.debugger.faults.stand_ins import StandIns, without
from reference.debugger.judging.oracle import gradients
from reference.debugger.repair import Place, statements
from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.source import Source, Splice
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.cases import Case
from reference.debugger.searching.search import Search
from reference.debugger.texts import overlay
from reference.debugger.values.adjoints import adjoints_of
from reference.debugger.values.given import Courses

from .programs import RNN, module, rnn_arguments

CARRY = (" + dh_next)", ")")
SLOPE = ("(1 - h[t] ** 2)", "(1 - h[t])")
TRANSPOSED = ('params["W"].T @ da', 'params["W"] @ da')
ASSIGNED = ("db += da", "db = da")
# The same in one function, as in many scripts.
IN_ONE = (
    RNN.replace("def loss(params, inputs):\n    h = forward(params, inputs)\n    return np.sum",
                "def run(params, inputs):\n    h = forward(params, inputs)\n    value = np.sum")
    .replace("def backward(params, inputs):\n", "").replace("    return {", "    return value, {")
    .replace('    xs = inputs["xs"]\n    h = forward(params, inputs)\n', '    xs = inputs["xs"]\n')
    + """
def loss(params, inputs):
    return run(params, inputs)[0]

def backward(params, inputs):
    return run(params, inputs)[1]
"""
)  # fmt: skip
UNHEARD_OF = ("(1 - h[t] ** 2)", "np.arctan(np.exp(h[t - 1]) + h[t])")


@contextlib.contextmanager
def opened(*edits: tuple[str, str]) -> Iterator[tuple[Search, list[str]]]:
    """Give a search of the network with edits, and the lines of its text."""
    text = RNN
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    made = module(text)
    with Watchdog() as watchdog:
        given = [rnn_arguments(5, 3, 4, 0), rnn_arguments(4, 5, 4, 1)]
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given[0], 5.0)
        cases = [
            Case(one, program.value(one), gradients(program, one, ["U", "W", "b", "h0"], 5.0))
            for one in given
        ]
        with program.quiet():
            yield Search(program, cases, time.monotonic() + 60.0), text.splitlines()


def at(lines: list[str], part: str) -> int:
    return next(k for k, line in enumerate(lines, 1) if part in line)


def test_a_line_is_to_give_the_adjoints_of_an_expression_from_the_last_to_the_first():
    with opened() as (search, _):
        case = search.cases[0]
        adjoints = adjoints_of(search.program, case.inputs, 5.0)
        assert adjoints is not None
        recording = record(search.program, case.inputs)
        k = next(k for k, site in enumerate(recording.sites) if site.name == "da")
        values = [execution.value for execution in recording.executions[k]]
        fitting = Courses(adjoints).fitting(values)
        assert any(np.allclose(course, values) for course in fitting)
        assert not any(np.allclose(course, np.array(values) * 2) for course in fitting)


def test_a_line_of_a_function_that_is_called_twice_gives_them_in_the_order_of_the_calls():
    with opened() as (search, _):
        case = search.cases[0]
        adjoints = adjoints_of(search.program, case.inputs, 5.0)
        assert adjoints is not None
        steps = next(c for c in adjoints.courses if len(c) == 5 and c[0].shape == (3,))
        adjoints.courses = [[*steps, *(2 * array for array in steps)]] * 3
        turned = [*steps[::-1], *(2 * array for array in steps[::-1])]
        for calls, known in ((1, False), (2, True)):
            found = Courses(adjoints).fitting([np.zeros(3)] * 10, calls)
            assert any(np.allclose(course, turned) for course in found) == known


def test_a_sum_over_some_uses_of_a_number_is_known():
    with opened() as (search, _):
        adjoints = adjoints_of(search.program, search.cases[0].inputs, 5.0)
        assert adjoints is not None
        a, b = np.array([1.5, 2.5]), np.array([0.25, 0.5])
        whole = a + b + 1
        adjoints.courses = [[a], [whole], [whole - a], [b], [whole], [whole - b]]
        assert any(np.allclose(course[0], a + b) for course in Courses(adjoints).fitting([a]))


def test_a_site_hands_on_what_it_is_given():
    with opened() as (search, _):
        case = search.cases[0]
        sites = record(search.program, case.inputs).sites
        k = next(k for k, site in enumerate(sites) if site.name == "da")
        seen = record(search.program, case.inputs, given={k: [np.full(3, 7.0)] * 5})
        assert np.array_equal(seen.outputs["b"], np.full(3, 35.0))
        assert not np.array_equal(seen.made[k][0], np.full(3, 7.0))


def test_a_stand_in_is_written_into_the_text_and_taken_out_again():
    with opened() as (search, lines):
        program, case = search.program, search.cases[0]
        sites = record(program, case.inputs).sites
        k = next(k for k, site in enumerate(sites) if site.name == "da")
        (source,) = program.sources.values()
        stand_ins = StandIns(program)
        standing = {k: (sites[k], tuple([np.full(3, 7.0)] * 5))}
        text = overlay.made(source.data, stand_ins.splices(source, standing))
        assert text is not None
        assert text.count("\n") == len(lines)
        assert without(text) == source.text
        program.install(source.file, text)
        with stand_ins:
            for _ in range(2):
                assert np.array_equal(program.run(case.inputs).outputs["b"], np.full(3, 35.0))


@pytest.mark.parametrize(
    "edits",
    [
        (SLOPE, TRANSPOSED),
        (CARRY, TRANSPOSED),
        (CARRY, SLOPE, TRANSPOSED),
        (CARRY, UNHEARD_OF, TRANSPOSED),
    ],
)
def test_with_the_values_of_the_lines_at_fault_all_is_right(edits):
    with opened(*edits) as (search, _):
        case = search.cases[0]
        adjoints = adjoints_of(search.program, case.inputs, 5.0)
        assert adjoints is not None
        apart = Apart(search.program, case, adjoints, time.monotonic() + 20.0)
        seen = apart.search()
        assert seen is not None
        assert apart.is_right(seen)
        assert len(apart.given) <= len(edits)


@pytest.mark.parametrize(
    "edits",
    [
        (SLOPE, TRANSPOSED),
        (SLOPE, TRANSPOSED, ASSIGNED),
        (CARRY, SLOPE, TRANSPOSED, ASSIGNED),
    ],
)
def test_several_faults_are_mended(edits):
    with opened(*edits) as (search, lines):
        text = next(iter(search.program.sources.values())).text
        told_apart(search, time.monotonic() + 40.0)
        assert next(iter(search.program.sources.values())).text == text
        assert search.found
        found = search.found[0]
        for _, new in edits[1:] if CARRY in edits else edits:
            assert any(step.rewrite.line == at(lines, new) for step in found.steps)


def test_faults_of_one_function_for_loss_and_gradients_are_mended():
    made = module(IN_ONE, SLOPE, TRANSPOSED)
    with Watchdog() as watchdog:
        given = [rnn_arguments(5, 3, 4, 0), rnn_arguments(4, 5, 4, 1)]
        program = Program(made.loss, made.backward, watchdog)
        program.discover(given[0], 5.0)
        program.shared_too = True
        cases = [
            Case(one, program.value(one), gradients(program, one, ["U", "W", "b", "h0"], 5.0))
            for one in given
        ]
        with program.quiet():
            search = Search(program, cases, time.monotonic() + 60.0)
            told_apart(search, time.monotonic() + 40.0)
    assert search.found
    assert len(search.found[0].steps) == 2


def test_values_that_stand_each_in_the_place_of_the_other_are_exchanged():
    source = Source("f", "def f():\n    a[0] = x * y\n    a[1] = z\n    b[0] = x\n")
    place = Place(source, source.units[0], source.units[0].tree,
                  source.units[0].tree.body[0], [], {}, [])  # fmt: skip
    found = [r for r in statements.rewrites(place) if "exchanged with" in r.why]
    texts = [source.edited(rewrite.splices).splitlines()[1:] for rewrite in found]
    assert texts == [["    a[0] = z", "    a[1] = x * y", "    b[0] = x"]]


def test_a_line_without_a_repair_hides_no_other(monkeypatch):
    edits = Several._edits
    monkeypatch.setattr(Several, "_search_alone", lambda *_: False)
    monkeypatch.setattr(
        Several, "_edits",
        lambda self, site, *at: [] if site.name == "da" else edits(self, site, *at),
    )  # fmt: skip
    with opened(UNHEARD_OF, TRANSPOSED) as (search, lines):
        told_apart(search, time.monotonic() + 30.0)
        assert [step.rewrite.line for step in search.apart] == [at(lines, TRANSPOSED[1])]
        assert [suspect.line for suspect in search.standing] == [at(lines, "arctan")]
        assert search.standing[0].pattern == "all"


def test_places_are_found_again_among_edits():
    old, splices = "a = b * c\n", [Splice(4, 5, "bbb"), Splice(8, 8, "d * ")]
    new = overlay.made(old.encode(), splices)
    assert new == "a = bbb * d * c\n"
    assert overlay.to_edited(6, splices) == 8
    assert overlay.to_original(8, splices) == 6
    assert overlay.to_original(5, splices) is None
    assert overlay.made(old.encode(), [*splices, Splice(4, 9, "")]) is None
