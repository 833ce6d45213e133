"""A text becomes indices, streams and segments, and nothing of it is lost or doubled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.training.options import Options
from reference.training.text import Streams, encode, read_text, split
from reference.unusable import UnusableInputError


@given(text=st.text(min_size=1, max_size=50))
def test_indices_spell_the_text(text):
    encoded = encode(text)
    assert "".join(encoded.vocabulary[k] for k in encoded.characters) == text
    assert list(encoded.vocabulary) == sorted(set(text))


def test_byte_order_mark_and_crlf_are_not_characters(tmp_path):
    path = tmp_path / "dos.txt"
    path.write_bytes(b"\xef\xbb\xbfto be\r\nor not\r\n")
    text = read_text(path)
    assert "".join(text.vocabulary[k] for k in text.characters) == "to be\nor not\n"


@given(
    B=st.integers(1, 5), T=st.integers(1, 6), segments=st.integers(1, 4), extra=st.integers(0, 29)
)
def test_segments_read_a_stretch_of_text_once_and_in_order(B, T, segments, extra):
    N = B * T * segments + 1 + extra % (B * T)
    streams = Streams(np.arange(N), B, T)
    assert streams.segments == segments
    for offset in (0, streams.slack):
        read = [streams.segment(number, offset) for number in range(segments)]
        inputs = np.concatenate([inputs for inputs, _ in read])  # (segments * T, B)
        targets = np.concatenate([targets for _, targets in read])
        assert inputs.T.ravel().tolist() == list(range(offset, offset + B * T * segments))
        np.testing.assert_array_equal(targets, inputs + 1)


def test_validation_is_the_end_of_the_text():
    text = encode("abcdefghij" * 10)
    training, validation = split(text, Options(batch=2, steps_per_sequence=5, validation=0.25))
    assert (len(training), len(validation)) == (75, 25)
    np.testing.assert_array_equal(np.concatenate([training, validation]), text.characters)


@pytest.mark.parametrize(("length", "fits"), [(11, True), (10, False)])
def test_shortest_text_is_one_segment_in_every_stream(length, fits):
    text = encode(("ab" * 10)[:length])
    options = Options(batch=2, steps_per_sequence=5, validation=0.0)
    if fits:
        assert Streams(split(text, options).training, B=2, T=5).segments == 1
    else:
        with pytest.raises(UnusableInputError, match=r"10 characters .* at least B\*T \+ 1 = 11"):
            split(text, options)
