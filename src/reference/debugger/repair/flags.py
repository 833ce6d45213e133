"""Edits of what the loss runs too that hold only where the backward asks for it, by a flag.

``def scan(f, carry, xs, reverse=False)`` runs forwards for the loss and backwards for the
gradients. What is to be turned round there is to be turned round under the flag alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite

_KIND = "forward order"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``(x[::-1] if flag else x)`` for each sequence x of a function with a flag."""
    names = of(place.function)
    for node, parent in place.loaded if names else ():
        if not isinstance(node, ast.Name | ast.Call | ast.Subscript) or _is_part(parent):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if text in names or isinstance(value, str | dict):
            continue
        if value is not None and not (hasattr(value, "__len__") and len(value) > 1):
            continue
        cost = 1.4 if isinstance(node, ast.Name) else 1.6
        for name in names:
            yield place.rewrite(node, f"({text}[::-1] if {name} else {text})", _KIND,
                                f"{text} reversed where {name}", cost)  # fmt: skip


def _is_part(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Attribute | ast.BinOp | ast.Compare)


def of(function: ast.AST) -> list[str]:
    """Return the parameters of a function that are True or False if they are not given."""
    if not isinstance(function, ast.FunctionDef):
        return []
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(plain), reversed(arguments.defaults), strict=False))
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return [a.arg for a, d in pairs if isinstance(d, ast.Constant) and isinstance(d.value, bool)]
