"""Where names are bound: the names of a module, the attributes of an object or class, a closure."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

GONE = object()
CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType,
        staticmethod, classmethod, property, type)  # fmt: skip


class Space:
    """Names that are bound; `bound` to data, `code` to functions, classes and modules."""

    is_module = False

    def __init__(self, holder: Any, names: Iterable[tuple[str, Any]]) -> None:
        self.holder = holder
        self.bound: dict[str, Any] = {}
        self.code: dict[str, Any] = {}
        for name, value in names:
            if not name.startswith("__"):
                (self.code if isinstance(value, CODE) else self.bound)[name] = value

    def get(self, name: str) -> Any:
        """Return what a name is bound to."""
        raise NotImplementedError

    def set(self, name: str, value: Any) -> None:
        """Bind a name."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Unbind a name."""
        raise NotImplementedError

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


class Names(Space):
    """The names of a module, or the attributes of an object with a dict."""

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__(holder, list(holder.items()))
        self.is_module = "__name__" in holder
        self._all = dict(holder)

    def get(self, name: str) -> Any:
        """Return what a name is bound to."""
        return self.holder.get(name, GONE)

    def set(self, name: str, value: Any) -> None:
        """Bind a name."""
        self.holder[name] = value

    def remove(self, name: str) -> None:
        """Unbind a name."""
        self.holder.pop(name, None)

    def added(self) -> list[str]:
        """Return the names that were not there."""
        if len(self.holder) == len(self._all):
            return []
        return [n for n in self.holder if n not in self._all and not n.startswith("__")]


class Attributes(Space):
    """The attributes of a class, or of an object with slots."""

    def __init__(self, holder: Any, names: list[str]) -> None:
        found = ((name, self._of(holder, name)) for name in names)
        super().__init__(holder, [(n, v) for n, v in found if v is not GONE and _is_data(v)])
        self._slots = [] if isinstance(holder, type) else names
        self._all = set(vars(holder)) if isinstance(holder, type) else set(self.bound)

    @staticmethod
    def _of(holder: Any, name: str) -> Any:
        if isinstance(holder, type):
            return vars(holder).get(name, GONE)
        return getattr(holder, name, GONE)

    def get(self, name: str) -> Any:
        """Return what a name is bound to."""
        return self._of(self.holder, name)

    def set(self, name: str, value: Any) -> None:
        """Bind a name."""
        setattr(self.holder, name, value)

    def remove(self, name: str) -> None:
        """Unbind a name."""
        delattr(self.holder, name)

    def added(self) -> list[str]:
        """Return the names that were not there."""
        if not isinstance(self.holder, type):
            return [n for n in self._slots if n not in self._all and self.get(n) is not GONE]
        if len(vars(self.holder)) == len(self._all):
            return []
        return [n for n in vars(self.holder) if n not in self._all and not n.startswith("__")]


class Cell(Space):
    """A variable of a closure."""

    def __init__(self, holder: Any, name: str) -> None:
        value = _content_of(holder)
        super().__init__(holder, [] if value is GONE else [(name, value)])

    def get(self, name: str) -> Any:
        """Return what a name is bound to."""
        return _content_of(self.holder)

    def set(self, name: str, value: Any) -> None:
        """Bind a name."""
        self.holder.cell_contents = value


def _content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return GONE


def _is_data(value: Any) -> bool:
    """Return whether an attribute of a class is data, not a method, slot or descriptor."""
    return isinstance(value, types.FunctionType) or not hasattr(type(value), "__get__")
