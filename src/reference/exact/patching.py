"""`exact_numpy`: for the run of a block, NumPy and math take elements where they made floats."""

from __future__ import annotations

import functools
import importlib.machinery
import inspect
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import manual_lstm
from reference.exact.lifting import Lifting
from reference.exact.passing_float import Float
from reference.exact.substitutes import substitutes

Function = Callable[..., Any]

_ABSENT = object()
_COMPILED = importlib.machinery.ExtensionFileLoader
_lock = threading.RLock()


@contextmanager
def exact_numpy(*functions: Any) -> Iterator[None]:
    """Let the float code of `functions` run on arrays of elements within the block.

    NumPy's makers of float arrays (``zeros``, ``array``, ``eye``, ...) make arrays of elements,
    math's functions take elements, and in the modules of `functions` the name ``float`` lets them
    pass. Everything is put back at the end, also after an exception. Other threads keep the
    original functions; only one thread is in such a block at a time.

    Parameters
    ----------
    *functions : functions, methods, classes or instances
        The code that is to run. Modules outside the Python installation that it names are
        included.

    Examples
    --------
    >>> import numpy as np
    >>> with exact_numpy():
    ...     np.zeros(2).dtype, np.zeros(2, int).dtype
    (dtype('O'), dtype('int64'))
    >>> np.zeros(2).dtype
    dtype('float64')
    """
    with _lock:
        own = namespaces(*functions)
        replaced = substitutes()
        by_original = {id(original): substitute for original, substitute in replaced.values()}
        changes: list[tuple[dict[str, Any], str, Any]] = [
            (vars(sys.modules[module]), name, for_this_thread(original, substitute))
            for (module, name), (original, substitute) in replaced.items()
        ]
        changes += [  # names of `from numpy import zeros`, whatever they are called there
            (space, known, by_original[id(value)])
            for space in own
            for known, value in space.items()
            if id(value) in by_original
        ]
        changes += [(space, "float", Float) for space in own]
        changes += for_compiled()
        before = [(namespace, name, namespace.get(name, _ABSENT)) for namespace, name, _ in changes]
        try:
            for namespace, name, new in changes:
                namespace[name] = new
            yield
        finally:
            for namespace, name, old in before:
                if old is _ABSENT:
                    del namespace[name]
                else:
                    namespace[name] = old


def namespaces(*functions: Any) -> list[dict[str, Any]]:
    """Return the global names of `functions` and of the user's own code that these reach."""
    found: dict[int, dict[str, Any]] = {}
    waiting = [space for function in functions if (space := _globals_of(function)) is not None]
    given = {id(space) for space in waiting if not _lies_in(space, _OURS)}
    while waiting:
        space = waiting.pop()
        if id(space) in found or not (id(space) in given or _is_users_own(space)):
            continue
        found[id(space)] = space
        reached = (_globals_of(value) for value in list(space.values()))
        waiting += [other for other in reached if other is not None and id(other) not in found]
    return list(found.values())


def _globals_of(value: Any) -> dict[str, Any] | None:
    if isinstance(value, ModuleType):
        return vars(value)
    if isinstance(value, functools.partial):
        return _globals_of(value.func)
    if inspect.isroutine(value):
        value = inspect.unwrap(value)
        return getattr(getattr(value, "__func__", value), "__globals__", None)
    cls = value if isinstance(value, type) else type(value)
    module = sys.modules.get(cls.__module__)
    for method in vars(cls).values():  # a class may come from a module that was only executed
        if inspect.isfunction(method):
            return method.__globals__
    return None if module is None else vars(module)


def for_compiled() -> list[tuple[dict[str, Any], str, Any]]:
    """Return what keeps compiled modules at the original NumPy: (global names, name, NumPy).

    Generators, for one, write floats into what they get from ``np.empty``, unchecked. So do
    views by strides: the strides are those of the array before it is made one of objects.
    """
    numpy = sys.modules["numpy"]
    return [
        (vars(module), name, _ORIGINAL)
        for module in list(sys.modules.values())
        if isinstance(getattr(getattr(module, "__spec__", None), "loader", None), _COMPILED)
        or getattr(module, "__name__", None) == "numpy.lib._stride_tricks_impl"
        for name, value in list(vars(module).items())
        if value is numpy
    ]


def _copied(module: ModuleType) -> ModuleType:
    made = ModuleType(module.__name__)
    vars(made).update(vars(module))
    return made


def _is_users_own(space: dict[str, Any]) -> bool:
    return (space.get("__name__") or "").split(".")[0] not in _SHIPPED and not _lies_in(
        space, _INSTALLED + _OURS
    )


def _lies_in(space: dict[str, Any], directories: tuple[str, ...]) -> bool:
    return (space.get("__file__") or "").startswith(directories)


_SHIPPED = {*sys.stdlib_module_names, "numpy"} - {"__main__"}
_INSTALLED = tuple(sysconfig.get_path(kind) + os.sep for kind in ("purelib", "platlib", "stdlib"))
_ORIGINAL = _copied(sys.modules["numpy"])
_OURS = tuple(str(path) + os.sep for path in (*manual_lstm.__path__, Path(__file__).parents[1]))


def for_this_thread(original: Function, substitute: Function) -> Function:
    """Return the substitute for this thread, and the original for all others."""
    if isinstance(substitute, Lifting):  # the original for all that are no exact numbers
        return substitute
    owner = threading.get_ident()

    def call(*args: Any, **options: Any) -> Any:
        function = substitute if threading.get_ident() == owner else original
        return function(*args, **options)

    return call
