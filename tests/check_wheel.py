"""Build the wheel, install it into an empty environment, and use it with src/ out of the way.

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


def main() -> None:
    """Exit with status 1 where something is missing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", place, ROOT, quiet=True)
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
        run(binaries / "python", "-c", NUMPY_ONLY, cwd=place)
        refused = run(binaries / "manual-lstm", "check", cwd=place, quiet=True, status=2)
        assert "pip install 'manual-lstm[reference]'" in refused, refused
        run(*install, f"{wheel}[reference]")
        train = ["train", "--iterations", "2", "--sample", "0"]  # on the text in the wheel
        run(binaries / "manual-lstm", *train, cwd=place, quiet=True)
        print("wheel: manual-lstm works with the extra, and says what to install without it")


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
