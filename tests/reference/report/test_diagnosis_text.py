"""A diagnosis as text: verdict first, the marked line, the fix, and nothing that is not known."""

from dataclasses import replace

import pytest
from tests.reference.report import diagnoses

from reference.debugger.diagnosis import Diagnosis
from reference.report.diagnosis_text import diagnosis_text
from reference.report.words import extent


def order(text, *parts):
    """Return the places of parts in text; a part that is not there fails."""
    return [text.index(part) for part in parts]


@pytest.mark.parametrize("name", diagnoses.ALL)
def test_the_verdict_is_the_first_word(name):
    diagnosis = diagnoses.ALL[name]
    text = diagnosis_text(diagnosis)
    assert text.startswith(diagnosis.verdict)
    assert text == str(diagnosis)
    assert "\n\n\n" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_wrong_backward_is_told_in_order_on_one_screen():
    text = diagnosis_text(diagnoses.WRONG)
    places = order(
        text,
        "wrong: W and h0 (2 of 4 gradients); V and b right",
        "  gradient  worst at        yours  reference            off by  wrong entries\n"
        "  h0        [0]               nan          1    inf × rounding  12 of 20\n"
        "  W         gate f, unit 2   0.25       -0.5  8e+14 × rounding  12 of 20: gate f, i",
        "my_lstm.py:11, in backward: carry not added",
        "dc is wrong at t = 0 to 3 (all but the last)",
        "why: dc lacks exactly the contribution of step t+1.",
        "should be: dh * o[t] * (1 - tanh(c[t]) ** 2) + dc_next",
        "97% sure",
        "my_lstm.py:14, in backward: dot for outer",
        "less likely:\n    my_lstm.py:15, in backward: dc_next += dc * f[t]",
        "fix (passed 12 fresh inputs, 4 sizes, exact arithmetic): adds what flows back",
        "-        dc = dh * o[t] * (1 - c[t] ** 2)\n    +        dc = dh * o[t] * (1 - np.tanh(",
        "or: assigns, where += keeps the later step",
        "evidence: compared on 4 sets of values (3 of them fresh) with JAX and complex step",
        "note: loss prints 12 lines a call",
        "your functions printed:\n    loss is 3.2",
        "took 2.3 s",
    )
    assert places == sorted(places)
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 100
    assert "proved" not in text


def test_the_line_is_shown_between_its_neighbours_with_a_marker():
    assert (
        "       9 | dV += np.outer(dy[t], h[t])\n"
        "      10 | dh = V.T @ dy[t] + dh_next\n"
        "    > 11 | dc = dh * o[t] * (1 - c[t] ** 2)\n"
        "      12 | df = dc * c[t - 1] * f[t] * (1 - f[t])\n"
    ) in diagnosis_text(diagnoses.WRONG)


def test_beside_a_fix_only_sure_suspects_are_shown_in_full():
    doubtful = replace(diagnoses.OUTER, confidence=0.6)
    changed = replace(diagnoses.WRONG, suspects=(diagnoses.CARRY, doubtful))
    assert "less likely:\n    my_lstm.py:14, in backward: dW += np.dot" in diagnosis_text(changed)
    assert "    > 14 |" in diagnosis_text(replace(changed, fixes=()))


@pytest.mark.parametrize(
    ("steps", "pattern", "told"),
    [((), "all", "at every step"), ((), "only t=0", "at only t=0"),
     ((), "all but the last", "at all but the last step"), ((0,), "", "at t = 0"),
     ((), "none", "wrong"), ((), "where the mask is 0", "is wrong where the mask is 0"),
     ((0, 1), "all", "at t = 0, 1 (every step)"),
     ((0, 1, 3), "t=0, 1, 3", "at t = 0, 1, 3"), ((), "", "wrong")],
)  # fmt: skip
def test_steps_are_told_once(steps, pattern, told):
    changed = replace(diagnoses.CARRY, steps=steps, pattern=pattern)
    text = diagnosis_text(replace(diagnoses.WRONG, suspects=(changed,)))
    (line,) = [line for line in text.splitlines() if line.startswith("    dc is wrong")]
    assert line.endswith(told)


def test_axes_without_a_name_are_told_by_the_index():
    mismatch = diagnoses.mismatch("U", (2, 1), 1.0, 2.0, place={"axis 0": 2, "axis 1": 1},
                                  where={"axis 0": [2]}, note="only row 2 of 3")  # fmt: skip
    lines = diagnosis_text(Diagnosis("wrong", {"U": mismatch})).splitlines()
    assert lines[3].split() == ["U", "[2,", "1]", "1", "2", "1e+15", "×", "rounding", "12", "of",
                                "20:", "only", "row", "2", "of", "3"]  # fmt: skip


@pytest.mark.parametrize(
    ("about", "told"),
    [({}, "12 of 20"), ({"wrong": 20, "where": {"gate": ["f"]}}, "all 20"),
     ({"where": {"row": [1, 2]}}, "12 of 20"), ({"where": {"gate": ["f"]}}, "12 of 20: gate f"),
     ({"note": "wrong only in columns 0-3, 6 of 9"}, "12 of 20: only columns 0-3, 6 of 9"),
     ({"note": "wrong only in axis 0 1 of 4, axis 2 0-3, 5 of 7"},
      "12 of 20: only index 1 of axis 0, index 0-3, 5 of axis 2"),
     ({"note": "all NaN"}, "12 of 20: all NaN")],
)  # fmt: skip
def test_which_entries_are_wrong_is_told_where_it_says_something(about, told):
    assert extent(diagnoses.mismatch("U", (2, 1), 1.0, 2.0, **about)) == told


