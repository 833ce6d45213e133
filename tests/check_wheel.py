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
        python = place / "venv" / "bin" / "python"
        install = [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
        run(*install, wheel)
        run(python, "-c", NUMPY_ONLY, cwd=place)
        run(*install, f"{wheel}[reference]")
        run(place / "venv" / "bin" / "manual-lstm", "--help", cwd=place, quiet=True)
        print("wheel: manual-lstm --help works with the extra reference")


def run(*command: object, cwd: Path | None = None, quiet: bool = False) -> None:
    """Run a command; stop at the first that fails."""
    words = [str(word) for word in command]
    finished = subprocess.run(words, cwd=cwd, capture_output=quiet, text=True, check=False)
    if finished.returncode:
        print(finished.stdout or "", finished.stderr or "", file=sys.stderr)
        sys.exit(f"wheel: failed: {' '.join(words)}")


if __name__ == "__main__":
    main()
