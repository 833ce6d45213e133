"""The commands that a page of the documentation shows, and what they print.

``python -m tests.docs_commands debugger.md`` runs them and writes what they print into the page.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(page: Path) -> list[tuple[str, str]]:
    """Return the commands of a page, each with the output that is shown."""
    return [pair for block in CONSOLE.findall(page.read_text()) for pair in _pairs(block)]


def _pairs(block: str) -> list[tuple[str, str]]:
    commands: list[tuple[str, str]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], ""))
        else:
            command, output = commands[-1]
            commands[-1] = (command, output + line + "\n")
    return commands


def printed(line: str, folder: Path) -> str:
    """Run a command of a page in a folder in which the examples are."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    command = shlex.split(line, comments=True)
    if command[0] == "manual-lstm":
        command = [sys.executable, "-m", "reference", *command[1:]]
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    return run.stdout


def written(page: Path) -> str:
    """Return the text of a page with what its commands print now."""
    with tempfile.TemporaryDirectory() as folder:

        def block(found: re.Match[str]) -> str:
            texts = (f"$ {line}\n{printed(line, Path(folder))}" for line, _ in _pairs(found[1]))
            return f"```console\n{''.join(texts)}```"

        return CONSOLE.sub(block, page.read_text())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = ROOT / "docs" / name
        path.write_text(written(path))
