"""``manual-lstm bench``: the LSTM's time and memory beside others that compute the same."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from reference.cli import add_command, positive, positive_int

ABOUT = """\
Measure forward and backward of the LSTM beside NumPy as people write it,
jit(jax.grad), flax and torch.nn.LSTM, whichever are installed: everybody in turn
at every size, so that what disturbs one disturbs all. Before anything is timed,
all have to agree on every gradient.
"""

EXAMPLES = """\
examples:
  manual-lstm bench                              everything, in about 15 minutes
  manual-lstm bench --size 50,1,16,16 --threads 1
  manual-lstm bench --json bench.json --png bench.png
  manual-lstm bench --update docs/performance.md

exit status: 0 done, 2 unusable input
"""

BETWEEN = re.compile(r"(<!-- manual-lstm bench -->\n).*?(<!-- end -->)", re.DOTALL)


def add_bench(commands: Any) -> None:
    """Add ``manual-lstm bench``."""
    command = add_command(commands, "bench", "measure time and memory", ABOUT, EXAMPLES)
    command.set_defaults(run=run)
    add = command.add_argument
    add("--size", action="append", default=[], metavar="T,B,D,H", type=size_of, help="steps, rows, "
        "inputs and units; may be repeated (six sizes)")  # fmt: skip
    add("--dtype", action="append", default=[], choices=("float32", "float64"), help="may be "
        "repeated (both)")  # fmt: skip
    add("--threads", action="append", default=[], metavar="N", type=positive_int, help="may be "
        "repeated (1 and 2)")  # fmt: skip
    add("--against", action="append", default=[], metavar="NAME", help="only these; may be "
        "repeated")  # fmt: skip
    add("--seconds", type=positive, default=3.0, metavar="S", help="for each size and dtype, in "
        "at least two rounds (%(default)g)")  # fmt: skip
    add("--no-growth", action="store_true", help="leave out how time and memory grow")
    add("--processor-time", action="store_true", help="tell processor time in place of time by the "
        "clock: for a machine that is busy")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="write every measurement")
    add("--png", type=Path, metavar="FILE", help="write a picture (needs matplotlib)")
    add("--update", type=Path, metavar="PAGE.md", help="put the tables into this page, between its "
        "marks")  # fmt: skip


def size_of(text: str) -> str:
    """Return the text of a size, or complain."""
    from reference.bench.sizes import parse

    try:
        return str(parse(text))
    except ValueError:
        raise ArgumentTypeError(
            f"has the value {text!r}, but must be T,B,D,H, because each is a size."
        ) from None


def run(arguments: Namespace) -> int:
    """Measure, and tell."""
    from reference.bench.tables import markdown
    from reference.flow_command import has_matplotlib, is_writable

    is_writable("--json", arguments.json, (".json",))
    is_writable("--png", arguments.png, (".png",))
    page = page_of(arguments.update)
    if arguments.png is not None:
        has_matplotlib()
    records = measured(arguments)
    kind = "processor" if arguments.processor_time else "wall"
    tables = markdown(records, kind)
    print(tables)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(records, indent=1) + "\n")
    if arguments.png is not None:
        from reference.bench.plot import as_png

        arguments.png.write_bytes(as_png(records, kind))
    if page is not None:
        filled = BETWEEN.sub(lambda marks: f"{marks[1]}{tables}\n{marks[2]}", page)
        arguments.update.write_text(filled)
    return 0


def page_of(path: Path | None) -> str | None:
    """Return the page that is to be filled, which must have the marks."""
    if path is None:
        return None
    from reference.load import refuse

    page = path.read_text() if path.is_file() else ""
    if not BETWEEN.search(page):
        marks = "'<!-- manual-lstm bench -->' and '<!-- end -->'"
        refuse("--update", f"the value {path}", f"a page with the marks {marks}",
               "the tables go between them")  # fmt: skip
    return page


def measured(arguments: Namespace) -> list[dict[str, Any]]:
    """Measure in processes of their own; tell on standard error what is being measured."""
    from reference.bench.rivals import OURS, RIVALS
    from reference.bench.sizes import SIZES
    from reference.bench.worker import records
    from reference.load import refuse

    known = [rival.name for rival in RIVALS]
    for name in arguments.against:
        if name not in known:
            refuse("--against", f"the value {name!r}", " or ".join(map(repr, known)),
                   "nobody else is measured")  # fmt: skip
    names = arguments.against or known
    missing = [rival for rival in RIVALS if rival.name in names and not rival.is_installed]
    for rival in missing:
        print(f"{rival.name} is left out: {rival.needs} is not installed", file=sys.stderr)
    found: list[dict[str, Any]] = []
    jobs: list[dict[str, Any]] = [
        {
            "job": "compare",
            "threads": threads,
            "sizes": [size],
            "dtypes": arguments.dtype or ["float32", "float64"],
            "seconds": arguments.seconds,
            "names": [OURS, *(name for name in names if name != OURS)],
        }
        for threads in arguments.threads or (1, 2)
        # A process for each size: what one has done to the heap is not the other's burden.
        for size in arguments.size or map(str, SIZES)
    ]
    if not arguments.no_growth:
        jobs.append({"job": "growth", "threads": 1, "seconds": arguments.seconds})
    for job in jobs:
        for record in records(job):
            found.append(record)
            told = {"times", "growth", "segment"} & {record["kind"]}
            if told:
                words = [str(record.get(name, "")) for name in ("kind", "size", "dtype", "segment")]
                print(f"threads {job['threads']}:", *filter(None, words), file=sys.stderr)
    return found
