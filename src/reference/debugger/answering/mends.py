"""Fixes for what a call leaves behind: a copy before the change, a container emptied or made anew.

The gradients are right here and stay so; a fix passes if the same functions, called again and
again without anything put back, go on giving right gradients and change nothing of the caller's.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from reference.debugger.answering.answer import edits_between
from reference.debugger.diagnosis import Fix, Suspect
from reference.debugger.judging.oracle import gradients
from reference.debugger.running.arguments import same
from reference.debugger.running.program import Program, copied
from reference.debugger.running.source import Source, Splice
from reference.debugger.running.timebox import TimeUp
from reference.debugger.searching.cases import Case, score_of

LEFT_BEHIND = ("argument changed", "state between calls")
_ROUNDS = 2
_MOST = 60  # ways to mend several lines at once
_SECONDS = 2.0
_EMPTY = ("{name}.clear()", "{name} = None", "{name} = 0", "{name} = []", "{name} = {{}}")


@dataclass(frozen=True)
class _Mend:
    text: str
    why: str
    none_by_default: tuple[tuple[str, str], ...] = ()  # functions, and an argument of each


def mends(program: Program, findings: Iterable[Suspect], cases: list[Case]) -> list[Fix]:
    """Return fixes of arguments that are changed and state that is kept; none if none passes.

    Parameters
    ----------
    program : Program
        Left as it was.
    findings : iterable of Suspect
        Of the kinds "argument changed" and "state between calls", with their lines.
    cases : list of Case
        At which a fix has to pass.
    """
    left = [f for f in findings if f.line and f.file in program.sources]
    files = {finding.file for finding in left}
    if not left or len(files) != 1:
        return []
    (file,) = files
    original = program.sources[file].text
    # A loss that changes what it is given may go on to read it, and is another one without that.
    for anew in (False, True) if _in_loss(program, left) else (False,):
        for mend in _candidates(program.sources[file], left, _entries(program)):
            if mend.text != original and _passes(program, file, mend, cases, anew):
                verified = f"{_ROUNDS * len(cases)} calls one after the other"
                return [Fix(edits_between(file, original, mend.text), mend.why, verified, original)]
    return []


def _in_loss(program: Program, findings: list[Suspect]) -> bool:
    """Return whether the loss itself changes an argument, and keeps nothing between calls."""
    functions = [_function(program.sources[f.file], f.line) for f in findings]
    return all(f.kind == "argument changed" for f in findings) and all(
        function is not None and (finding.file, function.lineno) in program.in_loss
        for finding, function in zip(findings, functions, strict=True)
    )


def _passes(program: Program, file: str, mend: _Mend, cases: list[Case], anew: bool) -> bool:
    before = program.sources[file].text
    try:
        program.install(file, mend.text)
    except (SyntaxError, ValueError):
        return False
    try:
        with _none_by_default(program, file, mend.none_by_default):
            program.state.restore()
            both = all(_is_right(program, case, anew) for _ in range(_ROUNDS) for case in cases)
            # Alone, too: what a loss has left behind last is not what this backward is asked.
            alone = anew or all(_is_right(program, case, anew, loss=False) for case in cases)
            return both and alone
    finally:
        program.install(file, before)
        program.state.restore()


def _is_right(program: Program, case: Case, anew: bool, loss: bool = True) -> bool:
    """Return whether loss and gradients are right, and the arguments untouched.

    Those of the loss as it is now, if `anew`; the gradients alone without `loss`.
    """
    mine = copied(case.inputs)
    try:
        with program.quiet(), program.watchdog.limit(_SECONDS):
            value = float(np.asarray(program.loss(*mine)).item()) if loss else case.loss
            outputs = {str(k): np.array(v) for k, v in dict(program.backward(*mine)).items()}
    except (Exception, TimeUp):
        return False
    untouched = all(
        same(now[name], was[name])
        for now, was in zip(mine, case.inputs, strict=True)
        for name in was
        if isinstance(was[name], np.ndarray)
    )
    if anew and untouched:
        oracle = gradients(program, case.inputs, case.oracle, _SECONDS)
        case = replace(case, loss=value, oracle=oracle)
    right = score_of(outputs, case).right
    right_loss = case.is_loss(value, 1e-6)
    return untouched and right_loss and len(right) == len(case.oracle)


@contextlib.contextmanager
def _none_by_default(
    program: Program, file: str, arguments: tuple[tuple[str, str], ...]
) -> Iterator[None]:
    """Give live functions None for default values: their code does not hold them."""
    undo = []
    for function in program.functions:
        code = function.__code__
        none = {argument for name, argument in arguments if name == function.__name__}
        if code.co_filename != file or not none:
            continue
        undo.append((function, function.__defaults__, function.__kwdefaults__))
        given = function.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(given) : code.co_argcount]
        function.__defaults__ = tuple(
            None if which in none else value for which, value in zip(names, given, strict=True)
        )
        function.__kwdefaults__ = {
            which: None if which in none else value
            for which, value in (function.__kwdefaults__ or {}).items()
        }
    try:
        yield
    finally:
        for function, defaults, keyword_defaults in undo:
            function.__defaults__, function.__kwdefaults__ = defaults, keyword_defaults


# What may mend it.


def _entries(program: Program) -> list[str]:
    """Return the names of the functions that are called, whatever they are bound to."""
    functions = (getattr(f, "__code__", None) for f in (program.backward, program.loss))
    return [*(code.co_name for code in functions if code is not None), "backward", "loss"]


def _candidates(
    source: Source, findings: list[Suspect], entries: Iterable[str] = ("backward", "loss")
) -> Iterator[_Mend]:
    changed = [f for f in findings if f.kind == "argument changed"]
    defaults = [f for f in findings if f.kind == "state between calls" and f.text[:4] == "def "]
    for some in ([defaults] if len(defaults) > 1 else []) + [[finding] for finding in defaults]:
        yield from _of_defaults(source, some)
    yield from _of_arguments(source, changed)
    kept = [f for f in findings if f.kind == "state between calls" and f.text[:4] != "def "]
    if kept:
        yield from _of_class(source, kept)
        yield from _of_state(source, kept, entries)


def _of_arguments(source: Source, findings: list[Suspect]) -> Iterator[_Mend]:
    """Give what leaves all arguments as they are, and then each of them alone."""
    lines = dict.fromkeys(finding.line for finding in findings)
    each = [found for line in lines if (found := list(_of_argument(source, line)))]
    for chosen in itertools.islice(itertools.product(*each), _MOST if len(each) > 1 else 0):
        splices = dict.fromkeys(splice for found, _ in chosen for splice in found)
        why = "; ".join(dict.fromkeys(why for _, why in chosen))
        yield _Mend(source.edited(splices), why)
    for found in each:
        for splices, why in found:
            yield _Mend(source.edited(splices), why)


def _of_argument(source: Source, line: int) -> Iterator[tuple[list[Splice], str]]:
    """Give the edits, one after the other, that keep what a line changes, and why."""
    statement, function = _statement(source, line), _function(source, line)
    if statement is None or function is None:
        return
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        name = statement.target.id
        sign = _operator(source, statement)
        value = source.of(statement.value)
        new = f"{name} = {name} {sign} {value if sign in '+' else f'({value})'}"
        yield [Splice(*source.span(statement), new)], f"a new {name}: the old one belongs to the " \
            "caller"  # fmt: skip
    for name in _names_written(statement):
        why = f"{name} is copied before it is changed"
        for node in _values_of(function, name, line):
            yield [Splice(*source.span(node), f"{source.of(node)}.copy()")], why
        at, indent = _top(source, function)
        yield [Splice(at, at, f"{indent}{name} = {name}.copy()\n")], why
        copy = f"{name} = {{key: value.copy() for key, value in {name}.items()}}"
        yield [Splice(at, at, f"{indent}{copy}\n")], why
        for node in _bindings(function, name, line):
            block = node.body[0] if isinstance(node, ast.For) else node
            after = (node.end_lineno or node.lineno) + 1
            at = source.at(block.lineno if isinstance(node, ast.For) else after)
            yield [Splice(at, at, f"{' ' * block.col_offset}{name} = {name}.copy()\n")], why
        for node in _arguments(source, function, name):
            yield [Splice(*source.span(node), f"{source.of(node)}.copy()")], f"a copy of {name}"


def _bindings(
    function: ast.FunctionDef, name: str, line: int
) -> list[ast.Assign | ast.For]:  # fmt: skip
    """Return the statements before a line that give a name to something."""
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.For) and node.lineno < line
        and any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
                for n in ast.walk(node.targets[0] if isinstance(node, ast.Assign)
                                  else node.target))
    ]  # fmt: skip


def _values_of(function: ast.FunctionDef, name: str, line: int) -> Iterator[ast.expr]:
    """Give what a name stands for where that is no array of its own: ``x`` of ``out = x``."""
    for node in _bindings(function, name, line):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for to, what in pairs:
            plain = isinstance(what, ast.Name | ast.Attribute | ast.Subscript)
            if plain and isinstance(to, ast.Name) and to.id == name:
                yield what


def _arguments(source: Source, function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """Give what is handed to a function under a name."""
    names = [argument.arg for argument in function.args.args]
    if name not in names:
        return
    for call in ast.walk(source.tree):
        if not isinstance(call, ast.Call):
            continue
        called = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = names.index(name) - (names[0] == "self")
        if called == function.name and place < len(call.args):
            yield call.args[place]
        yield from (k.value for k in call.keywords if k.arg == name and called == function.name)


def _operator(source: Source, statement: ast.AugAssign) -> str:
    between = source.data[source.span(statement.target)[1] : source.span(statement.value)[0]]
    match = re.search(rb"(\S+)=", between)
    return match[1].decode() if match else "+"


def _names_written(statement: ast.stmt) -> list[str]:
    """Return the names whose arrays a statement may write into, the likeliest first."""
    names = []
    targets = [statement.target] if isinstance(statement, ast.AugAssign) else []
    targets += statement.targets if isinstance(statement, ast.Assign) else []
    targets += [k.value for n in ast.walk(statement) if isinstance(n, ast.Call)
                for k in n.keywords if k.arg == "out"]  # fmt: skip
    targets += [n.func.value for n in ast.walk(statement)
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]  # fmt: skip
    targets += [a for n in ast.walk(statement) if isinstance(n, ast.Call) for a in n.args[:1]]
    for target in targets:
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
        if isinstance(target, ast.Name) and target.id not in (*names, "np", "numpy", "self"):
            names.append(target.id)
    return names


def _of_defaults(source: Source, findings: list[Suspect]) -> Iterator[_Mend]:
    """Give default values that are made anew at each call, all of them together."""
    splices, arguments = [], []
    for finding in findings:
        function = _function(source, finding.line + 1)
        if function is None:
            continue
        for argument, default in _defaults(function):
            if argument == finding.variable and (function.name, argument) not in arguments:
                made = [f"if {argument} is None:", f"    {argument} = {source.of(default)}"]
                at, indent = _top(source, function)
                lines = "".join(f"{indent}{line}\n" for line in made)
                splices += [Splice(*source.span(default), "None"), Splice(at, at, lines)]
                arguments.append((function.name, argument))
    if arguments:
        why = f"{', '.join(argument for _, argument in arguments)} made anew at each call"
        yield _Mend(source.edited(splices), why, tuple(arguments))


def _defaults(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Give the arguments of a function that have default values, with those."""
    given = function.args
    pairs = list(zip(given.args[::-1], given.defaults[::-1], strict=False))
    pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
    yield from ((argument.arg, default) for argument, default in pairs)


