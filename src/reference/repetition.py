"""A script that repeats a failure: the smallest example found that still fails, to be pasted."""

from __future__ import annotations

import copy
import inspect
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Inputs = tuple[Mapping[str, Any], Mapping[str, Any]]

_MOST_NUMBERS = 240  # more than that nobody pastes
_EXAMPLES = 60
_STEP = 1e-5
_CLEARLY = 1e-4  # of what is compared: far beyond the error of a difference with that step


def repetition(
    loss: Callable[..., Any],
    backward: Callable[..., Any],
    given: Inputs,
    wrong: Iterable[str],
    example: Callable[[np.random.Generator], Inputs] | None = None,
    seconds: float = 2.0,
) -> str:
    """Return a script that asks `reference.debug` again, about a small example.

    Parameters
    ----------
    loss, backward, given, example
        As for `reference.debug`; `given` is ``(params, inputs)``, never changed.
    wrong : iterable of str
        The gradients that are wrong. An example is taken only if each of them is wrong there.
    seconds : float
        For looking for a small example.

    Notes
    -----
    Of the examples drawn the smallest is taken, and of its numbers as few decimals as still
    disagree with the difference of two losses in a random direction.
    """
    wrong, deadline = tuple(wrong), time.monotonic() + seconds
    if not all(isinstance(group, Mapping) for group in given):  # nothing is known of its parts
        return _script(loss, backward, None, example, None if example is None else 0)

    def fails(candidate: Inputs) -> bool:
        return time.monotonic() < deadline and _disagree(loss, backward, candidate, wrong)

    smallest, seed = given, None
    for number in range(_EXAMPLES if example is not None and wrong else 0):
        assert example is not None
        candidate = _drawn(example, number)
        if candidate and _numbers(candidate) < _numbers(smallest) and fails(candidate):
            smallest, seed = candidate, number
    for decimals in (1, 2, 3) if wrong else ():
        rounded = _rounded(smallest, decimals)
        if fails(rounded):
            smallest, seed = rounded, None
            break
    return _script(loss, backward, smallest, example, seed)


def _disagree(loss: Any, backward: Any, inputs: Inputs, wrong: tuple[str, ...]) -> bool:
    """Ask whether each wrong gradient differs from the difference of two losses."""
    rng = np.random.default_rng(0)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            gradients = backward(*copy.deepcopy(inputs))
            returned = [name for name in wrong if name in gradients]
            return bool(returned) and all(
                _off(loss, inputs, name, np.asarray(gradients[name]), rng) for name in returned
            )
    except Exception:  # somebody's code at sizes it may not know: then this is no example
        return False


def _off(loss: Any, inputs: Inputs, name: str, gradient: Any, rng: np.random.Generator) -> bool:
    group = 0 if name in inputs[0] else 1
    direction = rng.standard_normal(np.shape(inputs[group][name]))

    def moved(step: float) -> float:
        mine = copy.deepcopy(inputs)
        replaced = {**mine[group], name: mine[group][name] + step * direction}
        return float(loss(replaced, mine[1]) if group == 0 else loss(mine[0], replaced))

    difference = (moved(_STEP) - moved(-_STEP)) / (2 * _STEP)
    answer = float((gradient * direction).sum())
    return abs(difference - answer) > _CLEARLY * max(abs(difference), abs(answer), 1e-3)


def _drawn(example: Callable[..., Inputs], seed: int) -> Inputs | None:
    try:
        params, inputs = example(np.random.default_rng(seed))
    except Exception:  # as above
        return None
    return params, inputs


def _numbers(inputs: Inputs) -> int:
    return sum(_count(value) for group in inputs for value in group.values())


