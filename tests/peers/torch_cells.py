"""Cells of torch and of torchrecurrent, and equations that no library has, as torch steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
import torchrecurrent
from torch.func import functional_call
from torch.nn.functional import layer_norm, logsigmoid

import manual_lstm as ml


@cache
def made(kind: type, D: int, H: int, **options: Any) -> torch.nn.Module:
    """Return a cell whose own weights are never used."""
    return kind(D, H, **options).double()


def call(kind: type, cell: Any, weights: dict[str, Any], x: Any, state: Any, **options: Any) -> Any:
    """Run a cell of another library with these weights; those not given keep their start."""
    return functional_call(made(kind, x.shape[1], cell.hidden_size, **options), weights, (x, state))


def stacked(params: Any) -> dict[str, torch.Tensor]:
    """Return W_x, W_h and b by torch's names, with zero for its second bias."""
    return {
        "weight_ih": params.W_x.T,
        "weight_hh": params.W_h.T,
        "bias_ih": params.b,
        "bias_hh": torch.zeros_like(params.b),
    }


def blocks(tensor: torch.Tensor, order: tuple[int, ...]) -> torch.Tensor:
    """Return the blocks of the last axis in another order."""
    parts = tensor.chunk(len(order), dim=-1)
    return torch.cat([parts[k] for k in order], dim=-1)


# torchrecurrent


def janet(cell: Any, params: Any, state: Any, x: Any) -> Any:
    beta = torch.tensor(cell.beta, dtype=torch.float64)
    weights = stacked(params) | {"beta": beta}
    h, _ = call(torchrecurrent.JANETCell, cell, weights, x, (state.h, state.h))
    return ml.HiddenState(h)


def mgu(cell: Any, params: Any, state: Any, x: Any) -> Any:
    return ml.HiddenState(call(torchrecurrent.MGUCell, cell, stacked(params), x, state.h))


