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

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

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
