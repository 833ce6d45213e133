"""The kind of a statement that is right and stands elsewhere, or under another name."""

import pytest

from reference.debugger.naming.kinds import kind_of

LOOPS = """\
def backward(dhs, tape, W, f):
    dh, dc, dW = np.zeros(3), np.zeros(3), np.zeros((3, 3))
{before}    for t in reversed(range(len(tape))):
{outer}        for k in range(4):
{inner}            dW += np.outer(dh, tape[t][k])
            dx[t] += dh @ tape[t][k]
{after}        dh = dh @ W + dc
{last}    return dW, dh
"""
PLACES = {"before": 4, "outer": 8, "inner": 12, "after": 8, "last": 4}


def placed(line, place):
    gaps = dict.fromkeys(PLACES, "") | {place: " " * PLACES[place] + line + "\n"}
    return LOOPS.format(**gaps)


@pytest.mark.parametrize(
    ("line", "wrong", "right", "kind"),
    [
        ("dc = dc * f", "inner", "after", "spurious factor"),
        ("dc *= f", "inner", "after", "spurious factor"),
        ("dh = dh + dhs[t]", "inner", "outer", "spurious term"),
        ("dc += dh.sum(axis=0)", "after", "last", "spurious term"),
        ("dh = dc", "inner", "after", "overwritten too early"),
        ("dW = np.zeros((3, 3))", "inner", "outer", "initial value"),
        ("dc = np.zeros(3)", "outer", "before", "carry lost"),
        ("dc *= f", "last", "after", "missing factor"),
        ("dc += dh", "last", "after", "accumulation outside the loop"),
    ],
)
def test_a_line_in_another_loop(line, wrong, right, kind):
    assert kind_of(placed(line, wrong), placed(line, right)) == kind


def test_a_line_that_passes_nothing_it_reads_is_no_mistake_beside_another():
    wrong = "def f(dy, x, s):\n    dx = dy * s\n    dg = (dx * x).sum(0)\n    db = dy.sum(0)\n"
    right = "def f(dy, x, s):\n    dg = (dy * x).sum(0)\n    db = dy.sum(0)\n    dx = dy * s\n"
    assert kind_of(wrong, right) == "wrong operand"


def test_a_value_that_begins_anew_at_each_call():
    text = "class N:\n    def __init__(self):\n{}        self.W = 1\n    def f(self, x):\n{}"
    line, use = "        self.tape = []\n", "        self.tape.append(x)\n"
    kind = kind_of(text.format(line, use), text.format("", line + use))
    assert kind == "state between calls"


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("dx = dh @ W", "dz = dh * (1 - h ** 2)\ndx = dz @ W", "missing derivative"),
        ("dh = a * s + b @ W * m", "d = a * s + b @ W\ndh = d * m", "missing factor"),
        ("np.add.at(E, y[:, t], d)", "w = shift(y)\nnp.add.at(E, w[:, t], d)", "wrong operand"),
        ("dr = drh * c\ndh = dr", "dr = drh * h\ndh = dr", "wrong operand"),
    ],
)
def test_a_value_under_a_new_name_is_read_where_it_is_used(wrong, right, kind):
    assert kind_of(wrong, right) == kind


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("dW += d @ h", "dW += d @ drop(h, m)", "missing factor"),
        ("dh = drop(d @ W + back, m)", "dh = drop(d @ W, m) + back", "spurious factor"),
        ("dh = d @ W + back", "dh = drop(d @ W, m) + back", "missing factor"),
        ("dx = dy[::-1]", "dx = reversed_within(dy, lengths)", "wrong order"),
    ],
)
def test_a_function_that_scales_is_what_it_does(wrong, right, kind):
    text = "def drop(x, mask):\n    return x * mask / 0.8\n"
    assert kind_of(text + wrong, text + right) == kind


def test_two_lines_that_are_set_in_each_others_place():
    lines = "d[:n] = dh * c", "d[n:] = dc * g", "d[:n] = dc * g", "d[n:] = dh * c"
    assert kind_of("\n".join(lines[:2]), "\n".join(lines[2:])) == "wrong order"
    wrong, right = "a = x + y\nb = z", "a = x\nb = z + y"
    assert kind_of(wrong, right) == "missing path"
    wrong, right = "a = x + y\nb = f(a)", "a = x\nb = f(a) + y"
    assert kind_of(wrong, right) == "wrong order"
