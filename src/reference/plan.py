"""Which oracle can be asked about a cell, and which problems it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import jax
import numpy as np

from reference.cells import no_tap
from reference.oracle import arguments, sequence_vjp, step_of
from reference.oracles import JaxOracle, NumericOracle, Oracle
from reference.problem import Case, Problem, draw
from reference.stacking import Padded, SameShape
from reference.subject import Subject, takes_indices
from reference.trace import NotTraceableError, traced_step

# What one batch is padded to, where padding is exact.
WIDEST = Case(T=8, B=4, D=6, H=6)
# Where every shape costs a compilation: sizes all different, then ones.
SHAPES = (Case(4, 3, 2, 5), Case(3, 2, 4, 3), Case(5, 4, 3, 2), Case(1, 1, 1, 1))
BATCH = 64
TRACED = "JAX, which traced the step itself"


@dataclass(frozen=True)
class Plan:
    """An oracle for a subject, and endless batches of problems for it.

    Parameters
    ----------
    subject : Subject
    step : callable or None
        The traced JAX step of a cell without a twin.
    numeric : bool or None
        None to ask JAX; else whether to ask the complex step (or else differences).
    why : str
        Why JAX is not asked, or "".
    """

    subject: Subject
    step: object = None
    numeric: bool | None = None
    why: str = ""

    @property
    def pads(self) -> bool:
        """Whether problems of different sizes share a computation."""
        return self.subject.twin is not None and self.subject.twin.padding_is_exact

    @property
    def oracle_name(self) -> str:
        """What to call the oracle in a report."""
        return self.oracle(SHAPES[0]).name

    def oracle(self, case: Case, variant: int = 0) -> Oracle:
        """Return the oracle for problems of one variant with the sizes D and H of `case`.

        One compilation serves them all, from the whole sequence to the single step.
        """
        if self.numeric is not None:
            return NumericOracle(complex_step=self.numeric)
        if self.step is not None:
            step = SameShape(step=self.step, T=WIDEST.T, B=WIDEST.B)
            return JaxOracle(step, TRACED, count=BATCH)
        D, H = self.subject.sizes or (WIDEST.D, WIDEST.H)
        if self.pads:
            cell = self.widest(replace(case, D=D, H=H), variant)
            return JaxOracle(Padded(cell, T=WIDEST.T, B=WIDEST.B), count=BATCH)
        cell = self.subject.make(case.D, case.H, variant)
        return JaxOracle(SameShape(cell=cell, T=WIDEST.T, B=WIDEST.B), count=BATCH)

    def widest(self, case: Case, variant: int = 0) -> Any:
        """Return the cell that others of a variant are padded to, of the sizes of `case`."""
        cell = self.subject.make(case.D, case.H, variant)
        # Zeros stand for a bias that is not there.
        return replace(cell, bias=True) if hasattr(cell, "bias") else cell

    def oracle_alone(self, problem: Problem) -> Oracle:
        """Return the oracle for one problem at its own size: no padding, its own compilation."""
        if self.numeric is not None:
            return NumericOracle(complex_step=self.numeric)
        if self.step is not None:
            return JaxOracle(SameShape(step=self.step), TRACED)
        return JaxOracle(SameShape(cell=problem.cell))

    def batches(
        self, rng: np.random.Generator, first: int = 0
    ) -> Iterator[tuple[Oracle, list[Problem]]]:
        """Yield batches of problems of one variant with the oracle to ask about them, endlessly.

        Variants, and sizes where each costs a compilation, take turns, from turn `first` on.
        """
        indices = self.subject.twin is not None and takes_indices(self.subject)
        for turn in count(first):
            variant, lap = turn % self.subject.variants, turn // self.subject.variants
            if self.pads:
                cases = [self._any_size(rng) for _ in range(BATCH)]
            else:
                shape = SHAPES[lap % len(SHAPES)]
                size = 4 if self.numeric is not None else BATCH
                cases = [self._sized(shape) for _ in range(size)]
            cases = [knobs(rng, case, index_inputs=indices) for case in cases]
            problems = [self.draw(case, variant) for case in cases]
            yield self.oracle(cases[0], variant), problems

    def draw(self, case: Case, variant: int = 0) -> Problem:
        """Draw the problem of a case."""
        return draw(self.subject.make(case.D, case.H, variant), case)

    def _any_size(self, rng: np.random.Generator) -> Case:
        T, B = int(rng.integers(3, WIDEST.T + 1)), int(rng.integers(2, WIDEST.B + 1))
        if rng.random() < 0.1:  # the edges that hide mistakes still have to work
            T, B = int(rng.integers(0, 3)), int(rng.integers(1, 3))
        D, H = int(rng.integers(1, WIDEST.D + 1)), int(rng.integers(1, WIDEST.H + 1))
        return self._sized(Case(T, B, D, H))

    def _sized(self, case: Case) -> Case:
        D, H = self.subject.sizes or (case.D, case.H)
        return replace(case, D=D, H=H)


def knobs(rng: np.random.Generator, case: Case, *, index_inputs: bool) -> Case:
    """Return `case` with its seed, scales and kinds of input drawn."""
    return replace(
        case,
        seed=int(rng.integers(2**31)),
        index_inputs=index_inputs and bool(rng.random() < 0.3),
        ragged=bool(rng.random() < 0.6),
        weight_scale=float(rng.uniform(0.3, 2)),
        bias_scale=float(rng.uniform(0.3, 4)),
        state_scale=float(rng.uniform(0.3, 2)),
        float32=bool(rng.random() < 0.1),
    )


def plan_for(subject: Subject) -> Plan:
    """Find an oracle: the twin, else the step traced by JAX, else complex step, else differences.

    Raises
    ------
    Exception
        Whatever the cell's own forward raises.
    """
    if subject.twin is not None:
        return Plan(subject)
    case = SHAPES[0]
    D, H = subject.sizes or (case.D, case.H)
    problem = draw(subject.make(D, H), replace(case, D=D, H=H))
    if subject.is_layer:
        return _plan_for_layer(subject, problem)
    step = traced_step(problem.cell)
    try:
        with jax.enable_x64(True):
            rows = jax.tree.map(lambda part: part[0], problem.state0)
            jax.eval_shape(
                lambda *now: step(None, *now, no_tap), problem.params, rows, problem.xs[0, 0]
            )
    except NotTraceableError as error:
        complex_step = _is_analytic(problem)
        return Plan(subject, numeric=complex_step, why=f"JAX could not trace the step: {error}")
    return Plan(subject, step=step)


def _plan_for_layer(subject: Subject, problem: Problem) -> Plan:
    """Ask JAX about a layer whose parts it knows or can trace, else the layer's own forward."""
    try:
        with jax.enable_x64(True):
            function = partial(sequence_vjp, step_of(problem.cell), problem.cell)
            jax.eval_shape(function, *arguments(problem))
    except NotTraceableError as error:
        why = f"JAX could not run the layer: {error}"
        return Plan(subject, numeric=_is_analytic(problem), why=why)
    return Plan(subject)


def _is_analytic(problem: Problem) -> bool:
    """Return whether the complex step and differences agree on the whole gradient."""
    oracles = [NumericOracle(complex_step=True), NumericOracle(complex_step=False)]
    rng = np.random.default_rng(0)
    small = replace(problem, xs=problem.xs[:2], dhs=problem.dhs[:2], lengths=None)
    try:
        exact, rough = (oracle.answers([small], np.zeros(1), rng)[0] for oracle in oracles)
    except Exception:  # not analytic in their own way: complex numbers refused
        return False
    return all(np.allclose(exact[name], rough[name], rtol=1e-5, atol=1e-6) for name in exact)
