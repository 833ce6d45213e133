"""What the tests of manual_lstm share: small problems, read-only arrays, a derivative."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.sequence import by_steps
from manual_lstm.trees import named_leaves, tree_map


class Problem(NamedTuple):
    """All that `ml.forward` and `ml.backward` take; every array is read-only."""

    cell: Any
    params: Any
    xs: Any
    state0: Any
    lengths: Any
    dhs: Any
    dstate_T: Any


def read_only(tree: Any) -> Any:
    """Return the same tree with its arrays locked: a function that writes into one fails."""

    def lock(array: np.ndarray) -> np.ndarray:
        array.flags.writeable = False
        return array

    return tree_map(lock, tree)


def draw_problem(
    T: int = 5,
    B: int = 3,
    D: int = 2,
    H: int = 4,
    *,
    bias: bool = True,
    lengths: list[int] | None = None,
    indices: bool = False,
    dtype: Any = np.float64,
    seed: int = 0,
) -> Problem:
    """Draw an LSTM problem: weights of order 1, nonzero state, cotangents on every output."""
    rng = np.random.default_rng(seed)
    cell = ml.LSTM(D, H, bias=bias)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(dtype)

    return Problem(
        cell,
        read_only(tree_map(lambda like: draw(*like.shape), cell.init_params(rng, dtype))),
        read_only(rng.integers(0, D, (T, B)) if indices else draw(T, B, D)),
        read_only(ml.LSTMState(draw(B, H), draw(B, H))),
        None if lengths is None else read_only(np.array(lengths)),
        read_only(draw(T, B, H)),
        read_only(ml.LSTMState(draw(B, H), draw(B, H))),
    )


def run(problem: Problem) -> tuple[Any, Any, ml.Gradients]:
    """Return hs, state_T and the gradients of `problem`."""
    cell, params, xs, state0, lengths, dhs, dstate_T = problem
    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths)
    return hs, state_T, ml.backward(tape, dhs, dstate_T)


def assert_same(manual: Any, reference: Any, ulps: float = 0) -> None:
    """Compare two trees array by array, in ulps of the largest entry; 0 means bit for bit."""
    manual, reference = named_leaves(manual), named_leaves(reference)
    assert list(manual) == list(reference)
    for name, array in manual.items():
        other = np.asarray(reference[name])
        assert np.shape(array) == other.shape, name
        assert np.asarray(array).dtype == other.dtype, name
        if ulps == 0 or not other.size:
            np.testing.assert_array_equal(array, other, err_msg=name)
        else:
            unit = np.finfo(other.dtype).eps * np.abs(other).max()
            worst = np.abs(array - other).max()
            assert worst <= ulps * unit, f"{name} is off by {worst / unit:.3g} ulps"


def complex_gradient(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return the gradient of a real `function` of a tree of float64 arrays by complex step.

    ``f'(x) = Im f(x + i·1e-30) / 1e-30`` subtracts nothing, so it is exact to rounding.
    """
    step = 1e-30
    variables = tree_map(lambda array: array.astype(complex), tree)

    def differentiate(array: np.ndarray) -> np.ndarray:
        gradient = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            original = array[place]
            array[place] = original + 1j * step
            gradient[place] = function(variables).imag / step
            array[place] = original
        return gradient

    return tree_map(differentiate, variables)


@pytest.fixture(params=["fused", "by steps"])
def either_path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test twice: on the fast path of the LSTM, and by its own steps."""
    with by_steps() if request.param == "by steps" else nullcontext():
        yield request.param


@pytest.fixture(scope="session", name="draw_problem")
def _draw_problem() -> Callable[..., Problem]:
    return draw_problem


@pytest.fixture(scope="session", name="run")
def _run() -> Callable[[Problem], Any]:
    return run


@pytest.fixture(scope="session", name="read_only")
def _read_only() -> Callable[[Any], Any]:
    return read_only


@pytest.fixture(scope="session", name="assert_same")
def _assert_same() -> Callable[..., None]:
    return assert_same


@pytest.fixture(scope="session", name="complex_gradient")
def _complex_gradient() -> Callable[..., Any]:
    return complex_gradient
