"""`Place` and `Rewrite`: where an edit may be made, with the values known there, and the edit."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from reference.debugger.repair.entries import fields, in_cache, keyed, other_parts
from reference.debugger.repair.helpers import harmful, of_one
from reference.debugger.repair.pure import is_pure
from reference.debugger.running.aside import offered
from reference.debugger.running.kept import kept
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source, Splice, Unit


@dataclass(frozen=True)
class Rewrite:
    """One candidate edit.

    Parameters
    ----------
    file : str
    splices : tuple of Splice
    kind : str
        The mistake that it mends, in the field's words.
    why : str
        What it does, in a few words.
    cost : float
        How far-fetched it is: the lower, the sooner it is offered.
    line : int
        The line that is to blame, in the text that the splices refer to.
    variable : str
    """

    file: str
    splices: tuple[Splice, ...]
    kind: str
    why: str
    cost: float = 1.0
    line: int = 0
    variable: str = ""


@dataclass(frozen=True)
class Atom:
    """A short expression that has a value at a place."""

    text: str
    value: Any
    zero: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        return shape_of(self.value)


@dataclass
class Place:
    """A statement of the user's with all that is known about it.

    Parameters
    ----------
    source : Source
    unit : Unit
    function : ast node
        The innermost function around the statement, or the statement itself.
    statement : ast.stmt
    envs : list of dict
        Local variables before it, at each recorded execution.
    names : dict
        The globals.
    inner : list of dict
        The variables, and those of a comprehension in the statement, where that makes elements.
    """

    source: Source
    unit: Unit
    function: ast.AST
    statement: ast.stmt
    envs: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    inner: list[dict[str, Any]] = field(default_factory=list)
    edits: list[Rewrite] | None = None  # those of the catalogue, once they have been made

    def rewrite(self, node: ast.AST, new: str, kind: str, why: str, cost: float = 1.0) -> Rewrite:
        """Replace the text of a node."""
        start, end = self.source.span(node)
        return self.splice([Splice(start, end, new)], kind, why, cost)

    def splice(self, splices: list[Splice], kind: str, why: str, cost: float = 1.0) -> Rewrite:
        """Make an edit that is blamed on this statement."""
        line = self.statement.lineno
        if (self.statement.end_lineno or line) > line and not isinstance(
            self.statement, ast.For | ast.While | ast.If | ast.With | ast.FunctionDef
        ):  # the line that changes, in a statement that spans several
            line = max(line, self.source.line_at(splices[0].start))
        return Rewrite(self.source.file, tuple(splices), kind, why, cost, line, self.variable)

    def text(self, node: ast.AST) -> str:
        """Return the text of a node, in one line."""
        return self.source.in_one_line(node)

    @cached_property
    def target(self) -> ast.expr | None:
        """The place that the statement writes to."""
        statement = self.statement
        if isinstance(statement, ast.Assign):
            return statement.targets[0]
        if isinstance(statement, ast.AugAssign | ast.AnnAssign):
            return statement.target
        return None

    @property
    def variable(self) -> str:
        """What the statement makes, in a word."""
        return "" if self.target is None else self.text(self.target)

    @cached_property
    def heads(self) -> list[ast.expr]:
        """The expressions of the statement itself, without those of statements inside it."""
        return [node for node in ast.iter_child_nodes(self.statement) if isinstance(node, ast.expr)]

    @cached_property
    def nodes(self) -> list[tuple[ast.expr, ast.AST]]:
        """Every expression in the statement with its parent, outer ones first."""
        found: list[tuple[ast.expr, ast.AST]] = []

        def visit(node: ast.AST, parent: ast.AST) -> None:
            if isinstance(node, ast.expr):
                found.append((node, parent))
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, ast.stmt):
                    visit(child, node)

        for head in self.heads:
            visit(head, self.statement)
        return found

    @cached_property
    def loaded(self) -> list[tuple[ast.expr, ast.AST]]:
        """Expressions that are read: no targets, no functions of calls."""
        return [
            (node, parent)
            for node, parent in self.nodes
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            and not (isinstance(parent, ast.Call) and parent.func is node)
            and not isinstance(node, ast.Slice)
        ]

    def value(self, text: str, env: dict[str, Any]) -> Any:
        """Evaluate an expression; None where it cannot be."""
        known = self._values if env is self.env else {}
        if text not in known:
            try:
                with np.errstate(all="ignore"):
                    known[text] = eval(text, self.names, env)
            except (Exception, SystemExit):
                known[text] = None
        return known[text]

    def shape(self, text: str) -> tuple[int, ...]:
        """Return the shape of an expression's value; empty where it has none."""
        return getattr(self.value(text, self.env), "shape", ())

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {}

    @cached_property
    def env(self) -> dict[str, Any]:
        """The variables at an execution where as much as can be is known and not zero.

        Of equals one in the middle.
        """
        envs = self.inner or self.envs
        if not envs:
            return {}
        middle = len(envs) // 2
        some = sorted({middle, *range(0, len(envs), max(1, len(envs) // 6))})
        return max(
            (envs[n] for n in sorted(some, key=lambda n: abs(n - middle))),
            key=lambda env: sum(
                isinstance(value, np.ndarray) and value.ndim > 0 and bool(np.any(value))
                for value in env.values()
            ),
        )

    @cached_property
    def atoms(self) -> list[Atom]:
        """Names, attributes and subscripts of the function that hold floats here."""
        texts: dict[str, None] = {}
        for node in walked(self.function):
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and hasattr(
                node, "lineno"
            ):
                text = self.text(node)
                if len(text) <= 60 and "(" not in text.replace("(N", "").replace(")", ""):
                    texts[text] = None
                    if isinstance(node, ast.Subscript):
                        texts |= dict.fromkeys(
                            (*shifted(self, node), *other_parts(self.source, node))
                        )
        nodes = walked(self.function)
        texts |= dict.fromkeys([*self.env, *keyed(nodes, self.statement.lineno, self.env)])
        several = dict(self.env)
        for name, held in self.env.items():
            several.update((f"{name}.{key}", value) for key, value in fields(held).items())
        for t in self.counters:
            for name, held in several.items():
                if isinstance(held, np.ndarray) and held.ndim > 1 and held.dtype.kind == "f":
                    sides = ((f"{name}[{t}]", 0), (f"{name}[:, {t}]", 1))
                    texts |= {text: None for text, k in sides if self.last(t) < held.shape[k]}
                elif type(held) is list and held and isinstance(held[-1], np.ndarray):
                    texts[f"{name}[{t}]"] = None
        # Fields of tuples, objects and dicts that the function has names for.
        for name, held in list(self.env.items()):
            if name.startswith("_"):
                continue
            if hasattr(held, "_fields"):
                texts |= dict.fromkeys(f"{name}.{key}" for key in held._fields)
            elif type(held) is dict and len(held) < 30:
                texts |= dict.fromkeys(f"{name}[{key!r}]" for key in held if isinstance(key, str))
            else:
                texts |= dict.fromkeys(f"{name}.{key}" for key in fields(held))
        found = []
        for text in itertools.islice(texts, 400):
            value = self.value(text, self.env)
            if not isinstance(value, float | np.floating | np.ndarray):
                continue
            if isinstance(value, np.ndarray) and (
                value.dtype.kind not in "fb" or value.size > 5000
            ):
                continue
            found.append(Atom(text, value, not np.any(value)))
        return found

    @cached_property
    def counters(self) -> list[str]:
        """The variables of the loops around, where they are numbers: the time step, mostly."""
        return [
            node.id
            for loop in walked(self.function)
            if isinstance(loop, ast.For | ast.While)
            and loop.lineno < self.statement.lineno <= (loop.end_lineno or 0)
            for node in ast.walk(loop.target if isinstance(loop, ast.For) else loop.test)
            if isinstance(node, ast.Name) and type(self.env.get(node.id)) in (int, np.int64)
        ]

    def last(self, counter: str) -> int:
        """Return the highest number that a counter reaches: an array of steps is longer."""
        return max((env[counter] for env in self.envs if counter in env), default=0)

    @cached_property
    def donors(self) -> list[Atom]:
        """Longer expressions of the file, forward or backward, that hold floats here."""
        simple = {atom.text for atom in self.atoms}
        texts = [text for text in longer(self.source) if text not in simple]
        texts += [*self._called(), *in_cache(tuple(longer(self.source)), self.names, self.env)]
        found = []
        for text in itertools.islice(texts, 400):
            value = self.value(text, self.env)
            if isinstance(value, np.ndarray) and value.dtype.kind in "fb" and value.size <= 5000:
                found.append(Atom(text, value, not np.any(value)))
            elif isinstance(value, float | np.floating) or (
                isinstance(value, np.integer) and "sum" in text
            ):
                found.append(Atom(text, value, not value))
        return found

    def _called(self) -> list[str]:
        """Return calls of the user's own functions of one value, with each value of its shape."""
        calls: dict[tuple[str, str], ast.expr] = {}
        given = set()
        for node in walked(self.function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                argument = self.text(node.args[0])
                given.add(argument)
                head, _, tail = self.text(node).partition(argument)
                safe = node.func.id not in harmful(self.source)
                if safe and callable(self.names.get(node.func.id)) and "(" not in argument + tail:
                    calls.setdefault((head, tail), node.args[0])
        found = []
        for (head, tail), argument in itertools.islice(calls.items(), 4):
            shape = self.shape(self.text(argument))
            texts = [a.text for a in self.atoms if shape and a.shape == shape]
            texts.sort(key=lambda text: text not in given)  # what such functions take
            found += [f"{head}{text}{tail}" for text in texts[:20]]
        functions, arguments = of_one(self.source)
        given = {a for a in arguments if self.shape(a) is not None and a not in given}
        found += [f"{f}({a})" for a in sorted(given)[:8] for f in functions[:6]]
        return list(dict.fromkeys(found))

    def masks(self) -> list[Atom]:
        """Return variables that hold zeros and ones as integers or booleans."""
        return [
            Atom(name, held, not held.any())
            for name, held in self.env.items()
            if isinstance(held, np.ndarray) and held.dtype.kind in "iub" and held.size
            and set(np.unique(held).tolist()) <= {0, 1}
        ]  # fmt: skip

    def alike(self, value: Any) -> list[Atom]:
        """Return the atoms of the shape of a value, other than the value itself."""
        shape = shape_of(value)
        return [atom for atom in self.atoms if atom.shape == shape and not atom.zero]

    def chains(self) -> Iterator[ast.expr]:
        """Give the statement's values and their addends: where a factor may be missing."""
        seen: set[tuple[int, int]] = set()
        for node, parent in self.loaded:
            whole = not isinstance(parent, ast.expr) or isinstance(
                parent, ast.Call | ast.Tuple | ast.List | ast.Dict | ast.keyword
            )
            addend = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
            operand = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
            if not (whole or addend or operand) or isinstance(node, ast.Constant):
                continue
            span = self.source.span(node)
            if span not in seen:
                seen.add(span)
                yield node


@kept(64)
def walked(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a tree, kept: the lines of a function ask for them again and again."""
    return list(ast.walk(tree))


@kept(64)
def longer(source: Source) -> list[str]:
    """Return the expressions of a file that are longer than a variable, each once."""
    texts: dict[str, None] = {}
    for node in offered(source):
        if isinstance(node, ast.BinOp | ast.Compare | ast.Call | ast.Subscript):
            text = source.in_one_line(node)
            if len(text) <= 50 and text not in texts and is_pure(node):
                texts[text] = None
    return list(texts)


def shifted(place: Place, node: ast.Subscript) -> Iterator[str]:
    """Give the text of a subscript with each simple index one more and one less."""
    base = place.text(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = [place.text(part) for part in parts]
    for k, part in enumerate(parts):
        if isinstance(part, ast.Name) and part.id in place.names and part.id not in place.env:
            continue  # a constant of the file, such as the number of a gate
        for new in neighbours(part, texts[k]):
            yield f"{base}[{', '.join(new if q == k else old for q, old in enumerate(texts))}]"


def neighbours(index: ast.expr, text: str) -> Iterator[str]:
    """Give an index one more and one less, written as people write it."""
    if isinstance(index, ast.Name):
        yield f"{text} - 1"
        yield f"{text} + 1"
    elif (
        isinstance(index, ast.BinOp)
        and isinstance(index.op, ast.Add | ast.Sub)
        and isinstance(index.right, ast.Constant)
        and index.right.value in (1, 2)
    ):
        left = text[: text.rindex("+" if isinstance(index.op, ast.Add) else "-")].strip()
        sign = 1 if isinstance(index.op, ast.Add) else -1
        for step in (sign * index.right.value - 1, sign * index.right.value + 1):
            yield f"{left} {'+' if step > 0 else '-'} {abs(step)}" if step else left
    elif isinstance(index, ast.Constant) and type(index.value) is int:
        yield str(index.value + 1)
        if index.value > 0:
            yield str(index.value - 1)


def product(node: ast.expr, text: str) -> str:
    """Return text that may stand as a factor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return text
    return bracketed(node, text)


def bracketed(node: ast.expr, text: str) -> str:
    """Return text that may stand anywhere."""
    simple = ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant | ast.Tuple
    return text if isinstance(node, simple) else f"({text})"


def inside(parent: ast.AST, text: str) -> str:
    """Return new text in brackets where the parent would tear it apart."""
    return f"({text})" if isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Attribute) else text
