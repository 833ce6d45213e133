"""From what the search found to suspects and fixes: lines of the user's text, in words."""

from __future__ import annotations

import ast
import difflib
import re
import time
from collections.abc import Iterable
from dataclasses import replace

from reference.debugger.answering.by_evidence import from_evidence, named_by
from reference.debugger.diagnosis import Edit, Fix, Suspect
from reference.debugger.judging.verdict import Judgement
from reference.debugger.naming.harm import effect, of_shape
from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.patterns import pattern_of_runs, seen_in
from reference.debugger.naming.telling import Told, told
from reference.debugger.naming.turns import Turns, turns
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.source import Source, function_at
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.search import Search
from reference.debugger.texts.edited import same
from reference.debugger.texts.tidy import original_line, tidied

_MOST = 3  # fixes that are told
_OTHER = 0.5  # confidence of the line of a second repair
_LITTLE, _MUCH = 3, 6  # nodes: an index, or a name and what is done with it; a formula
_OF_SIZES = re.compile(r"shape|size|len|mean|^[A-Z]$|^[3-9]$|^\d\d+$")


def fixes_of(
    program: Program, search: Search, originals: dict[str, str], judgement: Judgement
) -> list[tuple[Fix, Found]]:
    """Return up to three complete repairs as edits of the original texts, the likeliest first."""
    made: list[tuple[Fix, Found]] = []
    seen: set[str] = set()
    for found in sorted(search.found, key=lambda found: found.cost):
        changed = [file for file in originals if found.texts[file] != originals[file]]
        if len(changed) != 1:
            continue
        (file,) = changed
        text = tidied(found.texts[file], originals[file])
        written = one_way(text)
        if written in seen:
            continue
        seen.add(written)
        edits = edits_between(file, originals[file], text)
        verified = f"{len(search.cases)} inputs with fresh values"
        fix = Fix(edits, "", verified, originals[file])
        if not made or (is_as_likely(found, made[0][1]) and not says_it_longer(fix, made[0][0])):
            steps = sorted(found.steps, key=lambda step: _line(originals, step))
            why = "; ".join(map(_mend, steps))
            made.append((replace(fix, why=why), replace(found, steps=steps)))
        if len(made) == _MOST:
            break
    return made


def _line(originals: dict[str, str], step: Step) -> int:
    """Return the line of the original that a step mends: several are told from the top down."""
    file = step.rewrite.file
    return original_line(originals[file], step.texts[file], step.rewrite.line)


def is_as_likely(found: Found, best: Found) -> bool:
    """Return whether a repair may be meant as well as the best one.

    Edits of other lines that pass do so since two signs or two steps in the wrong place cancel.
    """
    lines = [
        [(step.rewrite.file, step.rewrite.line) for step in one.steps] for one in (found, best)
    ]
    elsewhere = lines[0] != lines[1] or found.steps[-1].rewrite.kind in _MOVED
    return found.cost - best.cost <= (_ELSEWHERE if elsewhere else _THERE)


_MOVED = ("wrong order", "overwritten too early")
_ELSEWHERE, _THERE = 0.5, 1.0  # of cost, by how much others may exceed the best


def says_it_longer(fix: Fix, other: Fix) -> bool:
    """Return whether a fix changes the same lines as another, and only says it at greater length.

    Both pass: ``d / B * B / n`` is ``d / n``, and ``dc * sigmoid(W @ z + b)`` is ``dc * f``. What
    has other words may be right at other sizes, if it is not much longer or speaks of sizes.
    """
    lines = [[(edit.first, edit.last) for edit in one.edits] for one in (fix, other)]
    nodes = [sum(1 for _ in ast.walk(ast.parse(one.apply_to(one.source)))) for one in (fix, other)]
    words = [
        {word for edit in one.edits for line in edit.new for word in re.findall(r"[\w.]+", line)}
        for one in (fix, other)
    ]
    if lines[0] != lines[1] or nodes[0] <= nodes[1] + _LITTLE:
        return False
    of_sizes = any(_OF_SIZES.search(word) for word in words[0] - words[1])
    return words[0] >= words[1] or (nodes[0] > nodes[1] + _MUCH and not of_sizes)


def one_way(text: str) -> str:
    """Return a program so that spaces, brackets and ``a = a + b`` for ``a += b`` are no matter.

    Nor is the order of factors, and which of them are multiplied first.

    Examples
    --------
    >>> one_way("g = g + (x[t-1])") == one_way("g += x[t - 1]")
    True
    >>> one_way("d = a * (r * (1 - r))") == one_way("d = a * r * (1 - r)")
    True
    """
    return ast.dump(_OneWay().visit(ast.parse(text)))


