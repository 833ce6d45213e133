"""Derivatives of activated values: which edits are made, and of what."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from reference.debugger.repair import Place, derivatives
from reference.debugger.running.source import Source

TEXT = """\
def back(s, dh):
    carry = (1 - s) * dh
    return carry
"""


@pytest.mark.parametrize(("s", "whole"), [([0.2, 0.5, 1.0], True), ([1.0, 0.0, 1.0], False)])
def test_a_mask_is_no_activated_value(s, whole):
    source = Source("f", TEXT)
    statement = next(n for n in ast.walk(source.tree) if isinstance(n, ast.Assign))
    env = {"s": np.array(s), "dh": np.full(3, 2.0)}
    place = Place(source, source.units[0], source.tree.body[0], statement, [env])
    texts = [source.edited(rewrite.splices) for rewrite in derivatives.completions(place)]
    assert any("s * (1 - s) * dh" in text for text in texts) == whole
