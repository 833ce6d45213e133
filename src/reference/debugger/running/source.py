"""The text of a file of the user's, in units that are compiled alone, and edits of it in bytes."""

from __future__ import annotations

import ast
import types
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reference.debugger.running.kept import kept


@dataclass(frozen=True)
class Splice:
    """Bytes `start` to `end` of a file, replaced by `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Unit:
    """A stretch of a file that is compiled alone: a function or statement at the top or in a class.

    Parameters
    ----------
    file : str
    first, last : int
        Its lines, from 1, inclusive.
    classes : tuple of str
        The classes around it, outermost first.
    tree : ast.stmt
    """

    file: str
    first: int
    last: int
    classes: tuple[str, ...]
    tree: ast.stmt

    def holds(self, file: str, line: int) -> bool:
        """Return whether a line of a file is in it."""
        return file == self.file and self.first <= line <= self.last


class Unreadable(ValueError):
    """A function whose source text is not to be had, or is not what was loaded."""


class Source:
    """The text of a file, its units, and conversion from syntax positions to bytes."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.data = text.encode()
        self.tree = _parsed(text)
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self.lines = text.splitlines()
        self.aside: frozenset[str] = frozenset()  # functions of which nothing is offered
        self.units = _joined(_units(file, self.tree.body, (), self.lines))

    def at(self, line: int, column: int = 0) -> int:
        """Return the place of a line (from 1) and a column (in bytes), in bytes."""
        return self._starts[min(line - 1, len(self._starts) - 1)] + column

    def line_at(self, place: int) -> int:
        """Return the line, from 1, of a place in bytes."""
        return self.data[:place].count(b"\n") + 1

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return the bytes from start to end of a node."""
        return (
            self.at(node.lineno, node.col_offset),  # type: ignore[attr-defined]  # only nodes with a place come here
            self.at(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]  # the same
        )

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.data[start:end].decode()

    def in_one_line(self, node: ast.AST) -> str:
        """Return the text of a node in one line, without the comments in it."""
        text = self.of(node)
        return ast.unparse(node) if "#" in text else " ".join(text.split())

    def indent(self, statement: ast.AST) -> str:
        """Return what stands before the first statement on the line of this one."""
        line = self.lines[statement.lineno - 1]  # type: ignore[attr-defined]  # only statements come here
        return line[: len(line) - len(line.lstrip())]

    def unit_at(self, line: int) -> Unit | None:
        """Return the unit that holds a line."""
        return next((unit for unit in self.units if unit.first <= line <= unit.last), None)

    def edited(self, splices: Iterable[Splice]) -> str:
        """Return the text with the splices made."""
        return self.between(0, len(self.data), splices).decode()

    def between(self, start: int, end: int, splices: Iterable[Splice]) -> bytes:
        """Return the bytes between two places with splices made, all of which lie there."""
        data = self.data[start:end]
        for splice in sorted(splices, key=lambda splice: -splice.start):
            data = data[: splice.start - start] + splice.new.encode() + data[splice.end - start :]
        return data

    def compiled(self, unit: Unit, splices: Iterable[Splice] = ()) -> types.CodeType:
        """Return the code of a unit with the splices made in it; lines keep their numbers.

        Raises
        ------
        SyntaxError
        """
        return _compiled(self.alone(unit, splices), self.file)

    def fresh(self, unit: Unit) -> list[ast.stmt]:
        """Return the trees of a unit, which may be changed; their places are those in the file."""
        return body_in(_parsed(self.alone(unit)), heads_of(unit))

    def alone(self, unit: Unit, splices: Iterable[Splice] = ()) -> str:
        """Return a text of a unit alone, with the splices made, on the lines where it stands."""
        start, end = self.at(unit.first), self.at(unit.last + 1)
        data = self.between(start, end, splices)
        heads = "".join(f"{' ' * k}class {name}:\n" for k, name in enumerate(unit.classes))
        if unit.tree.col_offset and not heads:
            heads = "if True:\n"  # it stands in an `if`, `try` or `with`
        blank = "\n" * (unit.first - 1 - heads.count("\n"))
        return blank + heads + data.decode()


def heads_of(unit: Unit) -> int:
    """Return how many heads, of classes or of an `if`, a unit has above it where it is alone."""
    return len(unit.classes) or int(unit.tree.col_offset > 0)


def body_in(tree: ast.Module, heads: int) -> list[ast.stmt]:
    """Return the statements below so many heads."""
    body = tree.body
    for _ in range(heads):
        head = body[0]
        assert isinstance(head, ast.ClassDef | ast.If)
        body = head.body
    return body


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SyntaxWarnings of the user's own text
        return ast.parse(text)


@kept(64)
def source_of(file: str, text: str) -> Source:
    """Return the source of a text, kept: edits are made and taken back again and again.

    Raises
    ------
    SyntaxError
    """
    return Source(file, text)


@kept(1024)
def _compiled(text: str, file: str) -> types.CodeType:
    """Return the code of a text, kept: most units are the same in the next text of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SyntaxWarnings of the user's own text
        return compile(text, file, "exec", dont_inherit=True)


