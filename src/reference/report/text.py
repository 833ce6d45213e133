"""Reports as plain text: what disagrees; how much and where; how to see it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference.compare import Mismatch
    from reference.report.record import Report

_MEANING = {
    "VALUE": "the forward computes another value than the reference",
    "RAISES": "the cell raised an error",
    "EFFECT": "memory is touched that should be left alone",
    "LOCAL": "one step's backward is not the derivative of its forward",
    "CARRY": "what is carried between steps is not what left the later step",
    "ACCUM": "the gradient is not the sum of the steps' contributions",
    "TOTAL": "the gradient over the whole sequence is wrong",
}
_SHOWN = 8


def report_text(report: Report) -> str:
    """Return a report as text of at most about one screen."""
    lines = [f"{report.name}: {report.verdict}", f"  {evidence_text(report)}"]
    for stage, group in _by_stage(report.mismatches).items():
        lines += ["", f"  {stage}: {_MEANING.get(stage, '')}"]
        worst_first = sorted(group, key=lambda mismatch: -mismatch.times)
        for mismatch in worst_first[:_SHOWN]:
            lines += [f"    {line}" for line in mismatch_lines(mismatch)]
        if len(group) > _SHOWN:
            lines.append(f"    and {len(group) - _SHOWN} more")
    first = next((m for m in report.mismatches if m.reproduce), None)
    if first is not None:
        lines += ["", f"  again: {first.reproduce}"]
    for heading, texts in (("why", report.reasons), ("note", report.notes)):
        lines += [f"  {heading}: {text}" for text in texts]
    if report.diagnosis is not None:
        lines += ["", "The debugger, on a short sequence:", "", str(report.diagnosis)]
    return "\n".join(lines)


def evidence_text(report: Report) -> str:
    """Return in one line what the verdict stands on."""
    evidence = report.evidence
    parts = []
    verdicts: dict[str, list[str]] = {}
    for kind, proof in evidence.proofs.items():
        verdicts.setdefault(proof.verdict, []).append(kind)
    for verdict, kinds in verdicts.items():
        word = {"proved": "proved in exact arithmetic", "refuted": "refuted in exact arithmetic"}
        parts.append(f"{word.get(verdict, 'no proof')} ({', '.join(kinds)})")
    parts.append(f"{evidence.sampled:,} random problems compared with {evidence.oracle}")
    if report.worst and report.verdict == "right":
        name = max(report.worst, key=lambda key: report.worst[key])
        parts.append(f"worst {report.worst[name]:.1f} of 32 explained by rounding ({name})")
    return "; ".join(parts)


def mismatch_lines(mismatch: Mismatch) -> list[str]:
    """Return one mismatch: name and place, values, size of the error, extent."""
    place = place_text(mismatch.place)
    if mismatch.note and not mismatch.index:
        at = where_text(mismatch.where) or place
        return [f"{mismatch.name}{f' ({at})' if at else ''}: {mismatch.note}"]
    lines = [
        f"{mismatch.name} at {place or list(mismatch.index)}: manual {mismatch.manual:.6g}, "
        f"reference {mismatch.reference:.6g}, {times_text(mismatch.times)}"
    ]
    extent = f"{mismatch.wrong} of {mismatch.size} entries wrong"
    where = where_text(mismatch.where)
    lines.append(f"    {extent}{f': {where}' if where else ''}")
    if mismatch.note:
        lines.append(f"    {mismatch.note}")
    return lines


def times_text(times: float) -> str:
    """Return the size of an error against rounding.

    Examples
    --------
    >>> times_text(3.2e9)
    'off by 3e+09 × what rounding explains'
    """
    return f"off by {times:.0e} × what rounding explains"


def _by_stage(mismatches: tuple[Mismatch, ...]) -> dict[str, list[Mismatch]]:
    grouped: dict[str, list[Mismatch]] = {}
    for mismatch in mismatches:
        grouped.setdefault(mismatch.stage, []).append(mismatch)
    return grouped


def place_text(place: dict[str, Any]) -> str:
    """Return a decoded index; nothing where it only repeats the index."""
    if all(key.startswith("axis ") for key in place):
        return ""  # the index says it
    return ", ".join(f"{key} {value}" for key, value in place.items())


def where_text(where: dict[str, list[Any]]) -> str:
    """Return for each decoded axis the values at which anything is wrong."""
    parts = []
    for key, values in where.items():
        shown = ", ".join(str(value) for value in values[:6]) + (", …" if len(values) > 6 else "")
        parts.append(f"{key}{':' if key.startswith('axis ') else ''} {shown}")
    return "; ".join(parts)
