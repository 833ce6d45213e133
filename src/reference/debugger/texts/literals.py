"""Sizes that are written as numbers: a text with smaller ones, and the way back of what it says.

Only numbers change, and every one in its place: lines stay lines, and what is changed elsewhere
in a line can be carried over to the text as it was.
"""

from __future__ import annotations

import difflib
import io
import tokenize
from collections.abc import Mapping


def with_smaller_numbers(text: str, small: Mapping[int, int]) -> str:
    """Return a text in which other whole numbers stand for some.

    Examples
    --------
    >>> with_smaller_numbers("h = zeros((26, 64)); h[25] = 0.25 * h0", {25: 4, 26: 5, 64: 5})
    'h = zeros((5, 5)); h[4] = 0.25 * h0'
    """
    lines = text.splitlines(keepends=True)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    for token in reversed(tokens):
        if token.type == tokenize.NUMBER and token.string.isdecimal():
            (row, start), (_, end) = token.start, token.end
            number = str(small.get(int(token.string), int(token.string)))
            lines[row - 1] = lines[row - 1][:start] + number + lines[row - 1][end:]
    return "".join(lines)


def carried_over(lines: str, small: str, changed: str) -> str:
    """Return a text with the change that its twin of smaller numbers has undergone.

    Parameters
    ----------
    lines, small : str
        The text, and its twin.
    changed : str
        The twin, changed.

    Examples
    --------
    >>> carried_over("a = h[25] + z[:64]", "a = h[4] + z[:5]", "a = h[3] - z[:5].T")
    'a = h[3] - z[:64].T'
    """
    old, new, ours = _tokens(small), _tokens(changed), _tokens(lines)
    if len(old) != len(ours):
        return changed
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return "".join(
        "".join(ours[a:b] if tag == "equal" else new[c:d])
        for tag, a, b, c, d in matcher.get_opcodes()
    )


def _tokens(text: str) -> list[str]:
    """Return words, numbers, spaces and signs one by one."""
    found: list[str] = []
    for char in text:
        if found and _sort(found[-1][-1]) == _sort(char) != "":
            found[-1] += char
        else:
            found.append(char)
    return found


def _sort(char: str) -> str:
    return "word" if char.isalnum() or char in "_." else "space" if char == " " else ""