def _count(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return sum(map(_count, value)) if isinstance(value, list | tuple) else int(np.size(value))


def _rounded(inputs: Inputs, decimals: int) -> Inputs:
    def of(value: Any) -> Any:
        floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        return np.round(value, decimals) + 0.0 if floats else value

    params, others = ({name: of(value) for name, value in group.items()} for group in inputs)
    return params, others


def _script(loss: Any, backward: Any, inputs: Inputs | None, example: Any, seed: int | None) -> str:
    functions = [loss, backward]
    owners = _owners(functions)
    if owners and not all(owner.found for owner in owners.values()):
        values = ["params, inputs = ...  # as in the test"]
    elif inputs is not None and _numbers(inputs) <= _MOST_NUMBERS:
        values = [_assigned("params", inputs[0]), _assigned("inputs", inputs[1])]
    elif seed is not None:
        functions.append(example)
        values = [f"params, inputs = {example.__name__}(np.random.default_rng({seed}))"]
    else:
        many = ": too many numbers to print" if inputs is not None else ""
        values = [f"params, inputs = ...  # as in the test{many}"]
    folders, imports, sources = _origins(functions, owners)
    named = ", ".join(_called(function, owners) for function in (loss, backward))
    lines = [
        *(["import sys", ""] if folders else []),
        "import numpy as np",
        "",
        *(f"sys.path.insert(0, {folder!r})" for folder in folders),
        *imports,
        "from reference import debug",
        "",
        *sources,
        *values,
        f"print(debug({named}, params, inputs))",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Owner:
    """The object that methods are bound to: its name, and the module that has it, if any does."""

    name: str
    module: ModuleType | None
    cls: type

    @property
    def found(self) -> bool:
        return self.module is not None


def _owners(functions: list[Any]) -> dict[int, _Owner]:
    """Return the objects whose methods some functions are, by their ids."""
    found: dict[int, _Owner] = {}
    for function in functions:
        owner = getattr(function, "__self__", None)
        if owner is None or isinstance(owner, ModuleType) or id(owner) in found:
            continue
        held = next(
            ((name, module) for module in list(sys.modules.values())
             if isinstance(getattr(module, "__file__", None), str)
             for name, value in list(vars(module).items())
             if value is owner and name.isidentifier() and not name.startswith("_")),
            (type(owner).__name__.lower(), None),
        )  # fmt: skip
        found[id(owner)] = _Owner(*held, type(owner))
    return found


def _called(function: Any, owners: Mapping[int, _Owner]) -> str:
    """Return how a script calls a function."""
    name = getattr(function, "__name__", "...")
    owner = owners.get(id(getattr(function, "__self__", None)))
    return f"{owner.name}.{name}" if owner else name


def _origins(
    functions: list[Any], owners: Mapping[int, _Owner]
) -> tuple[list[str], list[str], list[str]]:
    """Return folders to import from, import lines, and the text of what cannot be imported."""
    folders: dict[str, None] = {}
    imports: dict[str, list[str]] = {}
    sources: list[str] = []
    for owner in owners.values():
        if owner.module is not None:
            folder, module = _place(str(owner.module.__file__), owner.module.__name__)
            folders[folder] = None
            imports.setdefault(module, []).append(owner.name)
            continue
        cls = owner.cls.__qualname__
        sources.append(f"{owner.name} = ...  # the {cls} of the test, of {owner.cls.__module__}\n")
    for function in functions:
        if id(getattr(function, "__self__", None)) in owners:
            continue
        name = getattr(function, "__qualname__", "")
        code = getattr(function, "__code__", None)
        if code is None or not name.isidentifier():
            sources.append(_text(function))
            continue
        folder, module = _place(code.co_filename, function.__module__)
        folders[folder] = None
        imports.setdefault(module, []).append(name)
    lines = [f"from {module} import {', '.join(names)}" for module, names in imports.items()]
    return list(folders), lines, sources


def _place(path: str, module: str) -> tuple[str, str]:
    """Return the folder to import a module from, and the name to import it by."""
    file, parts = Path(path), module.split(".")
    if file.stem == "__init__":
        file = file.parent
    if file.with_suffix("").parts[-len(parts) :] != tuple(parts):  # as with importlib mode
        parts = [file.stem]
    return str(file.parents[len(parts) - 1]), ".".join(parts)


def _text(function: Any) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return f"# {function!r} has to be imported here\n"
    return f"# made inside a function; what it takes from there has to be added\n{text}\n"


def _assigned(name: str, group: Mapping[str, Any]) -> str:
    entries = [f"    {key!r}: {_literal(value)}," for key, value in group.items()]
    return "\n".join([f"{name} = {{", *entries, "}"])


def _literal(value: Any) -> str:
    """Return a value as it is written in a script.

    Examples
    --------
    >>> _literal([np.zeros(2), (1, np.float64(0.5))])
    '[np.array([0., 0.]), (1, 0.5)]'
    """
    if type(value) is list:
        return f"[{', '.join(map(_literal, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{key!r}: {_literal(one)}' for key, one in value.items())}}}"
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, np.ndarray):
        return repr(value)
    dtype = "" if value.dtype in (np.float64, np.int64) else f", dtype=np.{value.dtype}"
    if value.size == 0:
        return f"np.zeros({value.shape}{dtype})"
    with np.printoptions(threshold=value.size + 1, floatmode="unique", linewidth=88):
        numbers = np.array2string(value, separator=", ", prefix=" " * 8)
    numbers = numbers.replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({numbers}{dtype})"
