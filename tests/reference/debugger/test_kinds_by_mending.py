"""The kind of a mistake by the plain change that mends it, and by how loops and values go."""

import ast
import time

import numpy as np
import pytest

from reference.debugger.naming.harm import of_shape
from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.kinds_by_flow import of_flow
from reference.debugger.naming.kinds_by_runs import by_runs
from reference.debugger.naming.kinds_by_walks import of_ends, of_walks
from reference.debugger.naming.kinds_of_expressions import Seen
from reference.debugger.naming.meant_by_lists import list_ends
from reference.debugger.naming.meant_by_updates import updates
from reference.debugger.naming.patterns import seen_in
from reference.debugger.naming.picked import PICK, Picks
from reference.debugger.naming.turns import Turns, turns
from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.texts.edited import edited

from .programs import module

RIGHT = """\
import numpy as np


def forward(params, inputs):
    hs = [inputs["h0"]]
    for word in inputs["words"]:
        hs.append(np.tanh(params["E"][word] + hs[-1] @ params["U"]))
    return hs


def loss(params, inputs):
    hs = forward(params, inputs)
    return np.sum(np.array(hs[1:]) * inputs["dhs"])


def backward(params, inputs):
    hs, dhs, words = forward(params, inputs), inputs["dhs"], inputs["words"]
    dE, dU = np.zeros_like(params["E"]), np.zeros_like(params["U"])
    dzs = []
    dh = np.zeros_like(hs[0])
    for t in range(len(words) - 1, -1, -1):
        dh = dh + dhs[t]
        dz = dh * (1 - hs[t + 1] ** 2)
        dU += hs[t].T @ dz
        np.add.at(dE, words[t], dz)
        dzs.insert(0, dz)
        dh = dz @ params["U"].T
    dxs = np.array(dzs)
    return {"E": dE, "U": dU, "h0": dh, "bias": dxs.sum(axis=1)}
"""
T, B, H = 4, 3, 2
DU = "        dU += hs[t].T @ dz\n"
HEAD = "    for t in range(len(words) - 1, -1, -1):\n"
WRONG = [
    (HEAD, "    for t, _ in enumerate(words):\n", "forward order"),
    (HEAD, "    for t in reversed(range(1, len(words))):\n", "loop bounds"),
    ("dzs.insert(0, dz)", "dzs += [dz]", "forward order"),
    ("dxs = np.array(dzs)", "dxs = np.array([d for d in dzs[::-1]])", "forward order"),
    ("np.add.at(dE, words[t], dz)", "rows = dE[words[t]]; dE[words[t]] = rows + dz",
     "repeated indices"),
    ("np.add.at(dE, words[t], dz)", "np.add.at(dE, words[t - 1], dz)", "index off by one"),
    (DU, "        dU = np.einsum('bi,bj->ij', hs[t], dz)\n", "= for +="),
    ("        dh = dz @ params", "        dh = dz\n        dh[:] = dz @ params", "aliasing"),
    ("dh = dz @ params", "dh_next = dz @ params", "carry lost"),
    ('dh = dz @ params["U"].T',
     'dh = np.array([sum(u * d for u, d in zip(params["U"], z)) for z in dz])', "transposed"),
    ("hs[t].T @ dz", "hs[1:][t - 1].T @ dz", "index off by one"),
    ("np.add.at(dE, words[t], dz)", "dE[words[t]] -= -dz", "repeated indices"),
    (DU, "        dU, _ = (hs[t].T @ d for d in (dz, dz))\n", "= for +="),
    (HEAD, "    steps = list(range(len(words)))\n    while steps:\n        t = steps.pop(0)\n",
     "forward order"),
    # Two names for one value, of which nobody writes into either: nothing is shared.
    ("    dxs = np.array(dzs)\n",
     "    dxs = np.zeros_like(np.array(dzs), dtype=int)\n    dxs[...] = np.array(dzs)\n",
     "wrong dtype"),
    ("    dE, dU = np.zeros_like(params[\"E\"]), np.zeros_like(params[\"U\"])\n",
     "    dE, dU, hs = (hs, np.zeros_like(params[\"U\"]), np.zeros_like(params[\"E\"]))\n",
     "wrong order"),
    ("dz = dh * (1 - hs[t + 1] ** 2)", "dz = dh = dh * (1 - hs[t] ** 2)", "index off by one"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "kind"), WRONG)
