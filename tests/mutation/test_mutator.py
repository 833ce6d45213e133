"""The mutator makes the mistakes it is meant to make, and leaves no trace of them."""

from __future__ import annotations

import sys

import numpy as np
from tests.mutation.mutator import mutants_of, planted
from tests.mutation.package_copy import COPY, MODULES, in_copy

import manual_lstm as ml
from manual_lstm import sequence


def example(dh, c, rows, scale=2):
    total = np.zeros_like(c)
    for t in reversed(range(len(c))):
        total += dh[t, rows] * (1 - c[t] ** 2)
    if scale != 1:
        total = total.sum(axis=0)
    return total, dh.T @ c


def mutations(function):
    return [mutant.mutation for mutant in mutants_of(function)]


def test_every_kind_of_mistake_is_made():
    made = set(mutations(example))
    for mutation in (
        "def example(dh, c, rows, scale=3):",  # the default of an argument
        "for t in range(len(c)):",
        "for t in reversed(range(1, len(c))):",
        "total = dh[t, rows] * (1 - c[t] ** 2)",
        "total += dh[t, rows] * (1 + c[t] ** 2)",
        "total += dh[t, rows] * (1 - c[t])",
        "total += dh[t, rows] * (1 - np.tanh(c[t]) ** 2)",
        "total += dh[t, rows] * (1 - c[t] ** 3)",
        "total += dh[t, rows] + (1 - c[t] ** 2)",
        "total += dh[t, rows]",
        "total += 1 - c[t] ** 2",
        "total += dh[t - 1, rows] * (1 - c[t] ** 2)",
        "total += dh[t, rows] * (1 - c[t + 1] ** 2)",
        "total += dh[t, slice(None)] * (1 - c[t] ** 2)",
        "total += c[t, rows] * (1 - c[t] ** 2)",
        "total += -dh[t, rows] * (1 - c[t] ** 2)",
        "if not scale != 1:",
        "total = total.mean(axis=0)",
        "total = total.sum(axis=1)",
        "total = total.sum()",
        "return (dh.T @ c, total)",
        "return (total, dh @ c)",
        "return (total, c @ dh.T)",
        "return (total, np.zeros_like(dh.T @ c))",
        "(deleted)",
    ):
        assert mutation in made


def test_order_and_names_do_not_change():
    assert [m.key for m in mutants_of(example)] == [m.key for m in mutants_of(example)]
    keys = [mutant.key for mutant in mutants_of(example)]
    assert len(set(keys)) == len(keys)


def test_a_mistake_is_gone_after_its_block():
    function = in_copy("gate_blocks", "join_gates")
    transposed = next(m for m in mutants_of(function) if m.mutation.endswith("axis=0)"))
    blocks = (np.ones((2, 3)), np.ones((2, 3)))
    with planted(function, transposed):
        assert function(*blocks).shape == (4, 3)
    assert function(*blocks).shape == (2, 6)


def test_the_copy_is_nobody_elses():
    assert COPY.LSTM is not ml.LSTM
    assert MODULES["manual_lstm.sequence"].backward is not sequence.backward
    assert sys.modules["manual_lstm"] is ml
