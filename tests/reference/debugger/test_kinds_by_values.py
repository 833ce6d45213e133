"""What is wrong with a value, told by the value that should stand there."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from reference.debugger.naming.kinds_by_values import (
    Wrong,
    by_constant,
    by_difference,
    by_order,
    by_zeros,
    constants,
)

RIGHT = np.arange(1.0, 13.0).reshape(3, 4) ** 1.3


def place(line="dz = dh * o", **names):
    source = SimpleNamespace(of=lambda _: line)
    return cast(Any, SimpleNamespace(source=source, statement=None, names=names))


def said(made: Any, wanted: Any = RIGHT, **names):
    one = Wrong(0, 0, np.asarray(made), np.asarray(wanted), None)
    here = place(**names)
    numbers = constants(here, {}, [{"x": np.ones((5, 7))}])
    return by_constant(here, one, "dz", numbers, None)


@pytest.mark.parametrize(
    ("made", "kind", "why"),
    [(-RIGHT, "wrong sign", "dz has the wrong sign"),
     (RIGHT * 5, "scale 1/B or 1/T", "dz is 5 times too large"),
     (RIGHT / 35, "scale 1/B or 1/T", "dz is 35 times too small"),
     (RIGHT / 2, "missing factor", "dz is 2 times too small"),
     (RIGHT * 2, "spurious factor", "dz is 2 times too large"),
     (RIGHT * 11, "scale 1/B or 1/T", "dz is 11 times too large"),
     (RIGHT * 1.7, "missing factor", "dz is 1.7 times what it should be")],
)  # fmt: skip
def test_a_constant_quotient_is_a_factor(made, kind, why):
    found = said(made)
    assert found is not None
    assert (found.kind, found.why) == (kind, why)


def test_one_number_is_told_by_the_constants_of_the_program_alone():
    found = said(1.44, 1.44 / 0.3, KEEP=0.3)
    assert found is not None
    assert (found.kind, found.why) == ("missing factor", "dz is KEEP times what it should be")
    assert said(1.44, 1.44 / 0.31, KEEP=0.3) is None


def test_what_differs_by_more_than_a_factor_is_no_factor():
    assert said(RIGHT * 5 + 0.1) is None
    assert said(RIGHT) is None
    assert said(np.where(RIGHT > 3, RIGHT * 5, 0.0)) is None


def test_an_adjoint_once_it_is_scaled_is_not_scaled():
    adjoints = cast(Any, SimpleNamespace(
        signed=lambda _, value: value,
        of=lambda value: bool(np.allclose(value, RIGHT)),
    ))  # fmt: skip
    here = place()
    numbers = constants(here, {}, [{"x": np.ones((5, 7))}])
    for made, kind in ((RIGHT * 7, "scale 1/B or 1/T"), (-RIGHT, "wrong sign")):
        found = by_constant(here, Wrong(0, 0, made, None, None), "dz", numbers, adjoints)
        assert found is not None
        assert found.kind == kind
    assert by_constant(here, Wrong(0, 0, RIGHT**2, None, None), "dz", numbers, adjoints) is None


SQUARE = RIGHT[:, :3]


@pytest.mark.parametrize(
    ("made", "wanted", "kind"),
    [(SQUARE.T, SQUARE, "transposed"),
     (RIGHT[::-1], RIGHT, "forward order"),
     (np.roll(RIGHT, 1, 1), RIGHT, "index off by one"),
     (RIGHT.ravel()[[3, 1, 2, 0]], RIGHT.ravel()[:4], "wrong order")],
)  # fmt: skip
def test_the_same_numbers_in_other_places_are_an_order(made, wanted, kind):
    found = by_order(Wrong(0, 0, made, wanted, None), "dz")
    assert found is not None
    assert found.kind == kind


def test_other_numbers_are_no_order():
    assert by_order(Wrong(0, 0, RIGHT + 0.1, RIGHT, None), "dz") is None
    assert by_order(Wrong(0, 0, np.ones((3, 4)), np.ones((3, 4)), None), "dz") is None


def test_zeros_tell_what_is_not_there():
    some = np.where(RIGHT > 9, 0.0, RIGHT)
    found = by_zeros(Wrong(0, 0, some, RIGHT, None), "dz")
    assert found is not None
    assert found.kind == "missing path"
    found = by_zeros(Wrong(0, 0, RIGHT, some, None), "dz")
    assert found is not None
    assert found.kind == "missing factor"
    assert by_zeros(Wrong(0, 0, RIGHT * 2, RIGHT, None), "dz") is None


def test_a_single_number_that_lacks_something_says_nothing():
    agreement = cast(Any, SimpleNamespace(near=lambda _: False))
    assert (
        by_difference(Wrong(0, 0, np.asarray(1.0), np.asarray(2.0), None), "x", agreement) is None
    )
