"""A flow as text: a table of norms by lag, and sentences that say what they mean."""

from __future__ import annotations

from math import log
from textwrap import fill

from reference.flow.measure import CELL, GATES, Flow


def table(flows: list[Flow], lags: int) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the rows of the table, as text."""
    shown = lags_shown(lags)
    heads = ["", *(f"lag {lag}" for lag in shown), "per step", "halved in"]
    rows = []
    for flow in flows:
        rows.append([flow.label, *[""] * (len(heads) - 1)])
        for name, norms in flow.norms.items():
            indent = "    " if name in (CELL, GATES) else "  "
            rate = flow.rates[name]
            rows.append([indent + name, *(number(norms[lag]) for lag in shown),
                         f"{rate:.3f}" if rate else "", halved_in(rate)])  # fmt: skip
    return heads, rows


def lags_shown(lags: int) -> list[int]:
    """Return a few of the lags from 1 on.

    Examples
    --------
    >>> lags_shown(100), lags_shown(3)
    ([1, 10, 25, 50, 100], [1, 2, 3])
    """
    if lags <= 5:
        return list(range(1, lags + 1))
    return sorted({1, *(max(1, round(lags * part)) for part in (0.1, 0.25, 0.5)), lags})


def as_text(flows: list[Flow], about: str, lags: int) -> str:
    """Return the whole report."""
    heads, rows = table(flows, lags)
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = [about, ""]
    for row in [heads, *rows]:
        first = row[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    said = [fill(sentence, 100, subsequent_indent="  ") for sentence in sentences(flows)]
    return "\n".join([*lines, "", *said])


def sentences(flows: list[Flow]) -> list[str]:
    """Return one sentence for each subject."""
    return [sentence(flow) for flow in flows]


def sentence(flow: Flow) -> str:
    """Say how fast the gradient of one subject shrinks, along which path, and why."""
    rate = flow.rates[flow.memory]
    said = f"{flow.label}: {flow.memory} {changes(rate)}"
    along, by_gates = flow.rates.get(CELL, 0.0), flow.rates.get(GATES, 0.0)
    if CELL not in flow.norms:
        only = "; there is no way but through the weights" if flow.paths_known else ""
        return f"{said}{only}."
    said += f"; through the cell alone it {changes(along)}"
    if flow.forget is not None:
        said += f", and the forget gate is {flow.forget:.3f} in the geometric mean"
    ends = flow.norms[CELL][-1], flow.norms[GATES][-1]
    if max(ends) > 0 and by_gates:
        larger = "the cell" if ends[0] > ends[1] else "the gates"
        said += f". At the largest lag more comes through {larger}"
    return f"{said}."


def changes(rate: float) -> str:
    """Say in words what a factor per step does."""
    if not rate:
        return "is zero"
    if rate > 1.0005 or rate < 0.9995:
        halved = f" (halved in {halved_in(rate)})" if rate < 1 else ""
        return f"is multiplied by {rate:.3f} in a step{halved}"
    return "keeps its size"


def halved_in(rate: float) -> str:
    """Return the number of steps in which a factor per step halves, as text."""
    if not 0 < rate < 0.9995:
        return ""
    steps = log(0.5) / log(rate)
    return f"{steps:.1f} steps" if steps < 10 else f"{steps:.0f} steps"


def number(value: float) -> str:
    """Return a norm as text."""
    return "0" if value == 0 else f"{value:.1e}"
