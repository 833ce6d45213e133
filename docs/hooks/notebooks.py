"""One page a notebook, executed when the pages are built: a cell that fails, fails the build.

MkDocs runs this as a hook. The notebooks are stored without outputs; what the pages show was
computed by the code that they belong to. Each notebook is in the site as well, to be downloaded.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parent.parent.parent
FOLDER = "notebooks"
SECONDS = 120  # for one cell
LINK = re.compile(r"(\]\((?:\.\./)?(?:notebooks/)?\w+)\.ipynb\)")


def executed(path: Path) -> str:
    """Return a notebook as Markdown, with what its cells give now.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises; its code and its traceback are the message.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import MarkdownExporter
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    # Sockets in the file system where there are such: no other user can listen to them.
    transport = "tcp" if os.name == "nt" else "ipc"
    NotebookClient(
        notebook,
        config=Config(KernelManager={"transport": transport}),
        timeout=SECONDS,
        allow_errors=False,
        resources={"metadata": {"path": str(ROOT)}},
    ).execute()
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    return text


def page(path: Path) -> str:
    """Return the page of a notebook: it, and where it can be had."""
    started = time.monotonic()
    text = executed(path)
    took = time.monotonic() - started
    return (
        f"{text}\n\n*This page is a notebook, [`{path.name}`]({path.name}), which ran in "
        f"{took:.0f} s when the page was built.*\n"
    )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook (MkDocs)."""
    from mkdocs.exceptions import PluginError
    from mkdocs.structure.files import File

    for path in sorted((Path(config.docs_dir) / FOLDER).glob("*.ipynb")):
        try:
            text = page(path)
        except Exception as error:
            raise PluginError(f"{path.name} did not run: {error}") from error
        files.append(File.generated(config, f"{FOLDER}/{path.stem}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to notebooks lead to their pages (MkDocs); in the repository they lead to them."""
    if page.file.src_uri.startswith(f"{FOLDER}/"):
        return markdown
    return LINK.sub(r"\1.md)", markdown)
