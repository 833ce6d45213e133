"""Which line of the user's code an exception comes from, in one sentence."""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from pathlib import Path

_NOT_THE_USERS = (
    str(Path(__file__).parent),
    *{sysconfig.get_path(kind) for kind in ("purelib", "platlib", "stdlib")},
)


def told(error: BaseException) -> str:
    """Return ``FILE, line N: SOURCE (Error: message)`` for the user's innermost line.

    Examples
    --------
    >>> try:
    ...     int("two")
    ... except ValueError as error:
    ...     print(told(error))  # doctest: +ELLIPSIS
    <doctest ..., line 2: int("two") (ValueError: invalid literal for int() with base 10: 'two')
    """
    message = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    frames = list(traceback.walk_tb(error.__traceback__))
    for frame, line in reversed(frames):
        if not frame.f_code.co_filename.startswith(_NOT_THE_USERS):
            source = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
            name = Path(frame.f_code.co_filename).name
            return f"{name}, line {line}: {source} ({message})".replace(":  (", " (")
    return message
