"""What a wrong value is to the right one: transposed, scaled, moved, or short of something."""

import ast
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from reference.debugger.naming.kinds_by_relation import relation_of
from reference.debugger.naming.weighed import is_small, may_be_plainer, outweighed
from reference.debugger.texts.edited import edited, paired
from reference.debugger.texts.passes import Apart, apart_after, leaves
from reference.debugger.texts.two_texts import places

RIGHT = np.arange(1.0, 17.0).reshape(4, 4) ** 1.3
GATE = np.linspace(0.15, 0.9, 16).reshape(4, 4) ** 2
TERM = np.cos(RIGHT)
MASK = np.array([1.0, 0.0, 1.0, 1.0])[:, None]
KNOWN = {"f": GATE, "x": np.ones((7, 4)), "scale": np.array(0.8), "back": TERM}


def said(old, new=RIGHT, before=None, **known):
    return relation_of([Apart("dz", before, old, new)], {**KNOWN, **known})


@pytest.mark.parametrize(
    ("old", "kind"),
    [(RIGHT.T, "transposed"),
     (-RIGHT, "wrong sign"),
     (RIGHT * 7, "scale 1/B or 1/T"),
     (RIGHT / 28, "scale 1/B or 1/T"),
     (RIGHT * 0.8, "spurious factor"),
     (RIGHT / 0.8, "missing factor"),
     (RIGHT[:, [2, 3, 0, 1]], "wrong order"),
     (np.vstack([RIGHT[1:], TERM[:1]]), "index off by one"),
     (RIGHT * GATE, "spurious factor"),
     (RIGHT / GATE, "missing factor"),
     (RIGHT / (1 - GATE**2), "missing derivative"),
     (RIGHT / (1 - GATE**2) * GATE * (1 - GATE), "wrong derivative"),
     (RIGHT / GATE * (1 - GATE), "wrong operand"),
     (RIGHT - TERM, "missing path"),
     (RIGHT + TERM, "spurious term"),
     (RIGHT - 2 * TERM, "wrong sign"),
     (RIGHT + 6 * TERM, "scale 1/B or 1/T"),
     (RIGHT + TERM - TERM * GATE, "missing factor"),
     (RIGHT * MASK, "missing path"),
     (RIGHT + np.sin(RIGHT) ** 3, "")],
)  # fmt: skip
def test_a_wrong_value_is_told_by_what_it_is_to_the_right_one(old, kind):
    assert said(old) == kind


def test_a_derivative_of_what_is_activated_already():
    assert said(RIGHT / (1 - GATE**2) * (1 - np.tanh(GATE) ** 2)) == (
        "derivative of an activated value"
    )


@pytest.mark.parametrize("old", [np.tanh(TERM), 1 / (1 + np.exp(-TERM)), np.log1p(np.exp(TERM))])
def test_a_value_that_was_kept_activated(old):
    assert said(old, TERM, back=RIGHT) == "derivative of an activated value"


def test_a_slope_that_was_taken_of_what_is_activated():
    for old, new in ((1 - np.tanh(np.tanh(TERM)) ** 2, 1 - np.tanh(TERM) ** 2),
                     (1 - 1 / (2 + np.exp(TERM)), 1 / (1 + np.exp(-TERM)))):  # fmt: skip
        assert said(old, new, back=RIGHT) == "derivative of an activated value"


def test_a_transpose_that_was_added_and_not_subtracted():
    skew = RIGHT + np.tril(TERM)
    assert said(skew + skew.T, skew - skew.T, back=GATE) == "wrong sign"
    assert said(skew + 2 * skew.T, skew - skew.T, back=GATE) == ""


@pytest.mark.parametrize(("factor", "kind"), [(7, "scale 1/B or 1/T"), (-1, "wrong sign")])
def test_a_block_that_has_a_factor_of_its_own(factor, kind):
    assert said(np.hstack([RIGHT[:, :2], RIGHT[:, 2:] * factor])) == kind


def test_rows_among_zeros_are_told_by_their_index():
    sparse, other = np.zeros((4, 4)), np.zeros((4, 4))
    sparse[1], other[2] = RIGHT[0], RIGHT[0]
    assert said(sparse, other) == ""


def test_what_is_zero_by_a_mask_is_no_other_derivative():
    mask = np.repeat([[1.0], [0.0], [1.0], [1.0]], 4, axis=1)
    assert said((RIGHT + np.sin(RIGHT)) * mask, RIGHT * mask + np.sin(RIGHT), m=mask) != (
        "wrong derivative"
    )


@pytest.mark.parametrize("before", [np.zeros((4, 4)), np.exp(GATE)])
def test_sums_that_got_what_is_for_the_other(before):
    parts = RIGHT, GATE, TERM
    found = [Apart(f"dW[{k!r}]", before, before + parts[k - 1], before + parts[k])
             for k in range(3)]  # fmt: skip
    assert (
        relation_of([*found, Apart("dh", None, TERM[:2], RIGHT[:2] ** 2)], KNOWN) == "wrong order"
    )


def test_values_that_got_a_factor_of_the_other():
    found = [Apart("di", None, RIGHT * TERM, RIGHT * GATE), Apart("df", None, GATE, TERM)]
    assert relation_of(found, {}) == "wrong order"
    blocks = [np.hstack([RIGHT * f, TERM * g]) for f, g in ((GATE, 2 + GATE), (2 + GATE, GATE))]
    assert said(blocks[0], blocks[1]) == "wrong order"
    none = np.zeros((4, 4))  # a product that is zero tells nothing
    blocks = [np.hstack([RIGHT, some, TERM, none]) for some in (GATE, RIGHT * GATE)]
    assert relation_of([Apart("d", None, *blocks)], {}) == ""


