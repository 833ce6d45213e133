"""Lines after the loss itself: the terms that it says a value is the sum of, and those missing.

No catalogue is asked. The adjoint of an array is a sum over its uses in the loss, and each term is
a number known from there. A line that makes some of the terms lacks the others; of a line whose
value is known to be wrong those that it makes stay, and the rest is written anew: each term as a
product with an adjoint at hand.
"""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.adjoints import among
from reference.debugger.agreement import Agreement
from reference.debugger.probe import Execution
from reference.debugger.repair import Place, Rewrite, inverses, scales
from reference.debugger.repair.place import bracketed, inside
from reference.debugger.repair.vjp import Contributions
from reference.debugger.round import Round
from reference.debugger.uses import Whole

_NEAR = 1e-7
_EXECUTIONS = 6  # of a line that are looked at
_TEXTS = 3  # of a term
_SUBSETS = 6  # terms of which all sums are compared with a value
_PARTS = 4  # of a value, each as what it should have been
_EACH = 12  # edits of a line


def rewrites(now: Round, place: Place, seconds: float) -> Iterator[Rewrite]:
    """Give a statement's values as the sums of terms that they should have been.

    Parameters
    ----------
    now : Round
    place : Place
    seconds : float
    """
    if now.agreement is None or now.agreement.adjoints.uses is None:
        return
    if now.derived is None:
        now.derived = Derived(now.agreement)
    derived = now.derived
    derived.until = time.monotonic() + seconds
    for k, seen in now.recording.executions.items():
        site = now.recording.sites[k]
        if (site.file, site.statement) != (place.source.file, place.statement.lineno):
            continue
        found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
        if found is None or site.taken:
            continue
        evidence = now.wanted(k)
        if evidence is not None:
            execution = seen[evidence.steps[0]]
            made = np.asarray(execution.value, float)
            wanted = made + now.first_delta(evidence).reshape(made.shape)
            yield from derived.of_scaled(place, *found, execution)
            yield from derived.of_wanted(place, *found, wanted, execution.env)
            continue
        right = now.agreement.at_sites[k]
        floats = [n for n, execution in enumerate(seen) if _is_array(execution.value)]
        e = now.evidence_of(k)
        suspect = e is None or bool(e.outputs)
        own = (
            n
            for n in floats
            if (right[n] is False or (suspect and right[n] and not derived.is_some(seen[n].value)))
            and not now.agreement.reads_wrong(k, seen[n].env)
        )
        for n in itertools.islice(own, 1):
            yield from derived.of_wrong(place, *found, seen[n])
        silent = (n for n in floats if right[n] is None and np.any(seen[n].value))
        for n in itertools.islice(silent, 1):  # what is made of the loss's own values first
            yield from derived.of_scaled(place, *found, seen[n])
        for n in floats[:: max(1, len(floats) // _EXECUTIONS)]:
            if right[n] is not False:
                yield from derived.of_part(place, *found, seen[n])


def of_lines(now: Round, places: Iterable[Place], seconds: float) -> Iterator[Rewrite]:
    """Give the edits of many lines, those of each the likeliest first, in a time."""
    until = time.monotonic() + seconds
    for place in places:
        left = until - time.monotonic()
        if left <= 0:
            return
        found = {r.splices: r for r in rewrites(now, place, left)}.values()
        yield from sorted(found, key=lambda rewrite: rewrite.cost)[:_EACH]


@dataclass
class Derived:
    """What the loss says of the values of a backward.

    Parameters
    ----------
    agreement : Agreement
    until : float
        Monotonic time at which it gives no more.
    """

    agreement: Agreement
    until: float = 0.0
    _lacking: dict[tuple[int, ...], list[Whole]] = field(default_factory=dict)
    _values: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _some: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _at: dict[int, Contributions] = field(default_factory=dict)

    def lacking(self, shape: tuple[int, ...]) -> list[Whole]:
        """Return the arrays of a shape whose adjoint the backward makes nowhere as a whole."""
        if shape not in self._lacking:
            uses = self.agreement.adjoints.uses
            wholes = uses.of_shape(shape) if uses is not None else []
            self._lacking[shape] = [w for w in wholes if not self._is_made(w.adjoint)]
        return self._lacking[shape]

    def _is_made(self, adjoint: Array) -> bool:
        """Return whether the backward makes an array: its numbers may stand elsewhere, too."""
        if adjoint.shape not in self._values:
            executions = itertools.chain(*self.agreement.recording.executions.values())
            values = (np.asarray(e.value) for e in executions if isinstance(e.value, np.ndarray))
            alike = [v for v in values if v.shape == adjoint.shape and v.dtype.kind == "f"]
            self._values[adjoint.shape] = np.array(alike).reshape(-1, adjoint.size)
        return _is_among(self._values[adjoint.shape], adjoint)

    def is_some(self, value: Array) -> bool:
        """Return whether a value is the adjoint of an array, by all its uses or some of them."""
        if value.shape not in self._some:
            uses = self.agreement.adjoints.uses
            wholes = uses.of_shape(value.shape) if uses is not None else []
            sums = (
                np.sum([w.terms[n] for n in chosen], axis=0)
                for w in wholes
                for chosen in _subsets(len(w.terms))
            )
            self._some[value.shape] = np.array(list(sums)).reshape(-1, value.size)
        return _is_among(self._some[value.shape], value)

    def of_part(
        self, place: Place, node: ast.expr, parent: ast.AST, execution: Execution
    ) -> Iterator[Rewrite]:
        """Give the terms without which a value is the adjoint of some uses only."""
        made = np.asarray(execution.value, float)
        for whole in self.lacking(made.shape):
            chosen = _part_of(whole, made)
            if chosen is None:
                continue
            missing = [t for n, t in enumerate(whole.terms) if n not in chosen]
            nowhere = [term for term in missing if not self._is_made(term)]
            for terms, more in ((nowhere, 0.0), (missing, 0.3)):
                for text, cost in self._sum(place, execution.env, terms) if terms else ():
                    yield _with(place, node, parent, text, 1.2 + cost + more)

    def of_wrong(
        self, place: Place, node: ast.expr, parent: ast.AST, execution: Execution
    ) -> Iterator[Rewrite]:
        """Give what a value that is no adjoint should have been, after what there is at hand."""
        made, env = np.asarray(execution.value, float), execution.env
        yield from self.of_scaled(place, node, parent, execution)
        addends = _addends(place, node, env, made.shape)
        numbers = self._contributions(place, env).numbers
        for whole in self.lacking(made.shape):
            if time.monotonic() > self.until:
                return
            near = [among(numbers, np.array(results)).any() for results in whole.results]
            # Of what is not at hand yet the uses come before, and are added somewhere else.
            terms = tuple(t for t, is_near in zip(whole.terms, near, strict=True) if is_near)
            if terms:
                yield from self._mended(place, node, parent, addends, terms, env, -0.8)
            for term in terms if terms[1:] else ():
                if not self._is_made(term):
                    yield from self._mended(place, node, parent, addends, (term,), env)

    def of_scaled(
        self, place: Place, node: ast.expr, parent: ast.AST, execution: Execution
    ) -> Iterator[Rewrite]:
        """Give a value that is an adjoint but for one number as that adjoint.

        A variable that it reads may be so already.
        """
        made, env = np.asarray(execution.value, float), execution.env
        whole = self._scaled(made)
        if whole is None:
            return
        for name in dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name)):
            value: Any = env.get(name)
            other = self._scaled(value) if _is_array(value) else None
            if other is not None:
                yield from scales.before(place, name, value, other, env)
        yield from scales.rewrites(place, node, parent, made, whole, env)

    def _scaled(self, value: Array) -> Array | None:
        """Return the adjoint that is lacking and that a value is but for one number."""
        if not np.any(value):
            return None
        adjoints = (whole.adjoint for whole in self.lacking(value.shape))
        return next((a for a in adjoints if scales.ratio(value, a) is not None), None)

    def of_wanted(
        self,
        place: Place,
        node: ast.expr,
        parent: ast.AST,
        wanted: Array,
        env: dict[str, Any],
    ) -> Iterator[Rewrite]:
        """Give an expression with the terms of which the value that it should have is the sum."""
        uses = self.agreement.adjoints.uses
        addends = _addends(place, node, env, wanted.shape)
        for whole in uses.of_shape(wanted.shape) if uses is not None else ():
            chosen = range(len(whole.terms)) if _agree(whole.adjoint, wanted) else None
            chosen = _part_of(whole, wanted) if chosen is None else chosen
            if chosen is not None and time.monotonic() < self.until:
                terms = tuple(whole.terms[n] for n in chosen)
                yield from self._mended(place, node, parent, addends, terms, env)

    def _contributions(self, place: Place, env: dict[str, Any]) -> Contributions:
        if id(env) not in self._at:
            self._at[id(env)] = Contributions(place, env, self._is_adjoint)
        return self._at[id(env)]

    def _is_adjoint(self, value: Array) -> bool:
        """Return whether a value is made of adjoints, be it one of the loss's own values, too."""
        some = value[(value != 0) & (value != 1)]  # what the entries of a mask are
        return some.size > 0 and bool(np.all(self.agreement.adjoints.holds(some)))

    def _mended(
        self,
        place: Place,
        node: ast.expr,
        parent: ast.AST,
        addends: list[_Addend],
        terms: tuple[Array, ...],
        env: dict[str, Any],
        more: float = 0.0,
    ) -> Iterator[Rewrite]:
        """Give an expression whose addends are terms, with the least that changes."""
        left = list(range(len(terms)))
        wrong: list[_Addend] = []
        for addend in addends:
            value = addend.sign * addend.value
            same = next((n for n in left if _agree(value, terms[n])), None)
            if same is None:
                wrong.append(addend)
            else:
                left.remove(same)
        missing = [terms[n] for n in left]
        if not missing:
            return
        if not wrong:
            for text, cost in self._sum(place, env, missing):
                yield _with(place, node, parent, text, 1.2 + cost)
        for addend in wrong if len(wrong) == 1 else ():
            for target in (np.sum(missing, axis=0), *missing[: len(missing) if left[1:] else 0]):
                its = [addend.sign * target]
                edits = inverses.rewrites(place, addend.node, addend.parent, its, env, calls=False)
                yield from sorted(edits, key=lambda rewrite: rewrite.cost)[:_PARTS]
            for text, cost in self._sum(place, env, [addend.sign * t for t in missing]):
                new = inside(addend.parent, text)
                why = f"{text}, not {place.text(addend.node)}"
                yield place.rewrite(addend.node, new, "wrong derivative", why, 1.6 + cost + more)
        if len(wrong) > 1 or len(addends) == 1:
            for text, cost in self._sum(place, env, list(terms)):
                why = f"{text}, not {place.text(node)}"
                yield place.rewrite(
                    node, inside(parent, text), "wrong derivative", why, 1.8 + cost + more
                )

    def _sum(
        self, place: Place, env: dict[str, Any], terms: list[Array]
    ) -> Iterator[tuple[str, float]]:
        """Give texts of a sum of terms, with their costs."""
        at, each = self._contributions(place, env), []
        for term in terms:
            texts = list(itertools.islice(at.of(term), _TEXTS))
            if not texts or time.monotonic() > self.until:
                return
            each.append(texts)
        for chosen in itertools.islice(itertools.product(*each), 2 * _TEXTS):
            text = " + ".join(text for text, _ in chosen).replace("+ -", "- ")
            yield text, max(cost for _, cost in chosen)  # several at hand are no coincidence


