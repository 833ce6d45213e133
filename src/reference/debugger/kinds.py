"""The name of a mistake in the field's words, and the time steps at which it shows."""

from __future__ import annotations

import ast
import re

from reference.debugger.repair.place import Rewrite
from reference.debugger.source import Source

_CARRIED = re.compile(r"(next|prev|carry|_rec\b|_?back\b|future)")


def kind_of(rewrite: Rewrite, source: Source) -> str:
    """Return the kind of the mistake that an edit mends, from the edit and what is around it.

    Parameters
    ----------
    rewrite : Rewrite
    source : Source
        The text that it was made for.
    """
    if rewrite.kind == "missing path" and len(rewrite.splices) == 1:
        splice = rewrite.splices[0]
        old = source.data[splice.start : splice.end].decode()
        added = splice.new.removeprefix("(").replace(" ".join(old.split()), "", 1)
        names = re.findall(r"[A-Za-z_][A-Za-z_0-9]*", added)
        if (
            names
            and "*" not in added
            and "@" not in added
            and any(_is_carried(name, source, rewrite.line) for name in names)
        ):
            return "carry not added"
    if rewrite.kind == "missing factor" and re.search(
        r"\(1 - \w+\[?\w*\]? ?\*\* ?2\)", rewrite.why
    ):
        return "missing derivative"
    if rewrite.kind in ("= for +=", "carry not added") and "at(" not in rewrite.splices[0].new:
        name = rewrite.variable
        if not name.isidentifier() or not _read_in_loop(name, source, rewrite.line):
            return (
                "= for +="
                if f"{name} + " in rewrite.splices[0].new or (rewrite.kind == "= for +=")
                else rewrite.kind
            )
        return "carry not added"
    return rewrite.kind


def _is_carried(name: str, source: Source, line: int) -> bool:
    """Whether a name is read at a line of a loop and set at that line or later in it."""
    if _CARRIED.search(name):
        return True
    for loop in ast.walk(source.tree):
        if isinstance(loop, ast.For) and loop.lineno < line <= (loop.end_lineno or 0):
            for node in ast.walk(loop):
                if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)):
                    continue
                if node.id == name and node.lineno >= line:
                    return True
    # An argument of a helper of one step: what it is called with is not known here.
    return name.startswith("d") and any(
        isinstance(f, ast.FunctionDef)
        and f.lineno < line <= (f.end_lineno or 0)
        and name in {a.arg for a in f.args.args}
        for f in ast.walk(source.tree)
    )


def _read_in_loop(name: str, source: Source, line: int) -> bool:
    """Whether a name is read in the loops or functions of one step around a line."""
    for around in ast.walk(source.tree):
        if isinstance(around, ast.For | ast.While) and (
            around.lineno < line <= (around.end_lineno or 0)
        ):
            break
    else:
        around = source.tree
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and node.lineno != line
        for node in ast.walk(around)
    )


_USUAL = {
    "= for +=": "all but t=0",
    "carry lost": "all but the last",
    "carry not added": "all but the last",
    "accumulation outside the loop": "all but t=0",
    "aliasing": "t=0",
    "never returned": "none",
    "wrong name": "none",
}


def pattern_of_bounds(rewrite: Rewrite) -> str:
    """Tell which end of the time a loop leaves out: the new bound is a number, or a length."""
    return "t=0" if rewrite.splices[0].new.lstrip("-").isdigit() else "the last"


def pattern_of(kind: str, changed: tuple[int, ...], known: tuple[int, ...]) -> str:
    """Tell in words at which of the known time steps a value is wrong.

    Examples
    --------
    >>> pattern_of("", (0,), (0, 1, 2)), pattern_of("", (1, 2), (0, 1, 2))
    ('t=0', 'all but t=0')
    """
    if not known or not changed:
        return _USUAL.get(kind, "all")
    first, last = known[0], known[-1]
    if kind == "= for +=" and changed == known:
        return _USUAL[kind]
    if changed == known:
        return "all"
    if changed == (first,):
        return "t=0"
    if changed == (last,):
        return "the last"
    if changed == known[1:]:
        return "all but t=0"
    if changed == known[:-1]:
        return "all but the last"
    return "t=" + ", ".join(map(str, changed))
