"""A diagnosis where Python shows a value by itself: in one line, and in a notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reference.report.html import tag
from reference.report.words import file_name, headline

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis

_STYLES = {  # as in a terminal; the colours are read on light and on dark
    r"(right|wrong|inconclusive)\b": "font-weight: bold",
    r" +> +\d+ \|": "font-weight: bold",
    r" {4}-(?!--)": "color: #c0392b",
    r" {4}\+(?!\+\+)": "color: #27894e",
}


def in_short(diagnosis: Diagnosis) -> str:
    """Return the verdict, the first line that is named, and the first fix, in one line."""
    parts = [headline(diagnosis, most=3)]
    for suspect in diagnosis.suspects[:1]:
        where = f"{file_name(suspect.file)}:{suspect.line}" if suspect.line else suspect.file
        kind = suspect.kind or "something is wrong here"
        parts.append(": ".join(part for part in (where, kind) if part))
    parts += [f"fix: {fix.why or 'found'}" for fix in diagnosis.fixes[:1]]
    return f"<Diagnosis: {'; '.join(parts)}; all of it by print>"


def for_notebook(text: str) -> str:
    """Return the text of an answer as HTML, with what a terminal shows in colour.

    Examples
    --------
    >>> for_notebook("right: W < V")
    '<pre><span style="font-weight: bold">right: W &lt; V</span></pre>'
    """
    pieces: list[str] = []
    for number, line in enumerate(text.splitlines()):
        style = next((style for begins, style in _STYLES.items() if re.match(begins, line)), "")
        pieces += ["\n"] if number else []
        pieces.append(tag("span", line, style=style) if style else line)
    return str(tag("pre", pieces))
