"""Functions made in a loop, or a comprehension, that bind their variables late."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite, walked


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give lambdas that take the variables of their loop as default arguments."""
    around = [
        loop
        for loop in walked(place.function)
        if isinstance(loop, ast.For)
        and loop.lineno < place.statement.lineno <= (loop.end_lineno or 0)
    ]
    made = {
        node.id
        for loop in around
        for node in ast.walk(loop)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    turning = [c for n, _ in place.nodes for c in getattr(n, "generators", ())]
    made |= {n.id for c in turning for n in ast.walk(c.target) if isinstance(n, ast.Name)}
    for node, _ in place.nodes:
        if not isinstance(node, ast.Lambda):
            continue
        own = {argument.arg for argument in node.args.args}
        read = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)}
        bound = sorted((read & made) - own)
        if bound:
            head = ", ".join([ast.unparse(node.args), *(f"{name}={name}" for name in bound)])
            head = head.removeprefix(", ")
            yield place.rewrite(
                node, f"lambda {head}: {place.text(node.body)}", "late binding",
                f"{', '.join(bound)} as it is now", 1.0,
            )  # fmt: skip
