"""Splices of one text that are made together, and places before and after them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from reference.debugger.running.source import Splice
from reference.debugger.texts.roles import apart_from_ends


def ordered(splices: Iterable[Splice]) -> list[Splice] | None:
    """Return splices in the order in which they can be made, None where they overlap.

    What is only put in at the end of an expression goes into brackets that end there.
    """
    found = sorted(splices, key=lambda s: (s.start, not _opens(s), s.start != s.end, s.new == ")"))
    for one, other in itertools.pairwise(found):
        if one.end > other.start:
            return None
    return found[::-1]


def _opens(splice: Splice) -> bool:
    return splice.start == splice.end and splice.new.endswith((", ", "("))


def made(data: bytes, splices: Iterable[Splice]) -> str | None:
    """Return a text with splices made, None where they overlap."""
    found = ordered(splices)
    if found is None:
        return None
    for s in found:
        data = data[: s.start] + s.new.encode() + data[s.end :]
    return data.decode()


def difference(old: str, new: str) -> Splice:
    """Return the one splice that leads from a text to another, as short as can be.

    Examples
    --------
    >>> difference("a = b * c", "a = b * d * c")
    Splice(start=8, end=8, new='d * ')
    """
    before, gone, come, _ = apart_from_ends(old.encode(), new.encode())
    return Splice(len(before), len(before) + len(gone), come.decode())


def to_original(place: int, splices: Iterable[Splice]) -> int | None:
    """Return where a place in an edited text is in the original; None within what is new."""
    shift = 0
    for s in sorted(splices, key=lambda s: s.start):
        first, last = s.start + shift, s.start + shift + len(s.new.encode())
        if place <= first:
            break
        if place < last:
            return None
        shift += last - first - (s.end - s.start)
    return place - shift


def to_edited(place: int, splices: Iterable[Splice], after: bool = True) -> int:
    """Return where a place in the original is in the edited text.

    Parameters
    ----------
    place : int
    splices : iterable of Splice
    after : bool
        Whether it comes after what is put in just there.
    """
    shift = 0
    for s in splices:
        if s.end < place or (s.end == place and (s.start < s.end or after)):
            shift += len(s.new.encode()) - (s.end - s.start)
    return place + shift
