"""Many right cells, a line each: proved or not, how many cases, worst error, seconds."""

from __future__ import annotations

from collections.abc import Sequence

from reference.report.record import Report

_WIDEST = 34  # of a name; one that is longer pushes its line to the right
_HEAD = "verdict  exact         cases  worst  seconds"


def head(reports: Sequence[Report]) -> str:
    """Return what stands above the columns of `report_line`."""
    return f"{'':{width_of(reports)}}  {_HEAD}"


def report_line(report: Report, width: int) -> str:
    """Return a right cell as one line, and a line more for each note.

    Examples
    --------
    >>> from reference.report.record import Evidence
    >>> print(report_line(Report("Mine", "right", Evidence({}, 1256, "JAX"), worst={"xs": 2}), 8))
    Mine      right    not proved    1,256    2.0      0.0
    """
    evidence = report.evidence
    exact = "proved" if evidence.proved else "not proved"
    worst = max(report.worst.values(), default=0.0)
    line = (
        f"{report.name:{width}}  {report.verdict:7}  {exact:10}  {evidence.sampled:7,}  "
        f"{worst:5.1f}  {report.seconds:7.1f}"
    )
    return "\n".join([line, *(f"  note: {note}" for note in report.notes)])


def width_of(reports: Sequence[Report]) -> int:
    """Return how wide the column of names is."""
    return min(_WIDEST, max((len(report.name) for report in reports), default=0))


def summary(reports: Sequence[Report]) -> str:
    """Return how many are what, and what the numbers mean."""
    verdicts = [report.verdict for report in reports]
    told = [
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in ("right", "wrong", "inconclusive")
        if verdict in verdicts
    ]
    proved = sum(report.evidence.proved for report in reports)
    compared = sum(report.evidence.sampled for report in reports)
    return (
        f"{', '.join(told)} of {len(reports)}; {proved} proved in exact arithmetic, "
        f"{compared:,} random problems.\n"
        "Worst error in units of ε·(largest entry)·(1 + p): up to 32 is rounding.\n"
        "Every gradient of each: --verbose."
    )
