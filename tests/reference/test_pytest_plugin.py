"""The plugin as others see it: a failing test prints the diagnosis; starting costs nothing."""

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

pytest_plugins = ["pytester"]

# Registered by an installation made since the entry point was added, or by hand.
INSTALLED = bool(entry_points(group="pytest11", name="manual_lstm"))
PLUGIN = () if INSTALLED else ("-p", "reference.pytest_plugin")
TESTS = """
import sys
import types

import pytest
from tests.reference.report import diagnoses

from reference.pytest_plugin import DiagnosisError, assert_backward


@pytest.fixture
def engine(request, monkeypatch):
    def debug(loss, backward, params, inputs, *, seconds):
        assert (loss, backward, params, inputs, seconds) == (len, abs, {"W": 1}, {}, 3)
        return diagnoses.ALL[request.param]

    standing_in = types.ModuleType("reference.debugger.debug")
    standing_in.debug = debug
    monkeypatch.setitem(sys.modules, standing_in.__name__, standing_in)


@pytest.mark.parametrize("engine", ["wrong", "right", "inconclusive"], indirect=True)
def test_backward(engine):
    diagnosis = assert_backward(len, abs, {"W": 1}, {}, seconds=3)
    assert diagnosis.verdict == "right"


def test_other():
    assert 1 == 2


@pytest.mark.parametrize("engine", ["wrong"], indirect=True)
def test_error(engine):
    with pytest.raises(DiagnosisError) as caught:
        assert_backward(len, abs, {"W": 1}, {}, seconds=3)
    assert isinstance(caught.value, AssertionError)
    assert caught.value.diagnosis is diagnoses.WRONG
    assert str(caught.value).startswith(str(diagnoses.WRONG))
    assert str(caught.value).endswith(caught.value.script)
    assert "print(debug(len, abs, params, inputs))" in caught.value.script
"""


def test_a_failure_is_told_by_its_diagnosis(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    path = pytester.makepyfile(TESTS)
    ran = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "--import-mode=importlib")
    ran.assert_outcomes(passed=2, failed=3)
    ran.stdout.fnmatch_lines_random(
        [
            f"{path}:23: in test_backward",
            "wrong: W and h0 (2 of 4 gradients); V and b right",
            "    > 11 | dc = dh * o[[]t] * (1 - c[[]t] ** 2)",
            "    +        dc = dh * o[[]t] * (1 - np.tanh(c[[]t]) ** 2) + dc_next",
            "inconclusive (V right so far)",
            "FAILED *::test_backward[[]wrong] - wrong: W and h0 (2 of 4 gradients)*",
            "E       assert 1 == 2",
        ]
    )
    # Every other failure keeps its own traceback; ours shows no line of this package.
    ran.stdout.no_fnmatch_line("*pytest_plugin.py*")


HELD = """
from tests.reference.report import diagnoses


def test_asserted():
    d = diagnoses.WRONG
    assert d.verdict == "right", d


def test_passes():
    d = diagnoses.RIGHT
    assert d.verdict == "right"
"""


def test_an_answer_that_a_test_holds_is_shown_as_its_text(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    pytester.makepyfile(HELD)
    ran = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "--import-mode=importlib")
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(
        [
            "E       AssertionError: <Diagnosis: wrong: W and h0 (2 of 4 gradients)*>",
            "*- d, as the debugger tells it -*",
            "    > 11 | dc = dh * o[[]t] * (1 - c[[]t] ** 2)",
        ]
    )
    ran.stdout.no_fnmatch_line("*Diagnosis(verdict=*")


def test_starting_pytest_loads_neither_jax_nor_numpy(pytester):
    pytester.makepyfile("""
        import sys

        def test_it():
            assert "reference.pytest_plugin" in sys.modules
            loaded = {"jax", "numpy", "hypothesis", "rich"} & set(sys.modules)
            assert not loaded
    """)
    # Hypothesis and jaxtyping bring pytest plugins of their own.
    command = [sys.executable, "-m", "pytest", *PLUGIN, "-p", "no:cacheprovider",
               "-p", "no:hypothesispytest", "-p", "no:jaxtyping"]  # fmt: skip
    ran = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_plugin_is_announced():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"manual_lstm": "reference.pytest_plugin"}


MARKED = """
import sys
import types

import pytest
from tests.reference.report import diagnoses

from reference.pytest_plugin import assert_backward

pytestmark = pytest.mark.backward(seconds=1, seed=5)


@pytest.fixture(autouse=True)
def seen(monkeypatch):
    options = []

    def debug(loss, backward, params, inputs, **given):
        options.append(given)
        return diagnoses.ALL["right"]

    standing_in = types.ModuleType("reference.debugger.debug")
    standing_in.debug = debug
    monkeypatch.setitem(sys.modules, standing_in.__name__, standing_in)
    return options


def test_of_the_module(seen):
    assert_backward(len, abs, {}, {})
    assert seen == [{"seconds": 1, "seed": 5}]


@pytest.mark.backward(seconds=2)
def test_nearest_and_given(seen):
    assert_backward(len, abs, {}, {}, seed=7)
    assert seen == [{"seconds": 2, "seed": 7}]
"""


def test_options_of_the_marker(pytester, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    pytester.makepyfile(MARKED, test_unmarked="def test_it(): pass")
    flags = ["-p", "no:cacheprovider", "--import-mode=importlib", "--strict-markers"]
    ran = pytester.runpytest_inprocess(*PLUGIN, *flags, "-m", "backward")
    ran.assert_outcomes(passed=2, deselected=1)
    ran = pytester.runpytest_inprocess(*PLUGIN, *flags, "--markers")
    ran.stdout.fnmatch_lines(
        ["@pytest.mark.backward(**options): a test of a hand-written backward.*"]
    )
