"""Golden vectors: what is written is right, and the first wrong value of a port is named."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm import layouts
from reference import Case
from reference.cli import main
from reference.vectors.files import as_json, read_answers, write
from reference.vectors.make import Vectors, make

T, B, D, H = 4, 2, 3, 5
LAST = "gradient.state0.c"


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return make(ml.LSTM(D, H), Case(T=T, B=B, D=D, H=H, seed=3, ragged=False))


@pytest.fixture(scope="module")
def written(vectors, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "lstm"
    write(folder, vectors)
    return folder


@pytest.fixture
def folder(written, tmp_path) -> Path:
    return shutil.copytree(written, tmp_path / "lstm")


def answers_of(vectors: Vectors) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in vectors.arrays.items()
            if not name.startswith("input.")}  # fmt: skip


def verified(folder: Path, answers: dict, capsys, *options: str, precision: str = "float64"):
    """Write answers as JSON, verify them and return the exit status and what was printed."""
    arrays = {name: array.astype(precision) for name, array in answers.items()}
    (folder / "answers.json").write_text(as_json(precision, arrays))
    status = main(["vectors", "--verify", str(folder), *options])
    return status, capsys.readouterr().out


def test_every_value_is_that_of_the_hand_written_cell(vectors):
    problem = vectors.problem
    state = problem.state0
    for t in range(T):
        state, cache = problem.cell.step(problem.params, state, problem.xs[t])
        for name in ("i", "f", "g", "o", "tanh_c"):
            np.testing.assert_allclose(vectors.arrays[f"forward.{name}"][t], getattr(cache, name),
                                       rtol=1e-13, atol=1e-15)  # fmt: skip
    np.testing.assert_array_equal(vectors.arrays["forward.h"], vectors.arrays["output.hs"])


def test_adjoints_belong_to_one_another(vectors):
    """Some lines of the backward, by the vectors alone."""
    arrays = vectors.arrays
    dc, f = arrays["backward.dc"], arrays["forward.f"]
    dc_from_h = arrays["backward.dtanh_c"] * (1 - arrays["forward.tanh_c"] ** 2)
    np.testing.assert_allclose(dc[:-1], dc_from_h[:-1] + dc[1:] * f[1:], rtol=1e-11, atol=1e-13)
    dz = np.concatenate([arrays[f"backward.dz_{gate}"] for gate in "ifgo"], axis=-1)
    np.testing.assert_allclose(arrays["gradient.params.b"], dz.sum(axis=(0, 1)), rtol=1e-11,
                               atol=1e-13)  # fmt: skip


def test_arrays_come_in_the_order_of_computing(vectors):
    names = list(vectors.arrays)
    forward = [name for name in names if name.startswith("forward.")]
    assert forward[0] == "forward.z_i"
    assert forward[-1] == "forward.h"
    backward = [name for name in names if name.startswith("backward.")]
    assert backward == [name.replace("forward.", "backward.d") for name in reversed(forward)]


def test_both_forms_hold_the_same_numbers(written, vectors):
    for precision in ("float64", "float32"):
        tensors = layouts.load(written / f"{precision}.safetensors")
        plain = json.loads((written / f"{precision}.json").read_text())["arrays"]
        assert list(tensors) == list(plain) == list(vectors.arrays)
        for name, array in tensors.items():
            assert array.dtype == precision
            assert plain[name]["shape"] == list(array.shape)
            values = np.array(plain[name]["values"], precision)
            np.testing.assert_array_equal(values, array.ravel())


def test_inputs_are_the_same_in_both_precisions(written):
    double, single = (layouts.load(written / f"float{bits}.safetensors") for bits in (64, 32))
    for name in filter(lambda name: name.startswith("input."), double):
        np.testing.assert_array_equal(double[name], single[name].astype(np.float64))


def test_manifest_tells_versions_seed_shapes_and_hashes(written):
    manifest = json.loads((written / "manifest.json").read_text())
    assert manifest["versions"]["manual-lstm"] == ml.__version__
    assert manifest["seed"] == 3
    assert manifest["sizes"] == {"T": T, "B": B, "D": D, "H": H}
    assert manifest["arrays"]["forward.z_i"]["shape"] == [T, B, H]
    assert set(manifest["files"]) == {path.name for path in written.iterdir()} - {"manifest.json"}
    for name, file in manifest["files"].items():
        assert hashlib.sha256((written / name).read_bytes()).hexdigest() == file["sha256"]
    for name, array in manifest["arrays"].items():
        assert ("tolerance" in array) != name.startswith("input.")


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_right_answers_are_right(folder, vectors, capsys, precision):
    status, text = verified(folder, answers_of(vectors), capsys, precision=precision)
    assert (status, text) == (0, f"right: LSTM in {precision}, 31 arrays compared\n")


def test_answers_as_safetensors_and_elsewhere(folder, vectors, capsys, tmp_path):
    path = tmp_path / "port.safetensors"
    answers = answers_of(vectors)
    layouts.save(path, {name: array.astype(np.float32) for name, array in answers.items()})
    assert main(["vectors", "--verify", str(folder), "--answers", str(path)]) == 0
    assert capsys.readouterr().out.startswith("right: LSTM in float32")


def test_intermediate_values_may_be_left_out(folder, vectors, capsys):
    answers = answers_of(vectors)
    del answers["forward.z_i"], answers["backward.dc"]
    status, text = verified(folder, answers, capsys)
    assert status == 0
    assert "not answered: forward.z_i, backward.dc" in text


def test_a_missing_gradient_is_inconclusive(folder, vectors, capsys):
    answers = answers_of(vectors)
    del answers["gradient.xs"]
    status, text = verified(folder, answers, capsys)
    assert status == 2
    assert text.startswith("inconclusive: ")
    assert "not answered, but needed: gradient.xs" in text


WRONG = {
    "a late step of the forward": (
        {"forward.f": (3, 1, 2), "forward.z_o": (2, 0, 4), "backward.dc": (3, 0, 0)},
        "forward.z_o at t 2, batch 0, unit 4",
    ),
    "the backward goes from the end": (
        {"backward.dz_i": (0, 0, 0), "backward.dc": (2, 1, 3)},
        "backward.dc at t 2, batch 1, unit 3",
    ),
    "within a step, the order of the backward": (
        {"backward.dz_i": (2, 0, 0), "backward.dtanh_c": (2, 1, 3)},
        "backward.dtanh_c at t 2, batch 1, unit 3",
    ),
    "only a gradient": (
        {"gradient.params.W_h": (4, 7), LAST: (0, 1)},
        "gradient.params.W_h at row 4, column 7",
    ),
    "the output comes before the backward": (
        {"output.state_T.c": (1, 2), "backward.dh": (3, 0, 0)},
        "output.state_T.c at batch 1, unit 2",
    ),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("change", [1e-9, np.nan, np.inf], ids=["1e-9", "nan", "inf"])
def test_the_first_wrong_value_is_named(folder, vectors, capsys, case, change):
    places, first = WRONG[case]
    answers = answers_of(vectors)
    for name, place in places.items():
        answers[name][place] += change
    status, text = verified(folder, answers, capsys)
    assert status == 1
    lines = text.splitlines()
    assert lines[0] == "wrong: LSTM in float64, 31 arrays compared"
    assert lines[3].startswith(f"    {first}: ")
    for name in places:
        assert f"    {name}: 1 of " in text


def test_rounding_is_no_mistake(folder, vectors, capsys):
    answers = {name: array * (1 + 2e-16) for name, array in answers_of(vectors).items()}
    assert verified(folder, answers, capsys)[0] == 0


def test_another_shape_is_wrong(folder, vectors, capsys):
    answers = answers_of(vectors)
    answers["gradient.params.W_x"] = answers["gradient.params.W_x"].T
    status, text = verified(folder, answers, capsys)
    assert status == 1
    assert "    gradient.params.W_x has another shape than the vectors\n" in text
    assert f"gradient.params.W_x: shape ({4 * H}, {D}), but must be ({D}, {4 * H})" in text


def test_as_json(folder, vectors, capsys):
    answers = answers_of(vectors) | {"mine": np.zeros(2)}
    answers["forward.c"][1, 0, 2] = np.nan
    status, text = verified(folder, answers, capsys, "--json")
    found = json.loads(text)
    assert (status, found["verdict"]) == (1, "wrong")
    assert found["first_wrong"]["name"] == "forward.c"
    assert found["first_wrong"]["index"] == [1, 0, 2]
    assert found["first_wrong"]["answer"] is None
    assert found["unknown"] == ["mine"]


def broken(name: str, content: bytes | None):
    def change(folder: Path) -> None:
        path = folder / name
        path.unlink() if content is None else path.write_bytes(content)

    return change


UNUSABLE = {
    "no manifest": (broken("manifest.json", None), "but must be a folder that manual-lstm vectors"),
    "damaged manifest": (broken("manifest.json", b"{"), "its manifest says what to compare"),
    "another manifest": (broken("manifest.json", b'{"format": 3}'), "(ValueError: format 3)"),
    "no vectors": (broken("float64.safetensors", None), "float64.safetensors is read (No such"),
    "changed vectors": (broken("float64.safetensors", b"x"), "that was changed, but must be as it"),
    "no answers": (lambda folder: None, "answers.json, but must be a readable file"),
    "no JSON": (broken("answers.json", b"[1,"), "answers.json with something else (JSONDecode"),
    "no arrays": (broken("answers.json", b"[]"), "with something else (AttributeError"),
    "another dtype": (broken("answers.json", b'{"dtype": "int8"}'), "(ValueError: dtype 'int8')"),
    "too few numbers": (
        broken("answers.json", b'{"arrays": {"v": {"shape": [3], "values": [1]}}}'),
        "with something else (ValueError: cannot reshape",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_compared_is_said_in_one_line(folder, capsys, case):
    change, message = UNUSABLE[case]
    change(folder)
    status = main(["vectors", "--verify", str(folder)])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    assert message in captured.err


REFUSED = {
    "no such cell": (["--cell", "lstn", "--out", "new"], "--cell has the value 'lstn', but must"),
    "no such setting": (["--set", "peephole=True", "--out", "new"], "--set has the value peephole"),
    "a bad setting": (["--set", "bias=3", "--out", "new"], "--set has the value bias=3, but must"),
    "no setting": (["--set", "bias", "--out", "new"], "--set has the value 'bias', but must be li"),
    "a folder in use": (["--out", "."], "--out has the value ., but must be a folder that is new"),
    "a file": (["--out", "file"], "--out has the value file, but must be a folder that is new"),
    "nothing to do": ([], "vectors has neither --out nor --verify, but must be told one of them"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_said_in_one_line(tmp_path, monkeypatch, capsys, case):
    arguments, message = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["vectors", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"manual-lstm: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_is_left_where_writing_fails(tmp_path, monkeypatch, vectors, capsys):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reference.vectors.files.os.replace", no_space)
    with pytest.raises(ValueError, match="No space left on device"):
        write(tmp_path / "lstm", vectors)
    assert not list(tmp_path.iterdir())


def test_rows_that_end_early(tmp_path):
    vectors = make(ml.GRU(D, H), Case(T=T, B=3, D=D, H=H, seed=1, ragged=True))
    lengths = vectors.arrays["input.lengths"]
    assert 0 < lengths.min() < T or len(set(lengths.tolist())) > 1
    for name in ("forward.u", "backward.dn", "output.hs", "gradient.xs"):
        for row, length in enumerate(lengths):
            assert not vectors.arrays[name][length:, row].any()
            assert vectors.arrays[name][:length, row].all()
    write(tmp_path / "gru", vectors)
    for form in ("safetensors", "json"):
        _, arrays = read_answers(tmp_path / "gru" / f"float32.{form}")
        np.testing.assert_array_equal(arrays["input.lengths"], lengths)


PORT = Path(__file__).parents[3] / "examples" / "c_port" / "lstm.c"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(
    ("option", "precision", "expected"),
    [
        ("-DREAL=double", "float64", "right: LSTM in float64, 31 arrays compared"),
        ("-DREAL=float", "float32", "right: LSTM in float32, 31 arrays compared"),
        ("-DSLIP", "float64", "    backward.dc at t 2, batch 0, unit 0: "),
    ],
    ids=["double", "float", "broken twin"],
)
def test_port_to_c(folder, tmp_path, capsys, option, precision, expected):
    program = tmp_path / "port"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", option]
    subprocess.run(["gcc", *flags, "-o", program, PORT, "-lm"], check=True)
    subprocess.run([program, folder / f"{precision}.json", folder / "answers.json"], check=True)
    status = main(["vectors", "--verify", str(folder)])
    assert expected in capsys.readouterr().out
    assert status == (1 if option == "-DSLIP" else 0)


def test_command_writes_what_a_port_needs(tmp_path, capsys):
    out = tmp_path / "new" / "rnn"
    sizes = ["--steps", "2", "--batch", "1", "--hidden", "3", "--seed", "7"]
    assert main(["vectors", "--cell", "RNN", "--set", "bias=False", *sizes, "--out", str(out)]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["sizes"] == {"T": 2, "B": 1, "D": 2, "H": 3}
    assert manifest["settings"]["bias"] == "False"
    assert list(manifest["parameters"]) == ["W_x", "W_h"]
