"""Training learns, measures what it says, samples from the model, and stops at NaN."""

from collections import Counter
from dataclasses import replace
from math import isnan, log

import numpy as np
import pytest
from tests.reference.training_runs import (
    OPTIONS,
    SENTENCE,
    SIZES,
    TEXT,
    assert_same_bits,
    start,
    state_after,
    training,
)

from manual_lstm import LSTMState
from reference.cli import main
from reference.training import checkpoint
from reference.training.sample import sample
from reference.training.state import next_segment
from reference.training.train import advance, mean_loss


def entropy(text):
    """Return the loss in nats of one who knows only how frequent each character is."""
    counts = Counter(text).values()
    return -sum(n / len(text) * log(n / len(text)) for n in counts)


@pytest.fixture(scope="module")
def trained():
    run = training(replace(OPTIONS, hidden=24), iterations=300)
    return run, state_after(run, 300)


def test_a_repeated_sentence_is_learnt_by_heart(trained):
    _, state = trained
    assert state.validation_loss < 0.1 * entropy(SENTENCE)
    assert state.training_loss < 0.2 * entropy(SENTENCE)


def test_the_sample_at_temperature_0_is_the_sentence(trained):
    run, state = trained
    drawn = sample(run.model, state.params, TEXT.vocabulary, 4 * len(SENTENCE), temperature=0)
    assert SENTENCE in drawn


def test_the_sample_follows_the_seed(trained):
    run, state = trained
    drawn = {
        seed: sample(run.model, state.params, TEXT.vocabulary, 60, temperature=2.0, seed=seed)
        for seed in (0, 1)
    }
    assert drawn[0] != drawn[1]
    assert set("".join(drawn.values())) <= set(TEXT.vocabulary)
    assert drawn[0] == sample(run.model, state.params, TEXT.vocabulary, 60, 2.0, seed=0)


def test_sampled_characters_are_as_frequent_as_the_softmax_says():
    """With V = 0 every character is equally likely."""
    run = training()
    params = start(run).params
    params = params._replace(V=np.zeros_like(params.V))
    drawn = sample(run.model, params, TEXT.vocabulary, 6000)
    K = len(TEXT.vocabulary)
    counts = np.array(list(Counter(drawn).values()))
    assert len(counts) == K
    assert ((counts - 6000 / K) ** 2 / (6000 / K)).sum() < 2 * K  # χ² with K-1 degrees: 1e-4


@pytest.mark.parametrize(("B", "T"), [(1, 5), (1, 100), (4, 7), (50, 3)])
def test_mean_loss_is_that_of_one_long_forward(B, T):
    run = training(replace(OPTIONS, dtype="float64"))
    params, text = start(run).params, TEXT.characters[:60]
    length = 59 // min(B, max(1, 59 // T))
    streams = np.array([text[k * length : (k + 1) * length + 1] for k in range(59 // length)]).T
    right, _, _ = run.model.forward(params, streams[:-1], streams[1:])
    assert mean_loss(run.model, params, text, B, T) == pytest.approx(right, rel=1e-12)


def test_no_validation_text_is_no_validation_loss():
    run = training(replace(OPTIONS, validation=0.0), iterations=2)
    assert isnan(state_after(run, 2).validation_loss)


def test_an_iteration_changes_nothing_that_it_was_given():
    run = training()
    before, witness = start(run), start(run)
    for array in (*before.params, *before.adam.m, *before.adam.v, *before.lstm):
        array.flags.writeable = False
    after = advance(run, before)
    assert_same_bits(before, witness)
    assert after.step == 1


def test_the_state_is_carried_to_the_next_segment_except_where_a_stream_restarts():
    run = training()
    lstm = LSTMState(np.ones((3, 5), "f4"), np.full((3, 5), 2, "f4"))
    for restart, kept in ((0.0, 3), (0.999999, 0)):
        options = replace(OPTIONS, restart=restart)
        state = next_segment(start(run), lstm, run.model, options, run.streams)
        assert state.segment == 1
        assert (state.lstm.h.sum(), state.lstm.c.sum()) == (5 * kept, 10 * kept)
    restarts = 0
    for seed in range(400):
        state = replace(start(run), random=np.random.default_rng(seed).bit_generator.state)
        moved = next_segment(state, lstm, run.model, OPTIONS, run.streams)
        restarts += int((moved.lstm.c == 0).all(axis=1).sum())
        assert ((moved.lstm.c == 0) == (moved.lstm.h == 0)).all()
    assert restarts / 1200 == pytest.approx(OPTIONS.restart, abs=0.05)


def test_infinity_stops_with_one_line_and_the_last_good_checkpoint(tmp_path, capsys):
    text, file = tmp_path / "text.txt", tmp_path / "run.npz"
    text.write_text(SENTENCE * 8)
    diverging = [*SIZES, "--learning-rate", "1e38", "--clip", "0"]
    status = main(["train", str(text), *diverging, "--checkpoint", str(file)])
    assert status == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("manual-lstm: loss has the value inf at iteration 2, but must be finite")
    assert checkpoint.load(file).state.step == 0


def test_the_clock_ends_a_run_of_minutes(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text(SENTENCE * 8)
    assert main(["train", str(text), *SIZES, "--minutes", "0.001", "--sample", "30"]) == 0
    output = capsys.readouterr().out
    assert "bits per character" in output
    assert len(output.split("Sample at temperature 0.8:\n\n")[1]) == 30 + 1


def test_without_a_text_the_shipped_one_is_used(capsys):
    assert main(["train", *SIZES, "--iterations", "2", "--sample", "0", "--validation", "0"]) == 0
    errors = capsys.readouterr().err
    assert "the shipped excerpt of Shakespeare (no TEXT given): 99,843 characters" in errors
