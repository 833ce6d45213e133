"""What every built-in cell has besides its mathematics: sizes, first weights and zero states.

A cell states the shapes of its parameters and of its state in letters. Everything here follows
from that statement, so that the file of a cell holds its equations and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks
from manual_lstm.checks import Array
from manual_lstm.shapes import SymbolicShape, evaluate

Params = TypeVar("Params", bound=tuple[Any, ...])
State = TypeVar("State", bound=tuple[Any, ...])


@dataclass(frozen=True)
class Description(Generic[Params, State]):
    """Describe a recurrent cell; it holds no weights.

    A cell inherits this, is a frozen dataclass itself, states `param_shapes` and `state_shapes`,
    and adds `step` and `step_backward`.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.

    Attributes
    ----------
    gates : str
        One letter for each block of columns of the stacked weights, in their order.
    bias_starts : mapping of str to float
        The first bias of a gate, by its letter; 0 where it is not told.
    state_shapes : NamedTuple
        The shapes of the state, in letters.
    """

    input_size: int
    hidden_size: int

    gates: ClassVar[str] = ""
    bias_starts: ClassVar[Mapping[str, float]] = {}
    state_shapes: ClassVar[Any]

    def __post_init__(self) -> None:
        checks.positive_int("input_size", self.input_size)
        checks.positive_int("hidden_size", self.hidden_size)

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes."""
        return {"D": int(self.input_size), "H": int(self.hidden_size)}

    @property
    def param_shapes(self) -> Params:
        """The shapes of the parameters, in letters; None for one that is switched off."""
        raise NotImplementedError

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Params:
        """Draw weights uniformly within ±1/√H; biases are 0, except for `bias_starts`.

        Parameters
        ----------
        rng : numpy.random.Generator
        dtype : dtype, default float64

        Returns
        -------
        NamedTuple of ndarray
            Of the shapes `param_shapes`. A parameter is a bias if its name begins with ``b``, a
            gain, which starts at 1, if it begins with ``gain``, and a weight otherwise.
        """
        checks.is_generator("rng", rng)
        checks.is_float_dtype("dtype", dtype)
        shapes: Any = self.param_shapes
        drawn = (
            None if shape is None else self._first(name, shape, rng).astype(dtype)
            for name, shape in zip(shapes._fields, shapes, strict=True)
        )
        return type(shapes)(*drawn)

    def _first(self, name: str, shape: SymbolicShape, rng: np.random.Generator) -> Array:
        """Return the first value of one parameter, in float64."""
        numbers = evaluate(shape, self.sizes)
        if name.startswith("gain"):
            return np.ones(numbers)
        if not name.startswith("b"):
            return rng.uniform(-1, 1, numbers) / self.sizes["H"] ** 0.5
        bias = np.zeros(numbers)
        if shape == (f"{len(self.gates)}H",):
            for block, gate in zip(np.split(bias, len(self.gates)), self.gates, strict=True):
                block[:] = self.bias_starts.get(gate, 0.0)
        return bias

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> State:
        """Return the state before the first step: zeros of the shapes `state_shapes`."""
        sizes = {**self.sizes, "B": checks.batch_size("batch_size", batch_size)}
        shapes: Any = self.state_shapes
        return type(shapes)(*(np.zeros(evaluate(shape, sizes), dtype) for shape in shapes))
