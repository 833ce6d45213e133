"""The tape: what the backward of a sequence needs to know of its forward."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cell import Cell
from manual_lstm.checks import Array
from manual_lstm.layer import Layer
from manual_lstm.runner import Runner
from manual_lstm.trees import named_leaves


@dataclass(frozen=True)
class Tape:
    """One forward run, ready to be reversed. Make it with `forward`; read it, never change it.

    It keeps the arrays it was given, not copies of them. `check_unchanged` finds out whether
    they still are what they were.
    """

    cell: Cell[Any, Any] | Layer
    params: Any
    xs: Array
    state0: Any
    runner: Runner = field(repr=False)
    cache: Any = field(repr=False)
    fingerprints: dict[str, int] = field(repr=False)

    def check_unchanged(self) -> None:
        """Raise `ValueError` if a parameter, input or initial state was changed since."""
        check_same(self.fingerprints, fingerprints(self.params, self.xs, self.state0))


def fingerprints(params: Any, xs: Array, state0: Any) -> dict[str, int]:
    """Return a checksum of every array that a tape keeps, by name."""
    return checksums({"params": params, "xs": xs, "state0": state0})


def checksums(tree: Any) -> dict[str, int]:
    """Return a checksum of every array of `tree`, by dotted name."""
    return {name: _checksum(array) for name, array in named_leaves(tree).items()}


def check_same(before: dict[str, int], now: dict[str, int]) -> None:
    """Raise `ValueError` for the first name whose checksum is no longer what it was."""
    for name, checksum in before.items():
        if now.get(name) != checksum:
            checks.fail(
                name,
                "other values than in the forward that made this tape",
                "unchanged",
                "backward reads it again",
                hint="run forward again after an update, or update copies.",
            )


# Odd, so that a change of one bit changes the product with it, whatever the bit.
_WEIGHTS = np.random.default_rng(0).integers(2**63, size=1024, dtype=np.uint64) | np.uint64(1)


def _checksum(array: Array) -> int:
    if array.dtype == object:  # elements are immutable, so their identities tell a change
        return hash(tuple(map(id, array.flat)))
    array = np.ascontiguousarray(array)
    if array.nbytes < 2 * _WEIGHTS.nbytes:
        return zlib.crc32(array.data)
    # The CRC of a large array would take as long as a step. Every 1024 words are first made one,
    # modulo 2^64, which is ten times faster.
    octets = array.reshape(-1).view(np.uint8)
    whole = octets.size - octets.size % _WEIGHTS.nbytes
    words = octets[:whole].view(np.uint64).reshape(-1, _WEIGHTS.size)
    return zlib.crc32(octets[whole:].data, zlib.crc32(np.einsum("ij,j->i", words, _WEIGHTS).data))
