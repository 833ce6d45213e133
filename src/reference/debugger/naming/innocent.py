"""Changed statements that are not the mistake: what they set is the same before and after.

An author who writes one line wrongly writes others differently, too. The runs tell them apart: a
line that sets the right value from right values is innocent, however it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reference.debugger.naming.turns import Turns
from reference.debugger.texts.edited import Assigning, Edited, written
from reference.debugger.texts.passes import apart_after
from reference.debugger.texts.roles import place_of

_PLACE = re.compile(r"[\w.]+")


def suspects(found: list[Edited], turns: Turns | None) -> list[Edited]:
    """Return changed statements without the innocent ones; all where nothing is known of them.

    Parameters
    ----------
    found : list of Edited
    turns : Turns or None
        With what the statements set where the mistake matters.
    """
    passes = [] if turns is None else turns.passes.values()
    apart = {name.group() for old, new in passes for one in apart_after(old, new)
             if (name := _PLACE.match(one.place))}  # fmt: skip
    if not apart:
        return found
    return [one for one in found if not _is_innocent(one, apart)] or found


def _is_innocent(change: Edited, apart: Iterable[str]) -> bool:
    """Return whether both statements set one place, which is none of those that are apart."""
    if change.moved:
        return False
    places = [place_of(written(s)[0]) for s in (change.old, change.new)
              if isinstance(s, Assigning) and s.value is not None]  # fmt: skip
    if len(places) < 2 or places[0] != places[1] or not _PLACE.fullmatch(places[0]):
        return False
    place = f"{places[0]}."
    return not any(place.startswith(f"{name}.") or f"{name}.".startswith(place) for name in apart)
