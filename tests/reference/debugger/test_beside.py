"""A second search in a copy of the process: its result comes back, whatever becomes of the copy."""

from __future__ import annotations

import os
import time
import types

import jax
import pytest

from reference.debugger.repair import Rewrite
from reference.debugger.searching.beside import Beside, Result, is_possible
from reference.debugger.searching.repairs import Found, Step

pytestmark = pytest.mark.skipif(
    not is_possible(),
    reason="only Linux copies a process safely, and the copy needs a core of its own",
)

_EDITS = [Rewrite("file.py", (), "wrong operand", f"line {n}", 1.0, n, "dc") for n in (1, 2)]
_STEPS = [Step(edit, {"file.py": "dc = dh\n"}, ((), ())) for edit in _EDITS]
_FOUND = Result(found=[Found({"file.py": "dc = dh * o\n"}, _STEPS, 1.0)])
_ONE = Result(found=[Found({"file.py": "dc = dh * o\n"}, _STEPS[:1], 1.0)])


def _beside(work):
    return Beside(types.SimpleNamespace(watchdog=None), work)


def test_what_a_copy_finds_is_known_here():
    with _beside(lambda: _FOUND) as beside:
        beside.begin()
        found = beside.result(time.monotonic() + 10)
    assert found == _FOUND


def test_copying_a_process_in_which_jax_runs_warns_of_nothing():
    jax.devices()  # from here on JAX warns of every copy; a warning fails a test
    with _beside(lambda: _FOUND) as beside:
        beside.begin()
        assert beside.result(time.monotonic() + 10) == _FOUND


def test_a_find_is_seen_while_the_copy_is_not_waited_for():
    with _beside(lambda: _FOUND) as beside:
        assert not beside.has_found()  # it has not begun
        beside.begin()
        until = time.monotonic() + 10
        while not beside.has_found() and time.monotonic() < until:
            time.sleep(0.01)
        assert beside.has_found()


def test_a_repair_of_one_fault_does_not_end_the_search_here():
    with _beside(lambda: _ONE) as beside:
        beside.begin()
        assert beside.result(time.monotonic() + 10) == _ONE
        assert not beside.has_found()


def test_what_the_copy_changes_is_changed_in_the_copy_alone():
    seen = []

    def work():
        seen.append("changed")
        return Result()

    with _beside(work) as beside:
        beside.begin()
        beside.result(time.monotonic() + 10)
    assert seen == []


def _fails():
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize(
    "work",
    [_fails, lambda: os._exit(3), lambda: lambda: None],
    ids=["raises", "dies", "gives what cannot be sent"],
)
def test_a_copy_that_ends_without_an_answer_has_found_nothing(work):
    with _beside(work) as beside:
        beside.begin()
        assert beside.result(time.monotonic() + 10) == Result()


def test_a_copy_that_never_ends_is_stopped():
    with _beside(lambda: time.sleep(1000)) as beside:
        beside.begin()
        child = beside._child
        assert beside.result(time.monotonic() + 0.1) == Result()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
