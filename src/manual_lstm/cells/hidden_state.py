"""The state of every cell that remembers nothing but its output."""

from __future__ import annotations

from typing import Any, NamedTuple


class HiddenState(NamedTuple):
    """Output h (B, H), which is all that the next step reads; also its cotangent."""

    h: Any
