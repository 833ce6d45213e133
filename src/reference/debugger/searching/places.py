"""The statements that may be at fault: which there are, in the order of the evidence."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from reference.debugger.repair import Place
from reference.debugger.repair.place import walked
from reference.debugger.running.kept import kept
from reference.debugger.running.own_lines import spares
from reference.debugger.running.program import Outcome, Program
from reference.debugger.searching.carries_first import before_readers
from reference.debugger.searching.repairs import Weighed
from reference.debugger.searching.round import Round
from reference.debugger.values.evidence import Evidence

_MUTE = (ast.ClassDef, ast.Import, ast.Pass)

TELLING = 0.6  # a site with more freedom than that, over the number of entries, explains anything
_ANYTHING = 0.98
_PLUMBING = ("unpacked", "argument")
_WEIGHTS = (3.0, 3.0, 2.0, 2.0, 1.0)

Statement = tuple[str, int, float]  # file, line, weight


def all_statements(program: Program, only: Any = None) -> list[Statement]:
    """Return the statements of the backward's own functions, or of one unit, in their order."""
    found = set()

    def visit(node: ast.AST, file: str, active: bool, name: str = "") -> None:
        for child in ast.iter_child_nodes(node):
            inner = active
            of = child.name if isinstance(child, ast.FunctionDef) else name
            if isinstance(child, ast.FunctionDef | ast.Lambda):
                decorators = getattr(child, "decorator_list", [])
                first = min([child.lineno, *(d.lineno for d in decorators)])
                inner = only is not None or program.is_searched(file, first)
                if isinstance(child, ast.Lambda) and inner:
                    found.add((file, child.lineno, 0.0))
            elif (
                active
                and isinstance(child, ast.stmt)
                and not isinstance(child, _MUTE)
                and (only is not None or not spares(program, file, child.lineno, name))
            ):
                found.add((file, child.lineno, 0.0))
            visit(child, file, inner, of)

    for unit in program.live_units if only is None else [only]:
        if only is not None or program.searched(unit):
            visit(ast.Module([unit.tree], []), unit.file, False)
    return sorted(found)


def computes(program: Program) -> bool:
    """Return whether the backward's own functions compute anything, or only call what does."""
    own = [line for _, line, _ in all_statements(program)]
    count = 0
    for unit in program.live_units:
        for node in ast.walk(unit.tree):
            if getattr(node, "lineno", 0) in own and isinstance(node, ast.BinOp | ast.AugAssign):
                count += 1
    return count > 1


class _Rank(NamedTuple):
    """What orders the statements: of each the least comes first.

    Attributes
    ----------
    tier : float
        How much it explains: 0 all that is wrong, 4 nothing.
    outputs : int
        Minus the number of gradients that it explains.
    one_call : bool
    plumbing : bool
        Whether it only hands values on.
    freedom : float
        Unknowns over equations; minus the share that it explains where that is no whole gradient.
    order : int
        When it is run first.
    """

    tier: float
    outputs: int
    one_call: bool
    plumbing: bool
    freedom: float
    order: int


def ordered_statements(program: Program, now: Round, outcome: Outcome) -> list[Statement]:
    """Order the statements by evidence, with a weight: 3 explains all, 2 some outputs, 1 less."""
    everything = all_statements(program)
    if outcome.error is not None and outcome.line is not None:
        file, line = outcome.line
        source = program.sources[file]
        inner = [
            n.lineno
            for n in ast.walk(source.tree)
            if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or line)
        ]
        at = (file, max(inner, default=line))
        near = [s for s in everything if s[:2] != at]
        near.sort(key=lambda s: (s[0] != file, abs(s[1] - line)))
        heads = [(file, n, 3.0) for n in sorted(inner, reverse=True)
                 if (file, n, 0.0) in everything]  # fmt: skip
        return heads + [(f, n, 1.0) for f, n, _ in near if (f, n) not in {h[:2] for h in heads}]
    ranked: dict[tuple[str, int], _Rank] = {}
    telling: set[tuple[str, int]] = set()
    for e in now.evidence:
        site = now.recording.sites[e.site]
        key = site.file, site.statement
        if any(np.any(execution.value) for execution in now.recording.executions[e.site]):
            telling.add(key)  # more than the zeros with which a sum begins
        if e.full and (e.unique or e.rank < TELLING):
            tier = 0.0 if e.linear else 1.0
        elif e.full:
            tier = 3.0
        else:
            tier = 2.0 if e.outputs and e.linear else 3.0 if e.outputs else 4.0
        first = now.recording.executions[e.site][0].order
        rank = _Rank(
            tier,
            0 if e.full else -len(e.outputs),
            _is_of_one_call(now, e),
            site.role in _PLUMBING or (site.plain and site.role != "scaled"),
            round(e.rank, 2) if e.outputs else -round(e.explains, 2),
            first,
        )
        if key not in ranked or rank < ranked[key]:
            ranked[key] = rank
    ordered = sorted(ranked, key=lambda key: ranked[key])
    weighted = [(*key, _WEIGHTS[int(ranked[key].tier)]) for key in ordered]
    # Of loops, conditions, and lines that only hand a value on, nothing may be known: they come
    # before the lines of which it is known that they explain nothing.
    nothing = [s for s in weighted if ranked[s[:2]].tier >= 4 and ranked[s[:2]].freedom > -0.05]
    unknown = [s for s in everything if s[:2] not in ranked]
    writers = _of_wrong(program, now, everything)
    said = {s[:2] for s in writers}
    others = [s for s in weighted if s[:2] not in said]
    weighted = [*((*s[:2], _WEIGHTS[0]) for s in writers), *others]
    unknown = [s for s in unknown if s not in writers]
    weighted = [s for s in weighted if s not in nothing] + unknown + nothing
    with_others = _with_indices(program, _with_writers(program, weighted, telling))
    explained = any(rank.tier < 1 and rank.freedom < TELLING for rank in ranked.values())
    return _with_doubtful(now, before_readers(program, now, with_others), explained)


