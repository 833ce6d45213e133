"""Somebody's cell, from ``FILE.py:NAME`` on a command line."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from manual_lstm import checks
from reference.unusable import UnusableInputError


def load_cell(place: str) -> Any:
    """Return the cell, or class of cells, at ``FILE.py:NAME``.

    Raises
    ------
    UnusableInputError
        If there is no such file or name, or if running the file fails; then with their line.
    """
    file, _, name = place.rpartition(":")
    if not file.endswith(".py") or not name.isidentifier():
        refuse("FILE.py:CELL", f"the value {place}", "like my_cell.py:MyCell",
               "a cell is a name in a Python file")  # fmt: skip
    module = load_module(Path(file))
    if not hasattr(module, name):
        names = [key for key, value in vars(module).items() if hasattr(value, "step_backward")]
        found = f"one of its cells {', '.join(names)}" if names else "a class with step_backward"
        refuse(file, f"no {name}", found, "that name was asked for")
    return getattr(module, name)


def load_module(path: Path) -> ModuleType:
    """Run a Python file as a module of its own; its folder can be imported from."""
    if not path.is_file():
        refuse("FILE.py", f"the value {path}", "a file that exists", "it is read")
    name = path.stem if path.stem not in sys.modules else str(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules[name] = module  # dataclasses look their module up by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        refuse_error(path, error, "it is run to find what it defines")
    return module


def refuse_error(path: Path, error: BaseException, because: str) -> NoReturn:
    """Complain of an error in the user's own file, with the last line of it that ran."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if Path(frame.filename).resolve() == path.resolve()]  # fmt: skip
    line = lines[-1] if lines else getattr(error, "lineno", None)
    where = f" at line {line}" if line else ""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    refuse(str(path), f"an error{where} ({what})", "a file that runs", because)


def refuse(name: str, has: str, must: str, because: str) -> NoReturn:
    """Raise `UnusableInputError` in the words of `manual_lstm.checks`."""
    checks.fail(name, has, must, because, error=UnusableInputError)
