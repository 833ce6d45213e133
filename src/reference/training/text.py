"""A text file as numbers, and its cut into streams and segments."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array
from reference.training.options import Options
from reference.unusable import UnusableInputError


@dataclass(frozen=True)
class Text:
    """A text: each character as its index (N,) in the sorted `vocabulary`."""

    characters: Array
    vocabulary: str
    sha256: str


def read_text(path: Path) -> Text:
    """Read a UTF-8 file; a byte order mark is dropped and CRLF becomes LF.

    Raises
    ------
    UnusableInputError
        If there is no such file, or it is empty, not UTF-8, or repeats one character.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        because = f"it is read from there ({error.strerror})"
        checks.fail(
            "TEXT", f"the value {path}", "a readable file", because, error=UnusableInputError
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        checks.fail(
            "TEXT",
            f"the byte 0x{content[error.start]:02x} at {error.start}",
            "UTF-8",
            f"{path} is read as text",
            error=UnusableInputError,
        )
    if len(set(text)) < 2:
        checks.fail(
            "TEXT",
            "no characters" if not text else f"only the character {text[0]!r}",
            "text of at least two different characters",
            f"otherwise nothing in {path} is there to predict",
            error=UnusableInputError,
        )
    return encode(text, hashlib.sha256(content).hexdigest())


def encode(text: str, sha256: str = "") -> Text:
    """Return `text` as indices into its own vocabulary.

    Examples
    --------
    >>> text = encode("banana")
    >>> text.vocabulary, text.characters.tolist()
    ('abn', [1, 0, 2, 0, 2, 0])
    """
    code_points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    vocabulary, characters = np.unique(code_points, return_inverse=True)
    return Text(characters.astype(np.int64), "".join(map(chr, vocabulary)), sha256)


class Split(NamedTuple):
    """Training and validation characters; the latter empty where there is no validation."""

    training: Array
    validation: Array


def split(text: Text, options: Options) -> Split:
    """Cut the last part of the text off for validation.

    Raises
    ------
    UnusableInputError
        If the rest is shorter than one segment in every stream.
    """
    N = len(text.characters)
    cut = N - round(N * options.validation)
    B, T = options.batch, options.steps_per_sequence
    if cut < B * T + 1:
        checks.fail(
            "TEXT",
            f"{cut} characters to train on",
            f"at least B*T + 1 = {B * T + 1}",
            f"a batch is B = {B} streams of T = {T} steps (--batch, --steps-per-sequence)",
            error=UnusableInputError,
        )
    return Split(text.characters[:cut], text.characters[cut:])


@dataclass(frozen=True)
class Streams:
    """Characters (N,) as B parallel streams, each read in segments of T.

    Stream n begins where stream n-1 ends. What does not fill a whole segment in every stream is
    the `slack`, which an epoch may leave out at either end of the text.
    """

    characters: Array
    B: int
    T: int

    @property
    def segments(self) -> int:
        """The number of segments in one pass over the text."""
        return (len(self.characters) - 1) // (self.B * self.T)

    @property
    def slack(self) -> int:
        """The largest offset at which a pass over the text may begin."""
        return len(self.characters) - 1 - self.segments * self.B * self.T

    def segment(self, number: int, offset: int = 0) -> tuple[Array, Array]:
        """Return inputs and targets (T, B) of one segment; a target is the next input.

        Examples
        --------
        >>> inputs, targets = Streams(np.arange(13), B=2, T=3).segment(1)
        >>> inputs.T.tolist(), targets.T.tolist()
        ([[3, 4, 5], [9, 10, 11]], [[4, 5, 6], [10, 11, 12]])
        """
        starts = offset + self.segments * self.T * np.arange(self.B) + number * self.T
        window = self.characters[starts + np.arange(self.T + 1)[:, None]]  # (T+1, B)
        return window[:-1], window[1:]
