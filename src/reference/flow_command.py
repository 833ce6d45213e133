"""``manual-lstm flow``: how far back the gradient of a loss reaches, and along which path."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference.cli import add_command, natural, positive_int

if TYPE_CHECKING:
    from reference.flow.measure import Flow

ABOUT = """\
Show why gradients vanish. The gradient of one loss, the prediction of one
character of a text, is followed back in time: its norm with respect to the
states h and c, how much of it comes through the cell state and how much through
the gates, and the factor by which it changes in a step. Without --cell, a plain
RNN stands beside LSTMs whose forget gates have a bias of 0, 1 and 3.
"""

EXAMPLES = """\
examples:
  manual-lstm flow                          on a short text that is included
  manual-lstm flow book.txt --lags 200
  manual-lstm flow --cell gru --cell lstm --forget-bias 2
  manual-lstm flow --png flow.png --html flow.html
  manual-lstm flow book.txt --checkpoint book.ckpt.npz     a model that was trained

exit status: 0 done, 2 unusable input
"""

BEFORE = 20  # steps before the first that is looked at, so that the state is no longer zero


def add_flow(commands: Any) -> None:
    """Add ``manual-lstm flow``."""
    command = add_command(commands, "flow", "show how far back gradients reach", ABOUT, EXAMPLES)
    command.set_defaults(run=run)
    add = command.add_argument
    add("text", nargs="?", metavar="TEXT", help="a UTF-8 text file; without it, an excerpt of "
        "Shakespeare that is included")  # fmt: skip
    add("--cell", action="append", default=[], metavar="NAME", help="a built-in cell, or "
        "FILE.py:CELL; may be repeated")  # fmt: skip
    add("--forget-bias", type=number_of, action="append", default=[], metavar="X", help="the bias "
        "of the forget gate; may be repeated (0, 1 and 3 of an LSTM)")  # fmt: skip
    add("--checkpoint", type=Path, metavar="FILE", help="a model that manual-lstm train kept in "
        "this file")  # fmt: skip
    add("--lags", type=positive_int, default=100, metavar="N", help="steps back (%(default)s)")
    add("--rows", type=positive_int, default=32, metavar="B", help="places of the text to average "
        "over (%(default)s)")  # fmt: skip
    add("--hidden", type=positive_int, default=64, metavar="H", help="units (%(default)s)")
    add("--seed", type=natural, default=0, metavar="S", help="of weights and places (%(default)s)")
    add("--png", type=Path, metavar="FILE", help="write a picture (needs matplotlib)")
    add("--html", type=Path, metavar="PAGE", help="write a page with picture and table")
    add("--json", action="store_true", help="print the norms at every lag as JSON")


def run(arguments: Namespace) -> int:
    """Measure, print and draw; the imports are in here because they bring JAX.

    Threads only wait for each other in matrices this small; NumPy reads the setting when it is
    first imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from reference.flow.page import as_page
    from reference.flow.text import as_text
    from reference.report.plain import plain

    is_writable("--png", arguments.png, (".png",))
    is_writable("--html", arguments.html, (".html", ".htm"))
    if arguments.png is not None:
        has_matplotlib()
    flows, about = measured(arguments)
    if arguments.png is not None:
        from reference.flow.png import as_png

        write("--png", arguments.png, as_png(flows, about))
    if arguments.html is not None:
        page = as_page(flows, about, arguments.lags)
        write("--html", arguments.html, page.encode())
    if arguments.json:
        print(json.dumps(plain([to_json(flow) for flow in flows]), indent=2, allow_nan=False))
    else:
        print(as_text(flows, about, arguments.lags))
    return 0


def measured(arguments: Namespace) -> tuple[list[Flow], str]:
    """Return what was measured of every subject, and one line that tells of what."""
    import numpy as np

    from manual_lstm.layer import output_size
    from reference.flow.measure import measure
    from reference.flow.subjects import NextCharacter, output_matrix, windows
    from reference.load import refuse

    text, vocabulary, name = text_of(arguments)
    inputs, targets = windows(text, BEFORE + arguments.lags, arguments.rows, arguments.seed)
    K = len(vocabulary)
    subjects, V = subjects_of_command(arguments, K)
    xs = np.eye(K)[inputs]  # one-hot: not every cell takes indices
    flows = []
    for subject in subjects:
        try:
            H = output_size(subject.cell)
            matrix = output_matrix(H, K, arguments.seed) if V is None else V
            flows.append(measure(subject, xs, NextCharacter(matrix, targets), arguments.lags))
        except Exception as error:  # a cell of one's own may raise anything
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            refuse("--cell", f"an error in {subject.label} ({what})",
                   f"a cell that runs on inputs (B, {K})", "a text is fed to it")  # fmt: skip
    weights = "at their first weights" if V is None else "as trained"
    about = (f"Gradient of one loss, {arguments.lags} steps back: mean of {arguments.rows} places "
             f"of {name}, {weights}, seed {arguments.seed}.")  # fmt: skip
    return flows, about


