"""Activation functions that NumPy lacks, in forms that hold for every dtype."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def sigmoid(z: Array) -> Array:
    """Return the logistic function 1 / (1 + exp(-z)), element by element.

    Parameters
    ----------
    z : ndarray, any shape
        float64, float32, complex or exact field elements.

    Returns
    -------
    ndarray
        Same shape and dtype as `z`.

    Notes
    -----
    ``exp`` only ever sees a non-positive real part, so it cannot overflow, and a closed gate
    keeps its relative precision. Both branches are the same analytic function, so the complex
    step and exact arithmetic may run through them.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    positive = z.real >= 0
    e = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, e) / (1 + e)
