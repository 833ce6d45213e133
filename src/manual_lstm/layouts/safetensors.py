"""Arrays in a file of the safetensors format, which many frameworks read and write.

The format: eight bytes, the length N of the header as a little-endian integer; N bytes of JSON that
give each name its dtype, shape and place; then the numbers, little-endian, row by row. Opening a
stranger's file runs none of its code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_LONGEST_HEADER = 100_000_000


def save(
    path: str | os.PathLike[str], arrays: Any, metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays to a file, replacing what is there in one step.

    Parameters
    ----------
    path : path
    arrays : NamedTuple or mapping of arrays, nested as they come
        Each array is named by its dotted path: ``W_x``, ``lstm.W_x``. A None is left out.
    metadata : mapping of str to str, optional

    Examples
    --------
    >>> import tempfile
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/lstm.safetensors", params)
    ...     loaded = load(f"{folder}/lstm.safetensors")
    >>> bool((ml.LSTMParams(**loaded).W_x == params.W_x).all())
    True
    """
    header: dict[str, Any] = {}
    if metadata is not None:
        header["__metadata__"] = {str(key): str(value) for key, value in metadata.items()}
    parts, end = [], 0
    for name, value in named_leaves(arrays).items():
        array = checks.is_array(name or "arrays", value)
        dtype = array.dtype.newbyteorder("<")
        if dtype not in _NAMES:
            because = "the safetensors format knows no other"
            checks.fail(name, f"dtype {array.dtype}", "of a plain numeric dtype", because,
                        error=TypeError)  # fmt: skip
        content = np.ascontiguousarray(array, dtype).tobytes()
        begin, end = end, end + len(content)
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        parts.append(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of eight
    replace_file(Path(path), b"".join([len(text).to_bytes(8, "little"), text, *parts]))


def load(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read what `save`, or any writer of the format, wrote: arrays by name.

    Raises
    ------
    ValueError
        If the file is truncated, damaged or something else altogether.
    OSError
        If it cannot be read.
    """
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, _LONGEST_HEADER):
        _refuse(path, f"{len(content)} bytes and no complete header")
    numbers = memoryview(content)[8 + length :]
    try:
        header = json.loads(content[8 : 8 + length])
        header.pop("__metadata__", None)
        arrays = {name: _array(numbers, entry) for name, entry in header.items()}
        ends = sorted(tuple(entry["data_offsets"]) for entry in header.values())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _refuse(path, f"a header that does not fit ({error})".splitlines()[0])
    if [0, *(end for _, end in ends)] != [*(begin for begin, _ in ends), len(numbers)]:
        _refuse(path, "arrays that overlap or leave gaps")
    return arrays


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: it is whole at every moment."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _array(numbers: memoryview, entry: Mapping[str, Any]) -> Array:
    """Return a copy of one array."""
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"dtype {entry['dtype']!r}, which NumPy lacks")
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(numbers):
        raise ValueError(f"an array from byte {begin} to {end} of {len(numbers)}")
    array = np.frombuffer(numbers[begin:end], np.dtype(_DTYPES[entry["dtype"]]))
    return array.reshape(entry["shape"]).astype(array.dtype.newbyteorder("="))


def _refuse(path: str | os.PathLike[str], contents: str) -> NoReturn:
    because = "arrays are read from it"
    checks.fail(str(path), contents, "a safetensors file", because)
