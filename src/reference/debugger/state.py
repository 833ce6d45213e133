"""`State`: what a run may leave changed in globals, closures and objects, and how it was."""

from __future__ import annotations

import collections
import random
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from reference.debugger.place import is_users

_PLAIN = (int, float, complex, str, bytes, bool, type(None), frozenset, range, np.generic)
_CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType,
         staticmethod, classmethod, property, type)  # fmt: skip
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
_LISTS = (list, collections.deque)
_MOST = 20_000  # things that are looked at
_LARGE = 50_000  # entries: what has so many and stays as it is, is not looked at for ever
_TRIES = 5
_GONE = object()


class _Piece(Protocol):
    def changed(self) -> bool: ...
    def put_back(self) -> None: ...
    def rebinds(self) -> bool: ...


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
    pieces: list[_Piece] = field(default_factory=list, repr=False)

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
        self._spaces: list[_Space] = []
        self._owners: list[tuple[str, Any]] = []  # of the spaces: kind and owner of a root
        self._seen: dict[int, Any] = {}  # by identity, and kept alive: an identity is used again
        self._random: Any = np.random.get_state()  # noqa: NPY002
        self._python_random = random.getstate()
        self._asked, self.draws = 0, False
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
        self._space(_Names(function.__globals__), "global", function.__globals__)
        self._space(_Names(function.__dict__), "attribute", function)
        names = function.__code__.co_varnames
        count = function.__code__.co_argcount
        defaults = function.__defaults__ or ()
        given = dict(zip(names[count - len(defaults) : count], defaults, strict=False))
        for name, value in {**given, **(function.__kwdefaults__ or {})}.items():
            self._value(Root(name, "default value", function), value)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=False
        ):
            self._space(_Cell(cell, name), "closure", function)

    def _space(self, space: _Space, kind: str, owner: Any) -> None:
        if not self._is_new(space.holder):
            return
        self._spaces.append(space)
        self._owners.append((kind, owner))
        for name in list(space.bound):
            self._value(Root(name, kind, owner), space.bound[name], _Binding(space, name))
        for value in list(space.code.values()):
            if isinstance(value, types.FunctionType | types.MethodType):
                self._callable(value)
            elif isinstance(value, type) and _is_of_users(value.__module__):
                self._class(value)
            elif isinstance(value, types.ModuleType) and _is_of_users(value.__name__):
                self._space(_Names(vars(value)), "global", vars(value))

    def _class(self, cls: type) -> None:
        for one in cls.__mro__:
            if _is_of_users(one.__module__):
                self._space(_Attributes(one, list(vars(one))), "class attribute", one)

    def _object(self, value: Any) -> None:
        if _is_of_users(type(value).__module__) and not isinstance(value, Exception):
            self._class(type(value))
            if hasattr(value, "__dict__"):
                self._space(_Names(vars(value)), "attribute", value)
            slots = [name for one in type(value).__mro__ for name in vars(one).get("__slots__", ())]
            if slots:
                self._space(_Attributes(value, slots), "attribute", value)

    def _value(self, root: Root, value: Any, *pieces: _Piece) -> None:
        root.pieces += pieces
        self._contents(root, value)
        if root.pieces:
            self.roots.append(root)

    def _contents(self, root: Root, value: Any) -> None:
        if isinstance(value, _PLAIN):
            return
        if isinstance(value, tuple):
            for item in value[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, types.FunctionType | types.MethodType):
            self._callable(value)
        elif isinstance(value, _CODE) or not self._is_new(value):
            return
        elif isinstance(value, np.ndarray):
            root.pieces.append(_Content(value, value.copy(), np.size(value)))
        elif isinstance(value, _LISTS):
            root.pieces.append(_Content(value, list(value), len(value)))
            for item in list(value)[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, dict):
            root.pieces.append(_Content(value, dict(value), len(value)))
            for item in list(value.values())[:_MOST]:
                self._contents(root, item)
        elif isinstance(value, set | bytearray):
            root.pieces.append(_Content(value, value.copy(), len(value)))
        elif isinstance(value, _GENERATORS):
            root.pieces.append(_Generator(self, value))
        elif isinstance(value, types.SimpleNamespace):
            self._space(_Names(vars(value)), "attribute", value)
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

    # And how it was.

    def restore(self) -> None:
        """Put everything back."""
        for space in self._spaces:
            space.put_back()
        for piece in self._pieces:
            if not isinstance(piece, _Binding):
                piece.put_back()
        if self._asked < _TRIES or self.draws:  # a program that draws none at first draws none
            self._asked += 1
            if self._global_has_drawn():
                self.draws = True
                np.random.set_state(self._random)  # noqa: NPY002
                random.setstate(self._python_random)

    def changed(self) -> list[Root]:
        """Return what is another than it was."""
        return [root for root in self.roots if root.changed()] + [
            Root(name, kind, owner, [_Binding(space, name)])
            for space, (kind, owner) in zip(self._spaces, self._owners, strict=True)
            for name in space.added()
        ]

    def has_drawn(self) -> bool:
        """Return whether random numbers have been drawn, from any generator that is known."""
        return self._global_has_drawn() or any(
            isinstance(piece, _Generator) and piece.changed() for piece in self._pieces
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


# Where names are bound: the names of a module, the attributes of an object or class, a closure.


class _Space:
    """Names that are bound; `bound` to data, `code` to functions, classes and modules."""

    is_module = False

    def __init__(self, holder: Any, names: Iterable[tuple[str, Any]]) -> None:
        self.holder = holder
        self.bound: dict[str, Any] = {}
        self.code: dict[str, Any] = {}
        for name, value in names:
            if not name.startswith("__"):
                (self.code if isinstance(value, _CODE) else self.bound)[name] = value

    def get(self, name: str) -> Any: ...
    def set(self, name: str, value: Any) -> None: ...
    def remove(self, name: str) -> None: ...

    def added(self) -> list[str]:
        """Return the names that were not there."""
        return []

    def put_back(self) -> None:
        """Bind every name to what it was bound to."""
        for name in self.added():
            self.remove(name)
        for name, value in self.bound.items():
            if self.get(name) is not value:
                self.set(name, value)


class _Names(_Space):
    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__(holder, list(holder.items()))
        self.is_module = "__name__" in holder
        self._all = dict(holder)

    def get(self, name: str) -> Any:
        return self.holder.get(name, _GONE)

    def set(self, name: str, value: Any) -> None:
        self.holder[name] = value

    def remove(self, name: str) -> None:
        self.holder.pop(name, None)

    def added(self) -> list[str]:
        if len(self.holder) == len(self._all):
            return []
        return [n for n in self.holder if n not in self._all and not n.startswith("__")]


class _Attributes(_Space):
    def __init__(self, holder: Any, names: list[str]) -> None:
        found = ((name, self._of(holder, name)) for name in names)
        super().__init__(holder, [(n, v) for n, v in found if v is not _GONE and _is_data(v)])
        self._slots = [] if isinstance(holder, type) else names
        self._all = set(vars(holder)) if isinstance(holder, type) else set(self.bound)

    @staticmethod
    def _of(holder: Any, name: str) -> Any:
        if isinstance(holder, type):
            return vars(holder).get(name, _GONE)
        return getattr(holder, name, _GONE)

    def get(self, name: str) -> Any:
        return self._of(self.holder, name)

    def set(self, name: str, value: Any) -> None:
        setattr(self.holder, name, value)

    def remove(self, name: str) -> None:
        delattr(self.holder, name)

    def added(self) -> list[str]:
        if not isinstance(self.holder, type):
            return [n for n in self._slots if n not in self._all and self.get(n) is not _GONE]
        if len(vars(self.holder)) == len(self._all):
            return []
        return [n for n in vars(self.holder) if n not in self._all and not n.startswith("__")]


class _Cell(_Space):
    def __init__(self, holder: Any, name: str) -> None:
        value = _content_of(holder)
        super().__init__(holder, [] if value is _GONE else [(name, value)])

    def get(self, name: str) -> Any:
        return _content_of(self.holder)

    def set(self, name: str, value: Any) -> None:
        self.holder.cell_contents = value


def _content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return _GONE


def _is_data(value: Any) -> bool:
    """Return whether an attribute of a class is data, not a method, slot or descriptor."""
    return isinstance(value, types.FunctionType) or not hasattr(type(value), "__get__")


# What is looked at: a name, the contents of a container, a random generator.


@dataclass
class _Binding:
    space: _Space
    name: str

    def changed(self) -> bool:
        now, before = self.space.get(self.name), self.space.bound.get(self.name, _GONE)
        return now is not before and not (isinstance(now, _PLAIN) and now == before)

    def rebinds(self) -> bool:
        return self.changed()

    def put_back(self) -> None:
        if self.name in self.space.bound:
            self.space.set(self.name, self.space.bound[self.name])
        else:
            self.space.remove(self.name)


@dataclass
class _Content:
    value: Any
    before: Any
    size: int
    asked: int = 0

    def changed(self) -> bool:
        if isinstance(self.value, np.ndarray):
            value, before = self.value, self.before
            return value.shape != before.shape or value.tobytes() != before.tobytes()
        if len(self.value) != len(self.before):
            return True
        if isinstance(self.value, dict):
            return any(self.value.get(key, _GONE) is not old for key, old in self.before.items())
        if isinstance(self.value, _LISTS):
            return any(a is not b for a, b in zip(self.value, self.before, strict=True))
        return bool(self.value != self.before)

    def rebinds(self) -> bool:
        return False

    def put_back(self) -> None:
        if self.size > _LARGE:
            if self.asked >= _TRIES:
                return
            self.asked = 0 if self.changed() else self.asked + 1
        value, before = self.value, self.before
        if isinstance(value, np.ndarray):
            if value.flags.writeable and value.shape == before.shape:
                value[...] = before
        elif isinstance(value, list | bytearray):
            value[:] = before
        else:
            value.clear()
            if isinstance(value, collections.deque):
                value.extend(before)
            else:
                value.update(before)


class _Generator:
    def __init__(self, state: State, generator: Any) -> None:
        self._state = state
        self._get, self._set = _position(generator)
        self._before = self._get()
        self._asked = 0

    def changed(self) -> bool:
        return str(self._get()) != str(self._before)

    def rebinds(self) -> bool:
        return False

    def put_back(self) -> None:
        if self._asked >= _TRIES and not self._state.draws:
            return
        self._asked += 1
        if self.changed():
            self._state.draws = True
            self._set(self._before)


def _position(generator: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """Return how to read where a random generator stands, and how to set it."""
    if isinstance(generator, np.random.Generator):
        bits = generator.bit_generator
        return lambda: bits.state, lambda state: setattr(bits, "state", state)
    if isinstance(generator, np.random.RandomState):
        return generator.get_state, generator.set_state
    return generator.getstate, generator.setstate
