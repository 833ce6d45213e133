"""``manual-lstm debug``: what it asks, what it prints, and one line for what cannot be used."""

import contextlib
import io
import json
import re
import sys
import time
import types

import numpy as np
import pytest
from tests.reference.report import diagnoses

from reference.cell_question import question_of
from reference.cli import main
from reference.debug_command import progress_shown

RIGHT = """
import numpy as np

print("an import that prints")

def loss(params, inputs):
    return np.sum(np.tanh(inputs["x"] @ params["W"]))

def backward(params, inputs):
    return {"W": inputs["x"].T @ (1 - np.tanh(inputs["x"] @ params["W"]) ** 2)}

def example(rng):
    print("an example that prints")
    return {"W": rng.normal(size=(3, 4))}, {"x": rng.normal(size=(2, 3))}
"""
WRONG = RIGHT.replace("** 2)}", ")}")
WRONG_CELL = """
from typing import NamedTuple

import numpy as np

class Params(NamedTuple):
    W_x: np.ndarray
    W_h: np.ndarray

class State(NamedTuple):
    h: np.ndarray

class Mine:
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def init_params(self, rng, dtype=np.float64):
        D, H = self.input_size, self.hidden_size
        return Params(rng.normal(size=(D, H)).astype(dtype), rng.normal(size=(H, H)).astype(dtype))

    def init_state(self, batch_size, dtype=np.float64):
        return State(np.zeros((batch_size, self.hidden_size), dtype))

    def step(self, params, state, x):
        h = np.tanh(x @ params.W_x + state.h @ params.W_h)
        return State(h), (x, state.h, h)

    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        dz = dstate.h * (1 - h)
        return Params(x.T @ dz, h_prev.T @ dz), State(dz @ params.W_h.T), dz @ params.W_x.T
"""
CELL = "from manual_lstm import LSTM\n\nclass Mine(LSTM):\n    pass\n"


class Engine:
    """Stands in for the debugger: notes what it was asked, and gives a diagnosis made by hand."""

    def __init__(self):
        self.diagnosis = diagnoses.WRONG
        self.error = None
        self.calls = []

    def debug(self, *arguments, progress, **options):
        self.calls.append((arguments, options))
        progress("wrong: W; looking for [the] line")
        if self.error is not None:
            raise self.error
        return self.diagnosis


@pytest.fixture
def engine(monkeypatch):
    standing_in = types.ModuleType("reference.debugger.debug")
    standing_in.debug = (engine := Engine()).debug
    monkeypatch.setitem(sys.modules, standing_in.__name__, standing_in)
    return engine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder to work in, with one usable file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("MPLBACKEND", "Agg")
    modules = sys.modules.copy()
    (tmp_path / "mine.py").write_text(RIGHT)
    (tmp_path / "cell.py").write_text(CELL)
    yield tmp_path
    for name in sys.modules.keys() - modules.keys():
        if getattr(sys.modules[name], "__file__", None) is not None and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def run(capsys, *arguments):
    """Return status, standard output and standard error of ``manual-lstm debug``."""
    try:
        status = main(["debug", *arguments])
    except SystemExit as leaving:  # argparse leaves by itself
        status = leaving.code
    return status, *capsys.readouterr()


@pytest.mark.parametrize(("verdict", "expected"), [("right", 0), ("wrong", 1), ("inconclusive", 2)])
def test_the_status_tells_the_verdict(folder, capsys, engine, verdict, expected):
    engine.diagnosis = diagnoses.ALL[verdict]
    status, output, _ = run(capsys, "mine.py")
    assert status == expected
    assert output == f"{engine.diagnosis}\n"


def test_the_functions_and_an_example_are_handed_over(folder, capsys, engine):
    run(capsys, "mine.py", "--seconds", "3.5", "--seed", "7")
    (((loss, backward, params, inputs), options),) = engine.calls
    assert (loss.__name__, backward.__name__) == ("loss", "backward")
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(params["W"], rng.normal(size=(3, 4)))
    np.testing.assert_array_equal(inputs["x"], rng.normal(size=(2, 3)))
    assert options.pop("example").__name__ == "example"
    assert options == {"seconds": 3.5, "seed": 7}


