"""Notebooks are stored without outputs, are in the navigation, and a failing cell fails the build.

That they run is seen where the pages are built: ``make docs`` executes them.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def named(path: Path) -> str:
    return path.stem


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text())["cells"]


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == {"check_a_cell", "train", "debug_a_gate"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_stored_without_outputs(path: Path):
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    assert not [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]]
    assert not [cell["id"] for cell in cells(path) if cell["metadata"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_stored_as_a_diff_can_be_read(path: Path):
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_in_the_navigation_and_reached_from_the_first_page(path: Path):
    assert f"      - notebooks/{path.stem}.md\n" in (ROOT / "mkdocs.yml").read_text()
    assert f"(notebooks/{path.name})" in (ROOT / "docs" / "index.md").read_text()


def hook():
    for package in ("ipykernel", "nbconvert"):
        pytest.importorskip(package, reason="the extra dev executes notebooks")
    file = ROOT / "docs" / "hooks" / "notebooks.py"
    spec = importlib.util.spec_from_file_location("notebooks", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path: Path, code: str) -> None:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": code}
    cell |= {"execution_count": None, "outputs": []}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


# Jupyter's own: sockets and event loops that are closed late.
@pytest.mark.filterwarnings("default")
def test_a_failing_cell_fails_the_build(tmp_path):
    notebooks = hook()
    place = tmp_path / "notebooks"
    place.mkdir()
    config = type("Config", (), {"docs_dir": str(tmp_path)})
    write(place / "wrong.ipynb", "print(1 / 0)")
    with pytest.raises(Exception, match=r"wrong\.ipynb did not run(.|\n)*division by zero"):
        notebooks.on_files([], config)
    write(place / "wrong.ipynb", "print(6 * 7)")
    assert "    42\n" in notebooks.executed(place / "wrong.ipynb")
