"""Mutants of a function: one small mistake each, made in its syntax tree.

`mutants_of` works on any function or method without a closure. Their order and their names follow
from the source alone. A mutant is tried by `planted`, which lends its code to the function for
the run of a block; nothing is written to a file.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import FunctionType
from typing import Any, NamedTuple

from tests.mutation.operators import OPERATORS, STATEMENT_OPERATORS
from tests.mutation.sites import Site, sites_of


class Key(NamedTuple):
    """What a mutant is known by, as long as the line that it changes stands as it is."""

    function: str
    line: str
    mutation: str


class Share(NamedTuple):
    """One mutant in `every`, from the number `first` on."""

    every: int = 1
    first: int = 0


EVERY = Share()


@dataclass(frozen=True)
class Mutant:
    """A function with one mistake.

    Parameters
    ----------
    function : str
        Qualified name, such as ``LSTM.step_backward``.
    line, mutation : str
        The statement as it stands, and as it reads with the mistake; comments left out.
    operator : str
        The kind of mistake.
    made : function
        The function with the mistake.
    """

    function: str
    line: str
    mutation: str
    operator: str
    made: FunctionType = field(repr=False, compare=False)

    @property
    def key(self) -> Key:
        return Key(self.function, self.line, self.mutation)

    def __str__(self) -> str:
        return f"{self.function}: {self.line}  →  {self.mutation}  [{self.operator}]"


def mutants_of(function: Any, share: Share = EVERY) -> list[Mutant]:
    """Return every mutant of `function`, each different from it and from the others.

    Parameters
    ----------
    function : function or method
    share : Share, optional
        Which of them to make: all, if not given.
    """
    tree = _tree_of(function)
    numbers = _numbers_of_equal_lines(tree)
    seen: set[tuple[int, str]] = set()
    mutants = []
    for site, operator, changed in islice(_all_changes(tree), share.first, None, share.every):
        line, mutation = ast.unparse(site.statement), _mutated_text(site, changed)
        if mutation == line or (id(site.statement), mutation) in seen:
            continue
        seen.add((id(site.statement), mutation))
        try:
            with site.replaced(changed):
                made = _compiled(tree, function)
        except SyntaxError:  # such as an assignment to something that is no target
            continue
        number = numbers[id(site.statement)]
        told = _one_line(line) + (f"  #{number}" if number > 1 else "")
        name, kind = function.__qualname__, operator.__name__
        mutants.append(Mutant(name, told, _one_line(mutation), kind, made))
    return mutants


def _numbers_of_equal_lines(tree: ast.FunctionDef) -> dict[int, int]:
    """Return, for every statement, how many of the same text there are up to it."""
    statements = {id(site.statement): site.statement for site in sites_of(tree)}
    counted: Counter[str] = Counter()
    numbers = {}
    for key, statement in statements.items():
        line = ast.unparse(statement)
        counted[line] += 1
        numbers[key] = counted[line]
    return numbers


@contextmanager
def planted(function: Any, mutant: Mutant | None) -> Iterator[None]:
    """Let `function` make the mistake of `mutant` within the block, wherever it is used."""
    if mutant is None:
        yield
        return
    right = function.__code__, function.__defaults__, function.__kwdefaults__
    made = mutant.made
    try:
        function.__code__ = made.__code__
        function.__defaults__, function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
        yield
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = right


def _tree_of(function: Any) -> ast.FunctionDef:
    """Return the syntax tree of a function without decorators and docstring."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None:
        del tree.body[0]
    return tree


def _all_changes(tree: ast.FunctionDef) -> Iterator[tuple[Site, Any, Any]]:
    """Yield every site with every operator and what it makes of it."""
    for site in sites_of(tree):
        for operator in STATEMENT_OPERATORS if isinstance(site.node, ast.stmt) else OPERATORS:
            for changed in operator(site):
                yield site, operator, changed


def _compiled(tree: ast.FunctionDef, function: Any) -> FunctionType:
    """Return the function of a tree, with the global names of `function`."""
    module = ast.fix_missing_locations(ast.Module([tree], []))
    annotations = __future__.annotations.compiler_flag
    code = compile(module, function.__code__.co_filename, "exec", annotations, dont_inherit=True)
    made: dict[str, Any] = {}
    exec(code, function.__globals__, made)
    return made[tree.name]


def _mutated_text(site: Site, changed: Any) -> str:
    """Return the statement around a site as it reads with the change."""
    if isinstance(changed, list):
        placed = (ast.fix_missing_locations(statement) for statement in changed)
        return "; ".join(map(ast.unparse, placed)) or "(deleted)"
    with site.replaced(changed):
        ast.fix_missing_locations(site.statement)
        return ast.unparse(site.statement)


def _one_line(text: str) -> str:
    """Return a statement as one line; of an `if`, a loop or a function the first."""
    return text.split("\n")[0]
