"""What docs/features.md says of this project."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np
from features.claims import claim, raised, short
from features.programs import changing, example, greedy, loss, right, wrong

import manual_lstm as ml
import reference
from reference import check, debug
from reference.problem import Case
from reference.vectors.make import make

TOOL = "manual-lstm"
T, B, D, H = 4, 2, 3, 5


class Slip(ml.LSTM):
    """An LSTM whose adjoint of the cell state is added to in place of being replaced."""

    def step_backward(self, params: Any, cache: Any, dstate: Any) -> Any:
        """Return gradients, one of them wrong."""
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams, dstate_prev._replace(c=dstate.c + dstate_prev.c), dx


def asked(backward: Any, of: Any = loss, drawn: Any = example, seconds: float = 20.0) -> Any:
    """Return what the debugger says of a backward."""
    return debug(of, backward, *drawn(np.random.default_rng(0)), example=drawn, seconds=seconds)


@claim(TOOL, "compares with", "exact arithmetic, autodiff, complex step, differences")
def four_ways() -> str:
    evidence = check(ml.LSTM, cases=16).evidence
    proofs = {kind: proof.verdict for kind, proof in evidence.proofs.items()}
    assert set(proofs.values()) == {"proved"}
    assert "JAX" in evidence.oracle
    voters = asked(wrong).evidence["voters"]
    assert any("complex" in voter for voter in voters), voters
    assert any("difference" in voter for voter in voters), voters
    return f"a right cell: proved, {evidence.oracle}; a wrong program: {', '.join(voters)}"


@claim(TOOL, "works on NumPy code as it is", "yes")
def numpy_code() -> str:
    assert asked(right).verdict == "right"
    return "a program in plain NumPy is right"


@claim(TOOL, "tolerance", "from rounding that is measured")
def tolerance() -> str:
    explained = asked(wrong).wrong["W"].explained
    assert 0 < explained < 1e-12
    return f"rounding explains {explained:.0e} of this gradient"


@claim(TOOL, "single precision", "yes")
def single_precision() -> str:
    def drawn(rng: Any) -> Any:
        params, inputs = example(rng)
        return ({name: array.astype(np.float32) for name, array in group.items()}
                for group in (params, inputs))  # fmt: skip

    assert asked(right, drawn=lambda rng: tuple(drawn(rng))).verdict == "right"
    assert asked(wrong, drawn=lambda rng: tuple(drawn(rng))).verdict == "wrong"
    return "the same two programs in float32: right, wrong"


@claim(TOOL, "draws sizes and values itself", "yes")
def draws() -> str:
    report = check(ml.LSTM, cases=16)
    assert report.verdict == "right"
    return f"check(LSTM) asks for nothing more: {report.evidence.sampled} problems"


@claim(TOOL, "names the wrong gradient", "yes")
def names_the_gradient() -> str:
    assert list(asked(wrong).wrong) == ["W"]
    return check(Slip, cases=16).mismatches[0].name


@claim(TOOL, "names gate, unit, row, time step", "yes")
def names_the_place() -> str:
    class Swapped(ml.LSTM):
        def step_backward(self, params: Any, cache: Any, dstate: Any) -> Any:
            dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
            W_h = dparams.W_h.copy()
            W_h[:, : W_h.shape[0]] *= 2
            return dparams._replace(W_h=W_h), dstate_prev, dx

    places = [check(kind, cases=16).mismatches[0].place for kind in (Slip, Swapped)]
    assert {"t", "batch", "unit"} <= places[0].keys()
    assert places[1]["gate"] == "i"
    return f"{places[0]}; {places[1]}"


@claim(TOOL, "names the line, and what it should be", "yes")
def names_the_line() -> str:
    suspect = asked(wrong).suspects[0]
    assert suspect.text.strip() == "dz = y * (1 - y)"
    return f"{suspect.text.strip()} should be {suspect.should_be}"


@claim(TOOL, "proposes a fix that was run", "yes")
def proposes_a_fix() -> str:
    fix = asked(wrong).fixes[0]
    names: dict[str, Any] = {}
    exec(compile(fix.apply_to(fix.source), "mended", "exec"), names)
    assert asked(names["wrong"]).verdict == "right"
    return f"{fix.why}; verified: {fix.verified}"


@claim(TOOL, 'says "cannot tell" apart from "wrong"', "yes")
def at_a_kink() -> str:
    def kinked(params: Any, inputs: Any) -> Any:
        return np.abs(params["W"]).sum()

    def slope(params: Any, inputs: Any) -> Any:
        return {"W": np.where(params["W"] > 0, 2.0, -2.0)}

    def zeros(rng: Any) -> Any:
        return {"W": np.zeros((D, H))}, {}

    diagnosis = asked(slope, of=kinked, drawn=zeros, seconds=5)
    assert diagnosis.verdict == "inconclusive", diagnosis.verdict
    return f"a kink: {short(diagnosis.reasons[0])}"


@claim(TOOL, "notices changed arguments and shared memory", "yes")
def changed_arguments() -> str:
    diagnosis = asked(greedy)
    assert diagnosis.verdict == "wrong"
    return diagnosis.suspects[0].kind


@claim(TOOL, "notices an answer that changes", "yes")
def changing_answers() -> str:
    diagnosis = asked(changing)
    assert diagnosis.verdict == "wrong"
    return diagnosis.suspects[0].kind


@claim(TOOL, "second derivatives", "–")
@claim(TOOL, "forward mode", "–")
def not_there() -> str:
    names = [*ml.__all__, *reference.__all__]
    assert not [name for name in names if "jvp" in name or "hess" in name or "second" in name]
    return "no public name is about it"


@claim(TOOL, "operations of every kind", "`debug`, `assert_backward`")
def any_operation() -> str:
    def inverse(params: Any, inputs: Any) -> Any:
        return np.linalg.inv(params["W"]).sum()

    def backward(params: Any, inputs: Any) -> Any:
        V = np.linalg.inv(params["W"])
        return {"W": -np.outer(V.sum(axis=0), V.sum(axis=1))}

    def drawn(rng: Any) -> Any:
        return {"W": rng.normal(size=(H, H)) + 5 * np.eye(H)}, {}

    assert asked(backward, of=inverse, drawn=drawn).verdict == "right"
    return "the inverse of a matrix: right"


@claim(TOOL, "is", "backward passes with their evidence")
@claim(TOOL, "recurrent cells", "[all of these](cells.md)")
def cells() -> str:
    kinds = [name for name in ml.__all__ if hasattr(getattr(ml, name), "step_backward")]
    return f"{len(kinds) - 1} cells"  # one of the names is the protocol `Cell`


def run(lengths: Any = None) -> Any:
    cell = ml.LSTM(D, H)
    rng = np.random.default_rng(0)
    return ml.forward(cell, cell.init_params(rng), rng.normal(size=(T, B, D)), lengths=lengths)


@claim(TOOL, "gradients are", "hand-written")
def hand_written() -> str:
    place = f"{ml.LSTM.step_backward.__qualname__} in {ml.LSTM.__module__}"
    assert place == "LSTM.step_backward in manual_lstm.cells.lstm"
    return place


@claim(TOOL, "gradients of c and h at every step", "`dhs`, `dstate_T`, golden vectors")
def golden_vectors() -> str:
    hs, state_T, tape = run()
    at_every_step = ml.backward(tape, np.ones_like(hs), state_T)
    assert np.any(at_every_step.params.W_h != ml.backward(tape, np.ones_like(hs)).params.W_h)
    case = Case(T=T, B=B, D=D, H=H, seed=0)
    vectors = make(ml.LSTM(D, H), case).arrays
    shapes = {name: vectors[f"backward.{name}"].shape for name in ("dh", "dc")}
    assert set(shapes.values()) == {(T, B, H)}
    return f"backward takes both; golden vectors have {shapes}"


@claim(TOOL, "checks somebody else's backward", "yes")
def checks() -> str:
    assert asked(wrong).verdict == "wrong"
    return "a program that is none of ours: wrong"


@claim(TOOL, "rows of different lengths", "yes")
def lengths() -> str:
    hs, _, tape = run(np.array([4, 2]))
    assert not hs[2:, 1].any()
    assert not ml.backward(tape, np.ones_like(hs)).xs[2:, 1].any()
    return "outputs and gradients past the end of a row are zero"


@claim(TOOL, "two directions", "yes")
def two_directions() -> str:
    assert check(ml.Bidirectional(ml.LSTM(D, H)), cases=16).verdict == "right"
    return "Bidirectional(LSTM): right"


@claim(TOOL, "keeps arrays that a backward needs from being changed", "a changed one is refused")
def refused() -> str:
    hs, _, tape = run()
    tape.params.W_h[0, 0] += 1
    return short(raised(lambda: ml.backward(tape, np.ones_like(hs)), ValueError))


@claim(TOOL, "needs", "NumPy; JAX for the checks")
def needs() -> str:
    lines = importlib.metadata.requires("manual-lstm") or []
    assert [line for line in lines if "extra" not in line] == ["numpy>=2.0"]
    assert any(line.startswith("jax") and "reference" in line for line in lines)
    return "numpy>=2.0; jax in the extra `reference`"
