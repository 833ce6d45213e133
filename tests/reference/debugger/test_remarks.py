"""What the numbers of wrong gradients say alone, and what to do where nothing was found."""

from dataclasses import replace

import numpy as np
import pytest

from reference.compare import NOT_COUNTED, Mismatch, compare
from reference.debugger.answering.advice import SIZES, advice
from reference.debugger.answering.finishing import at_other_sizes, finished
from reference.debugger.answering.remarks import remarks
from reference.debugger.debug import debug
from reference.debugger.diagnosis import Diagnosis, Edit, Fix, Suspect
from reference.debugger.judging.along import along
from reference.debugger.judging.verdict import Judgement
from reference.report.words import extent

RNG = np.random.default_rng(5)
TRUE = {"W": RNG.standard_normal((4, 4)), "b": RNG.standard_normal(3)}
INPUTS = {"x": np.zeros((7, 5, 3)), "words": ["a"] * 11, "mask": np.ones((7, 2))}
ALL = "all gradients are"


def judged(mine, true=TRUE, inputs=INPUTS, right=()):
    wrong = {name: compare("TOTAL", name, mine[name], true[name], 1e-12) for name in mine
             if name not in right}  # fmt: skip
    return Judgement("wrong", wrong, right, params=true, inputs=inputs, manual=mine,
                     reference=true)  # fmt: skip


def scaled(factor):
    return {name: factor * value for name, value in TRUE.items()}


@pytest.mark.parametrize(
    ("mine", "said"),
    [(scaled(7.0), "all gradients are 7 times what they should be: 7 is x.shape[0]"),
     (scaled(1 / 11), "all gradients are 1/11 of what they should be: 11 is len(words)"),
     (scaled(35.0), f"{ALL} 35 times what they should be: 35 is x.shape[0] * x.shape[1]"),
     (scaled(2.8), f"{ALL} 2.8 times what they should be: 2.8 is mask.sum() / x.shape[1]"),
     (scaled(1.3), "all gradients are 1.3 times what they should be"),
     (scaled(np.log(2)), "all gradients are 0.69315 times what they should be: 0.69315 is ln 2"),
     (scaled(-1.0), "all gradients are what they should be with the opposite sign"),
     ({"W": 0 * TRUE["W"], "b": TRUE["b"] + 1}, "W is exactly zero"),
     ({"W": TRUE["W"].T, "b": TRUE["b"] + 1}, "W is the transpose of what it should be"),
     ({name: np.clip(value, -0.3, 0.3) for name, value in TRUE.items()},
      "the wrong entries are 0.3 or -0.3 where more is right: they are clipped there, so switch "
      "clipping off for the check"),
     ({name: value * 0.25 / np.linalg.norm(value) for name, value in TRUE.items()},
      "the norm of each gradient is 0.25, and they are less than they should be by a factor: they "
      "are clipped by norm, so switch clipping off for the check"),
     (scaled(0.5 / np.hypot(*map(np.linalg.norm, TRUE.values()))),
      "the norm of all gradients together is 0.5, and they are less than they should be by a "
      "factor: they are clipped by norm, so switch clipping off for the check")],
)  # fmt: skip
def test_what_the_numbers_say(mine, said):
    assert remarks(judged(mine)) == (said,)


def test_numbers_that_are_only_wrong_say_nothing():
    assert remarks(judged({name: value + 0.1 for name, value in TRUE.items()})) == ()


def test_one_factor_of_one_gradient_of_three_is_no_rule():
    mine = {"W": 3 * TRUE["W"], "b": TRUE["b"] + 1, "c": np.ones(2)}
    assert remarks(judged(mine, {**TRUE, "c": np.array([2.0, 5.0])})) == ()


def one_entry(name, mine, true):
    return Mismatch("TOTAL", name, (0,), {}, mine, true, abs(mine - true), 1e-7, 1, 900,
                    note=NOT_COUNTED)  # fmt: skip


def test_of_large_arrays_the_entries_that_were_looked_at_tell_a_factor():
    wrong = {name: one_entry(name, 11 * v, v) for name, v in (("W", 0.3), ("b", -2.0))}
    judgement = Judgement("wrong", wrong, ("c",), inputs=INPUTS)
    (said,) = remarks(judgement)
    assert said == "all 2 wrong gradients are 11 times what they should be: 11 is len(words)"
    alone = replace(judgement, wrong={"W": wrong["W"]})
    assert remarks(alone) == ()  # any two numbers have a factor
    clipped = replace(judgement, wrong={"W": one_entry("W", -5.0, -5.1)})
    assert "clipped" in remarks(clipped)[0]


