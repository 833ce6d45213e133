"""Lines whose values go into right gradients alone are no suspects, and are not edited."""

import time

import numpy as np
import pytest

from reference.debugger.judging.oracle import gradients
from reference.debugger.naming.standing import makes_what_is_right
from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Program
from reference.debugger.running.source import Splice
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching import by_adjoints
from reference.debugger.searching.cases import Case, score
from reference.debugger.searching.round import probed
from reference.debugger.values.divided import adjoints_of_sum

from .test_engine import RIGHT, loaded

WRONG = "dU += hs[t].T @ (dz * (i > 0.5).repeat(4, axis=1))"


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    text = RIGHT.replace("dU += hs[t].T @ dz", WRONG)
    module = loaded(text, tmp_path_factory.mktemp("acquitted"))
    given = module.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(module.loss, module.backward, watchdog)
        program.discover(given, 5.0)
        oracle = gradients(program, given, ["W", "U", "b", "h0", "c0", "xs"], 5.0)
        case = Case(given, program.value(given), oracle, {})
        base = score(program.run(given), case)
        adjoints = adjoints_of_sum(program, given, 3.0)
        now = probed(program, case, base, time.monotonic() + 20.0, adjoints)
        yield program, case, now
        program.restore()


@pytest.mark.parametrize(
    ("text", "is_right"),
    [(WRONG, False), ('dW += inputs["xs"][t].T @ dz', True), ("db += dz.sum(axis=0)", True),
     ("dz = np.concatenate([di, df, do, dg], axis=1)", False)],
)  # fmt: skip
def test_lines_of_right_gradients_are_known(looked_at, text, is_right):
    program, _, now = looked_at
    ((file, source),) = program.sources.items()
    line = next(n for n, each in enumerate(source.lines, 1) if each.strip() == text)
    assert makes_what_is_right(now, file, line) is is_right


def test_no_edit_is_made_that_spoils_a_right_gradient(looked_at):
    program, case, now = looked_at
    ((file, source),) = program.sources.items()

    def edit(old, new):
        start = source.data.index(old.encode())
        return Rewrite(file, (Splice(start, start + len(old), new),), "", new, 1.0, 1)

    mend = edit(WRONG, "dU += hs[t].T @ dz")
    spoiling = edit(WRONG + "\n        db", "dU += hs[t].T @ dz\n        db += 1.0\n        db")
    assert by_adjoints.advance(program, case, now, [spoiling]) is None
    assert by_adjoints.advance(program, case, now, [spoiling, mend]) is mend
