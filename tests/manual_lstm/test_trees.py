"""Trees of arrays: NamedTuples, dicts and tuples, nested, with None where there is nothing."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from manual_lstm import trees


class Pair(NamedTuple):
    a: Any
    b: Any


def tree():
    return Pair(
        a={"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "none": None},
        b=(np.array([5.0, 6.0]), Pair(np.array([7.0, 8.0]), None)),
    )


NAMES = ["a.W", "b.0", "b.1.a"]


def test_named_leaves_in_order_without_none():
    named = trees.named_leaves(tree())
    assert list(named) == NAMES
    np.testing.assert_array_equal(named["b.1.a"], [7, 8])
    assert list(trees.named_leaves(tree(), "root")) == [f"root.{name}" for name in NAMES]
    assert trees.named_leaves(None) == {}
    assert trees.named_leaves(3.0) == {"": 3.0}


def test_leaves_are_the_same_arrays():
    held = tree()
    assert trees.leaves(held)[0] is held.a["W"]
    assert [leaf.shape for leaf in trees.leaves(held)] == [(2, 2), (2,), (2,)]


def test_tree_map_keeps_every_container(assert_same):
    doubled = trees.tree_map(lambda array: 2 * array, tree())
    assert (type(doubled), type(doubled.a), type(doubled.b)) == (Pair, dict, tuple)
    assert type(doubled.b[1]) is Pair
    assert doubled.a["none"] is None
    assert doubled.b[1].b is None
    assert_same(doubled, trees.tree_map(np.add, tree(), tree()))


def test_tree_map_refuses_trees_of_another_shape():
    with pytest.raises(ValueError, match="zip"):
        trees.tree_map(np.add, (np.ones(1), np.ones(1)), (np.ones(1),))
    with pytest.raises(KeyError):
        trees.tree_map(np.add, {"a": np.ones(1)}, {"b": np.ones(1)})


def test_zeros_like():
    zeros = trees.zeros_like(tree())
    assert list(trees.named_leaves(zeros)) == NAMES
    assert not any(leaf.any() for leaf in trees.leaves(zeros))
    single = trees.zeros_like({"x": np.ones(3, np.float32)})
    assert single["x"].dtype == np.float32


def test_accumulate_adds_in_place_and_leaves_the_term_alone(assert_same):
    total, term = trees.zeros_like(tree()), tree()
    arrays = trees.leaves(total)
    trees.accumulate(total, term)
    trees.accumulate(total, term)
    assert_same(total, trees.tree_map(lambda array: 2 * array, tree()))
    assert_same(term, tree())
    assert all(one is two for one, two in zip(arrays, trees.leaves(total), strict=True))


def test_rows_are_taken_and_put_back(assert_same):
    rows = np.array([1])
    taken = trees.take_rows(tree(), rows)
    np.testing.assert_array_equal(taken.a["W"], [[3, 4]])
    held = tree()
    put = trees.put_rows(held, rows, trees.tree_map(np.negative, taken))
    np.testing.assert_array_equal(put.a["W"], [[1, 2], [-3, -4]])
    np.testing.assert_array_equal(put.b[1].a, [7, -8])
    assert_same(held, tree())


def test_every_row_is_the_tree_itself():
    held, other = tree(), tree()
    assert trees.take_rows(held, slice(None)) is held
    assert trees.put_rows(held, slice(None), other) is other


def test_no_row_changes_nothing(assert_same):
    none = np.array([], np.int64)
    assert trees.take_rows(tree(), none).a["W"].shape == (0, 2)
    assert_same(trees.put_rows(tree(), none, trees.take_rows(tree(), none)), tree())


@pytest.mark.parametrize("state", [Pair("h", "c"), {"h": "h", "c": "c"}, ("h", "c")])
def test_the_output_is_the_first_field(state):
    assert trees.output_of(state) == "h"
    replaced = trees.with_output(state, "new")
    assert type(replaced) is type(state)
    assert trees.output_of(replaced) == "new"
    assert trees.output_of(state) == "h"
    assert list(replaced) == (["h", "c"] if isinstance(state, dict) else ["new", "c"])