def test_a_cell_is_handed_over_by_its_name(folder, capsys, engine):
    run(capsys, "cell.py:Mine")
    (((cell,), options),) = engine.calls
    assert cell.__name__ == "Mine"
    loss, backward, params, inputs, *_ = question_of(cell)
    assert {"W_x", "W_h", "b", "xs", "state0.h", "state0.c"} == set(backward(params, inputs))
    assert np.isfinite(loss(params, inputs))
    assert options == {"seconds": 20.0, "seed": 0}


def test_a_right_backward_is_right(folder, capsys):
    status, output, _ = run(capsys, "mine.py")
    assert status == 0
    assert output.startswith("right: W\n")


def test_a_wrong_backward_is_told_by_its_line_and_a_fix(folder, capsys):
    (folder / "wrong.py").write_text(WRONG)
    status, output, _ = run(capsys, "wrong.py", "--json", "--html", "page.html")
    assert status == 1
    values = json.loads(output)
    assert list(values["wrong"]) == ["W"]
    assert values["suspects"][0]["line"] == 10
    assert "np.tanh" in values["suspects"][0]["text"]
    assert values["fixes"]
    assert "wrong: W" in (folder / "page.html").read_text()


@pytest.mark.parametrize(("text", "expected"), [(CELL, 0), (WRONG_CELL, 1)])
def test_a_cell_is_debugged_like_two_functions(folder, capsys, text, expected):
    (folder / "asked.py").write_text(text)
    status, output, _ = run(capsys, "asked.py:Mine")
    assert status == expected
    for name in ("W_x", "W_h", "state0.h", "xs"):
        assert name in output.split("\n")[0]
    marked = re.search(r"> \d+ \| +dz = dstate.h \* \(1 - h\)$", output, re.MULTILINE)
    assert bool(marked) == bool(expected)


def test_something_else_than_a_cell_is_refused(folder, capsys):
    (folder / "asked.py").write_text("class Mine:\n    pass\n")
    told_in_one_line(run(capsys, "asked.py:Mine"), "cell Mine has no method init_params")


def test_json_is_alone_on_standard_output(folder, capsys, engine):
    status, output, errors = run(capsys, "mine.py", "--json")
    assert status == 1
    assert json.loads(output) == diagnoses.WRONG.to_json()
    assert errors == "an import that prints\nan example that prints\n"


def test_a_page_is_written_and_nothing_else(folder, capsys, engine):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    _, output, _ = run(capsys, "mine.py", "--html", "page.html")
    assert output.endswith("\n  page: page.html\n")
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    (folder / "page.html").unlink()
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_progress_is_silent_in_a_pipe(folder, capsys, engine):
    assert "looking for" not in "".join(map(str, run(capsys, "mine.py")))


