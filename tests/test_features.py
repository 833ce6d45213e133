"""The table of other tools says what `benchmarks/features` looks at, cell by cell."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "features.md"
COLUMNS = {
    "manual-lstm": "manual-lstm",
    "torch `gradcheck`": "gradcheck",
    "jax `check_grads`": "check_grads",
    "MyGrad": "MyGrad",
    "numpy-ml": "numpy-ml",
    "torchrecurrent": "torchrecurrent",
}
NOT_RUN = "ChainRulesTestUtils (Julia)"


def told() -> dict[tuple[str, str], str]:
    """Return what the page's two tables say, by tool and row."""
    cells: dict[tuple[str, str], str] = {}
    tools: list[str] = []
    for line in PAGE.read_text().partition("## What was measured")[0].splitlines():
        parts = [re.sub(r" ¹$", "", part.strip()) for part in line.strip("|").split("|")]
        if line.startswith("| | "):
            tools = parts[1:]
        elif line.startswith("| ") and "---" not in line:
            for tool, cell in zip(tools, parts[1:], strict=True):
                cells[tool, parts[0]] = cell
    return cells


def looked_at() -> dict[tuple[str, str], str]:
    """Return the claims of the benchmark, read from its source: its packages may be absent."""
    found: dict[tuple[str, str], str] = {}
    for path in (ROOT / "benchmarks" / "features").glob("of_*.py"):
        tree = ast.parse(path.read_text())
        (tool,) = (
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TOOL"
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "claim":
                row, cell = map(ast.literal_eval, node.args[1:])
                assert (tool, row) not in found
                found[tool, row] = cell
    return found


def test_every_cell_is_looked_at_and_says_the_same():
    page = {(COLUMNS[tool], row): cell for (tool, row), cell in told().items() if tool != NOT_RUN}
    assert len(page) > 70
    assert looked_at() == page
