"""Which line comes first where no fix is known: what is surely at fault, last what explains all."""

import ast
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from reference.debugger.answering.by_evidence import _name_of, named_by, value_in_words
from reference.debugger.diagnosis import Suspect
from reference.debugger.naming.kinds_by_values import divided
from reference.debugger.naming.standing import reads_another
from reference.debugger.running.sites import Site
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.evidence import Evidence

from .test_kinds_by_numbers import patient, suspects  # noqa: F401  (a fixture)


def of(found, text):
    """Return the suspect on a line and its place among all."""
    return next((n, s) for n, s in enumerate(found) if s.text == text.strip())


def test_zeros_that_a_sum_begins_with_come_after_what_is_added():
    wrong = '        dW += np.sort(inputs["xs"][t]).T @ dz'
    found = suspects(('        dW += inputs["xs"][t].T @ dz', wrong))
    rank, suspect = of(found, wrong)
    assert (rank, suspect.kind) == (0, "wrong operand")
    zeros = of(found, 'dW = np.zeros_like(params["W"])')[0]
    assert all(s.text.startswith("return") for s in found[zeros + 1 :])


@pytest.mark.parametrize(
    ("line", "factor", "kind"),
    [("dz /= count", 0.7, "scale 1/B or 1/T"), ("dz = e / n", 3.1, "scale 1/B or 1/T"),
     ("dz /= count", -0.7, ""), ("dz *= count", 0.7, "")],
)  # fmt: skip
def test_a_number_that_nothing_else_is_belongs_to_the_line_that_divides(line, factor, kind):
    said = divided(ast.parse(line).body[0], "dz", factor)
    assert (said.kind if said else "") == kind


def now(made, wanted, known):
    """Return what is known of one value, where the loss makes others."""
    made, wanted = np.asarray(made), np.asarray(wanted)
    adjoints = Adjoints(np.array([9.0]), np.array([9.0]), np.asarray(known))
    run = SimpleNamespace(value=made)
    return SimpleNamespace(
        agreement=SimpleNamespace(adjoints=adjoints),
        recording=SimpleNamespace(executions={0: [run]}),
        wanted=lambda _: True,
        first_delta=lambda _: wanted - made,
    )


@pytest.mark.parametrize(
    ("made", "wanted", "known", "sure"),
    [
        ([1.0, 2.0], [3.0, 4.0], [1.0, 2.0, 3.0, 4.0], True),
        ([1.0, 2.0], [3.0, 5.0], [1.0, 2.0, 3.0, 4.0], False),
        ([1.0, 7.0], [3.0, 4.0], [1.0, 2.0, 3.0, 4.0], False),
        ([1.0], [3.0], [1.0, 3.0], False),  # by chance
    ],
)
def test_what_should_be_another_value_of_the_loss_is_at_fault(made, wanted, known, sure):
    e = Evidence(0, 1.0, ("W",), 0.1, (0,), np.zeros(len(made)), unique=True)
    found = reads_another(cast(Any, now(made, wanted, known)), [e])
    assert (found is e) == sure


@pytest.mark.parametrize(
    ("line", "wrong", "pattern"),
    [
        # At the first step there is no step before: no index mends both.
        ("        dU += hs[t].T @ dz", "        dU += hs[max(t, 1) - 1].T @ dz", "all but t=0"),
        ("        df = dc * cs[t] * f * (1 - f)",
         "        df = dc * (cs + cs)[t - 1] * f * (1 - f)", "all"),
    ],
)  # fmt: skip
def test_an_operand_of_the_step_beside_is_one_off(line, wrong, pattern):
    _, suspect = of(suspects((line, wrong)), wrong)
    assert (suspect.kind, suspect.pattern) == ("index off by one", pattern)


def test_an_index_that_is_below_zero_wraps_around():
    wrong = "        dU += outs[t - 1].T @ dz"
    found = suspects(
        (
            "    dh_next = np",
            '    outs = np.array([*hs[1:-1], inputs["h0"] * 2])\n    dh_next = np',
        ),
        ("        dU += hs[t].T @ dz", wrong),
    )
    _, suspect = of(found, wrong)
    assert (suspect.kind, suspect.pattern) == ("index off by one", "t=0")


def test_what_is_added_to_what_should_be_gone():
    held = '        dh_next += dz @ params["U"].T'
    _, suspect = of(suspects(('        dh_next = dz @ params["U"].T', held)), held)
    assert suspect.kind == "+= for ="


def test_a_sum_that_takes_only_what_the_last_turn_has_made():
    found = suspects(
        ("        db += dz.sum(axis=0)", "        part = dz.sum(axis=0)"),
        ("    return {", "    db += part\n    return {"),
    )
    _, suspect = of(found, "db += part")
    assert suspect.kind == "accumulation outside the loop"


def test_a_line_is_told_by_the_evidence_that_has_a_name_for_it():
    one = Suspect("f.py", 3, "dz = e / n", "back", "dz", (), "all", "", "", "", 0.5, ("probe",))
    named, weak = replace(one, kind="index off by one"), replace(one, kind="missing path")
    assert named_by([named], [one]) == [named]
    assert named_by([weak], [replace(one, kind="wrong sign")]) == [replace(one, kind="wrong sign")]
    assert named_by([named], [replace(one, line=4)]) == [replace(one, line=4)]


def test_the_result_and_the_params_explain_anything_and_come_last():
    wrong = '        dW += np.sort(inputs["xs"][t]).T @ dz'
    found = suspects(('        dW += inputs["xs"][t].T @ dz', wrong))
    handed_on = [s for s in found if s.text.startswith("return {") and "spoil" not in s.text]
    assert all(s.confidence < 0.5 for s in handed_on)
    assert of(found, wrong)[1].confidence >= 0.4


@pytest.mark.parametrize(
    ("made", "wanted", "said"),
    [
        (np.ones(3), np.array([1.0, 3e-17, -2.0]), "[ 1.  0. -2.]"),
        (np.zeros((4, 5)), np.eye(4, 5)[::-1] * 2, "2 at [0, 3], where it is 0"),
        (np.ones((4, 5)), 1e-17 * np.ones((4, 5)), "0 throughout"),
        (np.array(2.0), np.array(0.5), "0.5"),
    ],
)
def test_of_a_large_value_the_entry_that_is_off_most_is_told(made, wanted, said):
    assert value_in_words(made, wanted) == said


@pytest.mark.parametrize(
    ("text", "name", "role", "said"),
    [
        ("f(dh * m, k)", "f", "argument", "dh * m"),
        ("[np.zeros_like(getattr(self, one))]", "np.zeros_like(getattr(self, on", "element",
         "np.zeros_like(getattr(self, one))"),
        ("d = x @ W", "d", "assigned", "d"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_called_as_it_is_written(text, name, role, said):
    at = text.index(said if role == "argument" else said[:5] if role == "element" else "x @")
    written = said if role != "assigned" else "x @ W"
    site = Site("a.py", 1, 1, "f", name, role, False, (at, at + len(written)))
    assert _name_of(site, text) == said
