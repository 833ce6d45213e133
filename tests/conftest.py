"""Settings of every test: strict JAX, Hypothesis profiles, and who may need a peer library."""

from __future__ import annotations

import os
from pathlib import Path

import jax
import pytest
from hypothesis import settings

# float64 everywhere, and no shape or dtype that is adjusted behind the reader's back: a bug of the
# reference must not hide in a conversion.
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

# No deadline: the first case of a shape waits for a compiler. `print_blob` prints the line that
# repeats a failure. `ci` draws the same cases each time, so that a run can be compared with the
# last one; `dev` and `thorough` look for new ones.
settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=10_000)
settings.load_profile(os.environ.get("MANUAL_LSTM_PROFILE", "ci" if os.getenv("CI") else "dev"))

PEERS = Path(__file__).parent / "peers"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import the tests in tests/peers only where ``-m peers`` asks for them: they need torch."""
    if PEERS in (collection_path, *collection_path.parents) and config.option.markexpr != "peers":
        return True
    return None
