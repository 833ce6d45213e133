"""The other side: JAX twins, oracles, proofs and checks for hand-written recurrent backwards.

The public names are imported when they are first used, so that the command line can answer
``--help`` without loading JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference.campaigns.campaign import CampaignResult, campaign
    from reference.char_lm_check import check_char_lm
    from reference.checker import check
    from reference.compare import Mismatch
    from reference.debugger.debug import debug
    from reference.debugger.diagnosis import Diagnosis
    from reference.estimate import check_estimate
    from reference.estimate_report import EstimateReport
    from reference.exact import prove, prove_cell, prove_char_lm
    from reference.problem import Case, Problem, draw
    from reference.report.record import BackwardIsWrongError, Evidence, Report

_HOME = {
    "BackwardIsWrongError": "reference.report.record",
    "CampaignResult": "reference.campaigns.campaign",
    "Case": "reference.problem",
    "EstimateReport": "reference.estimate_report",
    "Diagnosis": "reference.debugger.diagnosis",
    "Evidence": "reference.report.record",
    "Mismatch": "reference.compare",
    "Problem": "reference.problem",
    "Report": "reference.report.record",
    "campaign": "reference.campaigns.campaign",
    "check": "reference.checker",
    "check_char_lm": "reference.char_lm_check",
    "check_estimate": "reference.estimate",
    "debug": "reference.debugger.debug",
    "draw": "reference.problem",
    "prove": "reference.exact",
    "prove_cell": "reference.exact",
    "prove_char_lm": "reference.exact",
}

__all__ = [
    "BackwardIsWrongError",
    "CampaignResult",
    "Case",
    "Diagnosis",
    "EstimateReport",
    "Evidence",
    "Mismatch",
    "Problem",
    "Report",
    "campaign",
    "check",
    "check_char_lm",
    "check_estimate",
    "debug",
    "draw",
    "prove",
    "prove_cell",
    "prove_char_lm",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'reference' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
