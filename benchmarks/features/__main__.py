"""Check docs/features.md: one command that prints each claim about another tool, and what is seen.

    PYTHONPATH=benchmarks python -m features [--tool MyGrad]

A tool is checked where it can be imported; the others are told as not installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import sys

from features.claims import CLAIMS

MODULES = {
    "manual-lstm": ("manual_lstm", "of_manual_lstm"),
    "gradcheck": ("torch", "of_torch"),
    "check_grads": ("jax", "of_jax"),
    "MyGrad": ("mygrad", "of_mygrad"),
    "numpy-ml": ("numpy_ml", "of_numpy_ml"),
    "torchrecurrent": ("torchrecurrent", "of_torchrecurrent"),
}


def main() -> int:
    """Print the table; return 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tool", choices=MODULES, action="append")
    wrong = 0
    for tool in parser.parse_args().tool or MODULES:
        package, module = MODULES[tool]
        if importlib.util.find_spec(package) is None:
            print(f"\n{tool}: not checked, {package} is not installed")
            continue
        importlib.import_module(f"features.{module}")
        version = importlib.metadata.version(package.replace("_", "-"))
        print(f"\n{tool}, {package} {version}")
        for claim in (claim for claim in CLAIMS if claim.tool == tool):
            try:
                holds, seen = True, claim.look()
            except Exception as error:
                holds, seen = False, f"{type(error).__name__}: {error}"
            wrong += not holds
            print(f"  {'ok   ' if holds else 'WRONG'} {claim.row}: {claim.cell}\n        {seen}")
    print(f"\n{wrong} claims do not hold" if wrong else "\nevery claim that was checked holds")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
