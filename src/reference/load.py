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

# Sizes that differ from each other and from every number of gates.
SIZES = {"input_size": 3, "hidden_size": 5}


def load_cell(place: str) -> Any:
    """Return the cell at ``FILE.py:NAME``; a class is called with the sizes of its choice.

    Raises
    ------
    UnusableInputError
        If there is no such file or name, if running the file fails, or if what is there is no
        cell. A failure in their file is told with their line.
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
    cell = getattr(module, name)
    if isinstance(cell, type):
        cell = instance_of(cell, place)
    missing = [
        method
        for method in ("init_params", "init_state", "step", "step_backward")
        if not callable(getattr(cell, method, None))
    ]
    if missing:
        refuse(name, f"no {', '.join(missing)}", "a cell with that", "each is run by the check")
    return cell


def load_module(path: Path) -> ModuleType:
    """Run a Python file as a module of its own; its folder can be imported from."""
    if not path.is_file():
        refuse("FILE.py", f"the value {path}", "a file that exists", "the cell is read from it")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules.setdefault(path.stem, module)  # dataclasses and pickles look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        refuse_error(path, error, "it is run to find the cell")
    return module


def instance_of(cell: type, place: str) -> Any:
    """Call a class with sizes: by name, by position, or with nothing."""
    for arguments, keywords in (((), SIZES), (tuple(SIZES.values()), {}), ((), {})):
        try:
            return cell(*arguments, **keywords)
        except TypeError as error:
            last: Exception = error
        except Exception as error:
            refuse_error(Path(place.rpartition(":")[0]), error, f"{cell.__name__} is made there")
    refuse(place, f"a class that cannot be called ({last})", "Cell(input_size=D, hidden_size=H)",
           "sizes are the check's to choose")  # fmt: skip


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
