"""Which functions are mutated, how a mutation becomes a source text, and which mutants are kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from cases import Mutant, load, program_source
from observe import WRONG, symptoms
from operators import OPERATORS, Place, deleted_statement

SECONDS = 2.0
"""Longest time that a mutant may run on one example."""


def _reached(tree: ast.Module, start: str) -> set[str]:
    """Names of the functions and methods that `start` may call; by name, so rather too many."""
    bodies: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            bodies.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            special = ("__init__", "__call__")
            bodies[node.name] = [n for n in node.body if getattr(n, "name", "") in special]
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in bodies and name not in seen:
            seen.add(name)
            for node in (n for body in bodies[name] for n in ast.walk(body)):
                if isinstance(node, ast.Name):
                    todo.append(node.id)
                elif isinstance(node, ast.Attribute):
                    todo.append(node.attr)
    return seen


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]


def backward_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Outermost functions that the backward reaches and the loss doesn't.

    Where the work is done in a function that both reach, that function is given too; a mutation
    of it counts only if the loss stays what it was.
    """
    functions = _functions(tree)
    backward, loss = _reached(tree, "backward"), _reached(tree, "loss")
    chosen = [f for f in functions if f.name in backward - loss]
    if sum(len(list(ast.walk(f))) for f in chosen) < 200:
        chosen += [f for f in functions if f.name in backward & loss]
    inner = {id(n) for f in chosen for n in ast.walk(f) if n is not f}
    return [f for f in chosen if id(f) not in inner]


def mutations(source: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Give (mutated source, operator, lines to blame), for all operators and places."""
    tree, untouched = ast.parse(source), ast.parse(source)
    for function, original in zip(
        backward_functions(tree), backward_functions(untouched), strict=True
    ):
        number = _functions(untouched).index(original)
        for operator in OPERATORS:
            for place in operator(function, source):
                wanted = ast.dump(function)
                for text in place.texts:
                    mutated = _replaced(source, place.node, text)
                    try:
                        if ast.dump(_functions(ast.parse(mutated))[number]) != wanted:
                            continue
                    except SyntaxError:
                        continue
                    if operator is deleted_statement:
                        lines = _around(mutated, place, original)
                    else:
                        lines = _blamed(original, place.node)
                    yield mutated, operator.__name__, lines
                    break


def _replaced(source: str, node: ast.expr | ast.stmt, text: str) -> str:
    lines = source.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    if not text:
        return "".join(lines[:first] + lines[last + 1 :])
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    return "".join(lines[:first]) + head + text + tail + "".join(lines[last + 1 :])


def _blamed(function: ast.FunctionDef, node: ast.expr | ast.stmt) -> tuple[int, ...]:
    """Give the line of the change, then the first line of its statement."""
    starts = [
        n.lineno
        for n in ast.walk(function)
        if isinstance(n, ast.stmt) and n.lineno <= node.lineno <= (n.end_lineno or n.lineno)
    ]
    return tuple(dict.fromkeys((node.lineno, max(starts, default=node.lineno))))


def _around(mutated: str, place: Place, function: ast.FunctionDef) -> tuple[int, ...]:
    """For a deleted statement: the lines that use its target, then the lines next to the gap."""
    node = place.node
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    written = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    written |= {n.attr for t in targets for n in ast.walk(t) if isinstance(n, ast.Attribute)}
    written -= {"self", "t", "np"}
    removed = (node.end_lineno or node.lineno) - node.lineno + 1
    last = (function.end_lineno or function.lineno) - removed
    uses = [
        n.lineno
        for n in ast.walk(ast.parse(mutated))
        if function.lineno <= getattr(n, "lineno", 0) <= last
        and (getattr(n, "id", None) in written or getattr(n, "attr", None) in written)
    ]
    text = mutated.splitlines()
    returned = [n for n in uses if text[n - 1].lstrip().startswith("return")]
    later = sorted(n for n in uses if n >= node.lineno and n not in returned)
    earlier = sorted((n for n in uses if n < node.lineno), reverse=True)
    return tuple(dict.fromkeys((*later, *earlier, node.lineno, node.lineno - 1, *returned)))


@cache
def _kept(program: str) -> tuple[Mutant, ...]:
    found = []
    seen = {program_source(program)}
    counts: dict[tuple[str, int], int] = {}
    for source, operator, lines in mutations(program_source(program)):
        if source in seen:
            continue
        seen.add(source)
        counts[operator, lines[0]] = number = counts.get((operator, lines[0]), 0) + 1
        try:
            module = load(source, "mutant")
        except SyntaxError:
            continue
        shown = symptoms(module, program, 1, SECONDS, same_loss=True)
        if not shown:
            shown = symptoms(module, program, 3, SECONDS, same_loss=True)
        if shown.keys() & {"hangs", "loss", "repeat", "argument"}:
            continue
        if "raises" in shown or shown.get("gradient", 0.0) > WRONG:
            name = f"{program}:{operator}:{lines[0]}" + (f":{number}" if number > 1 else "")
            found.append(Mutant(name, source, program, operator, lines, "raises" in shown))
    return tuple(found)


def mutants(program: str, raising: bool = False) -> list[Mutant]:
    """Mutants of a right program whose gradients are wrong, in a fixed order.

    Parameters
    ----------
    program
        Name of a right program.
    raising
        Whether mutants that raise are given too.

    Returns
    -------
    list of Mutant
        Those that run to their end in time, have the right program's loss, change no argument,
        and differ from the gradients by differences in at least one of three examples.
    """
    return [mutant for mutant in _kept(program) if raising or not mutant.raises]
