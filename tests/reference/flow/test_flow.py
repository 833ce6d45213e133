"""The flow of a gradient: norms are those of the true gradient, paths are told apart."""

from __future__ import annotations

import json
import re
import struct

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.layer import output_size
from reference.cli import main
from reference.flow.measure import CELL, GATES, Subject, fitted_rate, measure
from reference.flow.subjects import NextCharacter, subjects_of, windows
from reference.flow.text import halved_in, lags_shown

B, D, H, LAGS = 3, 4, 5, 6


def draw(cell, T=LAGS + 2, scale=0.5):
    rng = np.random.default_rng(0)
    params = cell.init_params(rng)
    params = type(params)(*(part if part is None else rng.normal(scale=scale, size=part.shape)
                            for part in params))  # fmt: skip
    return (
        Subject("it", cell, params),
        rng.normal(size=(T, B, D)),
        rng.normal(size=(B, output_size(cell))),
    )


@pytest.mark.parametrize(
    "cell", [ml.LSTM(D, H), ml.GRU(D, H), ml.RNN(D, H)], ids=lambda c: type(c).__name__
)
def test_norms_are_those_of_the_gradient_of_the_state(cell):
    """The part of a sequence after step t-k, run by itself, has that state as its first."""
    subject, xs, dh = draw(cell)
    flow = measure(subject, xs, lambda h: dh, LAGS)
    state = cell.init_state(B)
    for t, x in enumerate(xs[:-1]):
        state, _ = cell.step(subject.params, state, x)
        lag = len(xs) - 1 - t
        hs, _, tape = ml.forward(cell, subject.params, xs[t + 1 :], state)
        dhs = np.zeros_like(hs)
        dhs[-1] = dh
        gradient = ml.backward(tape, dhs).state0
        if lag <= LAGS:
            for name, part in gradient._asdict().items():
                expected = np.exp(np.log(np.linalg.norm(part, axis=1)).mean())
                assert flow.norms[f"dL/d{name}"][lag] == pytest.approx(expected, rel=1e-12)


def caches_of(subject, xs):
    state, caches = subject.cell.init_state(B), []
    for x in xs:
        state, cache = subject.cell.step(subject.params, state, x)
        caches.append(cache)
    return caches


def test_the_path_through_the_cell_is_the_product_of_forget_gates():
    subject, xs, dh = draw(ml.LSTM(D, H))
    flow = measure(subject, xs, lambda h: dh, LAGS)
    caches = caches_of(subject, xs)
    last = caches[-1]
    along = dh * last.o * (1 - last.tanh_c**2)
    for lag in range(1, LAGS + 1):
        along = along * caches[-lag].f
        expected = np.exp(np.log(np.linalg.norm(along, axis=1)).mean())
        assert flow.norms[CELL][lag] == pytest.approx(expected, rel=1e-12)
    assert flow.norms[GATES][1] == 0
    assert (flow.norms[GATES][2:] > 0).all()


def test_the_path_through_the_cell_of_a_gru_is_its_update_gate():
    subject, xs, dh = draw(ml.GRU(D, H))
    flow = measure(subject, xs, lambda h: dh, LAGS)
    caches = caches_of(subject, xs)
    along = dh
    for lag in range(1, LAGS + 1):
        along = along * caches[-lag].u
        expected = np.exp(np.log(np.linalg.norm(along, axis=1)).mean())
        assert flow.norms[CELL][lag] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("cell", [ml.PeepholeLSTM, ml.LayerNormLSTM, ml.LSTMP, ml.JANET, ml.MGU])
def test_the_path_through_the_cell_of_others_is_their_gate(cell):
    """One step of it is the gate that keeps, whatever else the cell does."""
    subject, xs, dh = draw(cell(D, H))
    flow = measure(subject, xs, lambda h: dh, LAGS)
    gate = np.array([cache.f for cache in caches_of(subject, xs)[-LAGS:]])
    gate = 1 - gate if cell is ml.MGU else gate
    steps = flow.norms[CELL][2:] / flow.norms[CELL][1:-1]
    assert (steps >= gate.min()).all()
    assert (steps <= gate.max()).all()


def test_without_recurrent_weights_all_comes_through_the_cell():
    """A forget gate that is the same in every unit: the rate is that gate, exactly."""
    cell = ml.LSTM(D, H)
    rng = np.random.default_rng(0)
    params = ml.LSTMParams(np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H))
    params.b[H : 2 * H] = 2
    params.b[2 * H : 3 * H] = 0.5
    flow = measure(Subject("it", cell, params), rng.normal(size=(LAGS + 1, B, D)),
                   lambda h: np.ones((B, H)), LAGS)  # fmt: skip
    assert flow.forget == pytest.approx(1 / (1 + np.exp(-2)), rel=1e-14)
    assert flow.rates["dL/dc"] == pytest.approx(flow.forget, rel=1e-12)
    assert flow.rates["dL/dh"] == 0
    assert not flow.norms[GATES].any()


