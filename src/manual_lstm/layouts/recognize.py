"""Whose weights are these? Told from the shapes of the matrices alone.

With G gates, the matrix that reads h is (H, G·H) where rows are multiplied from the left, as in
Keras, (G·H, H) where columns are multiplied from the right, as in torch, or one block of a matrix
that reads [x, h] at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from manual_lstm.checks import Array

_GATES = (4, 3, 1)  # LSTM, GRU, plain RNN


def recognize(arrays: Any) -> list[str]:
    """Return the layouts that the shapes of `arrays` fit: names such as ``"torch"``.

    Parameters
    ----------
    arrays : mapping, NamedTuple or sequence of ndarray, or one ndarray
        Weights of one layer, nested as they come. Names are not read.

    Examples
    --------
    >>> import numpy as np
    >>> recognize({"kernel": np.zeros((3, 20)), "recurrent_kernel": np.zeros((5, 20))})
    ['keras', 'cs231n', 'flax_nnx', 'manual_lstm']
    >>> recognize([np.zeros((20, 3)), np.zeros((20, 5))])
    ['torch', 'equinox']
    """
    shapes = [array.shape for array in _arrays_in(arrays) if array.ndim > 1]
    return [
        name
        for names, fits in _FITS
        if any(fits(shapes, count) for count in _GATES)
        for name in names
    ]


def hint(arrays: Any, asked: str) -> str | None:
    """Return one sentence that says whose layout it is, if that is another than was asked for."""
    found = recognize(arrays)
    if not found or asked in found:
        return None
    others = [name for name in found if name != "manual_lstm"]
    functions = " or ".join(f"from_{name}" for name in others)
    return f"these shapes are those of {' or '.join(found)}: use layouts.{functions}"


def _arrays_in(value: Any) -> Iterable[Array]:
    if hasattr(value, "shape"):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _arrays_in(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays_in(part)


def _columns_per_gate(shapes: list[tuple[int, ...]], count: int) -> bool:
    """(D, G·H) and (H, G·H); a bias of two rows may follow them, as in Keras's GRU."""
    if len(shapes) == 3 and shapes[2] == (2, shapes[0][-1]):
        shapes = shapes[:2]
    two = [shape for shape in shapes if len(shape) == 2]
    return (
        len(shapes) == len(two) == 2
        and two[0][1] == two[1][1] == count * two[1][0]
        and two[1][0] > 0
    )


def _rows_per_gate(shapes: list[tuple[int, ...]], count: int) -> bool:
    """(G·H, D) and (G·H, H)."""
    return all(len(shape) == 2 for shape in shapes) and _columns_per_gate(
        [shape[::-1] for shape in shapes], count
    )


def _directions_first(shapes: list[tuple[int, ...]], count: int) -> bool:
    """(N, G·H, D) and (N, G·H, H), N directions."""
    three = [shape for shape in shapes if len(shape) == 3]
    return len(three) == 2 and _rows_per_gate([shape[1:] for shape in three], count)


def _matrix_per_gate(shapes: list[tuple[int, ...]], count: int) -> bool:
    """(D, H) and (H, H), G times."""
    square = [shape for shape in shapes if len(shape) == 2 and shape[0] == shape[1]]
    return len(shapes) == 2 * count > 2 and len(square) >= count


def _input_and_state_together(shapes: list[tuple[int, ...]], count: int, more: int) -> bool:
    """(D + H, G·H), and one row more where the bias is in it; D at least 1."""
    if len(shapes) != 1 or len(shapes[0]) != 2:
        return False
    rows, columns = shapes[0]
    return count == 4 and columns % 4 == 0 and rows - columns // 4 - more >= 1


def _columns(shapes: list[tuple[int, ...]], count: int) -> bool:
    """(H, H + D) and (H, 1), G times."""
    matrices = [shape for shape in shapes if len(shape) == 2 and shape[1] != 1]
    biases = [shape for shape in shapes if shape[1:] == (1,)]
    return (
        count == 4 == len(matrices)
        and len(set(matrices)) == 1
        and matrices[0][1] > matrices[0][0]
        and biases == 4 * [(matrices[0][0], 1)]
    )


_FITS = (
    (("torch", "equinox"), _rows_per_gate),
    (("keras", "cs231n", "flax_nnx", "manual_lstm"), _columns_per_gate),
    (("onnx",), _directions_first),
    (("flax", "flax_nnx"), _matrix_per_gate),
    (("columns",), _columns),
    (("haiku",), lambda shapes, count: _input_and_state_together(shapes, count, 0)),
    (("ifog",), lambda shapes, count: _input_and_state_together(shapes, count, 1)),
)
