"""``manual-lstm new``: a file to start a cell of one's own from."""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

TEMPLATE = "my_cell.py", "MyCell"  # the file in reference/data, and the class in it

NEW = """\
Write a file to start from: an LSTM as a class of your own, forward and backward,
with the places marked where to change it. `manual-lstm check` works on it at once.
"""

NEW_EXAMPLES = """\
The class is named after the file. A file that exists is never overwritten.

examples:
  manual-lstm new my_cell.py             then: manual-lstm check my_cell.py:MyCell
  manual-lstm new cells/soft_gru.py      then: manual-lstm check cells/soft_gru.py:SoftGru

exit status: 0 written, 2 not written
"""


def run(arguments: Namespace) -> int:
    """Write the file and tell how to go on; return the exit status."""
    path = Path(arguments.file)
    name = write(path)
    place = shlex.quote(f"{path}:{name}")
    print(f"{path}: an LSTM to change, class {name}, with its backward")
    print(f"  is the backward right?        manual-lstm check {place}")
    print(f"  which line of it is wrong?    manual-lstm debug {place}")
    return 0


def write(path: Path) -> str:
    """Write the template, with its names replaced, and return the name of the class.

    Raises
    ------
    UnusableInputError
        If it is no Python file, exists already, or cannot be written.
    """
    if path.suffix != ".py":
        refuse("FILE.py", f"the value {path}", "like my_cell.py", "a Python file is written")
    name = class_name(path.stem)
    file, template_name = TEMPLATE
    text = files("reference").joinpath("data", file).read_text(encoding="utf-8")
    text = text.replace(template_name, name).replace(file, path.name)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as into:
            into.write(text)
    except FileExistsError:
        refuse(str(path), "a file of that name", "new", "nothing is ever overwritten")
    except OSError as error:
        must = "a place where a file can be written"
        refuse(str(path), f"an error ({error.strerror})", must, "the file is to stand there")
    return name


def refuse(name: str, has: str, must: str, because: str) -> NoReturn:
    """Complain; the wording is loaded only then, so that the command line starts fast."""
    from reference.load import refuse

    refuse(name, has, must, because)


def class_name(stem: str) -> str:
    """Return the name of the class for the name of a file.

    Examples
    --------
    >>> class_name("my_cell"), class_name("GRU2")
    ('MyCell', 'GRU2')
    """
    words = re.split(r"[^0-9A-Za-z]+", stem)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if not name.isidentifier():
        has, must = f"the value {stem}.py", "named with a letter first, like my_cell.py"
        refuse("FILE.py", has, must, "the class is named after it")
    return name
