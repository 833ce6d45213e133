"""What every cell has besides its mathematics: sizes, first weights, zero states."""

import dataclasses
import inspect

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm import cells
from manual_lstm.cells.description import Description
from manual_lstm.shapes import evaluate
from manual_lstm.trees import named_leaves

CELLS = [
    value
    for value in vars(cells).values()
    if inspect.isclass(value) and issubclass(value, Description)
]
STARTS = {
    ml.LSTM: [0, 1, 0, 0],
    ml.PeepholeLSTM: [0, 1, 0, 0],
    ml.LSTMP: [0, 1, 0, 0],
    ml.CoupledLSTM: [-1, 0, 0],
    ml.NoInputGateLSTM: [1, 0, 0],
    ml.NoForgetGateLSTM: [0, 0, 0],
    ml.NoOutputGateLSTM: [0, 1, 0],
    ml.NoInputActivationLSTM: [0, 1, 0, 0],
    ml.NoOutputActivationLSTM: [0, 1, 0, 0],
    ml.FullGateLSTM: [0, 1, 0, 0],
    ml.OriginalLSTM: [0, 0, 0],
    ml.JANET: [1, 0],
    ml.LayerNormLSTM: [0, 1, 0, 0],
    ml.IndyLSTM: [0, 1, 0, 0],
    ml.MultiplicativeLSTM: [0, 1, 0, 0],
    ml.MinLSTM: [0, 1, 0],
    ml.SLSTM: [0, 1, 0, 0],
    ml.MLSTM: [0, 0, 0, 0],
}


def test_the_cells_are_found():
    assert set(STARTS) <= set(CELLS)


@pytest.mark.parametrize("kind", CELLS)
def test_parameters_and_states_have_the_shapes_that_the_cell_states(kind):
    cell = kind(input_size=3, hidden_size=4)
    sizes = cell.sizes | {"B": 2}
    for made, shapes in (
        (cell.init_params(np.random.default_rng(0), np.float32), cell.param_shapes),
        (cell.init_state(2, np.float32), cell.state_shapes),
    ):
        assert type(made) is type(shapes)
        for array, shape in zip(made, shapes, strict=True):
            assert (array is None) == (shape is None)
            if shape is not None:
                assert array.shape == evaluate(shape, sizes)
                assert array.dtype == np.float32
    state = named_leaves(cell.init_state(2))
    assert not any(array.any() for name, array in state.items() if name[:2] != "m_")  # masks: 1


@pytest.mark.parametrize("kind", CELLS)
def test_weights_start_within_one_over_the_root_of_h(kind):
    params = kind(input_size=30, hidden_size=16).init_params(np.random.default_rng(1))
    weights = {k: v for k, v in named_leaves(params).items() if not k.startswith(("b", "gain"))}
    assert weights
    drawn = np.concatenate([array.ravel() for array in weights.values()])
    assert np.abs(drawn).max() <= 1 / 4
    assert np.abs(drawn).max() > 0.24
    assert abs(drawn.mean()) < 0.02


@pytest.mark.parametrize("kind", STARTS)
def test_biases_start_where_memory_is_kept(kind):
    b = kind(input_size=2, hidden_size=3).init_params(np.random.default_rng(0)).b
    np.testing.assert_array_equal(b, np.repeat(STARTS[kind], 3))


@pytest.mark.parametrize("kind", CELLS)
def test_draws_are_reproducible_and_arrays_are_not_shared(kind):
    cell = kind(input_size=3, hidden_size=4)
    first, again = (named_leaves(cell.init_params(np.random.default_rng(7))) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    state, state_again = cell.init_state(2), cell.init_state(2)
    for array in state:
        array += 1
    for array, again in zip(state, state_again, strict=True):
        np.testing.assert_array_equal(array, again + 1)
    assert sum(np.shares_memory(a, b) for a in state for b in state) == len(state)


@pytest.mark.parametrize("kind", CELLS)
def test_descriptions_are_immutable_hashable_and_equal_by_value(kind):
    cell = kind(input_size=3, hidden_size=4)
    assert cell == kind(3, 4)
    assert hash(cell) == hash(kind(3, 4))
    assert cell != kind(3, 5)
    assert isinstance(cell, ml.Cell)
    with pytest.raises(dataclasses.FrozenInstanceError):
        cell.hidden_size = 5


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("sizes", "name"), [((0, 4), "input_size"), ((3, -1), "hidden_size")])
def test_sizes_below_one_are_refused(kind, sizes, name):
    with pytest.raises(ValueError, match=f"{name} has the value .* a positive integer, because"):
        kind(*sizes)


@pytest.mark.parametrize("kind", CELLS)
def test_a_seed_is_no_generator_and_an_integer_type_no_dtype(kind):
    cell = kind(3, 4)
    with pytest.raises(TypeError, match="rng has the value 0, but must be a numpy"):
        cell.init_params(0)
    with pytest.raises(TypeError, match="dtype has the value 'int64', but must be float64"):
        cell.init_params(np.random.default_rng(0), "int64")
