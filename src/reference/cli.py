"""The command line: ``manual-lstm``.

Only the standard library is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from reference.training.options import DEFAULT_EPOCHS, Options
from reference.unusable import UnusableInputError

DESCRIPTION = """\
Recurrent backward passes you can trust: an LSTM in NumPy whose hand-written
back-propagation through time is checked against JAX.
"""

EXAMPLES = """\
examples:
  manual-lstm check                      check every built-in cell and layer
  manual-lstm check my_cell.py:MyCell    check your own
  manual-lstm new my_cell.py             a file to start your own from
  manual-lstm debug my_lstm.py           find the wrong line of your backward
  manual-lstm train                      train on a short text that is included
  manual-lstm train book.txt --checkpoint book.ckpt.npz
  manual-lstm flow                       why gradients vanish, in numbers
  manual-lstm bench                      time and memory, beside others
  manual-lstm vectors --out DIR          golden vectors for a port to C or CUDA
  manual-lstm COMMAND --help             all options of a command

exit status: 0 right or done, 1 wrong, 2 inconclusive or unusable input,
130 interrupted
"""

CHECK = """\
Compare the hand-written backward of cells with the gradients that JAX finds by
automatic differentiation, on random problems, and say right, wrong or
inconclusive; where wrong: which gradient, gate, unit and time step.
"""

CHECK_EXAMPLES = """\
A cell is a class with init_params, init_state, step and step_backward.

examples:
  manual-lstm check                            every built-in cell and layer,
                                               and the character model
  manual-lstm check my_cell.py:MyCell          your own
  manual-lstm check my_cell.py:MyCell --json   for another program to read
  manual-lstm check --jobs 8 --cases 1000000 --journal campaign.jsonl

exit status: 0 all right, 1 any wrong, 2 any inconclusive or unusable
"""

DEBUG = """\
Say whether a hand-written backward is right, and where it is wrong: which
gradient, from which time step, on which line, what the value should have been,
and, where one passes, a fix. Your file is run as it is and never changed.
"""

DEBUG_EXAMPLES = """\
The file defines three functions:
  loss(params, inputs)       returns one number
  backward(params, inputs)   returns gradients in the form of params
  example(rng)               returns (params, inputs): a dict, list or tuple of
                             arrays, and anything, drawn with rng, a
                             numpy.random.Generator

examples:
  manual-lstm debug my_lstm.py
  manual-lstm debug my_lstm.py --html my_lstm.html   a page with all there is
  manual-lstm debug my_lstm.py --json                for another program to read
  manual-lstm debug my_cell.py:MyCell                a class with step_backward

exit status: 0 right, 1 wrong, 2 inconclusive or unusable input
"""

TRAIN = """\
Train a character model on a text file with the hand-written backward of the
LSTM. The gradient of the real batch is checked against JAX at the start and
every so often; a disagreement stops the training. Losses are in bits per
character.
"""

TRAIN_EXAMPLES = """\
examples:
  manual-lstm train                      a short text that is included
  manual-lstm train book.txt --minutes 5 --sample 1000
  manual-lstm train book.txt --checkpoint book.ckpt.npz
  manual-lstm train book.txt --checkpoint book.ckpt.npz --resume

Interrupt with Ctrl-C: the run is kept in the checkpoint. A run that was killed
and resumed gives the same numbers, bit for bit, as one that was not.

