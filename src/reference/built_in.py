"""A built-in cell, from its name on a command line."""

from __future__ import annotations

import ast
from typing import Any

from reference.cells import TWINS
from reference.load import refuse


def built_in(name: str) -> type:
    """Return the class of the built-in cell of that name; upper and lower case are the same.

    Raises
    ------
    UnusableInputError
        If there is none.
    """
    cells = {cell.__name__.lower(): cell for cell in TWINS}
    if name.lower() not in cells:
        refuse("--cell", f"the value {name!r}", f"one of {', '.join(sorted(cells))}",
               "those are built in")  # fmt: skip
    return cells[name.lower()]


def describe(cell: type, sizes: dict[str, int], settings: list[str]) -> Any:
    """Return a built-in cell of the sizes given, with settings such as ``bias=False``.

    Raises
    ------
    UnusableInputError
        If the cell knows no such setting, or not that value.
    """
    options = dict(setting(text) for text in settings)
    try:
        return cell(**sizes, **options)
    except (TypeError, ValueError) as error:
        refuse("--set", f"the value {' '.join(settings) or 'none'}", f"settings of {cell.__name__}",
               f"it is described by them ({error})".replace("\n", " "))  # fmt: skip


def setting(text: str) -> tuple[str, Any]:
    """Return name and value of ``NAME=VALUE``; the value is written as in Python."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        refuse("--set", f"the value {text!r}", "like bias=False", "a setting has name and value")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
