"""Elements: arithmetic of the field, the chain rule, and what follows the real numbers."""

from __future__ import annotations

import copy
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.exact import Detached, Element, P, constant, elements, trial
from reference.exact.arrays import each, with_tangents
from reference.exact.formal import Formal
from reference.exact.prime import inverse, products, residue, square_root

numbers = st.integers(0, P - 1)
units = st.integers(1, P - 1)


@given(x=numbers, y=units, dx=numbers, dy=numbers)
def test_arithmetic_is_the_fields_and_tangents_follow_the_chain_rule(x, y, dx, dy):
    a, b = Element(x, dx, 1.0), Element(y, dy, 1.0)
    assert ((a + b).value, (a + b).tangent) == ((x + y) % P, (dx + dy) % P)
    assert ((a - b).value, (a - b).tangent) == ((x - y) % P, (dx - dy) % P)
    assert ((a * b).value, (a * b).tangent) == (x * y % P, (dx * y + x * dy) % P)
    assert (a / b * b).value == x
    assert (a / b).tangent == (dx * y - x * dy) * inverse(y * y % P) % P
    assert ((-a).value, (-a).tangent) == (-x % P, -dx % P)
    assert (b**3).tangent == 3 * y * y * dy % P
    assert b**-2 == 1 / (b * b)
    assert (b**-2).tangent == (1 / (b * b)).tangent


@given(x=units, y=units)
def test_principal_roots_multiply(x, y):
    roots = [square_root(z * z % P) for z in (x, y, x * y % P)]
    assert roots[0] is not None
    assert roots[1] is not None
    assert roots[0] * roots[1] % P == roots[2]


@given(x=numbers, ys=st.lists(numbers, min_size=1))
def test_products_of_arrays_are_those_of_ints(x, ys):
    assert products(x, np.array(ys, np.uint64)).tolist() == [x * y % P for y in ys]


@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_binary_fractions_are_exact(value):
    top, bottom = Fraction(value).limit_denominator(1 << 12).as_integer_ratio()
    if float(Fraction(top, bottom)) != value:
        top, bottom = value.as_integer_ratio()
    assert residue(value) * bottom % P == top % P


@pytest.mark.parametrize(("top", "bottom"), [(1, 3), (1, 10), (-22, 7), (5, 4095)])
def test_a_float_stands_for_the_small_fraction_it_is_nearest_to(top, bottom):
    assert residue(top / bottom) * bottom % P == top % P
    beside = math.nextafter(top / bottom, math.inf)
    assert residue(beside) * bottom % P != top % P


@pytest.mark.parametrize(
    "number",
    [2, 2.0, True, np.float64(2.0), np.float32(2.0), np.int64(2), np.bool_(True), np.array(2.0)],
    ids=repr,
)
def test_numbers_of_every_kind_meet_elements_on_both_sides(number):
    x = Element(7, 3, 0.5)
    plain = int(number)
    for value, wanted in [
        (x + number, 7 + plain), (number + x, 7 + plain),
        (x - number, 7 - plain), (number - x, plain - 7),
        (x * number, 7 * plain), (number * x, 7 * plain),
        (number / x, plain * inverse(7)),
    ]:  # fmt: skip
        assert type(value) is Element
        assert value.value == wanted % P
    assert (x / number * number).value == 7


def test_numpys_loops_run_on_elements():
    with trial(seed=3) as memory:
        a = each(lambda real: Element(memory.draw(), memory.draw(), real), np.ones((2, 3)))
        b = each(lambda real: Element(memory.draw(), memory.draw(), real), np.ones((3, 2)))
        product = a @ b
        assert product[1, 0] == a[1, 0] * b[0, 0] + a[1, 1] * b[1, 0] + a[1, 2] * b[2, 0]
        for same in (np.dot(a, b), np.einsum("ij,jk->ik", a, b), np.tensordot(a, b, 1)):
            assert (same == product).all()
        total = sum(entry * entry for entry in a.flat)
        assert np.sum(a**2) == np.vdot(a, a) == np.sum(np.square(a)) == total
        assert np.mean(a) * 6 == np.sum(a)
        assert np.var(a) == np.mean((a - np.mean(a)) ** 2)
        counted = np.zeros((4, 3), object)
        np.add.at(counted, [1, 1], a)
        assert (counted[1] == a[0] + a[1]).all()
        assert (np.outer(a[0], b[:, 0])[2, 1]) == a[0, 2] * b[1, 0]