def _of_class(source: Source, findings: list[Suspect]) -> Iterator[_Mend]:
    """Give what stands in the body of a class to each object."""
    statements = [_statement(source, line) for line in dict.fromkeys(f.line for f in findings)]
    for cls in ast.walk(source.tree):
        if not isinstance(cls, ast.ClassDef):
            continue
        shared = [s for s in statements if isinstance(s, ast.Assign) and s in cls.body]
        lines = [
            f"{', '.join(f'self.{name}' for name in _targets(s))} = {source.of(s.value)}"
            for s in shared
        ]
        names = ", ".join(name for s in shared for name in _targets(s))
        why = f"each object has {names} of its own"
        made = [f for f in cls.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
        for function in made[:1] if shared else ():
            yield from _inserted(source, function, lines, why)
        # Without a constructor: before the first use in a call.
        for function in [f for f in cls.body if isinstance(f, ast.FunctionDef)] if shared else ():
            yield from _inserted(source, function, lines, why)


def _targets(statement: ast.Assign) -> list[str]:
    return [n.id for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name)]


def _of_state(source: Source, findings: list[Suspect], entries: Iterable[str]) -> Iterator[_Mend]:
    names = {}
    function = _function(source, findings[0].line)
    for finding in findings:
        statement = _statement(source, finding.line)
        if statement is not None:
            names[finding.variable] = _expression(statement, finding.variable)
    if function is None or not names:
        return
    told = ", ".join(names)
    for pattern in _EMPTY:
        lines = [pattern.format(name=name) for name in names.values()]
        yield from _inserted(source, function, lines, f"{told} made anew at each call")
    for entry in entries:
        for other in ast.walk(source.tree):
            if isinstance(other, ast.FunctionDef) and other.name == entry and other != function:
                lines = [_EMPTY[0].format(name=name) for name in names.values()]
                yield from _inserted(source, other, lines, f"{told} emptied before each call")


def _expression(statement: ast.stmt, name: str) -> str:
    """Return how a statement writes a name, such as ``self.hs`` for hs."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and node.attr == name:
            return ast.unparse(node)
    return name


def _inserted(
    source: Source, function: ast.FunctionDef, lines: list[str], why: str
) -> Iterator[_Mend]:
    """Give lines at the top of a function."""
    at, indent = _top(source, function)
    text = "".join(f"{indent}{line}\n" for line in lines)
    yield _Mend(source.edited([Splice(at, at, text)]), why)


def _top(source: Source, function: ast.FunctionDef) -> tuple[int, str]:
    """Return where the first statement of a function stands that is no docstring or scope."""
    body = [
        statement
        for statement in function.body
        if not isinstance(statement, ast.Global | ast.Nonlocal)
        and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ] or function.body[-1:]
    return source.at(body[0].lineno), " " * body[0].col_offset


def _statement(source: Source, line: int) -> ast.stmt | None:
    """Return the innermost statement at a line."""
    around = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: (node.lineno, node.col_offset), default=None)


def _function(source: Source, line: int) -> ast.FunctionDef | None:
    around = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.lineno < line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno, default=None)
