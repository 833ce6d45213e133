"""How large a difference rounding can explain.

The bound on a gradient is ``C · (ε · max|ref| + response)``: ε the spacing of the manual side's
dtype, ``max|ref|`` the largest entry of the reference gradient, and ``response`` how far the
gradient itself moves when every number that goes in, or every rounding on the way, is moved by
one unit in the last place. C = 32 holds against JAX, whose own rounding is in it. Never
element-wise relative (cancellation makes small entries arbitrarily inexact), never scaled by the
number of elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm.checks import Array

SAFETY = 32.0


def bound(reference: Array, response: Array, dtype: Any) -> float:
    """Return the largest difference of an entry that rounding explains.

    Parameters
    ----------
    reference : ndarray
        A gradient (or output) by the oracle.
    response : ndarray
        The difference that one-ulp perturbations make to it, like `reference`.
    dtype : dtype
        Of the manual side.

    Returns
    -------
    float
        In the unit of `reference`; at least the smallest normal number of `dtype`.
    """
    if reference.size == 0:
        return 0.0
    info = np.finfo(dtype)
    scale = float(info.eps) * np.abs(reference).max() + np.abs(response).max()
    return float(SAFETY * scale + info.tiny)


def ulps(error: float, reference: Array, dtype: Any) -> float:
    """Return an error in units of the last place of the largest entry of `reference`."""
    if reference.size == 0 or error == 0:
        return 0.0
    largest = float(np.abs(reference).max())
    return error / max(float(np.finfo(dtype).eps) * largest, float(np.finfo(dtype).tiny))
