"""The command line: help, status, and one line for everything that cannot be used."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from tests.reference.training_runs import SENTENCE, SIZES

import manual_lstm
from reference.cli import main

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
    """Return a folder to work in, with texts, cells and checkpoints good and bad."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "text.txt").write_text(SENTENCE * 8)
    (tmp_path / "other.txt").write_text(SENTENCE.upper() * 8)
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "same.txt").write_text("a" * 1000)
    (tmp_path / "short.txt").write_text("abc")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 " * 500)
    (tmp_path / "foreign.npz").write_bytes(b"not a checkpoint")
    np.savez(tmp_path / "weights.npz", W=np.zeros(3))
    (tmp_path / "right.py").write_text(RIGHT_CELL)
    (tmp_path / "wrong.py").write_text(WRONG_CELL)
    (tmp_path / "broken.py").write_text("import manual_lstm\n\n1 / 0\n")
    (tmp_path / "unparsable.py").write_text("x = 1\ndef cell(:\n")
    (tmp_path / "importing.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit('bye')\n")
    (tmp_path / "other.py").write_text("class Cell:\n    pass\n")
    return tmp_path


def run(capsys, *arguments):
    """Return status, standard output and standard error of a command line."""
    try:
        status = main(list(arguments))
    except SystemExit as leaving:  # argparse leaves by itself
        status = leaving.code
    return status, *capsys.readouterr()


TRAIN_SHORTLY = ["train", "text.txt", *SIZES, "--iterations", "2", "--sample", "0"]

UNUSABLE = {
    "no command": ([], "the following arguments are required: COMMAND"),
    "unknown command": (["fly"], "invalid choice: 'fly'"),
    "unknown option": (["train", "--fly"], "unrecognized arguments: --fly"),
    "abbreviation": (["train", "--hid", "3"], "unrecognized arguments: --hid"),
    "no such text": (["train", "none.txt"], "TEXT has the value none.txt, but must be a readable"),
    "folder as text": (["train", "."], "TEXT has the value ., but must be a readable file"),
    "empty text": (["train", "empty.txt"], "TEXT has no characters, but must be text of at least"),
    "one character": (["train", "same.txt"], "TEXT has only the character 'a', but must be"),
    "short text": (["train", "short.txt"], "TEXT has 3 characters to train on, but must be at"),
    "undecodable": (["train", "latin.txt"], "TEXT has the byte 0xe9 at 3, but must be UTF-8"),
    "zero": (["train", "--hidden", "0"], "--hidden has the value '0', but must be a positive"),
    "fraction": (["train", "--batch", "2.5"], "--batch has the value '2.5', but must be a"),
    "word": (["train", "--steps-per-sequence", "x"], "--steps-per-sequence has the value 'x'"),
    "negative": (["train", "--learning-rate=-1"], "--learning-rate has the value '-1', but must"),
    "nan": (["train", "--learning-rate", "nan"], "--learning-rate has the value 'nan', but must"),
    "infinity": (["train", "--minutes", "inf"], "--minutes has the value 'inf', but must be a"),
    "all for validation": (["train", "--validation", "1"], "--validation has the value '1', but"),
    "dtype": (["train", "--dtype", "int8"], "--dtype: invalid choice: 'int8'"),
    "two lengths": (["train", "--epochs", "1", "--minutes", "1"], "--minutes: not allowed with"),
    "resume nothing": (["train", "--resume"], "--resume has no file, but must be with --check"),
    "resume none": (
        [*TRAIN_SHORTLY, "--resume", "--checkpoint", "none.npz"],
        "--checkpoint has the file none.npz with",
    ),
    "resume foreign": (
        [*TRAIN_SHORTLY, "--resume", "--checkpoint", "foreign.npz"],
        "but must be a checkpoint of this program",
    ),
    "resume weights": (
        [*TRAIN_SHORTLY, "--resume", "--checkpoint", "weights.npz"],
        "but must be a checkpoint of this program",
    ),
    "existing checkpoint": (
        [*TRAIN_SHORTLY, "--checkpoint", "foreign.npz"],
        "--checkpoint has the value foreign.npz, which exists, but must be a new file",
    ),
    "checkpoint nowhere": (
        [*TRAIN_SHORTLY, "--checkpoint", "nowhere/run.npz"],
        "--checkpoint has the value nowhere/run.npz, but must be a file that can be written",
    ),
    "no such file": (["check", "none.py:Cell"], "FILE.py has the value none.py, but must be a"),
    "no name": (["check", "right.py"], "FILE.py:CELL has the value right.py, but must be like"),
    "no such class": (
        ["check", "right.py:Yours"],
        "right.py has no Yours, but must be one of its cells LSTM, Mine",
    ),
    "not a cell": (["check", "other.py:Cell"], "cell Cell has no method init_params, but must"),
    "error in file": (
        ["check", "broken.py:Cell"],
        "broken.py has an error at line 3 (ZeroDivisionError: division by zero), but must be",
    ),
    "syntax error": (["check", "unparsable.py:Cell"], "unparsable.py has an error at line 2 (Syn"),
    "import error": (
        ["check", "importing.py:Cell"],
        "has an error at line 1 (ModuleNotFoundError: No module named 'no_such_module_anywhere')",
    ),
    "exit in file": (["check", "leaving.py:Cell"], "leaving.py has an error at line 1 (SystemExit"),
    "second is bad": (["check", "right.py:Mine", "right.py:Yours"], "right.py has no Yours"),
    "no cases": (["check", "--cases", "0"], "--cases has the value '0', but must be a positive"),
}


@pytest.mark.parametrize(("arguments", "complaint"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_input_is_answered_in_one_line(folder, capsys, arguments, complaint):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    status, output, errors = run(capsys, *arguments)
    assert status == 2
    assert output == ""
    assert complaint in errors
    assert errors.startswith("manual-lstm")
    assert errors.count("\n") == 1
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before


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
    assert "LSTM: right" in output


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