def test_a_plain_rnn_has_one_path_and_a_cell_of_ones_own_unknown_ones():
    class Mine(ml.LSTM):
        pass

    subject, xs, dh = draw(ml.RNN(D, H))
    flow = measure(subject, xs, lambda h: dh, LAGS)
    assert list(flow.norms) == ["dL/dh"]
    assert flow.paths_known
    subject, xs, dh = draw(Mine(D, H))
    flow = measure(subject, xs, lambda h: dh, LAGS)
    assert list(flow.norms) == ["dL/dh", "dL/dc"]
    assert not flow.paths_known


def test_loss_of_the_next_character():
    """Against a difference of two losses."""
    rng = np.random.default_rng(0)
    V, h, targets = rng.normal(size=(H, D)), rng.normal(size=(B, H)), np.array([0, 3, 1])

    def loss(h):
        logits = h @ V
        return (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(B), targets]).sum()

    gradient = NextCharacter(V, targets)(h)
    for place in np.ndindex(h.shape):
        step = np.zeros_like(h)
        step[place] = 1e-6
        difference = (loss(h + step) - loss(h - step)) / 2e-6
        assert gradient[place] == pytest.approx(difference, rel=1e-6, abs=1e-9)


def test_forget_biases_are_put_where_the_gate_is():
    first, second = subjects_of(ml.LSTM(D, H), (0.0, 3.0), 0)
    assert first.params.b.tolist() == [0] * 4 * H
    assert second.params.b.tolist() == [*[0] * H, *[3] * H, *[0] * 2 * H]
    np.testing.assert_array_equal(first.params.W_h, second.params.W_h)


def test_windows_are_pieces_of_the_text():
    inputs, targets = windows(np.arange(50), 10, 4, 0)
    assert inputs.shape == (10, 4)
    assert (np.diff(inputs, axis=0) == 1).all()
    np.testing.assert_array_equal(targets, inputs[-1] + 1)


def test_words():
    assert lags_shown(100) == [1, 10, 25, 50, 100]
    assert lags_shown(1) == [1]
    assert halved_in(0.5) == "1.0 steps"
    assert halved_in(1.1) == ""
    assert fitted_rate(np.array([1.0, 0.0])) == 0


SMALL = ["--lags", "8", "--rows", "2", "--hidden", "3"]


def test_command_tells_norms_and_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    png, page = tmp_path / "flow.png", tmp_path / "flow.html"
    assert main(["flow", *SMALL, "--png", str(png), "--html", str(page)]) == 0
    text = capsys.readouterr().out
    for label in ("RNN", "LSTM, forget bias 0", "LSTM, forget bias 1", "LSTM, forget bias 3"):
        assert f"\n{label}\n" in text
        assert f"\n{label}: dL/d" in text
        assert f">{label}</" in page.read_text()
    content = png.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > height > 300
    html = page.read_text()
    assert html.count("<svg") > 4
    assert not re.search(r"""(?:src|href)=["']?http""", html)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flow.html", "flow.png"]


def test_the_more_the_gate_forgets_the_faster_the_gradient_vanishes(capsys):
    assert main(["flow", "--lags", "30", "--rows", "4", "--hidden", "16", "--json"]) == 0
    rnn, *lstms = json.loads(capsys.readouterr().out)
    assert rnn["forget_gate"] is None
    forget = [flow["forget_gate"] for flow in lstms]
    assert forget == sorted(forget)
    for flow in lstms:
        assert flow["rates"][CELL] == pytest.approx(flow["forget_gate"], rel=0.03)
    rates = [flow["rates"]["dL/dc"] for flow in lstms]
    assert rnn["rates"]["dL/dh"] < rates[1] < rates[2]
    assert rates[0] < rates[1]


def test_cells_by_name_and_from_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine.py").write_text("from manual_lstm import LSTM\n\nclass Mine(LSTM): pass\n")
    place = f"{tmp_path / 'mine.py'}:Mine"
    assert main(["flow", *SMALL, "--cell", "GRU", "--cell", place]) == 0
    text = capsys.readouterr().out
    assert "\nGRU: dL/dh" in text
    assert "\nMine: dL/dc" in text


