"""Parts of a diagnosis in words, shared by text and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference.compare import NOT_COUNTED
from reference.report.text import where_text

if TYPE_CHECKING:
    from reference.compare import Mismatch
    from reference.debugger.diagnosis import Diagnosis, Suspect

_AXIS = re.compile(r"axis (\d+) ([\d, -]+?) of \d+")
_CHANGED = {"argument changed": "changed", "state between calls": "kept from call to call"}
_LONG = 120  # characters of a first line
_BESIDE = 5  # names of what is right, beside what is wrong
_ENGINES = {
    "probe": "solving for the value that the line should have had",
    "explain": "explaining the values that the backward computes",
    "memory": "watching memory",
    "repair": "a repair that passes",
    "exception": "the error that was raised",
}


def headline(diagnosis: Diagnosis, most: int = 8) -> str:
    """Return the verdict with the names of what is wrong, what is right, and what is open.

    What is right is evidence too, and stands beside what is wrong. Of each no more than `most`
    are named.
    """
    wrong, right = list(diagnosis.wrong), list(diagnosis.right)
    undecided = list(getattr(diagnosis, "undecided", ()))
    few = min(most, _BESIDE)
    rest = f"; {listed(right, few)} right" if right else ""
    rest += f"; {listed(undecided, few)} not decided" if undecided else ""
    if diagnosis.verdict == "right":
        return f"right: {listed(right, most)}" if right else "right"
    if diagnosis.verdict == "inconclusive":
        return "inconclusive" + (f" ({listed(right, most)} right so far)" if right else "")
    if not wrong:
        what = f": {diagnosis.suspects[0].kind}" if diagnosis.suspects else ""
        return f"wrong{what}".removesuffix(": ") + rest
    count = len(wrong) + len(right) + len(undecided)
    return f"wrong: {listed(wrong, most)} ({len(wrong)} of {count} gradients){rest}"


def listed(words: Iterable[Any], most: int = 8) -> str:
    """Return words in one phrase.

    Examples
    --------
    >>> listed(["W", "b", "x"])
    'W, b and x'
    >>> listed(range(12), most=3)
    '0, 1, 2 and 9 more'
    """
    names = [str(word) for word in words]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def open_questions(diagnosis: Diagnosis) -> list[str]:
    """Return which gradients are not decided beside those that are wrong, by their reasons.

    Of an inconclusive verdict the reasons tell all of it.
    """
    by_reason: dict[str, list[str]] = {}
    for name, reason in dict(getattr(diagnosis, "undecided", {})).items():
        by_reason.setdefault(reason, []).append(name)
    if diagnosis.verdict == "inconclusive":
        return []
    return [f"not decided: {listed(names)} ({reason})" for reason, names in by_reason.items()]


def remarks_to_tell(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return what the numbers alone say, where no fix says more, and what all have in common."""
    if not diagnosis.fixes:
        return diagnosis.remarks
    return tuple(remark for remark in diagnosis.remarks if remark.startswith("all gradients are"))


def what_is_wrong(suspect: Suspect) -> str:
    """Return which value is wrong and when, as a clause; or nothing.

    Examples
    --------
    >>> from reference.debugger.diagnosis import Suspect
    >>> what_is_wrong(Suspect("a.py", 3, "", "f", variable="dW, dU", pattern="all"))
    'dW and dU are wrong at every step'
    """
    several = re.fullmatch(r"\w+(, \w+)+", suspect.variable)
    names = suspect.variable.split(", ") if several else [suspect.variable]
    are = "are" if several else "is"
    if suspect.kind in _CHANGED:
        return f"{listed(names)} {are} {_CHANGED[suspect.kind]}" if suspect.variable else ""
    at = when(suspect)
    if not (suspect.variable or at):
        return ""
    what = f"{listed(names)} {are} wrong" if suspect.variable else "wrong"
    before = "" if at.startswith(("where ", "after ")) else "at "
    return f"{what} {before}{at}" if at else what


def extent(mismatch: Mismatch) -> str:
    """Return how many entries are wrong, and which, where that is not all of them."""
    if mismatch.note == NOT_COUNTED:
        return f"not counted, of {mismatch.size}"
    only = mismatch.note.removeprefix("wrong only in ")
    if only != mismatch.note:
        where = "only " + _AXIS.sub(r"index \2 of axis \1", only)
    elif only:
        where = only
    elif mismatch.wrong == mismatch.size or set(mismatch.where) <= {"entry", "row", "column"}:
        where = ""  # every row and column has some
    else:
        where = where_text(mismatch.where)
    count = f"all {mismatch.size}"
    if mismatch.wrong != mismatch.size:
        count = f"{mismatch.wrong} of {mismatch.size}"
    return f"{count}: {where}" if where else count


