"""A flow as a page: the picture, the sentences, the table."""

from __future__ import annotations

from reference.flow.measure import Flow
from reference.flow.svg import figure
from reference.flow.text import sentences, table
from reference.report.html import Html, tag
from reference.report.page_style import STYLE

_STYLE = """
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
.panels { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.panels svg { width: 100%; max-width: 34rem; height: auto; } .key { white-space: nowrap;
  margin-right: 1.25rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
svg text.head { font-weight: 600; font-size: 13px; fill: var(--ink); }
svg .grid { stroke: var(--line); stroke-width: 1; }
td:first-child { white-space: pre; }
"""


def as_page(flows: list[Flow], about: str, lags: int) -> str:
    """Return the whole page; it loads nothing from elsewhere."""
    heads, rows = table(flows, lags)
    head_cells = [tag("th", head, class_="number" if k else "", scope="col")
                  for k, head in enumerate(heads)]  # fmt: skip
    body = [
        tag("tr", [tag("td", cell, class_="number" if k else "") for k, cell in enumerate(row)])
        for row in rows
    ]
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", "How far back the gradient reaches"),
            tag("style", Html(STYLE + _STYLE)),
        ),
        tag(
            "body",
            tag("h1", "How far back the gradient reaches"),
            tag("p", about, class_="quiet"),
            figure(flows),
            tag("ul", [tag("li", each) for each in sentences(flows)]),
            tag("h2", "Norms of the gradient by lag"),
            tag(
                "div",
                tag("table", tag("thead", tag("tr", head_cells)), tag("tbody", body)),
                class_="scroll",
            ),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"
