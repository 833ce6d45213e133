"""Commands that the documentation shows are run, and print what it says, up to the last digits."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
PAGES = {"vectors.md": "gcc", "flow.md": None}


def shown(page: Path) -> list[tuple[list[str], str]]:
    """Return the commands of a page, each with the output that is shown."""
    commands: list[tuple[list[str], str]] = []
    for block in CONSOLE.findall(page.read_text()):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((shlex.split(line[2:]), ""))
            else:
                command, output = commands[-1]
                commands[-1] = (command, output + line + "\n")
    return commands


def same(printed: str, stated: str) -> bool:
    """Compare two texts; numbers may differ by what another processor's rounding does to them."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", stated).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(stated), strict=True)
    return all(float(a) == pytest.approx(float(b), rel=0.1) for a, b in pairs)


@pytest.mark.parametrize("name", PAGES)
def test_commands_print_what_is_shown(name, tmp_path):
    needed = PAGES[name]
    if needed and shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = shown(ROOT / "docs" / name)
    assert commands
    for command, stated in commands:
        if command[0] == "manual-lstm":
            command = [sys.executable, "-m", "reference", *command[1:]]
        run = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False)
        assert same(run.stdout, stated), f"{shlex.join(command)} printed\n{run.stdout}"


def test_another_number_and_another_word_are_noticed():
    assert same("f is 0.950 a step", "f is 0.951 a  step")
    assert not same("f is 0.950 a step", "f is 0.750 a step")
    assert not same("f is 0.950 a step", "f is 0.950 a row")
