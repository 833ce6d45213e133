"""A backward that raises: the line, and what its error says of the mistake."""

from __future__ import annotations

import ast
import difflib
import re
import traceback
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.diagnosis import Suspect
from reference.debugger.running.place import at, is_users, tree_of
from reference.debugger.texts.clock import score_of
from reference.debugger.texts.edited import Loop

_ALIGNMENT = re.compile(r"matmul|not aligned|shape-mismatch for sum")
_FIT = re.compile(r"could not be broadcast|broadcast input|non-broadcastable|shape mismatch")


def finding(error: BaseException, told: str) -> Suspect:
    """Return what an error that the backward raised shows.

    Parameters
    ----------
    error : BaseException
    told : str
        The error in a line.
    """
    frames = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if is_users(frame.f_code.co_filename)
    ]
    if not frames:
        return Suspect("", 0, "", "", kind="raises", why=f"backward raises: {told}",
                       confidence=0.9, engines=("exception",))  # fmt: skip
    frame, line = frames[-1]
    if isinstance(error, RecursionError):  # the line that calls again, not where it broke
        places = [(frame.f_code, line) for frame, line in frames]
        again = max(set(places), key=places.count)
        frame, line = next(f for f in reversed(frames) if (f[0].f_code, f[1]) == again)
    names = frame.f_globals
    place = at(frame.f_code.co_filename, line, frame.f_code.co_name, names)
    kind, should_be, pattern = _kind(error, frame, line)
    if pattern == "all" and not any(_is_in_a_loop(frame, line) for frame, line in frames):
        pattern = "none"
    return Suspect(
        *place, kind=kind, pattern=pattern, why=f"backward raises here: {told}",
        should_be=should_be, confidence=0.9, engines=("exception",),
    )  # fmt: skip


def _is_in_a_loop(frame: types.FrameType, line: int) -> bool:
    return any(
        isinstance(node, Loop)
        and score_of(node) > 0
        and node.lineno < line <= (node.end_lineno or 0)
        for node in ast.walk(tree_of(frame.f_code.co_filename))
    )


def _kind(error: BaseException, frame: types.FrameType, line: int) -> tuple[str, str, str]:
    """Return the kind of mistake, what should stand there if that is known, and the steps."""
    message = str(error)
    if isinstance(error, NameError):
        hint = re.search(r"name '(\w+)'", message)
        close = _close(hint[1], frame) if hint else ""
        return "wrong name", f"perhaps {close}" if close else "a name that is defined", "all"
    if isinstance(error, ValueError) and _ALIGNMENT.search(message):
        for left, right in _products(frame, line):
            fitting = _fitting(left, right)
            if fitting:
                return *fitting, "all"
        return "wrong shape", "arrays whose inner sizes agree", "all"
    if isinstance(error, ValueError) and _FIT.search(message):
        return "wrong shape", "arrays whose shapes fit together", "all"
    if isinstance(error, TypeError) and "Cannot cast ufunc" in message:
        return (
            "wrong dtype",
            "a buffer of floats: it is made from integers, and so holds them",
            "all",
        )
    if isinstance(error, RecursionError):
        return "raises", "a recursion that ends", ""
    return "raises", "", ""


def _close(name: str, frame: types.FrameType) -> str:
    known = [n for n in (*frame.f_locals, *frame.f_globals) if not n.startswith("__")]
    return next(iter(difflib.get_close_matches(name, known, 1, 0.6)), "")


def _fitting(left: tuple[str, Any], right: tuple[str, Any]) -> tuple[str, str] | None:
    """Return the transposed or outer product that fits where a product does not."""
    (a, left_value), (b, right_value) = left, right
    if np.ndim(left_value) == np.ndim(right_value) == 1:
        return "dot for outer", f"np.outer({a}, {b})"
    turned, right_turned = np.transpose(left_value), np.transpose(right_value)
    trials = [
        (f"{a}.T", b, turned, right_value),
        (a, f"{b}.T", left_value, right_turned),
        (f"{a}.T", f"{b}.T", turned, right_turned),
    ]
    for first, second, one, other in trials:
        try:
            np.matmul(one, other)
        except ValueError:
            continue
        return "transposed", f"{first} @ {second}"
    return None


def _products(frame: types.FrameType, line: int) -> Iterator[tuple[Any, Any]]:
    """Give text and value of the factors of each matrix product on a line that does not fit."""
    for node in ast.walk(tree_of(frame.f_code.co_filename)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            factors = [node.left, node.right]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".dot", ".matmul")):
            factors = list(node.args)
            if len(factors) == 1 and isinstance(node.func, ast.Attribute):
                factors = [node.func.value, *factors]
        else:
            continue
        if len(factors) != 2 or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        if any(isinstance(n, ast.Call | ast.Yield | ast.NamedExpr)
               for factor in factors for n in ast.walk(factor)):  # fmt: skip
            continue  # to be evaluated again, it must have no effect of its own
        try:
            values = [_value(factor, frame) for factor in factors]
            np.matmul(*values)
        except ValueError:
            yield tuple((ast.unparse(f), v) for f, v in zip(factors, values, strict=True))  # type: ignore[misc]  # as many as there are factors: two
        except Exception:
            continue


def _value(node: ast.expr, frame: types.FrameType) -> Any:
    code = compile(ast.Expression(node), "<factor>", "eval")
    return np.asarray(eval(code, frame.f_globals, frame.f_locals))
