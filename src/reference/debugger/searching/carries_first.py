"""Lines that make a carry, before those that read it at the next step.

A value that is right at the step that is run first, and wrong at all that follow, got something
wrong from the step before: so does the line that hands it on explain all that is wrong, and that
one is more often the culprit than the line at which it arrives.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from reference.debugger.running.program import Program
from reference.debugger.searching.round import Round, loops_of

_ALL = 3.0  # the weight of what explains everything


def before_readers(
    program: Program, now: Round, weighted: Sequence[tuple[str, int, float]]
) -> list[tuple[str, int, float]]:
    """Put lines that make a carry before those that read it, where both explain everything.

    Parameters
    ----------
    program : Program
    now : Round
    weighted : sequence of (str, int, float)
        Files, lines and weights, the likeliest line first.
    """
    late = {
        (now.recording.sites[e.site].file, now.recording.sites[e.site].statement)
        for e in now.evidence
        if e.full and e.steps and 0 not in e.steps
    }
    full = {one[:2]: one for one in weighted if one[2] >= _ALL}
    found: dict[tuple[str, int], tuple[str, int, float]] = {}
    for one in weighted:
        key = one[:2]
        if key in late and key in full:
            for line in _makers(program.sources[key[0]].tree, key[1]):
                if (key[0], line) in full:
                    found.setdefault((key[0], line), full[key[0], line])
        found.setdefault(key, one)
    return list(found.values())


def _makers(tree: ast.Module, line: int) -> list[int]:
    """Return the last lines in a loop, below one, that set what that one reads.

    Examples
    --------
    >>> lines = "for t in ts:", "    dh = dh + dy[t]", "    da = dh * s[t]", "    dh = da @ U"
    >>> tree = ast.parse("".join(line + chr(10) for line in lines))
    >>> _makers(tree, 2), _makers(tree, 3)
    ([4], [])
    """
    inside = [loop for loop in loops_of(tree) if loop.lineno < line <= (loop.end_lineno or 0)]
    if not inside:
        return []
    loop = max(inside, key=lambda loop: loop.lineno)
    statements = [node for node in ast.walk(loop) if isinstance(node, ast.Assign | ast.AugAssign)]
    read = {
        node.id
        for statement in statements
        if statement.lineno == line
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    last: dict[str, int] = {}
    set_above = set()
    for statement in statements:
        for name in _set_by(statement) & read:
            if statement.lineno < line:
                set_above.add(name)
            last[name] = max(last.get(name, 0), statement.lineno)
    return sorted(n for name, n in last.items() if n > line and name not in set_above)


def _set_by(statement: ast.Assign | ast.AugAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
