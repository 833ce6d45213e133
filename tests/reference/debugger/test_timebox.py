"""Limits of time leave imports whole."""

import importlib
import sys
import time
from pathlib import Path

import pytest

from reference.debugger.running.timebox import TimeUp, Watchdog

SLOW = """
import time
until = time.monotonic() + 0.4
while time.monotonic() < until:
    pass
whole = True
"""


def test_an_import_is_finished_before_the_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiled module that was imported by halves crashed the process when imported again."""
    (tmp_path / "slow_to_import.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with Watchdog() as watchdog, pytest.raises(TimeUp):
            _imported_for_ever(watchdog)
        assert sys.modules["slow_to_import"].whole
    finally:
        sys.modules.pop("slow_to_import", None)


def _imported_for_ever(watchdog: Watchdog) -> None:
    with watchdog.limit(0.05):
        importlib.import_module("slow_to_import")
        while True:
            pass


def test_a_limit_within_an_import_is_a_limit_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that debugs while it is imported is stopped in time."""
    (tmp_path / "debugs_itself.py").write_text(
        "from reference.debugger.running.timebox import TimeUp, Watchdog\n"
        "try:\n"
        "    with Watchdog() as watchdog, watchdog.limit(0.05):\n"
        "        while True:\n"
        "            pass\n"
        "except TimeUp:\n"
        "    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    started = time.monotonic()
    try:
        importlib.import_module("debugs_itself")
    finally:
        sys.modules.pop("debugs_itself", None)
    assert time.monotonic() - started < 5.0


class _Slow:
    def __del__(self):
        until = time.monotonic() + 0.15
        while time.monotonic() < until:
            pass


def _slow_at_first(watchdog: Watchdog) -> None:
    with watchdog.limit(0.05):
        _Slow()
        while True:
            pass


def test_a_stop_within_a_finalizer_is_not_printed_and_comes_again(capsys):
    with Watchdog() as watchdog, pytest.raises(TimeUp):
        _slow_at_first(watchdog)
    assert "TimeUp" not in capsys.readouterr().err
