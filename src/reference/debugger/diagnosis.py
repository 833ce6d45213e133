"""What the debugger found: plain data, to be rendered elsewhere."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference.compare import Mismatch


@dataclass(frozen=True)
class Suspect:
    """A line that may be at fault, best first in a diagnosis.

    Parameters
    ----------
    file : str
        Where the line stands, as the user would name it.
    line : int
        Its number, from 1.
    text : str
        The line itself.
    function : str
        The function that it stands in.
    variable : str
        The value that is wrong there, such as ``dc``.
    steps : tuple of int
        Time steps (or loop turns) at which it is wrong, in forward order; empty where unknown
        or where there is no loop.
    pattern : str
        The same in words: "all", "only t=0", "all but the last", ...
    kind : str
        The kind of mistake in the field's words, such as "carry lost".
    why : str
        The evidence in one sentence.
    should_be : str
        What the value should be, in the program's own words if they are known.
    confidence : float
        Between 0 and 1.
    engines : tuple of str
        Which engines point here: "probe", "explain", "memory", "repair", "exception".
    """

    file: str
    line: int
    text: str
    function: str
    variable: str = ""
    steps: tuple[int, ...] = ()
    pattern: str = ""
    kind: str = ""
    why: str = ""
    should_be: str = ""
    confidence: float = 0.0
    engines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edit:
    """Lines ``first`` to ``last`` (from 1, inclusive) of a file, replaced by `new`.

    ``last = first - 1`` inserts before `first`.
    """

    file: str
    first: int
    last: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Fix:
    """A change of the source that was run and passed.

    Parameters
    ----------
    edits : tuple of Edit
        In the order of the file; they do not overlap.
    why : str
        What it does, in one sentence.
    verified : str
        On what it passed, such as "12 fresh inputs, 4 sizes, exact arithmetic".
    """

    edits: tuple[Edit, ...]
    why: str
    verified: str
    source: str = field(default="", repr=False)

    @property
    def lines(self) -> tuple[int, ...]:
        """The numbers of the lines that it changes."""
        return tuple(
            n for edit in self.edits for n in range(edit.first, max(edit.first, edit.last) + 1)
        )

    def apply_to(self, text: str) -> str:
        """Return the mended source.

        Raises
        ------
        ValueError
            If `text` is not the source that the fix was made for: nothing is guessed.
        """
        lines = text.splitlines(keepends=True)
        if len(lines) < 2 < max((edit.last for edit in self.edits), default=0):
            raise ValueError(
                f"text has the value {text[:60]!r}, but must be the source itself, because it is "
                "what is mended: Path(file).read_text()."
            )
        for edit in sorted(self.edits, key=lambda edit: -edit.first):
            old = [line.rstrip("\r\n") for line in lines[edit.first - 1 : edit.last]]
            if tuple(old) != edit.old:
                raise ValueError(
                    f"text has the lines {old} at {edit.first}, but must be {list(edit.old)}, "
                    "because the fix was verified on them."
                )
            lines[edit.first - 1 : edit.last] = [f"{line}\n" for line in edit.new]
        return "".join(lines)

    @property
    def diff(self) -> str:
        """A unified diff of the source that the fix was made for."""
        before, after = self.source.splitlines(), self.apply_to(self.source).splitlines()
        name = self.edits[0].file if self.edits else ""
        return "\n".join(difflib.unified_diff(before, after, name, name, lineterm="", n=2))


@dataclass(frozen=True)
class Diagnosis:
    """Verdict on somebody's backward, the wrong gradients, suspects and fixes.

    Parameters
    ----------
    verdict : {"right", "wrong", "inconclusive"}
    wrong : dict
        Name of each wrong gradient to its worst `Mismatch`.
    right : tuple of str
        Names of the gradients that are right: that is evidence too.
    undecided : dict
        Name of each gradient of which neither is known to the reason.
    suspects : tuple of Suspect
        Best first; one fault may have several.
    fixes : tuple of Fix
        Up to three alternatives, best first; each passed fresh inputs.
    evidence : dict
        What the verdict stands on: "proved", "sampled", "voters", ...
    reasons : tuple of str
        Why it is inconclusive, and what was seen besides that helps to judge or to act.
    details : tuple of str
        What the debugger could not do, and why; it matters to nobody who reads the answer.
    remarks : tuple of str
        What the numbers of the gradients alone say, such as that all are 16 times too large.
    advice : tuple of str
        What to do where no line or no fix was found.
    heat : dict
        Gradient name to an array of relative errors by what is known: step × gate or the like;
        with the labels of its axes. For the picture.
    sources : dict
        File to the text that was examined.
    output : str
        What the user's functions printed.
    seconds : float
    """

    verdict: str
    wrong: dict[str, Mismatch] = field(default_factory=dict)
    right: tuple[str, ...] = ()
    undecided: dict[str, str] = field(default_factory=dict)
    suspects: tuple[Suspect, ...] = ()
    fixes: tuple[Fix, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    heat: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    output: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        from reference.report.diagnosis_json import diagnosis_json

        return diagnosis_json(self)

    def to_html(self, path: str | Path) -> None:
        """Write a self-contained page."""
        from reference.report.diagnosis_html import diagnosis_html

        Path(path).write_text(diagnosis_html(self), encoding="utf-8")

    def __str__(self) -> str:
        from reference.report.diagnosis_text import diagnosis_text

        return diagnosis_text(self)

    def __repr__(self) -> str:
        from reference.report.in_short import in_short

        return in_short(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from reference.report.in_short import for_notebook

        return for_notebook(str(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print what IPython shows in a terminal."""
        printer.text(str(self))