def test_a_value_that_should_be_zero_in_some_rows_lacks_a_mask():
    assert said(RIGHT, RIGHT * MASK) == "missing factor"


def test_of_what_is_added_to_the_increment_counts():
    before = np.sin(RIGHT)
    assert said(before + RIGHT.T, before + RIGHT, before) == "transposed"
    assert said(before + RIGHT / 7, before + RIGHT, before) == "scale 1/B or 1/T"
    assert said(RIGHT, before + RIGHT, before) == "= for +="
    assert said(RIGHT, np.where(MASK, 0, before) + RIGHT, before) == ""


def test_what_is_left_as_it_was_tells_nothing():
    assert said(TERM, TERM + GATE, TERM) == ""


def test_values_in_each_others_places_are_exchanged():
    found = [Apart("dh", None, RIGHT, TERM), Apart("dc", None, TERM, RIGHT)]
    assert relation_of(found, {}) == "wrong order"


def test_several_values_have_to_say_the_same():
    scaled, turned = Apart("a", None, RIGHT * 7, RIGHT), Apart("b", None, RIGHT.T, RIGHT)
    assert relation_of([scaled, turned], KNOWN) == ""


def test_the_first_pass_that_differs_is_compared():
    same, other = {"dh": (None, RIGHT)}, {"dh": (None, TERM)}
    (one,) = apart_after([same, same], [same, other])
    assert one.old is RIGHT
    assert one.new is TERM


def test_values_are_found_in_what_holds_them():
    cell = SimpleNamespace(dW=RIGHT, gates=(GATE, "name"))
    assert [path for path, _ in leaves("cell", cell)] == ["cell.dW", "cell.gates[0]"]


@pytest.mark.parametrize(
    ("old", "new", "small"),
    [("dz = dh * f", "dz = dh * o", True),
     ("dz = dh * hs[t]", "dz = dh * hs[t - 1]", True),
     ("dz = dh / 2", "dz = dh * o", False),
     ("dW = np.einsum('bi,bj->ij', h, dz)", "dW = h.T @ dz", False),
     ("a = 1; b = 2", "a = 2; b = 1", False)],
)  # fmt: skip
def test_an_edit_of_one_name_or_index_is_small(old, new, small):
    assert is_small(edited(ast.parse(old), ast.parse(new))) is small


@pytest.mark.parametrize(
    ("kind", "relation", "name"),
    [("wrong operand", "transposed", "transposed"),
     ("wrong shape", "scale 1/B or 1/T", "mean for sum"),
     ("carry lost", "missing factor", "missing factor"),
     ("carry lost", "missing path", "carry lost"),
     ("gate copied", "wrong order", "wrong order"),
     ("forward order", "wrong order", "forward order"),
     ("wrong operand", "", "wrong operand")],
)  # fmt: skip
def test_values_outweigh_a_text_that_says_less(kind, relation, name):
    old = "db = np.mean(dz, axis=0); dh = dz @ W"
    found = edited(ast.parse(old), ast.parse("db = dz.sum(0); dh = np.dot(dz, W.T)"))
    seen = cast(Any, SimpleNamespace(relation=relation, mends=()))
    assert outweighed(kind, found, seen) == name


@pytest.mark.parametrize(
    ("old", "new", "relation", "name"),
    [("d = x / s ** 2; e = d", "d = y / s; e = d", "missing factor", "spurious factor"),
     ("d = xc; e = d", "d = xc / s; e = d + 0", "spurious factor", "missing factor"),
     ("d = xc; e = d", "d = xc * s; e = d + 0", "missing factor", "missing factor")],
)  # fmt: skip
def test_a_divisor_too_many_is_a_factor_that_lacks(old, new, relation, name):
    found = edited(ast.parse(old), ast.parse(new))
    seen = cast(Any, SimpleNamespace(relation=relation, mends=()))
    assert outweighed("wrong operand", found, seen) == name


@pytest.mark.parametrize(
    ("old", "name"),
    [("dz = dh * relu(z)", "wrong derivative"), ("s = relu(z); dz = dh * s", "spurious factor")],
)
def test_a_derivative_in_one_line_is_told_by_its_text(old, name):
    found = edited(ast.parse(old), ast.parse("dz = dh * (z > 0)"))
    seen = cast(Any, SimpleNamespace(relation="spurious factor", mends=()))
    assert outweighed("wrong derivative", found, seen) == name


@pytest.mark.parametrize(
    ("kind", "mends", "plainer"),
    [("missing path", (), True), ("missing path", ("missing path",), False),
     ("transposed", (), False), ("wrong shape", (), False)],
)  # fmt: skip
def test_a_plain_mistake_is_asked_for_where_nothing_else_tells(kind, mends, plainer):
    found = edited(ast.parse("a = x @ y; b = z"), ast.parse("a = x; b = z + y"))
    seen = cast(Any, SimpleNamespace(relation="wrong shape", mends=mends))
    assert may_be_plainer(kind, found, seen) is plainer


def test_a_kind_that_mends_the_program_stands_against_the_values():
    found = edited(ast.parse("dE[x] += dz @ W"), ast.parse("np.add.at(dE, x, d)"))
    seen = SimpleNamespace(relation="scale 1/B or 1/T", mends=("repeated indices",))
    assert outweighed("repeated indices", found, cast(Any, seen)) == "repeated indices"
    seen.mends = ()
    assert outweighed("repeated indices", found, cast(Any, seen)) == "scale 1/B or 1/T"


def test_what_is_taken_out_stands_before_what_the_next_line_became():
    old, new = (ast.parse(t).body for t in ("a = f(x); return_(a)", "return_(f(x))"))
    assert places(old, new, list(paired(old, new)))[id(old[0])] == 0