def subjects_of_command(arguments: Namespace, K: int) -> tuple[list[Any], Any]:
    """Return the subjects that were asked for, and the output matrix of a trained model."""
    import manual_lstm as ml
    from reference.built_in import built_in, describe
    from reference.flow.measure import Subject
    from reference.flow.subjects import default_subjects, subjects_of
    from reference.load import refuse

    biases = tuple(arguments.forget_bias)
    if arguments.checkpoint is not None:
        if arguments.cell or biases:
            refuse("--checkpoint", "--cell or --forget-bias beside it", "alone",
                   "a trained model has a cell and biases of its own")  # fmt: skip
        from manual_lstm.trees import tree_map
        from reference.training.checkpoint import load

        params = tree_map(lambda part: part.astype(float), load(arguments.checkpoint).state.params)
        cell = ml.CharLM(K, len(params.V)).cell
        label = f"LSTM of {arguments.checkpoint.name}"
        return [Subject(label, cell, ml.LSTMParams(params.W_x, params.W_h, None))], params.V
    if not arguments.cell and not biases:
        return default_subjects(K, arguments.hidden, arguments.seed), None
    subjects = []
    for name in arguments.cell or ["lstm"]:
        if ".py:" in name:
            from reference.load import load_cell

            found = load_cell(name)
            cell = described(found, name, K, arguments.hidden)
        else:
            sizes = {"input_size": K, "hidden_size": arguments.hidden}
            cell = describe(built_in(name), sizes, [])
        subjects += subjects_of(cell, biases, arguments.seed)
    return subjects, None


def described(found: Any, place: str, D: int, H: int) -> Any:
    """Return somebody's cell in the sizes of the text, from their class."""
    from reference.load import refuse

    if not isinstance(found, type):
        refuse("--cell", f"an instance at {place}", "a class",
               f"the text needs an input size of {D}")  # fmt: skip
    try:
        return found(D, H)
    except Exception as error:
        refuse("--cell", f"an error in {place} ({type(error).__name__}: {error})",
               f"a class that is called as CELL({D}, {H})", "a text is fed to it")  # fmt: skip


def text_of(arguments: Namespace) -> tuple[Any, str, str]:
    """Return the characters as indices, their vocabulary, and the name of the text."""
    from reference.load import refuse
    from reference.training.text import read_text

    path = Path(arguments.text or str(files("reference") / "data" / "shakespeare.txt"))
    text = read_text(path)
    if arguments.checkpoint is None:
        return text.characters, text.vocabulary, path.name
    import numpy as np

    from reference.training.checkpoint import load

    known = load(arguments.checkpoint).vocabulary
    unknown = sorted(set(text.vocabulary) - set(known))
    if unknown:
        refuse("TEXT", f"the character {unknown[0]!r}", "text of the characters of the checkpoint",
               "the model knows no other")  # fmt: skip
    place = np.array([known.index(character) for character in text.vocabulary])
    return place[text.characters], known, path.name


def number_of(text: str) -> float:
    """Return a finite number."""
    from reference.cli import number

    return number(text, float, "a finite number", lambda value: abs(value) < float("inf"))


def is_writable(option: str, path: Path | None, kinds: tuple[str, ...]) -> None:
    """Refuse a place that cannot be written, before the work is done."""
    from reference.load import refuse

    if path is None:
        return
    if path.suffix.lower() not in kinds:
        refuse(option, f"the value {path}", f"a file whose name ends in {kinds[0]}",
               "another kind of file might be overwritten")  # fmt: skip
    if path.is_dir() or not path.parent.is_dir():
        refuse(option, f"the value {path}", "a file in a folder that exists",
               "the result is written there")  # fmt: skip


def has_matplotlib() -> None:
    """Refuse a picture where nothing can draw it."""
    from importlib.util import find_spec

    from reference.load import refuse

    if find_spec("matplotlib") is None:
        refuse("--png", "no matplotlib", "used with it", "it draws the picture: pip install "
               "'manual-lstm[plots]'")  # fmt: skip


def write(option: str, path: Path, content: bytes) -> None:
    """Write a file in one step."""
    from manual_lstm.layouts.safetensors import replace_file
    from reference.load import refuse

    try:
        replace_file(path, content)
    except OSError as error:
        refuse(option, f"the value {path}", "a file that can be written",
               error.strerror or "writing failed")  # fmt: skip


def to_json(flow: Flow) -> dict[str, Any]:
    """Return plain values for JSON."""
    return {
        "label": flow.label,
        "norms": {name: norms.tolist() for name, norms in flow.norms.items()},
        "rates": flow.rates,
        "forget_gate": flow.forget,
    }
