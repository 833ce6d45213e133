"""A line that is right for some turns of a loop and not for others: ``a if gate == "g" else b``.

One formula for all gates, where one of them has another function; one for all steps, where the
last is another. What the line should have given at the wrong turns is known, and what tells them
apart is a variable of a loop.
"""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, banned, common, inverses, quotients
from reference.debugger.repair.entries import fields
from reference.debugger.repair.place import walked
from reference.debugger.running.shapes import shape_of
from reference.debugger.searching import guards
from reference.debugger.searching.round import Round
from reference.debugger.values.evidence import Evidence

_SECONDS = 1.0
_MOST = 4  # values that a line should have had, each in its words
_NEAR = 1e-7
_KIND = "wrong derivative"
_LINES = 3  # the first that make what is no adjoint


def rewrites(now: Round, place: Place, e: Evidence, wanted: Array) -> Iterator[Rewrite]:
    """Give a site's value at its wrong turns by another formula, and at the others by its own.

    Parameters
    ----------
    now : Round
    place : Place
    e : Evidence
        Of the site.
    wanted : ndarray
        What it should have given at the first of the wrong turns.
    """
    site, seen = now.recording.sites[e.site], now.recording.executions[e.site]
    if site.span is None or not 0 < len(e.steps) < len(seen):
        return
    tests = list(_telling(place, [x.env for x in seen], set(e.steps)))
    found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
    if found is None or not tests:
        return
    env, old = seen[e.steps[0]].env, place.text(found[0])
    until = time.monotonic() + _SECONDS
    made = np.asarray(seen[e.steps[0]].value, dtype=float)
    if not np.any(made):
        return  # what a sum begins with is no place for a contribution to it
    edits = itertools.chain(
        quotients.rewrites(place, *found, made, [wanted], env),
        inverses.rewrites(place, *found, [wanted], env),
        common(place),
    )
    given = 0
    for new in _texts(place, edits, site.span):
        if time.monotonic() > until or given >= _MOST:
            return
        if new == old or banned(new) or not _gives(place, new, env, wanted):
            continue
        given += 1
        for test, cost in tests:
            text = f"{new} if {test} else {old}"
            yield place.rewrite(found[0], text, _KIND, f"{new} if {test}", cost + 0.1 * given)


def agreeing(now: Round, places: Iterable[Place], seconds: float = 2.0) -> Iterator[Rewrite]:
    """Give the same for lines whose value is an adjoint at the turns before the first wrong one.

    After that one everything may be wrong.
    """
    until = time.monotonic() + seconds
    if now.agreement is None:
        return
    first = now.agreement.doubtful[:_LINES]
    for place in places:
        if (place.source.file, place.statement.lineno) not in first:
            continue
        for k, right in now.agreement.at_sites.items():
            site, seen = now.recording.sites[k], now.recording.executions[k]
            if (site.file, site.statement) != (place.source.file, place.statement.lineno):
                continue
            n = right.index(False) if False in right else len(seen)
            found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
            if found is None or site.span is None or True not in right:
                continue
            envs, old = [x.env for x in seen], place.text(found[0])
            tests = list(_telling(place, envs, {n}, right)) if n < len(seen) else []
            for new in _texts(place, iter(common(place)), site.span) if tests else ():
                if time.monotonic() > until:
                    return
                value = now.agreement.signed(k, place.value(new, envs[n]))
                for test, cost in tests if now.agreement.of(value) else ():
                    text = f"{new} if {test} else {old}"
                    yield place.rewrite(found[0], text, _KIND, f"{new} if {test}", cost + 0.2)


def _telling(
    place: Place,
    envs: list[dict[str, Any]],
    wrong: set[int],
    right: Sequence[bool | None] | None = None,
) -> Iterator[tuple[str, float]]:
    """Give conditions on variables that hold at just the wrong turns, and their costs.

    Those of loops, and words that a function is given or its object holds.

    At some others as well where no more than those are known to be `right` of which that is said;
    there only conditions on names, as anything may be wrong from some step on.
    """
    others = set(range(len(envs))) - wrong
    others = others if right is None else {n for n, known in enumerate(right) if known}
    around = [n.target for n in walked(place.function) if isinstance(n, ast.For)]
    around += [n.target for n in walked(place.statement) if isinstance(n, ast.comprehension)]
    names = [n.id for target in around for n in ast.walk(target) if isinstance(n, ast.Name)]
    for name in dict.fromkeys((*names, *_words_in(envs[0]))):
        turns = [place.value(name, env) for env in envs]
        words = [turn for turn in turns if type(turn) is str]
        counts = [turn for turn in turns if type(turn) is int]
        if len(words) == len(turns):
            tests, cost = guards.of_names(name, words), 1.3
        elif right is None and len(counts) == len(turns):
            tests, cost = guards.of_counter(place, name, counts, envs[0]), 1.9
        else:
            continue
        plain = [
            test
            for test, kept in tests
            if all(kept[n] for n in wrong) and not any(kept[n] for n in others)
        ]
        plain.sort(key=lambda test: ("==" not in test, "!=" not in test))
        yield from ((test, cost) for test in plain[:1])


def _words_in(env: dict[str, Any]) -> list[str]:
    """Return the variables, and the attributes of objects, that are words: ``self.activation``."""
    found = [name for name, value in env.items() if type(value) is str]
    for name, value in env.items():
        found += [f"{name}.{key}" for key, held in fields(value).items() if type(held) is str]
    return found


def _texts(place: Place, edits: Iterator[Rewrite], span: tuple[int, int]) -> Iterator[str]:
    """Give what an expression becomes by edits, each text once."""
    start, end = span
    seen: set[str] = set()
    for rewrite in edits:
        if any(splice.start < start or splice.end > end for splice in rewrite.splices):
            continue
        text = " ".join(place.source.between(start, end, rewrite.splices).decode().split())
        if text not in seen:
            seen.add(text)
            yield text


def _gives(place: Place, text: str, env: dict[str, Any], wanted: Array) -> bool:
    value = place.value(text, env)
    if not isinstance(value, np.ndarray | float | np.floating) or shape_of(value) != wanted.shape:
        return False
    size = float(np.max(np.abs(wanted), initial=0.0))
    return np.allclose(value, wanted, rtol=1e-6, atol=_NEAR * size)
