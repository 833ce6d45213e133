"""A repair without the edits that turn out not to be needed once the others are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reference.debugger.answering.answer import edits_between, original_line
from reference.debugger.diagnosis import Edit
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.search import Search


def prune(search: Search, originals: dict[str, str]) -> None:
    """Take needless edits out of every repair that was found; the program is as it was after it."""
    search.found = [
        _pruned(search, found, originals) if len(found.steps) > 1 else found
        for found in search.found
    ]
    search.program.restore_texts(originals)


def _pruned(search: Search, found: Found, originals: dict[str, str]) -> Found:
    file = only_file(found, originals)
    if file is None or search.spent():
        return found
    original = originals[file]
    edits = kept = line_by_line(edits_between(file, original, found.texts[file]))
    for edit in edits:
        others = [other for other in kept if other is not edit]
        if others and is_right(search, file, made(original, others)):
            kept = others
    if len(kept) == len(edits):
        return found
    told = [told_at(original, step) for step in found.steps]
    lines: set[int] = set()
    for edit in kept:
        own = set(told) & set(range(edit.first, edit.last + 1))
        # What is put between two lines is told at one of them.
        lines |= own or set(range(edit.first - 1, edit.last + 2))
    steps = [step for step, line in zip(found.steps, told, strict=True) if line in lines]
    texts = {**found.texts, file: made(original, kept)}
    return replace(found, texts=texts, steps=steps or found.steps)


def line_by_line(edits: Iterable[Edit]) -> list[Edit]:
    """Return edits of single lines, where one of several lines puts each in the place of one."""
    return [line for edit in edits for line in _lines_of(edit)]


def _lines_of(edit: Edit) -> list[Edit]:
    if len(edit.old) != len(edit.new):
        return [edit]
    return [
        replace(edit, first=edit.first + k, last=edit.first + k, old=(old,), new=(new,))
        for k, (old, new) in enumerate(zip(edit.old, edit.new, strict=True))
        if old != new
    ]


def told_at(original: str, step: Step) -> int:
    """Return the line of the original that a step is an edit of."""
    return original_line(original, step.texts[step.rewrite.file], step.rewrite.line)


def only_file(found: Found, originals: dict[str, str]) -> str | None:
    """Return the one file that a repair changes; None if there are more."""
    changed = [file for file, text in originals.items() if found.texts[file] != text]
    return changed[0] if len(changed) == 1 else None


def made(text: str, edits: list[Edit]) -> str:
    """Return a text with some edits of its lines."""
    lines = text.splitlines()
    for edit in sorted(edits, key=lambda edit: -edit.first):
        lines[edit.first - 1 : edit.last] = edit.new
    return "\n".join(lines) + "\n"


def is_right(search: Search, file: str, text: str) -> bool:
    """Return whether everything is right with another text of a file, which stays in place."""
    try:
        search.program.install(file, text)
    except (SyntaxError, ValueError):
        return False
    return search.confirmed(search.cases)
