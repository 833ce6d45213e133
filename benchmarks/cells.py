"""What stands behind each cell and layer: one row each, and every figure measured.

python -m benchmarks.cells                                   the table, on the screen
python -m benchmarks.cells --write docs/cells-evidence.md    the table as a page

The mutants are those of ``benchmarks.mutation --save FILE``, which takes minutes: with ``--mutants
FILE`` they are read from there, and measured otherwise. ``--save FILE`` and ``--from FILE`` do the
same for all the rest; ``--from docs/cells-evidence.md`` takes all that is measured from the page
as it stands, and only counts parameters anew. Witnesses are asked where the libraries of
`make peers` are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np
from benchmarks.mutation_summary import Summary, all_subjects, load, measure
from benchmarks.parameters import parameters_of

from reference import check
from reference.batch import BatchComparison, compare_batch
from reference.cells import TWINS
from reference.everything import CHECKED_LAYERS, short
from reference.oracles import NumericOracle
from reference.plan import Plan
from reference.problem import Case
from reference.subject import subject_of

INTRODUCTION = """\
# Evidence

What stands behind each cell and layer of [the cells](cells.md). The page is written by
`python -m benchmarks.cells --write docs/cells-evidence.md`; nothing in it is typed by hand.

- **Parameters**: how many numbers `init_params` gives, as a formula in D and H and with D = 3 and
  H = 4 (that of `LSTMP` holds for an even H); of a layer, how many the one that was measured has.
- **Proved**: the backward is the derivative of the forward in exact arithmetic, over a whole
  sequence, for dense inputs, ragged lengths and, where the cell takes them, index inputs.
- **Cases**: random problems compared with JAX, all their gradients, of all variants of the cell.
- **JAX**, **complex step**: the worst error of any result, in units of (ε · largest entry +
  response to changes of one unit in the last place), of which 32 are allowed.
- **Mutants**: one small mistake each in `step_backward` or `run_backward`; how many were caught by
  JAX alone and by the prover alone, and how many compute the same function
  ([the list](mutation.md)).
- **Witnesses**: libraries that compute the same, and the worst error of any output, final state or
  gradient in the same units; "forward" where the library knows no gradients (float32).