def test_branches_follow_the_real_numbers_and_equality_the_field():
    small, large = Element(900, 0, -1.5), Element(5, 0, 2.5)
    assert small < large
    assert small <= 0 < large
    assert large > np.float64(2)
    assert large >= 2.5
    assert max(small, large) is large
    assert abs(small) == -small
    assert abs(large) is large
    row = np.array([small, large, constant(0)])
    assert row.max() is large
    assert row.argmax() == 1
    assert list(np.sign(row)) == [-1, 1, 0]
    assert list(np.maximum(row, 0)) == [0, large, 0]
    assert np.clip(row, -1, 1)[0] == -1
    assert list(np.sort(row)) == [small, 0, large]
    assert list(row > 0) == [False, True, False]
    assert small != large
    assert Element(3, 0, 1.0) == Element(3, 9, 2.0) == 3
    assert hash(Element(3, 0, 1.0)) == hash(Element(3, 9, 2.0))
    assert (small == "text") is False
    assert not constant(0)
    assert int(large) == 2
    assert np.floor(row)[0] == math.floor(-1.5)
    assert np.rint(row)[1] == round(2.5)
    assert f"{large:.3f}" == "2.500"


@pytest.mark.parametrize(
    "name",
    ["exp", "log", "tanh", "sqrt", "sinh", "cosh", "tan", "sin", "cos", "arctan", "expm1", "log1p",
     "exp2", "log2", "log10", "arctanh", "arcsinh", "square", "reciprocal", "fabs"],
)  # fmt: skip
def test_functions_have_the_shadow_of_numpys(name):
    with trial(seed=0):
        (image,) = getattr(np, name)(np.array([Element(77, 1, 0.375)]))
    assert image.shadow == pytest.approx(getattr(np, name)(0.375), rel=1e-14)
    assert image.tangent != 0


def test_a_shadow_may_overflow_as_floats_do():
    with trial(seed=0):
        assert Element(1, 0, 1e9).exp().shadow == math.inf
        assert math.isnan(Element(1, 0, -1.0).log().shadow)
        assert (1 / Element(5, 0, 0.0)).shadow == math.inf


def test_an_element_becomes_no_float():
    x = Element(7, 0, 0.5)
    with pytest.raises(Detached, match="cannot become a float"):
        float(x)
    with pytest.raises(Detached):
        np.zeros(2)[0] = x
    with pytest.raises(Detached):
        np.array([x]).astype(np.float64)
    with pytest.raises(Detached):
        math.exp(x)
    with pytest.raises(RuntimeError, match="no trial is under way"):
        x.exp()
    with pytest.raises(ZeroDivisionError):
        x / 0
    with pytest.raises(ValueError, match="NaN"):
        x + math.nan


def test_an_element_answers_like_a_numpy_float():
    x = Element(7, 0, 0.5)
    assert x.item() is x
    assert x.shape == ()
    assert x.sum() is x
    assert x.real == x
    assert copy.deepcopy([x])[0] is x


def test_an_array_of_tangents_is_carried_as_one_by_one():
    directions = np.array([[3, 5, 0], [0, 7, 11]], object)
    one_by_one = []
    for k in range(3):
        with trial(seed=1):
            x, y = (Element(v, int(d), 0.5) for v, d in zip((9, 4), directions[:, k], strict=True))
            one_by_one.append((np.tanh(np.array([x * y - 1]))[0] / (x + 2) ** 3).tangent)
    with trial(seed=1):
        x, y = (Element(v, d, 0.5) for v, d in zip((9, 4), directions, strict=True))
        together = (np.tanh(np.array([x * y - 1]))[0] / (x + 2) ** 3).tangent
    assert list(together) == one_by_one


def test_arrays_keep_shape_and_memory_order():
    memory = Formal(0)
    for array in (np.zeros((2, 3), order="F"), np.zeros(()), np.zeros((0, 4))):
        made = each(constant, array)
        assert made.shape == array.shape
        assert made.flags.f_contiguous == array.flags.f_contiguous
        moved = with_tangents(made, [memory.draw() for _ in range(made.size)])
        assert moved.shape == array.shape
        assert all(entry.tangent for entry in moved.flat)
    with pytest.raises(TypeError, match="not a number"):
        elements(["text"])
