"""Loss functions with hand-written backward passes. Losses are in nats."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array


class CrossEntropyCache(NamedTuple):
    """What the backward of the cross-entropy needs to know of its forward."""

    probabilities: Array
    targets: Array
    scale: float


def softmax_cross_entropy(
    logits: Array, targets: Array, reduction: str = "mean"
) -> tuple[Any, CrossEntropyCache]:
    """Return the cross-entropy of softmax(logits) against target indices, in nats.

    Parameters
    ----------
    logits : ndarray, (..., K)
        Scores of K classes.
    targets : ndarray of integers, (...)
        The right class of each row, in [0, K).
    reduction : {"mean", "sum"}
        Over all targets: their mean (the default) or their sum.

    Returns
    -------
    loss : scalar, dtype of `logits`
    cache : CrossEntropyCache

    Raises
    ------
    ValueError, TypeError
        For other shapes, dtypes, classes or reductions, and for the mean of no target.

    Notes
    -----
    ``loss = -Σ log softmax(logits)[target]``, computed from ``logits - max(logits)``, so that no
    exponential overflows.

    Examples
    --------
    >>> import numpy as np
    >>> loss, cache = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> print(f"{loss:.6f} nats, log 4 = {np.log(4):.6f}")
    1.386294 nats, log 4 = 1.386294
    """
    _check(logits, targets, reduction)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=-1, keepdims=True)
    at_target = np.take_along_axis(shifted, targets[..., None], axis=-1)
    nats = np.log(total) - at_target  # (..., 1)
    scale = 1 / targets.size if reduction == "mean" else 1
    # A copy of the targets, so that a caller who writes into them does not reach the cache.
    cache = CrossEntropyCache(exponentials / total, targets.copy(), scale)
    return nats.sum() * scale, cache


def softmax_cross_entropy_backward(cache: CrossEntropyCache, dloss: Any = 1) -> Array:
    """Return the gradient with respect to the logits, (..., K).

    Parameters
    ----------
    cache : CrossEntropyCache
        From `softmax_cross_entropy`.
    dloss : scalar, default 1
        Cotangent of the loss.
    """
    checks.is_scalar("dloss", dloss, "it is the cotangent of the loss")
    probabilities, targets, scale = cache
    # forward: nats = log Σ exp(logits) - logits[target]
    dlogits = probabilities.copy()
    at_target = np.take_along_axis(probabilities, targets[..., None], axis=-1)
    np.put_along_axis(dlogits, targets[..., None], at_target - 1, axis=-1)
    # forward: loss = nats.sum() * scale
    dlogits *= dloss * scale  # in place: the dtype stays that of the logits
    return dlogits


def _check(logits: Array, targets: Array, reduction: str) -> None:
    checks.one_of("reduction", reduction, ("mean", "sum"))
    checks.is_array("logits", logits)
    checks.is_number_dtype("logits", logits)
    checks.is_index_array("targets", targets, "its entries are classes")
    if logits.ndim == 0:
        checks.fail("logits", "shape ()", "(..., K)", "the last axis holds the scores of K classes")
    *batch, K = logits.shape
    if K == 0:
        checks.fail(
            "logits", f"shape {logits.shape}", "(..., K) with K >= 1", "softmax needs a class"
        )
    checks.has_shape("targets", targets, tuple(batch), "(...)", f"logits has shape {logits.shape}")
    checks.in_range("targets", targets, 0, K - 1, f"logits has K = {K} classes")
    if reduction == "mean" and targets.size == 0:
        checks.fail("targets", "no entry", "at least one", "the mean of nothing is undefined")
