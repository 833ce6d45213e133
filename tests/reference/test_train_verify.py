"""The gradient of a real batch is compared with JAX's, and a wrong one stops the training."""

from dataclasses import replace

import numpy as np
import pytest
from tests.reference.training_runs import OPTIONS, SENTENCE, SIZES, state_after, training

from manual_lstm import CharLM, CharLMParams, LSTMState
from manual_lstm.char_lm import CharLMGradients
from manual_lstm.trees import named_leaves
from reference.cli import main
from reference.training import checkpoint
from reference.training.verify import verify_batch


def batch(dtype):
    """Return the arguments of `verify_batch` after a few iterations of training."""
    run = training(replace(OPTIONS, dtype=dtype))
    state = state_after(run, 4)
    inputs, targets = run.streams.segment(state.segment, state.offset)
    return run.model, state.params, inputs, targets, state.lstm


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_right_gradients_agree_within_rounding(dtype):
    verification = verify_batch(*batch(dtype))
    assert verification.mismatches == []
    assert 0 < verification.times < 1


def spoilt(name, dtype):
    """Return `CharLM.backward` with one entry of one gradient off by 200 ulps of its largest."""
    right = CharLM.backward

    def backward(self, *arguments):
        gradients = right(self, *arguments)
        array = named_leaves({"params": gradients.params, "state0": gradients.state0})[name]
        array[1, 2] += 200 * np.finfo(dtype).eps * np.abs(array).max()
        return gradients

    return backward


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*(f"params.{n}" for n in CharLMParams._fields), "state0.h"])
def test_an_error_of_200_ulps_is_found(monkeypatch, dtype, name):
    arguments = batch(dtype)
    monkeypatch.setattr(CharLM, "backward", spoilt(name, dtype))
    verification = verify_batch(*arguments)
    assert [mismatch.name for mismatch in verification.mismatches] == [name]
    assert verification.mismatches[0].index == (1, 2)
    assert verification.name == name
    assert 1 < verification.times < 200
    assert verification.complaints()[0].startswith(f"{name} is not JAX's: ")


def test_nan_in_a_gradient_is_a_mismatch(monkeypatch):
    arguments = batch("float64")

    def backward(self, *_):
        filled = [np.full(part.shape, np.nan) for part in (*arguments[1], *arguments[4])]
        return CharLMGradients(CharLMParams(*filled[:3]), LSTMState(*filled[3:]))

    monkeypatch.setattr(CharLM, "backward", backward)
    verification = verify_batch(*arguments)
    assert len(verification.mismatches) == 5
    assert verification.times == np.inf


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(SENTENCE * 8)
    return path


def test_a_wrong_backward_stops_training_with_status_1(tmp_path, text, monkeypatch, capsys):
    file = tmp_path / "run.npz"
    monkeypatch.setattr(CharLM, "backward", spoilt("params.W_h", "float32"))
    status = main(["train", str(text), *SIZES, "--iterations", "5", "--checkpoint", str(file)])
    assert status == 1
    output, errors = capsys.readouterr()
    assert "params.W_h is not JAX's" in errors
    assert errors.splitlines()[-1] == "Training stopped at iteration 0."
    assert output == ""
    assert checkpoint.load(file).state.step == 0


def test_gradients_are_checked_at_the_start_and_every_n_iterations(text, capsys):
    arguments = ["--iterations", "10", "--verify-every", "4", "--sample", "0"]
    assert main(["train", str(text), *SIZES, *arguments]) == 0
    output, errors = capsys.readouterr()
    lines = [line for line in errors.splitlines() if "agree with JAX" in line]
    assert [line.split()[3] for line in lines] == ["0", "4", "8"]
    assert "Gradients   agreed with JAX in 3 of 3 batches, worst error 0." in output
