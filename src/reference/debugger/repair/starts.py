"""What a variable holds at first: zeros, ones, or the gradient of a state."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite

_KIND = "initial value"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give zeros for ones, and something known for zeros."""
    for node, _ in place.loaded:
        text = place.text(node)
        if isinstance(node, ast.Call) and "ones" in place.text(node.func):
            new = text.replace("ones", "zeros", 1)
            yield place.rewrite(node, new, _KIND, "zeros, not ones", 1.0)
        elif isinstance(node, ast.Call) and "zeros" in place.text(node.func):
            value = place.value(text, place.env)
            if value is None:
                continue
            for atom in place.atoms:
                if atom.shape == np.shape(value) and not atom.zero:
                    yield place.rewrite(node, atom.text, _KIND, f"{atom.text}, not zeros", 1.7)
            if node.args and "like" in place.text(node.func):
                inner = place.text(node.args[0])
                yield place.rewrite(node, inner, "never returned", f"{inner}, not zeros", 0.9)
        elif isinstance(node, ast.Constant) and not isinstance(place.statement, ast.For):
            new = {"0": "1", "1": "0", "0.0": "1.0", "1.0": "0.0"}.get(text)
            if new is not None:
                yield place.rewrite(node, new, _KIND, f"{new}, not {text}", 1.9)
