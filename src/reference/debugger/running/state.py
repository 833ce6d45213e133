"""`State`: what a run may leave changed in globals, closures and objects, and how it was."""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from reference.debugger.running.pieces import (
    GENERATORS,
    LISTS,
    PLAIN,
    TRIES,
    Binding,
    Content,
    Generator,
    Piece,
)
from reference.debugger.running.place import is_users
from reference.debugger.running.spaces import CODE, Attributes, Cell, Names, Space

_MOST = 20_000  # things that are looked at


@dataclass
class Root:
    """One thing that lives on between calls: a global, an attribute, a default value, ...

    Parameters
    ----------
    name : str
        As the user wrote it: ``hs``, ``h_prev`` of ``self.h_prev``, ``grads`` of ``grads={}``.
    kind : str
        "global", "attribute", "class attribute", "default value", "closure".
    owner : object
        The function of a default value or closure, the class of a class attribute, or the names
        of a module.
    """

    name: str
    kind: str
    owner: Any = None
    pieces: list[Piece] = field(default_factory=list, repr=False)

    def changed(self) -> bool:
        """Return whether it is another than it was."""
        return any(piece.changed() for piece in self.pieces)

    def put_back(self) -> None:
        """Make it what it was."""
        for piece in self.pieces:
            if piece.changed():
                piece.put_back()