def _with_doubtful(now: Round, ordered: list[Statement], explained: bool) -> list[Statement]:
    """Put the line that is the first to make what is no adjoint in front, or behind the likeliest.

    Where the probes explain all by a line with little freedom, that one comes first.
    """
    doubtful = now.agreement.doubtful[:1] if now.agreement is not None else []
    first = next((s for s in ordered if s[:2] in doubtful), None)
    if first is None:
        return ordered
    others = [s for s in ordered if s is not first]
    at = min(_BEHIND if explained else 0, ordered.index(first))
    return [*others[:at], (*first[:2], _WEIGHTS[0]), *others[at:]]


_BEHIND = 2


def _is_of_one_call(now: Round, e: Evidence) -> bool:
    """Return whether a value is wrong where one line calls its function, and right elsewhere.

    Then the call, with what it hands over, is suspected before the function.
    """
    callers = [execution.caller for execution in now.recording.executions[e.site]]
    wrong = {callers[n] for n in e.steps if n < len(callers)}
    return bool(wrong) and not wrong.issuperset(callers)


def _of_wrong(program: Program, now: Round, among: list[Statement]) -> list[Statement]:
    """Return the calls that write into a gradient by its name, where few gradients are wrong.

    ``np.add.at(grads["E"], words, dx)``: an index that is wrong has no value to solve for.
    """
    sizes = {name: float(np.max(np.abs(rest), initial=0.0)) for name, rest in now.residual.items()}
    wrong = {name for name, size in sizes.items() if size > now.nothing}
    if not 0 < len(wrong) <= _FEW or len(wrong) == len(sizes):
        return []
    said = {repr(name) for name in wrong} | {f"d{name}" for name in wrong}
    return [
        one
        for one in among
        for _, statement in _at_line(program, *one[:2])
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and statement.value.args
        and any(
            ast.unparse(node) in said
            for node in ast.walk(statement.value.args[0])
            if isinstance(node, ast.Constant | ast.Name | ast.Attribute)
        )
    ]


_FEW = 2


def _with_writers(
    program: Program, weighted: list[Statement], telling: Collection[tuple[str, int]]
) -> list[Statement]:
    """Put what writes into a variable that explains everything beside its first line.

    The zeros with which all gradients begin explain anything: that says nothing of what is added.
    """
    targets = {(file, line): _target(program, file, line) for file, line, _ in weighted}
    explained = {
        targets[file, line]
        for file, line, weight in weighted
        if weight >= 3 and (file, line) in telling
    } - {""}
    first = [s for s in weighted if s[2] >= 3]
    writers = [
        (file, line, 3.0)
        for file, line, weight in weighted
        if weight < 3 and targets[file, line] in explained
    ]
    known = {s[:2] for s in [*first, *writers]}
    return [*first[:2], *writers, *first[2:], *(s for s in weighted if s[:2] not in known)]


def _with_indices(program: Program, weighted: list[Statement]) -> list[Statement]:
    """Put what makes an index behind the first lines that explain something and use it.

    No gradient is a function of an index that could be solved for: such a line explains nothing.
    """
    named: set[tuple[str, str, str]] = set()
    for file, line, weight in weighted:
        if weight >= 2:
            for function, statement in _at_line(program, file, line):
                named |= {(file, function, name) for name in _indices(statement)}
    makers = [
        (file, line, 3.0)
        for file, line, weight in weighted
        if weight < 2 and any(
            {(file, function, name) for name in _assigned(statement)} & named
            for function, statement in _at_line(program, file, line)
        )
    ][:_MOST_INDICES]  # fmt: skip
    known = {s[:2] for s in makers}
    rest = [s for s in weighted if s[:2] not in known]
    return [*rest[:2], *makers, *rest[2:]] if makers else weighted


