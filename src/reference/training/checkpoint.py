"""A training run on disk: one ``.npz`` file, always whole.

The file is written beside its place and moved there in one step, so that a kill at any moment
leaves either the old file or the new one. It holds arrays and one JSON text, and is read with
``allow_pickle=False``: opening a stranger's file runs none of its code.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from manual_lstm import CharLM, checks
from manual_lstm.trees import named_leaves
from reference.training import adam
from reference.training.options import Budget, Options
from reference.training.state import State
from reference.unusable import UnusableInputError

FORMAT = "manual-lstm training, version 1"
_TREES = ("params", "adam", "lstm")
_NUMBERS = tuple(field.name for field in fields(State) if field.name not in _TREES)


@dataclass(frozen=True)
class Checkpoint:
    """A state, with what it must be continued with."""

    state: State
    options: Options
    budget: Budget
    vocabulary: str
    text_sha256: str


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`, replacing what is there in one step.

    Raises
    ------
    UnusableInputError
        If it cannot be written; what was there stays.
    """
    state = checkpoint.state
    about = {
        "format": FORMAT,
        "state": {name: getattr(state, name) for name in _NUMBERS},
        "options": asdict(checkpoint.options),
        "budget": asdict(checkpoint.budget),
        "vocabulary": checkpoint.vocabulary,
        "text_sha256": checkpoint.text_sha256,
    }
    arrays = named_leaves({name: getattr(state, name) for name in _TREES})
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        checks.fail(
            "--checkpoint",
            f"the value {path}",
            "a file that can be written",
            f"the training is kept in it ({error.strerror})",
            error=UnusableInputError,
        )


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote.

    Raises
    ------
    UnusableInputError
        If the file is missing, truncated, corrupt, or something else altogether.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})")
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        _refuse(path, "is no whole archive of arrays")
    except (AttributeError, TypeError):  # as np.save writes it
        _refuse(path, "is a single array")
    try:
        return _restored(arrays)
    except KeyError as error:
        _refuse(path, f"has no {error.args[0]}")
    except (TypeError, ValueError) as error:
        _refuse(path, f"holds something else ({error})".splitlines()[0])


def _restored(arrays: dict[str, Any]) -> Checkpoint:
    about = json.loads(str(arrays.pop("about")))
    if about["format"] != FORMAT:
        raise ValueError(f"format {about['format']!r}")
    options = Options(**about["options"])
    model = CharLM(len(about["vocabulary"]), options.hidden)
    params = model.init_params(np.random.default_rng(0), options.dtype)
    template = {
        "params": params,
        "adam": adam.start(params),
        "lstm": model.init_state(options.batch, options.dtype),
    }
    for name, expected in named_leaves(template).items():
        has, must = arrays[name], expected
        if (has.shape, has.dtype) != (must.shape, must.dtype):
            raise ValueError(f"{name} has shape {has.shape} and dtype {has.dtype}")
        if not np.isfinite(has).all():
            raise ValueError(f"{name} is not finite")
    trees = {name: _filled(template[name], name, arrays) for name in _TREES}
    numbers = {name: about["state"][name] for name in _NUMBERS}
    return Checkpoint(
        State(**trees, **numbers),
        options,
        Budget(**about["budget"]),
        about["vocabulary"],
        about["text_sha256"],
    )


def _filled(tree: Any, name: str, arrays: dict[str, Any]) -> Any:
    """Return a tree like `tree` with its leaves taken from `arrays` by name."""
    if not hasattr(tree, "_fields"):
        return arrays[name]
    return type(tree)(
        *(_filled(child, f"{name}.{key}", arrays) for key, child in tree._asdict().items())
    )


def _refuse(path: Path, fault: str) -> NoReturn:
    checks.fail(
        "--checkpoint",
        f"the file {path}, which {fault}",
        "a checkpoint of this program",
        "training resumes from it",
        error=UnusableInputError,
    )