def test_what_mends_a_program_names_the_mistake(right, wrong, kind):
    made = module(RIGHT, (right, wrong))
    draw = np.random.default_rng(0)
    params = {"E": draw.normal(size=(3, H)), "U": draw.normal(size=(H, H))}
    words = np.array([[0, 1, 1], [2, 2, 0], [1, 0, 2], [0, 0, 1]])
    inputs = {"words": words, "h0": draw.normal(size=(B, H)), "dhs": draw.normal(size=(T, B, H))}
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog, None)
        try:
            program.discover((params, inputs), 5.0)
            ((file, source),) = program.sources.items()
            text = source.text
            until = time.monotonic() + 5.0
            with program.quiet():
                seen = turns(program, (params, inputs), file, text, RIGHT, until)
            assert kind_of(text, RIGHT, seen_in(seen)) == kind
        finally:
            program.restore()


@pytest.mark.parametrize(
    ("line", "kind"),
    [("dE[words] -= d", "repeated indices"), ("d, dU, dV = back(d)", "= for +="),
     ("t = tape.pop(0)", "forward order"), ("t = tape.popleft()", "forward order"),
     ("t = tape.pop()", "forward order")],
)  # fmt: skip
def test_what_may_be_meant_by_a_line(line, kind):
    tree = ast.parse(f"dU = dV = np.zeros(3)\nfor t in r:\n    {line}\n")
    loop = tree.body[1]
    assert isinstance(loop, ast.For)
    around = (tree, loop)
    meant = [*updates(loop.body[0], around), *list_ends(loop.body[0], around)]
    assert kind in [one.kind for one in meant]


def test_parts_that_are_unpacked_may_be_exchanged():
    picks = Picks(5)
    statement = ast.parse("dx, dold, dnew = split(d)").body[0]
    made = ast.unparse(picks.put_into(statement))
    seen: dict[str, list[list[int]]] = {}

    def run():
        names = {PICK: picks.value, "split": lambda d: [1, 2, 3], "d": 0}
        exec(made, names)
        return [names[name] for name in ("dx", "dold", "dnew")]

    run()
    for kind, number, becomes in picks.trials():
        picks.active = number, becomes
        seen.setdefault(kind, []).append(run())
    assert [1, 3, 2] in seen["wrong order"]


HANDED_ON = [
    ("dh = dh + dy[t]\n        dW += g(dh)\n        dh = f(dh)",
     "dW += g(dh)\n        d = f(dh + dy[t])", "carry lost"),
    ("dh = dh + dy[t]", "dh = dy[t]", "carry not added"),
    ("dh = dh + dy[t]", "dh = np.zeros(3); dh = dh + dy[t]", "carry lost"),
    ("dh = dh + dy[t]\n        dW += g(dh)\n        dh = f(dh)",
     "dW += g(dy[t])\n        dh = dh + f(dy[t])", "carry not added"),
    ("dW += g(dh)", "dV += g(dh)", "never returned"),
    ("dW += g(dh)", "dW = g(dh)", ""),
    ("dh = f(dh)", "h[t] = f(dh)\n        dh = h[t]", ""),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "kind"), HANDED_ON)
def test_what_a_loop_hands_on(right, wrong, kind):
    text = (
        "def back(dy):\n    dh, dW = 0, np.zeros(3)\n{}    for t in reversed(range(3)):\n"
        "        dh = dh + dy[t]\n        dW += g(dh)\n        dh = f(dh)\n    return dW\n"
    )
    begun = "    dV = np.zeros(3)\n" if "dV" in wrong else ""
    old, new = text.format(begun).replace(right, wrong), text.format("")
    assert of_flow(edited(ast.parse(old), ast.parse(new))) == kind