_MOST_INDICES = 3


def _at_line(program: Program, file: str, line: int) -> list[tuple[str, ast.stmt]]:
    """Return the assignments on a line, with the names of the functions around them."""
    unit = program.sources[file].unit_at(line)
    if unit is None:
        return []
    around = [f for f in functions_in(unit.tree) if f.lineno <= line <= (f.end_lineno or f.lineno)]
    function = max(around, key=lambda f: f.lineno).name if around else ""
    return [
        (function, node)
        for node in walked(unit.tree)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return)
        and node.lineno == line
    ]


def _indices(statement: ast.stmt) -> set[str]:
    """Return the names that a statement takes parts of arrays by."""
    return {
        name.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Subscript)
        for name in ast.walk(node.slice)
        if isinstance(name, ast.Name)
    }


def _assigned(statement: ast.stmt) -> set[str]:
    """Return the names to which a statement assigns parts of something."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Subscript):
        return set()
    return {
        node.id
        for target in statement.targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _target(program: Program, file: str, line: int) -> str:
    """Return the name of the variable that a statement writes to, or into."""
    unit = program.sources[file].unit_at(line)
    for node in walked(unit.tree) if unit is not None else ():
        if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno == line:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            while isinstance(target, ast.Subscript):
                target = target.value
            return ast.unparse(target)
    return ""


def place_at(program: Program, now: Round, file: str, line: int) -> Place | None:
    """Return the statement that begins at a line, with the values known there."""
    if (file, line) not in now.places:
        now.places[file, line] = _place(program, now, file, line)
    return now.places[file, line]


def places_of(program: Program, now: Round, ordered: list[Statement]) -> list[Weighed]:
    """Return the statements that begin at some lines, all of a line, in the order of the lines."""
    found = []
    for file, line, weight in ordered:
        if (first := place_at(program, now, file, line)) is None:
            continue
        found.append((first, weight))
        for statement in _statements(program, file, line)[1:]:
            place = _place(program, now, file, line, statement)
            found += [] if place is None else [(place, weight)]
    return found


def _statements(program: Program, file: str, line: int) -> list[ast.stmt]:
    """Return what begins on a line: more than one where ``;`` or a colon stands between."""
    unit = program.sources[file].unit_at(line)
    if unit is None:
        return []
    found = [n for n in walked(unit.tree) if isinstance(n, ast.stmt) and n.lineno == line]
    return sorted(found, key=lambda n: n.col_offset)


def _place(
    program: Program, now: Round, file: str, line: int, statement: ast.stmt | None = None
) -> Place | None:
    source = program.sources[file]
    unit = source.unit_at(line)
    statement = statement or next(iter(_statements(program, file, line)), None)
    if unit is None or statement is None:
        return None
    around = [f for f in functions_in(unit.tree) if f.lineno <= line <= (f.end_lineno or f.lineno)]
    function = max(around, key=lambda f: f.lineno, default=unit.tree)
    envs = _envs(now, file, line, function, source.span(statement)[0])
    names = next((f.__globals__ for f in program.functions if f.__code__.co_filename == file), {})
    return Place(source, unit, function, statement, envs, names, _inner(now, file, line))


def _inner(now: Round, file: str, line: int) -> list[dict[str, Any]]:
    """Return the variables at the elements that a comprehension in a statement makes."""
    for k, seen in now.recording.executions.items():
        site = now.recording.sites[k]
        if site.within and (site.file, site.statement) == (file, line):
            return [execution.env for execution in seen]
    return []


def _envs(now: Round, file: str, line: int, function: ast.AST, start: int) -> list[dict[str, Any]]:
    """Return the variables at a statement, or at the nearest one after it in its function."""
    last = getattr(function, "end_lineno", line)
    nearest: tuple[float, int] | None = None
    for k, site in enumerate(now.recording.sites):
        if site.file != file or k not in now.recording.executions or site.within:
            continue
        if getattr(function, "lineno", 0) <= site.line <= last:
            far = abs(site.statement - line) * 2 + (site.statement < line)
            if far == 0 and site.span is not None and site.span[0] < start:
                far += 0.5  # of a statement before it on its line
            if nearest is None or far < nearest[0]:
                nearest = far, k
    if nearest is None:
        return []
    return [execution.env for execution in now.recording.executions[nearest[1]]]


@kept(256)
def functions_in(tree: ast.AST) -> list[ast.FunctionDef]:
    """Return all functions in a tree."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
