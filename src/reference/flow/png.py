"""A flow as a picture file, by matplotlib: one panel for each subject."""

from __future__ import annotations

import io
from math import inf

from reference.flow.measure import CELL, GATES, Flow
from reference.flow.svg import decades


def as_png(flows: list[Flow], about: str) -> bytes:
    """Return a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    low, high = decades(flows)
    columns = min(len(flows), 2)
    rows = -(-len(flows) // columns)
    figure = Figure(figsize=(4.4 * columns, 2.7 * rows + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    names = list(dict.fromkeys(name for flow in flows for name in flow.norms))
    solid = [name for name in names if name not in (CELL, GATES)]
    styles = {name: (f"C{k}", "-") for k, name in enumerate(solid)}
    names = [*solid, *(name for name in (CELL, GATES) if name in names)]
    styles |= {CELL: ("C3", "--"), GATES: ("C4", ":")}
    for panel, flow in zip(panels, flows, strict=False):
        for name, norms in flow.norms.items():
            seen = [
                (lag, norm) for lag, norm in enumerate(norms) if lag and 10.0**low <= norm < inf
            ]
            colour, dash = styles[name]
            panel.semilogy(*(list(part) for part in zip(*seen, strict=True)) if seen else ([], []),
                           color=colour, linestyle=dash)  # fmt: skip
        panel.set_title(flow.label, fontsize=10)
        panel.set_ylim(10.0**low, 10.0**high)
        panel.grid(alpha=0.3)
    for panel in panels[len(flows) :]:
        panel.remove()
    for panel in panels[max(0, len(flows) - columns) : len(flows)]:
        panel.set_xlabel("steps back")
    for panel in panels[: len(flows) : columns]:
        panel.set_ylabel("norm of the gradient")
    handles = [panels[0].plot([], [], color=styles[name][0], linestyle=styles[name][1])[0]
               for name in names]  # fmt: skip
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    figure.suptitle(about, fontsize=9)
    into = io.BytesIO()
    figure.savefig(into, format="png", dpi=110, metadata={"Software": None})
    return into.getvalue()
