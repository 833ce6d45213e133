"""Training: truncated back-propagation through time by the hand-written backward, and Adam."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite, nan

import numpy as np

from manual_lstm import CharLM, CharLMParams, checks
from manual_lstm.checks import Array
from reference.training import adam
from reference.training.options import Budget, Options
from reference.training.state import State, next_segment
from reference.training.text import Split, Streams
from reference.unusable import UnusableInputError

_WINDOW = 100  # iterations over which the training loss that is shown is averaged


@dataclass(frozen=True)
class Training:
    """A run as it is planned: model, options, text and length."""

    model: CharLM
    options: Options
    budget: Budget
    texts: Split

    @property
    def streams(self) -> Streams:
        """The training text as B streams in segments of T."""
        return Streams(self.texts.training, self.options.batch, self.options.steps_per_sequence)


def iterate(training: Training, state: State) -> Iterator[State]:
    """Yield the state after every iteration until the budget is spent.

    The validation loss is measured after every pass over the text and after the last iteration.
    """
    started = time.monotonic() - state.seconds
    while not training.budget.is_spent(state.step, state.seconds):
        epoch = state.epoch
        state = advance(training, state)
        state = replace(state, seconds=time.monotonic() - started)
        is_last = training.budget.is_spent(state.step, state.seconds)
        if state.epoch > epoch or is_last:
            state = replace(state, validation_loss=validation_loss(training, state))
        yield state


def advance(training: Training, state: State) -> State:
    """Return the state after one more iteration.

    Raises
    ------
    UnusableInputError
        If the loss or the gradient is not finite any more; `state` still is.
    """
    model, options, streams = training.model, training.options, training.streams
    inputs, targets = streams.segment(state.segment, state.offset)
    with np.errstate(over="ignore", invalid="ignore"):  # answered below, in one line
        loss, lstm, tape = model.forward(state.params, inputs, targets, state.lstm)
        gradient = model.backward(tape).params
        norm = adam.global_norm(gradient)
    _is_finite("loss", float(loss), state.step + 1)
    _is_finite("norm of the gradient", norm, state.step + 1)

    alpha = adam.learning_rate(options.learning_rate, state.step, training.budget.iterations)
    gradient = adam.clipped(gradient, norm, options.clip)
    params, moments = adam.update(state.params, gradient, state.adam, state.step + 1, alpha)
    weight = 1 / min(state.step + 1, _WINDOW)
    before = state.training_loss if state.step else 0.0
    state = replace(
        state,
        params=params,
        adam=moments,
        step=state.step + 1,
        training_loss=before + weight * (float(loss) - before),
    )
    return next_segment(state, lstm, model, options, streams)


def validation_loss(training: Training, state: State) -> float:
    """Return the mean loss on the validation text, nats per character; NaN if there is none."""
    texts, options = training.texts, training.options
    return mean_loss(
        training.model, state.params, texts.validation, options.batch, options.steps_per_sequence
    )


def mean_loss(model: CharLM, params: CharLMParams, characters: Array, B: int, T: int) -> float:
    """Return the mean loss in nats of predicting `characters`, read as at most B streams.

    Every stream begins at the zero state and is carried to its end in segments of T; at most
    B - 1 characters at the very end are not looked at.
    """
    N = len(characters)
    if N < 2:
        return nan
    B = min(B, max(1, (N - 1) // T))
    length = (N - 1) // B
    starts = length * np.arange(B)
    state, nats = None, 0.0
    for t in range(0, length, T):
        window = characters[starts + np.arange(t, min(t + T, length) + 1)[:, None]]
        loss, state, _ = model.forward(params, window[:-1], window[1:], state, reduction="sum")
        nats += float(loss)
    return nats / (length * B)


def _is_finite(name: str, value: float, step: int) -> None:
    if not isfinite(value):
        checks.fail(
            name,
            f"the value {value} at iteration {step}",
            "finite",
            "training cannot go on from it (try a smaller --learning-rate)",
            error=UnusableInputError,
        )
