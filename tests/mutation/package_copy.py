"""A copy of the package to make mistakes in: modules of its own, that nobody else imports."""

from __future__ import annotations

import importlib
import sys
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
