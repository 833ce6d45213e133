"""At which time steps a mistake shows, of edits of several lines and of loops themselves."""

import numpy as np
import pytest

from reference.debugger.naming.patterns import pattern_of_edit
from reference.debugger.naming.patterns_outside import where_read_masks

from .programs import module, told_apart

RIGHT = """\
import numpy as np


def forward(params, inputs):
    hs = [inputs["h0"]]
    for word in inputs["words"]:
        hs.append(np.tanh(params["E"][word] + hs[-1] @ params["U"]))
    return hs


def loss(params, inputs):
    return np.sum(np.array(forward(params, inputs)[1:]) * inputs["dhs"])


def backward(params, inputs):
    hs = forward(params, inputs)
    dE, dU = np.zeros_like(params["E"]), np.zeros_like(params["U"])
    dh0 = np.zeros(3)
    dh_next = np.zeros(3)
    for word, h, h_prev, d in list(zip(inputs["words"], hs[1:], hs, inputs["dhs"]))[::-1]:
        dz = (d + dh_next) * (1 - h ** 2)
        dE[word] += dz
        dU += np.outer(h_prev, dz)
        dh_next = params["U"] @ dz
    dh0 += dh_next
    return {"E": dE, "U": dU, "h0": dh0}
"""


def steps(*edits, kind=""):
    """Plant a mistake, (right, wrong) texts, and tell at which steps it shows."""
    made = module(RIGHT, *edits)
    rng = np.random.default_rng(0)
    params = {"E": rng.normal(size=(4, 3)), "U": rng.normal(size=(3, 3))}
    given = params, {"h0": rng.normal(size=3), "words": [2, 0, 3, 0, 1],
                     "dhs": rng.normal(size=(5, 3))}  # fmt: skip
    wrong, found = told_apart(made, RIGHT, given)
    assert found is not None
    assert found.answers[0]
    return pattern_of_edit(kind, wrong, RIGHT, found, given)[0]


HANDED = '        dh_next = params["U"] @ dz\n'
LOOP = "    for word, h, h_prev, d in "


def test_a_loop_over_words_is_not_counted_by_them():
    assert steps(("(d + dh_next)", "d")) == "all but the last"
    assert steps(("1 - h ** 2", "1 - h")) == "all"


def test_what_is_taken_out_stays_before_a_line_that_differs_too():
    line = "dz = (d + dh_next) * (1 - h ** 2)\n"
    assert steps((line, "dh_next = 2 * d\n        dz = dh_next * (1 - h ** 2)\n")) == "all"
    assert steps((line, "dh_next = d\n        dz = dh_next * (1 - h ** 2)\n")) == "all but the last"


def test_a_carry_that_is_lost_is_right_at_the_step_that_is_run_first():
    kept = HANDED.replace("dh_next", "dh_before")
    assert steps((HANDED, kept), kind="carry lost") == "all but the last"
    slope = ("(1 - h ** 2)", "1")
    assert steps(slope, kind="carry lost") == "all"  # whatever it is called
    assert steps(slope, kind="wrong name") == "all"


def test_what_a_loop_does_in_place_of_the_line_behind_it_is_right_at_the_last_run():
    assert steps(("    dh0 += dh_next\n", ""), (HANDED, f"{HANDED}        dh0 += dh_next\n")) == (
        "all but t=0"
    )


@pytest.mark.parametrize("kind", ["loop bounds", "forward order", "wrong shape"])
@pytest.mark.parametrize(("part", "told"), [("[:0:-1]", "t=0"), ("[:1:-1]", "t=0 and t=1")])
def test_steps_that_a_loop_leaves_out_are_told_whatever_it_is_called(kind, part, told):
    assert steps(('["dhs"]))[::-1]', f'["dhs"])){part}'), kind=kind) == told


def test_a_mask_tells_where_all_that_an_edit_leaves_is_wrong():
    masks = {k: {"m": np.array(m)} for k, m in enumerate([(1, 0, 0), (1, 1, 0)])}
    right = np.ones((3, 2))

    def wrong(*rows):
        value = right.copy()
        value[list(rows)] = 2
        return value, right

    assert where_read_masks({0: wrong(2), 1: wrong(2)}, masks) == "where the mask is 0"
    assert where_read_masks({0: wrong(0), 1: wrong(2)}, masks) == ""
    nothing = {k: {"m": np.zeros(3)} for k in range(2)}
    assert where_read_masks({0: wrong(2), 1: wrong(2)}, nothing) == ""


def test_rows_of_words_are_wrong_once_a_word_comes_again():
    edit = "dE[word] += dz", "dE[word] = dz"
    assert steps(edit, kind="= for +=") == "after an index repeats"


def test_a_mask_of_all_steps_tells_where_a_value_of_all_steps_is_wrong():
    mask = np.array([[1, 1], [1, 0], [0, 0]])
    right = np.ones((3, 2, 4)) * mask[:, :, None]
    everywhere = {0: (np.ones((3, 2, 4)), right)}
    assert where_read_masks(everywhere, {0: {"m": mask}}) == "where the mask is 0"
    slopes = {0: (np.ones((3, 2)), right[:, :, 0])}  # 0 or 1 by its own value: no mask
    assert where_read_masks(slopes, {0: {"m": mask}}) == ""


def test_memory_that_a_loop_adds_to_is_of_no_step():
    start = "    dh0 = np.zeros(3)\n    dh_next = np.zeros(3)\n"
    assert steps((start, "    dh0 = dh_next = np.zeros(3)\n"), kind="aliasing") == "the last"
    sums = '    dE, dU = np.zeros_like(params["E"]), np.zeros_like(params["U"])\n'
    shared = "    dE, dU = np.zeros((5, 3)), np.zeros((3, 3))\n    dU, dE = dE[:3], dE[:4]\n"
    assert steps((sums, shared), kind="aliasing") == "none"
