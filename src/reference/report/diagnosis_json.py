"""A diagnosis as plain values for other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reference.report.excerpt import diff_lines
from reference.report.plain import plain

if TYPE_CHECKING:
    from reference.debugger.diagnosis import Diagnosis, Fix

FORMAT = 1


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as dicts, lists, strings, numbers and None.

    Parameters
    ----------
    diagnosis : Diagnosis

    Returns
    -------
    dict
        With the keys, always all of them:

        - ``format``: 1; it changes when a key changes its meaning or goes
        - ``verdict``: "right", "wrong" or "inconclusive"
        - ``wrong``: gradient name to its worst mismatch: ``stage``, ``name``, ``index``,
          ``place``, ``manual``, ``reference``, ``error``, ``explained`` (what rounding explains),
          ``times`` (error in multiples of that), ``wrong`` of ``size`` entries, ``where``,
          ``reproduce``, ``note``
        - ``right``: names of the gradients that are right; ``undecided``: name of each of which
          neither is known to the reason
        - ``suspects``: best first: ``file``, ``line``, ``text``, ``function``, ``variable``,
          ``steps``, ``pattern``, ``kind``, ``why``, ``should_be``, ``confidence``, ``engines``
        - ``fixes``: best first: ``why``, ``verified``, ``lines``, ``diff``, and ``edits`` with
          ``file``, ``first``, ``last`` (lines from 1, inclusive), ``old``, ``new``
        - ``remarks``: what the numbers alone say; ``advice``: what to do where no line or no fix
          was found; ``details``: what could not be done, and why
        - ``evidence``, ``reasons``, ``heat``, ``output``, ``seconds``, and ``files``: the files
          that were examined

        A number that is not finite is None.
    """
    return plain(
        {
            "format": FORMAT,
            "verdict": diagnosis.verdict,
            "wrong": {name: mismatch.to_json() for name, mismatch in diagnosis.wrong.items()},
            "right": diagnosis.right,
            "undecided": diagnosis.undecided,
            "suspects": [asdict(suspect) for suspect in diagnosis.suspects],
            "fixes": [_fix(fix) for fix in diagnosis.fixes],
            "evidence": diagnosis.evidence,
            "reasons": diagnosis.reasons,
            "details": diagnosis.details,
            "remarks": diagnosis.remarks,
            "advice": diagnosis.advice,
            "heat": diagnosis.heat,
            "output": diagnosis.output,
            "seconds": diagnosis.seconds,
            "files": list(diagnosis.sources),
        }
    )


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "why": fix.why,
        "verified": fix.verified,
        "lines": fix.lines,
        "diff": "\n".join(diff_lines(fix)),
        "edits": [asdict(edit) for edit in fix.edits],
    }
