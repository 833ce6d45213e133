"""Edits by numbers: one number, a call, a block of columns, a sum of two products, one update."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.repair import (
    blocks,
    flags,
    indices,
    inverses,
    quotients,
    scales,
    sums,
    updates,
)
from reference.debugger.repair.calls import Calls
from reference.debugger.repair.place import Place
from reference.debugger.running.source import Source

from .test_engine import debugged, loaded

TAGGER = """\
import numpy as np

BASE = np.log(2.0)


def norm(a, gain):
    c = a - a.mean(axis=1, keepdims=True)
    sd = np.sqrt((c ** 2).mean(axis=1, keepdims=True) + 1e-3)
    return gain * c / sd, c, sd


def norm_back(d, gain, c, sd):
    dn = d * gain
    dc = dn / sd - c * (dn * c).mean(axis=1, keepdims=True) / sd ** 3
    return dc - dc.mean(axis=1, keepdims=True)


def soft(label, size):
    goal = np.full(size, 0.2 / size)
    goal[label] += 0.8
    return goal


def scan(step, state, rows, backwards=False):
    kept = []
    for row in rows[::-1] if backwards else rows:
        state, new = step(state, row)
        kept.append(new)
    if backwards:
        kept.reverse()
    return state, [np.stack(part) for part in zip(*kept)]


def forward(p, inputs):
    H = inputs["h"].shape[1]

    def step(h, x):
        z, c_z, sd_z = norm(x @ p["W"] + h @ p["U"], p["gain_z"])
        a = np.concatenate([1 / (1 + np.exp(-z[:, :H])), np.tanh(z[:, H:])], axis=1)
        n, c_n, sd_n = norm(a[:, :H] * h + a[:, H:], p["gain_n"])
        return n, (h, n, a, c_z, sd_z, c_n, sd_n)

    return scan(step, inputs["h"], inputs["x"])


def loss(params, inputs):
    h, _ = forward(params, inputs)
    probs = np.exp(h @ params["V"])
    probs /= probs.sum(axis=1, keepdims=True)
    return -sum(
        np.sum(soft(y, len(q)) * np.log(q)) for y, q in zip(inputs["y"], probs)
    ) / (len(probs) * BASE)


