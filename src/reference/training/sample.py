"""Text drawn from the model."""

from __future__ import annotations

import numpy as np

from manual_lstm import CharLM, CharLMParams, LSTMParams


def sample(
    model: CharLM,
    params: CharLMParams,
    vocabulary: str,
    length: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> str:
    """Return `length` characters, each drawn given all before it.

    Parameters
    ----------
    model : CharLM
    params : CharLMParams
    vocabulary : str
        The character of each index.
    length : int
    temperature : float
        Divides the logits: below 1 likely characters become likelier, at 0 the likeliest is
        always taken.
    seed : int

    Notes
    -----
    Reading begins after a line break, where the vocabulary has one. The largest of
    ``logits / temperature`` plus Gumbel noise is a draw from their softmax (Gumbel 1954).
    """
    rng = np.random.default_rng(seed)
    weights = LSTMParams(params.W_x, params.W_h, None)
    state = model.init_state(1, params.W_x.dtype)
    character = max(vocabulary.find("\n"), 0)
    drawn = []
    for _ in range(length):
        state, _ = model.cell.step(weights, state, np.array([character]))
        logits = (state.h @ params.V)[0].astype(np.float64)  # (K,)
        character = int(np.argmax(logits + temperature * rng.gumbel(size=len(logits))))
        drawn.append(vocabulary[character])
    return "".join(drawn)
