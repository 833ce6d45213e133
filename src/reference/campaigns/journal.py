"""What a campaign has found so far, in a file that survives a kill.

Each line is one JSON text: first what the campaign is, then one outcome a line. A line that was
being written when the process was killed is not ended, and is cut off.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from manual_lstm import checks
from reference.campaigns.chunk import Outcome
from reference.unusable import UnusableInputError

FORMAT = "manual-lstm campaign, version 1"
Key = tuple[int, int]


@dataclass(frozen=True)
class Undertaking:
    """What is computed: a journal belongs to one of these."""

    cells: list[str]
    cases: int
    seed: int
    chunk: int


class Journal:
    """Outcomes by chunk, read from a file when it is opened and appended to it as they come.

    Parameters
    ----------
    path : path or None
        None keeps nothing.
    undertaking : Undertaking

    Raises
    ------
    UnusableInputError
        If the file is something else, or of another undertaking, or cannot be written.
    """

    def __init__(self, path: Path | str | None, undertaking: Undertaking) -> None:
        self.outcomes: dict[Key, Outcome] = {}
        self.file = None
        if path is None:
            return
        self.path = Path(path)
        first = json.dumps({"format": FORMAT} | asdict(undertaking))
        try:
            self.file = self.path.open("r+b" if self.path.exists() else "w+b")
        except OSError as error:
            checks.fail("journal", f"the value {path}", "a file that can be written",
                        f"outcomes are kept in it ({error.strerror})",
                        error=UnusableInputError)  # fmt: skip
        lines = self.file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            self.file.truncate(sum(map(len, lines[:-1])))
            lines.pop()
            self.file.seek(0, os.SEEK_END)
        if not lines:
            self._write(first)
        for number, line in enumerate(lines, 1):
            self._read(number, line, first)

    def _read(self, number: int, line: bytes, first: str) -> None:
        """Take in one line."""
        try:
            values = json.loads(line)
            if number == 1:
                same = values == json.loads(first)
            else:
                self.outcomes[tuple(values.pop("chunk"))] = Outcome.from_json(values)
                same = True
        except (ValueError, TypeError, KeyError, AttributeError):
            self._refuse(f"line {number} that is none of a campaign")
        if not same:
            told = values.get("format") == FORMAT if isinstance(values, dict) else False
            self._refuse("other cells, cases or seed" if told else "something else")

    def _refuse(self, contents: str) -> NoReturn:
        self.__exit__(None, None, None)
        checks.fail("journal", f"the file {self.path} with {contents}", "of this campaign",
                    "the campaign goes on from it", error=UnusableInputError)  # fmt: skip

    def append(self, key: Key, outcome: Outcome) -> None:
        """Keep one outcome; when this returns, it is on the disk."""
        if self.file is not None:
            self._write(json.dumps({"chunk": key} | outcome.to_json()))

    def _write(self, line: str) -> None:
        assert self.file is not None
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.file is not None:
            self.file.close()


def source_of(cell: Any) -> str:
    """Return a checksum of the file that a cell stands in, so that a mended cell is another."""
    if isinstance(cell, str):
        file: str | None = cell.rpartition(":")[0]
    else:
        try:
            file = inspect.getsourcefile(cell if isinstance(cell, type) else type(cell))
        except TypeError:  # made where there is no file
            file = None
    if file is None or not Path(file).is_file():
        return ""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]
