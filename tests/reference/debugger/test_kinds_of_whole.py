"""Kinds of mistake that several statements tell, or the function around them."""

import ast
import contextlib

import pytest

from reference.debugger.naming.kinds import Seen, kind_of
from reference.debugger.texts.passes import Passes

LOOP = """\
def backward(p, xs, tape, T, B):
    ids = {{k: i for i, k in enumerate(p)}}
    grad, dW, g = np.zeros(9), 0, {{}}
    for t in range(T):
        {inside}
    {after}
    return grad, dW
"""


def in_a_loop(inside="pass", after="pass"):
    return LOOP.format(inside=inside, after=after)


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [("x = xs[T - 1 - t]", "x = xs[t]", "forward order"),
     ("x = xs[t]", "x = xs[-t - 1]", "forward order"),
     ("x = xs[t - 1]", "x = xs[t]", "index off by one"),
     ("x = skip(xs, t)", "x = skip(xs, t + 2)", "index off by one"),
     ("x = skip(xs, t + 1)", "x = skip(xs, t)", "index off by one"),
     ("x = xs[:, :width(q)]", "x = xs[:, 2 * size:]", "wrong operand"),
     ("x = xs[:, :size]", "x = xs[:, 2 * size:]", "gate copied"),
     ("x = xs[q : q + n]", "x = xs[r : r + n]", "wrong operand"),
     ("x = xs[:, :size]", "x = xs[:, :n]", "index off by one"),
     ("x = next(calls)", "x = tape.pop()", "forward order"),
     ("x = tape[0]", "x = tape.pop()", "forward order"),
     ("x = tape[-1]", "x = tape.pop()", "wrong operand"),
     ("dx = np.roll(d, -1)", "dx = shifted(d)", "index off by one"),
     ("dx = dh.copy()", "dx = dh.dot(W.T)", "missing factor"),
     ("x = xs[t - 1] if t else np.zeros(3)\n        dW += x * d", "dW += xs[t - 1] * d",
      "initial value"),
     ("if t and part is None:\n            dW = d", "if t:\n            dW = d", "missing path"),
     ("if t:\n            dW = d", "if t and part is None:\n            dW = d", "spurious term"),
     ("if t:\n            add(t)\n            add(d)", "if t:\n            add(t)\n        add(d)",
      "missing path"),
     ("dh = da[:, :n] @ W[:, :n].T", "dh = da @ W.T", "missing path"),
     ("dh = da @ W.T", "dh = da[:, :n] @ W[:, :n].T", "spurious term"),
     ("dx = np.where(keep, d, 0.0)", "dx = d * keep / (1 - rate)", "missing factor"),
     ("dx = d * keep / (1 - rate)", "dx = np.where(keep, d, 0.0)", "spurious factor")],
)  # fmt: skip
def test_a_line_that_reads_another_place(wrong, right, kind):
    assert kind_of(in_a_loop(wrong), in_a_loop(right)) == kind


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [("g['b'] = d", "g['b'][:] = d", "never returned"),
     ("g = {k: np.zeros(3) for k in ids}", "g = {k: grad[ids[k]] for k in ids}",
      "never returned"),
     ("dh = d", "dh = d_next", "wrong operand"),
     ("np.copyto(g['b'], d)", "g['b'] = d", "aliasing"),
     ("d = rate ** np.arange(T)", "d = np.cumprod(np.full(T, rate))", "wrong operand")],
)  # fmt: skip
def test_a_line_after_the_loop(wrong, right, kind):
    assert kind_of(in_a_loop(after=wrong), in_a_loop(after=right)) == kind


def test_axes_of_two_sums_that_are_exchanged():
    text = "a = np.einsum('{}', d, h)\nb = np.einsum('{}', d, h)"
    axes = "bij,bi->bj", "bij,bj->bi"
    assert kind_of(text.format(*axes), text.format(*axes[::-1])) == "transposed"


def test_a_statement_that_gets_a_loop_of_its_own():
    wrong = "for i in r:\n    n[i] = f(i)\n    h[i] = n[i]"
    right = "for i in r:\n    n[i] = f(i)\nfor i in r:\n    h[i] = n[i]"
    assert kind_of(wrong, right) == "wrong order"


