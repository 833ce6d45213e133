"""``manual-lstm vectors``: golden vectors written, and a port's answers compared with them."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from reference.cli import add_command, natural, positive_int

ABOUT = """\
Write golden vectors of a cell for a port of it to another language or to
hardware: inputs, every value of every step, every adjoint of every step and the
gradients, with the difference that rounding explains for each. Or compare the
answers of a port with them and name the first value that is wrong.
"""

EXAMPLES = """\
DIR gets manifest.json and float64 and float32 vectors, each as .safetensors and
as .json. A port reads input.*, computes the rest and writes it in the same form,
under the same names, to DIR/answers.json or DIR/answers.safetensors; values that
it does not have may be left out, output.* and gradient.* may not.

examples:
  manual-lstm vectors --cell lstm --out lstm_vectors
  manual-lstm vectors --cell gru --set bias=False --steps 8 --out gru_vectors
  manual-lstm vectors --verify lstm_vectors
  manual-lstm vectors --verify lstm_vectors --answers port.json --json

exit status: 0 written, or all answers right; 1 an answer is wrong;
2 answers are missing, or unusable input
"""

STATUS = {"right": 0, "wrong": 1, "inconclusive": 2}


def add_vectors(commands: Any) -> None:
    """Add ``manual-lstm vectors``."""
    command = add_command(
        commands, "vectors", "write golden vectors for a port, or verify one", ABOUT, EXAMPLES
    )
    command.set_defaults(run=run)
    what = command.add_mutually_exclusive_group()
    what.add_argument("--out", type=Path, metavar="DIR", help="write vectors to this new folder")
    what.add_argument("--verify", type=Path, metavar="DIR", help="compare a port with the vectors "
                      "in this folder")  # fmt: skip

    add = command.add_argument_group("to write").add_argument
    add("--cell", default="lstm", metavar="NAME", help="a built-in cell, such as lstm, gru, rnn, "
        "peepholelstm; a wrong name lists them all (%(default)s)")  # fmt: skip
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the cell, "
        "such as bias=False; may be repeated")  # fmt: skip
    for name, letter, value, of in (
        ("steps", "T", 5, "time steps"),
        ("batch", "B", 3, "rows of the batch"),
        ("input", "D", 2, "input size"),
        ("hidden", "H", 4, "hidden size"),
    ):
        add(f"--{name}", type=positive_int, default=value, metavar=letter,
            help=f"{of} (%(default)s)")  # fmt: skip
    add("--ragged", action="store_true", help="let rows end early: input.lengths tells when")
    add("--seed", type=natural, default=0, metavar="S", help="of the numbers drawn (%(default)s)")

    add = command.add_argument_group("to verify").add_argument
    add("--answers", type=Path, metavar="FILE", help="the port's answers, .json or .safetensors "
        "(DIR/answers.json or DIR/answers.safetensors)")  # fmt: skip
    add("--json", action="store_true", help="print what was found as JSON")


def run(arguments: Namespace) -> int:
    """Write or verify vectors; the imports are in here because they bring JAX."""
    from reference.load import refuse

    if arguments.verify is not None:
        return run_verify(arguments.verify, arguments.answers, arguments.json)
    if arguments.out is None:
        refuse("vectors", "neither --out nor --verify", "told one of them",
               "vectors are written or compared")  # fmt: skip
    return run_make(arguments)


def run_make(arguments: Namespace) -> int:
    """Write vectors of the cell that was asked for."""
    from reference.built_in import built_in, describe
    from reference.problem import Case
    from reference.vectors.files import is_new, write
    from reference.vectors.make import make

    is_new(arguments.out)
    sizes = {"input_size": arguments.input, "hidden_size": arguments.hidden}
    cell = describe(built_in(arguments.cell), sizes, arguments.set)
    case = Case(
        T=arguments.steps,
        B=arguments.batch,
        D=arguments.input,
        H=arguments.hidden,
        seed=arguments.seed,
        ragged=arguments.ragged,
    )
    vectors = make(cell, case)
    write(arguments.out, vectors)
    print(f"{arguments.out}: {len(vectors.arrays)} arrays of {cell!r}, float64 and float32")
    return 0


def run_verify(folder: Path, answers: Path | None, as_json: bool) -> int:
    """Compare a port's answers with the vectors in a folder."""
    from reference.vectors.files import read, read_answers
    from reference.vectors.verify import verify

    if answers is None:
        candidates = [folder / f"answers.{kind}" for kind in ("json", "safetensors")]
        answers = next((path for path in candidates if path.exists()), candidates[0])
    read(folder, "float64")  # a folder that is no folder of vectors is said first
    precision, arrays = read_answers(answers)
    found = verify(read(folder, precision), precision, arrays)
    print(json.dumps(found.to_json(), indent=2, allow_nan=False) if as_json else found)
    return STATUS[found.verdict]
