"""The oracles of all cells are compiled at once, one on each core, before the first is asked."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.cells.variants import VARIANTS, Variant

from reference.plan import SHAPES


def compile_oracle(variant: Variant) -> None:
    problem = variant.draw(SHAPES[0])
    variant.oracle.answers([problem], np.zeros(1), np.random.default_rng(0))


@pytest.fixture(scope="session")
def compiled() -> None:
    """Have every oracle compiled; those of a failing one are compiled where they are asked."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_oracle, VARIANTS))
