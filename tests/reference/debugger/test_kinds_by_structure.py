"""What lines say of themselves, where neither an edit nor a value tells what is wrong."""

import ast

import numpy as np
import pytest

from reference.debugger.naming.kinds_by_structure import (
    after_the_loop,
    loses_parts,
    told_by_structure,
)
from reference.debugger.naming.kinds_of_products import untransposed

BACKWARD = """\
def forward(xs, W):
    hs = [0]
    for x in xs:
        hs.append(np.tanh(x + hs[-1] @ W))
    return hs

def backward(dhs, xs, hs, W):
    dW, db, grads, dE = np.zeros_like(W), np.zeros(3), {"W": 0, "b": 0}, np.zeros((5, 3))
    dh_next = np.zeros(3)
    for t in reversed(range(len(xs))):
        dh = dhs[t] + dh_next
        dz = dh * (1 - hs[t + 1] ** 2)
        for k in range(2):
            pass  # gates
        pass  # here
        dh_next = dz @ W.T
    pass  # after
    return dW, db
"""


def placed(line, mark="pass  # here", text=BACKWARD):
    """Return a statement of the backward and what it stands in."""
    tree = ast.parse(text.replace(mark, line))
    found = []

    def visit(node, around):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and ast.unparse(child) == line:
                found.append((child, around))
            visit(child, (*around, child))

    visit(tree, (tree,))
    return found[0]


ENVS = [{"t": t, "x": np.array([1, t + 2, 1]), "k": t % 2} for t in (2, 1, 0)]


@pytest.mark.parametrize(
    ("line", "kind", "pattern"),
    [
        ("db = dz.sum(axis=0)", "= for +=", "all but t=0"),
        ("grads['b'] = dz.sum(axis=0)", "= for +=", "all but t=0"),
        ("dE[k] = dz", "= for +=", "all but t=0"),
        ("dE[x] += dz", "repeated indices", "after an index repeats"),
        ("dE[x] = dz", "= for +=", "all"),
        ("dE[[0, 2, 0], x] += dz", "repeated indices", "after an index repeats"),
        ("dE[x, np.newaxis] += dz", "repeated indices", "after an index repeats"),
        ("dh_next = np.zeros(4)", "carry lost", "all but the last"),
        ("db += dz.mean(axis=0)", "mean for sum", "all"),
        ("dx = dz @ W", "transposed", ""),
    ],
)
def test_what_a_statement_loses(line, kind, pattern):
    said = told_by_structure(*placed(line), ENVS)
    assert said is not None
    assert (said.kind, said.pattern) == (kind, pattern)


@pytest.mark.parametrize(
    "line",
    [
        "db += dz.sum(axis=0)",
        "dE[t] = dz",  # another place at each turn
        "dx = dz @ W.T",
        "dz = dz - dz.mean(axis=0)",  # a normalisation
        "dh_next = dz @ W.T + 1",  # it is read in the loop
        "last = dz",  # it began with nothing
        "dE[np.arange(3), x] -= 1",  # pairs that differ
        "dE[range(3), x] -= 1",
        "dE[np.arange(ROWS), x] -= 1",  # a number that is known elsewhere
        "dE[arange(n), x] -= 1",  # nor is what is not known
    ],
)
def test_right_lines_are_left_alone(line):
    assert loses_parts(*placed(line), ENVS) is None


def test_a_sum_that_begins_anew_for_each_part():
    text = BACKWARD.replace("pass  # gates", "pass  # gates\n            dh_next += dz")
    said = told_by_structure(*placed("dh_next = np.zeros(4)", "pass  # gates", text), ENVS)
    assert said is not None
    assert said.kind == "initial value"


def test_a_sum_after_the_loop():
    said = after_the_loop(*placed("dW += dz", "pass  # after"))
    assert said is not None
    assert (said.kind, said.pattern) == ("accumulation outside the loop", "all but t=0")
    assert after_the_loop(*placed("dW += W", "pass  # after")) is None
    assert after_the_loop(*placed("dW += dz")) is None


def test_a_matrix_that_is_used_both_ways_is_not_transposed():
    both = BACKWARD.replace("np.tanh(x + hs[-1] @ W)", "np.tanh(x + hs[-1] @ W + x @ W.T)")
    assert untransposed(*placed("dx = dz @ W")) == "W"
    assert not untransposed(*placed("dx = dz @ W", text=both))


CARRY = """\
def backward(dhs, f, o):
    dc, dh_next, dW_all = 0, 0, 0
    for t in reversed(range(3)):
        dh = dhs[t]
        dc = dh * o[t]
        dW_all += dc
        dW = dc
        dh_next = dc * 2
        dc = dc * f[t]
    return dh_next, dW_all
"""


@pytest.mark.parametrize(("line", "carry"), [("dc = dh * o[t]", "dc"), ("dh = dhs[t]", "dh_next")])
def test_a_carry_that_nobody_reads(line, carry):
    said = loses_parts(*placed(line, text=CARRY), [])
    assert said is not None
    assert (said.kind, said.pattern) == ("carry not added", "all but the last")
    assert carry in said.why


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("dc = dh * o[t]", CARRY.replace("dc = dc * f[t]", "dc = dc * f[t]; dx = dc")),
        ("dh = dhs[t] + dh_next", CARRY.replace("dhs[t]", "dhs[t] + dh_next")),
        ("dW = dc", CARRY),  # another sum begins with the same letters
    ],
)
def test_what_is_no_carry(line, text):
    said = loses_parts(*placed(line, text=text), [{}, {}])
    assert said is None or said.kind != "carry not added"
