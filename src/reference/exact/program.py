"""`Program`: somebody's loss and backward, run on floats and on elements."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.exact.arrays import constants, random_elements
from reference.exact.formal import Formal
from reference.exact.patching import exact_numpy


@dataclass(frozen=True)
class Program:
    """Two functions and the arguments to run them on, which stay as they are.

    Parameters
    ----------
    loss, backward : callable
        Of (params, inputs).
    params, inputs : dict of str to ndarray
    code : tuple
        Further code that runs; see `exact_numpy`.
    held : callable, optional
        Gives a context in which arrays that live on between calls can hold elements.
    """

    loss: Callable[[Any, Any], Any]
    backward: Callable[[Any, Any], Mapping[str, Any]]
    params: dict[str, Any]
    inputs: dict[str, Any]
    code: tuple[Any, ...] = ()
    held: Callable[[], AbstractContextManager[Any]] = nullcontext

    def primal(self, name: str) -> Any:
        """Return the parameter or input of that name, or None."""
        return self.params[name] if name in self.params else self.inputs.get(name)

    @property
    def float_names(self) -> list[str]:
        """The names of the arguments that are floats."""
        return [name for name in (*self.params, *self.inputs) if is_float(self.primal(name))]

    def on_floats(self, function: Callable[[Any, Any], Any]) -> Any:
        """Call `function` on copies of the arguments."""
        with np.errstate(all="ignore"):
            return function(*copy.deepcopy((self.params, self.inputs)))

    def on_elements(self, function: Callable[[Any, Any], Any], primals: Mapping[str, Array]) -> Any:
        """Call `function` on copies of `primals`, and of the arguments where they have none."""
        own = {name: copy.copy(self.primal(name)) for name in (*self.params, *self.inputs)}
        for name, primal in primals.items():
            own[name] = primal.copy() if isinstance(own[name], np.ndarray) else primal.item()
        params = {name: own[name] for name in self.params}
        inputs = {name: own[name] for name in self.inputs}
        with self.held(), exact_numpy(self.loss, self.backward, *self.code):
            return function(params, inputs)

    def primals(self, free: set[str], memory: Formal) -> dict[str, Array]:
        """Return every float argument as elements: random ones for the names in `free`."""
        return {
            name: random_elements(array, memory) if name in free else constants(array)
            for name in self.float_names
            for array in (np.asarray(self.primal(name)),)
        }


def is_float(value: Any) -> bool:
    """Return whether `value` is a float or an array of floats, and so can have a gradient."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )
