"""For how long a better repair is looked for, once one is known that makes all right."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_PLAIN = 0.7, 0.1  # seconds, and a part of the time that the first repair took
_FAR_FETCHED = 1.5, 0.3


@dataclass
class Patience:
    """The clock of a search: when it began, and when it found its first repair."""

    began: float = field(default_factory=time.monotonic)
    found_at: float | None = None

    def begin(self) -> None:
        """Note that a repair has been found; only the first counts."""
        if self.found_at is None:
            self.found_at = time.monotonic()

    def is_over(self, plain: bool) -> bool:
        """Return whether better ones than a plain repair, or a far-fetched one, had their time."""
        if self.found_at is None:
            return False
        least, part = _PLAIN if plain else _FAR_FETCHED
        return time.monotonic() - self.found_at > least + part * (self.found_at - self.began)
