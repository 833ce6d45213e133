"""The script that the type checker reads works, too."""

from __future__ import annotations

import numpy as np
from tests import user_script


def test_the_numpy_side():
    assert user_script.gradients_of_a_sequence().shape == (5, 2, 4)
    user_script.layers()
    user_script.character_model()


def test_the_verdicts():
    rng = np.random.default_rng(0)
    user_script.verdicts({"W": rng.normal(size=(3, 4))}, {"x": rng.normal(size=(2, 3))})
    user_script.drawn()
