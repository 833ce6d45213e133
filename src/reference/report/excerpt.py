"""The part of somebody's source that a diagnosis speaks of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reference.report.words import file_name

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis, Fix, Suspect


_OTHER = re.compile(r"\s*(def|class|async def|@)\b|\s*@")


def source_lines(diagnosis: Diagnosis, file: str) -> list[str]:
    """Return the lines of a file that was examined, or none."""
    return diagnosis.sources.get(file, "").splitlines()


def excerpt(lines: list[str], line: int, around: int) -> list[tuple[int, str]]:
    """Return `line` (from 1) and its neighbours, numbered, without their common indentation.

    Blank lines at the two ends are left out.

    Examples
    --------
    >>> excerpt(["def f():", "    a = 1", "    b = 2", ""], 3, 1)
    [(2, 'a = 1'), (3, 'b = 2')]
    """
    shown = [
        (number, lines[number - 1].expandtabs(4).rstrip())
        for number in range(max(1, line - around), min(len(lines), line + around) + 1)
    ]
    own = len(lines[line - 1].expandtabs(4)) - len(lines[line - 1].expandtabs(4).lstrip())
    for number, text in shown:  # what comes after its function says nothing
        if number > line and _OTHER.match(text) and len(text) - len(text.lstrip()) < own:
            shown = [pair for pair in shown if pair[0] < number]
            break
    while shown and not shown[-1][1] and shown[-1][0] > line:
        shown.pop()
    while shown and not shown[0][1] and shown[0][0] < line:
        shown.pop(0)
    indents = [len(text) - len(text.lstrip()) for _, text in shown if text]
    common = min(indents, default=0)
    return [(number, text[common:]) for number, text in shown]


def suspect_excerpt(diagnosis: Diagnosis, suspect: Suspect, around: int) -> list[tuple[int, str]]:
    """Return the suspect's line with its neighbours; alone where the source is not at hand."""
    lines = source_lines(diagnosis, suspect.file)
    if 1 <= suspect.line <= len(lines):
        return excerpt(lines, suspect.line, around)
    return [(suspect.line, suspect.text.strip())] if suspect.text.strip() else []


def diff_lines(fix: Fix) -> list[str]:
    """Return a fix as a unified diff; without the source, its edits alone."""
    if fix.source:
        header, *lines = fix.diff.splitlines()[1:] or [""]
        file = file_name(header[len("+++ ") :])
        return [f"--- {file}", f"+++ {file}", *lines] if header else []
    lines = []
    for edit in fix.edits:
        file = file_name(edit.file)
        lines += [f"--- {file}", f"+++ {file}", f"@@ line {edit.first} @@"]
        lines += [f"-{old}" for old in edit.old] + [f"+{new}" for new in edit.new]
    return lines
