"""Of two edits that do the same, that which makes a line like those beside it."""

from reference.debugger.repair import Rewrite, likeness
from reference.debugger.running.source import Source, Splice

TEXT = """\
def back(dc, i, f, g, c):
    di, df, dg = dc * g, dc * c, dc * i
    da = [di * i * (1 - i), df * f * (1 - f), dg]
    dx = dx
    return da
"""


def edit(where: str, new: str, line: int, kind: str = "missing derivative") -> float:
    """Return what is added to the cost of an edit of the word with which a place begins."""
    old = where.rstrip("]\n").split("\n")[0]
    start = TEXT.index(where)
    rewrite = Rewrite("f.py", (Splice(start, start + len(old), new),), kind, "", 1.0, line, "")
    return likeness.beside(Source("f.py", TEXT), rewrite)


def test_a_factor_where_the_others_have_one():
    there = edit("dg]", "dg * (1 - g ** 2)", 3)
    elsewhere = edit("dc * i\n", "dc * i * (1 - g ** 2)", 2)
    assert there < 0 < elsewhere


def test_nothing_is_said_of_another_operand():
    assert edit("dg]", "df", 3, kind="wrong operand") == 0


def test_a_line_that_hands_a_variable_to_itself():
    assert edit("dx\n    return", "dx + da", 4, kind="missing path") < 0
