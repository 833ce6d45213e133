"""A flow as a picture for a page: one panel for each subject, the same axes in all."""

from __future__ import annotations

from math import ceil, floor, inf, log10

from reference.flow.measure import CELL, GATES, Flow
from reference.report.html import Html, tag

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 300, 240, 48, 28, 10, 34
# Told by dash and by the legend as well as by colour.
LINES = {
    CELL: ("var(--wrong)", "6 3"),
    GATES: ("var(--open)", "2 3"),
}
SOLID = ("var(--link)", "var(--right)", "var(--quiet)")


def line_styles(flows: list[Flow]) -> dict[str, tuple[str, str]]:
    """Return colour and dash of every name that is drawn."""
    names = list(dict.fromkeys(name for flow in flows for name in flow.norms))
    solid = [name for name in names if name not in LINES]
    styles = {name: (SOLID[k % len(SOLID)], "") for k, name in enumerate(solid)}
    return styles | {name: style for name, style in LINES.items() if name in names}


def decades(flows: list[Flow]) -> tuple[int, int]:
    """Return the powers of ten between which all norms lie; at most 24 of them are shown."""
    values = [float(value) for flow in flows for norms in flow.norms.values()
              for value in norms[1:] if 0 < value < inf]  # fmt: skip
    if not values:
        return -1, 0
    top = ceil(log10(max(values)))
    return max(min(floor(log10(min(values))), top - 1), top - 24), top


def figure(flows: list[Flow]) -> Html:
    """Return the panels and the legend."""
    styles = line_styles(flows)
    low, high = decades(flows)
    panels = [panel(flow, styles, low, high) for flow in flows]
    keys = [tag("span", svg_line(styles[name]), f" {name} ", class_="key") for name in styles]
    return tag("figure", tag("div", panels, class_="panels"), tag("figcaption", keys))


def panel(flow: Flow, styles: dict[str, tuple[str, str]], low: int, high: int) -> Html:
    """Return one panel: norms over lags, the norms on a logarithmic scale."""
    lags = len(next(iter(flow.norms.values()))) - 1

    def x(lag: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * lag / max(lags, 1)

    def y(power: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - power) / (high - low)

    step = max(1, (high - low) // 6)
    marks = []
    for power in range(high, low - 1, -step):
        marks.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y(power):.1f}",
                         y2=f"{y(power):.1f}", class_="grid"))  # fmt: skip
        marks.append(tag("text", f"1e{power}" if power else "1", x=LEFT - 6,
                         y=f"{y(power) + 4:.1f}", text_anchor="end"))  # fmt: skip
    for lag in sorted({0, lags // 2, lags}):
        marks.append(tag("text", str(lag), x=f"{x(lag):.1f}", y=HEIGHT - 18,
                         text_anchor="middle"))  # fmt: skip
    curves = []
    for name, norms in flow.norms.items():
        points = [(x(lag), y(log10(norm))) for lag, norm in enumerate(norms)
                  if lag and 0 < norm < inf and log10(norm) >= low]  # fmt: skip
        colour, dash = styles[name]
        path = "".join(f"{'L' if k else 'M'}{px:.1f} {py:.1f}" for k, (px, py) in enumerate(points))
        curve = {"d": path or "M0 0", "stroke": colour, "stroke_dasharray": dash or "none"}
        curves.append(tag("path", tag("title", name), fill="none", stroke_width=2, **curve))
    return tag(
        "svg",
        tag("title", f"{flow.label}: norm of the gradient by lag"),
        tag("text", flow.label, x=LEFT, y=16, class_="head"),
        marks,
        curves,
        tag("text", "steps back", x=(LEFT + WIDTH) // 2, y=HEIGHT - 3, text_anchor="middle"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        width=WIDTH,
        height=HEIGHT,
    )


def svg_line(style: tuple[str, str]) -> Html:
    """Return a short piece of a line for the legend."""
    colour, dash = style
    line = tag("line", x1=0, x2=28, y1=5, y2=5, stroke=colour, stroke_width=2,
               stroke_dasharray=dash or "none")  # fmt: skip
    return tag("svg", line, width=28, height=10, aria_hidden="true")
