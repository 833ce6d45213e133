"""The mLSTM of xLSTM: a matrix for a memory, written by key and value, read by a query.

Nothing of a step but its memory reaches the next one: gates, keys, values and queries see the
input alone. One step takes x (B, D) and C_prev (B, H, H), n_prev (B, H), m_prev (B,) to h, C, n,
m::

    z  = x W_x                             (B, 4H), blocks z_q, z_k, z_v, z_o
    q  = z_q + b_q                         query
    k  = z_k / √H + b_k                    key
    v  = z_v + b_v                         value
    o  = σ(z_o + b_o)                      output gate
    s  = x W_s + b_s                       (B, 2), the scalars s_i, s_f
    e  = log σ(s_f) + m_prev               what is kept, in logarithms, (B,)
    m  = max(e, s_i)                       stabiliser, (B,)
    i  = exp(s_i - m)                      input gate, (B,)
    f  = exp(e - m)                        forget gate, (B,)
    C  = f C_prev + i v kᵀ                 memory, (B, H, H), value by key
    n  = f n_prev + i k                    normaliser
    r  = n·q                               (B,)
    y  = C q / (max(|r|, exp(-m)) + ε)     what is read
    h  = o ⊙ y                             output

This is one head with the forget gate σ. The paper has no ε, which is the default here: the
denominator is at least exp(-m) anyway. NX-AI's code has ε = 1e-6.

What the state means
--------------------
Without stabiliser, memory and normaliser are C exp(m) and n exp(m) of this state, and the
denominator is max(|r exp(m)|, 1). With ε = 0 the factor cancels in h: a loss that reads h alone
has the same gradients with and without stabiliser; with ε > 0 it has not quite. A loss that reads
the returned C, n or m reads what the stabiliser happened to choose, and so do its gradients. The
state holds h because it is the output; the next step does not read it, so its gradient is zero.

Kinks: e = s_i, where the derivative for the side of e is taken, and |r| = exp(-m), where that for
the side of |r| is. JAX takes the mean of both sides. (At r = 0 the maximum is exp(-m), and the
kink of |r| is not seen.)

References
----------
M. Beck et al., "xLSTM: Extended Long Short-Term Memory", arXiv:2405.04517, 2024, section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import log_sigmoid, sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class MLSTMParams(NamedTuple):
    """Weights of an mLSTM; also their gradients.

    W_x is (D, 4H) and b is (4H,), blocks in the order q, k, v, o; W_s is (D, 2) and b_s is (2,),
    for the scalars s_i and s_f.
    """

    W_x: Any
    b: Any
    W_s: Any
    b_s: Any


class MLSTMState(NamedTuple):
    """Output h (B, H), memory C (B, H, H), normaliser n (B, H), stabiliser m (B,); cotangents."""

    h: Any
    C: Any
    n: Any
    m: Any


class MLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    C_prev: Array
    n_prev: Array
    q: Array
    k: Array
    v: Array
    o: Array
    s_f: Array
    keeps: Array
    i: Array
    f: Array
    C: Array
    n: Array
    r: Array
    floor: Array
    above: Array
    denominator: Array
    y: Array


@dataclass(frozen=True)
class MLSTM(Description[MLSTMParams, MLSTMState]):
    """Describe an mLSTM of one head; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the size of keys, values, queries and the output.
    epsilon : float, default 0.0
        ε, added to the denominator.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.MLSTM(input_size=8, hidden_size=16)
    >>> cell.init_state(batch_size=3).C.shape
    (3, 16, 16)
    """

    epsilon: float = 0.0

    gates: ClassVar[str] = "qkvo"
    state_shapes: ClassVar[MLSTMState] = MLSTMState(
        h=("B", "H"), C=("B", "H", "H"), n=("B", "H"), m=("B",)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_real("epsilon", self.epsilon)
        if self.epsilon < 0:
            because = "it keeps a denominator away from 0"
            checks.fail("epsilon", f"the value {self.epsilon!r}", "a number of at least 0", because)

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes; S counts the scalars s_i and s_f."""
        return {**super().sizes, "S": 2}

    @property
    def param_shapes(self) -> MLSTMParams:
        """The shapes of the parameters, in letters."""
        return MLSTMParams(W_x=("D", "4H"), b=("4H",), W_s=("D", "S"), b_s=("S",))

    def step(
        self, params: MLSTMParams, state: MLSTMState, x: Array
    ) -> tuple[MLSTMState, MLSTMCache]:
        """Return the next state, and the cache for `step_backward`."""
        W_x, b, W_s, b_s = params
        _, C_prev, n_prev, m_prev = state
        root_H = self.sizes["H"] ** 0.5

        z_q, z_k, z_v, z_o = split_gates(input_product(x, W_x), 4)  # (B, H) each
        b_q, b_k, b_v, b_o = np.split(b, 4)  # (H,) each
        q = z_q + b_q
        k = z_k / root_H + b_k
        v = z_v + b_v
        o = sigmoid(z_o + b_o)
        s = input_product(x, W_s) + b_s  # (B, 2)
        s_i, s_f = s[:, 0], s[:, 1]  # (B,) each
        e = log_sigmoid(s_f) + m_prev
        keeps = e.real >= s_i.real
        m = np.where(keeps, e, s_i)
        i = np.exp(s_i - m)
        f = np.exp(e - m)
        C = f[:, None, None] * C_prev + i[:, None, None] * outer(v, k)  # (B, H, H)
        n = f[:, None] * n_prev + i[:, None] * k  # (B, H)
        r = (n * q).sum(axis=1)  # (B,)
        size = np.where(r.real >= 0, r, -r)
        floor = np.exp(-m)
        above = size.real >= floor.real
        denominator = np.where(above, size, floor) + float(self.epsilon)
        y = times(C, q) / denominator[:, None]  # (B, H)
        h = o * y
        cache = MLSTMCache(
            x, C_prev, n_prev, q, k, v, o, s_f, keeps, i, f, C, n, r, floor, above, denominator, y
        )
        return MLSTMState(h, C, n, m), cache

    def step_backward(
        self, params: MLSTMParams, cache: MLSTMCache, dstate: MLSTMState
    ) -> tuple[MLSTMParams, MLSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, _, W_s, _ = params
        x, C_prev, n_prev, q, k, v, o, s_f, keeps, i, f, C, n, r, floor, above, denominator, y = (
            cache
        )
        dh, dC_from_next, dn_from_next, dm_from_next = dstate
        root_H = self.sizes["H"] ** 0.5

        # forward: h = o * y
        do = dh * y
        dy = dh * o
        # forward: y = C q / denominator; and step t+1 reads C as its C_prev
        dread = dy / denominator[:, None]  # (B, H), of C q
        ddenominator = -(dy * y).sum(axis=1) / denominator  # (B,)
        dC = outer(dread, q) + dC_from_next  # (B, H, H)
        dq_from_C = times(C.swapaxes(1, 2), dread)
        # forward: denominator = max(size, floor) + epsilon
        dsize = np.where(above, ddenominator, 0)
        dfloor = np.where(above, 0, ddenominator)
        # forward: floor = exp(-m)
        dm_from_floor = -dfloor * floor
        # forward: size = |r|
        dr = np.where(r.real >= 0, dsize, -dsize)
        # forward: r = n·q; and step t+1 reads n as its n_prev
        dn = dr[:, None] * q + dn_from_next  # (B, H)
        dq_from_r = dr[:, None] * n
        # forward: n = f n_prev + i k
        df_from_n = (dn * n_prev).sum(axis=1)  # (B,)
        dn_prev = dn * f[:, None]
        di_from_n = (dn * k).sum(axis=1)
        dk_from_n = dn * i[:, None]
        # forward: C = f C_prev + i outer(v, k)
        df_from_C = (dC * C_prev).sum(axis=(1, 2))  # (B,)
        dC_prev = dC * f[:, None, None]
        di_from_C = (dC * outer(v, k)).sum(axis=(1, 2))
        dv = times(dC, k) * i[:, None]  # (B, H)
        dk_from_C = times(dC.swapaxes(1, 2), v) * i[:, None]
        # forward: f = exp(e - m)
        de_from_f = (df_from_C + df_from_n) * f
        dm_from_f = -de_from_f
        # forward: i = exp(s_i - m)
        ds_i_from_i = (di_from_C + di_from_n) * i
        dm_from_i = -ds_i_from_i
        # forward: m = max(e, s_i); and step t+1 reads m as its m_prev
        dm = dm_from_f + dm_from_i + dm_from_floor + dm_from_next
        de = de_from_f + np.where(keeps, dm, 0)
        ds_i = ds_i_from_i + np.where(keeps, 0, dm)
        # forward: e = log_sigmoid(s_f) + m_prev
        ds_f = de * sigmoid(-s_f)
        dm_prev = de
        # forward: s = x W_s + b_s
        ds = join_gates(ds_i[:, None], ds_f[:, None])  # (B, 2)
        db_s = ds.sum(axis=0)
        dx_from_s, dW_s = input_product_backward(x, W_s, ds)
        # forward: q = z_q + b_q; k = z_k / root_H + b_k; v = z_v + b_v; o = sigmoid(z_o + b_o)
        dq = dq_from_C + dq_from_r
        dk = dk_from_C + dk_from_n
        dz_o = do * o * (1 - o)
        db = join_gates(dq, dk, dv, dz_o).sum(axis=0)  # (4H,)
        # forward: z_q, z_k, z_v, z_o = split_gates(x W_x, 4)
        dz = join_gates(dq, dk / root_H, dv, dz_o)  # (B, 4H)
        dx_from_z, dW_x = input_product_backward(x, W_x, dz)
        # forward: x is read twice; an index has no gradient
        dx = None if dx_from_z is None or dx_from_s is None else dx_from_z + dx_from_s
        dh_prev = np.zeros_like(dh)
        return (
            MLSTMParams(dW_x, db, dW_s, db_s),
            MLSTMState(dh_prev, dC_prev, dn_prev, dm_prev),
            dx,
        )


def outer(a: Array, b: Array) -> Array:
    """Return a bᵀ of each row, (B, M, N), for a (B, M) and b (B, N)."""
    return a[:, :, None] * b[:, None, :]


def times(A: Array, b: Array) -> Array:
    """Return A b of each row, (B, M), for A (B, M, N) and b (B, N)."""
    return (A @ b[:, :, None])[:, :, 0]