def test_the_note_of_one_entry_is_known_to_the_report():
    seen = along("W", np.ones(9), lambda way: 0.0, 0.0)
    assert isinstance(seen, Mismatch)
    assert seen.note == NOT_COUNTED
    assert extent(seen) == "not counted, of 9"


SMALL = {"W": np.ones((3, 4))}, {"x": np.ones((5, 2, 4))}
LARGE = {"W": np.ones((90, 40))}, {"x": np.ones((30, 20, 40))}
WRONG = Diagnosis("wrong", seconds=9.0, sources={"a.py": "x = 1\n"})


def test_where_no_line_was_found_the_answer_says_so_and_what_to_do():
    (what, sizes) = advice(WRONG, LARGE, 20.0)
    assert what == "no line was found"
    assert "let example(rng) draw small arrays" in sizes
    assert "were not made smaller" in sizes
    (what, sizes) = advice(replace(WRONG, evidence={SIZES: {90: 4}}), LARGE, 20.0)
    assert "were not made smaller" not in sizes


def test_more_time_is_asked_for_only_where_it_was_used_up():
    assert advice(WRONG, SMALL, 20.0) == ("no line was found",)
    (_, more) = advice(replace(WRONG, seconds=18.0), SMALL, 20.0)
    assert more == "give it more time: --seconds 60, or seconds=60 of debug"


def test_equal_sizes_are_told():
    alike = SMALL[0], {"x": np.ones((3, 3, 4))}
    (_, differ) = advice(WRONG, alike, 20.0)
    assert "x.shape[0] and x.shape[1] are one" in differ


def test_source_that_is_not_to_be_had_is_the_only_thing_to_say():
    (only,) = advice(replace(WRONG, sources={}), LARGE, 20.0)
    assert "source of the functions is not to be had" in only


def test_guesses_are_called_so():
    guess = Suspect("a.py", 1, "x = 1", "f", confidence=0.5)
    (what,) = advice(replace(WRONG, suspects=(guess,)), SMALL, 20.0)
    assert what == "no fix was found that passes: the lines above are guesses, the likeliest first"


def test_what_the_tool_could_not_do_is_a_detail_unless_it_is_all_there_is_to_say():
    own = "JAX: TypeError: use x = x.at[idx].set(y)"
    told = finished(replace(WRONG, reasons=(own, "loss prints")), Judgement("wrong"), SMALL, 20.0)
    assert (told.reasons, told.details) == (("loss prints",), (own,))
    assert "x.at[idx]" not in str(told)
    told = finished(Diagnosis("inconclusive", reasons=(own,)), Judgement("wrong"), SMALL, 20.0)
    assert told.reasons == (own,)


@pytest.mark.parametrize(
    ("steps", "pattern", "kept"),
    [((0, 1, 2, 3, 4), "all", True), ((1, 2, 3), "all but t=0", True), ((4, 5), "", True),
     (tuple(range(101)), "all", False), ((1, 76), "", False), ((0, 1, 2, 3), "all", True),
     ((0, 1), "all but the last", True)],
)  # fmt: skip
def test_numbers_that_no_argument_is_as_long_as_are_no_time_steps(steps, pattern, kept):
    suspect = Suspect("a.py", 1, "x = 1", "f", steps=steps, pattern=pattern)
    told = finished(replace(WRONG, suspects=(suspect,)), Judgement("wrong"), SMALL, 20.0)
    assert told.suspects[0] == (suspect if kept else replace(suspect, steps=()))


def test_a_line_that_the_fix_changes_is_as_sure_as_the_fix():
    edit = Edit("a.py", 1, 1, ("x = 1",), ("x = 2",))
    sure = Suspect("a.py", 1, "x = 1", "f", confidence=0.6)
    other = replace(sure, line=2)
    fixed = replace(WRONG, suspects=(sure, other), fixes=(Fix((edit,), "", "", "x = 1\n"),))
    told = finished(fixed, Judgement("wrong"), SMALL, 20.0)
    assert [s.confidence for s in told.suspects] == [0.95, 0.6]


