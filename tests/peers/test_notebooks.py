"""The cells of the notebook about training that need torch, which building the pages does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.peers
NOTEBOOK = Path(__file__).parent.parent.parent / "docs" / "notebooks" / "train.ipynb"


def test_losses_are_those_of_torch(capsys):
    names: dict = {"__name__": "__main__"}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    to_torch, to_numpy = names["compared"]
    assert to_torch < 1e-9
    assert to_numpy < 1e-9
    assert "torch is not installed" not in capsys.readouterr().out