def test_a_cell_whose_state_is_a_dict():
    class Mine:
        def init_state(self, batch_size, dtype=float):
            return {"h": np.zeros((batch_size, H))}

        def step(self, params, state, x):
            h = np.tanh(x @ params["W"] + state["h"])
            return {"h": h}, h

        def step_backward(self, params, cache, dstate):
            return None, {"h": dstate["h"] * (1 - cache**2)}, None

    params = {"W": np.random.default_rng(0).normal(size=(D, H))}
    _, xs, dh = draw(ml.RNN(D, H))
    flow = measure(Subject("mine", Mine(), params), xs, lambda h: dh, LAGS)
    assert list(flow.norms) == ["dL/dh"]
    assert (np.diff(flow.norms["dL/dh"]) < 0).all()


def test_a_gradient_that_explodes(tmp_path, capsys, monkeypatch):
    """Beyond the largest number there is infinity, then NaN; no warning, no traceback."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "loud.py").write_text(
        "import manual_lstm as ml\n\nclass Loud(ml.RNN):\n"
        "    def step_backward(self, params, cache, dstate):\n"
        "        return None, dstate._replace(h=dstate.h * 1e40), None\n"
    )
    arguments = ["flow", "--cell", f"{tmp_path / 'loud.py'}:Loud", "--lags", "12", "--rows", "2"]
    page, png = tmp_path / "a.html", tmp_path / "a.png"
    assert main([*arguments, "--html", str(page), "--png", str(png)]) == 0
    assert "inf" in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    (flow,) = json.loads(capsys.readouterr().out)
    assert flow["norms"]["dL/dh"][-1] is None
    assert flow["rates"]["dL/dh"] == pytest.approx(1e40)


def test_a_trained_model(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog. " * 40)
    kept = tmp_path / "kept.npz"
    train = ["train", str(text), "--hidden", "4", "--batch", "2", "--steps-per-sequence", "5"]
    assert main([*train, "--iterations", "2", "--sample", "0", "--checkpoint", str(kept)]) == 0
    capsys.readouterr()
    assert main(["flow", str(text), *SMALL, "--checkpoint", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "as trained" in out
    assert "\nLSTM of kept.npz: dL/dc" in out
    (tmp_path / "other.txt").write_text("THE QUICK BROWN FOX " * 40)
    assert main(["flow", str(tmp_path / "other.txt"), "--checkpoint", str(kept)]) == 2
    assert (
        "TEXT has the character 'B', but must be text of the characters" in capsys.readouterr().err
    )


UNUSABLE = {
    "no such text": (["none.txt"], "TEXT has the value none.txt, but must be a readable file"),
    "short text": (["short.txt"], "TEXT has 60 characters, but must be at least 121, because"),
    "no such cell": (["--cell", "lstn"], "--cell has the value 'lstn', but must be one of"),
    "no forget gate": (
        ["--cell", "rnn", "--forget-bias", "1"],
        "--forget-bias has no place in RNN",
    ),
    "no number": (["--forget-bias", "x"], "--forget-bias has the value 'x', but must be a finite"),
    "no checkpoint": (
        ["--checkpoint", "none.npz"],
        "--checkpoint has the file none.npz, which cannot",
    ),
    "a cell beside it": (["--checkpoint", "a", "--cell", "rnn"], "--checkpoint has "),
    "another kind of file": (["--png", "a.jpg"], "--png has the value a.jpg, but must be a file"),
    "no folder": (["--html", "no/a.html"], "--html has the value no/a.html, but must be a file in"),
    "a broken cell": (["--cell", "bad.py:Bad"], "--cell has an error in bad.py:Bad (TypeError"),
    "a cell that fails": (
        ["--cell", "bad.py:Fails"],
        "--cell has an error in Fails (KeyError: 'W')",
    ),
    "a cell with masks": (
        ["--cell", "zoneout"],
        "--cell has an error in Zoneout (ValueError: x has",
    ),
    "an instance": (["--cell", "bad.py:good"], "--cell has an instance at bad.py:good, but must"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_input_is_said_in_one_line(tmp_path, monkeypatch, capsys, case):
    arguments, message = UNUSABLE[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "short.txt").write_text("abcdef" * 10)
    (tmp_path / "bad.py").write_text(
        "import manual_lstm as ml\n\nclass Bad(ml.LSTM):\n    def __init__(self): pass\n\n"
        "good = ml.LSTM(2, 3)\n\n"
        "class Fails(ml.LSTM):\n    def step(self, *given): raise KeyError('W')\n"
    )
    try:
        status = main(["flow", *arguments])
    except SystemExit as leaving:
        status = leaving.code
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_a_picture_without_matplotlib_is_said_before_the_work(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["flow", "--png", "flow.png"]) == 2
    assert "pip install 'manual-lstm[plots]'" in capsys.readouterr().err