def test_progress_is_shown_on_a_terminal(folder, capsys, engine, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_INTERACTIVE", "1")
    monkeypatch.setenv("TERM", "xterm")
    _, output, errors = run(capsys, "mine.py")
    assert "looking for [the] line" in errors
    assert "looking for" not in output


def test_progress_goes_on_while_what_programs_print_is_kept(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    terminal, kept = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_shown() as show, contextlib.redirect_stderr(kept):
        show("verdict: wrong")
        before = len(terminal.getvalue())
        time.sleep(0.3)
        assert len(terminal.getvalue()) > before
    assert "verdict: wrong" in terminal.getvalue()
    assert "0:00:0" in terminal.getvalue()
    assert not kept.getvalue()


def changed(**texts):
    """Return the usable file with some of its functions replaced."""
    text = RIGHT
    for name, replacement in texts.items():
        start = text.index(f"def {name}(")
        end = text.find("\ndef ", start)
        text = text[:start] + replacement + (text[end:] if end > 0 else "\n")
    return text


EXAMPLE = "def example(rng):\n    return "
UNUSABLE = {
    "no file": (None, "FILE.py has the value asked.py, but must be a file that exists"),
    "syntax": ("x = 1\ndef loss(:\n", "asked.py has an error at line 2 (SyntaxError"),
    "raises": ("import numpy\n\n1 / 0\n", "asked.py has an error at line 3 (ZeroDivisionError"),
    "leaves": ("raise SystemExit('bye')\n", "asked.py has an error at line 1 (SystemExit: bye)"),
    "asks": ("input()\n", "asked.py has an error at line 1 (EOFError"),
    "no loss": (changed(loss=""), "asked.py has no loss, but must be a file that defines loss("),
    "no backward": (changed(backward=""), "asked.py has no backward, but must be a file that"),
    "no example": (changed(example=""), "asked.py has no example, but must be a file that defines "
                   "example(rng), which returns (params, inputs), because"),
    "cell without a name": (CELL, "asked.py has no loss, but must be"),
    "no function": (changed(loss="loss = 3\n"), "asked.py has loss of type int, but must be"),
    "example raises": (
        changed(example="def example(rng):\n\n    return rng.no_such()\n"),
        "asked.py has an error at line 14 (AttributeError",
    ),
    "example of one": (changed(example=f"{EXAMPLE}{{}}"), "example(rng) has type dict, but must"),
    "example of three": (changed(example=f"{EXAMPLE}1, 2, 3"), "example(rng) has 3 values, but"),
    "example of a generator and more": (
        changed(example="def example(rng, size):\n    return {}, {}"),
        "asked.py has example(rng, size), but must be def example(rng)",
    ),
    "example of nothing": (changed(example=f"{EXAMPLE}{{}}, {{}}"), "example(rng) has no params"),
}  # fmt: skip


def told_in_one_line(answer, complaint):
    status, output, errors = answer
    assert status == 2
    assert output == ""
    (line,) = [line for line in errors.splitlines() if not line.startswith("an ")]
    assert line.startswith("manual-lstm")
    assert complaint in line
    assert "manual-lstm: manual-lstm" not in line


@pytest.mark.parametrize(("text", "complaint"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file_is_answered_in_one_line(folder, capsys, engine, text, complaint):
    if text is not None:
        (folder / "asked.py").write_text(text)
    told_in_one_line(run(capsys, "asked.py"), complaint)
    assert not engine.calls


def test_a_cell_that_was_not_named_is_pointed_out(folder, capsys, engine):
    told_in_one_line(run(capsys, "cell.py"), "a cell is named: cell.py:Mine")


def test_a_file_that_never_ends_is_left(folder, capsys, engine, monkeypatch):
    monkeypatch.setattr("reference.debug_command._TO_START", 0.2)
    (folder / "asked.py").write_text("while True: pass\n")
    complaint = "asked.py has not come to an end in 0.2 s (it was at line 1: while True: pass), but"
    told_in_one_line(run(capsys, "asked.py", "--seconds", "0.1"), complaint)


OPTIONS = {
    "no file": ([], "the following arguments are required: FILE"),
    "no Python": (["mine.txt"], "FILE.py has the value mine.txt, but must be a Python file"),
    "no such cell": (["cell.py:Yours"], "cell.py has no Yours, but must be one of its cells"),
    "no time": (["mine.py", "--seconds", "0"], "--seconds has the value '0', but must be a number"),
    "seed": (["mine.py", "--seed=-1"], "--seed has the value '-1', but must be an integer from 0"),
    "page over a program": (
        ["mine.py", "--html", "mine.py"], "--html has the value mine.py, but must be a file whose "
        "name ends in .html"),
    "page nowhere": (
        ["mine.py", "--html", "no/page.html"], "--html has the value no/page.html, but must be a "
        "file in a folder that exists"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "complaint"), OPTIONS.values(), ids=OPTIONS)
def test_unusable_options_are_answered_in_one_line(folder, capsys, engine, arguments, complaint):
    told_in_one_line(run(capsys, *arguments), complaint)
    assert not engine.calls


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_what_the_debugger_refuses_is_one_line(folder, capsys, engine, error):
    engine.error = error("loss(params, inputs) has shape (2,),\nbut must be a real scalar")
    told_in_one_line(run(capsys, "mine.py"), "has shape (2,), but must be a real scalar")


def test_help_names_the_three_functions(capsys):
    status, output, _ = run(capsys, "--help")
    assert status == 0
    for word in ("loss(params, inputs)", "backward(params, inputs)", "example(rng)", "--html"):
        assert word in output


def test_a_file_that_imports_from_beside_itself_with_a_dot(folder, capsys):
    (folder / "slopes.py").write_text("def slope(y):\n    return 1 - y**2\n")
    (folder / "dotted.py").write_text(
        "from .slopes import slope\n" + RIGHT.replace("1 - np.tanh(", "slope(np.tanh(").replace(
            ") ** 2)}", ")))}")
    )  # fmt: skip
    status, output, _ = run(capsys, "dotted.py")
    assert status == 0
    assert output.startswith("right: W\n")


def test_a_module_of_a_package(folder, capsys):
    package = folder / "models" / "recurrent"
    package.mkdir(parents=True)
    for place in (package.parent, package):
        (place / "__init__.py").write_text("")
    (package.parent / "shared.py").write_text("factor = 1.0\n")
    text = RIGHT.replace("import numpy as np", "import numpy as np\n\nfrom ..shared import factor")
    (package / "mine.py").write_text(text.replace("return np.sum", "return factor * np.sum"))
    status, _, _ = run(capsys, "models/recurrent/mine.py")
    assert status == 0
    assert not list(folder.rglob("__pycache__"))


def test_no_arguments_of_ours_reach_the_file(folder, capsys, engine):
    before = sys.argv
    (folder / "asked.py").write_text(RIGHT + "import sys\nprint('an argv', len(sys.argv))\n")
    _, _, errors = run(capsys, "asked.py")
    assert "an argv 1\n" in errors
    assert sys.argv is before


LEAVING = {
    "exits": ("sys.exit(3)", 1, "wrong: raises", "(ExitError: it calls sys.exit(3))"),
    "hangs": ("while True: pass", 2, "inconclusive", "it was at line 10: while True: pass"),
}


@pytest.mark.parametrize("name", LEAVING)
def test_a_backward_that_does_not_return(folder, capsys, name):
    line, expected, start, told = LEAVING[name]
    text = RIGHT.replace("    return {", f"    {line}\n    return {{", 1)
    (folder / "asked.py").write_text(text.replace("import numpy as np", "import sys, numpy as np"))
    status, output, _ = run(capsys, "asked.py", "--seconds", "3")
    assert status == expected
    assert output.startswith(start)
    assert told in " ".join(output.split())


def test_a_file_that_a_function_writes_is_its_own_affair(folder, capsys):
    text = RIGHT.replace("    return {", "    open('log.txt', 'a').write('x')\n    return {", 1)
    (folder / "asked.py").write_text(text)
    before = {path.name for path in folder.iterdir()}
    status, _, _ = run(capsys, "asked.py")
    assert status == 0
    assert {path.name for path in folder.iterdir()} - before == {"log.txt"}
    assert (folder / "asked.py").read_text() == text


def test_the_shell_of_a_notebook_is_there_and_does_nothing(folder, capsys):
    lines = ("get_ipython().run_line_magic('matplotlib', 'inline')",
             "get_ipython().system('pip install numpy')")  # fmt: skip
    (folder / "exported.py").write_text("\n".join(lines) + RIGHT)
    assert main(["debug", str(folder / "exported.py")]) == 0
    assert capsys.readouterr().out.startswith("right: W")
