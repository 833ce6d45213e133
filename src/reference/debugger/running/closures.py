"""Functions inside functions see all variables around them, not only those that they use.

``lambda dy: dy * a`` holds ``a`` and nothing else of the function that makes it: what lacks there,
such as ``- dy * b``, would have no value. A part that is never run makes Python hold the rest too.
"""

from __future__ import annotations

import ast

_MOST = 40  # variables


def hold_all_around(tree: ast.AST, marked: str) -> None:
    r"""Let the functions in functions that call what is marked hold the variables around them.

    Parameters
    ----------
    tree : ast.AST
        Changed in place.
    marked : str
        The name of a function that those call which are looked at.

    Examples
    --------
    >>> tree = ast.parse("def mul(a, b):\n    c = a * b\n    return lambda d: note(d * a)")
    >>> hold_all_around(tree, "note")
    >>> print(ast.unparse(tree).splitlines()[-1].strip())
    return lambda d: note(d * a) if 1 else (a, b, c)
    """
    _Holding(marked).visit(tree)
    ast.fix_missing_locations(tree)


class _Holding(ast.NodeTransformer):
    def __init__(self, marked: str) -> None:
        self.marked = marked
        self.around: list[list[str]] = []  # the variables of each function around, outermost first

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        used = self._used(node)
        self._visit_inside(node, variables_of(node))
        if used is not None:
            node.body.append(ast.If(ast.Constant(0), [ast.Expr(used)], []))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        used = self._used(node)
        self._visit_inside(node, variables_of(node))
        if used is not None:
            node.body = ast.IfExp(ast.Constant(1), node.body, used)
        return node

    def _visit_inside(self, node: ast.AST, names: list[str]) -> None:
        self.around.append(names)
        self.generic_visit(node)
        self.around.pop()

    def _used(self, node: ast.AST) -> ast.expr | None:
        """Return the variables of the function around as an expression, if they are asked for."""
        names = self.around[-1][:_MOST] if self.around else []
        calls = any(isinstance(n, ast.Name) and n.id == self.marked for n in ast.walk(node))
        if not names or not calls:
            return None
        return ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())


def variables_of(function: ast.FunctionDef | ast.Lambda) -> list[str]:
    """Return the arguments and the variables that a function sets itself."""
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    names = dict.fromkeys(argument.arg for argument in every)
    waiting: list[ast.AST] = [] if isinstance(function, ast.Lambda) else [*function.body]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        scopes = ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.ListComp | ast.GeneratorExp
        if not isinstance(node, scopes | ast.DictComp | ast.SetComp):
            waiting += ast.iter_child_nodes(node)
    return list(names)