def test_a_gradient_without_an_entry_to_show_is_told_in_words():
    mismatch = diagnoses.mismatch("U", (), 1.0, 2.0, note="has shape (2,), not (3,)")
    text = diagnosis_text(Diagnosis("wrong", {"U": mismatch}))
    assert text.splitlines()[2:] == ["  U: has shape (2,), not (3,)"]


def test_files_here_are_told_as_one_would_type_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "models" / "mine.py")
    suspect = replace(diagnoses.CARRY, file=file)
    edit = replace(diagnoses.ADDED.edits[0], file=file)
    fix = replace(diagnoses.ADDED, edits=(edit,))
    text = diagnosis_text(Diagnosis("wrong", suspects=(suspect,), fixes=(fix,)))
    assert str(tmp_path) not in text
    assert "  models/mine.py:11, in backward" in text
    assert "    --- models/mine.py\n    +++ models/mine.py\n    @@ -9,5 +9,5 @@" in text


def test_a_line_of_a_file_that_is_not_at_hand_is_shown_alone():
    text = diagnosis_text(replace(diagnoses.WRONG, sources={}))
    assert "    > 11 | dc = dh * o[t] * (1 - c[t] ** 2)\n" in text
    assert "10 |" not in text


def test_a_right_backward_names_its_gradients_and_what_that_stands_on():
    text = diagnosis_text(diagnoses.RIGHT)
    assert text.startswith("right: W, V and b\n")
    assert "proved in exact arithmetic" in text
    assert "fix" not in text


def test_an_open_question_says_why():
    text = diagnosis_text(diagnoses.INCONCLUSIVE)
    assert text.startswith("inconclusive (V right so far)\n")
    assert "why: W: the oracles disagree" in text


def test_a_backward_that_raises_is_told_by_its_line():
    text = diagnosis_text(diagnoses.RAISED)
    assert text.startswith("wrong: raises\n")
    assert "why: NameError: name 'dh_next' is not defined" in text
    assert "    > 10 |     dh = V.T @ dy[t] + dh_next\n" in text
    assert "no fix was found" in text


def test_nothing_known_is_nothing_said():
    assert diagnosis_text(Diagnosis("wrong")) == "wrong"


def test_many_gradients_and_much_output_stay_on_a_screen():
    wrong = {f"W{k}": diagnoses.mismatch(f"W{k}", (k,), 1.0, 2.0) for k in range(30)}
    suspects = [replace(diagnoses.CARRY, confidence=0.9)] * 20
    output = "".join(f"turn {k}\n" for k in range(500))
    lines = diagnosis_text(
        Diagnosis("wrong", wrong, suspects=tuple(suspects), output=output)
    ).splitlines()
    assert len(lines) < 60
    assert "W7 and 22 more (30 of 30 gradients)" in lines[0]
    assert "  and 26 more" in lines
    assert "  your functions printed (the last of 500 lines):" in lines
    assert "    turn 499" in lines


def test_what_is_not_decided_is_counted_and_named_with_its_reason():
    diagnosis = replace(diagnoses.WRONG)
    object.__setattr__(diagnosis, "undecided", {"U": "too rough", "c": "too rough"})
    text = diagnosis_text(diagnosis)
    assert text.startswith(
        "wrong: W and h0 (2 of 6 gradients); V and b right; U and c not decided\n"
    )
    assert "  not decided: U and c (too rough)\n" in text


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"steps": (2, 3, 4), "pattern": "all but t=0"}, "at t = 2 to 4 (all but the first)"),
        ({"steps": (1, 2), "pattern": "all but t=0"}, "at t = 1, 2 (all but t=0)"),
        ({"steps": (0,), "pattern": "all"}, "dc is wrong\n"),
        ({"steps": (0,), "kind": "argument changed"}, "dc is changed\n"),
        ({"variable": "dc, dh", "steps": ()}, "dc and dh are wrong at all but the last step\n"),
        ({"variable": "f(a, b)", "pattern": "none"}, "f(a, b) is wrong\n"),
    ],
)
def test_what_is_wrong_and_when(about, said):
    suspect = replace(diagnoses.CARRY, **about)
    assert said in diagnosis_text(replace(diagnoses.WRONG, suspects=(suspect,)))


def test_a_first_line_is_not_longer_than_a_line():
    names = [f"a_rather_long_name_of_a_gradient_{k}" for k in range(9)]
    wrong = {name: diagnoses.mismatch(name, (0,), 1.0, 2.0) for name in names}
    first = diagnosis_text(Diagnosis("wrong", wrong, right=tuple(f"{n}x" for n in names)))
    assert len(first.splitlines()[0]) <= 200
    assert "(9 of 18 gradients)" in first.splitlines()[0]


def test_remarks_stand_below_the_table_and_advice_comes_last():
    told = replace(
        diagnoses.WRONG, fixes=(), remarks=("W is exactly zero",), advice=("no fix", "more time")
    )
    text = diagnosis_text(told)
    assert "\n  W is exactly zero\n\n  my_lstm.py:11" in text
    assert text.endswith("took 2.3 s\n\n  no fix\n  - more time")
    assert "exactly zero" not in diagnosis_text(replace(told, fixes=(diagnoses.ADDED,)))


def test_of_another_fix_that_puts_a_line_elsewhere_the_neighbours_are_shown():
    moved = diagnoses.fix(10, 9, ["        dV += 0.0"], "put it before")
    (text,) = [diagnosis_text(replace(diagnoses.WRONG, fixes=(diagnoses.ADDED, moved)))]
    _, other = text.split("  or: put it before\n")
    assert other.splitlines()[1].strip() == diagnoses.LINES[7].strip()
    assert "+++" not in other.split("evidence")[0]
