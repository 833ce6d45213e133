"""Commands that the documentation shows are run, and print what it says, up to the last digits."""

from __future__ import annotations

import re
import shutil

import pytest
from tests.docs_commands import ROOT, printed, shown

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
BY_THE_CLOCK = re.compile(r"^ *(?:took|evidence: to find the line).*\n", re.MULTILINE)
PAGES = {"vectors.md": "gcc", "flow.md": None, "debugger.md": None}


def same(printed: str, stated: str) -> bool:
    """Compare two texts; numbers may differ by what another processor's rounding does to them."""
    printed, stated = BY_THE_CLOCK.sub("", printed), BY_THE_CLOCK.sub("", stated)
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", stated).split():
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(stated), strict=True)
    return all(
        float(a) == pytest.approx(float(b), rel=0.1, abs=min(map(_last_digit, (a, b))))
        for a, b in pairs
    )


def _last_digit(number: str) -> float:
    """Return what one is worth in the last digit of a number that has one digit and a power."""
    digit, _, power = number.lstrip("-").partition("e")
    return 10.0 ** int(power) if power and len(digit) == 1 else 0.0


@pytest.mark.parametrize("name", PAGES)
def test_commands_print_what_is_shown(name, tmp_path):
    needed = PAGES[name]
    if needed and shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    commands = shown(ROOT / "docs" / name)
    assert commands
    for command, stated in commands:
        told = printed(command, tmp_path)
        assert same(told, stated), f"{command} printed\n{told}"


def test_another_number_and_another_word_are_noticed():
    assert same("f is 0.950 a step", "f is 0.951 a  step")
    assert not same("f is 0.950 a step", "f is 0.750 a step")
    assert not same("f is 0.950 a step", "f is 0.950 a row")


def test_the_only_digit_of_a_number_is_rounded():
    assert same("9e+12 × rounding", "1e+13 × rounding")
    assert not same("7e+12 × rounding", "1e+13 × rounding")


def test_seconds_are_not_compared():
    assert same("right: U\n  took 0.2 s\n", "right: U\n  took 1.9 s\n")
    assert not same("right: U\n  took 0.2 s\n", "wrong: U\n  took 0.2 s\n")
