"""The benchmark: everybody computes the same, and what is told is what was measured. No times."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reference.bench import timing
from reference.bench.growth import measure, slope
from reference.bench.rivals import OURS, RIVALS
from reference.bench.sizes import SIZES, Size, draw, parse
from reference.bench.tables import markdown
from reference.cli import main

SMALL = Size(5, 2, 3, 4)
OF_PEERS = ("flax", "numba", "torch")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rival", [rival.name for rival in RIVALS if rival.name not in OF_PEERS])
def test_a_rival_computes_the_same(rival, dtype):
    off = timing.compare(SMALL, dtype, 1e-3, [OURS, rival])["off"]
    assert off[rival] <= 64 * np.finfo(dtype).eps


@pytest.mark.peers
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rival", OF_PEERS)
def test_a_peer_computes_the_same(rival, dtype):
    off = timing.compare(SMALL, dtype, 1e-3, [OURS, rival])["off"]
    assert off[rival] <= 64 * np.finfo(dtype).eps


def test_who_computes_something_else_is_not_timed(monkeypatch):
    rival = next(rival for rival in RIVALS if rival.name == "per gate")

    def wrong(task):
        prepared = rival.prepare(task)
        return prepared._replace(gradients=lambda results: _doubled(prepared.gradients(results)))

    replaced = [one._replace(prepare=wrong) if one is rival else one for one in RIVALS]
    monkeypatch.setattr(timing, "RIVALS", replaced)
    with pytest.raises(AssertionError, match="per gate computes something else"):
        timing.compare(SMALL, "float64", 1e-3, [OURS, "per gate"])


def _doubled(gradients):
    return gradients._replace(xs=2 * gradients.xs)


def test_ratios_are_those_of_a_round():
    times = {
        OURS: timing.Timing([1.0, 2.0], [1.0, 1.0]),
        "jax": timing.Timing([2.0, 2.0], [3.0, 5.0]),
    }
    assert timing.ratios(times, "wall")["jax"] == [2.0, 1.0]
    assert timing.ratios(times, "processor")["jax"] == [3.0, 5.0]


def test_sizes_are_read_as_they_are_written():
    assert [parse(str(size)) for size in SIZES] == list(SIZES)
    for text in ("50,1,16", "50,1,16,0", "50,1,16,x", "50, 1,16,16"):
        with pytest.raises(ValueError, match=r"must be T,B,D,H"):
            parse(text)


def test_slope_is_the_exponent_at_the_end():
    assert slope([1, 2, 4], [7, 3, 24]) == pytest.approx(3)


def test_segments_need_less_memory():
    costs = measure(draw(Size(400, 2, 3, 16), "float32"), (None, "auto"), 0)
    assert costs["auto"].tape * 5 < costs[None].tape
    assert costs["auto"].memory * 5 < costs[None].memory
    assert len(costs[None].seconds) == len(costs["auto"].seconds) >= 3


def test_command(tmp_path, capsys):
    """One small size, in a process of its own: tables, measurements, picture and page."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- manual-lstm bench -->\nold\n<!-- end -->\nafter\n")
    words = ["bench", "--size", "5,2,3,4", "--threads", "1", "--dtype", "float64"]
    words += ["--no-growth", "--seconds", "0.01"]
    files = {"--update": page, "--json": tmp_path / "all.json", "--png": tmp_path / "all.png"}
    written = [word for option, path in files.items() for word in (option, str(path))]
    status = main([*words, "--against", "per gate", *written])
    printed = capsys.readouterr().out
    assert status == 0
    assert "| 5,2,3,4 | float64 |" in printed
    assert page.read_text() == (
        f"before\n<!-- manual-lstm bench -->\n{printed}<!-- end -->\nafter\n"
    )
    records = json.loads((tmp_path / "all.json").read_text())
    assert [record["kind"] for record in records] == ["environment", "times"]
    assert set(records[1]["times"]) == {OURS, "per gate", timing.FLOOR}
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "5,2"], "--size has the value '5,2', but must be T,B,D,H"),
        (["--threads", "0"], "--threads has the value '0', but must be a positive integer"),
        (["--update", "nowhere.md"], "--update has the value nowhere.md, but must be a page with"),
        (["--against", "nobody"], "--against has the value 'nobody', but must be"),
    ],
)
def test_unusable_input(arguments, message, capsys):
    try:
        status = main(["bench", *arguments])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert message in capsys.readouterr().err


def test_tables_of_growth():
    cost = {"tape": 2**20, "threads": 1}
    growth = [
        cost | {"kind": "growth", "axis": "T", "size": f"{T},1,1,1", "value": T, "segment": None,
                "seconds": [T / 10], "memory": T**2}
        for T in (10, 100)
    ]  # fmt: skip
    segments = [
        cost | {"kind": "segment", "size": "9,1,1,1", "segment": segment, "seconds": [seconds],
                "memory": memory}
        for segment, seconds, memory in [(None, 1.0, 2**24), ("auto", 1.25, 2**20)]
    ]  # fmt: skip
    environment = {"kind": "environment", "processor": "one", "processors": 1, "python": "3",
                   "versions": {"numpy": "2", "torch": None}, "blas": "plain"}  # fmt: skip
    text = markdown([environment, *growth, *segments])
    assert "| `auto` | 1.0 | 1.0 | 1/16.0 | 1.25 |" in text
    assert "| T | 10,1,1,1 | 100,1,1,1 | none | 1.00 | 2.00 |" in text
    assert "one, 1 processors; Python 3, numpy 2, plain." in text
