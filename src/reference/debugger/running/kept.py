"""What is worked out once and kept for as long as one question is being answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_FORGETTING: list[Callable[[], None]] = []


def kept(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that keeps the latest results of a function, until `forget` is called.

    Parameters
    ----------
    most : int
        How many results are kept.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        keeping = lru_cache(maxsize=most)(function)
        _FORGETTING.append(keeping.cache_clear)
        return cast("Callable[P, R]", keeping)

    return decorate


def forget() -> None:
    """Forget all that is kept: syntax trees by the thousand would slow down the user's own run.

    Examples
    --------
    >>> @kept(2)
    ... def asked(name):
    ...     print("asked for", name)
    >>> asked("dh"), asked("dh")
    asked for dh
    (None, None)
    >>> forget()
    >>> asked("dh")
    asked for dh
    """
    for each in _FORGETTING:
        each()
