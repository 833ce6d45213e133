"""Which values of a backward are adjoints of the loss, and which an edit makes so or spoils."""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.program import as_float_array
from reference.debugger.running.recording import Execution, Recording
from reference.debugger.running.source import Source
from reference.debugger.values.adjoints import Adjoints, among

MAKES, COMPLETES, KEEPS, UNKNOWN, SPOILS = "makes", "completes", "keeps", "unknown", "spoils"


@dataclass
class Agreement:
    """The recorded values of a backward, compared with the adjoints of its loss.

    Parameters
    ----------
    adjoints : Adjoints
    recording : Recording
    sources : mapping of str to Source
        The texts that were recorded, by file.
    """

    adjoints: Adjoints
    recording: Recording
    sources: Mapping[str, Source]
    _compiled: dict[int, list[types.CodeType]] = field(default_factory=dict)

    @cached_property
    def at_sites(self) -> dict[int, list[bool | None]]:
        """Whether each site's values are adjoints; None where a value says nothing."""
        return {k: self._of_site(k, seen) for k, seen in self.recording.executions.items()}

    def _of_site(self, k: int, seen: list[Execution]) -> list[bool | None]:
        right = [self.of(self.signed(k, execution.value)) for execution in seen]
        if False in right and True not in right and self._codes(k):
            read = (value for e in seen for value in self._read(k, e.env))
            if all(self.of(value) is None for value in read):
                return [None] * len(seen)  # made of what the loss makes: a slope, as like as not
        return right

    def signed(self, k: int, value: Any) -> Any:
        """Return a value with the sign with which it is added to something."""
        site = self.recording.sites[k]
        return -np.asarray(value) if site.taken and _is_float(value) else value

    def _read(self, k: int, env: dict[str, Any]) -> Iterator[Any]:
        """Give the values of the variables that a site's expression reads."""
        for code in self._codes(k):
            try:
                value = eval(code, {}, env)
            except Exception:  # a global
                continue
            yield from value if type(value) in (list, tuple) else (value,)

    def _codes(self, k: int) -> list[types.CodeType]:
        """Return the variables, parts and attributes that a site's expression reads, compiled."""
        if k not in self._compiled:
            site, found = self.recording.sites[k], []
            if site.span is not None and site.file in self.sources:
                text = self.sources[site.file].data[slice(*site.span)]
                with contextlib.suppress(SyntaxError):
                    tree = ast.parse(b"(" + text + b")", mode="eval")
                    found = [
                        compile(ast.Expression(node), "", "eval") for node in places_in(tree.body)
                    ]
            self._compiled[k] = found
        return self._compiled[k]

    @cached_property
    def score(self) -> int:
        """How right the values are: 2 for an adjoint of a number, 1 for one of some of its uses."""
        return sum(self.degrees.values())

    @cached_property
    def degrees(self) -> dict[tuple[int, int], int]:
        """Of each value that says something, by site and execution: 2, 1, or 0 for no adjoint."""
        values = self._floats()
        if not values:
            return {}
        flat = np.concatenate(list(values.values()))  # all at once: this is asked for every edit
        degrees = np.where(self.adjoints.tells(flat), self.adjoints.holds(flat), 3)
        starts = np.cumsum([0, *(len(value) for value in values.values())])[:-1]
        least = np.minimum.reduceat(degrees, starts).tolist()
        return {run: degree for run, degree in zip(values, least, strict=True) if degree < 3}

    def _floats(self) -> dict[tuple[int, int], Array]:
        found = {}
        for k, seen in self.recording.executions.items():
            taken = self.recording.sites[k].taken
            for n, execution in enumerate(seen):
                if _is_float(execution.value):
                    flat = np.asarray(execution.value, dtype=float).ravel()
                    found[k, n] = -flat if taken else flat
        return found

    def lacking(self, shape: tuple[int, ...]) -> list[Array]:
        """Return the adjoints of arrays of a shape that the backward computes nowhere."""
        return [
            array
            for array in self.adjoints.of_shape(shape)
            if not among(self._made, np.ravel(array)[:1]).all()
        ]

    @cached_property
    def _made(self) -> Array:
        return np.sort(np.concatenate([np.zeros(1), *self._floats().values()]))

    @cached_property
    def entries(self) -> int:
        """How many entries of all values are adjoints."""
        flat = np.concatenate([np.zeros(1), *self._floats().values()])
        return int(np.sum((self.adjoints.holds(flat) > 0) & self.adjoints.tells(flat)))

    @cached_property
    def wrong(self) -> int:
        """How many values are none, and say something."""
        return sum(of_site.count(False) for of_site in self.at_sites.values())

    def of(self, value: Any) -> bool | None:
        """Return whether a value is made of adjoints; None where it says nothing."""
        degree = self.degree(value)
        return None if degree is None else degree > 0

    def degree(self, value: Any) -> int | None:
        """Return 2 for an adjoint of a number, 1 for one of some uses, 0 for none; else None."""
        if not _is_float(value):
            return None
        tells = self.adjoints.tells(value)
        return int(np.min(self.adjoints.holds(value)[tells])) if tells.any() else None

    def near(self, value: Array) -> bool:
        """Return whether a difference of two values is made of adjoints: it has fewer digits."""
        return len(np.ravel(value)) > 1 and bool(self.adjoints.near(value))

    @cached_property
    def doubtful(self) -> list[tuple[str, int]]:
        """The statements that make something that is no adjoint, in the order of running."""
        first: dict[tuple[str, int], int] = {}
        for k, of_site in self.at_sites.items():
            site, seen = self.recording.sites[k], self.recording.executions[k]
            for right, execution in zip(of_site, seen, strict=True):
                if right is False:
                    key = site.file, site.statement
                    first[key] = min(execution.order, first.get(key, execution.order))
        return sorted(first, key=first.__getitem__)

    @cached_property
    def hollow(self) -> list[tuple[str, int]]:
        """The statements that make zeros whenever they run, of something that is none and zeros.

        What is handed on like that is lost, and all that lacks it makes wrong numbers.
        """
        found: dict[tuple[str, int], None] = {}
        for k, seen in self.recording.executions.items():
            site = self.recording.sites[k]
            if site.role in ("assigned", "stored") and all(
                _is_float(e.value) and not np.any(e.value) for e in seen
            ):
                read = [np.any(value) for value in self._read(k, seen[-1].env) if _is_float(value)]
                if any(read) and not all(read):
                    found[site.file, site.statement] = None
        return list(found)

    def ahead(self, skipped: Collection[int] = ()) -> int:
        """Return how many values, in the order of running, are adjoints before one is none.

        Parameters
        ----------
        skipped : collection of int
            Sites that are left out: what they make is no adjoint and need be none.
        """
        count = 0
        for run in self._running(skipped):
            if self.degrees.get(run) == 0:
                break
            count += run in self.degrees
        return count

    def first_wrong(self, skipped: Collection[int] = ()) -> tuple[int, int] | None:
        """Return the site and the execution of the first value that is no adjoint."""
        return next((run for run in self._running(skipped) if self.degrees.get(run) == 0), None)

    def _running(self, skipped: Collection[int]) -> list[tuple[int, int]]:
        """Return the sites and executions of all values, in the order of running."""
        seen = self.recording.executions
        values = [run for run in self.degrees if run[0] not in skipped]
        return sorted(values, key=lambda run: seen[run[0]][run[1]].order)

    def has_made(self, value: Any) -> bool:
        """Return whether the backward has a value already, by its largest number."""
        flat = np.ravel(np.asarray(value, dtype=float))
        return bool(among(self._made, flat[[np.argmax(np.abs(flat))]]).all())

    @cached_property
    def silent(self) -> set[int]:
        """The sites whose values tell nothing, or are taken for slopes."""
        return {k for k, of_site in self.at_sites.items() if set(of_site) == {None}}

    @cached_property
    def undecided(self) -> set[tuple[str, int]]:
        """The statements that make what tells nothing, or is taken for a slope."""
        sites = (self.recording.sites[k] for k in self.silent)
        return {(site.file, site.statement) for site in sites}

    @cached_property
    def _least(self) -> float:
        """What a value is compared with that is smaller, as 0 is: a part of the gradients."""
        outputs = map(as_float_array, self.recording.outputs.values())
        sizes = (float(np.max(np.abs(one), initial=0.0)) for one in outputs if one is not None)
        return 1e-3 * min(1.0, max(sizes, default=1.0))

    def change(self, site: int, deltas: Iterable[Array]) -> str:
        """Say what becomes of the first value that an edit of a site changes.

        Returns
        -------
        str
            It `MAKES` an adjoint of what was none, `COMPLETES` one that was of some uses of a
            number, `KEEPS` one in the place of another, `SPOILS` one, or that is `UNKNOWN`.
        """
        for execution, right, delta in zip(
            self.recording.executions[site], self.at_sites[site], deltas, strict=False
        ):
            old = np.ravel(np.asarray(execution.value, dtype=float))
            if np.abs(delta).max(initial=0.0) > 1e-10 * np.abs(old).max(initial=self._least):
                new = self.signed(site, old + delta)
                if not self.adjoints.has(float(new[np.argmax(np.abs(delta))])):
                    return SPOILS if right else UNKNOWN
                now, before = self.degree(new), self.degree(self.signed(site, old))
                said = [int(np.sum(self.adjoints.tells(value))) for value in (old, new)]
                if now is None or said[1] < said[0]:
                    return UNKNOWN  # numbers that are made nothing are right by nothing
                if now:
                    return MAKES if not right else COMPLETES if now > (before or 0) else KEEPS
                return SPOILS if right else UNKNOWN
        return UNKNOWN


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.size > 0
    return isinstance(value, float | np.floating)


def places_in(node: ast.AST) -> Iterator[ast.expr]:
    """Give the names, attributes and subscripts in an expression, each as a whole.

    Of a comprehension those that it runs over: what it names itself is nothing outside it.
    """
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        yield node
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from places_in(node.generators[0].iter)
        return
    inner = ast.iter_child_nodes(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # a method
        inner = iter([node.func.value, *node.args])
    for child in inner:
        yield from places_in(child)
