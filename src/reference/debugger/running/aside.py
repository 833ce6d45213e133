"""What only draws arguments: nothing that stands there is offered as a part of the backward."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from reference.debugger.running.program import Program
from reference.debugger.running.source import Source
from reference.user_code import functions_reached


def leave_aside(program: Program, example: Any) -> None:
    """Leave out of what is offered the functions that are reached by an example alone.

    A number that they draw a parameter with is its value in each example, and stands for it there.
    """
    asked = {
        function.__code__
        for one in (program.loss, program.backward)
        for function in functions_reached(one)
    }
    for function in functions_reached(example):
        code = function.__code__
        source = program.sources.get(code.co_filename)
        if source is not None and code not in asked:
            source.aside |= {code.co_name}


def offered(source: Source) -> Iterator[ast.AST]:
    r"""Give the nodes of a file, without those of functions that are left aside.

    Examples
    --------
    >>> source = Source("f.py", "def f(x): return 2 * x\ndef example(rng): return 0.7")
    >>> source.aside = frozenset({"example"})
    >>> [node.value for node in offered(source) if isinstance(node, ast.Constant)]
    [2]
    """
    waiting: list[ast.AST] = [source.tree]
    while waiting:  # in the order of `ast.walk`
        node = waiting.pop(0)
        yield node
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if not (isinstance(child, ast.FunctionDef) and child.name in source.aside)
        ]
