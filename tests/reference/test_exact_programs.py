"""Right programs in many styles are proved, and each wrong edit of one is refuted."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.exact_programs import PROGRAMS

from reference.exact import prove

EDITS = [(name, k) for name, program in PROGRAMS.items() for k in range(len(program.edits))]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_right_program_is_proved(name):
    program = PROGRAMS[name]
    code = program.load()
    proof = prove(code["loss"], code["backward"], *program.arrays(), trials=2)
    assert proof.verdict == "proved", proof


@pytest.mark.parametrize(("name", "k"), EDITS)
def test_a_wrong_program_is_refuted(name, k):
    program = PROGRAMS[name]
    code = program.load(program.edits[k])
    proof = prove(code["loss"], code["backward"], *program.arrays())
    assert proof.verdict == "refuted", proof


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_right_program_is_right_on_floats(name):
    program = PROGRAMS[name]
    code = program.load()
    params, inputs = program.arrays()
    gradients = code["backward"](params, inputs)
    rng = np.random.default_rng(1)
    for key, gradient in gradients.items():
        group = params if key in params else inputs
        direction = rng.standard_normal(np.shape(gradient))
        step = 1e-6 * direction

        def moved(sign, group=group, key=key, step=step):
            there = {**group, key: group[key] + sign * step}
            return code["loss"](*((there, inputs) if group is params else (params, there)))

        difference = (moved(1) - moved(-1)) / 2e-6
        assert np.sum(gradient * direction) == pytest.approx(difference, rel=1e-6, abs=1e-6), key
