"""Processes on this machine: one is killed, and no problem is lost or counted twice."""

from __future__ import annotations

import os
import signal
from multiprocessing import active_children

import manual_lstm as ml
from reference import campaign
from reference.campaigns.workers import Workers


def test_a_killed_process_costs_nothing_but_time():
    killed = []

    def kill_one(done, total):
        if done >= 100 and not killed:
            victim = active_children()[0].pid
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    with Workers(2) as workers:
        (cell,) = campaign([ml.LSTM(2, 3)], 400, workers, chunk=50, progress=kill_one).cells
        assert killed[0] not in {process.pid for process in active_children()}
    (alone,) = campaign([ml.LSTM(2, 3)], 400, chunk=50).cells
    assert (cell.verdict, cell.compared, cell.worst) == ("right", 400, alone.worst)
