"""Whose a function is: the user's own, or of an installed package, of Python, or of ours."""

from __future__ import annotations

import linecache
import sysconfig
import types
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np

import manual_lstm

_INSTALLED = tuple(
    str(Path(sysconfig.get_path(kind)).resolve()) for kind in ("stdlib", "purelib", "platlib")
)
_CELLS = str(Path(manual_lstm.__file__).parent.resolve() / "cells")
_HERE = tuple(
    str(Path(package).resolve())
    for package in (
        Path(__file__).parents[2], Path(np.__file__).parent, Path(manual_lstm.__file__).parent,
    )
)  # fmt: skip


def is_theirs(code: types.CodeType, only: Container[str] | None = None) -> bool:
    """Return whether code is the user's; or, where it is given, whether a file of `only` has it."""
    file = code.co_filename
    if only is not None:
        return str(Path(file).resolve()) in only or file in only
    if file.startswith("<frozen") or file == "<string>":
        return False
    if linecache.cache.get(file) is not None and not Path(file).exists():
        return True  # typed in a notebook
    path = str(Path(file).resolve())
    if path.startswith(_CELLS):  # somebody may ask about a cell of this package
        return True
    return not path.startswith(_INSTALLED) and not path.startswith(_HERE)


def path_of(source: Any) -> str:
    """Return the path of a file, or of what a module was loaded from."""
    if isinstance(source, types.ModuleType):
        return str(Path(source.__file__ or "").resolve())
    return str(Path(str(source)).resolve())
