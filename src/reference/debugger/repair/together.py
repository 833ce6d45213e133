"""The same change at every place of a statement where it can be made, when one alone is no better.

``C, n = m["C_prev"], m["n_prev"]`` reads both of the step before; ``x - d.mean(0) - h * p.mean(0)``
has both means along the wrong axis.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.source import Splice

_SUFFIX = re.compile(r"_[A-Za-z]+$|\d$")
_PREFIX = re.compile(r"^[A-Za-z]+_")
_REDUCING = ("sum", "mean", "max", "prod")


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give names and keys with another ending, and reductions along another axis, two or more."""
    yield from _endings(place)
    yield from _axes(place)


def _endings(place: Place) -> Iterator[Rewrite]:
    """Give the values of another time for those that are read, by the ends of their names."""
    named = [(node, name) for node, _ in place.loaded if (name := _name(node))]
    known = {
        name for atom in place.atoms if (name := _name(ast.parse(atom.text, mode="eval").body))
    }
    names = known | {name for _, name in named}
    endings = {m[0] for name in names if (m := _SUFFIX.search(name))}
    beginnings = {m[0] for name in names if (m := _PREFIX.search(name))}
    changes = [
        *({n: n.removesuffix(end) for _, n in named if n.endswith(end)} for end in sorted(endings)),
        *({n: n + end for _, n in named if not n.endswith(end)} for end in sorted(endings)),
        *({n: n.removeprefix(b) for _, n in named if n.startswith(b)} for b in sorted(beginnings)),
        *({n: b + n for _, n in named if not n.startswith(b)} for b in sorted(beginnings)),
    ]
    for changed in changes:
        if len(changed) > 1:
            found = [
                (node, new)
                for node, name in named
                if name in changed and _exists(place, node, new := changed[name])
            ]
            gradients = [one for one in found if _name(one[0])[:1] == "d"]
            others = [one for one in found if one not in gradients]
            for some in (found, others, gradients) if gradients and others else (found,):
                if len(some) > 1:
                    splices = [Splice(*place.source.span(node), _with(place, node, new))
                               for node, new in some]  # fmt: skip
                    news = ", ".join(splice.new for splice in splices)
                    yield place.splice(splices, "wrong operand", f"{news}: of the other time", 1.3)


def _name(node: ast.expr) -> str:
    """Return a variable's name, an attribute, or a key that is a text."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value if isinstance(node.slice.value, str) else ""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _with(place: Place, node: ast.expr, name: str) -> str:
    """Return the text of a value with another name."""
    if isinstance(node, ast.Subscript):
        return f"{place.text(node.value)}[{name!r}]"
    return f"{place.text(node.value)}.{name}" if isinstance(node, ast.Attribute) else name


def _exists(place: Place, node: ast.expr, name: str) -> bool:
    """Return whether there is an array of that name, of the same shape."""
    shape = place.shape(_with(place, node, name)) if name else ()
    return bool(shape) and shape == place.shape(place.text(node))


def _axes(place: Place) -> Iterator[Rewrite]:
    calls = [
        node
        for node, _ in place.loaded
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _REDUCING
    ]
    if len(calls) < 2:
        return
    for axis in ("0", "1", "-1", "2"):
        for keep in ("", ", keepdims=True"):
            splices = [Splice(*place.source.span(call), f"{_head(place, call)}axis={axis}{keep})")
                       for call in calls]  # fmt: skip
            if not _overlap(splices):
                yield place.splice(splices, "wrong operand", f"all over axis {axis}", 1.5)


def _head(place: Place, call: ast.Call) -> str:
    """Return a reduction as far as its axis."""
    assert isinstance(call.func, ast.Attribute)
    of_numpy = place.text(call.func.value) == "np"
    return f"{place.text(call.func)}(" + (f"{place.text(call.args[0])}, " if of_numpy else "")


def _overlap(splices: list[Splice]) -> bool:
    inner = sorted(splices, key=lambda splice: splice.start)
    return any(a.end > b.start for a, b in itertools.pairwise(inner))