@dataclass(frozen=True)
class _Addend:
    node: ast.expr
    parent: ast.AST
    sign: float
    value: Array


def _addends(
    place: Place, node: ast.expr, env: dict[str, Any], shape: tuple[int, ...]
) -> list[_Addend]:
    """Return the terms of a sum with their signs; of what is no sum itself."""
    found: list[_Addend] = []

    def visit(inner: ast.expr, parent: ast.AST, sign: float) -> None:
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            visit(inner.left, inner, sign)
            visit(inner.right, inner, -sign if isinstance(inner.op, ast.Sub) else sign)
            return
        value = place.value(place.text(inner), env)
        if isinstance(value, int | float | np.ndarray):
            try:
                wide = np.broadcast_to(np.asarray(value, float), shape)
            except ValueError:
                return
            found.append(_Addend(inner, parent, sign, wide))

    visit(node, place.statement, 1.0)
    return found


def _with(place: Place, node: ast.expr, parent: ast.AST, term: str, cost: float) -> Rewrite:
    text = place.text(node)
    text = text if isinstance(node, ast.BinOp) else bracketed(node, text)
    new = inside(parent, f"{text} + {term}".replace("+ -", "- "))
    return place.rewrite(node, new, "missing path", f"+ {term}", cost)


def _part_of(whole: Whole, value: Array) -> tuple[int, ...] | None:
    """Return which terms a value is the sum of, but not of all."""
    at = np.unravel_index(np.argmax(np.abs(value)), value.shape)
    entries = [float(term[at]) for term in whole.terms]
    near = _NEAR * abs(float(value[at]))
    for chosen in _subsets(len(entries)):
        if abs(sum(entries[n] for n in chosen) - value[at]) > near or chosen[len(entries) - 1 :]:
            continue
        if _agree(np.sum([whole.terms[n] for n in chosen], axis=0), value):
            return chosen
    return None


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    """Give some of so many terms, and all: of many terms one alone, or all but one."""
    sizes = range(1, count + 1) if count <= _SUBSETS else (1, count - 1, count)
    for size in sizes:
        yield from itertools.combinations(range(count), size)


def _is_among(rows: Array, value: Array) -> bool:
    margin = _NEAR * np.max(np.abs(value))
    return bool((np.abs(rows - value.ravel()) <= margin).all(axis=1).any())


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1


def _agree(value: Array, target: Array) -> bool:
    size = float(np.max(np.abs(target), initial=0.0))
    return size > 0 and bool(np.allclose(value, target, rtol=_NEAR, atol=1e-8 * size))