def test_a_line_that_is_to_move_is_not_said_to_be_what_it_is():
    moved = Suspect("a.py", 1, "x = 1", "f", confidence=0.95, should_be="x = 1")
    told = finished(replace(WRONG, suspects=(moved,)), Judgement("wrong"), SMALL, 20.0)
    assert told.suspects[0].should_be == ""


def test_an_edit_that_does_not_pass_is_not_called_a_repair():
    guess = Suspect("a.py", 1, "x = 1", "f", confidence=0.6, engines=("probe", "repair"))
    text = str(replace(WRONG, suspects=(guess,)))
    assert "an edit that mends a part of it" in " ".join(text.split())
    assert "a repair that passes" not in text


def test_floats_of_seven_digits_are_named_where_nothing_could_be_told():
    short = {"W": np.ones((3, 4), np.float32)}, SMALL[1]
    (said,) = advice(Diagnosis("inconclusive"), short, 20.0)
    assert "float32" in said
    assert advice(Diagnosis("inconclusive"), SMALL, 20.0) == ()


def test_a_way_of_the_tools_that_took_too_long_is_no_reason_to_ask_for_time():
    late = Diagnosis("inconclusive", reasons=("JAX: takes too long", "W: a kink"))
    assert finished(late, Judgement("inconclusive"), SMALL, 20.0).advice == ()
    late = Diagnosis("inconclusive", reasons=("the loss did not end in time; it was at line 3",))
    (more,) = finished(late, Judgement("inconclusive"), SMALL, 20.0).advice
    assert "--seconds 60" in more


@pytest.mark.parametrize(("steps", "kept"), [((0, 1), False), ((0, 1, 2, 3, 4), True)])
def test_layers_are_no_time_steps_though_there_are_two_rows(steps, kept):
    suspect = Suspect("a.py", 1, "x = 1", "f", steps=steps, pattern="all")
    told = finished(replace(WRONG, suspects=(suspect,)), Judgement("wrong"), SMALL, 20.0)
    assert bool(told.suspects[0].steps) == kept


def test_layers_are_no_time_steps():
    suspect = Suspect("a.py", 1, "x = 1", "f", steps=(0, 1), pattern="all")
    given = SMALL[0], {"x": np.ones((5, 4))}
    told = finished(replace(WRONG, suspects=(suspect,)), Judgement("wrong"), given, 20.0)
    assert told.suspects[0].steps == ()


def test_steps_of_a_shorter_sequence_are_not_told_as_those_of_the_given_one():
    suspects = [Suspect("a.py", 1, "x = 1", "f", steps=steps, pattern=pattern)
                for steps, pattern in (((0, 1, 2), "all but the last"), ((1, 2), "t=1, 2"),
                                       ((0,), "t=0"))]  # fmt: skip
    told = at_other_sizes(replace(WRONG, suspects=tuple(suspects)), {40: 4}).suspects
    assert [(s.steps, s.pattern) for s in told] == [
        ((), "all but the last"), ((), ""), ((0,), "t=0")
    ]  # fmt: skip


def test_a_search_that_stopped_at_an_error_is_not_told_as_source_that_is_lacking(monkeypatch):
    def fails(*_):
        raise RuntimeError("of its own")

    monkeypatch.setattr("reference.debugger.debug.not_read", fails)
    params, inputs = {"W": 0.3 * RNG.standard_normal((4, 3))}, {"x": RNG.standard_normal((6, 4))}
    found = debug(loss, limited, params, inputs, seconds=8)
    assert "the search for the line stopped: RuntimeError: of its own" in found.reasons
    assert found.advice[0] == "no line was found"


def loss(params, inputs):
    return float(np.sum(np.tanh(inputs["x"] @ params["W"])))


def limited(params, inputs, max_norm=0.5):
    g = inputs["x"].T @ (1 - np.tanh(inputs["x"] @ params["W"]) ** 2)
    norm = np.sqrt(np.sum(g**2))
    if norm > max_norm:
        g *= max_norm / norm
    return {"W": g}


def test_clipping_by_norm_is_called_so():
    params, inputs = {"W": 0.3 * RNG.standard_normal((4, 3))}, {"x": RNG.standard_normal((6, 4))}
    found = debug(loss, limited, params, inputs, seconds=8)
    assert found.suspects[0].kind == "clipped", found
    assert found.suspects[0].line in (
        limited.__code__.co_firstlineno + 3, limited.__code__.co_firstlineno + 4
    )  # fmt: skip
