"""Somebody's cell, from ``FILE.py:NAME`` on a command line."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
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
    """Run a Python file as a module of its own; its folder can be imported from.

    It finds no arguments in `sys.argv`, and a shell that does nothing where it is exported from a
    notebook: ``get_ipython().run_line_magic("matplotlib", "inline")``. What it imports from beside
    itself may be written with a dot, as in a package.
    """
    if not path.is_file():
        there = [one.name for one in path.parent.glob("*.py")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, there, 1, 0.75)
        meant = f" (there is {near[0]})" if near else ""
        refuse("FILE.py", f"the value {path}", f"a file that exists{meant}", "it is read")
    folder = path.resolve().parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    arguments, sys.argv = sys.argv, [str(path)]
    try:
        if _is_in_a_package(path):
            return _run(path, _package(folder) + "." + path.stem)
        return _run(path, path.stem if path.stem not in sys.modules else str(path))
    except (Exception, SystemExit) as error:
        refuse_error(path, error, "it is imported, with no arguments, to find what it defines")
    finally:
        sys.argv = arguments


def _run(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    if b"get_ipython" in path.read_bytes():
        vars(module)["get_ipython"] = _Shell
    spec.loader.exec_module(module)
    return module


class _Shell:
    """Stands for the shell of a notebook in what is exported from one: its commands do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def _is_in_a_package(path: Path) -> bool:
    """Return whether a file imports from beside itself with a dot."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return False  # running it will tell
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def _package(folder: Path) -> str:
    """Import the package that a folder is, by its whole name, or make one; return the name."""
    outermost = folder
    while (outermost.parent / "__init__.py").is_file():
        outermost = outermost.parent
    if str(outermost.parent) not in sys.path:
        sys.path.insert(0, str(outermost.parent))
    name = ".".join(folder.relative_to(outermost.parent).parts)
    if (folder / "__init__.py").is_file():
        importlib.import_module(name)
    else:
        package = ModuleType(name := name.replace(".", "_"))
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def refuse_error(path: Path, error: BaseException, because: str) -> NoReturn:
    """Complain of an error in the user's own file, with the last line of it that ran."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if Path(frame.filename).resolve() == path.resolve()]  # fmt: skip
    line = lines[-1] if lines else getattr(error, "lineno", None)
    where = f" at line {line}" if line else ""
    message = error.msg if isinstance(error, SyntaxError) else error
    what = f"{type(error).__name__}: {message}".rstrip(": ")
    refuse(str(path), f"an error{where} ({what})", "a file that runs", because)


def refuse(name: str, has: str, must: str, because: str, hint: str | None = None) -> NoReturn:
    """Raise `UnusableInputError` in the words of `manual_lstm.checks`."""
    checks.fail(name, has, must, because, hint=hint, error=UnusableInputError)
