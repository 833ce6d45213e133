"""What a mutant is asked to compute: gradients by the copy of the package, with the mistake in it.

A task runs on floats, to be compared with JAX, and on exact elements, to be proved. The mistake
is there during the backward only, so that the forward stays the one that was solved.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from manual_lstm.checks import Array
from manual_lstm.trees import leaves, named_leaves, tree_map

Plant = Callable[[], AbstractContextManager[None]]
Named = dict[str, Array]


class Task(Protocol):
    """A differentiable function at a point.

    ``primals`` are the arrays whose gradients are asked for, ``cotangents`` those that weigh the
    outputs; both by name.
    """

    @property
    def primals(self) -> Named: ...

    @property
    def cotangents(self) -> Named: ...

    def at(self, named: Named) -> Self:
        """Return the task with these primals and cotangents."""
        ...

    def values(self) -> Named:
        """Run forward; return the outputs."""
        ...

    def loss(self) -> Any:
        """Run forward; return the scalar whose gradients are asked for."""
        ...

    def gradients(self, plant: Plant) -> tuple[Named, Named]:
        """Run forward, and backward twice within `plant`: a tape may be used again."""
        ...


def product(values: Any, cotangents: Any) -> Any:
    """Return the inner product of two trees."""
    pairs = zip(leaves(values), leaves(cotangents), strict=True)
    return sum((value * dvalue).sum() for value, dvalue in pairs)


def filled(template: Any, named: Named) -> Any:
    """Return the tree like `template` with the arrays of `named`, which has its names."""
    arrays = iter([named[name] for name in named_leaves(template)])
    return tree_map(lambda _: next(arrays), template)