"""


HEAD = (
    "| cell or layer | parameters | proved | cases | JAX | complex step | mutants | witnesses |",
    "|---|---:|---|---:|---:|---:|---|---|",
)


@dataclass(frozen=True)
class Row:
    """What is known of one cell or layer."""

    name: str
    proved: str
    cases: int
    jax: float
    complex_step: str
    backward: str
    witnesses: str

    def told(self, summaries: dict[str, Summary]) -> str:
        """Return the row of the table."""
        cells = (
            f"`{self.name}`",
            parameters_of(self.name),
            self.proved,
            f"{self.cases:,}",
            f"{self.jax:.1f}",
            self.complex_step,
            mutants_of(self.backward, summaries),
            self.witnesses,
        )
        return "| " + " | ".join(cells) + " |"


def worst_of(comparison: BatchComparison) -> float:
    """Return the worst error of any result, as `Row` tells it."""
    return max(float(comparison.in_ulps(name).max(initial=0)) for name in comparison.errors)


def proved_by(report: Any) -> str:
    proofs = report.evidence.proofs
    if all(proof.verdict == "proved" for proof in proofs.values()):
        return "yes: " + ", ".join(name.split()[0] for name in proofs)
    return "; ".join(f"{name}: {proof.verdict}" for name, proof in proofs.items())


def complex_step_of(cell: Any, sizes: tuple[int, int], variants: int = 1) -> str:
    """Compare a few problems with the complex step of the NumPy forward itself."""
    subject = subject_of(cell)
    plan, worst = Plan(subject), 0.0
    for variant in range(variants):
        D, H = sizes
        cases = [Case(T=3, B=2, D=D, H=H, seed=seed, ragged=bool(seed)) for seed in range(2)]
        problems = [plan.draw(case, variant) for case in cases]
        oracle = NumericOracle(complex_step=True)
        comparison = compare_batch(problems, oracle, np.random.default_rng(0))
        if comparison.failing:
            return "differs"
        worst = max(worst, worst_of(comparison))
    return f"{worst:.1f}"


def mutants_of(name: str, summaries: dict[str, Summary]) -> str:
    if not name:
        return "as above"
    summary = summaries[name]
    same = len(summary.equivalent)
    told = f"{summary.sampled:,} and {summary.exact:,} of {summary.mutants:,}"
    return f"{told}; {same} the same"


def witnesses(tell: Any) -> dict[str, list[str]]:
    """Return what each library says of each cell or layer, by the name that it has here."""
    needed = ("torch", "torchrecurrent", "flax", "keras", "onnx", "onnxruntime")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        print(f"no witnesses: {', '.join(missing)} missing", file=sys.stderr)
        return {}
    from tests.peers.onnx_runtime import CELLS, RUNTIME, draw_single, run_forward
    from tests.peers.witness import SHAPES, SIDES
    from tests.peers.witnessed import WITNESSED

    cases = [
        replace(SHAPES[shape], seed=seed, ragged=bool(seed % 2))
        for shape in ("T=4", "T=7")
        for seed in range(4)
    ]
    told: dict[str, list[str]] = {}
    for pair in WITNESSED:
        comparisons = [
            compare_batch([pair.draw(case)], pair.witness, np.random.default_rng(0), SIDES["NumPy"])
            for case in cases
        ]
        tell(str(pair))
        alone = " (losses of h alone)" if pair.h_alone else ""
        _tell(told, pair.name, f"{pair.witness.name}{alone}", comparisons)
    for name, make in CELLS.items():
        problems = [draw_single(make, case) for case in cases]
        comparisons = [
            compare_batch([problem], RUNTIME, np.random.default_rng(0), run_forward)
            for problem in problems
        ]
        _tell(told, name, "onnxruntime, forward", comparisons)
    return told


def _tell(
    told: dict[str, list[str]], name: str, peer: str, comparisons: list[BatchComparison]
) -> None:
    failing = any(comparison.failing for comparison in comparisons)
    worst = max(worst_of(comparison) for comparison in comparisons)
    told.setdefault(name, []).append(f"{peer} {'DIFFERS' if failing else format(worst, '.1f')}")


def of_kind(told: dict[str, list[str]], *names: str) -> str:
    """Return what the witnesses of some names said; each name but the first is told as well."""
    parts = []
    for name in told:
        if name == names[0]:
            parts += told[name]
        elif name in names:
            parts += [f"{name}: {part}" for part in told[name]]
    return "; ".join(parts) or "none"


# Names that witnesses have for a cell in one of its variants, or for a layer.
VARIANTS = {
    "ActivationLSTM": ("LSTM, hard sigmoid", "LSTM, softsign", "LSTM, ReLU"),
    "GRU": ("GRU without bias",),
    "GRUResetBefore": ("GRU, hard sigmoid",),
    "RNN": ("RNN with ReLU", "RNN, ReLU"),
    "Bidirectional": ("bidirectional LSTM", "bidirectional GRU", "two bidirectional GRUs"),
    "Stack": ("two LSTMs", "two bidirectional GRUs"),
}


def rows(cases: int, tell: Any) -> Iterator[Row]:
    """Measure one cell or layer after the other."""
    told = witnesses(tell)
    for kind, twin in TWINS.items():
        name = kind.__name__
        tell(name)
        report = check(kind, cases=cases)
        yield Row(
            name,
            twin.not_proved or proved_by(report),
            report.evidence.sampled,
            max(report.worst.values()),
            complex_step_of(kind, (2, 3), len(twin.variants)),
            f"{name}.step_backward",
            of_kind(told, name, *VARIANTS.get(name, ())),
        )
    seen: set[str] = set()
    for layer in CHECKED_LAYERS:
        tell(type(layer).__name__)
        report, kind = check(layer, cases=cases), type(layer).__name__
        first = kind not in seen
        seen.add(kind)
        yield Row(
            short(layer),
            proved_by(report),
            report.evidence.sampled,
            max(report.worst.values()),
            complex_step_of(layer, (layer.sizes["D"], 1)),
            f"{kind}.run_backward" if first else "",
            of_kind(told, *VARIANTS.get(kind, ("",))) if first else "as above",
        )


def page(table: list[Row], summaries: dict[str, Summary]) -> str:
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}",
                f"JAX {jax.__version__}", f"{os.cpu_count()} cores"]  # fmt: skip
    return whole([row.told(summaries) for row in table], f"{', '.join(versions)}.")


def whole(table: list[str], versions: str) -> str:
    return "\n".join([INTRODUCTION, *HEAD, *table, "", versions, ""])


def counted_anew(text: str) -> str:
    """Return a page with what its table says that was measured, and parameters counted anew."""
    table = []
    for line in text.splitlines():
        if line.startswith("| `"):
            name, *figures = line.strip("| ").split(" | ")
            measured = figures[-6:]  # parameters are the one column before these
            table.append(f"| {' | '.join((name, parameters_of(name.strip('`')), *measured))} |")
    return whole(table, text.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=512, help="problems of each cell, at least")
    parser.add_argument("--mutants", type=Path, metavar="FILE", help="figures that were kept")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep all but the mutants there")
    parser.add_argument(
        "--from", type=Path, metavar="FILE", dest="saved", help="what was kept, or the page itself"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there")
    options = parser.parse_args()

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def write(text: str) -> int:
        if options.write is None:
            print(text)
        else:
            options.write.write_text(text)
        return 0

    if options.saved is not None and options.saved.suffix == ".md":
        return write(counted_anew(options.saved.read_text()))
    jax.config.update("jax_enable_x64", True)  # flax and Keras compute in what JAX is set to
    if options.saved is not None:
        table = [Row(**row) for row in json.loads(options.saved.read_text())]
    else:
        table = list(rows(options.cases, tell))
    if options.save is not None:
        options.save.write_text(json.dumps([asdict(row) for row in table], indent=1) + "\n")
        return 0
    if options.mutants is not None:
        summaries = load(options.mutants)
    else:
        wanted = {row.backward for row in table}
        summaries = measure([s for s in all_subjects() if s.name in wanted], tell)
    return write(page(table, {summary.name: summary for summary in summaries}))


if __name__ == "__main__":
    sys.exit(main())
