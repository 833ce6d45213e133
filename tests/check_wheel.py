"""Build sdist and wheel, install that into an empty environment, use it with src/ out of the way.

Not a test, because it needs a package registry: ``make wheel`` runs it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
MUST_HOLD = {
    "manual_lstm/py.typed",
    "reference/py.typed",
    "reference/data/my_cell.py",
    "reference/data/shakespeare.txt",
    "reference/data/SOURCE.md",
}
NUMPY_ONLY = """
import importlib.util
import numpy as np
import manual_lstm as ml

assert importlib.util.find_spec("jax") is None
assert "site-packages" in ml.__file__
cell = ml.LSTM(input_size=3, hidden_size=4)
rng = np.random.default_rng(0)
hs, _, tape = ml.forward(cell, cell.init_params(rng), rng.normal(size=(5, 2, 3)))
assert ml.backward(tape, np.ones_like(hs)).xs.shape == (5, 2, 3)
print("wheel: manual_lstm", ml.__version__, "works with NumPy alone")
"""
# A project of somebody else's, with a mistake in it: dW is twice what it should be.
TESTS_OF_A_USER = """
import numpy as np
import pytest
from hypothesis import given, settings
from reference.pytest_plugin import assert_backward
from reference.strategies import problems

import manual_lstm as ml
from theirs import backward, example, loss


@pytest.mark.backward(seconds=10)
def test_wrong():
    params, inputs = example(np.random.default_rng(0))
    assert_backward(loss, backward, params, inputs, example=example)


@settings(deadline=None, max_examples=5)
@given(problems(ml.GRU, max_T=4))
def test_right(problem):
    hs, _, gradients = problem.manual()
    assert np.all(np.isfinite(gradients.params.W_x))
"""
CODE_OF_A_USER = """
import numpy as np


def example(rng):
    D, H = rng.integers(2, 6, size=2)
    return {"W": rng.normal(size=(D, H))}, {"x": rng.normal(size=D)}


def loss(params, inputs):
    return np.tanh(inputs["x"] @ params["W"]).sum()


def backward(params, inputs):
    y = np.tanh(inputs["x"] @ params["W"])
    return {"W": 2 * np.outer(inputs["x"], 1 - y**2)}
"""


def main() -> None:
    """Exit with status 1 where something is missing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # Without a choice, build makes the sdist, and the wheel from what the sdist holds.
        run(sys.executable, "-m", "build", "--outdir", place, ROOT, quiet=True)
        assert len(list(place.glob("*.tar.gz"))) == 1, "there is no sdist"
        (wheel,) = place.glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        assert names >= MUST_HOLD, f"the wheel lacks {MUST_HOLD - names}"
        assert any(name.endswith("licenses/LICENSE") for name in names), "the wheel has no licence"
        roots = {name.split("/")[0] for name in names}
        assert {root for root in roots if ".dist-info" not in root} == {"manual_lstm", "reference"}

        venv.create(place / "venv", with_pip=True)
        binaries = place / "venv" / "bin"
        install = [binaries / "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
        run(*install, wheel)
        python = binaries / "python"
        run(python, "-W", "error", "-c", NUMPY_ONLY, cwd=place)
        told = run(python, "-W", "error", "-m", "manual_lstm", "--version", cwd=place, quiet=True)
        assert told.split()[1] == wheel.name.split("-")[1], told
        refused = run(binaries / "manual-lstm", "check", cwd=place, quiet=True, status=2)
        assert "pip install 'manual-lstm[reference]'" in refused, refused
        run(*install, f"{wheel}[reference]")
        train = ["train", "--iterations", "2", "--sample", "0"]  # on the text in the wheel
        run(binaries / "manual-lstm", *train, cwd=place, quiet=True)
        print("wheel: manual-lstm works with the extra, and says what to install without it")

        run(*install, "pytest", "hypothesis")
        (place / "theirs.py").write_text(CODE_OF_A_USER)
        (place / "test_theirs.py").write_text(TESTS_OF_A_USER)
        suite = ["-m", "pytest", "-q", "--strict-markers", "test_theirs.py"]
        failed = run(python, *suite, cwd=place, quiet=True, status=1)
        assert "1 failed, 1 passed" in failed, failed
        assert "wrong: W (1 of 1 gradients)" in failed, failed
        script = "import sys" + failed.partition("\nimport sys")[2].partition("\n===")[0]
        again = run(python, "-c", script, cwd=place, quiet=True)
        assert again.startswith("wrong: W (1 of 1 gradients)"), again
        print("wheel: a test suite elsewhere fails with its diagnosis, and the script repeats it")


def run(*command: object, cwd: Path | None = None, quiet: bool = False, status: int = 0) -> str:
    """Run a command and return what it said; leave if its exit status is not `status`."""
    words = [str(word) for word in command]
    finished = subprocess.run(words, cwd=cwd, capture_output=quiet, text=True, check=False)
    said = (finished.stdout or "") + (finished.stderr or "")
    if finished.returncode != status:
        sys.exit(f"{said}\nwheel: status {finished.returncode}, not {status}: {' '.join(words)}")
    return said


if __name__ == "__main__":
    main()
