"""Which functions somebody's function reaches, outside installed packages."""

from __future__ import annotations

import functools
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_INSTALLED = tuple(
    str(Path(sysconfig.get_path(kind)).resolve()) for kind in ("stdlib", "purelib", "platlib")
)

_NOT_THEIRS = {"numpy", "jax", "jaxlib", "reference"}
_MOST = 100  # items of a container that are looked at


def functions_reached(function: Any) -> list[types.FunctionType]:
    """Return `function` and every Python function that it may call, in order of discovery.

    Names in the code are looked up in its globals, closure and, for methods, in the class; what
    lies in the standard library or an installed package is left out, save for manual_lstm.
    """
    found: dict[int, types.FunctionType] = {}
    waiting = list(_as_functions(function))
    while waiting:
        candidate = waiting.pop(0)
        if id(candidate) in found or not _is_theirs(candidate):
            continue
        found[id(candidate)] = candidate
        waiting.extend(_callees(candidate))
    return list(found.values())


def _as_functions(value: Any, depth: int = 3) -> Iterator[types.FunctionType]:
    if depth < 0:
        return
    if isinstance(value, types.MethodType):
        yield from _as_functions(value.__func__)
        yield from _as_functions(value.__self__, depth - 1)
    elif isinstance(value, types.FunctionType):
        yield value
        wrapped = getattr(value, "__wrapped__", None)
        if wrapped is not None:
            yield from _as_functions(wrapped)
    elif isinstance(value, staticmethod | classmethod):
        yield from _as_functions(value.__func__)
    elif isinstance(value, type):
        for attribute in vars(value).values():
            if isinstance(attribute, types.FunctionType | staticmethod | classmethod):
                yield from _as_functions(attribute)
            elif isinstance(attribute, property):
                yield from _as_functions(attribute.fget)
    elif isinstance(value, functools.partial):
        yield from _as_functions(value.func)
    elif isinstance(wrapped := getattr(value, "__wrapped__", None), types.FunctionType):
        yield wrapped  # cached
    elif not isinstance(value, types.ModuleType | types.BuiltinFunctionType):
        yield from _held_by(value, depth - 1)


def _held_by(value: Any, depth: int) -> Iterator[types.FunctionType]:
    """Give the methods of an instance, and what it or a container holds."""
    for one in type(value).__mro__:
        if one.__module__ not in {"builtins", "numpy"}:
            yield from _as_functions(one)
    attributes = getattr(value, "__dict__", {})
    for group in (value, attributes):
        items = list(group.values()) if isinstance(group, dict) else group
        if isinstance(items, list | tuple):
            for item in items[:_MOST]:
                yield from _as_functions(item, depth)


def _callees(function: types.FunctionType) -> Iterator[types.FunctionType]:
    codes, names = [function.__code__], set()
    while codes:  # nested functions and comprehensions are constants of the code
        code = codes.pop()
        names.update(code.co_names)
        codes.extend(
            constant for constant in code.co_consts if isinstance(constant, types.CodeType)
        )
    for name in sorted(names):
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            for inner in sorted(names):
                yield from _as_functions(_attribute(value, inner))
        else:
            yield from _as_functions(value)
    for cell in function.__closure__ or ():
        try:
            yield from _as_functions(cell.cell_contents)
        except ValueError:  # an empty cell: defined later, never here
            continue


def _attribute(module: types.ModuleType, name: str) -> Any:
    """Return what a module holds under a name, or None.

    A module may make an attribute only when it is asked, and warn or raise as it does, as NumPy
    does for names that it had once; those are never asked for in earnest here.
    """
    if name in vars(module) or not hasattr(module, "__getattr__"):
        return vars(module).get(name)
    if module.__name__.split(".")[0] in _NOT_THEIRS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(module, name, None)
        except Exception:
            return None


def _is_theirs(function: types.FunctionType) -> bool:
    name = (function.__module__ or "").split(".")[0]
    if name in {"manual_lstm", "__main__"}:
        return True
    if name in _NOT_THEIRS:
        return False
    path = str(Path(function.__code__.co_filename).resolve())
    return not path.startswith(_INSTALLED)
