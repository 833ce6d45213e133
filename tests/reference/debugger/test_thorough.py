"""What is tried on the likeliest lines where a search has ended early and found nothing."""

from __future__ import annotations

from reference.debugger import debug as debugging
from reference.debugger.searching import quick
from reference.debugger.searching.search import Search

from .test_by_name import CELL
from .test_engine import debugged, loaded


def test_what_a_search_has_left_out_is_tried_at_the_end(tmp_path, monkeypatch):
    # A search that looks at the lines, and tries nothing on them.
    monkeypatch.setattr(quick, "stages", lambda *_: iter(()))
    for stages in ("_structure", "_stages", "_partly", "_rest"):
        monkeypatch.setattr(Search, stages, lambda *_: iter(()))
    for step in ("_advance", "_group", "_handed_on"):
        monkeypatch.setattr(Search, step, lambda *_: None)
    for search in ("search_by_length", "told_apart", "try_what_is_known"):
        monkeypatch.setattr(debugging, search, lambda *_: None)
    module = loaded(CELL.replace("dg = i * ds", "dg = i * ds + s"), tmp_path)
    found = debugged(module)
    (edit,) = found.fixes[0].edits
    assert edit.new[0].strip() == "dg = i * ds"
    monkeypatch.setattr(debugging, "search_thoroughly", lambda *_: None)
    assert not debugged(module).fixes
