"""A claim of docs/features.md: whose, what, and a function that says what is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CLAIMS: list[Claim] = []


@dataclass(frozen=True)
class Claim:
    """One cell of the tables.

    Parameters
    ----------
    tool : str
        The column.
    row : str
    cell : str
        What the page says there.
    look : callable
        Returns what is seen; raises an AssertionError where that is not what the page says.
    """

    tool: str
    row: str
    cell: str
    look: Callable[[], str]


def claim(tool: str, row: str, cell: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Note a function as what shows a cell."""

    def noted(look: Callable[[], str]) -> Callable[[], str]:
        CLAIMS.append(Claim(tool, row, cell, look))
        return look

    return noted


def raised(function: Callable[[], object], kind: type[Exception] = Exception) -> str:
    """Return the message of the exception that a call must raise."""
    try:
        answer = function()
    except kind as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"nothing was raised; the answer was {answer!r}")


def short(text: str, width: int = 90) -> str:
    """Return the first words of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
