"""State that outlives a call: which global, attribute or default value, and where it is written.

Each candidate alone is put back to what it was before the first call; the one after which the
second call gives the first one's answer is at fault. Where none alone is, all that are needed are.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from reference.debugger.diagnosis import Suspect
from reference.debugger.running.arguments import same
from reference.debugger.running.changes import Change, changes
from reference.debugger.running.place import at, tree_of
from reference.debugger.running.state import Root, State

Call = Callable[[], Any]
_MOST_ROOTS = 40


@dataclass
class Kept:
    """Finds out what is kept.

    Parameters
    ----------
    state : State
        Noted before anything was called.
    until : float
        On the clock of `time.monotonic`.
    """

    state: State
    until: float

    def suspects(self, before: Iterable[Call], questions: Iterable[Call]) -> list[Suspect]:
        """Return what a call leaves that changes the answer to a question.

        Parameters
        ----------
        before, questions : iterable of callables
            Each asks one of the two functions, and returns its answer, or the error that it
            raised. The first pair that shows a difference is looked into.
        """
        for first, question in itertools.product(list(before), list(questions)):
            if time.monotonic() > self.until:
                break
            alone = self._after([], question)
            if not alike(alone, self._after([first], question)):
                return self._looked_into(first, question, alone)
        return []

    def _after(self, calls: Iterable[Call], question: Call, put_back: Iterable[Root] = ()) -> Any:
        self.state.restore()
        for call in calls:
            call()
        for root in put_back:
            root.put_back()
        return question()

    def _looked_into(self, first: Call, question: Call, alone: Any) -> list[Suspect]:
        self.state.restore()
        first()
        changed = self.state.changed()[:_MOST_ROOTS]
        guilty = [root for root in changed if self._mends(first, question, alone, [root])]
        if not guilty and self._mends(first, question, alone, changed):
            guilty = [
                root
                for root in changed
                if not self._mends(first, question, alone, [r for r in changed if r is not root])
            ]
        self.state.restore()
        where = changes(first, {str(k): root.changed for k, root in enumerate(guilty)})
        self.state.restore()
        order = [int(k) for k in where]  # as they were changed
        order += [k for k in range(len(guilty)) if k not in order]
        return [_suspect(guilty[k], where.get(str(k))) for k in order]

    def _mends(self, first: Call, question: Call, alone: Any, roots: list[Root]) -> bool:
        if time.monotonic() > self.until:
            return False
        return alike(alone, self._after([first], question, roots))


def alike(a: Any, b: Any) -> bool:
    """Return whether two answers are the same; errors are alike."""
    if isinstance(a, list):
        return all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Exception) or isinstance(b, Exception):
        return isinstance(a, Exception) and isinstance(b, Exception)
    return same(a, b)


_ANEW = {
    "global": "{0} made anew at the start of each call, or, if it is handed on on purpose, set "
              "back in loss and backward before each",
    "attribute": "{0} made anew at the start of each call",
    "class attribute": "an attribute of each object, self.{0} made in __init__: what stands in the "
                       "body of a class belongs to all of its objects",
    "default value": "{0}=None, and a new one made inside where it is None: a default value is "
                     "made once, when the function is defined",
    "closure": "{0} made anew at the start of each call",
}  # fmt: skip


def _suspect(root: Root, change: Change | None) -> Suspect:
    written = ("", 0, "") if change is None else (*change.line, change.function)
    made = _made(root)
    also = f", and line {written[1]} changes it" if made is not None and written[1] else ""
    return Suspect(
        *at(*(written if made is None else made)),
        variable=root.name,
        pattern="all",
        kind="state between calls",
        why=f"{root.name} lives on between calls ({root.kind}){also}: what one call leaves in it, "
        "the next one finds; put back before the second call, it gives the first one's answer "
        "again",
        should_be=_ANEW[root.kind].format(root.name),
        confidence=0.9,
        engines=("memory",),
    )


def _made(root: Root) -> tuple[str, int, str] | None:
    """Return where a default value, or what stands in the body of a class, is made."""
    if root.kind == "default value":
        code = root.owner.__code__
        for line in range(code.co_firstlineno, code.co_firstlineno + 20):
            if linecache.getline(code.co_filename, line).lstrip().startswith(("def ", "async ")):
                return code.co_filename, line, root.owner.__name__
        return code.co_filename, code.co_firstlineno, root.owner.__name__  # a lambda
    if root.kind != "class attribute" or any(piece.rebinds() for piece in root.pieces):
        return None
    file = _file_of(root.owner)
    for cls in ast.walk(tree_of(file)):
        if not isinstance(cls, ast.ClassDef) or cls.name != root.owner.__name__:
            continue
        for node in cls.body:
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            names = [n for t in targets if t is not None for n in ast.walk(t)]
            if any(isinstance(name, ast.Name) and name.id == root.name for name in names):
                return file, node.lineno, cls.name
    return None


def _file_of(cls: type) -> str:
    """Return the file of a class: that of its methods, since its module may not be known."""
    for value in vars(cls).values():
        code = getattr(getattr(value, "__func__", value), "__code__", None)
        if code is not None:
            return code.co_filename
    return getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