def when(suspect: Suspect) -> str:
    """Return at which steps a suspect is wrong, or nothing."""
    if suspect.pattern == "none" or (suspect.pattern == "all" and suspect.steps == (0,)):
        return ""  # what is run once has no steps
    if not suspect.steps:
        step = " step" if suspect.pattern.endswith(("last", "first")) else ""
        return "every step" if suspect.pattern == "all" else suspect.pattern + step
    counted = f"t = {spans(suspect.steps)}"
    # A pattern that only counts the steps again says nothing.
    if not suspect.pattern or suspect.pattern.startswith("t="):
        return counted
    pattern = "every step" if suspect.pattern == "all" else suspect.pattern
    if pattern == "all but t=0" and min(suspect.steps) > 1:  # they are counted from 1
        pattern = "all but the first"
    return f"{counted} ({pattern})"


def spans(steps: Iterable[int]) -> str:
    """Return numbers with runs drawn together.

    Examples
    --------
    >>> spans((0, 1, 2, 5))
    '0 to 2, 5'
    """
    runs: list[list[int]] = []
    for step in sorted(set(steps)):
        if runs and step == runs[-1][1] + 1:
            runs[-1][1] = step
        else:
            runs.append([step, step])
    parts = []
    for first, last in runs:
        between = f" to {last}" if last > first + 1 else f", {last}"
        parts.append(f"{first}{between if last > first else ''}")
    return ", ".join(parts)


def file_name(file: str) -> str:
    """Return a file as one would type it here: relative if it lies in this folder.

    Examples
    --------
    >>> file_name(str(Path.cwd() / "models" / "mine.py"))
    'models/mine.py'
    >>> file_name("<ipython-input-3>")
    '<ipython-input-3>'
    """
    try:
        return Path(file).relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return file


def place_of(suspect: Suspect) -> str:
    """Return file, line and function of a suspect, as far as they are known."""
    file = file_name(suspect.file)
    where = f"{file}:{suspect.line}" if suspect.line else file
    return f"{where}, in {suspect.function}" if suspect.function else where


_SURE, _SURE_BESIDE_A_FIX = 0.5, 0.9


def likely(diagnosis: Diagnosis) -> list[Suspect]:
    """Return the suspects to be told in full: the first, and others that are sure enough.

    Beside a fix that passes, more is asked.
    """
    enough = _SURE_BESIDE_A_FIX if diagnosis.fixes else _SURE
    first, *others = diagnosis.suspects or (None,)
    if first is None:
        return []
    return [first, *(suspect for suspect in others if suspect.confidence >= enough)]


def pointed_at_by(suspect: Suspect) -> str:
    """Return how a suspect was found."""
    words = dict(_ENGINES)
    if suspect.confidence < _SURE_BESIDE_A_FIX:
        words["repair"] = "an edit that mends a part of it"
    return "; ".join(words.get(engine, engine) for engine in suspect.engines)


def first_line(diagnosis: Diagnosis) -> str:
    """Return the verdict with as many names as go into a line of ordinary length."""
    lines = [headline(diagnosis, most) for most in (8, 5, 3, 2, 1)]
    return next((line for line in lines if len(line) <= _LONG), lines[-1])


def evidence_sentences(evidence: dict[str, Any]) -> list[str]:
    """Return what a verdict stands on, one sentence each.

    Known keys come first and in words; any other is told as it is.
    """
    rest = {key: value for key, value in evidence.items() if key != "sizes"}  # told in a note
    sentences = []
    if rest.pop("proved", False):
        sentences.append("proved in exact arithmetic, without tolerance")
    draws, fresh = rest.pop("draws", None), rest.pop("fresh", None)
    voters = rest.pop("voters", ())
    if draws:
        values = "set of values" if draws == 1 else "sets of values"
        new = f" ({fresh} of them fresh)" if fresh else ""
        by = f" with {listed(voters)}" if voters else ""
        sentences.append(f"compared on {draws} {values}{new}{by}")
    elif voters:
        sentences.append(f"compared with {listed(voters)}")
    runs = rest.pop("runs", None)
    if runs:
        sentences.append(f"to find the line, the backward was run {runs:,} times")
    told = {key: said(value) for key, value in rest.items() if value is not None}
    return sentences + [f"{key}: {text}" for key, text in told.items() if text]


def said(value: Any) -> str:
    """Return a value of the evidence as one short phrase."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {said(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