def signature(code: types.CodeType) -> tuple[Any, ...]:
    """Return what tells codes apart; the bytes differ with the imports above a function."""
    constants = [repr(c) for c in code.co_consts if not isinstance(c, types.CodeType)]
    return code.co_names, code.co_varnames, code.co_freevars, constants


def begins_at(code: types.CodeType) -> tuple[int, int]:
    """Return the line of a function and the column of its body: a line may hold several lambdas.

    Examples
    --------
    >>> slopes = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y}
    >>> first, second = (begins_at(slope.__code__) for slope in slopes.values())
    >>> first[0] == second[0], first[1] < second[1]
    (True, True)
    """
    columns = [column for _, _, column, _ in code.co_positions() if column]
    return code.co_firstlineno, min(columns, default=0)


def _units(
    file: str, body: list[ast.stmt], classes: tuple[str, ...], lines: list[str]
) -> Iterator[Unit]:
    for statement in body:
        if isinstance(statement, ast.ClassDef) and _on_own_lines(statement.body, lines):
            yield from _units(file, statement.body, (*classes, statement.name), lines)
        elif (
            isinstance(statement, ast.If | ast.Try | ast.With)
            and not classes
            and all(_on_own_lines(block, lines) for block in blocks_of([statement]))
        ):
            for block in blocks_of([statement]):
                yield from _units(file, block, classes, lines)
        else:
            decorators = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(d.lineno for d in decorators)])
            yield Unit(file, first, statement.end_lineno or first, classes, statement)


def _on_own_lines(block: list[ast.stmt], lines: list[str]) -> bool:
    """Return whether a block begins on a line of its own, and not behind the colon."""
    return not block or not lines[block[0].lineno - 1].encode()[: block[0].col_offset].strip()


def _joined(units: Iterable[Unit]) -> list[Unit]:
    """Put what shares a line, as ``a = 1; b = 2`` does, into one unit."""
    found: list[Unit] = []
    for unit in units:
        if found and unit.first <= found[-1].last:
            found[-1] = replace(found[-1], last=max(found[-1].last, unit.last))
        else:
            found.append(unit)
    return found


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """Give a code object and all that are nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_in(constant)


def function_at(source: Source, line: int) -> str:
    """Return the name of the innermost function around a line."""
    around = function_around(source, line)
    return "" if around is None else around.name


def function_around(source: Source, line: int) -> ast.FunctionDef | None:
    """Return the innermost function around a line, if there is any."""
    around = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno, default=None)


def first_line(function: ast.FunctionDef) -> int:
    """Return the line at which a function begins, that of its first decorator."""
    return min([function.lineno, *(d.lineno for d in function.decorator_list)])


def blocks_of(nodes: Iterable[ast.AST]) -> Iterator[list[ast.stmt]]:
    """Give the blocks of statements that some nodes of a tree have."""
    for node in nodes:
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield block


def place_of(unit: Unit, source: Source) -> tuple[Any, ...]:
    """Return what tells units of a file apart in two texts of it: their order."""
    return unit.classes, [u.first for u in source.units].index(unit.first)
