"""The command line: help, status, what is printed, and how a checkpoint is continued."""

import json
import os
import subprocess
import sys

import pytest
from tests.reference.training_runs import SENTENCE, SIZES

import manual_lstm
from reference.cli import main
from reference.everything import everything

RIGHT_CELL = "from manual_lstm import LSTM\n\nclass Mine(LSTM):\n    pass\n"
WRONG_CELL = """
from manual_lstm import LSTM

class Mine(LSTM):
    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams._replace(W_h=dparams.W_h * 1.001), dstate_prev, dx
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with texts and cells."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "text.txt").write_text(SENTENCE * 8)
    (tmp_path / "other.txt").write_text(SENTENCE.upper() * 8)
    (tmp_path / "right.py").write_text(RIGHT_CELL)
    (tmp_path / "wrong.py").write_text(WRONG_CELL)
    return tmp_path


def run(capsys, *arguments):
    """Return status, standard output and standard error of a command line."""
    try:
        status = main(list(arguments))
    except SystemExit as leaving:  # argparse leaves by itself
        status = leaving.code
    return status, *capsys.readouterr()


TRAIN_SHORTLY = ["train", "text.txt", *SIZES, "--iterations", "2", "--sample", "0"]

CHANGED = {
    "text": (["other.txt"], "TEXT has SHA-256 "),
    "hidden": (["text.txt", "--hidden", "6"], "--hidden has the value 6, but must be 5, because"),
    "dtype": (["text.txt", "--dtype", "float64"], "--dtype has the value float64, but must be"),
    "validation": (["text.txt", "--validation", "0.2"], "--validation has the value 0.2, but"),
    "seed": (["text.txt", "--seed", "1"], "--seed has the value 1, but must be 0, because the"),
}


@pytest.mark.parametrize(("arguments", "complaint"), CHANGED.values(), ids=CHANGED)
def test_a_checkpoint_is_continued_as_it_began(folder, capsys, arguments, complaint):
    assert run(capsys, *TRAIN_SHORTLY, "--checkpoint", "run.npz")[0] == 0
    before = (folder / "run.npz").read_bytes()
    resuming = ["--resume", "--checkpoint", "run.npz", "--iterations", "4"]
    status, output, errors = run(capsys, "train", *arguments, *resuming)
    assert (status, output) == (2, "")
    assert complaint in errors
    assert errors.count("\n") == 1
    assert (folder / "run.npz").read_bytes() == before


@pytest.mark.parametrize("command", [[], ["check"], ["train"]])
def test_help_explains_and_shows_examples(capsys, command):
    status, output, _ = run(capsys, *command, "--help")
    assert status == 0
    for word in ("manual-lstm", "examples:", "exit status:"):
        assert word in output
    assert max(map(len, output.splitlines())) <= 100


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"manual-lstm {manual_lstm.__version__}\n", "")


def test_a_right_cell_is_status_0_and_a_wrong_one_1(folder, capsys):
    status, output, _ = run(capsys, "check", "right.py:Mine", "--cases", "8")
    assert (status, output.splitlines()[0].rstrip()) == (0, "Mine: right")
    status, output, _ = run(capsys, "check", "wrong.py:Mine", "--cases", "8", "--json")
    assert status == 1
    (report,) = json.loads(output)
    assert report["verdict"] == "wrong"
    assert "params.W_h" in {mismatch["name"] for mismatch in report["mismatches"]}


def test_built_in_cells_are_checked_without_an_argument(capsys):
    status, output, _ = run(capsys, "check", "--cases", "8")
    assert status == 0
    verdicts = [line.split()[-5:-3] for line in output.splitlines() if " right   " in line]
    assert verdicts == [["right", "proved"]] * len(everything())


def test_a_log_has_no_control_characters_and_any_encoding_will_do(folder):
    process = subprocess.run(
        [sys.executable, "-m", "reference", *TRAIN_SHORTLY, "--sample", "50"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    printed = process.stdout + process.stderr
    assert printed.isascii()
    assert b"\x1b" not in printed
    assert b"\r" not in printed
    assert b"agree with JAX" in process.stderr


def test_sampled_control_characters_do_not_reach_the_terminal(folder, capsys):
    (folder / "escape.txt").write_text("\x1b]0;title\x07\u202e" * 60)
    arguments = [*SIZES, "--iterations", "2", "--sample", "100"]
    status, output, _ = run(capsys, "train", "escape.txt", *arguments)
    drawn = output.split("temperature 0.8:")[1]
    assert status == 0
    assert "\N{REPLACEMENT CHARACTER}" in drawn
    assert not set("\x1b\x07\u202e") & set(drawn)


def test_a_reader_that_leaves_is_no_error(folder):
    command = [sys.executable, "-m", "reference", *TRAIN_SHORTLY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 141
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors
