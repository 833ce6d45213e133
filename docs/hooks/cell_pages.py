"""One page a cell, made from the sources: equations, derivation beside the code, shapes, twin.

MkDocs runs this as a hook. Nothing is copied by hand: a page shows the docstring of its file and
the source of ``step`` and ``step_backward``; each line of the backward is written as an equation
as well, beside the forward line that it reverses.
"""

from __future__ import annotations

import ast
import html
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import manual_lstm as ml
from reference.cells import TWINS

sys.path.insert(0, str(Path(__file__).parent))
from equations import equations  # MkDocs loads a hook by its path

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

FOLDER = "cells"


class Reversed(NamedTuple):
    """A forward line, and the lines of the backward that reverse it."""

    forward: str
    code: str


def cells() -> dict[str, type]:
    """Return every public cell by the name of its file."""
    public = (getattr(ml, name) for name in ml.__all__)
    found = [
        c for c in public if isinstance(c, type) and c.__module__.startswith("manual_lstm.cells.")
    ]
    return {
        cell.__module__.rpartition(".")[2]: cell for cell in found if hasattr(cell, "step_backward")
    }


def source(function: Any) -> str:
    """Return a function as it stands in its file, without indentation."""
    return textwrap.dedent(inspect.getsource(function))


def body(function: Any) -> list[str]:
    """Return the lines below the docstring, without indentation."""
    text = source(function)
    definition = ast.parse(text).body[0]
    assert isinstance(definition, ast.FunctionDef)
    first = definition.body[1].lineno - 1
    return textwrap.dedent("\n".join(text.splitlines()[first:])).strip().splitlines()


def reversed_lines(function: Any) -> list[Reversed]:
    """Return the backward in groups: each comment, and the code up to the next one."""
    groups: list[tuple[list[str], list[str]]] = []
    for line in body(function):
        if line.startswith("return") and groups[-1][1]:
            break
        if line.startswith("#"):
            if not groups or groups[-1][1]:
                groups.append(([], []))
            groups[-1][0].append(line.removeprefix("#").strip())
        elif groups and line.strip():
            groups[-1][1].append(line)
    return [Reversed(" ".join(comment), "\n".join(code)) for comment, code in groups]


def derivation(function: Any) -> str:
    """Return a table: forward line, derivatives as equations, code."""
    rows = [
        f"<tr><td><pre>{_broken(group.forward)}</pre></td>"
        f"<td><pre>{_escaped(equations(group.code))}</pre></td>"
        f"<td><pre>{_escaped([group.code])}</pre></td></tr>"
        for group in reversed_lines(function)
    ]
    head = "<thead><tr><th>forward</th><th>derivation</th><th>code</th></tr></thead>"
    return "\n".join(['<table class="beside">', head, "<tbody>", *rows, "</tbody>", "</table>"])


def _broken(forward: str) -> str:
    told = forward.removeprefix("forward: ")
    return html.escape(told.replace("; ", "\n"), quote=False)


def _escaped(lines: list[str]) -> str:
    return html.escape("\n".join(lines), quote=False)


def prose(docstring: str) -> str:
    """Return a module's docstring as Markdown: ``names``, literal blocks, headings."""
    text = re.sub(r"^(\S.*)\n[-=]{3,}$", r"### \1", docstring, flags=re.MULTILINE)
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    return re.sub(r"::\n", ":\n", text)


def shapes(cell: type) -> str:
    """Return a table of parameters and state, in letters."""
    described = cell(3, 4)
    rows = [
        f"| `{name}` | {kind} | {_letters(shapes[name])} |"
        for kind, shapes in (
            ("parameter", described.param_shapes._asdict()),
            ("state", described.state_shapes._asdict()),
        )
        for name in shapes
    ]
    return "\n".join(["| name | is | shape |", "| --- | --- | --- |", *rows])


def _letters(shape: tuple[str, ...] | None) -> str:
    return "absent" if shape is None else f"({', '.join(shape)}{',' * (len(shape) == 1)})"


def page(name: str, cell: type) -> str:
    """Return the page of a cell."""
    module = sys.modules[cell.__module__]
    title, _, rest = inspect.getdoc(module).partition("\n")
    twin = TWINS[cell].step
    twin_file = twin.__module__.replace(".", "/") + ".py"
    return f"""# {cell.__name__}

{title}

Source: `src/manual_lstm/cells/{name}.py`. Names are those of the [notation](../notation.md);
[the derivation](../derivation.md) tells the rules, and [the cells](../cells.md) what sets this one
apart.

{prose(rest.strip())}

## Shapes

As `ml.{cell.__name__}(D, H)` has them:

{shapes(cell)}

## One step

```py
{chr(10).join(body(cell.step))}
```

## The same step backward, with its derivation

From the last line of the forward to the first. dv is ∂L/∂v, the derivative of the whole loss, by
every path that leads from v to it: one term for each line that reads v.

{derivation(cell.step_backward)}

In one piece, as it stands in the file:

```py
{chr(10).join(body(cell.step_backward))}
```

## Its independent twin

The same equations in JAX, for one example and without a backward; autodiff differentiates it, and
`check` compares the two. It is written from the paper, not from the code above.

`src/{twin_file}`:

```py
{source(twin).strip()}
```
"""


def pages() -> dict[str, str]:
    """Return the text of every page by its place in the site."""
    return {f"{FOLDER}/{name}.md": page(name, cell) for name, cell in cells().items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the site (MkDocs)."""
    from mkdocs.structure.files import File

    for place, text in pages().items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let the file names in the tables of cells.md lead to the pages (MkDocs)."""
    if page.file.src_uri != f"{FOLDER}.md":
        return markdown
    known = cells()

    def link(found: re.Match[str]) -> str:
        name = found[1]
        return f"[`{name}.py`]({FOLDER}/{name}.md)" if name in known else found[0]

    return re.sub(r"`(\w+)\.py`", link, markdown)
