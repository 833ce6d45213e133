"""What the documentation shows is run, what it quotes is in the source, what it links to exists."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTE = re.compile(r"^`(\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python_blocks(page: Path) -> list[str]:
    return FENCE.findall(page.read_text())


def quotes(page: Path) -> list[tuple[str, str]]:
    """Return (file, code) of every block that follows the name of the file it is from."""
    return QUOTE.findall(page.read_text())


def with_examples() -> list[Path]:
    return [page for page in PAGES if any(">>>" in block for block in python_blocks(page))]


def lacking(code: str, source: str) -> str | None:
    """Return the first line of `code` that does not follow in `source`; indentation is free."""
    remaining = iter(source.splitlines())
    for line in filter(None, map(str.strip, code.splitlines())):
        if not any(line == candidate.strip() for candidate in remaining):
            return line
    return None


@pytest.mark.parametrize("page", with_examples(), ids=named)
def test_examples_print_what_they_show(page: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)  # some read the files in examples/
    # The blocks of a page are one session: a later one may use the names of an earlier one.
    names: dict[str, object] = {}
    report: list[str] = []
    text = page.read_text()
    for block in filter(lambda block: ">>>" in block, python_blocks(page)):
        line = text[: text.index(block)].count("\n")
        test = doctest.DocTestParser().get_doctest(block, names, named(page), str(page), line)
        doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)
        names = test.globs
    assert not report, "".join(report)


def test_readme_has_an_example():
    assert ROOT / "README.md" in with_examples()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_python_block_is_run_or_quoted(page: Path):
    quoted = [code for _, code in quotes(page)]
    neither = [b for b in python_blocks(page) if ">>>" not in b and b not in quoted]
    assert not neither


def test_quoted_code_stands_in_the_source():
    found = [(page, *quote) for page in PAGES for quote in quotes(page)]
    assert len(found) > 10
    missing = [
        f"{named(page)} quotes {line!r}, which {file} lacks there"
        for page, file, code in found
        if (line := lacking(code, (ROOT / "src" / "manual_lstm" / file).read_text()))
    ]
    assert not missing


def test_a_line_that_is_not_in_the_source_is_noticed():
    source = "    a = 1\n    b = a + 1\n    c = 3\n"
    assert lacking("a = 1\nc = 3\n", source) is None
    assert lacking("a = 1\nb = a - 1\n", source) == "b = a - 1"
    assert lacking("b = a + 1\na = 1\n", source) == "a = 1"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_within_the_project_lead_somewhere(page: Path):
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_every_page_is_reached_by_links_from_the_first():
    docs = ROOT / "docs"
    seen, waiting = set(), [docs / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = {link.split("#")[0] for link in LINK.findall(page.read_text())}
        waiting += [docs / target for target in targets if (docs / target) in PAGES]
    assert seen == set(docs.glob("*.md"))
