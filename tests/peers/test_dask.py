"""A Dask cluster of processes on loopback computes a campaign; a worker that dies costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from distributed import Client

import manual_lstm as ml
from reference import campaign

pytestmark = [
    pytest.mark.peers,
    # Dask's own affair: how it stops its event loop, and which port its dashboard would have had.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
CELLS = [ml.LSTM, ml.GRU(2, 3)]
SECONDS = 60


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; return the client and the two processes of workers."""
    address = tmp_path / "scheduler.json"
    log = (tmp_path / "log.txt").open("w")

    def start(*arguments):
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(address)]
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd=tmp_path, env=os.environ | one_thread
        )

    loopback = ["--host", "127.0.0.1", "--no-dashboard"]
    processes = [start("scheduler", *loopback, "--port", "0")]
    try:
        until(lambda: address.exists() and json.loads(address.read_text()))
        for _ in range(2):
            one = ["--no-nanny", "--nthreads", "1", "--nworkers", "1"]
            processes.append(start("worker", *one, *loopback))
        with Client(scheduler_file=str(address), timeout=SECONDS) as client:
            client.wait_for_workers(2, timeout=SECONDS)
            yield client, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log.close()


def until(condition):
    """Wait until a condition holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def summary(result):
    return [(cell.name, cell.verdict, cell.compared, cell.worst) for cell in result.cells]


def test_no_problem_is_lost_or_counted_twice_when_a_worker_is_killed(cluster, tmp_path):
    client, workers = cluster
    journal = tmp_path / "campaign.jsonl"
    busy = []

    def kill_one(done, total):
        if done >= total // 4 and workers[0].poll() is None:
            busy.extend(map(bool, client.processing().values()))
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()

    executor = client.get_executor()
    result = campaign(CELLS, 600, executor, chunk=50, journal=journal, progress=kill_one)
    assert busy == [True, True]
    assert workers[0].returncode == -signal.SIGKILL
    until(lambda: len(client.scheduler_info()["workers"]) == 1)

    assert [cell.compared for cell in result.cells] == [600, 600]
    chunks = [tuple(json.loads(line)["chunk"]) for line in journal.read_text().splitlines()[1:]]
    assert sorted(chunks) == [(cell, number) for cell in (0, 1) for number in range(12)]
    assert summary(result) == summary(campaign(CELLS, 600, chunk=50))