class State:
    """A copy of the data that functions can reach between calls.

    Parameters
    ----------
    functions : iterable of functions and bound methods
        Their globals, closures, default values, classes and instances are looked at, and all that
        these hold. What belongs to installed packages is left alone.
    """

    def __init__(self, functions: Iterable[Any]) -> None:
        self.roots: list[Root] = []
        self._spaces: list[Space] = []
        self._functions: list[types.FunctionType] = []
        self._owners: list[tuple[str, Any]] = []  # of the spaces: kind and owner of a root
        self._seen: dict[int, Any] = {}  # by identity, and kept alive: an identity is used again
        self._random: Any = np.random.get_state()  # noqa: NPY002
        self._python_random = random.getstate()
        self._asked, self._draws = 0, False
        for function in functions:
            self._callable(function)
        self._pieces = [piece for root in self.roots for piece in root.pieces]

    # What there is.

    def _is_new(self, value: Any) -> bool:
        if id(value) in self._seen or len(self._seen) > _MOST:
            return False
        self._seen[id(value)] = value
        return True

    def _callable(self, function: Any) -> None:
        owner = getattr(function, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            self._object(owner)
        function = getattr(function, "__func__", function)
        if isinstance(function, types.FunctionType):
            self._function(function)
        elif not isinstance(function, type):
            self._object(function)

    def _function(self, function: types.FunctionType) -> None:
        if not self._is_new(function) or not is_users(function.__code__.co_filename):
            return
        self._functions.append(function)
        self._space(Names(function.__globals__), "global", function.__globals__)
        self._space(Names(function.__dict__), "attribute", function)
        names = function.__code__.co_varnames
        count = function.__code__.co_argcount
        defaults = function.__defaults__ or ()
        given = dict(zip(names[count - len(defaults) : count], defaults, strict=False))
        for name, value in {**given, **(function.__kwdefaults__ or {})}.items():
            self._value(Root(name, "default value", function), value)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=False
        ):
            self._space(Cell(cell, name), "closure", function)

    def _space(self, space: Space, kind: str, owner: Any) -> None:
        if not self._is_new(space.holder):
            return
        self._spaces.append(space)
        self._owners.append((kind, owner))
        for name in list(space.bound):
            self._value(Root(name, kind, owner), space.bound[name], Binding(space, name))
        for value in list(space.code.values()):
            if isinstance(value, types.FunctionType | types.MethodType):
                self._callable(value)
            elif isinstance(value, type) and _is_of_users(value.__module__):
                self._class(value)
            elif isinstance(value, types.ModuleType) and _is_of_users(value.__name__):
                self._space(Names(vars(value)), "global", vars(value))

    def _class(self, cls: type) -> None:
        for one in cls.__mro__:
            if _is_of_users(one.__module__):
                self._space(Attributes(one, list(vars(one))), "class attribute", one)

    def _object(self, value: Any) -> None:
        if _is_of_users(type(value).__module__) and not isinstance(value, Exception):
            self._class(type(value))
            if hasattr(value, "__dict__"):
                self._space(Names(vars(value)), "attribute", value)
            slots = [name for one in type(value).__mro__ for name in vars(one).get("__slots__", ())]
            if slots:
                self._space(Attributes(value, slots), "attribute", value)

    def _value(self, root: Root, value: Any, *pieces: Piece) -> None:
        root.pieces += pieces
        self._contents(root, value)
        if root.pieces:
            self.roots.append(root)

    def _contents(self, root: Root, value: Any) -> None:
        if isinstance(value, PLAIN):
            return
        if isinstance(value, tuple):
            for item in value[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, types.FunctionType | types.MethodType):
            self._callable(value)
        elif isinstance(value, CODE) or not self._is_new(value):
            return
        elif isinstance(value, np.ndarray):
            root.pieces.append(Content(value, value.copy(), np.size(value)))
        elif isinstance(value, LISTS):
            root.pieces.append(Content(value, list(value), len(value)))
            for item in list(value)[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, dict):
            root.pieces.append(Content(value, dict(value), len(value)))
            for item in list(value.values())[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, set | bytearray):
            root.pieces.append(Content(value, value.copy(), len(value)))
        elif isinstance(value, GENERATORS):
            root.pieces.append(Generator(value))
        elif isinstance(value, types.SimpleNamespace):
            self._space(Names(vars(value)), "attribute", value)
        else:
            self._seen.pop(id(value))
            self._object(value)

    def buffers(self) -> list[tuple[dict[str, Any], str]]:
        """Return the global names that hold arrays and containers, which a run may fill."""
        return [
            (space.holder, name)
            for space in self._spaces
            if "__name__" in space.bound or (space.is_module)
            for name, value in space.bound.items()
            if isinstance(value, np.ndarray | list | dict) and name in space.holder
        ][:30]

    @contextmanager
    def rebound(self, change: Callable[[Any], Any]) -> Iterator[bool]:
        """Within the block every name and default value is bound to ``change(value)``.

        Yields
        ------
        bool
            Whether any is another than before.
        """
        undo: list[Callable[[], None]] = []
        try:
            for space in self._spaces:
                for name, value in (*space.bound.items(), *space.code.items()):
                    other = change(value)
                    if other is not value:
                        undo.append(partial(space.set, name, value))
                        space.set(name, other)
            for function in self._functions:
                values, named = function.__defaults__ or (), function.__kwdefaults__ or {}
                others = tuple(map(change, values))
                if any(a is not b for a, b in zip(values, others, strict=True)):
                    undo.append(partial(setattr, function, "__defaults__", values))
                    function.__defaults__ = others
                others_named = {name: change(value) for name, value in named.items()}
                if any(others_named[name] is not named[name] for name in named):
                    undo.append(partial(setattr, function, "__kwdefaults__", named))
                    function.__kwdefaults__ = others_named
            yield bool(undo)
        finally:
            for back in reversed(undo):
                back()

    # And how it was.

    def restore(self) -> None:
        """Put everything back."""
        for space in self._spaces:
            space.put_back()
        for piece in self._pieces:
            if not isinstance(piece, Binding):
                piece.put_back()
        if self._asked < TRIES or self._draws:  # a program that draws none at first draws none
            self._asked += 1
            if self._global_has_drawn():
                self._draws = True
                np.random.set_state(self._random)  # noqa: NPY002
                random.setstate(self._python_random)

    def changed(self) -> list[Root]:
        """Return what is another than it was."""
        return [root for root in self.roots if root.changed()] + [
            Root(name, kind, owner, [Binding(space, name)])
            for space, (kind, owner) in zip(self._spaces, self._owners, strict=True)
            for name in space.added()
        ]

    def has_drawn(self) -> bool:
        """Return whether random numbers have been drawn, from any generator that is known."""
        return self._global_has_drawn() or any(
            isinstance(piece, Generator) and piece.changed() for piece in self._pieces
        )

    def _global_has_drawn(self) -> bool:
        now: Any = np.random.get_state()  # noqa: NPY002
        return (
            now[2] != self._random[2]
            or bool(now[1][0] != self._random[1][0])
            or random.getstate() != self._python_random
        )


def _is_of_users(module: str) -> bool:
    """Return whether a class of a module is the user's own."""
    if module == "__main__":
        return True
    if module.split(".")[0] in {*sys.stdlib_module_names, "numpy", "manual_lstm", "reference"}:
        return False
    return is_users(getattr(sys.modules.get(module), "__file__", None) or "")
