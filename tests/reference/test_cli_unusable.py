"""Unusable input on the command line: one table, each row with the whole line that answers it."""

# ruff: noqa: E501  (a row of a table is one line: its message can be read and searched as it is)

import re
import sys

import numpy as np
import pytest
from tests.reference.training_runs import SENTENCE, SIZES

from reference.cli import main

SHORTLY = [*SIZES, "--iterations", "2", "--sample", "0"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with texts, cells and checkpoints good and bad."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    files = {
        "text.txt": SENTENCE * 8,
        "empty.txt": "",
        "same.txt": "a" * 1000,
        "short.txt": "abc",
        "notes.npz": "to do: train",
        "right.py": "from manual_lstm import LSTM\n\nclass Mine(LSTM):\n    pass\n",
        "broken.py": "import manual_lstm\n\n1 / 0\n",
        "unparsable.py": "x = 1\ndef cell(:\n",
        "importing.py": "import no_such_module_anywhere\n",
        "leaving.py": "raise SystemExit('bye')\n",
        "other.py": "class Cell:\n    pass\n",
        "empty.py": "",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 " * 500)
    np.savez(tmp_path / "weights.npz", W=np.zeros(3))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "weights.npz").read_bytes()[:-40])
    np.savez(tmp_path / "foreign.npz", about=np.array('{"format": "other program, version 3"}'))
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    return tmp_path


POSITIVE_INT = "but must be a positive integer, because no other has a meaning."
ABOVE_0 = "but must be a number above 0, because no other has a meaning."
CHECKPOINT = "but must be a checkpoint of this program, because training resumes from it."
RUNS = "but must be a file that runs, because it is imported, with no arguments, to find what it defines."

TEXTS = [
    ("no such text", "train none.txt", "TEXT has the value none.txt, but must be a readable file, because it is read from there (No such file or directory)."),
    ("folder", "train .", "TEXT has the value ., but must be a readable file, because it is read from there (Is a directory)."),
    ("empty text", "train empty.txt", "TEXT has no characters, but must be text of at least two different characters, because otherwise nothing in empty.txt is there to predict."),
    ("one character", "train same.txt", "TEXT has only the character 'a', but must be text of at least two different characters, because otherwise nothing in same.txt is there to predict."),
    ("short text", "train short.txt", "TEXT has 3 characters to train on, but must be at least B*T + 1 = 2049, because a batch is B = 32 streams of T = 64 steps (--batch, --steps-per-sequence)."),
    ("undecodable text", "train latin.txt", "TEXT has the byte 0xe9 at 3, but must be UTF-8, because latin.txt is read as text."),
]  # fmt: skip

NUMBERS = [
    ("zero", "train --hidden 0", f"--hidden has the value '0', {POSITIVE_INT}"),
    ("fraction", "train --batch 2.5", f"--batch has the value '2.5', {POSITIVE_INT}"),
    ("word", "train --steps-per-sequence x", f"--steps-per-sequence has the value 'x', {POSITIVE_INT}"),
    ("no cases", "check --cases 0", f"--cases has the value '0', {POSITIVE_INT}"),
    ("negative", "train --learning-rate=-1", f"--learning-rate has the value '-1', {ABOVE_0}"),
    ("nan", "train --learning-rate nan", f"--learning-rate has the value 'nan', {ABOVE_0}"),
    ("infinity", "train --minutes inf", f"--minutes has the value 'inf', {ABOVE_0}"),
    ("negative norm", "train --clip=-1", "--clip has the value '-1', but must be a number from 0, because no other has a meaning."),
    ("negative seed", "check --seed=-1", "--seed has the value '-1', but must be an integer from 0, because no other has a meaning."),
    ("all for validation", "train --validation 1", "--validation has the value '1', but must be a number from 0 and below 1, because no other has a meaning."),
]  # fmt: skip

CHECKPOINTS = [
    ("none named", "train text.txt --resume", "--resume has no file, but must be with --checkpoint FILE, because the file says where the run stands."),
    ("none there", "train text.txt --resume --checkpoint none.npz", f"--checkpoint has the file none.npz, which cannot be read (No such file or directory), {CHECKPOINT}"),
    ("text", "train text.txt --resume --checkpoint notes.npz", f"--checkpoint has the file notes.npz, which is no whole archive of arrays, {CHECKPOINT}"),
    ("cut short", "train text.txt --resume --checkpoint cut.npz", f"--checkpoint has the file cut.npz, which is no whole archive of arrays, {CHECKPOINT}"),
    ("array", "train text.txt --resume --checkpoint array.npz", f"--checkpoint has the file array.npz, which is a single array, {CHECKPOINT}"),
    ("weights", "train text.txt --resume --checkpoint weights.npz", f"--checkpoint has the file weights.npz, which has no about, {CHECKPOINT}"),
    ("foreign", "train text.txt --resume --checkpoint foreign.npz", f"--checkpoint has the file foreign.npz, which holds something else (format 'other program, version 3'), {CHECKPOINT}"),
    ("in the way", "train text.txt --checkpoint notes.npz", "--checkpoint has the value notes.npz, which exists, but must be a new file, because a checkpoint is never written over (--resume continues it)."),
    ("nowhere", "train text.txt --checkpoint nowhere/run.npz", "--checkpoint has the value nowhere/run.npz, but must be a file that can be written, because the training is kept in it (No such file or directory)."),
]  # fmt: skip

