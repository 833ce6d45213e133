"""A checkpoint is whole or not there, and nothing else is taken for one."""

import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from tests.reference.training_runs import (
    assert_same_bits,
    checkpoint_of,
    start,
    state_after,
    training,
)

from reference.training import checkpoint
from reference.unusable import UnusableInputError


@pytest.fixture
def kept(tmp_path):
    """Return a checkpoint on disk and what was saved in it."""
    run = training()
    saved = checkpoint_of(run, state_after(run, 5))
    path = tmp_path / "run.npz"
    checkpoint.save(path, saved)
    return path, saved


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_bit_returns(tmp_path, dtype):
    run = training(replace(training().options, dtype=dtype))
    saved = checkpoint_of(run, state_after(run, 5))
    checkpoint.save(tmp_path / "run.npz", saved)
    loaded = checkpoint.load(tmp_path / "run.npz")
    assert_same_bits(loaded.state, saved.state)
    assert loaded.state.seconds == saved.state.seconds
    assert replace(loaded, state=saved.state) == saved


def test_state_before_the_first_iteration_returns(tmp_path):
    run = training()
    saved = checkpoint_of(run, start(run))
    checkpoint.save(tmp_path / "run.npz", saved)
    assert_same_bits(checkpoint.load(tmp_path / "run.npz").state, saved.state)


def test_only_the_file_itself_is_left_behind(kept):
    path, _ = kept
    assert [entry.name for entry in path.parent.iterdir()] == ["run.npz"]


def test_a_failed_write_leaves_the_old_file(kept, monkeypatch):
    path, saved = kept
    before = path.read_bytes()

    def disk_is_full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_is_full)
    with pytest.raises(UnusableInputError, match="No space left on device"):
        checkpoint.save(path, replace(saved, state=replace(saved.state, step=999)))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["run.npz"]


def test_a_file_cut_anywhere_is_refused(kept):
    path, _ = kept
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(UnusableInputError, match="must be a checkpoint"):
            checkpoint.load(path)


def test_a_flipped_bit_in_an_array_is_refused(kept):
    path, saved = kept
    whole = bytearray(path.read_bytes())
    at = bytes(whole).index(saved.state.params.W_h.tobytes()[:16])
    whole[at + 5] ^= 1
    path.write_bytes(whole)
    with pytest.raises(UnusableInputError, match="must be a checkpoint"):
        checkpoint.load(path)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


class Exploit:
    def __reduce__(self):
        return (pytest.fail, ("a checkpoint ran code",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"To be, or not to be",
        npy(np.zeros(3)),
        npz(weights=np.zeros(3)),
        npz(about=np.array("not JSON")),
        npz(about=np.array("[1, 2]")),
        npz(about=np.array(json.dumps({"format": "another program, version 3"}))),
        npz(about=np.array(json.dumps({"format": checkpoint.FORMAT}))),
        pickle.dumps(Exploit()),
        npz(about=np.array(Exploit(), dtype=object)),
    ],
    ids=["empty", "text", "npy", "npz", "no JSON", "list", "foreign", "bare", "pickle", "object"],
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "foreign.npz"
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match="must be a checkpoint of this program"):
        checkpoint.load(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda arrays: arrays.pop("params.V"), "params.V"),
        (lambda arrays: arrays.update({"adam.m.W_h": np.zeros((2, 3), "f4")}), r"shape \(2, 3\)"),
        (lambda arrays: arrays.update({"lstm.c": arrays["lstm.c"].astype("f8")}), "float64"),
        (lambda arrays: arrays["params.W_x"].fill(np.nan), "params.W_x is not finite"),
    ],
    ids=["missing", "shape", "dtype", "nan"],
)
def test_arrays_of_another_model_are_refused(kept, change, complaint):
    path, _ = kept
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    path.write_bytes(npz(**arrays))
    with pytest.raises(UnusableInputError, match=complaint):
        checkpoint.load(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(UnusableInputError, match="--checkpoint has the file"):
            checkpoint.load(path)
