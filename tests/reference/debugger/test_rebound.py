"""Names that stand for another array than is meant: unpacked, merged, chained, bound late."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.repair import (
    carry,
    indices,
    late,
    loops,
    quotients,
    replaced,
    sharing,
    statements,
    together,
)
from reference.debugger.running.source import Source

from .test_engine import debugged, loaded
from .test_wanted import place

LAYERS = """\
import numpy as np


def dense(w, x):
    def pull(d):
        return d @ w.T, x.T @ d
    return x @ w, pull


class Block:
    def __init__(self, w):
        self.w = w

    def forward(self, x, h, stack):
        joined = np.concatenate([x, h], axis=1)
        a, pull = dense(self.w, joined)
        new = np.tanh(a)

        def back(d):
            d_joined, _ = pull(d * (1 - new ** 2))
            return np.split(d_joined, [x.shape[1]], axis=1)

        stack.append(back)
        return h + new


def rollout(params, inputs):
    h, stack = params["h0"], []
    for x in inputs["xs"]:
        h = Block(inputs["w"]).forward(x, h, stack)
    return h, stack


def loss(params, inputs):
    h, _ = rollout(params, inputs)
    lens = inputs["lens"]
    return np.sum(h ** 2 / lens[:, None])


def backward(params, inputs):
    h, stack = rollout(params, inputs)
    lens = inputs["lens"]
    dh = 2 * h / lens[:, None]
    dxs = []
    while stack:
        dx, more = stack.pop()(dh)
        dh = dh + more
        dxs.append(dx)
    return {"xs": np.stack(dxs[::-1]), "h0": dh}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    lens = rng.integers(1, 9, size=B)
    lens[:2] = 3, 7
    return ({"h0": rng.normal(size=(B, H))},
            {"xs": rng.normal(size=(T, B, D)), "w": 0.5 * rng.normal(size=(D + H, H)),
             "lens": lens})
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        dx, more = stack.pop()(dh)\n        dh = dh + more\n",
         "        dx, dh = stack.pop()(dh)\n"),
        ("        return h + new\n",
         "        h = h + new\n        new = 0 * new\n        return h\n"),
        ("dh = 2 * h / lens[:, None]", "dh = 2 * h / h.shape[1]"),
    ],
)  # fmt: skip
def test_a_program_is_mended_at_the_line(old, new, tmp_path):
    assert LAYERS.count(old) == 1
    found = debugged(loaded(LAYERS.replace(old, new), tmp_path))
    assert found.fixes


TOWER = """\
import numpy as np


def forward(params, inputs):
    h, tape = inputs["x"], []
    for k in range(3):
        new = np.tanh(h @ params[f"w{k}"])
        tape.append((f"w{k}", h, new))
        h = new
    return h, tape


def loss(params, inputs):
    return np.sum(forward(params, inputs)[0] ** 2)


def backward(params, inputs):
    h, tape = forward(params, inputs)
    d, grads = 2 * h, {}
    for name, h, new in reversed(tape):
        dz = d * (1 - new ** 2)
        grads[name] = h.T @ dz
        d = dz @ params[name].T
    return grads


def example(rng):
    sizes = rng.permutation([3, 4, 5, 6])
    pairs = zip(sizes[:-1], sizes[1:])
    params = {f"w{k}": 0.5 * rng.normal(size=pair) for k, pair in enumerate(pairs)}
    return params, {"x": rng.normal(size=(2, sizes[0]))}
"""


def test_a_loop_that_runs_the_wrong_way_and_raises_is_turned_round(tmp_path):
    found = debugged(loaded(TOWER.replace("reversed(tape)", "tape"), tmp_path))
    assert found.fixes
    assert found.suspects[0].text == "for name, h, new in tape:"


def texts(family, line, **env):
    return ["; ".join(s.new for s in r.splices) for r in family(place(line, 0, **env))]


def test_what_is_unpacked_is_added_to_a_carry_under_a_mask_too():
    held = np.ones((3, 2))
    here = place("for t in x:\n    dx, dh = back(dh)\n", 0, x=held, dh=held, on=np.array([1, 0, 1]))
    assert isinstance(here.statement, ast.For)
    here.statement = here.statement.body[0]
    found = [r.splices[1].new.strip() for r in replaced.rewrites(here)]
    assert "dh = dh + dh_more" in found
    assert "dh = dh * (1 - on[:, None]) + dh_more" in found


