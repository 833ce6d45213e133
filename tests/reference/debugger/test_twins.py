"""A line that is there for one state, and has been forgotten for the other."""

from __future__ import annotations

import ast

import numpy as np

from reference.debugger.repair import Place, twins
from reference.debugger.running.source import Source

TEXT = """\
def back(cells):
    for cell in cells:
        dh = cell.top
        dc = zeros
        if cell.later is not None:
            dh += cell.later.from_h
        cell.back(dh, dc)
"""


class Cell:
    """A cell whose later neighbour has made its parts."""

    def __init__(self, later):
        self.later, self.from_h, self.from_c = later, np.ones(3), np.full(3, 2.0)


def twins_of(text: str) -> list[str]:
    source = Source("f", text)
    statement = next(n for n in ast.walk(source.tree) if isinstance(n, ast.AugAssign))
    env = {"cell": Cell(Cell(None)), "dh": np.ones(3), "dc": np.zeros(3)}
    place = Place(source, source.units[0], source.tree.body[0], statement, [env])
    return [source.edited(rewrite.splices) for rewrite in twins.rewrites(place)]


def test_the_same_line_is_put_for_the_other_state():
    (text,) = twins_of(TEXT)
    assert "dh += cell.later.from_h\n            dc += cell.later.from_c\n" in text


def test_a_line_that_is_there_is_not_put_again():
    line = "            dh += cell.later.from_h\n"
    assert not twins_of(TEXT.replace(line, line + "            dc += cell.later.from_c\n"))
