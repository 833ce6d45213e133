"""What may be another after a call: a name, the contents of a container, a random generator."""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from reference.debugger.running.spaces import GONE, Space

PLAIN = (int, float, complex, str, bytes, bool, type(None), frozenset, range, np.generic)
LISTS = (list, collections.deque)
GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)
TRIES = 5
_LARGE = 50_000  # entries: what has so many and stays as it is, is not looked at for ever


class Piece(Protocol):
    """Something that a call may leave changed."""

    def changed(self) -> bool:
        """Return whether it is another than it was."""
        ...

    def put_back(self) -> None:
        """Make it what it was."""
        ...

    def rebinds(self) -> bool:
        """Return whether it is a name that is bound to another value."""
        ...


@dataclass
class Binding:
    """What a name is bound to."""

    space: Space
    name: str

    def changed(self) -> bool:
        """Return whether it is another than it was."""
        now, before = self.space.get(self.name), self.space.bound.get(self.name, GONE)
        return now is not before and not (isinstance(now, PLAIN) and now == before)

    def rebinds(self) -> bool:
        """Return whether it is a name that is bound to another value."""
        return self.changed()

    def put_back(self) -> None:
        """Make it what it was."""
        if self.name in self.space.bound:
            self.space.set(self.name, self.space.bound[self.name])
        else:
            self.space.remove(self.name)


@dataclass
class Content:
    """What an array or a container holds."""

    value: Any
    before: Any
    size: int
    asked: int = 0

    def changed(self) -> bool:
        """Return whether it is another than it was."""
        if isinstance(self.value, np.ndarray):
            value, before = self.value, self.before
            return value.shape != before.shape or value.tobytes() != before.tobytes()
        if len(self.value) != len(self.before):
            return True
        if isinstance(self.value, dict):
            return any(self.value.get(key, GONE) is not old for key, old in self.before.items())
        if isinstance(self.value, LISTS):
            return any(a is not b for a, b in zip(self.value, self.before, strict=True))
        return bool(self.value != self.before)

    def rebinds(self) -> bool:
        """Return whether it is a name that is bound to another value."""
        return False

    def put_back(self) -> None:
        """Make it what it was."""
        if self.size > _LARGE:
            if self.asked >= TRIES:
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


class Generator:
    """Where a random generator stands."""

    def __init__(self, generator: Any) -> None:
        self._get, self._set = _position(generator)
        self._before = self._get()
        self._asked, self._draws = 0, False

    def changed(self) -> bool:
        """Return whether it is another than it was."""
        return str(self._get()) != str(self._before)

    def rebinds(self) -> bool:
        """Return whether it is a name that is bound to another value."""
        return False

    def put_back(self) -> None:
        """Make it what it was."""
        if self._asked >= TRIES and not self._draws:
            return  # what draws nothing at first draws nothing
        self._asked += 1
        if self.changed():
            self._draws = True
            self._set(self._before)


def _position(generator: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """Return how to read where a random generator stands, and how to set it."""
    if isinstance(generator, np.random.Generator):
        bits = generator.bit_generator
        return lambda: bits.state, lambda state: setattr(bits, "state", state)
    if isinstance(generator, np.random.RandomState):
        return generator.get_state, generator.set_state
    return generator.getstate, generator.setstate
