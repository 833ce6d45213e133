"""Reports of right cells as a table for a terminal: one row a gradient."""

from __future__ import annotations

from rich.table import Table

from reference.report.record import Report


def report_table(report: Report) -> Table:
    """Return a table of every gradient: what is proved, and the worst error that was seen."""
    table = Table(
        title=f"{report.name}: {report.verdict}", title_justify="left", title_style="bold"
    )
    proofs = report.evidence.proofs
    table.add_column("gradient")
    for kind in proofs:
        table.add_column(f"exact: {kind}")
    table.add_column(
        f"worst error in {report.evidence.sampled:,}\nrandom problems", justify="right"
    )
    for name, worst in report.worst.items():
        verdicts = [proof.gradients.get(name, "") for proof in proofs.values()]
        table.add_row(name, *verdicts, f"{worst:.1f}")
    table.caption = caption(report)
    table.caption_justify = "left"
    return table


def caption(report: Report) -> str:
    """Return what the numbers mean, and how long it took."""
    seconds = sum(proof.seconds for proof in report.evidence.proofs.values())
    parts = [
        f"Worst error in units of ε·(largest entry)·(1 + p): up to 32 is rounding "
        f"(against {report.evidence.oracle}).",
        f"Proofs took {1000 * seconds:.0f} ms, all of it {report.seconds:.1f} s.",
    ]
    return " ".join([*parts, *report.notes])
