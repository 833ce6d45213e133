"""Arguments of calls of the file's own functions, one step off: ``back(dh, cs[t])``.

No value is made on such a line that could be solved for: the function that is called makes the
wrong numbers, and at each of its lines another value would explain them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from reference.debugger.repair.place import Place, Rewrite, shifted

_KIND = "index off by one"
_COST = 1.1


def rewrites(place: Place, own: Collection[str]) -> Iterator[Rewrite]:
    """Give each part of an argument one step earlier, and one later.

    Parameters
    ----------
    place : Place
    own : collection of str
        The names of the user's own functions.
    """
    for node, _ in place.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in own:
            continue
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            for part in ast.walk(argument):
                if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load):
                    for text in shifted(place, part):
                        why = f"{text}, not {place.text(part)}"
                        yield place.rewrite(part, text, _KIND, why, _COST)
