"""Hypothesis strategies: random problems by the draw policy of `reference.problem`.

Only sizes, knobs and a seed are drawn, never array elements: Hypothesis fills most of an array
with one repeated value, and equal entries hide mistakes. A failing example shrinks to the
smallest sizes and the mildest knobs at which it still fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from manual_lstm.checks import Array
from manual_lstm.trees import tree_map
from reference.cells import TWINS
from reference.plan import WIDEST
from reference.problem import Case, Problem, draw
from reference.subject import subject_of, takes_indices

# Ordered from what is easiest to read in a shrunk failure to what is most extreme.
_SCALES = (1.0, 0.5, 2.0, 4.0)
_BIAS_SCALES = (1.0, 0.0, 4.0, 8.0)


def cases(
    *, max_T: int = WIDEST.T, max_B: int = WIDEST.B, max_D: int = WIDEST.D, max_H: int = WIDEST.H
) -> SearchStrategy[Case]:
    """Return a strategy for `Case`: T ≥ 3 and B ≥ 2, and sometimes the edges below.

    Parameters
    ----------
    max_T, max_B, max_D, max_H : int
        Largest sizes.
    """
    ordinary = st.tuples(st.integers(3, max_T), st.integers(2, max_B))
    edges = st.tuples(st.integers(0, 2), st.integers(1, 2))
    # Nine in ten are ordinary.
    T_and_B = st.integers(0, 9).flatmap(lambda k: edges if k == 9 else ordinary)
    return st.builds(
        lambda T_B, **knobs: Case(T=T_B[0], B=T_B[1], **knobs),
        T_and_B,
        D=st.integers(1, max_D),
        H=st.integers(1, max_H),
        seed=st.integers(0, 2**31 - 1),
        index_inputs=st.booleans(),
        ragged=st.booleans(),
        weight_scale=st.sampled_from(_SCALES),
        bias_scale=st.sampled_from(_BIAS_SCALES),
        state_scale=st.sampled_from((1.0, 0.0, 2.0)),
        float32=st.integers(0, 9).map(lambda k: k == 9),
    )


def cells() -> SearchStrategy[Callable[[int, int], Any]]:
    """Return a strategy for the built-in cells, each to be called with D and H.

    Every variant is among them, such as a cell without bias.
    """
    return st.sampled_from(
        [partial(cell, **variant) for cell, twin in TWINS.items() for variant in twin.variants]
    )


def problems(cell: Callable[[int, int], Any], **limits: int) -> SearchStrategy[Problem]:
    """Return a strategy for whole problems: parameters, inputs, lengths, states, cotangents.

    Parameters
    ----------
    cell : callable
        ``cell(D, H)``: the class of a cell, built in or your own.
    **limits : int
        ``max_T``, ``max_B``, ``max_D``, ``max_H``, as in `cases`.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> from hypothesis import given
    >>> @given(problems(ml.LSTM, max_T=6, max_H=5))
    ... def test_shapes(problem):
    ...     hs, state_T, gradients = problem.manual()
    ...     assert hs.shape == problem.dhs.shape
    >>> test_shapes()
    """
    # Asked once, of a cell with the sizes that `takes_indices` tries: (3, 4).
    has_indices = takes_indices(subject_of(cell(3, 4)))

    def problem(case: Case) -> Problem:
        if not has_indices:
            case = replace(case, index_inputs=False)
        return draw(cell(case.D, case.H), case)

    return cases(**limits).map(problem)


def sequences(
    input_size: int, *, max_T: int = WIDEST.T, max_B: int = WIDEST.B, indices: bool = False
) -> SearchStrategy[Array]:
    """Return a strategy for inputs xs: (T, B, D) numbers, or (T, B) integers in [0, D).

    Parameters
    ----------
    input_size : int
        D.
    max_T, max_B : int
    indices : bool
        Whether the inputs are indices.
    """

    def xs(case: Case) -> Array:
        rng = np.random.default_rng(case.seed)
        if indices:
            return rng.integers(0, input_size, size=(case.T, case.B))
        return rng.standard_normal((case.T, case.B, input_size))

    return cases(max_T=max_T, max_B=max_B).map(xs)


def lengths(T: int, B: int) -> SearchStrategy[Array]:
    """Return a strategy for how many steps each of B rows lives: (B,) integers in [0, T].

    Rows shrink to the whole sequence, which is the case that is easiest to read.
    """
    short = st.lists(st.integers(0, T), min_size=B, max_size=B)
    return short.map(lambda missing: T - np.array(missing, dtype=np.int64))


def cotangents(like: Any) -> SearchStrategy[Any]:
    """Return a strategy for gradients of a loss: random numbers, shaped as `like` is.

    Parameters
    ----------
    like : ndarray, or a tuple, dict or NamedTuple of arrays
        What the loss reads, such as hs or a state.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> from hypothesis import given, strategies as st
    >>> cell = ml.GRU(3, 4)
    >>> params = cell.init_params(np.random.default_rng(0))
    >>> @given(sequences(3, max_T=6), st.data())
    ... def test_backward_is_linear(xs, data):
    ...     hs, _, tape = ml.forward(cell, params, xs)
    ...     dhs = data.draw(cotangents(hs))
    ...     once, twice = ml.backward(tape, dhs), ml.backward(tape, 2 * dhs)
    ...     np.testing.assert_allclose(twice.params.W_h, 2 * once.params.W_h, rtol=1e-12)
    >>> test_backward_is_linear()
    """

    def drawn(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        return tree_map(lambda part: rng.standard_normal(part.shape).astype(part.dtype), like)

    return st.integers(0, 2**31 - 1).map(drawn)