def backward(params, inputs):
    last, kept = forward(params, inputs)
    B, H = inputs["h"].shape
    probs = np.exp(last @ params["V"])
    probs /= probs.sum(axis=1, keepdims=True)
    ds = np.zeros_like(probs)
    for k in range(B):
        ds[k] = probs[k] - soft(inputs["y"][k], probs.shape[1])
    ds /= B * BASE
    order = np.arange(len(inputs["x"]))

    def step(dh, t):
        h, n, a, c_z, sd_z, c_n, sd_n = (part[t] for part in kept)
        dsum = norm_back(dh, params["gain_n"], c_n, sd_n)
        da = np.concatenate([dsum * h, dsum], axis=1)
        dz = da.copy()
        dz[:, :H] *= a[:, :H] * (1 - a[:, :H])
        dz[:, H:] *= 1 - a[:, H:] ** 2
        dp = norm_back(dz, params["gain_z"], c_z, sd_z)
        return dp @ params["U"].T + dsum * a[:, :H], (dp, dh * c_n / sd_n, dz * c_z / sd_z)

    dh, (dp, dn, dg) = scan(step, ds @ params["V"].T, order, backwards=True)
    return {
        "W": np.einsum("tbd,tbk->dk", inputs["x"], dp), "U": np.einsum("tbd,tbk->dk", kept[0], dp),
        "gain_n": dn.sum(axis=(0, 1)), "gain_z": dg.sum(axis=(0, 1)), "V": last.T @ ds, "h": dh,
    }


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    shapes = {"W": (D, 2 * H), "U": (H, 2 * H), "gain_z": 2 * H, "gain_n": H, "V": (H, K)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return params, {"x": rng.normal(size=(T, B, D)), "h": rng.normal(size=(B, H)),
                    "y": rng.integers(K, size=B)}
"""

MISTAKES = {
    "a constant of the loss": ("ds /= B * BASE", "ds /= B"),
    "statistics as constants": (
        'dsum = norm_back(dh, params["gain_n"], c_n, sd_n)', 'dsum = dh * params["gain_n"] / sd_n'),
    "one slope for all columns": (
        "dz[:, :H] *= a[:, :H] * (1 - a[:, :H])\n        dz[:, H:] *= 1 - a[:, H:] ** 2\n",
        "dz *= a * (1 - a)\n"),
    "stacked as visited": ("    if backwards:\n        kept.reverse()\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_what_the_numbers_ask_for_is_written(name, tmp_path):
    old, new = MISTAKES[name]
    assert TAGGER.count(old) == 1
    wrong = TAGGER.replace(old, new)
    found = debugged(loaded(wrong, tmp_path), seconds=40)  # some take most of 20 s
    assert found.verdict == "wrong"
    assert found.fixes
    if new:
        assert found.suspects[0].text == new.strip()


def test_the_program_without_a_mistake_is_right(tmp_path):
    assert debugged(loaded(TAGGER, tmp_path)).verdict == "right"


def place(text: str, line: int, **env) -> Place:
    """Return the statement on a line of a function, with the values of its variables."""
    body = "".join(f"    {row}\n" for row in text.splitlines())
    source = Source("subject.py", f"C = 3.5\ndef f({', '.join(env)}):\n{body}    return 0\n")
    unit = source.units[-1]
    function = unit.tree
    assert isinstance(function, ast.FunctionDef)
    return Place(source, unit, function, function.body[line], [env], {"np": np, "C": 3.5})


def texts(rewrites) -> list[str]:
    return [" ".join(rewrite.splices[0].new.split()) for rewrite in rewrites]


def value_of(here: Place) -> tuple[ast.expr, ast.AST]:
    """Return the value of an assignment, and the assignment."""
    assert isinstance(here.statement, ast.Assign)
    return here.statement.value, here.statement


def test_one_number_is_looked_up_among_constants_and_sizes():
    n, x = 7, np.arange(1.0, 5.0)
    here = place("s = 1.0 / n", 0, n=n, x=x)
    one = np.array(1 / 7)
    given = texts(scales.rewrites(here, *value_of(here), one, one / 3.5, here.env))
    assert "1.0 / (n * C)" in given
    twice = texts(scales.rewrites(here, *value_of(here), one, one * 2, here.env))
    assert "1.0 / n * 2.0" in twice


def test_values_that_no_one_number_tells_apart_have_no_ratio():
    assert scales.ratio(np.array([1.0, 2.0]), np.array([2.0, 5.0])) is None
    assert scales.ratio(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
    assert scales.ratio(np.array([0.0, 2.0]), np.array([0.0, 3.0])) == 1.5
    assert scales.ratio(np.array([0.0, 2.0]), np.array([1.0, 3.0])) is None


def test_a_sum_of_two_products_is_found_beside_a_factor():
    rng = np.random.default_rng(0)
    d, h, c, f, i = rng.uniform(0.1, 0.9, size=(5, 3, 4))
    here = place("s = d * (h + c) * f * (1 - f)", 0, d=d, h=h, c=c, f=f, i=i)
    wanted = d * (h * f * (1 - f) + c * i * (1 - i))
    given = texts(sums.rewrites(here, *value_of(here), wanted, here.env))
    assert given
    assert np.allclose(eval(given[0], {}, here.env), wanted)


def test_a_term_that_a_mask_lets_by_is_found_though_most_of_it_is_nothing():
    rng = np.random.default_rng(1)
    dz, dh = rng.normal(size=(2, 3, 4))
    m = np.array([[1.0], [0.0], [1.0]])
    here = place("new = dz * 1", 0, dz=dz, dh=dh, m=m)
    given = texts(quotients.rewrites(here, *value_of(here), dz, [dz + (1 - m) * dh], here.env))
    assert "dz * 1 + dh * (1 - m)" in given


def test_a_block_of_columns_has_a_statement_of_its_own():
    rng = np.random.default_rng(2)
    d, z = rng.uniform(0.2, 0.9, size=(2, 3, 8))
    H = 6
    here = place("d *= z * (1 - z)\ny = z[:, H:]", 0, d=d, z=z, H=H)
    wanted = d * np.where(np.arange(8) < H, z * (1 - z), 1 - z**2)
    given = texts(blocks.of_product(here, d, wanted, here.env))
    assert "d[:, :H] *= z[:, :H] * (1 - z[:, :H]) d[:, H:] *= 1 - z[:, H:] ** 2" in given
    here = place("e = d * z * (1 - z)\ny = z[:, H:]", 0, d=d, z=z, H=H)
    made = d * z * (1 - z)
    given = texts(blocks.of_value(here, value_of(here)[0], made, wanted, here.env))
    assert any("e[:, H:] = " in text and "** 2" in text for text in given)


def test_an_update_of_one_entry_is_one_of_all():
    p, goal = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.8, 0.1])
    here = place("d = p.copy()\nd[y] -= 1", 0, p=p, goal=goal, y=1)
    after = updates.following(here)
    assert after is not None
    second = Place(here.source, here.unit, here.function, after, here.envs, here.names)
    found = {r.splices[0].new: d for r, d in updates.rewrites(here, second, [p], [here.env])}
    np.testing.assert_allclose(found["d -= goal"][0], np.array([0, 1, 0]) - goal)


def test_calls_are_made_with_what_is_called_like_their_arguments():
    source = Source(
        "subject.py",
        "def g(a, b):\n    return a * b\n\n\ndef f(d_h, d_c, w_h, w_c):\n"
        "    u = g(d_h, w_h)\n    v = d_c + w_c\n    return u + v\n",
    )
    unit = source.units[1]
    assert isinstance(unit.tree, ast.FunctionDef)
    names: dict = {}
    exec(source.text, names)
    env = {name: np.full(3, 2.0 + k) for k, name in enumerate(("d_h", "d_c", "w_h", "w_c"))}
    here = Place(source, unit, unit.tree, unit.tree.body[1], [env], names)
    made = dict(Calls(here, env).of_shape((3,)))
    assert np.array_equal(made["g(d_c, w_c)"], env["d_c"] * env["w_c"])


def test_what_a_flag_turns_round_is_turned_round_under_it():
    source = Source("subject.py", "def f(xs, back=False, n=3):\n    ys = xs\n    return ys\n")
    unit = source.units[0]
    assert isinstance(unit.tree, ast.FunctionDef)
    here = Place(source, unit, unit.tree, unit.tree.body[0], [{"xs": [1.0, 2.0], "back": True}])
    assert texts(flags.rewrites(here)) == ["(xs[::-1] if back else xs)"]


def test_an_index_that_the_file_computes_is_tried_in_another_place():
    here = place("row = q * n + u\nb[u * 4 + q] = 1.0", 1, b=np.ones(12), q=1, u=2, n=3)
    assert "q * n + u" in texts(indices.rewrites(here))


def test_what_is_gathered_before_the_first_step_is_the_start():
    h, start, at = np.ones((3, 2, 4)), np.full(4, 0.5), np.arange(3) - 1
    here = place("x = h[at]", 0, h=h, h_start=start, at=at)
    assert "np.concatenate([np.broadcast_to(h_start, h[:1].shape), h[:-1]])" in texts(
        indices.rewrites(here)
    )


def test_no_equation_is_solved_for_what_is_no_number(capfd):
    a = np.array([[1.0, np.nan], [0.0, 1.0]])
    assert inverses._solved(a, np.eye(2)) is None
    assert capfd.readouterr().out == ""
