"""A campaign: every problem counted once, whoever computes it and whatever is lost on the way."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from tests.reference.campaigns.cells import Raises, Wrong

import manual_lstm as ml
from reference import campaign
from reference.batch import compare_batch
from reference.campaigns.handing_out import WorkLostError
from reference.campaigns.tally import Tally
from reference.lane_check import LANES
from reference.lanes import draw_lanes, lane
from reference.oracles import JaxOracle
from reference.plan import Plan
from reference.problem import Case, draw
from reference.stacking import SameShape
from reference.subject import subject_of

CELLS = [ml.LSTM, ml.LSTM(2, 3, bias=False)]


def summary(result):
    return [(cell.name, cell.verdict, cell.compared, cell.worst) for cell in result.cells]


class Late(Executor):
    """Answers only when it holds several, the newest first; some answers are lost at first.

    Parameters
    ----------
    lost : callable
        Number of the submission to whether its answer is lost.
    """

    def __init__(self, lost=lambda number: False):
        self.lost = lost
        self.held = []
        self.submitted = 0

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.held.append((self.submitted, future, fn, args))
        self.submitted += 1
        if len(self.held) >= 3:
            self.answer()
        return future

    def answer(self):
        while self.held:
            number, future, fn, args = self.held.pop()
            if self.lost(number):
                future.set_exception(ConnectionError(f"worker of submission {number}"))
            else:
                future.set_result(fn(*args))


@pytest.fixture(scope="module")
def alone():
    """Return what this process finds by itself, in one go."""
    return campaign(CELLS, 100, chunk=40)


def test_counts_and_verdicts(alone):
    assert [cell.compared for cell in alone.cells] == [100, 100]
    assert alone.compared == 200
    assert not alone.failures
    assert str(alone).startswith("LSTM: right; 100 random problems, 0 failures, worst error ")
    gradients = {"params.W_x", "params.W_h", "params.b", "xs", "state0.h", "state0.c"}
    assert gradients <= alone.cells[0].worst.keys()
    assert gradients - {"params.b"} <= alone.cells[1].worst.keys()


def test_progress_tells_every_problem_once():
    told = []
    campaign([ml.LSTM], 50, chunk=20, progress=lambda *now: told.append(now))
    assert told == [(20, 50), (40, 50), (50, 50)]


def test_order_of_answers_makes_no_difference(alone):
    result = campaign(CELLS, 100, Late(), chunk=40)
    assert summary(result) == summary(alone)


def test_threads_do_not_get_in_each_others_way():
    """Tracing a cell replaces NumPy in its module, for every thread that runs it."""

    class Mine(ml.LSTM):
        pass

    with ThreadPoolExecutor(3) as threads:
        (cell,) = campaign([Mine], 60, threads, chunk=12).cells
    assert (cell.verdict, cell.compared) == ("right", 60)


def test_lost_chunks_are_handed_out_again(alone):
    executor = Late(lost=lambda number: number in (0, 2, 3))
    result = campaign(CELLS, 100, executor, chunk=40)
    assert executor.submitted == 6 + 3
    assert summary(result) == summary(alone)


def test_a_chunk_that_is_always_lost_ends_the_campaign(tmp_path, alone):
    journal = tmp_path / "campaign.jsonl"
    message = r"chunk \d of cell \d \(problems \d+ to \d+\) was lost 4 times; at last: Conn"
    with pytest.raises(WorkLostError, match=message):
        campaign(CELLS, 100, Late(lost=lambda number: number >= 3), chunk=40, journal=journal)
    assert len(journal.read_text().splitlines()) == 1 + 3

    executor = Late()
    result = campaign(CELLS, 100, executor, chunk=40, journal=journal)
    assert executor.submitted == 3
    assert summary(result) == summary(alone)


def test_another_seed_draws_other_problems(alone):
    assert summary(campaign(CELLS, 100, chunk=40, seed=1)) != summary(alone)


@pytest.fixture(scope="module")
def wrong():
    return campaign([Wrong], 24).cells[0]


def test_every_failure_is_kept_with_its_seed(wrong):
    assert (wrong.verdict, wrong.compared) == ("wrong", 24)
    assert 4 < len(wrong.failures) < 24
    numbers = [failure.number for failure in wrong.failures]
    assert numbers == sorted(set(numbers))
    assert wrong.failures[0].accused
    for failure in wrong.failures:
        assert failure.results == ["params.W_h"]
        assert failure.times > 1


def test_the_line_of_a_failure_draws_it_again(wrong):
    names = {"draw": draw, "Case": Case, "Wrong": Wrong}
    problem = eval(wrong.failures[-1].problem, names)
    oracle = JaxOracle(SameShape(cell=ml.LSTM(problem.cell.input_size, problem.cell.hidden_size)))
    assert compare_batch([problem], oracle, np.random.default_rng(0)).failing == [0]


def test_a_backward_that_raises_is_wrong_and_the_other_problems_are_compared():
    (cell,) = campaign([Raises], 60, chunk=60).cells
    assert (cell.verdict, cell.compared) == ("wrong", 60)
    assert 10 < len(cell.failures) < 60
    assert {each.note for each in cell.failures} == {"step_backward raised ValueError: one row"}
    assert 0 < max(cell.worst.values()) < 32


def test_a_hopeless_cell_is_given_up():
    class Hopeless(ml.LSTM):
        def step_backward(self, params, cache, dstate):
            raise NotImplementedError

    (cell,) = campaign([Hopeless], 1000, chunk=50).cells
    assert (cell.verdict, cell.compared) == ("wrong", 150)
    assert 100 <= len(cell.failures) <= 150  # a problem may have no living row


def test_a_cell_in_a_file(tmp_path):
    file = tmp_path / "somebodys_cell.py"
    file.write_text("from manual_lstm import LSTM\n\nclass Mine(LSTM):\n    pass\n")
    (cell,) = campaign([f"{file}:Mine"], 20).cells
    assert (cell.name, cell.verdict, cell.compared) == ("Mine", "right", 20)


@pytest.mark.parametrize(("cases", "chunk"), [(0, 10), (10, 0), (2.5, 10)])
def test_sizes_are_positive_integers(cases, chunk):
    with pytest.raises((ValueError, TypeError), match=r"(cases|chunk) has the value .*, but must"):
        campaign([ml.LSTM], cases, chunk=chunk)


def test_a_large_chunk_is_run_in_lanes_to_the_exact_count():
    (cell,) = campaign([ml.LSTM], 4400, chunk=4400).cells
    assert (cell.verdict, cell.compared) == ("right", 4400)


def test_a_suspect_that_is_right_alone_is_no_failure(monkeypatch):
    """What is said of a lane must hold of its problem."""
    right = ml.LSTM.step_backward

    def wrong_in_lanes(self, params, cache, dstate):
        dparams, dstate_prev, dx = right(self, params, cache, dstate)
        if dstate.h.shape[-1:] == (LANES,):
            dparams = dparams._replace(W_h=dparams.W_h * (1 + (np.arange(LANES) == LANES - 1)))
        return dparams, dstate_prev, dx

    monkeypatch.setattr(ml.LSTM, "step_backward", wrong_in_lanes)
    tally = Tally(Plan(subject_of(ml.LSTM)), np.random.default_rng(0))
    tally.add_lanes(variant=0, at_most=1000)
    tally.add_lanes(variant=1, at_most=40)
    assert tally.compared == LANES + 40
    (suspect,) = [each for each in tally.suspects if each.number == LANES - 1]
    names = {"lane": lane, "draw_lanes": draw_lanes, "LSTM": ml.LSTM, "Case": Case}
    np.testing.assert_array_equal(eval(suspect.line, names).dhs, suspect.problem.dhs)
    tally.look_again()
    assert tally.failures == []
