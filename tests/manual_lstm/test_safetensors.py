"""Files of arrays: what is written is read, damaged files are refused, no file is ever half."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm import layouts

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "c8", ">f8"]


@given(
    shapes=st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=4),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 2**32 - 1),
)
def test_there_and_back(tmp_path_factory, shapes, dtype, seed):
    path = tmp_path_factory.getbasetemp() / "arrays.safetensors"
    rng = np.random.default_rng(seed)
    arrays = {f"a{n}": rng.integers(0, 2, shape).astype(dtype) for n, shape in enumerate(shapes)}
    layouts.save(path, arrays, metadata={"what": "πx"})
    loaded = layouts.load(path)
    assert list(loaded) == list(arrays)
    for name, array in arrays.items():
        assert loaded[name].dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_array_equal(loaded[name], array)


def test_nan_infinity_and_the_last_bit_are_kept(tmp_path):
    values = np.array([np.nan, np.inf, -0.0, np.nextafter(1, 2), 5e-324])
    layouts.save(tmp_path / "a.safetensors", {"v": values})
    assert layouts.load(tmp_path / "a.safetensors")["v"].tobytes() == values.tobytes()


def test_names_of_nested_parameters(tmp_path):
    params = ml.LSTM(3, 5, bias=False).init_params(np.random.default_rng(0))
    layouts.save(tmp_path / "a.safetensors", {"lstm": params, "V": np.zeros((5, 2))})
    assert list(layouts.load(tmp_path / "a.safetensors")) == ["lstm.W_x", "lstm.W_h", "V"]


def test_the_bytes_are_those_of_the_format(tmp_path):
    layouts.save(tmp_path / "a.safetensors", {"v": np.array([1.0, 2.0], np.float32)})
    content = (tmp_path / "a.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    assert json.loads(content[8 : 8 + length]) == {
        "v": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    }
    assert content[8 + length :] == np.array([1.0, 2.0], "<f4").tobytes()


def of_header(header: object, numbers: bytes = b"\0" * 8) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {
    "empty": b"",
    "no header": b"1234567",
    "header beyond the end": b"\xff" * 16,
    "no JSON": (4).to_bytes(8, "little") + b"{{{{",
    "no mapping": of_header([]),
    "no entry": of_header({"v": 3}),
    "missing shape": of_header({"v": {"dtype": "F32", "data_offsets": [0, 8]}}),
    "unknown dtype": of_header({"v": {**ENTRY, "dtype": "BF16"}}),
    "another size": of_header({"v": {**ENTRY, "shape": [3]}}),
    "beyond the end": of_header({"v": {**ENTRY, "data_offsets": [0, 80]}}),
    "negative": of_header({"v": {**ENTRY, "data_offsets": [-8, 8]}}),
    "a gap": of_header({"v": ENTRY}, b"\0" * 12),
    "overlap": of_header({"v": ENTRY, "w": ENTRY}),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="but must be a safetensors file, because arrays are read"):
        layouts.load(path)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.safetensors"
    layouts.save(path, {"v": np.ones(2)})
    with pytest.raises(TypeError, match="w has dtype object, but must be of a plain numeric dtype"):
        layouts.save(path, {"v": np.zeros(2), "w": np.array([None])})
    with pytest.raises(TypeError, match="v has type list, but must be a NumPy array"):
        layouts.save(path, {"v": [1.0]})
    assert layouts.load(path)["v"].tolist() == [1, 1]
    with pytest.raises(OSError, match="No such file"):
        layouts.save(tmp_path / "none" / "a.safetensors", {"v": np.ones(2)})
    assert [each.name for each in tmp_path.iterdir()] == ["a.safetensors"]
