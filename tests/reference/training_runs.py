"""A run small enough to be done over and over."""

from collections import deque
from itertools import islice

from manual_lstm import CharLM
from manual_lstm.trees import named_leaves
from reference.training.checkpoint import Checkpoint
from reference.training.options import Budget, Options
from reference.training.state import first_state
from reference.training.text import encode, split
from reference.training.train import Training, iterate

SENTENCE = "the quick brown fox jumps over the lazy dog; "
TEXT = encode(SENTENCE * 8, sha256="of the sentence")
OPTIONS = Options(hidden=5, batch=3, steps_per_sequence=7, learning_rate=0.02, restart=0.2)
SIZES = ["--hidden", "5", "--batch", "3", "--steps-per-sequence", "7", "--learning-rate", "0.02"]


def training(options=OPTIONS, iterations=40, text=TEXT):
    model = CharLM(len(text.vocabulary), options.hidden)
    return Training(model, options, Budget(iterations=iterations), split(text, options))


def start(run):
    return first_state(run.model, run.options, run.streams)


def state_after(run, steps, state=None):
    """Return the state `steps` iterations on, without reaching the end of the budget."""
    states = islice(iterate(run, state or start(run)), steps)
    return deque(states, maxlen=1).pop()


def checkpoint_of(run, state, text=TEXT):
    return Checkpoint(state, run.options, run.budget, text.vocabulary, text.sha256)


def assert_same_bits(state, other):
    """Every array and number of two states is the same, save for the time they took."""
    trees = ("params", "adam", "lstm")
    ours = named_leaves({name: getattr(state, name) for name in trees})
    theirs = named_leaves({name: getattr(other, name) for name in trees})
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype, name
        assert array.tobytes() == theirs[name].tobytes(), name
    for name in ("step", "epoch", "offset", "segment", "random"):
        assert getattr(state, name) == getattr(other, name), name
    for name in ("training_loss", "validation_loss"):
        assert repr(getattr(state, name)) == repr(getattr(other, name)), name
