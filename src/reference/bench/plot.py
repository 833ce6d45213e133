"""What was measured, as a picture: ratios by size, and growth."""

from __future__ import annotations

import io
from statistics import median
from typing import Any

from reference.bench.rivals import OURS, RIVALS
from reference.bench.tables import Records
from reference.bench.timing import Timing, quartiles, ratios


def as_png(records: Records, kind: str = "wall") -> bytes:
    """Return a PNG file; needs matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    times = [record for record in records if record["kind"] == "times"]
    settings = list(dict.fromkeys((r["threads"], r["dtype"]) for r in times))
    growth = [record for record in records if record["kind"] == "growth"]
    rows = len(settings) + (2 if growth else 0)
    figure = Figure(figsize=(9, 2.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, 1, squeeze=False).ravel()
    for panel, (threads, dtype) in zip(panels, settings, strict=False):
        chosen = [r for r in times if (r["threads"], r["dtype"]) == (threads, dtype)]
        _ratios(panel, chosen, kind)
        panel.set_title(f"{dtype}, threads: {threads}", fontsize=9)
    panels[0].legend(fontsize=8, ncols=6, loc="upper left")
    if growth:
        _growth(panels[-2], growth, "ms", lambda record: 1e3 * median(record["seconds"]))
        _growth(panels[-1], growth, "MiB", lambda record: record["memory"] / 2**20)
        panels[-2].legend(fontsize=8)
    into = io.BytesIO()
    figure.savefig(into, format="png", dpi=110, metadata={"Software": None})
    return into.getvalue()


def _ratios(panel: Any, records: Records, kind: str) -> None:
    names = [rival.name for rival in RIVALS if rival.name != OURS]
    for k, name in enumerate(names):
        middles, below, above, places = [], [], [], []
        for place, record in enumerate(records):
            timings = {one: Timing(**timing) for one, timing in record["times"].items()}
            if name not in timings:
                continue
            low, middle, high = quartiles(ratios(timings, kind)[name])
            places.append(place + 0.12 * (k - len(names) / 2))
            middles.append(middle)
            below.append(middle - low)
            above.append(high - middle)
        panel.errorbar(places, middles, (below, above), fmt="o", markersize=4, label=name)
    panel.axhline(1, color="black", linewidth=0.8)
    panel.set_yscale("log")
    panel.set_xticks(range(len(records)), [record["size"] for record in records], fontsize=8)
    panel.set_ylabel(f"their time / {OURS}", fontsize=8)
    panel.grid(alpha=0.3)


def _growth(panel: Any, records: Records, unit: str, cost: Any) -> None:
    for axis, segment in dict.fromkeys((r["axis"], r["segment"]) for r in records):
        points = [r for r in records if (r["axis"], r["segment"]) == (axis, segment)]
        label = axis if segment is None else f"{axis}, segment {segment}"
        panel.loglog([p["value"] for p in points], [cost(p) for p in points], "o-", label=label)
    panel.set_ylabel(unit)
    panel.set_xlabel("steps T, rows B or units H", fontsize=8)
    panel.grid(alpha=0.3)
