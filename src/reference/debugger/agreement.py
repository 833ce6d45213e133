"""Which values of a backward are adjoints of the loss, and which an edit makes so or spoils."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.adjoints import Adjoints
from reference.debugger.probe import Recording

MAKES, KEEPS, UNKNOWN, SPOILS = "makes", "keeps", "unknown", "spoils"


@dataclass
class Agreement:
    """The recorded values of a backward, compared with the adjoints of its loss.

    Parameters
    ----------
    adjoints : Adjoints
    recording : Recording
    """

    adjoints: Adjoints
    recording: Recording

    @cached_property
    def at_sites(self) -> dict[int, list[bool | None]]:
        """Whether each site's values are adjoints; None where a value says nothing."""
        return {
            k: [self.of(execution.value) for execution in seen]
            for k, seen in self.recording.executions.items()
        }

    @cached_property
    def count(self) -> int:
        """How many values are adjoints."""
        return sum(of_site.count(True) for of_site in self.at_sites.values())

    @cached_property
    def entries(self) -> int:
        """How many entries of all values are adjoints."""
        values = [
            execution.value
            for seen in self.recording.executions.values()
            for execution in seen
            if _is_float(execution.value)
        ]
        return sum(
            int(np.sum(self.adjoints.holds(value) & self.adjoints.tells(value))) for value in values
        )

    @cached_property
    def wrong(self) -> int:
        """How many values are none, and say something."""
        return sum(of_site.count(False) for of_site in self.at_sites.values())

    def of(self, value: Any) -> bool | None:
        """Return whether a value is made of adjoints; None where it says nothing."""
        if not _is_float(value):
            return None
        tells = self.adjoints.tells(value)
        return bool(np.all(self.adjoints.holds(value)[tells])) if tells.any() else None

    def near(self, value: Array) -> bool:
        """Return whether a difference of two values is made of adjoints: it has fewer digits."""
        return len(np.ravel(value)) > 1 and bool(self.adjoints.near(value))

    def is_right(self, file: str, statement: int) -> bool:
        """Return whether all that a statement makes are adjoints, as far as can be told."""
        seen = [
            right
            for k, of_site in self.at_sites.items()
            if self._is_at(k, file, statement)
            for right in of_site
        ]
        return True in seen and False not in seen

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

    def change(self, site: int, deltas: list[Array]) -> str:
        """Say what becomes of the first value that an edit of a site changes.

        Returns
        -------
        str
            `MAKES` an adjoint of what was none, `KEEPS` one in the place of another, `SPOILS` one,
            or `UNKNOWN`.
        """
        for execution, right, delta in zip(
            self.recording.executions[site], self.at_sites[site], deltas, strict=True
        ):
            old = np.ravel(np.asarray(execution.value, dtype=float))
            if np.any(np.abs(delta) > 1e-10 * np.max(np.abs(old), initial=1e-3)):
                now = self.of(old + delta)
                if now is None:
                    return UNKNOWN
                if now:
                    return KEEPS if right else MAKES
                return SPOILS if right else UNKNOWN
        return UNKNOWN

    def _is_at(self, k: int, file: str, statement: int) -> bool:
        site = self.recording.sites[k]
        return (site.file, site.statement) == (file, statement)


def _is_float(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and value.size > 0
    return isinstance(value, float | np.floating)