class _Loop:
    def __init__(self, values: list[int | None], head: str = "while t > 0: pass") -> None:
        (loop,) = ast.parse(head).body
        assert isinstance(loop, ast.For | ast.While)
        self.score, self.values = 6.0, values
        self.loop: ast.For | ast.While = loop


@pytest.mark.parametrize(
    ("was", "now", "raised", "kind"),
    [
        ([0, 1, 2], [2, 1, 0], False, "forward order"),
        ([2, 1], [2, 1, 0], False, "loop bounds"),
        ([2, 1], [2, 1, 0], True, ""),
        ([3], [2, 1, 0], True, ""),
        ([3, 2, 1], [2, 1, 0], False, ""),
        ([None] * 2, [None] * 3, False, "loop bounds"),
        ([None] * 3, [2, 1, 0], False, ""),
    ],
)
def test_the_turns_of_a_loop_that_is_written_anew(was, now, raised, kind):
    assert of_walks([_Loop(now), _Loop([])], [[], was], raised) == kind


@pytest.mark.parametrize(
    ("set_to", "head", "was", "kind"),
    [("t = T - 1", "while t > 0: pass", [2, 1], "loop bounds"),
     ("end = T - 1", "for t in range(end): pass", [2, 1], "loop bounds"),
     ("end = T - 1", "for t in range(n): pass", [2, 1], ""),
     ("t = T - 1", "while t > 0: pass", [4, 3, 2], ""),
     ("t = T - 1", "while t > 0: pass", [3, 2, 1], "")],
)  # fmt: skip
def test_an_edit_may_set_where_a_loop_ends(set_to, head, was, kind):
    found = edited(ast.parse(set_to), ast.parse(set_to.replace("T - 1", "T")))
    assert of_ends(found, [_Loop([3, 2, 1], head)], [was], False) == kind


def test_a_loop_that_raises_at_a_turn_too_many_comes_to_no_other():
    found = edited(ast.parse("T = len(h)"), ast.parse("T = len(f)"))
    loop = _Loop([2, 1, 0], "for t in range(T - 1, -1, -1): pass")
    assert of_ends(found, [loop], [[3]], True) == "loop bounds"


@pytest.mark.parametrize(
    ("walks", "flow", "mends", "kind"),
    [("forward order", "", ("index off by one",), "index off by one"),
     ("forward order", "", (), "forward order"),
     ("", "carry not added", ("forward order",), "forward order"),
     ("", "carry not added", (), "carry not added")],
)  # fmt: skip
def test_what_is_right_as_it_goes_is_in_no_wrong_order(walks, flow, mends, kind):
    assert by_runs("wrong operand", flow, Seen(mends=mends, walks=walks)) == kind


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [("for t in r: h = h[1:]; dz = h[t]", "for t in r: dz = h[t]", "index off by one"),
     ("for g in gs: g = g / n_steps", "for g in gs: g /= n_steps", "scale 1/B or 1/T"),
     ("for g in gs: pass", "for g in gs: g *= f", "missing factor"),
     ("d = a + b\nnp.clip(d, -1, 1, out=d)", "d = a\nd += b", "clipped"),
     ("for t in r: dh = np.zeros_like(dh); dh[0] += y[t]",
      "for t in r: dh = dh.copy(); dh[0] += y[t]", "carry lost")],
)  # fmt: skip
def test_what_single_statements_do(wrong, right, kind):
    assert kind_of(wrong, right) == kind


def test_a_result_that_is_left_out_was_never_returned():
    seen = Turns(answers=({"W": 1.0}, {"W": 1.0, "h0": 2.0}))
    assert of_shape("aliasing", seen, {}) == "never returned"
    assert of_shape("wrong name", seen, {}) == "wrong name"