def ugrnn(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Its blocks are candidate and gate."""
    theirs = ml.UGRNNParams(*(blocks(array, (1, 0)) for array in params))
    return ml.HiddenState(call(torchrecurrent.UGRNNCell, cell, stacked(theirs), x, state.h))


def indrnn(cell: Any, params: Any, state: Any, x: Any) -> Any:
    weights = {
        "weight_ih": params.W_x.T,
        "vector_u": params.w_h,
        "bias_ih": params.b,
        "bias_hh": torch.zeros_like(params.b),
    }
    h = call(torchrecurrent.IndRNNCell, cell, weights, x, state.h, nonlinearity="relu")
    return ml.HiddenState(h)


def peephole(cell: Any, params: Any, state: Any, x: Any) -> Any:
    weights = stacked(params) | {"weight_ph": torch.cat([params.p_i, params.p_f, params.p_o])}
    return ml.LSTMState(*call(torchrecurrent.PeepholeLSTMCell, cell, weights, x, tuple(state)))


def original(cell: Any, params: Any, state: Any, x: Any) -> Any:
    weights = stacked(params)
    return ml.LSTMState(*call(torchrecurrent.OriginalLSTMCell, cell, weights, x, tuple(state)))


def multiplicative(cell: Any, params: Any, state: Any, x: Any) -> Any:
    none = torch.zeros(cell.hidden_size, dtype=torch.float64)
    weights = {
        "weight_ih": torch.cat([params.W_mx, params.W_x], dim=1).T,
        "weight_hh": params.W_mh.T,
        "weight_mh": params.W_m.T,
        "bias_ih": torch.cat([none, params.b]),
        "bias_hh": none,
        "bias_mh": torch.zeros_like(params.b),
    }
    kind = torchrecurrent.MultiplicativeLSTMCell
    return ml.LSTMState(*call(kind, cell, weights, x, tuple(state)))


# torch.nn.LSTMCell inside


def lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    return ml.LSTMState(*call(torch.nn.LSTMCell, cell, stacked(params), x, tuple(state)))


def indy(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Make the recurrent matrices of an LSTM diagonal."""
    W_h = torch.cat([torch.diag(u) for u in params.u.chunk(4)], dim=1)
    return lstm(cell, ml.LSTMParams(params.W_x, W_h, params.b), state, x)


def zoneout(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Mix old and new by the masks of h and c, which stand behind the input."""
    H = cell.hidden_size
    x, *masks = x.split([x.shape[1] - 2 * H, H, H], dim=1)
    moved = lstm(cell, params, state, x)
    mixed = (m * old + (1 - m) * new for m, old, new in zip(masks, state, moved, strict=True))
    return ml.LSTMState(*mixed)


def variational_dropout(cell: Any, params: Any, state: Any, x: Any) -> Any:
    h, c = lstm(cell, params, (state.m_h * state.h, state.c), state.m_x * x)
    return state._replace(h=h, c=c)


# Equations alone


def gates(params: Any, state: Any, x: Any, count: int) -> tuple[torch.Tensor, ...]:
    return (x @ params.W_x + state.h @ params.W_h + params.b).chunk(count, dim=1)


def recurrent_dropout(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Semeniuta et al. 2016: the mask of the candidate stands behind the input."""
    x, mask = x.split([x.shape[1] - cell.hidden_size, cell.hidden_size], dim=1)
    i, f, g, o = gates(params, state, x, 4)
    c = f.sigmoid() * state.c + i.sigmoid() * (mask * g.tanh())
    return ml.LSTMState(o.sigmoid() * c.tanh(), c)


def greff(*, squash: Any = torch.tanh, show: Any = torch.tanh, coupled: bool = False) -> Any:
    """Return a variant of Greff et al. 2017; a gate that the cell does not have is open."""

    def step(cell: Any, params: Any, state: Any, x: Any) -> Any:
        z = dict(zip(cell.gates, gates(params, state, x, len(cell.gates)), strict=True))

        def gate(letter: str, c: Any) -> Any:
            if letter not in z:
                return 1.0
            return (z[letter] + getattr(params, f"p_{letter}") * c).sigmoid()

        i = gate("i", state.c)
        c = (1 - i if coupled else gate("f", state.c)) * state.c + i * squash(z["g"])
        return ml.LSTMState(gate("o", c) * show(c), c)

    return step


def full_gate(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Greff et al. 2017, full gate recurrence."""
    i, f, g, o = gates(params, state, x, 4)
    r_i, r_f, r_o = (torch.cat([state.i, state.f, state.o], dim=1) @ params.W_r).chunk(3, dim=1)
    i = (i + r_i + params.p_i * state.c).sigmoid()
    f = (f + r_f + params.p_f * state.c).sigmoid()
    c = f * state.c + i * g.tanh()
    o = (o + r_o + params.p_o * c).sigmoid()
    return ml.FullGateLSTMState(o * c.tanh(), c, i, f, o)


def min_gru(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Feng et al. 2024."""
    u, n = (x @ params.W_x + params.b).chunk(2, dim=1)
    return ml.HiddenState(torch.lerp(state.h, n, u.sigmoid()))


def min_lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Feng et al. 2024, with the paper's quotients."""
    i, f, g = (x @ params.W_x + params.b).chunk(3, dim=1)
    i, f = i.sigmoid(), f.sigmoid()
    return ml.HiddenState(f / (f + i) * state.h + i / (f + i) * g)


def layer_norm_lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Ba et al. 2016, with torch's layer_norm."""

    def normalised(a: Any, gain: Any) -> Any:
        return layer_norm(a, gain.shape, weight=gain, eps=cell.epsilon)

    z = normalised(x @ params.W_x, params.gain_x) + normalised(state.h @ params.W_h, params.gain_h)
    i, f, g, o = (z + params.b).chunk(4, dim=1)
    c = f.sigmoid() * state.c + i.sigmoid() * g.tanh()
    return ml.LSTMState(o.sigmoid() * (normalised(c, params.gain_c) + params.b_c).tanh(), c)


def slstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Beck et al. 2024; no gradient runs through the stabiliser, and that of h is the same."""
    i, f, g, o = gates(params, state, x, 4)
    kept = logsigmoid(f) + state.m
    m = torch.maximum(kept, i).detach()
    c = (kept - m).exp() * state.c + (i - m).exp() * g.tanh()
    n = (kept - m).exp() * state.n + (i - m).exp()
    return ml.SLSTMState(o.sigmoid() * c / n, c, n, m)


def mlstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Beck et al. 2024, as above, for one head."""
    H = cell.hidden_size
    q, k, v, o = (x @ params.W_x).chunk(4, dim=1)
    b_q, b_k, b_v, b_o = params.b.chunk(4)
    q, k, v, o = q + b_q, k / H**0.5 + b_k, v + b_v, (o + b_o).sigmoid()
    i, f = (x @ params.W_s + params.b_s).unbind(dim=1)
    kept = logsigmoid(f) + state.m
    m = torch.maximum(kept, i).detach()
    keep, write = (kept - m).exp()[:, None], (i - m).exp()[:, None]
    C = keep[..., None] * state.C + write[..., None] * torch.einsum("bi,bj->bij", v, k)
    n = keep * state.n + write * k
    floor = torch.exp(-m)
    scale = torch.maximum((n * q).sum(dim=1).abs(), floor) + cell.epsilon
    return ml.MLSTMState(o * torch.einsum("bij,bj->bi", C, q) / scale[:, None], C, n, m)


EQUATIONS = "equations in torch"
STEPS: dict[type, tuple[str, Callable[..., Any]]] = {
    ml.JANET: ("torchrecurrent.JANETCell", janet),
    ml.MGU: ("torchrecurrent.MGUCell", mgu),
    ml.UGRNN: ("torchrecurrent.UGRNNCell", ugrnn),
    ml.IndRNN: ("torchrecurrent.IndRNNCell", indrnn),
    ml.PeepholeLSTM: ("torchrecurrent.PeepholeLSTMCell", peephole),
    ml.OriginalLSTM: ("torchrecurrent.OriginalLSTMCell", original),
    ml.MultiplicativeLSTM: ("torchrecurrent.MultiplicativeLSTMCell", multiplicative),
    ml.IndyLSTM: ("torch.nn.LSTMCell, diagonal", indy),
    ml.Zoneout: ("torch.nn.LSTMCell, mixed", zoneout),
    ml.VariationalDropoutLSTM: ("torch.nn.LSTMCell, masked", variational_dropout),
    ml.CoupledLSTM: (EQUATIONS, greff(coupled=True)),
    ml.NoInputGateLSTM: (EQUATIONS, greff()),
    ml.NoForgetGateLSTM: (EQUATIONS, greff()),
    ml.NoOutputGateLSTM: (EQUATIONS, greff()),
    ml.NoInputActivationLSTM: (EQUATIONS, greff(squash=torch.clone)),
    ml.NoOutputActivationLSTM: (EQUATIONS, greff(show=torch.clone)),
    ml.FullGateLSTM: (EQUATIONS, full_gate),
    ml.MinGRU: (EQUATIONS, min_gru),
    ml.MinLSTM: (EQUATIONS, min_lstm),
    ml.RecurrentDropoutLSTM: (EQUATIONS, recurrent_dropout),
    ml.LayerNormLSTM: ("torch.nn.functional.layer_norm", layer_norm_lstm),
    ml.SLSTM: (EQUATIONS, slstm),
    ml.MLSTM: (EQUATIONS, mlstm),
}
# Whose stabiliser is cut off: gradients agree for a loss that reads h alone.
READS_H_ALONE = (ml.SLSTM, ml.MLSTM)