class _OneWay(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Mult):
            return node
        factors: list[ast.expr] = []
        for side in (node.left, node.right):
            factors += side.elts if isinstance(side, _Product) else [side]
        return _Product(sorted(factors, key=ast.dump), ast.Load())

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        value = node.value
        target, *others = node.targets
        if others or not isinstance(value, ast.BinOp) or not same(value.left, target):
            return self.generic_visit(node)
        return ast.AugAssign(target, value.op, self.visit(value.right))  # type: ignore[arg-type]  # no tuple is a left operand


class _Product(ast.Tuple):
    """The factors of a product, in no order."""


def edits_between(file: str, old: str, new: str) -> tuple[Edit, ...]:
    """Return the edits of lines that lead from one text to another."""
    before, after = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        Edit(file, a + 1, b, tuple(before[a:b]), tuple(after[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )


def suspects_of(
    program: Program,
    search: Search,
    originals: dict[str, str],
    judgement: Judgement,
    fixes: list[tuple[Fix, Found]],
    reasons: list[str],
) -> list[Suspect]:
    """Return the lines that may be at fault: of fixes, of findings, of the evidence, in turn.

    What of that could not be told, by a fault of ours, is added to the `reasons`.
    """
    found: list[Suspect] = []
    steps = fixes[0][1].steps if fixes else search.steps
    reader = _Reader(program, search, originals, not judgement.wrong)
    for step in steps:
        first = reader.suspect(step, bool(fixes))
        if _have_two_readings(fixes):
            why = f"{first.why}. A size has that value, too: another one would tell them apart"
            first = replace(first, why=why.strip(". "), confidence=0.7)
        found += [first, *_siblings(step, first, originals)]
    try:
        evidence = from_evidence(program, search, originals)
    except Exception as error:  # what was found so far stands all the same
        evidence = []
        reasons.append(f"the evidence was not read ({type(error).__name__}: {error})")
    if judgement.findings and not judgement.wrong and _only_keep(judgement.findings):
        evidence = []  # there is no wrong gradient that a line could explain
    found += [] if fixes else named_by(evidence, search.standing)
    for _, other in fixes[1:]:
        alternative = reader.suspect(other.steps[-1], True)
        found.append(replace(alternative, confidence=_OTHER))  # one of them is right
    placed = [finding for finding in judgement.findings if finding.line]
    raised = {(f.file, f.line): f for f in placed if f.kind == "raises"}
    found = [  # a line that is left out says little of itself: what it did says more
        raised.get((suspect.file, suspect.line), suspect)
        if suspect.kind in ("argument changed", "state between calls")
        or (suspect.kind == "spurious term" and not suspect.should_be)
        else suspect
        for suspect in found
    ]
    found = found + placed if fixes else placed + found
    found += evidence
    found += [finding for finding in judgement.findings if not finding.line]
    return _distinct(found)[:8]


def _have_two_readings(fixes: list[tuple[Fix, Found]]) -> bool:
    """Return whether a number that is written there is too many, or a size of its value lacks."""
    last = [found.steps[-1].rewrite for _, found in fixes if len(found.steps) == 1]
    if len(last) < 2:
        return False
    kinds = {rewrite.kind for rewrite in last if rewrite.line == last[0].line}
    return "spurious factor" in kinds and not kinds.isdisjoint(_SCALES)


_SCALES = ("scale 1/B or 1/T", "missing factor")


def _only_keep(findings: Iterable[Suspect]) -> bool:
    """Return whether all that was found is what a call leaves behind."""
    return all(f.kind in ("argument changed", "state between calls") for f in findings)


_SECONDS = 1.5  # for running each edit at single time steps, all together


class _Reader:
    """Reads what an accepted edit says: kind, time steps, sentence, and the mended line."""

    def __init__(
        self, program: Program, search: Search, originals: dict[str, str], only_effects: bool
    ) -> None:
        self.program, self.case = program, search.cases[0]
        self.others = search.cases[1:2]
        self.originals, self.only_effects = originals, only_effects
        self.until = time.monotonic() + _SECONDS

    def suspect(self, step: Step, sure: bool) -> Suspect:
        """Return the line that a step mends, with all that it says."""
        try:
            return self._told(step, sure)
        except Exception:  # a fault of ours: the edit itself stands all the same
            return self._plain(step, sure)

    def _plain(self, step: Step, sure: bool) -> Suspect:
        """Return the line that a step mends, with what the edit itself says."""
        rewrite = step.rewrite
        original = self.originals[rewrite.file]
        before, after = _texts(step)
        line = original_line(original, before, rewrite.line)
        return Suspect(
            file=rewrite.file,
            line=line,
            text=_text_of(original, line),
            function=function_at(Source(rewrite.file, before), rewrite.line),
            variable=rewrite.variable,
            kind=rewrite.kind,
            why=rewrite.why,
            should_be=_mended_lines(before, after),
            confidence=0.95 if sure else 0.6,
            engines=("probe", "repair"),
        )

    def _told(self, step: Step, sure: bool) -> Suspect:
        rewrite = step.rewrite
        file, original = rewrite.file, self.originals[rewrite.file]
        before, after = _texts(step)
        source = Source(file, before)
        at = _line_of(step, source)
        line = original_line(original, before, at)
        runs = self._runs(step, before, after)
        seen = runs[0][0]
        kind = kind_of(before, after, seen_in(seen, self.only_effects)) or rewrite.kind
        kind = of_shape(kind, seen, self.case.oracle)
        pattern, steps = pattern_of_runs(kind, before, after, runs)
        what = told(kind, before, after).wrong
        if kind == "loop bounds" and seen is not None and steps:
            left_out = any(set(steps) <= set(ticks.times()) for ticks in seen.loops)
            which = ", ".join(map(str, steps))
            what = f"the loop {'leaves out' if left_out else 'goes on to'} t = {which}"
        sentences = [what, effect(seen, self.case.oracle)]
        return Suspect(
            file=file,
            line=line,
            text=_text_of(original, line),
            function=function_at(source, at),
            variable=rewrite.variable,
            steps=steps,
            pattern=pattern,
            kind=kind,
            why=". ".join(sentence for sentence in sentences if sentence),
            should_be=_mended_lines(before, after),
            confidence=0.95 if sure else 0.6,
            engines=("probe", "repair"),
        )

    def _runs(self, step: Step, before: str, after: str) -> list[tuple[Turns | None, Inputs]]:
        """Return what the edit changes at single steps, on the inputs of up to two cases."""
        runs: list[tuple[Turns | None, Inputs]] = []
        for case in (self.case, *self.others):
            late = time.monotonic() > self.until
            if runs and (late or runs[0][0] is None):
                break
            try:
                self.program.restore_texts(step.texts)
                file = step.rewrite.file
                seen = turns(self.program, case.inputs, file, before, after, self.until)
            except Exception:
                seen = None  # a fault of ours: the text alone tells the rest
            finally:
                self.program.restore_texts(self.originals)
            runs.append((seen, case.inputs))
        return runs


def _texts(step: Step) -> tuple[str, str]:
    """Return the text of the file before and after a step, without needless brackets."""
    before = step.texts[step.rewrite.file]
    after = Source(step.rewrite.file, before).edited(step.rewrite.splices)
    return before, tidied(after, before)


def _mend(step: Step) -> str:
    """Return what a step does, in a few words."""
    before, after = _texts(step)
    try:
        sentence: Told = told(kind_of(before, after), before, after)
    except Exception:  # of a text that names nothing: the repair stands without a sentence
        return step.rewrite.why
    return sentence.mend or step.rewrite.why


def _line_of(step: Step, source: Source) -> int:
    """Return the line to blame: within a statement of several lines, the one that changes."""
    rewrite = step.rewrite
    if len(rewrite.splices) != 1:
        return rewrite.line
    (splice,) = rewrite.splices
    old = source.data[splice.start : splice.end].decode()
    shared = 0
    while shared < min(len(old), len(splice.new)) and old[shared] == splice.new[shared]:
        shared += 1
    at = source.data[: splice.start + len(old[:shared].encode())].count(b"\n") + 1
    inner = next(
        (
            node
            for node in ast.walk(source.tree)
            if isinstance(node, ast.stmt)
            and not hasattr(node, "body")
            and node.lineno <= rewrite.line <= (node.end_lineno or node.lineno)
        ),
        None,
    )
    if inner is not None and inner.lineno <= at <= (inner.end_lineno or inner.lineno):
        return at
    return rewrite.line


def _mended_lines(before: str, after: str) -> str:
    """Return the lines that are new in the text after an edit."""
    lines, others = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, lines, others, autojunk=False)
    new = [line.strip() for tag, _, _, c, d in matcher.get_opcodes() if tag != "equal"
           for line in others[c:d]]  # fmt: skip
    return "\n".join(new)


def _siblings(step: Step, first: Suspect, originals: dict[str, str]) -> list[Suspect]:
    """Return the other lines that the same edit changes."""
    rewrite, text = step.rewrite, step.texts[step.rewrite.file]
    if rewrite.kind != "= for +=" or len(rewrite.splices) < 2:
        return []
    found = []
    for splice in rewrite.splices:
        at = text.encode()[: splice.start].count(b"\n") + 1
        line = original_line(originals[rewrite.file], text, at)
        name = splice.new.partition(" +=")[0]
        if line != first.line:
            found.append(
                replace(first, line=line, text=_text_of(originals[rewrite.file], line),
                        variable=name, should_be=splice.new)
            )  # fmt: skip
    return found


def _text_of(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _distinct(found: list[Suspect]) -> list[Suspect]:
    seen: set[tuple[str, int]] = set()
    kept = []
    for suspect in found:
        key = suspect.file, suspect.line
        if suspect.line == 0 or key not in seen:
            kept.append(suspect)
        seen.add(key)
    return kept
