"""Where something stands in the user's files: file, line, its text and the function."""

from __future__ import annotations

import ast
import inspect
import linecache
import sysconfig
import traceback
import warnings
from pathlib import Path
from typing import Any

from reference.debugger.running.kept import kept

Place = tuple[str, int, str, str]

_NOT_THEIRS = (
    "<frozen",
    "<string>",  # what makes a dataclass or a named tuple
    str(Path(__file__).parents[2]),
    *{sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib")},
)


def is_users(file: str) -> bool:
    """Return whether a file is the user's own: neither Python's, nor installed, nor ours."""
    return not file.startswith(_NOT_THEIRS)


def place_of(what: Any) -> Place:
    """Return the place of a function's first line, or of the user's innermost line of an error."""
    if isinstance(what, BaseException):
        frames = [
            (frame, line)
            for frame, line in traceback.walk_tb(what.__traceback__)
            if is_users(frame.f_code.co_filename)
        ]
        if not frames:
            return "", 0, "", ""
        frame, line = frames[-1]
        return at(frame.f_code.co_filename, line, frame.f_code.co_name, frame.f_globals)
    code = getattr(inspect.unwrap(getattr(what, "__func__", what)), "__code__", None)
    if code is None:
        return "", 0, "", ""
    return at(code.co_filename, code.co_firstlineno, code.co_name)


def at(file: str, line: int, function: str, names: dict[str, Any] | None = None) -> Place:
    """Return the place with the text of its line."""
    return file, line, linecache.getline(file, line, names).strip(), function


def tree_of(file: str) -> ast.Module:
    """Return the syntax tree of a file; an empty one where it has no text that can be read."""
    return _parsed("".join(linecache.getlines(file)))


@kept(64)
def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SyntaxWarnings of the user's own text
        try:
            return ast.parse(text)
        except SyntaxError:
            return ast.Module([], [])