def test_dicts_are_added_up_where_they_replace_each_other():
    env = {"total": {}, "grads": {"w": np.ones(2)}, "k": "w", "g": np.ones(2)}
    merged = "{key: total.get(key, 0) + grads.get(key, 0) for key in {**total, **grads}}"
    assert merged in texts(statements.rewrites, "total = {**total, **grads}", **env)
    assert merged in texts(statements.rewrites, "total = total | grads", **env)
    assert "total[k] = total.get(k, 0) + g" in texts(statements.rewrites, "total[k] = g", **env)
    (first, *_) = texts(statements.rewrites, "total.update(grads)", **env)
    assert "total[key] = total.get(key, 0) + more" in first


def test_what_is_written_over_is_added_to():
    env = {"y": np.ones(2), "x": np.ones(2), "a": np.ones((2, 2))}
    assert "y += np.dot(x, a)" in texts(statements.rewrites, "np.dot(x, a, out=y)", **env)
    assert not any("+=" in t for t in texts(statements.rewrites, "np.tanh(y, out=y)", **env))


def test_what_is_masked_after_it_is_read_is_masked_before():
    here = place("d = w\ng = d @ x\nb = d\nd[m] = 0\ne = d\n", 3)
    moved = ("wrong order", "overwritten too early")
    early = [rewrite for rewrite in statements.rewrites(here) if rewrite.kind in moved]
    cheapest = min(early, key=lambda r: r.cost)
    (at,) = (splice.start for splice in cheapest.splices if splice.new)
    assert here.source.data[at:].lstrip().startswith(b"g = d @ x")


def functions(text):
    return [r.splices[0] for r in late.of_functions(Source("f.py", text), ast.parse(text))]


def test_an_inner_function_takes_what_is_set_anew_after_it():
    text = "def f(h):\n    def pull(d):\n        return d * h\n    h = g(h)\n    return h, pull\n"
    (splice,) = functions(text)
    assert splice.new == ", h=h"
    assert text[splice.start - 1] == "d"
    assert functions(text.replace("    h = g(h)\n", "")) == []


def test_an_inner_function_of_a_loop_takes_what_the_loop_sets():
    text = (
        "def f(xs):\n    for x in xs:\n        y = x\n        def pull():\n            return y\n"
    )
    (splice,) = functions(text)
    assert splice.new == "y=y"
    assert functions(text.replace("return y", "y = 1")) == []


def test_a_part_under_two_names_is_copied_for_the_second():
    source = Source("f.py", "a = d = x[t]\n")
    assert [s.new for r in sharing.chained(source) for s in r.splices] == [
        "a = x[t]\nd = x[t].copy()"
    ]


def test_sums_that_something_else_holds_are_added_to_in_place():
    text = "for t in ts:\n    a = a + t\n    b = b + 2 * t\n    c = t + c\n"
    source = Source("f.py", text)
    found = [[s.new for s in r.splices] for r in carry.rewrites(source, ast.parse(text))]
    assert ["a += t", "b += 2 * t"] in found
    assert ["a += t"] in found


def test_steps_are_gone_through_in_the_order_in_which_they_were_made():
    found = texts(loops.rewrites, "for t in reversed(range(3)): pass", order=[2, 0, 1])
    assert {"order", "order[::-1]"} <= set(found)
    assert "order" not in texts(loops.rewrites, "for t in reversed(range(3)): pass", order=[2, 0])


def test_what_is_rolled_has_a_start():
    m, h0 = np.ones((2, 3, 4)), np.full((2, 4), 2.0)
    (new,) = texts(indices.rolled, "before = np.roll(m, 1, axis=1)", m=m, h0=h0)
    made = eval(new, {"np": np, "m": m, "h0": h0})
    assert np.array_equal(made[:, 0], h0)
    assert np.array_equal(made[:, 1:], m[:, :-1])


def test_blocks_are_turned_round_and_not_their_rows():
    found = texts(indices.orders, "d = np.concatenate(ds, axis=0)[::-1]", ds=[np.ones(2)] * 2)
    assert found[0] == "np.concatenate(ds[::-1], axis=0)"


def test_names_are_changed_together_at_their_beginnings():
    env = {"last_h": np.ones(2), "last_c": np.ones(2), "h": np.ones(2), "c": np.ones(2)}
    found = texts(together.rewrites, "keep(h=last_h, c=last_c)", keep=None, **env)
    assert "h; c" in found


def test_counts_of_rows_are_known_as_the_file_writes_them():
    lens, mask = np.array([2, 3]), np.array([[1, 1, 0], [1, 1, 1]])
    here = place("d = e / (n * mask.sum(axis=1, keepdims=True))", 0,
                 e=np.ones((2, 4)), n=2, lens=lens, mask=mask)  # fmt: skip
    known = dict(quotients.counts_here(here, here.env, (2, 4)))
    assert "lens[:, None]" in known or "mask.sum(axis=1, keepdims=True)" in known
