"""A copy of the package to make mistakes in: modules of its own, that nobody else imports."""

from __future__ import annotations

import importlib
import sys
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any


def copy_of(package: str) -> dict[str, ModuleType]:
    """Import a package once more and return its modules by name.

    Whoever has imported it before, or does so later, keeps the original.
    """

    def belongs(name: str) -> bool:
        return name == package or name.startswith(f"{package}.")

    originals = {name: sys.modules.pop(name) for name in list(sys.modules) if belongs(name)}
    try:
        importlib.import_module(package)
        return {name: module for name, module in sys.modules.items() if belongs(name)}
    finally:
        for name in [name for name in sys.modules if belongs(name)]:
            del sys.modules[name]
        sys.modules.update(originals)


MODULES = copy_of("manual_lstm")
COPY: Any = MODULES["manual_lstm"]
"""The copy of ``manual_lstm`` itself."""


def in_copy(module: str, name: str) -> Any:
    """Return a function or method of the copy by its qualified name."""
    found: Any = MODULES[f"manual_lstm.{module}"]
    for part in name.split("."):
        found = getattr(found, part)
    return found


# Mistakes are planted in the backward that is run step by step, so that is the one to run.
_STEPWISE = in_copy("sequence", "by_steps")()
_STEPWISE.__enter__()


def of_copy(value: Any) -> Any:
    """Return a description (a cell, a layer, an activation), or its class, as that of the copy."""
    if isinstance(value, tuple):
        return tuple(map(of_copy, value))
    kind = value if isinstance(value, type) else type(value)
    package, _, module = kind.__module__.partition(".")
    if package != "manual_lstm":
        return value
    of_the_copy = in_copy(module, kind.__qualname__)
    if kind is value or not is_dataclass(value):
        return of_the_copy
    return of_the_copy(**{part.name: of_copy(getattr(value, part.name)) for part in fields(value)})