exit status: 0 done, 1 a gradient disagrees with JAX, 2 unusable input
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # asked for just above
    try:
        arguments = parser().parse_args(argv)
        status = arguments.run(arguments)
        sys.stdout.flush()
    except UnusableInputError as error:
        return complain(str(error))
    except ModuleNotFoundError as error:
        if error.name not in ("jax", "jaxlib", "rich"):
            raise
        return complain(f"{error.name} is not installed: pip install 'manual-lstm[reference]'")
    except KeyboardInterrupt:
        return complain("interrupted", status=130)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `manual-lstm check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status


def complain(message: str, status: int = 2) -> int:
    """Print `message` as one line on standard error; return `status`."""
    print("manual-lstm:", " ".join(message.splitlines()), file=sys.stderr)
    return status


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake with one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        message = message.removeprefix("argument ").replace(": has ", " has ", 1)
        hint = "" if " has " in message else f" ({self.prog} --help tells more)"
        self.exit(2, f"{self.prog}: {message}{hint}\n")


class Version(argparse.Action):
    """Print the version; manual_lstm is imported only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Leave with status 0."""
        from manual_lstm import __version__

        print(f"manual-lstm {__version__}")
        parser.exit()


def parser() -> Parser:
    """Return the parser of the whole command line."""
    from reference.bench.command import add_bench
    from reference.flow_command import add_flow
    from reference.vectors_command import add_vectors

    whole = Parser(
        "manual-lstm",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    add_check(commands)
    add_debug(commands)
    add_new(commands)
    add_train(commands)
    add_flow(commands)
    add_bench(commands)
    add_vectors(commands)
    return whole


def add_command(commands: Any, name: str, summary: str, about: str, examples: str) -> Parser:
    """Add a command and return its parser."""
    return commands.add_parser(
        name,
        help=summary,
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_check(commands: Any) -> None:
    """Add ``manual-lstm check``."""
    command = add_command(
        commands, "check", "check backward passes against JAX", CHECK, CHECK_EXAMPLES
    )
    add = command.add_argument
    add("cells", nargs="*", metavar="FILE.py:CELL", help="a class or instance in a file; "
        "without any, every built-in cell and layer, and the character model")  # fmt: skip
    add("--cases", type=positive_int, metavar="N", help="random problems for each cell")
    add("--seed", type=natural, default=0, metavar="S", help="of the random problems (0)")
    add("--jobs", type=positive_int, metavar="K", help="processes that share the work (1)")
    add("--journal", type=Path, metavar="FILE", help="keep what is found in this file, line "
        "by line")  # fmt: skip
    add("--resume", action="store_true", help="go on from the journal")
    add("--json", action="store_true", help="print the reports as JSON")
    add("-v", "--verbose", action="store_true", help="print every gradient of right cells too, "
        "not a line for each cell")  # fmt: skip
    command.set_defaults(run=run_check)


def add_debug(commands: Any) -> None:
    """Add ``manual-lstm debug``."""
    command = add_command(
        commands, "debug", "find the wrong line of a backward pass", DEBUG, DEBUG_EXAMPLES
    )
    add = command.add_argument
    add("file", metavar="FILE", help="a Python file with loss, backward and example, or "
        "FILE.py:CELL")  # fmt: skip
    add("--seconds", type=positive, default=20.0, metavar="S", help="to search at most (20)")
    add("--seed", type=natural, default=0, metavar="N", help="of the values drawn (0)")
    add("--json", action="store_true", help="print the diagnosis as JSON")
    add("--html", type=Path, metavar="PAGE", help="write the diagnosis as a page (.html)")
    command.set_defaults(run=run_debug)


def add_new(commands: Any) -> None:
    """Add ``manual-lstm new``."""
    from reference.new_command import NEW, NEW_EXAMPLES, run

    command = add_command(
        commands, "new", "write a file to start your own cell from", NEW, NEW_EXAMPLES
    )
    command.add_argument("file", metavar="FILE.py", help="the file to write")
    command.set_defaults(run=run)


def add_train(commands: Any) -> None:
    """Add ``manual-lstm train``."""
    command = add_command(
        commands, "train", "train a character model on a text", TRAIN, TRAIN_EXAMPLES
    )
    command.set_defaults(run=run_train)
    default = Options()
    add = command.add_argument
    add("text", nargs="?", metavar="TEXT", help="a UTF-8 text file; without it, an excerpt of "
        "Shakespeare that is included")  # fmt: skip

    length = command.add_argument_group("length of the run").add_mutually_exclusive_group()
    add = length.add_argument
    add("--epochs", type=positive_int, metavar="N",
        help=f"passes over the text ({DEFAULT_EPOCHS})")  # fmt: skip
    add("--iterations", type=positive_int, metavar="N", help="batches")
    add("--minutes", type=positive, metavar="M", help="by the clock, at a fixed learning rate; "
        "with the other two it falls to a tenth")  # fmt: skip

    add = command.add_argument_group("model and optimiser").add_argument
    add("--hidden", type=positive_int, metavar="H", help=f"LSTM units ({default.hidden})")
    add("--batch", type=positive_int, metavar="B",
        help=f"streams that the text is read in ({default.batch})")  # fmt: skip
    add("--steps-per-sequence", type=positive_int, metavar="T",
        help="characters that the gradient goes back through; the state is carried on "
        f"({default.steps_per_sequence})")  # fmt: skip
    add("--learning-rate", type=positive, metavar="R",
        help=f"of Adam, at first ({default.learning_rate:g})")  # fmt: skip
    add("--clip", type=not_negative, metavar="NORM",
        help=f"largest global norm of the gradient, 0 for no limit ({default.clip:g})")  # fmt: skip
    add("--restart", type=fraction, metavar="P", help="probability that a stream begins a "
        f"segment from the zero state ({default.restart:g})")  # fmt: skip
    add("--validation", type=fraction, metavar="F",
        help=f"part of the text, at its end, to validate on ({default.validation:g})")  # fmt: skip
    add("--dtype", choices=("float32", "float64"), help=f"precision ({default.dtype})")
    add("--seed", type=natural, metavar="S", help=f"({default.seed})")

    add = command.add_argument_group("checks, checkpoint, sample").add_argument
    add("--verify-every", type=natural, default=500, metavar="N", help="iterations between "
        "checks of the gradient against JAX, 0 for only the first (%(default)s)")  # fmt: skip
    add("--checkpoint", type=Path, metavar="FILE", help="keep the run in this file (.npz)")
    add("--resume", action="store_true", help="go on from the checkpoint, with its options")
    add("--save-every", type=positive_int, default=100, metavar="N",
        help="iterations between checkpoints (%(default)s)")  # fmt: skip
    add("--sample", type=natural, default=400, metavar="N",
        help="characters to draw from the model at the end (%(default)s)")  # fmt: skip
    add("--temperature", type=not_negative, default=0.8, metavar="K",
        help="of the sample: lower is safer, 0 takes the likeliest (%(default)s)")  # fmt: skip


def run_check(arguments: argparse.Namespace) -> int:
    """Check cells; the import is here because it brings JAX."""
    from reference.check_command import run

    return run(arguments)


def run_debug(arguments: argparse.Namespace) -> int:
    """Debug somebody's backward; the import is here because it brings JAX."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in `run_train`
    from reference.debug_command import run

    return run(arguments)


def run_train(arguments: argparse.Namespace) -> int:
    """Train; the import is here because it brings JAX.

    The matrices are too small to gain much from threads, and OpenBLAS's threads wait for each
    other actively: where another process wants a core, two are twenty times slower than one. One
    thread also makes the result independent of the number of cores. NumPy reads this setting
    when it is first imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from reference.training.command import run

    return run(arguments)


def number(text: str, kind: type, must: str, is_right: Any) -> Any:
    """Return `text` as a number, or complain in the words of `manual_lstm.checks`."""
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not is_right(value):
        raise argparse.ArgumentTypeError(
            f"has the value {text!r}, but must be {must}, because no other has a meaning."
        )
    return value


def positive_int(text: str) -> int:
    """Return an integer from 1."""
    return number(text, int, "a positive integer", lambda value: value >= 1)


def natural(text: str) -> int:
    """Return an integer from 0."""
    return number(text, int, "an integer from 0", lambda value: value >= 0)


def positive(text: str) -> float:
    """Return a finite number above 0."""
    return number(text, float, "a number above 0", lambda value: 0 < value < float("inf"))


def not_negative(text: str) -> float:
    """Return a finite number from 0."""
    return number(text, float, "a number from 0", lambda value: 0 <= value < float("inf"))


def fraction(text: str) -> float:
    """Return a number from 0 and below 1."""
    return number(text, float, "a number from 0 and below 1", lambda value: 0 <= value < 1)


if __name__ == "__main__":
    sys.exit(main())
