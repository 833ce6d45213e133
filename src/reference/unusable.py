"""The one exception that the command line answers with one line and status 2."""

from __future__ import annotations


class UnusableInputError(ValueError):
    """What the user gave cannot be worked with; the message says what, and what it must be."""
