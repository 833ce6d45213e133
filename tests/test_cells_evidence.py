"""The page of evidence has every cell and layer, each with the parameters that it has now."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from benchmarks.cells import counted_anew
from benchmarks.parameters import formula, parameters_of

import manual_lstm as ml
from reference.everything import everything

PAGE = (Path(__file__).parent.parent / "docs" / "cells-evidence.md").read_text()


def test_the_page_says_what_is_counted_now():
    assert counted_anew(PAGE) == PAGE
    assert counted_anew(PAGE.replace("= 128 |", "= 127 |")) == PAGE


def test_every_cell_and_layer_that_is_checked_has_a_row():
    assert re.findall(r"^\| `(.*?)` \|", PAGE, re.MULTILINE) == [*everything()][:-1]


def test_a_formula_is_that_of_the_arrays():
    params = ml.GRU(3, 4).init_params(np.random.default_rng(0))
    assert parameters_of("GRU").endswith(f" = {sum(array.size for array in params)}")
    assert formula(ml.LSTMP) == "4DH + 5/2 H² + 4H"
    assert formula(ml.MLSTM) == "4DH + 2D + 4H + 2"


def test_what_is_no_such_formula_is_refused():
    class Cubic(ml.LSTM):
        def init_params(self, rng, dtype=np.float64):
            return (np.zeros(self.hidden_size**3),)

    with pytest.raises(ValueError, match="Cubic has 8 parameters with D = 1 and H = 2"):
        formula(Cubic)