JOURNALS = [
    ("none named", "check --resume", "--resume has no file, but must be with --journal FILE, because the file says what is done."),
    ("none there", "check --resume --journal none.jsonl", "--journal has the value none.jsonl, but must be a file that exists, because the campaign goes on from it."),
    ("in the way", "check --journal notes.npz", "--journal has the value notes.npz, which exists, but must be a new file, because a journal is never written over (--resume continues it)."),
    ("no jobs", "check --jobs 0", f"--jobs has the value '0', {POSITIVE_INT}"),
]  # fmt: skip

CELLS = [
    ("no such file", "check none.py:Cell", "FILE.py has the value none.py, but must be a file that exists, because it is read."),
    ("nearly the name", "check rigth.py:Cell", "FILE.py has the value rigth.py, but must be a file that exists (there is right.py), because it is read."),
    ("no name", "check right.py", "FILE.py:CELL has the value right.py, but must be like my_cell.py:MyCell, because a cell is a name in a Python file."),
    ("no such class", "check right.py:Yours", "right.py has no Yours, but must be one of its cells LSTM, Mine, because that name was asked for."),
    ("no class at all", "check empty.py:Cell", "empty.py has no Cell, but must be a class with step_backward, because that name was asked for."),
    ("not a cell", "check other.py:Cell", "cell Cell has no method init_params, but must be a class with init_params, init_state, step, step_backward, because that is the contract of a cell (see manual_lstm.Cell)."),
    ("error in file", "check broken.py:Cell", f"broken.py has an error at line 3 (ZeroDivisionError: division by zero), {RUNS}"),
    ("syntax error", "check unparsable.py:Cell", f"unparsable.py has an error at line 2 (SyntaxError: invalid syntax), {RUNS}"),
    ("import error", "check importing.py:Cell", f"importing.py has an error at line 1 (ModuleNotFoundError: No module named 'no_such_module_anywhere'), {RUNS}"),
    ("exit in file", "check leaving.py:Cell", f"leaving.py has an error at line 1 (SystemExit: bye), {RUNS}"),
    ("second is bad", "check right.py:Mine right.py:Yours", "right.py has no Yours, but must be one of its cells LSTM, Mine, because that name was asked for."),
]  # fmt: skip

# The words are argparse's, which differ between versions of Python.
USAGE = [
    ("no command", "", "the following arguments are required: COMMAND"),
    ("unknown command", "fly", "COMMAND: invalid choice: 'fly'"),
    ("unknown option", "train --fly", "unrecognized arguments: --fly"),
    ("abbreviation", "train --hid 3", "unrecognized arguments: --hid"),
    ("dtype", "train --dtype int8", "--dtype: invalid choice: 'int8'"),
    ("two lengths", "train --epochs 1 --minutes 1", "--minutes: not allowed with argument --epochs"),
]  # fmt: skip

TABLES = {
    "text": TEXTS,
    "number": NUMBERS,
    "checkpoint": CHECKPOINTS,
    "journal": JOURNALS,
    "cell": CELLS,
}
ROWS = [
    pytest.param(command, message, id=f"{table}: {title}")
    for table, rows in TABLES.items()
    for title, command, message in rows
]


def answer(folder, capsys, command):
    """Return the only line that is printed; the status is 2 and no file has changed."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    try:
        status = main(command)
    except SystemExit as leaving:  # argparse leaves by itself
        status = leaving.code
    output, errors = capsys.readouterr()
    assert (status, output) == (2, "")
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before
    (line,) = errors.splitlines()
    return line


@pytest.mark.parametrize(("command", "message"), ROWS)
def test_one_line_says_what_is_wrong(folder, capsys, command, message):
    command = command.split()
    if "text.txt" in command:  # good but for the checkpoint
        command += SHORTLY
    line = answer(folder, capsys, command)
    assert re.fullmatch(r"manual-lstm( \w+)?: (.*)", line)[2] == message


@pytest.mark.parametrize(
    ("command", "message"), [pytest.param(*row[1:], id=row[0]) for row in USAGE]
)
def test_a_slip_in_the_command_is_answered_in_one_line_with_a_hint(
    folder, capsys, command, message
):
    line = answer(folder, capsys, command.split())
    assert re.fullmatch(
        rf"manual-lstm( \w+)?: {re.escape(message)}.* \(manual-lstm( \w+)? --help tells more\)",
        line,
    )
