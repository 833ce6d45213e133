"""All subjects of the benchmark: right programs, mistakes, mutants, and their two halves."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Literal

from cases import Mistake, Mutant, Subject, program_names, program_source


def right() -> list[Subject]:
    """Right programs, in the order of their names."""
    return [Subject(name, program_source(name)) for name in program_names()]


def mistakes() -> list[Mistake]:
    """Mistaken programs, in the order of their names."""
    found: dict[str, Mistake] = {}
    for path in sorted((Path(__file__).parent / "mistakes").glob("[a-z]*.py")):
        for mistake in importlib.import_module(f"mistakes.{path.stem}").MISTAKES:
            if mistake.name in found:
                raise ValueError(f"two mistakes are named {mistake.name}")
            found[mistake.name] = mistake
    return [found[name] for name in sorted(found)]


def mutants(program: str) -> list[Mutant]:
    """Give the mutants of a right program whose gradients are really wrong, in a fixed order."""
    from mutation import mutants as made

    return made(program)


def half(name: str) -> Literal["develop", "report"]:
    """Tell the half of a case by a hash of its name that never changes.

    Examples
    --------
    >>> half("step_cell")
    'develop'
    """
    digest = hashlib.sha256(name.encode()).digest()
    return "develop" if digest[0] % 2 == 0 else "report"
