"""A diagnosis as one self-contained page: no script, nothing fetched, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reference.compare import Mismatch
from reference.report.excerpt import diff_lines, source_lines, suspect_excerpt
from reference.report.heat_map import HeatMap, error_text, heat_map, level
from reference.report.html import Html, joined, tag
from reference.report.page_style import STYLE
from reference.report.text import place_text
from reference.report.words import (
    evidence_sentences,
    extent,
    file_name,
    headline,
    likely,
    open_questions,
    place_of,
    pointed_at_by,
    remarks_to_tell,
    when,
)

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis, Fix, Suspect

_SYMBOL = {"right": "✓", "wrong": "✗", "inconclusive": "?"}
_AROUND = 4
_LEVEL_WORDS = ("below 1e-9", "to 1e-6", "to 1e-3", "to 0.1", "0.1 and more")


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """Return a page that tells a diagnosis.

    Returns
    -------
    str
        HTML with its style inside; it follows the reader's choice of light or dark.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("title", f"{headline(diagnosis)} · manual-lstm"),
        tag("style", Html(STYLE)),
    )  # fmt: skip
    body = tag("body", tag("main", _header(diagnosis), _sections(diagnosis)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(diagnosis: Diagnosis) -> Html:
    symbol = tag("span", f"{_SYMBOL[diagnosis.verdict]} ", aria_hidden="true")
    lines = [tag("h1", symbol, headline(diagnosis), class_=diagnosis.verdict)]
    files = ", ".join(map(file_name, diagnosis.sources))
    took = f"{diagnosis.seconds:.1f} s" if diagnosis.seconds else ""
    about = " · ".join(part for part in (files, took) if part)
    return tag("header", lines, tag("p", about, class_="quiet") if about else "")


def _sections(diagnosis: Diagnosis) -> Iterable[Html]:
    maps = [heat_map(name, heat) for name, heat in diagnosis.heat.items()]
    reasons = "Why" if diagnosis.verdict == "inconclusive" else "Notes"
    parts = {
        "Where": _suspects(diagnosis),
        "Fixes that pass": [_fix(fix) for fix in diagnosis.fixes],
        "What disagrees": [
            *([_table(diagnosis)] if diagnosis.wrong else []),
            *[tag("p", text) for text in open_questions(diagnosis)],
            *[tag("p", remark) for remark in remarks_to_tell(diagnosis)],
        ],
        "Error by gradient, step and gate": _heat_maps([m for m in maps if m is not None]),
        reasons: _listed(diagnosis.reasons),
        "What to do": [tag("p", text) for text in diagnosis.advice],
        "Evidence": _evidence(diagnosis),
        "Source": [_source(diagnosis, file) for file in diagnosis.sources],
        "What your functions printed": [_output(diagnosis.output)]
        if diagnosis.output.strip()
        else [],
    }
    for heading, content in parts.items():
        if content:
            yield tag("section", tag("h2", heading), content)


def _suspects(diagnosis: Diagnosis) -> list[Html]:
    shown = likely(diagnosis)
    articles = [(_suspect(diagnosis, k, s), s in shown)
                for k, s in enumerate(diagnosis.suspects, 1)]  # fmt: skip
    less = [article for article, sure in articles if not sure]
    summary = tag("summary", f"Less likely ({len(less)})")
    return [article for article, sure in articles if sure] + (
        [tag("details", summary, less)] if less else []
    )


def _suspect(diagnosis: Diagnosis, number: int, suspect: Suspect) -> Html:
    place: Html | str = place_of(suspect)
    if 1 <= suspect.line <= len(source_lines(diagnosis, suspect.file)):
        place = tag("a", place, href=f"#{_anchor(diagnosis, suspect.file, suspect.line)}")
    title = tag("h3", f"{number}. {suspect.kind or 'something is wrong here'}")
    mended = "repair" in suspect.engines and suspect.should_be.count("\n") == 0
    code = []
    for line, text in suspect_excerpt(diagnosis, suspect, _AROUND):
        code.append(_code_line(line, text, [number] if line == suspect.line else []))
        if mended and suspect.should_be and line == suspect.line:
            indent = " " * (len(text) - len(text.lstrip()))
            new = tag("span", tag("span", "should be", class_="gutter"),
                      f"{indent}{suspect.should_be}\n", class_="plus")  # fmt: skip
            code.append(new)
    sure = f"{suspect.confidence:.0%}" if suspect.confidence else ""
    told = not mended or not code
    facts = {
        "Line": place,
        "Wrong value": tag("code", suspect.variable) if suspect.variable else "",
        "Steps": when(suspect),
        "Should be": tag("code", suspect.should_be) if suspect.should_be and told else "",
        "How sure": ", by ".join(part for part in (sure, pointed_at_by(suspect)) if part),
    }
    listed = [(tag("dt", name), tag("dd", fact)) for name, fact in facts.items() if fact]
    shown = tag("div", code, class_="code", tabindex=0) if code else ""
    why = tag("p", suspect.why) if suspect.why else ""
    return tag("article", title, why, shown, tag("dl", [joined(pair) for pair in listed]),
               class_="panel")  # fmt: skip


def _code_line(line: int, text: str, marks: list[int], anchor: str = "") -> Html:
    marker = f"▶ {line}" if marks else str(line)
    attributes: dict[str, str] = {"id": anchor} if anchor else {}
    if marks:
        named = ", ".join(str(mark) for mark in marks)
        attributes |= {"class_": "marked", "title": f"suspect {named}"}
    return tag("span", tag("span", marker, class_="gutter"), f"{text}\n", **attributes)


def _fix(fix: Fix) -> Html:
    lines = []
    for line in diff_lines(fix):
        header = line.startswith(("+++ ", "--- "))
        kind = "" if header else {"+": "plus", "-": "minus"}.get(line[:1], "")
        lines.append(tag("span", f"{line}\n", **({"class_": kind} if kind else {})))
    passed = tag("p", f"Passed {fix.verified}.", class_="quiet") if fix.verified else ""
    diff = tag("div", lines, class_="code diff", tabindex=0)
    return tag("article", tag("h3", fix.why or "a change that passes"), diff, passed,
               class_="panel")  # fmt: skip


def _table(diagnosis: Diagnosis) -> Html:
    heads = ("gradient", "worst at", "yours", "reference", "× rounding", "wrong entries")
    numeric = {"yours", "reference", "× rounding"}
    head = [
        tag("th", name, scope="col", class_="number" if name in numeric else "word")
        for name in heads
    ]
    rows = [_row(name, mismatch) for name, mismatch in diagnosis.wrong.items()]
    rows += [
        tag("tr", tag("th", name, scope="row"),
            tag("td", tag("span", "✓ right", class_="right"), colspan=len(heads) - 1))
        for name in diagnosis.right
    ]  # fmt: skip
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", rows))
    return tag("div", table, class_="scroll", tabindex=0)


def _row(name: str, mismatch: Mismatch) -> Html:
    place = place_text(mismatch.place)
    numbers = (
        f"{mismatch.manual:.6g}",
        f"{mismatch.reference:.6g}",
        f"{mismatch.times:.0e}",
    )
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", place or str(list(mismatch.index))),
        [tag("td", number, class_="number") for number in numbers],
        tag("td", extent(mismatch)),
    )


def _heat_maps(maps: list[HeatMap]) -> list[Html]:
    if not maps:
        return []
    steps = [tag("span", word, class_=f"h{k}") for k, word in enumerate(_LEVEL_WORDS)]
    legend = tag("p", "Relative error: ", steps, class_="legend")
    return [legend, *[tag("div", _heat_table(one), class_="scroll", tabindex=0) for one in maps]]


def _heat_table(one: HeatMap) -> Html:
    corner = " \\ ".join(part for part in (one.row_axis, one.column_axis) if part)
    head = tag("tr", tag("td" if not corner else "th", corner),
               [tag("th", column, scope="col") for column in one.columns])  # fmt: skip
    rows = []
    for label, errors in zip(one.rows, one.errors, strict=True):
        cells = []
        for column, error in zip(one.columns, errors, strict=True):
            kind = "unknown" if error != error else f"h{level(error)}"
            where = ", ".join(
                f"{axis} {name}".strip()
                for axis, name in ((one.row_axis, label), (one.column_axis, column))
                if name
            )
            told = "not known" if error != error else f"relative error {error:.3g}"
            title = f"{one.name}, {where}: {told}"
            cells.append(tag("td", error_text(error), class_=kind, title=title))
        rows.append(tag("tr", tag("th", label, scope="row"), cells))
    return tag("table", tag("caption", one.name), tag("thead", head), tag("tbody", rows),
               class_="heat")  # fmt: skip


def _evidence(diagnosis: Diagnosis) -> list[Html]:
    more = tag("details", tag("summary", "What could not be done"), _listed(diagnosis.details))
    return [
        *_listed(evidence_sentences(diagnosis.evidence)),
        *([more] if diagnosis.details else []),
    ]


def _listed(sentences: Sequence[str]) -> list[Html]:
    return [tag("ul", [tag("li", sentence) for sentence in sentences])] if sentences else []


def _source(diagnosis: Diagnosis, file: str) -> Html:
    marks: dict[int, list[int]] = {}
    for number, suspect in enumerate(diagnosis.suspects, 1):
        if suspect.file == file:
            marks.setdefault(suspect.line, []).append(number)
    lines = [
        _code_line(line, text, marks.get(line, []), _anchor(diagnosis, file, line))
        for line, text in enumerate(source_lines(diagnosis, file), 1)
    ]
    code = tag("div", lines, class_="code", tabindex=0)
    return tag("details", tag("summary", f"{file_name(file)} ({len(lines)} lines)"), code, open="")


def _output(output: str) -> Html:
    return tag("div", output, class_="code", tabindex=0)


def _anchor(diagnosis: Diagnosis, file: str, line: int) -> str:
    return f"file{list(diagnosis.sources).index(file)}-line{line}"
