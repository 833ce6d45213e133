"""A diagnosis as plain text: verdict, what disagrees, the line, the fix, how sure it is."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reference.report.excerpt import diff_lines, suspect_excerpt
from reference.report.text import mismatch_lines, place_text
from reference.report.words import (
    evidence_sentences,
    extent,
    first_line,
    likely,
    open_questions,
    place_of,
    pointed_at_by,
    remarks_to_tell,
    what_is_wrong,
)

if TYPE_CHECKING:
    from reference.compare import Mismatch
    from reference.debugger.diagnosis import Diagnosis, Fix, Suspect

_WIDTH = 96
_COLUMNS = ("gradient", "worst at", "yours", "reference", "off by", "wrong entries")
_NUMBERS = ("yours", "reference", "off by")
_MISMATCHES = 4
_IN_FULL = 4  # suspects
_IN_SHORT = 3
_AROUND = (2, 1)  # neighbours of the first suspect's line, and of further ones
_OUTPUT = 5  # lines


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as text of about one screen, the verdict in its first line."""
    blocks = [
        [first_line(diagnosis)],
        _what_disagrees(diagnosis),
        *_suspects(diagnosis),
        *_fixes(diagnosis),
        _ground(diagnosis),
        _advice(diagnosis),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _what_disagrees(diagnosis: Diagnosis) -> list[str]:
    """Return a table of the worst gradients; those that have no entry to show are told below it."""
    worst_first = sorted(diagnosis.wrong.values(), key=lambda mismatch: -mismatch.times)
    shown = worst_first[:_MISMATCHES]
    rows = [_COLUMNS] + [
        _row(mismatch) for mismatch in shown if mismatch.index or not mismatch.note
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_COLUMNS))]
    lines = []
    for row in rows if len(rows) > 1 else []:
        cells = [
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for cell, width, column in zip(row, widths, _COLUMNS, strict=True)
        ]
        line = f"  {'  '.join(cells)}".rstrip()
        if len(line) <= _WIDTH:
            lines.append(line)
        else:  # the extent in a line of its own
            lines += [f"  {'  '.join(cells[:-1])}".rstrip(), *_wrapped(row[-1], "      ")]
    for mismatch in shown:
        if mismatch.note and not mismatch.index:
            lines += [f"  {line}" for line in mismatch_lines(mismatch)]
    if len(worst_first) > _MISMATCHES:
        lines.append(f"  and {len(worst_first) - _MISMATCHES} more")
    for remark in (*open_questions(diagnosis), *remarks_to_tell(diagnosis)):
        lines += _wrapped(remark, "  ")
    return lines


def _row(mismatch: Mismatch) -> tuple[str, ...]:
    return (
        mismatch.name,
        place_text(mismatch.place) or str(list(mismatch.index)),
        f"{mismatch.manual:.6g}",
        f"{mismatch.reference:.6g}",
        f"{mismatch.times:.0e} × rounding",
        extent(mismatch),
    )


def _suspects(diagnosis: Diagnosis) -> list[list[str]]:
    if not diagnosis.suspects:
        return []
    first, *sure = likely(diagnosis)[:_IN_FULL]
    blocks = [_suspect(diagnosis, first, _AROUND[0])]
    blocks += [_suspect(diagnosis, suspect, _AROUND[1]) for suspect in sure]
    rest = [suspect for suspect in diagnosis.suspects[1:] if suspect not in sure]
    if rest:
        short = [f"    {place_of(s)}: {s.text.strip()}{f'  ({s.kind})' if s.kind else ''}"
                 for s in rest[:_IN_SHORT]]  # fmt: skip
        more = [f"    and {len(rest) - _IN_SHORT} more"] if len(rest) > _IN_SHORT else []
        blocks.append(["  less likely:", *short, *more])
    return blocks


def _suspect(diagnosis: Diagnosis, suspect: Suspect, around: int) -> list[str]:
    kind = suspect.kind or "something is wrong here"
    lines = [f"  {place_of(suspect)}: {kind}" if place_of(suspect) else f"  {kind}"]
    shown = suspect_excerpt(diagnosis, suspect, around)
    width = max((len(str(number)) for number, _ in shown), default=0)
    for number, text in shown:
        marker = ">" if number == suspect.line else " "
        lines.append(f"    {marker} {number:>{width}} | {text}".rstrip())
    what = what_is_wrong(suspect)
    lines += _wrapped(what, "    ") if what else []
    for heading, text in (("why", suspect.why), ("should be", suspect.should_be)):
        if text:
            lines += _wrapped(f"{heading}: {text}", "    ")
    if suspect.confidence:
        by = pointed_at_by(suspect)
        lines += _wrapped(f"{suspect.confidence:.0%} sure{f', by {by}' if by else ''}", "    ")
    return lines


def _fixes(diagnosis: Diagnosis) -> list[list[str]]:
    blocks = []
    for number, fix in enumerate(diagnosis.fixes):
        again = number > 0 and fix.verified == diagnosis.fixes[0].verified
        blocks.append(_fix("or" if number else "fix", fix, "" if again else fix.verified))
    return blocks


def _fix(word: str, fix: Fix, verified: str) -> list[str]:
    passed = f" (passed {verified})" if verified else ""
    lines = _wrapped(f"{word}{passed}: {fix.why}".rstrip(": "), "  ")
    shown = diff_lines(fix)
    if word == "or":
        shown = [line for line in shown if line[:3] not in ("+++", "---")]
        if all(edit.old and edit.new for edit in fix.edits):  # in place: the first shows where
            shown = [line for line in shown if line[:1] in "+-@"]
    while shown and not shown[-1].strip():
        shown.pop()
    return lines + [f"    {line}".rstrip() for line in shown]


def _ground(diagnosis: Diagnosis) -> list[str]:
    lines = [line for text in evidence_sentences(diagnosis.evidence)
             for line in _wrapped(f"evidence: {text}", "  ")]  # fmt: skip
    for reason in diagnosis.reasons:
        heading = "why" if diagnosis.verdict == "inconclusive" else "note"
        lines += _wrapped(f"{heading}: {reason}", "  ")
    open_ends = diagnosis.verdict == "wrong" and diagnosis.suspects and not diagnosis.fixes
    if open_ends and not diagnosis.advice:
        lines.append("  no fix was found that passes")
    printed = diagnosis.output.rstrip().splitlines()
    if printed:
        more = f" (the last of {len(printed)} lines)" if len(printed) > _OUTPUT else ""
        lines.append(f"  your functions printed{more}:")
        lines += [f"    {line[:_WIDTH]}" for line in printed[-_OUTPUT:]]
    if diagnosis.seconds:
        lines.append(f"  took {diagnosis.seconds:.1f} s")
    return lines


def _advice(diagnosis: Diagnosis) -> list[str]:
    """Return what was not found and what to do: the last that is read."""
    lines: list[str] = []
    for number, text in enumerate(diagnosis.advice):
        lines += _wrapped(f"- {text}" if number else text, "  ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    """Return text in lines of one width; the lines of a text that has several are kept."""
    lines = []
    for part in text.splitlines() or [""]:
        lines += textwrap.wrap(
            part,
            _WIDTH,
            initial_indent=indent if not lines else f"{indent}    ",
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines
