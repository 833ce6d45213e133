"""The page of a diagnosis: whole, escaped, readable, and shown by a real browser."""

import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.reference.report import diagnoses

from reference.report.diagnosis_html import diagnosis_html
from reference.report.heat_map import error_text, heat_map, level, relative_errors
from reference.report.html import Html, tag
from reference.report.page_style import STYLE

CHROMIUM = shutil.which("chromium")
HEADLESS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars"]  # fmt: skip
HOSTILE = "<script>alert('x')</script>\"&"
VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page and fails where elements are not properly nested."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, text):
        if self.open[-1:] != ["style"]:
            self.text += text

    def having(self, word):
        """Return the attributes of the elements of a class."""
        return [about for _, about in self.elements if about.get("class") == word]


@pytest.mark.parametrize("name", diagnoses.ALL)
def test_a_page_is_whole_and_tells_its_verdict(name):
    diagnosis = diagnoses.ALL[name]
    text = diagnosis_html(diagnosis)
    assert text.startswith("<!doctype html>\n<html lang=")
    page = Page(text)
    assert f" {diagnosis.verdict}" in page.text
    for reason in diagnosis.reasons:
        assert reason in page.text


def test_nothing_is_fetched_and_nothing_runs():
    page = Page(diagnosis_html(diagnoses.WRONG))
    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _ in page.elements}
    assert not [about for _, about in page.elements if "src" in about]
    links = [about["href"] for name, about in page.elements if name == "a"]
    places = {about["id"] for _, about in page.elements if "id" in about}
    assert len(links) == 3
    assert all(link.startswith("#") and link[1:] in places for link in links)
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_everything_that_was_found_is_on_the_page():
    page = Page(diagnosis_html(diagnoses.WRONG))
    for part in (
        "✗ wrong: W and h0 (2 of 4 gradients); V and b right",
        "1. carry not added",
        "my_lstm.py:11, in backward",
        "t = 0 to 3 (all but the last)",
        "dc lacks exactly the contribution of step t+1.",
        "dh * o[t] * (1 - tanh(c[t]) ** 2) + dc_next",
        "+        dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next",
        "Passed 12 fresh inputs, 4 sizes, exact arithmetic.",
        "gate f, unit 2",
        "8e+14",
        "loss prints 12 lines a call",
        "loss is 3.2",
    ):
        assert part in page.text
    assert all(line in page.text for line in diagnoses.LINES)


def test_a_line_that_a_repair_mends_is_shown_below_the_wrong_one():
    mended = replace(diagnoses.CARRY, engines=("probe", "repair"))
    page = Page(diagnosis_html(replace(diagnoses.WRONG, suspects=(mended,))))
    wrong, right = "▶ 11    dc = dh * o[t] * (1 - c[t] ** 2)", "should be    dh * o[t] * (1 - tanh"
    assert page.text.replace(" ", "").find(f"{wrong}\n{right}".replace(" ", "")) > 0
    assert "Should be" not in page.text


def test_suspects_that_are_not_likely_are_folded_away():
    page = Page(diagnosis_html(diagnoses.WRONG))
    assert page.text.index("2. dot for outer") < page.text.index("Less likely (1)")
    assert page.text.index("Less likely (1)") < page.text.index("3. += for =")


def test_marks_and_colours_are_told_in_words_as_well():
    page = Page(diagnosis_html(diagnoses.WRONG))
    # Three excerpts with a marked line each, and the source with three.
    marked = page.having("marked")
    assert [about["title"] for about in marked] == [f"suspect {k}" for k in (1, 2, 3, 1, 2, 3)]
    assert page.text.count("▶ 11") == 2
    (cell,) = [about for name, about in page.elements
               if about.get("title", "").startswith("W, gate f, t 2:")]  # fmt: skip
    assert cell == {"class": "h4", "title": "W, gate f, t 2: relative error 0.5"}
    assert {"class": "unknown", "title": "W, gate <i>, t 2: not known"} in page.having("unknown")


def test_text_of_others_is_escaped_everywhere():
    suspect = replace(diagnoses.CARRY, **dict.fromkeys(
        ("file", "text", "function", "variable", "pattern", "kind", "why", "should_be"), HOSTILE
    ), engines=(HOSTILE,))  # fmt: skip
    edit = replace(diagnoses.ADDED.edits[0], file=HOSTILE, new=(HOSTILE,))
    fix = replace(diagnoses.ADDED, edits=(edit,), why=HOSTILE, verified=HOSTILE)
    wrong = replace(diagnoses.WRONG.wrong["W"], place={HOSTILE: HOSTILE},
                    where={HOSTILE: [HOSTILE]}, note=HOSTILE)  # fmt: skip
    heat = {"errors": np.ones((1, 1)), "axes": (HOSTILE, HOSTILE), "labels": {HOSTILE: [HOSTILE]}}
    hostile = replace(
        diagnoses.WRONG,
        wrong={HOSTILE: wrong}, right=(HOSTILE,), suspects=(suspect,), fixes=(fix,),
        evidence={HOSTILE: HOSTILE}, reasons=(HOSTILE,), heat={HOSTILE: heat},
        sources={HOSTILE: HOSTILE * 20}, output=HOSTILE,
    )  # fmt: skip
    text = diagnosis_html(hostile)
    page = Page(text)
    assert "<script" not in text
    assert page.text.count(HOSTILE) > 30


def test_a_string_is_text_unless_it_is_markup():
    assert tag("p", "<b>", Html("<b>"), ["&", tag("i")], title='"') == (
        '<p title="&quot;">&lt;b&gt;<b>&amp;<i></i></p>'
    )


def luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


PAIRS = [("ink", "page"), ("quiet", "page"), ("link", "page"), ("right", "page"),
         ("wrong", "page"), ("open", "page"), ("ink", "panel"), ("quiet", "panel"),
         ("ink", "mark"), ("plus-ink", "plus"), ("minus-ink", "minus"),
         *((f"h{k}-ink", f"h{k}") for k in range(5))]  # fmt: skip


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_every_text_has_the_contrast_that_wcag_asks_for(ink, ground):
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6});", part)) for part in STYLE.split("@media")[:2]
    )
    for theme in (light, dark):
        assert contrast(theme[ink], theme[ground]) >= 4.5


def test_heat_has_its_steps_along_the_columns():
    errors = np.arange(24.0).reshape(2, 3, 4)
    heat = {"errors": errors, "axes": ("t", "gate", "unit"), "labels": {"gate": ["i", "f", "o"]}}
    one = heat_map("W", heat)
    assert one is not None
    assert (one.row_axis, one.column_axis) == ("gate unit", "t")
    assert one.columns == ["0", "1"]
    assert one.rows[:5] == ["i 0", "i 1", "i 2", "i 3", "f 0"]
    np.testing.assert_array_equal(one.errors, errors.reshape(2, 12).T)


def test_long_heat_shows_the_worst_of_neighbours():
    errors = np.full((1, 100), np.nan)
    errors[0, 70] = 3.0
    one = heat_map("W", errors)
    assert one is not None
    assert one.columns[:2] == ["0–3", "4–7"]
    assert one.columns[-1] == "96–99"
    assert np.nanargmax(one.errors[0]) == 17
    assert np.isnan(one.errors).sum() == 24


def test_heat_of_gradients_is_their_relative_error():
    right = {"W": np.array([[2.0, -4.0]]), "b": np.zeros(2), "V": np.ones(3)}
    mine = {"W": np.array([[2.0, -3.0]]), "b": np.array([0.0, np.nan]), "V": np.ones(2)}
    heat = relative_errors(mine, right)
    assert list(heat) == ["W", "b"]
    np.testing.assert_array_equal(heat["W"]["errors"], [[0.0, 0.25]])
    np.testing.assert_array_equal(heat["b"]["errors"], [0.0, np.inf])


def test_heat_of_nothing_is_no_table():
    assert heat_map("W", np.zeros((0, 3))) is None
    assert heat_map("W", {}) is None


@pytest.mark.parametrize(
    ("error", "grade", "text"),
    [(0.0, 0, "0"), (9e-10, 0, "9e-10"), (1e-9, 1, "1e-9"), (0.09, 3, "9e-2"), (0.1, 4, "0.1"),
     (5e6, 4, "5e6"), (float("inf"), 4, "∞")],
)  # fmt: skip
def test_grades_of_errors(error, grade, text):
    assert level(error) == grade
    assert error_text(error) == text


def first_pixel(picture):
    """Return the colour of the upper left corner of a PNG: no filter changes that one."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    at, data = 8, b""
    while at < len(picture):
        (size,) = struct.unpack(">I", picture[at : at + 4])
        if picture[at + 4 : at + 8] == b"IDAT":
            data += picture[at + 8 : at + 8 + size]
        at += 12 + size
    return "#" + zlib.decompress(data)[1:4].hex()


def browse(folder, *options):
    command = [CHROMIUM, *HEADLESS, f"--user-data-dir={folder / 'profile'}", *options]
    return subprocess.run(
        [*command, (folder / "page.html").as_uri()], capture_output=True, timeout=120, check=True
    ).stdout.decode()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to open the page with")
def test_a_real_browser_shows_the_page_light_and_dark(tmp_path):
    diagnoses.WRONG.to_html(tmp_path / "page.html")
    given, shown = Page((tmp_path / "page.html").read_text()), Page(browse(tmp_path, "--dump-dom"))
    # The browser mends what is badly nested: nothing was.
    names = [name for name, _ in given.elements]
    assert [name for name, _ in shown.elements] == names
    assert shown.text.strip() == given.text.strip()
    for theme, colour in ((1, "#ffffff"), (0, "#0d1117")):
        picture = tmp_path / f"{theme}.png"
        browse(tmp_path, f"--blink-settings=preferredColorScheme={theme}",
               "--window-size=1000,2000", f"--screenshot={picture}")  # fmt: skip
        assert first_pixel(picture.read_bytes()) == colour
        assert picture.stat().st_size > 50_000  # an empty page takes less than 10,000
