"""A loss that raises only where it computes gradients, on which its value does not depend.

``loss, grads = compute(...)`` is how many write it: loss and gradients in one function. If the
part for the gradients raises, the loss is defined all the same, and what raises is the mistake.
The loss is then run with a ``return`` put before the statement that raises: numbers that were
made before it are returned as they are, and everything else is `_Lost`, which raises when used.
"""

from __future__ import annotations

import ast
import functools
import gc
import linecache
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from reference.debugger.running.place import is_users
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source, Splice, codes_in

Loss = Callable[..., Any]

_LOST, _KEPT = "\0lost", "\0kept"  # constants of the edited text that become objects
_KEPT_NODES = (ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator,
               ast.unaryop, ast.expr_context)  # fmt: skip


class OnlyLoss:
    """The loss, and where it raises, the loss without what follows a statement of a function.

    Parameters
    ----------
    loss : callable
    function : function
        The one that is left early.
    code : code
        Its code with the ``return``.
    """

    def __init__(self, loss: Loss, function: types.FunctionType, code: types.CodeType) -> None:
        functools.update_wrapper(self, loss)
        self.loss, self.function, self.code = loss, function, code

    def __call__(self, params: Any, inputs: Any) -> Any:
        """Return the loss."""
        try:
            return self.loss(params, inputs)
        except Exception:
            before, self.function.__code__ = self.function.__code__, self.code
            try:
                return self.loss(params, inputs)
            finally:
                self.function.__code__ = before


def candidates(loss: Loss, error: BaseException) -> Iterator[OnlyLoss]:
    """Give ways to run a loss that raised without what raised, the whole function first."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not is_users(frame.f_code.co_filename):
            continue
        functions = [
            function
            for function in gc.get_referrers(frame.f_code)
            if isinstance(function, types.FunctionType) and function.__code__ is frame.f_code
        ]
        code = _left_early(frame.f_code, line) if len(functions) == 1 else None
        if code is not None and code.co_freevars == frame.f_code.co_freevars:
            yield OnlyLoss(loss, functions[0], code)


def _left_early(code: types.CodeType, line: int) -> types.CodeType | None:
    """Return the code of a function that returns before the statement at a line, or None."""
    file = code.co_filename
    try:
        source = Source(file, "".join(linecache.getlines(file)))
    except SyntaxError:
        return None
    unit = source.unit_at(code.co_firstlineno)
    function = _function(source, code)
    if unit is None or function is None:
        return None
    at, after = next(
        ((k, s) for k, s in enumerate(function.body) if s.lineno <= line <= (s.end_lineno or 0)),
        (0, None),
    )
    last, rest = function.body[-1], function.body[at:]
    others = [n for s in rest for n in ast.walk(s) if isinstance(n, ast.Return) and n is not last]
    if after is None or others or not isinstance(last, ast.Return) or last.value is None:
        return None
    text = _returned(source, last.value, _stored(rest))
    if repr(_KEPT) not in text:
        return None
    start = source.span(after)[0]
    indent = " " * after.col_offset
    splice = Splice(start, start, f"return {text}\n{indent}")
    edited = source.compiled(unit, [splice])
    found = [c for c in codes_in(edited) if c.co_qualname == code.co_qualname]
    return _with_objects(found[0]) if len(found) == 1 else None


def _function(source: Source, code: types.CodeType) -> ast.FunctionDef | None:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
            continue
        if code.co_firstlineno in (node.lineno, *(d.lineno for d in node.decorator_list)):
            return node
    return None


def _stored(statements: list[ast.stmt]) -> set[str]:
    """Return what statements write to, as it is written."""
    return {
        ast.unparse(node)
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


def _returned(source: Source, value: ast.expr, stored: set[str]) -> str:
    """Return the text of a result in which only what is known before is left."""

    def one(node: ast.expr) -> str:
        names = {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)}
        simple = all(isinstance(inner, _KEPT_NODES) for inner in ast.walk(node))
        if simple and names and not names & stored:
            return f"{_KEPT!r}({source.of(node)})"
        return repr(_LOST)

    if isinstance(value, ast.Tuple | ast.List):
        return f"({', '.join(map(one, value.elts))},)"
    if isinstance(value, ast.Dict) and all(value.keys):
        pairs = zip(value.keys, value.values, strict=True)
        return f"{{{', '.join(f'{ast.unparse(k)}: {one(v)}' for k, v in pairs if k)}}}"
    return one(value)


def _with_objects(code: types.CodeType) -> types.CodeType:
    known = {_LOST: _Lost(), _KEPT: _number}
    constants = (known.get(c, c) if isinstance(c, str) else c for c in code.co_consts)
    return code.replace(co_consts=tuple(constants))


def _number(value: Any) -> Any:
    """Return a number as it is; anything that may be changed later is lost."""
    if isinstance(value, dict | set | list | tuple) or shape_of(value):
        return _Lost()
    return value


class _Lost:
    """What was not computed: nothing can be done with it."""

    __array_ufunc__ = None

    def _raise(self, *_: Any) -> NoReturn:
        raise TypeError("this was not computed")

    __array__ = __bool__ = __iter__ = __float__ = _raise  # type: ignore[assignment]  # whatever it is asked
