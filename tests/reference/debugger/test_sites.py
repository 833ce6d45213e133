"""Units that are parsed, instrumented and compiled alone: as they stand in their file."""

import ast
import importlib.util

import numpy as np
import pytest

from reference.debugger.running.memory_bound import _STATM, resource
from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.sites import instrument
from reference.debugger.running.source import Source, source_of
from reference.debugger.running.timebox import Watchdog

TEXT = """import numpy as np

if True:
    def scaled(x):
        return 2 * x


class Outer:
    class Cell:
        def forward(self, x):  # ein Größenwert
            self.x = x
            return np.tanh(x)

        @staticmethod
        def grow(n):
            return np.ones(n)


def loss(params, inputs):
    return float(np.sum(scaled(params["w"])))


def backward(params, inputs):
    big = Outer.Cell.grow(inputs["n"])
    dw = np.zeros(3)
    dw -= -2 * big[:3]
    return {"w": dw}
"""


@pytest.mark.parametrize("name", ["scaled", "forward", "grow", "backward"])
def test_a_tree_made_anew_of_a_unit_alone_has_its_places_in_the_file(name):
    source = Source("f.py", TEXT)
    (unit,) = [u for u in source.units if getattr(u.tree, "name", "") == name]
    (fresh,) = source.fresh(unit)
    assert fresh is not unit.tree
    assert ast.dump(fresh, include_attributes=True) == ast.dump(unit.tree, include_attributes=True)


def test_sites_of_a_unit_that_an_edit_before_it_has_moved_are_where_they_are_now():
    for text in (TEXT, TEXT.replace("2 * x", "x * 2.0 + 0 * x"), TEXT.replace("\n\nif", "\nif")):
        source = Source("f.py", text)
        sites = []
        for unit in source.units:
            instrument(source, unit, sites, {"scaled", "grow"})
        texts = {s.name: source.data[slice(*s.span)].decode() for s in sites if s.span}
        assert texts["big"] == 'Outer.Cell.grow(inputs["n"])'
        assert texts["self.x"] == "x"
        assert all(text.splitlines()[s.line - 1].strip() for s in sites)


def test_only_functions_that_are_asked_for_have_sites_also_when_asked_again_for_others():
    source = source_of("f.py", TEXT)
    unit = source.units[-1]
    seen = []
    for wanted in (lambda *_: True, lambda *_: False, lambda *_: True):
        sites = []
        instrument(source, unit, sites, set(), wanted)
        seen.append(len(sites))
    assert seen[0] == seen[2] > seen[1] == 0


def test_what_is_taken_away_is_known_of_a_site():
    source, sites = Source("f.py", TEXT), []
    instrument(source, source.units[-1], sites, set())
    assert [site.name for site in sites if site.taken] == ["dw"]


def _program(tmp_path, watchdog):
    path = tmp_path / "subject.py"
    path.write_text(TEXT)
    spec = importlib.util.spec_from_file_location("subject", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Program(module.loss, module.backward, watchdog)


def test_a_run_may_fill_as_much_memory_as_its_time_is_long(tmp_path):
    if resource is None or not _STATM.exists():
        pytest.skip("the system tells no sizes")
    with Watchdog() as watchdog:
        program = _program(tmp_path, watchdog)
        params = {"w": np.ones(3)}
        small, large = ((params, {"n": n}) for n in (8, 2**26))
        program.discover(small, 5.0)
        assert program.run(small, 0.5).error is None
        assert isinstance(program.run(large, 0.5).error, MemoryError)


def test_a_program_that_is_edited_and_put_back_is_recorded_as_before(tmp_path):
    with Watchdog() as watchdog:
        program = _program(tmp_path, watchdog)
        inputs = {"w": np.ones(3)}, {"n": 8}
        program.discover(inputs, 5.0)
        ((file, source),) = program.sources.items()
        before = record(program, inputs)
        program.install(file, source.text.replace("-2 * big", "-3 * big"))
        edited = record(program, inputs)
        program.restore_texts({file: source.text})
        again = record(program, inputs)
        assert np.array_equal(edited.outputs["w"], 3 * np.ones(3))
        assert np.array_equal(again.outputs["w"], before.outputs["w"])
        assert again.sites == before.sites