def test_a_record_that_keeps_more_tells_less_than_who_reads_it():
    text = (
        "def forward(xs):\n    for x in xs:\n        kept.append({{'x': x{more}}})\n"
        "def backward():\n    for k in kept:\n        dz = dh * {read}\n"
    )
    wrong, right = text.format(more=", 'g': g", read="k['g']"), text.format(more="", read="k['x']")
    assert kind_of(wrong, right) == "wrong operand"


def test_a_value_that_is_moved_to_those_who_read_it():
    wrong = in_a_loop("d = f(t)\n        s = d * o\n        g['a'] += s")
    right = in_a_loop("d = f(t)", "s = d * o\n    g['a'] = s")
    assert kind_of(wrong, right) == "+= for ="


def test_another_value_that_is_added_to_one_place():
    wrong, right = "dS += a * down(z, d) + b * up(d)", "dS[1:] += a * d[1:]\ndS[:-1] += b * d[:-1]"
    assert kind_of(in_a_loop(wrong), in_a_loop(right.replace("\n", "\n        "))) == (
        "wrong operand"
    )


@pytest.mark.parametrize("adds", ["return [x + y for x, y in zip(a, b)]",
                                  "return map(operator.add, a, b)"])  # fmt: skip
def test_a_function_that_adds_to_what_it_is_given(adds):
    text = (
        "def plus(a, b):\n    {}\ndef step(carry, here):\n    dh, sums = carry\n    return dh, {}"
    )
    wrong, right = (text.format(adds, value) for value in ("here", "plus(sums, here)"))
    assert kind_of(wrong, right) == "= for +="
    other = adds.replace("+", "*").replace("add", "mul")
    wrong, right = (text.format(other, value) for value in ("here", "plus(sums, here)"))
    assert kind_of(wrong, right) != "= for +="


def test_what_a_function_gives_back_is_not_looked_up_late():
    head = "def drop(x, keep, rate):\n"
    wrong = f"{head}    out = x * keep / rate\n    return out, lambda d: d * keep\n"
    right = f"{head}    return x * keep / rate, lambda d: d * keep / rate\n"
    assert kind_of(wrong, right) == "missing factor"


def test_a_carry_that_is_read_elsewhere_is_not_lost():
    lines = "du = k * (da + db)\n        dv = db * u\n        db = dv * w"
    assert kind_of(in_a_loop(lines.replace(" + db", "")), in_a_loop(lines)) == "missing path"
    lines = lines.replace("dv = db * u", "dv = du * u")
    assert kind_of(in_a_loop(lines.replace(" + db", "")), in_a_loop(lines)) == "carry not added"


def test_right_gradients_that_begin_with_an_argument():
    text = "def backward(x):\n    dx = {}\n    return dx"
    old, new = (text.format(value) for value in ("np.asarray(x)", "np.zeros_like(x)"))
    assert kind_of(old, new, Seen(only_effects=True)) == "argument changed"


def test_looking_at_values_changes_none():
    passes, kept = Passes(), {"M": [1.0, 2.0]}
    statement = ast.parse("W = kept.pop('M').T").body[0]
    passes.watch(0, statement, statement)
    texts = passes._codes[0]
    for code in texts.values():
        with contextlib.suppress(NameError):
            eval(code, {}, {"kept": kept})
    assert kept == {"M": [1.0, 2.0]}


def test_a_value_that_is_set_anew_though_the_loop_makes_it():
    lines = "for t in r:\n{}    dz = dh * o\n    dh = dz @ W\n"
    start = "dh = np.outer(d, w)\n"
    assert kind_of(lines.format(f"    {start}"), start + lines.format("")) == "carry lost"


def test_a_function_that_rebinds_what_it_is_given():
    text = "def add(a, y):\n    {}\n"
    assert kind_of(text.format("a = a + f(y)"), text.format("a += g(y)")) == "never returned"
    text += "    return a\n"
    assert kind_of(text.format("a = a + f(y)"), text.format("a += g(y)")) != "never returned"


def test_a_return_that_names_a_part_first():
    wrong = "def back(d):\n    return d * (g / std)\n"
    right = "def back(d):\n    e = d * g\n    return (e - e.mean(axis=0)) / std\n"
    assert kind_of(wrong, right) != "never returned"
