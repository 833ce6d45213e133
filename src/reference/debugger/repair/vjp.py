"""The contribution of one use, in the backward's own words: products with an adjoint at hand.

What an operation hands back to an operand is the adjoint of its result times the other operand,
entry by entry or summed up as in a product of matrices. Both are looked up by their values.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import contractions
from reference.debugger.repair.place import Place
from reference.debugger.repair.quotients import Products, known_here

_NEAR = 1e-7
_MOST = 24  # adjoints at hand
_SUMS = 1500
_MATRICES = 60  # of them, those that may have further factors

Text = tuple[str, float]


class Contributions:
    """What can be made of the adjoints at a place.

    Parameters
    ----------
    place : Place
    env : dict
        The variables there.
    is_adjoint : callable
        Whether an array is made of adjoints of the loss.
    """

    def __init__(
        self, place: Place, env: dict[str, Any], is_adjoint: Callable[[Array], bool]
    ) -> None:
        self._place, self._env = place, env
        self._arrays = contractions.arrays_at(place, env)
        self._is_adjoint = is_adjoint
        self._known: dict[tuple[int, ...], list[tuple[str, Array]]] = {}
        self._table: tuple[Array, Products] | None = None  # of a term
        self._summed: dict[tuple[int, ...], list[tuple[str, Array]]] = {}

    @cached_property
    def adjoints(self) -> list[tuple[str, Array]]:
        """The arrays at hand that are adjoints of the loss."""
        return [(t, v) for t, v in self._arrays if self._is_adjoint(v)][:_MOST]

    @cached_property
    def numbers(self) -> Array:
        """The entries of all adjoints at hand, in order."""
        flat = np.concatenate([np.zeros(1), *(np.ravel(value) for _, value in self.adjoints)])
        return np.sort(flat[flat != 0])

    def of(self, term: Array) -> Iterator[Text]:
        """Give texts whose value is a contribution, with their costs, the plain ones first."""
        found = False
        for text, value in self._of_shape(term.shape):
            if _agree(value, term):
                yield text, 0.2
                found = True
            elif _agree(-value, term):
                yield f"-{text}", 0.4
                found = True
        if found or not np.any(term):
            return
        sums = self._sums(term.shape)
        plain = [text for text, value in sums if _agree(value, term)]
        yield from ((text, 0.5) for text in plain)
        if plain:
            return
        for text, value in self._of_shape(term.shape):
            yield from self._times(text, value, term, 3)
        for text, value in sums[:_MATRICES]:
            yield from self._times(text, value, term, 1)

    def _times(self, text: str, value: Array, term: Array, most: int) -> Iterator[Text]:
        """Give a value times known ones, up to so many, that is a term."""
        known, nothing = self._known_of(term.shape), _nothing(term)
        factors: list[tuple[str, ...]] = [()]
        if np.any(nothing & ~_nothing(value)):  # a mask has to make it nothing
            masks = ((t, v) for t, v in known if np.any(v == 0) and np.all((v == 0) | (v == 1)))
            factors = [(t,) for t, v in masks if np.array_equal(_nothing(v * value), nothing)]
        there = ~nothing & ~_nothing(value)
        if not factors or not there.any():
            return
        quotient = np.divide(term, value, out=np.zeros(term.shape), where=there)
        if factors[0] and np.allclose(quotient[there], 1, rtol=_NEAR):
            yield from ((" * ".join([_factor(text), *mask]), 0.4) for mask in factors)
            return
        if self._table is None or self._table[0] is not term:
            self._table = term, Products(known, term)
        for texts in self._table[1].of(quotient, there, most):
            made = [_factor(text), *factors[0], *texts]
            yield " * ".join(made), 0.15 + 0.15 * len(made)

    def _of_shape(self, shape: tuple[int, ...]) -> list[tuple[str, Array]]:
        """Return the adjoints at hand that have a shape, or are broadcast to it."""
        found = []
        for text, value in self.adjoints:
            if value.shape == shape:
                found.append((text, value))
            elif value.shape == shape[::-1]:
                found.append((f"{text}.T", value.T))
            elif value.ndim < len(shape) and value.shape == shape[: value.ndim]:
                wide = value.reshape(value.shape + (1,) * (len(shape) - value.ndim))
                none = ", ".join([":"] * value.ndim + ["None"] * (len(shape) - value.ndim))
                found.append((f"{text}[{none}]", np.broadcast_to(wide, shape)))
            elif value.ndim < len(shape) and value.shape == shape[len(shape) - value.ndim :]:
                found.append((text, np.broadcast_to(value, shape)))
        return found

    def _known_of(self, shape: tuple[int, ...]) -> list[tuple[str, Array]]:
        if shape not in self._known:
            known = known_here(self._place, self._env, shape)
            self._known[shape] = known + list(self._masks(shape))
        return self._known[shape]

    def _masks(self, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        """Give the arrays of truths and integers, all zeros and ones, that fit a shape."""
        bits = [a for a in self._place.atoms if np.asarray(a.value).dtype.kind == "b"]
        for text in dict.fromkeys(atom.text for atom in (*bits, *self._place.masks())):
            value = self._place.value(text, self._env)
            if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biu":
                try:
                    wide = np.broadcast_to(value, shape).astype(float)
                except ValueError:
                    continue
                yield text, wide
                yield f"(1 - {text})", 1 - wide

    def _sums(self, shape: tuple[int, ...]) -> list[tuple[str, Array]]:
        """Return sums of products of an adjoint and another array that have a shape."""
        if shape not in self._summed:
            adjoints = {text for text, _ in self.adjoints}
            pairs = (
                (text, value)
                for b, y in self._arrays
                if b not in adjoints
                for a, x in self.adjoints
                for text, value in contractions.between(a, x, b, y, shape)
            )
            self._summed[shape] = list(itertools.islice(pairs, _SUMS))
        return self._summed[shape]


def _factor(text: str) -> str:
    """Return a product of matrices in brackets: it is one factor of several."""
    return f"({text})" if " " in text and not text.startswith(("np.", "(")) else text


def _nothing(value: Array) -> Array:
    return np.abs(value) <= 1e-10 * np.max(np.abs(value), initial=0.0)


def _agree(value: Array, target: Array) -> bool:
    size = float(np.max(np.abs(target), initial=0.0))
    return bool(np.allclose(value, target, rtol=_NEAR, atol=1e-9 * size))
