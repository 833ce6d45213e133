"""``manual-lstm debug``: from a file to a diagnosis."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from reference.cell_question import Question, question_of
from reference.debugger.judging.examples import taking_rng
from reference.debugger.running.place import place_of
from reference.debugger.running.timebox import ExitError, TimeUp, Watchdog
from reference.load import load_cell, load_module, refuse, refuse_error
from reference.report.plain import plain
from reference.unusable import UnusableInputError

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis

STATUS = {"right": 0, "wrong": 1, "inconclusive": 2}
_TO_START = 15.0  # seconds for a file to be imported, and its example drawn, at least


def run(arguments: Namespace) -> int:
    """Debug what a file defines and print the diagnosis; return the exit status."""
    page = page_to_write(arguments.html)
    with user_files_are_left_alone():
        question = started(arguments.file, arguments.seed, max(_TO_START, arguments.seconds))
        diagnosis = answer(question, arguments.seconds, arguments.seed)
    if page is not None:
        write_page(diagnosis, page)
    if arguments.json:
        print(json.dumps(plain(diagnosis.to_json()), indent=2, allow_nan=False))
    else:
        tell(diagnosis, page)
    return STATUS[diagnosis.verdict]


def answer(question: Question, seconds: float, seed: int) -> Diagnosis:
    """Ask the debugger; what it does is shown on a terminal meanwhile.

    Raises
    ------
    UnusableInputError
        Where the debugger cannot work with what the file defines.
    """
    from reference.debugger.debug import debug  # brings JAX: bad input is answered before

    with progress_shown() as show, contextlib.redirect_stdout(sys.stderr):
        try:
            if question.cell is not None:
                return debug(question.cell, seconds=seconds, seed=seed, progress=show)
            return debug(
                question.loss,
                question.backward,
                question.params,
                question.inputs,
                example=question.example,
                seconds=seconds,
                seed=seed,
                progress=show,
            )
        except (TypeError, ValueError) as error:
            raise UnusableInputError(str(error)) from error


@contextlib.contextmanager
def progress_shown() -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is going on, on standard error; silent in a pipe."""
    console = Console(file=sys.stderr)  # this very one: while programs run another is in its place
    if not console.is_interactive:
        yield lambda _: None
        return
    spinner, said, clock = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(spinner, said, clock, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda message: progress.update(task, description=escape(str(message)))


def tell(diagnosis: Diagnosis, page: Path | None) -> None:
    """Print the diagnosis, in colour on a terminal."""
    text = Text(str(diagnosis))
    text.highlight_regex(r"\A(right|wrong|inconclusive)", "bold")
    text.highlight_regex(r"(?m)^ +> +\d+ \|.*$", "bold")
    text.highlight_regex(r"(?m)^ {4}-(?!--).*$", "red")
    text.highlight_regex(r"(?m)^ {4}\+(?!\+\+).*$", "green")
    console = Console(highlight=False)
    console.print(text, soft_wrap=True)
    if page is not None:
        console.print(f"\n  page: {page}", markup=False, soft_wrap=True)


def started(place: str, seed: int, seconds: float) -> Question:
    """Return what a file asks, if it says so in time."""
    try:
        with Watchdog() as watchdog, watchdog.limit(seconds):
            return question_in(place, seed)
    except ExitError as error:  # outside the file itself, such as in what an import starts
        refuse_error(Path(place), error, "it is run to find what it defines")
    except TimeUp as up:
        _, line, text, _ = place_of(up)
        there = f" (it was at line {line}: {text})" if line else ""
        refuse(place, f"not come to an end in {seconds:g} s{there}", "a file that can be imported, "
               "with an example that returns", "both come before the search")  # fmt: skip


def question_in(place: str, seed: int) -> Question:
    """Return what ``FILE.py`` or ``FILE.py:Cell`` asks.

    Raises
    ------
    UnusableInputError
        If there is no such file or name, or what is there cannot be used.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what a file prints is no part of the answer
        if not place.endswith(".py"):
            if ".py:" not in place:
                export = "; jupyter nbconvert --to script makes one of a notebook"
                refuse("FILE.py", f"the value {place}", "a Python file, like my_lstm.py",
                       "loss and backward are read from it"
                       + (export if place.endswith(".ipynb") else ""))  # fmt: skip
            try:
                return question_of(load_cell(place), seed)
            except TypeError as error:
                raise UnusableInputError(str(error)) from error
        path = Path(place)
        module = load_module(path)
        loss, backward, example = (
            function_of(module, path, name) for name in ("loss", "backward", "example")
        )
        params, inputs = drawn(example, path, seed)
    return Question(loss, backward, params, inputs, example)


def function_of(module: Any, path: Path, name: str) -> Callable[..., Any]:
    """Return a function that the file must define."""
    meanings = {
        "loss": "loss(params, inputs), which returns one number",
        "backward": "backward(params, inputs), which returns gradients by name",
        "example": "example(rng), which returns (params, inputs)",
    }
    function = getattr(module, name, None)
    if callable(function):
        return function
    missing = not hasattr(module, name)
    if missing and cells_of(module):
        refuse(
            str(path),
            f"no {name}",
            meanings[name],
            f"two functions are debugged; a cell is named: {path}:{cells_of(module)[0]}",
        )
    has = f"no {name}" if missing else f"{name} of type {type(function).__name__}"
    refuse(str(path), has, f"a file that defines {meanings[name]}",
           "the debugger compares backward with the derivative of loss at an example")  # fmt: skip


def cells_of(module: Any) -> list[str]:
    """Return the names of the cell classes that a file defines itself."""
    return [
        name
        for name, value in vars(module).items()
        if hasattr(value, "step_backward") and getattr(value, "__module__", "") == module.__name__
    ]


def drawn(example: Callable[..., Any], path: Path, seed: int) -> tuple[Any, Any]:
    """Return params and inputs from the user's example, or complain of what it returns."""
    drawing = taking_rng(example)
    try:
        inspect.signature(drawing).bind(None)
    except TypeError:
        refuse(str(path), f"example{inspect.signature(example)}", "def example(rng)",
               "it is called with a generator of random numbers")  # fmt: skip
    except ValueError:
        pass  # no signature is known: calling it will tell
    try:
        given = drawing(np.random.default_rng(seed))
    except (Exception, SystemExit) as error:
        refuse_error(path, error, "example(rng) is called for params and inputs")
    name, must = "example(rng)", "(params, inputs), such as two dicts of arrays by name"
    because = "loss and backward are called with them"
    if not isinstance(given, tuple | list):
        refuse(name, f"type {type(given).__name__}", must, because)
    if len(given) != 2:
        refuse(name, f"{len(given)} values", must, because)
    if isinstance(given[0], Mapping | list | tuple) and not given[0]:
        refuse(name, "no params", "at least one array in params", "its gradient is checked")
    return given[0], given[1]


def page_to_write(path: Path | None) -> Path | None:
    """Return where the page goes; refused before the search, which takes its time."""
    if path is None:
        return None
    if path.suffix.lower() not in (".html", ".htm"):
        refuse("--html", f"the value {path}", "a file whose name ends in .html",
               "another kind of file might be overwritten")  # fmt: skip
    if path.is_dir() or not path.parent.is_dir():
        refuse("--html", f"the value {path}", "a file in a folder that exists",
               "the page is written there")  # fmt: skip
    return path


def write_page(diagnosis: Diagnosis, path: Path) -> None:
    """Write the page."""
    try:
        diagnosis.to_html(path)
    except OSError as error:
        refuse("--html", f"the value {path}", "a file that can be written",
               error.strerror or "writing failed")  # fmt: skip


@contextlib.contextmanager
def user_files_are_left_alone() -> Iterator[None]:
    """Leave no ``__pycache__`` beside the user's files, open no window, wait for no key."""
    bytecode, keyboard = sys.dont_write_bytecode, sys.stdin
    sys.dont_write_bytecode, sys.stdin = True, io.StringIO()
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.stdin = bytecode, keyboard
