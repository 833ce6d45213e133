"""Golden vectors on disk: safetensors and plain JSON, and a manifest that tells what is there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import manual_lstm
from manual_lstm import layouts
from manual_lstm.checks import Array
from manual_lstm.sequence_checks import named_leaves_of_shapes
from manual_lstm.shapes import in_letters
from reference.load import refuse
from reference.vectors import PRECISIONS

if TYPE_CHECKING:
    from reference.vectors.make import Vectors

FORMAT = "manual-lstm vectors, version 1"
# What C's printf writes of a number that is none, and JSON has no word for.
_NO_NUMBER = re.compile(r"(?<=[\[\s,])([+-]?)(nan|inf(?:inity)?)(?=[\]\s,])", re.IGNORECASE)


class Stored(NamedTuple):
    """Vectors as read from a folder, in one precision."""

    manifest: dict[str, Any]
    arrays: dict[str, Array]


def is_new(folder: Path) -> None:
    """Refuse a folder that holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        refuse("--out", f"the value {folder}", "a folder that is new or empty",
               "vectors of two runs must not be mixed")  # fmt: skip


def write(folder: Path, vectors: Vectors) -> None:
    """Write vectors to a new folder, which is there whole or not at all.

    Raises
    ------
    UnusableInputError
        If something is there already, or it cannot be written.
    """
    is_new(folder)
    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        files = {}
        for precision in PRECISIONS:
            arrays = {name: array.astype(precision) for name, array in vectors.arrays.items()
                      if array.dtype.kind == "f"}  # fmt: skip
            arrays |= {name: array for name, array in vectors.arrays.items()
                       if array.dtype.kind != "f"}  # fmt: skip
            arrays = {name: arrays[name] for name in vectors.arrays}
            layouts.save(partial / f"{precision}.safetensors", arrays, {"format": FORMAT})
            text = as_json(precision, arrays)
            (partial / f"{precision}.json").write_text(text, encoding="ascii")
        for path in sorted(partial.iterdir()):
            content = path.read_bytes()
            files[path.name] = {
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        manifest = manifest_of(vectors) | {"files": files}
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "ascii")
        partial.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        os.replace(partial, folder)
    except OSError as error:
        refuse("--out", f"the value {folder}", "a folder that can be written",
               f"the vectors are kept in it ({error.strerror})")  # fmt: skip
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def as_json(precision: str, arrays: dict[str, Array]) -> str:
    """Return arrays as JSON, one a line, numbers row by row; each is read back bit for bit."""

    def line(name: str, array: Array) -> str:
        values = ", ".join(repr(value) for value in array.ravel().tolist())
        if array.dtype == np.float32:
            values = ", ".join(str(value) for value in array.ravel())
        return f'    {json.dumps(name)}: {{"shape": {list(array.shape)}, "values": [{values}]}}'

    lines = ",\n".join(line(name, array) for name, array in arrays.items())
    return f'{{\n  "dtype": "{precision}",\n  "arrays": {{\n{lines}\n  }}\n}}\n'


def manifest_of(vectors: Vectors) -> dict[str, Any]:
    """Return what the files do not say by themselves."""
    import jax  # a port is verified without it

    problem = vectors.problem
    cell, case = problem.cell, problem.case
    assert case is not None
    T, B = problem.xs.shape[:2]
    letters = named_leaves_of_shapes(cell.param_shapes)
    return {
        "format": FORMAT,
        "versions": {
            "manual-lstm": manual_lstm.__version__,
            "numpy": np.__version__,
            "jax": jax.__version__,
        },
        "cell": type(cell).__name__,
        "settings": {key: repr(value) for key, value in asdict(cell).items()},
        "gates": getattr(cell, "gates", ""),
        "seed": case.seed,
        "sizes": {"T": T, "B": B, **cell.sizes},
        "parameters": {name: in_letters(shape) for name, shape in letters.items()},
        "loss": "sum(hs * dhs) + sum(state_T * dstate_T)",
        "arrays": {
            name: {"shape": list(array.shape)} | tolerance_of(vectors, name)
            for name, array in vectors.arrays.items()
        },
    }


def tolerance_of(vectors: Vectors, name: str) -> dict[str, Any]:
    """Return the differences that rounding explains, by precision; inputs have none."""
    if name.startswith("input."):
        return {}
    return {"tolerance": {kind: vectors.tolerances[kind][name] for kind in PRECISIONS}}


def read(folder: Path, precision: str) -> Stored:
    """Read vectors in one precision; damaged or changed files are refused.

    Raises
    ------
    UnusableInputError
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']!r}")
        stated = manifest["files"][f"{precision}.safetensors"]["sha256"]
        content = (folder / f"{precision}.safetensors").read_bytes()
    except OSError as error:
        refuse("--verify", f"the value {folder}", "a folder that manual-lstm vectors --out wrote",
               f"{error.filename} is read ({error.strerror})")  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        refuse("--verify", f"the value {folder}", "a folder that manual-lstm vectors --out wrote",
               f"its manifest says what to compare ({type(error).__name__}: {error})")  # fmt: skip
    if hashlib.sha256(content).hexdigest() != stated:
        refuse("--verify", f"a file {precision}.safetensors that was changed", "as it was written",
               "its hash stands in the manifest")  # fmt: skip
    return Stored(manifest, layouts.load(folder / f"{precision}.safetensors"))


def read_answers(path: Path) -> tuple[str, dict[str, Array]]:
    """Return precision and arrays of a port's answers, ``.json`` or ``.safetensors``.

    Raises
    ------
    UnusableInputError
        If the file is missing or is something else.
    """
    try:
        if path.suffix == ".safetensors":
            arrays = layouts.load(path)
            dtypes = {array.dtype.name for array in arrays.values() if array.dtype.kind == "f"}
            return ("float32" if dtypes == {"float32"} else "float64"), arrays
        text = _NO_NUMBER.sub(lambda found: no_number(*found.groups()), path.read_text("utf-8"))
        given = json.loads(text)
        precision = given.get("dtype", "float64")
        if precision not in PRECISIONS:
            raise ValueError(f"dtype {precision!r}")
        return precision, {
            name: np.array(entry["values"], np.float64).reshape(entry["shape"])
            for name, entry in given["arrays"].items()
        }
    except OSError as error:
        refuse("--answers", f"the value {path}", "a readable file",
               f"the port's answers are read from it ({error.strerror})")  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        refuse("--answers", f"the file {path} with something else ({what})",
               "arrays as in float64.json or float64.safetensors",
               "answers have the same form as the vectors")  # fmt: skip


def no_number(sign: str, word: str) -> str:
    """Return NaN or infinity in the word that Python's JSON knows."""
    if word.lower() == "nan":
        return "NaN"
    return "-Infinity" if sign == "-" else "Infinity"
