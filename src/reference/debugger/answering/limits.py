"""What nothing has reached: limits on gradients, and masks that let everything pass."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from reference.debugger.judging.examples import ExampleError, Examples
from reference.debugger.running.program import Inputs
from reference.debugger.texts.roles import called
from reference.report.words import listed
from reference.user_code import functions_reached

_DRAWS = 3
_GRADIENT = re.compile(r"g|grads?|d(?!ata|ist|ep|im|en|rop)\w+|\w*grad\w*")


def unreached(backward: Callable[..., Any]) -> str:
    """Return in words where a backward whose gradients are right sets gradients to limits, or "".

    Whether a flag has left the line out or nothing was as large, it has changed nothing.
    """
    places = list(dict.fromkeys(_places(backward)))
    if not places:
        return ""
    lines = listed([f"line {line} ({name})" for name, line in places], 3)
    return f"the clipping of gradients at {lines} has changed nothing here; where it does, they " \
           "are no derivatives"  # fmt: skip


def unmasked(given: Inputs, example: Examples | None) -> str:
    """Return in words which inputs are 1 throughout, in every example, or "".

    What a backward does where a mask is 0 is not known then.

    Examples
    --------
    >>> unmasked(({}, {"mask": np.ones((3, 2)), "x": np.eye(2)}), None)
    'mask is 1 throughout: what happens where it is 0 was not seen'
    """
    drawn = [given[1]]
    try:
        drawn += [example(np.random.default_rng(k))[1] for k in range(_DRAWS)] if example else []
        names = [name for name in given[1] if all(_is_one(one[name]) for one in drawn)]
    except (ExampleError, LookupError, TypeError, ValueError):
        return ""
    are, they = ("is", "it is") if len(names) == 1 else ("are", "they are")
    return (
        f"{listed(names)} {are} 1 throughout: what happens where {they} 0 was not seen"
        if names
        else ""
    )


def _is_one(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.size > 1
        and value.dtype.kind in "biuf"
        and bool((value == 1).all())
    )


def _places(backward: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    for function in functions_reached(backward):
        if "clip" not in function.__code__.co_names:
            continue
        try:
            lines, first = inspect.getsourcelines(function)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == "clip" and _of_gradient(node):
                yield function.__name__, first + node.lineno - 1


def _of_gradient(node: ast.Call) -> bool:
    """Return whether what is set to limits has the name of a gradient."""
    of: ast.AST | None = node.args[0] if node.args else None
    is_method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy")
    )
    if is_method and isinstance(node.func, ast.Attribute):
        of = node.func.value
    while isinstance(of, ast.Subscript | ast.Attribute):
        if isinstance(of, ast.Attribute) and _GRADIENT.fullmatch(of.attr):
            return True
        of = of.value
    return isinstance(of, ast.Name) and bool(_GRADIENT.fullmatch(of.id))
