"""Carries that are handed on element by element."""

import ast

from reference.debugger.repair import carry
from reference.debugger.running.source import Source

TEXT = """\
def f(w, n, m):
    d = [1.0] * n
    for t in range(m):
        back = [0.0] * n
        for i in range(n):
            for k in range(n):
                back[k] = back[k] + d[i] * w[i][k]
        for i in range(n):
            d[i] = d[i] + back[i]
    return d
"""


def test_what_is_added_and_should_be_set_is_no_lost_carry():
    source = Source("subject.py", TEXT)
    function = source.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    found = {rewrite.kind: source.edited(rewrite.splices) for rewrite in
             carry.rewrites(source, function) if rewrite.variable in ("d", "d[i]")}  # fmt: skip
    assert "            d[i] = back[i]\n" in found["+= for ="]
    assert "d = back\n" not in found.get("carry lost", "")
