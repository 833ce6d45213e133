"""The state of a training run: all that its next iteration depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from manual_lstm import CharLM, CharLMParams, LSTMState
from reference.training import adam
from reference.training.adam import Adam
from reference.training.options import Options
from reference.training.text import Streams


@dataclass(frozen=True)
class State:
    """Where a run stands. Kept on disk, it continues as if it had never stopped.

    Parameters
    ----------
    params : CharLMParams
    adam : Adam
    lstm : LSTMState
        State of the B streams before the next segment, (B, H).
    step : int
        Iterations done.
    epoch, offset, segment : int
        The next segment to read, in the pass number `epoch` that began at character `offset`.
    random : dict
        State of the random generator.
    training_loss : float
        In nats per character; a running mean over about the last hundred iterations.
    validation_loss : float
        In nats per character, by the parameters at the last measurement.
    seconds : float
        Time spent so far; the one field that no result depends on.
    """

    params: CharLMParams
    adam: Adam
    lstm: LSTMState
    step: int
    epoch: int
    offset: int
    segment: int
    random: dict[str, Any]
    training_loss: float = float("nan")
    validation_loss: float = float("nan")
    seconds: float = 0.0


def first_state(model: CharLM, options: Options, streams: Streams) -> State:
    """Return the state before the first iteration: everything drawn from the seed."""
    rng = np.random.default_rng(options.seed)
    params = model.init_params(rng, options.dtype)
    return State(
        params,
        adam.start(params),
        model.init_state(options.batch, options.dtype),
        step=0,
        epoch=0,
        offset=int(rng.integers(streams.slack + 1)),
        segment=0,
        random=dict(rng.bit_generator.state),
    )


def next_segment(
    state: State, lstm: LSTMState, model: CharLM, options: Options, streams: Streams
) -> State:
    """Return `state` moved on to the next segment, where `lstm` has arrived.

    Some streams restart from the zero state; at the end of the text all of them do, and a new
    pass begins at a freshly drawn offset.
    """
    rng = np.random.default_rng()
    rng.bit_generator.state = state.random
    if state.segment + 1 < streams.segments:
        goes_on = rng.random((options.batch, 1)) >= options.restart
        lstm = LSTMState(*(np.where(goes_on, part, np.zeros_like(part)) for part in lstm))
        state = replace(state, lstm=lstm, segment=state.segment + 1)
    else:
        state = replace(
            state,
            lstm=model.init_state(options.batch, options.dtype),
            epoch=state.epoch + 1,
            offset=int(rng.integers(streams.slack + 1)),
            segment=0,
        )
    return replace(state, random=dict(rng.bit_generator.state))
