"""A line of a backward as an equation: ``dW_h = h_prev.T @ dz`` as ``dW_h = h_prevᵀ dz``."""

from __future__ import annotations

import ast

INFIX = {ast.Add: " + ", ast.Sub: " - ", ast.Mult: " ⊙ ", ast.MatMult: " ", ast.Div: " / "}
POWERS = {2: "²", 3: "³", -1: "⁻¹", 0.5: "^½"}
# Sums, then products; what binds more strongly needs no bracket.
STRENGTH = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 3}
ATOM = 5


def equations(code: str) -> list[str]:
    """Return the assignments of `code` as equations, in their order."""
    return [
        line
        for statement in ast.parse(code).body
        if isinstance(statement, ast.Assign)
        for line in _assignment(statement)
    ]


def _assignment(statement: ast.Assign) -> list[str]:
    target = ast.unparse(statement.targets[0]).strip("()")
    value = statement.value
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "input_product_backward":
        x, W, dz = map(written, value.args)
        dx, dW = target.split(", ")
        return [f"{dx} = {dz} {W}ᵀ", f"{dW} = {x}ᵀ {dz}"]
    return [f"{target} = {written(value)}"]


def written(node: ast.expr) -> str:
    """Return an expression in the notation of docs/derivation.md."""
    return _written(node)[0]


def _written(node: ast.expr) -> tuple[str, int]:
    """Return the text and how strongly its outermost operation binds."""
    match node:
        case ast.BinOp(left, ast.Pow(), right):
            power = POWERS.get(ast.literal_eval(right)) if isinstance(right, ast.Constant) else None
            return f"{_bound(left, 4)}{power or '^' + _bound(right, ATOM)}", 4
        case ast.BinOp(left, operator, right) if type(operator) in INFIX:
            strength = STRENGTH[type(operator)]
            right_needs = strength + isinstance(operator, ast.Sub | ast.Div)
            sides = _bound(left, strength), _bound(right, right_needs)
            return INFIX[type(operator)].join(sides), strength
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{_bound(operand, 2)}", 2
        case ast.Attribute(value, "T"):
            return f"{_bound(value, ATOM)}ᵀ", ATOM
        case ast.Attribute(ast.Name("self" | "np" | "checks"), name):
            return name, ATOM
        case ast.Call(ast.Attribute(value, "sum"), _, keywords):
            axis = next((ast.unparse(k.value) for k in keywords if k.arg == "axis"), "0")
            return f"Σ_{'batch' if axis == '0' else 'units'} {_bound(value, 3)}", 3
        case ast.Call(ast.Attribute(value, "swapaxes")):
            return f"{_bound(value, ATOM)}ᵀ", ATOM
        case ast.Call(ast.Attribute(value, "slope"), [argument]):
            return f"{written(value)}′({written(argument)})", ATOM
        case ast.Call(ast.Attribute(ast.Name("np"), "where"), [condition, then, otherwise]):
            return f"{written(then)} where {written(condition)}, else {written(otherwise)}", 0
        case ast.Call(function, arguments):
            return f"{written(function)}({', '.join(map(written, arguments))})", ATOM
        case ast.IfExp(test, ast.Constant(None), orelse):  # None where the primal is None
            return _written(orelse)
        case ast.IfExp(test, body, orelse):
            return f"{written(body)} if {written(test)}, else {written(orelse)}", 0
        case ast.Subscript(value, index) if set(ast.unparse(index)) <= set("None:, ()"):
            return _written(value)  # v[:, None] only turns a vector for broadcasting
        case ast.Constant(value) if isinstance(value, float) and value.is_integer():
            return str(int(value)), ATOM
    return ast.unparse(node), ATOM


def _bound(node: ast.expr, needs: int) -> str:
    text, strength = _written(node)
    return f"({text})" if strength < needs else text
