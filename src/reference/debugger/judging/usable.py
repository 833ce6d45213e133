"""What a debugger can be asked about: two functions of params and inputs, some time, a seed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import checks


def check_usable(loss: Any, backward: Any, inputs: Any, seconds: Any, seed: Any) -> None:
    """Refuse what is no function of the two arguments, no time and no seed.

    Raises
    ------
    TypeError, ValueError
        Says what it is and what it must be.
    """
    for name, function, gives in (
        ("loss", loss, "a function of params and inputs that returns one number"),
        ("backward", backward, "a function of params and inputs that returns gradients by name"),
    ):
        if not callable(function):
            checks.fail(name, f"type {type(function).__name__}", gives, "it is called",
                        error=TypeError)  # fmt: skip
        _takes_two(name, function, inputs)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        error = ValueError if isinstance(seconds, int | float) else TypeError
        checks.fail("seconds", f"the value {seconds!r}", "a number above 0", "it is the budget",
                    error=error)  # fmt: skip
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        checks.fail("seed", f"the value {seed!r}", "an integer from 0 on",
                    "random generators are made from it")  # fmt: skip


def _takes_two(name: str, function: Any, inputs: Any) -> None:
    """Refuse a function of other arguments than params and inputs."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of compiled code: calling it will tell
        return
    try:
        signature.bind(None, None)
    except TypeError:
        asked = list(signature.parameters)
        known = inputs if isinstance(inputs, Mapping) else {}
        of_inputs = [f'inputs["{one}"]' if one in known else "..." for one in asked[1:]]
        call = ", ".join(["params", *of_inputs][: len(asked)])
        checks.fail(
            name,
            f"the signature {signature}",
            "a function of two arguments, params and inputs",
            "it is called with these",
            hint=f"lambda params, inputs: {getattr(function, '__name__', name)}({call})",
            error=TypeError,
        )
