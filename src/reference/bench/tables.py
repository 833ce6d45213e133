"""What was measured, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from reference.bench.growth import slope
from reference.bench.rivals import OURS, RIVALS
from reference.bench.timing import FLOOR, Timing, quartiles, ratios

Records = list[dict[str, Any]]


def markdown(records: Records, kind: str = "wall") -> str:
    """Return all tables; `kind` is "wall" or "processor"."""
    parts = ["\n".join(_environment(records))]
    for threads in _distinct(records, "threads", "times"):
        chosen = [r for r in records if r["kind"] == "times" and r["threads"] == threads]
        words = "one thread" if threads == 1 else f"{threads} threads"
        parts.append("\n".join(_comparison(chosen, words, kind)))
    parts += ["\n".join(_segments(records)), "\n".join(_growth(records))]
    return "\n\n".join(part for part in parts if part)


def _environment(records: Records) -> Iterator[str]:
    known = next(record for record in records if record["kind"] == "environment")
    versions = [f"{name} {version}" for name, version in known["versions"].items() if version]
    yield (f"{known['processor']}, {known['processors']} processors; Python {known['python']}, "
           f"{', '.join(versions)}, {known['blas']}.")  # fmt: skip


def _comparison(records: Records, threads: str, kind: str) -> Iterator[str]:
    present = {name for record in records for name in record["times"]}
    rivals = [rival.name for rival in RIVALS if rival.name in present and rival.name != OURS]
    clock = "time" if kind == "wall" else "processor time"
    yield f"**Forward and backward, {threads}**: {clock} of each in units of `{OURS}`; above 1 we"
    yield "are faster. Median of the ratios within a round, and in brackets the quartiles."
    yield ""
    yield "| T,B,D,H | dtype | ms | of the products | " + " | ".join(rivals) + " |"
    yield "|---|---|---:|---:" + "|---:" * len(rivals) + "|"
    for record in records:
        timings = {name: Timing(**timing) for name, timing in record["times"].items()}
        by_name = ratios(timings, kind)
        ours = median(getattr(timings[OURS], kind)) * 1e3
        floor = _ratio([1 / ratio for ratio in by_name[FLOOR]])
        cells = [_ratio(by_name[name]) if name in by_name else "–" for name in rivals]
        yield (f"| {record['size']} | {record['dtype']} | {ours:.3g} | {floor} | "
               + " | ".join(cells) + " |")  # fmt: skip


def _ratio(values: list[float]) -> str:
    low, middle, high = quartiles(values)
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def _segments(records: Records) -> Iterator[str]:
    chosen = [record for record in records if record["kind"] == "segment"]
    if not chosen:
        return
    whole = next(record for record in chosen if record["segment"] is None)
    yield f"**Segments**, {whole['size']} in float32, one thread: memory without what is returned."
    yield ""
    yield "| segment | tape, MiB | peak, MiB | peak, part of all | time, of all |"
    yield "|---|---:|---:|---:|---:|"
    for record in chosen:
        pairs = zip(record["seconds"], whole["seconds"], strict=True)
        time = median(one / other for one, other in pairs)
        part = whole["memory"] / record["memory"]
        name = "none: all is kept" if record["segment"] is None else f"`{record['segment']}`"
        yield (f"| {name} | {record['tape'] / 2**20:.1f} | {record['memory'] / 2**20:.1f} "
               f"| 1/{part:.1f} | {time:.2f} |")  # fmt: skip


def _growth(records: Records) -> Iterator[str]:
    chosen = [record for record in records if record["kind"] == "growth"]
    if not chosen:
        return
    yield "**Growth**, float32, one thread: the exponents k of time ~ x^k and memory ~ x^k at the"
    yield "upper end of the range."
    yield ""
    yield "| x | from | to | segment | time | memory |"
    yield "|---|---|---|---|---:|---:|"
    for axis, segment in _series(chosen):
        points = [r for r in chosen if (r["axis"], r["segment"]) == (axis, segment)]
        values = [point["value"] for point in points]
        times = [median(point["seconds"]) for point in points]
        memory = [point["memory"] for point in points]
        yield (f"| {axis} | {points[0]['size']} | {points[-1]['size']} | {segment or 'none'} "
               f"| {slope(values, times):.2f} | {slope(values, memory):.2f} |")  # fmt: skip


def _series(records: Records) -> list[tuple[str, Any]]:
    return list(dict.fromkeys((record["axis"], record["segment"]) for record in records))


def _distinct(records: Records, name: str, kind: str) -> list[Any]:
    return list(dict.fromkeys(record[name] for record in records if record["kind"] == kind))
