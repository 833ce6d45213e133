"""A run that was stopped, however rudely, gives the same bits as one that was not."""

import signal
import subprocess
import sys

import pytest
from tests.reference.training_runs import (
    SENTENCE,
    SIZES,
    assert_same_bits,
    checkpoint_of,
    state_after,
    training,
)

from reference.cli import main
from reference.training import checkpoint

STEPS = 40  # more than two epochs


@pytest.mark.parametrize("stops", [(1,), (14, 15), (5, 20, 39)])
def test_saved_and_loaded_between_any_two_iterations(tmp_path, stops):
    run = training(iterations=STEPS)
    assert 2 * run.streams.segments < STEPS
    whole = state_after(run, STEPS)

    path, state = tmp_path / "run.npz", None
    for begin, end in zip((0, *stops), (*stops, STEPS), strict=True):
        state = state_after(run, end - begin, state)
        checkpoint.save(path, checkpoint_of(run, state))
        state = checkpoint.load(path).state
    assert_same_bits(state, whole)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(SENTENCE * 8)
    return path


def arguments(text, file, *more):
    quiet = ["--sample", "0", "--verify-every", "0"]
    return ["train", str(text), "--checkpoint", str(file), *SIZES, *quiet, *more]


STOP_WHILE_SAVING = """
import os, signal, sys
from reference.cli import main

# A process that was started in the background is deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
move, moves = os.replace, 0

def stop_at_the_fifth(partial, path):
    global moves
    moves += 1
    if moves == 5:
        os.kill(os.getpid(), int(sys.argv[1]))
    move(partial, path)

os.replace = stop_at_the_fifth
sys.exit(main(sys.argv[2:]))
"""


def stopped_while_saving(text, file, sign):
    """Run 120 iterations in a process that is sent a signal when iteration 28 is being saved."""
    command = [sys.executable, "-c", STOP_WHILE_SAVING, str(int(sign))]
    run = arguments(text, file, "--iterations", "120", "--save-every", "7")
    return subprocess.run(
        [*command, *run], capture_output=True, text=True, timeout=120, check=False
    )


def test_killed_and_resumed(tmp_path, text, capsys):
    killed, whole = tmp_path / "killed.npz", tmp_path / "whole.npz"
    assert stopped_while_saving(text, killed, signal.SIGKILL).returncode == -signal.SIGKILL
    assert checkpoint.load(killed).state.step == 21

    assert main(arguments(text, killed, "--resume")) == 0
    assert "Resumed     at iteration 21" in capsys.readouterr().err
    assert main(arguments(text, whole, "--iterations", "120")) == 0
    assert_same_bits(checkpoint.load(killed).state, checkpoint.load(whole).state)


def test_interrupted_by_the_keyboard(tmp_path, text):
    file = tmp_path / "run.npz"
    process = stopped_while_saving(text, file, signal.SIGINT)
    assert process.returncode == 130
    assert checkpoint.load(file).state.step == 28
    assert process.stderr.splitlines()[-1] == (
        f"Stopped at iteration 28; the same command with --resume continues from {file}."
    )


def test_a_finished_run_resumes_to_its_end(tmp_path, text, capsys):
    file = tmp_path / "run.npz"
    assert main(arguments(text, file, "--iterations", "3")) == 0
    before = checkpoint.load(file).state
    assert main(arguments(text, file, "--resume")) == 0
    assert_same_bits(checkpoint.load(file).state, before)
    assert "Trained     3 iterations" in capsys.readouterr().out
