"""The pages of the cells, which are made from the sources, leave nothing out."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import manual_lstm as ml

ROOT = Path(__file__).parent.parent


def hook(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


equations = hook("equations").equations
cell_pages = hook("cell_pages")
CELLS = cell_pages.cells()


def test_every_public_cell_has_a_page():
    with_a_backward = {
        name
        for name in ml.__all__
        if isinstance(getattr(ml, name), type) and hasattr(getattr(ml, name), "step_backward")
    }
    assert {cell.__name__ for cell in CELLS.values()} == with_a_backward - {"Cell"}
    assert set(cell_pages.pages()) == {f"cells/{name}.md" for name in CELLS}


@pytest.mark.parametrize("name", CELLS)
def test_every_line_of_a_backward_stands_beside_what_it_reverses(name: str):
    backward = CELLS[name].step_backward
    code = cell_pages.body(backward)
    groups = cell_pages.reversed_lines(backward)
    assert [g.forward for g in groups if g.forward.startswith("forward: ")]
    first = next(number for number, line in enumerate(code) if line.startswith("#"))
    *statements, returned = map(ast.unparse, ast.parse("\n".join(code[first:])).body)
    shown = [ast.unparse(s) for group in groups for s in ast.parse(group.code).body]
    assert shown in (statements, [*statements, returned])


@pytest.mark.parametrize("name", CELLS)
def test_every_line_of_a_backward_has_an_equation(name: str):
    for group in cell_pages.reversed_lines(CELLS[name].step_backward):
        lines = equations(group.code)
        assert len(lines) >= group.code.count("\nd") + group.code.startswith("d")
        assert not [line for line in lines if "np." in line or "@" in line]


@pytest.mark.parametrize(
    ("code", "equation"),
    [
        ("dz_g = dg * (1 - g**2)", "dz_g = dg ⊙ (1 - g²)"),
        ("dW_h = h_prev.T @ dz", "dW_h = h_prevᵀ dz"),
        ("dh = (a - (b - c)) / (d * e)", "dh = (a - (b - c)) / (d ⊙ e)"),
        ("db = None if b is None else dz.sum(axis=0)", "db = Σ_batch dz"),
        ("dp = (dz * c).sum(axis=0)", "dp = Σ_batch (dz ⊙ c)"),
        ("dn = dr[:, None] * q", "dn = dr ⊙ q"),
        ("dm = -dfloor * floor", "dm = -dfloor ⊙ floor"),
        ("dz = dn * self.activation.slope(n)", "dz = dn ⊙ activation′(n)"),
    ],
)
def test_an_equation_says_what_the_code_says(code: str, equation: str):
    assert equations(code) == [equation]


def test_a_product_with_inputs_has_two_equations():
    code = "dx, dW_x = input_product_backward(x, W_x, dz)"
    assert equations(code) == ["dx = dz W_xᵀ", "dW_x = xᵀ dz"]


def test_the_table_of_cells_leads_to_the_pages():
    class Page:
        class file:  # noqa: N801 - as in MkDocs
            src_uri = "cells.md"

    text = cell_pages.on_page_markdown("`gru.py` and `other.py`", Page)
    assert text == "[`gru.py`](cells/gru.md) and `other.py`"
