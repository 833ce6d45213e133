"""Layer normalisation: the entries of each row brought to mean 0 and variance 1.

For one row a of N entries, with a gain α of N entries::

    deviation  = a - mean(a)
    variance   = mean(deviation²)
    scale      = 1 / √(variance + ε)
    normalised = deviation ⊙ scale
    y          = α ⊙ normalised

The paper also adds a shift; whoever needs one adds it to y. It has no ε, so that a row whose
entries are all equal has no value there; here it is zero.

References
----------
J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016, section 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from manual_lstm.checks import Array


class LayerNormCache(NamedTuple):
    """What the backward needs to know of the forward: (B, N), (B, 1) and (B, N)."""

    deviation: Array
    scale: Array
    normalised: Array


def layer_norm(a: Array, gain: Array, epsilon: float) -> tuple[Array, LayerNormCache]:
    """Return ``y (B, N)`` for ``a (B, N)`` and ``gain (N,)``, and the cache for the backward.

    Examples
    --------
    >>> import numpy as np
    >>> y, _ = layer_norm(np.array([[1.0, 2.0, 3.0, 6.0]]), np.ones(4), epsilon=0.5)
    >>> y
    array([[-1. , -0.5,  0. ,  1.5]])
    """
    deviation = a - a.mean(axis=1, keepdims=True)  # (B, N)
    variance = (deviation**2).mean(axis=1, keepdims=True)  # (B, 1)
    scale = 1 / np.sqrt(variance + epsilon)
    normalised = deviation * scale  # (B, N)
    return gain * normalised, LayerNormCache(deviation, scale, normalised)


def layer_norm_backward(gain: Array, cache: LayerNormCache, dy: Array) -> tuple[Array, Array]:
    """Return ``da (B, N)`` and ``dgain (N,)``, the vector-Jacobian product of `layer_norm`."""
    deviation, scale, normalised = cache
    N = deviation.shape[1]

    # forward: y = gain * normalised
    dgain = (dy * normalised).sum(axis=0)
    dnormalised = dy * gain
    # forward: normalised = deviation * scale
    ddeviation_from_normalised = dnormalised * scale
    dscale = (dnormalised * deviation).sum(axis=1, keepdims=True)  # (B, 1)
    # forward: scale = 1 / sqrt(variance + epsilon)
    dvariance = dscale * -(scale**3) / 2
    # forward: variance = mean(deviation**2)
    ddeviation_from_variance = dvariance * 2 * deviation / N  # (B, N)
    ddeviation = ddeviation_from_normalised + ddeviation_from_variance
    # forward: deviation = a - mean(a)
    da = ddeviation - ddeviation.mean(axis=1, keepdims=True)
    return da, dgain
