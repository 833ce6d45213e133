"""One cell a file, with its equations, its forward and its hand-written backward."""

from manual_lstm.cells.activation_lstm import ActivationLSTM, ActivationLSTMCache
from manual_lstm.cells.coupled import CoupledLSTM, CoupledLSTMCache, CoupledLSTMParams
from manual_lstm.cells.full_gate import (
    FullGateLSTM,
    FullGateLSTMCache,
    FullGateLSTMParams,
    FullGateLSTMState,
)
from manual_lstm.cells.gru import GRU, GRUCache, GRUParams
from manual_lstm.cells.gru_reset_before import (
    GRUResetBefore,
    GRUResetBeforeCache,
    GRUResetBeforeParams,
)
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.cells.ind_rnn import IndRNN, IndRNNCache, IndRNNParams
from manual_lstm.cells.indy import IndyLSTM, IndyLSTMCache, IndyLSTMParams
from manual_lstm.cells.janet import JANET, JANETCache, JANETParams
from manual_lstm.cells.layer_norm_lstm import LayerNormLSTM, LayerNormLSTMCache, LayerNormLSTMParams
from manual_lstm.cells.lstm import LSTM, LSTMCache, LSTMParams, LSTMState
from manual_lstm.cells.masks import with_masks
from manual_lstm.cells.mgu import MGU, MGUCache, MGUParams
from manual_lstm.cells.mgu_reset_after import MGUResetAfter, MGUResetAfterCache, MGUResetAfterParams
from manual_lstm.cells.min_gru import MinGRU, MinGRUCache, MinGRUParams
from manual_lstm.cells.min_lstm import MinLSTM, MinLSTMCache, MinLSTMParams
from manual_lstm.cells.mlstm import MLSTM, MLSTMCache, MLSTMParams, MLSTMState
from manual_lstm.cells.multiplicative import (
    MultiplicativeLSTM,
    MultiplicativeLSTMCache,
    MultiplicativeLSTMParams,
)
from manual_lstm.cells.no_forget_gate import (
    NoForgetGateLSTM,
    NoForgetGateLSTMCache,
    NoForgetGateLSTMParams,
)
from manual_lstm.cells.no_input_activation import NoInputActivationLSTM, NoInputActivationLSTMCache
from manual_lstm.cells.no_input_gate import (
    NoInputGateLSTM,
    NoInputGateLSTMCache,
    NoInputGateLSTMParams,
)
from manual_lstm.cells.no_output_activation import (
    NoOutputActivationLSTM,
    NoOutputActivationLSTMCache,
)
from manual_lstm.cells.no_output_gate import (
    NoOutputGateLSTM,
    NoOutputGateLSTMCache,
    NoOutputGateLSTMParams,
)
from manual_lstm.cells.original import OriginalLSTM, OriginalLSTMCache, OriginalLSTMParams
from manual_lstm.cells.peephole import PeepholeLSTM, PeepholeLSTMCache, PeepholeLSTMParams
from manual_lstm.cells.projection import LSTMP, LSTMPCache, LSTMPParams
from manual_lstm.cells.recurrent_dropout_lstm import RecurrentDropoutLSTM, RecurrentDropoutLSTMCache
from manual_lstm.cells.rnn import RNN, RNNCache, RNNParams
from manual_lstm.cells.slstm import SLSTM, SLSTMCache, SLSTMParams, SLSTMState
from manual_lstm.cells.ugrnn import UGRNN, UGRNNCache, UGRNNParams
from manual_lstm.cells.variational_dropout_lstm import (
    VariationalDropoutLSTM,
    VariationalDropoutLSTMCache,
    VariationalDropoutLSTMState,
)
from manual_lstm.cells.zoneout import Zoneout, ZoneoutCache

__all__ = [
    "GRU",
    "JANET",
    "LSTM",
    "LSTMP",
    "MGU",
    "MLSTM",
    "RNN",
    "SLSTM",
    "UGRNN",
    "ActivationLSTM",
    "ActivationLSTMCache",
    "CoupledLSTM",
    "CoupledLSTMCache",
    "CoupledLSTMParams",
    "FullGateLSTM",
    "FullGateLSTMCache",
    "FullGateLSTMParams",
    "FullGateLSTMState",
    "GRUCache",
    "GRUParams",
    "GRUResetBefore",
    "GRUResetBeforeCache",
    "GRUResetBeforeParams",
    "HiddenState",
    "IndRNN",
    "IndRNNCache",
    "IndRNNParams",
    "IndyLSTM",
    "IndyLSTMCache",
    "IndyLSTMParams",
    "JANETCache",
    "JANETParams",
    "LSTMCache",
    "LSTMPCache",
    "LSTMPParams",
    "LSTMParams",
    "LSTMState",
    "LayerNormLSTM",
    "LayerNormLSTMCache",
    "LayerNormLSTMParams",
    "MGUCache",
    "MGUParams",
    "MGUResetAfter",
    "MGUResetAfterCache",
    "MGUResetAfterParams",
    "MLSTMCache",
    "MLSTMParams",
    "MLSTMState",
    "MinGRU",
    "MinGRUCache",
    "MinGRUParams",
    "MinLSTM",
    "MinLSTMCache",
    "MinLSTMParams",
    "MultiplicativeLSTM",
    "MultiplicativeLSTMCache",
    "MultiplicativeLSTMParams",
    "NoForgetGateLSTM",
    "NoForgetGateLSTMCache",
    "NoForgetGateLSTMParams",
    "NoInputActivationLSTM",
    "NoInputActivationLSTMCache",
    "NoInputGateLSTM",
    "NoInputGateLSTMCache",
    "NoInputGateLSTMParams",
    "NoOutputActivationLSTM",
    "NoOutputActivationLSTMCache",
    "NoOutputGateLSTM",
    "NoOutputGateLSTMCache",
    "NoOutputGateLSTMParams",
    "OriginalLSTM",
    "OriginalLSTMCache",
    "OriginalLSTMParams",
    "PeepholeLSTM",
    "PeepholeLSTMCache",
    "PeepholeLSTMParams",
    "RNNCache",
    "RNNParams",
    "RecurrentDropoutLSTM",
    "RecurrentDropoutLSTMCache",
    "SLSTMCache",
    "SLSTMParams",
    "SLSTMState",
    "UGRNNCache",
    "UGRNNParams",
    "VariationalDropoutLSTM",
    "VariationalDropoutLSTMCache",
    "VariationalDropoutLSTMState",
    "Zoneout",
    "ZoneoutCache",
    "with_masks",
]
