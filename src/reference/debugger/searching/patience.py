"""For how long a better repair is looked for, once one is known that makes all right."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_LEAST, _PART = 0.7, 0.1  # seconds, and a part of the time that the first repair took
_PLAIN = 1.4  # a cost above which a repair is far-fetched: for each of that, so much more
_MORE_LEAST, _MORE_PART = 4.0, 0.5


@dataclass
class Patience:
    """The clock of a search: when it began, and when it found its first and its best repair."""

    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    best: float | None = None

    def note(self) -> None:
        """Note that a repair has been found that is the best so far."""
        self.best = time.monotonic()
        self.first = self.first or self.best

    def is_over(self, cost: float) -> bool:
        """Return whether better ones than the best, which has a cost, had their time."""
        if self.first is None or self.best is None:
            return False
        far = max(0.0, cost - _PLAIN)
        least, part = _LEAST + _MORE_LEAST * far, _PART + _MORE_PART * far
        return time.monotonic() - self.best > least + part * (self.first - self.began)
