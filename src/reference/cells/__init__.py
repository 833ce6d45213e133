"""The independent twins: the same equations in plain JAX, written from the papers.

A twin is one function ``step(cell, params, state, x, tap) -> state`` for a single example, with
no batch axis, that calls ``tap(name, value)`` on every value that the equations name. Gradients
come from autodiff alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from manual_lstm import (
    GRU,
    JANET,
    LSTM,
    LSTMP,
    MGU,
    MLSTM,
    RNN,
    SLSTM,
    UGRNN,
    ActivationLSTM,
    CoupledLSTM,
    FullGateLSTM,
    GRUResetBefore,
    HardSigmoid,
    IndRNN,
    IndyLSTM,
    LayerNormLSTM,
    MGUResetAfter,
    MinGRU,
    MinLSTM,
    MultiplicativeLSTM,
    NoForgetGateLSTM,
    NoInputActivationLSTM,
    NoInputGateLSTM,
    NoOutputActivationLSTM,
    NoOutputGateLSTM,
    OriginalLSTM,
    PeepholeLSTM,
    RecurrentDropoutLSTM,
    ReLU,
    ScaledTanh,
    Softsign,
    VariationalDropoutLSTM,
    Zoneout,
)
from reference.cells import (
    activation_lstm,
    dropout,
    greff,
    gru,
    gru_reset_before,
    indy,
    janet,
    layer_norm_lstm,
    lstm,
    mgu,
    min_gru,
    min_lstm,
    mlstm,
    multiplicative,
    original,
    peephole,
    projection,
    rnn,
    slstm,
    ugrnn,
)
from reference.cells.activations import known

Tap = Callable[[str, Any], Any]
Step = Callable[..., Any]


@dataclass(frozen=True)
class Twin:
    """The JAX twin of a built-in cell.

    Parameters
    ----------
    step : callable
        ``step(cell, params, state, x, tap) -> state``, unbatched.
    padding_is_exact : bool
        Whether units whose weights, biases and states are zero stay zero, so that cases of
        different sizes may share one padded computation.
    variants : tuple of dict
        Arguments, beside the sizes, under which the cell is checked.
    not_proved : str
        Why the cell is not proved in exact arithmetic, or "" where it is.
    """

    step: Step
    padding_is_exact: bool
    variants: tuple[dict[str, Any], ...] = ({},)
    not_proved: str = ""


TWINS: dict[type, Twin] = {
    LSTM: Twin(lstm.step, padding_is_exact=True, variants=({}, {"bias": False})),
    ActivationLSTM: Twin(
        activation_lstm.step,
        padding_is_exact=True,
        variants=(
            {"bias": False},
            {"gate_activation": HardSigmoid()},
            {"gate_activation": HardSigmoid(0.2), "candidate_activation": ReLU()},
            {"candidate_activation": Softsign(), "output_activation": ScaledTanh()},
        ),
    ),
    GRU: Twin(
        gru.step,
        padding_is_exact=True,
        variants=(
            {},
            {"bias": False},
            {"update_gate": "replaces"},
            {"gate_activation": HardSigmoid(), "candidate_activation": Softsign()},
        ),
    ),
    GRUResetBefore: Twin(
        gru_reset_before.step,
        padding_is_exact=True,
        variants=(
            {},
            {"bias": False},
            {"update_gate": "replaces"},
            {"gate_activation": HardSigmoid(0.2), "candidate_activation": ReLU()},
        ),
    ),
    MGU: Twin(mgu.step, padding_is_exact=True, variants=({}, {"update_gate": "keeps"})),
    MGUResetAfter: Twin(
        mgu.reset_after, padding_is_exact=True, variants=({}, {"update_gate": "replaces"})
    ),
    UGRNN: Twin(ugrnn.step, padding_is_exact=True, variants=({}, {"update_gate": "replaces"})),
    MinGRU: Twin(min_gru.step, padding_is_exact=True, variants=({}, {"update_gate": "keeps"})),
    RNN: Twin(
        rnn.step,
        padding_is_exact=True,
        variants=({}, {"bias": False}, {"activation": ReLU()}),
    ),
    IndRNN: Twin(rnn.independent, padding_is_exact=True),
    PeepholeLSTM: Twin(peephole.step, padding_is_exact=True),
    LSTMP: Twin(projection.step, padding_is_exact=True, variants=({}, {"projection_size": 2})),
    CoupledLSTM: Twin(greff.coupled_gates, padding_is_exact=True),
    NoInputGateLSTM: Twin(greff.no_input_gate, padding_is_exact=True),
    NoForgetGateLSTM: Twin(greff.no_forget_gate, padding_is_exact=True),
    NoOutputGateLSTM: Twin(greff.no_output_gate, padding_is_exact=True),
    NoInputActivationLSTM: Twin(greff.no_input_activation, padding_is_exact=True),
    NoOutputActivationLSTM: Twin(greff.no_output_activation, padding_is_exact=True),
    FullGateLSTM: Twin(greff.full_gate_recurrence, padding_is_exact=False),
    OriginalLSTM: Twin(original.step, padding_is_exact=True),
    JANET: Twin(janet.step, padding_is_exact=True, variants=({}, {"beta": 0.0})),
    LayerNormLSTM: Twin(
        layer_norm_lstm.step, padding_is_exact=False, variants=({}, {"epsilon": 0.1})
    ),
    IndyLSTM: Twin(indy.step, padding_is_exact=True),
    MultiplicativeLSTM: Twin(multiplicative.step, padding_is_exact=True),
    MinLSTM: Twin(min_lstm.step, padding_is_exact=True),
    SLSTM: Twin(slstm.step, padding_is_exact=False),
    MLSTM: Twin(mlstm.step, padding_is_exact=False, variants=({}, {"epsilon": 0.1})),
    Zoneout: Twin(dropout.zoneout, padding_is_exact=False, variants=({}, {"of": GRU})),
    RecurrentDropoutLSTM: Twin(dropout.on_candidate, padding_is_exact=False),
    VariationalDropoutLSTM: Twin(dropout.variational, padding_is_exact=True),
}


def twin_of(cell: Any) -> Twin | None:
    """Return the twin of a cell, or of a class of cells; None if it, or a part of it, has none.

    A built-in cell may be described with somebody's own activation or with their cell inside.
    """
    if isinstance(cell, type):
        return TWINS.get(cell)
    twin = TWINS.get(type(cell))
    if twin is None:
        return None
    own = [part for part in vars(cell).values() if hasattr(part, "slope") and not known(part)]
    inside = getattr(cell, "cell", None)
    return None if own or (inside is not None and twin_of(inside) is None) else twin


def no_tap(name: str, value: Any) -> Any:
    """Leave a named value as it is."""
    return value
