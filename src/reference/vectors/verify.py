"""Compare a port's answers with golden vectors, and name the first wrong value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.report.plain import plain
from reference.vectors.files import Stored

# What must be answered before a port is called right; the rest says where it goes wrong.
_NEEDED = ("output.", "gradient.")
_BY_STEP = ("forward.", "backward.")


@dataclass(frozen=True)
class Wrong:
    """The first wrong value in the order of computing."""

    name: str
    index: tuple[int, ...]
    answer: float
    must_be: float
    times: float  # multiples of what rounding explains

    def __str__(self) -> str:
        """Tell it in one line."""
        if not self.index:
            return f"{self.name} has another shape than the vectors"
        place = ", ".join(f"{word} {k}" for word, k in zip(words(self.name, self.index), self.index,
                                                           strict=True))  # fmt: skip
        return (f"{self.name} at {place}: {self.answer:.9g}, but must be {self.must_be:.9g}, "
                f"off by {self.times:.2g} × what rounding explains")  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What was found: right, wrong or inconclusive."""

    cell: str
    precision: str
    compared: list[str]
    first_wrong: Wrong | None = None
    agree_before: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Wrong if anything is; right if all that is needed was answered; else inconclusive."""
        if self.wrong:
            return "wrong"
        lacking = [name for name in self.missing if name.startswith(_NEEDED)]
        return "inconclusive" if lacking or not self.compared else "right"

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        first = self.first_wrong and asdict(self.first_wrong) | {"text": str(self.first_wrong)}
        return plain({"verdict": self.verdict, **asdict(self), "first_wrong": first})

    def __str__(self) -> str:
        """Return the report: the verdict first, then the first wrong value."""
        lines = [f"{self.verdict}: {self.cell} in {self.precision}, {len(self.compared)} arrays "
                 "compared"]  # fmt: skip
        if self.first_wrong is not None:
            lines += ["", "  first wrong value, in the order of computing:",
                      f"    {self.first_wrong}",
                      f"    the {self.agree_before:,} values compared before it agree"]  # fmt: skip
            lines += ["", "  wrong:", *(f"    {name}: {what}" for name, what in self.wrong.items())]
        if self.missing:
            needed = [name for name in self.missing if name.startswith(_NEEDED)]
            others = [name for name in self.missing if not name.startswith(_NEEDED)]
            lines.append("")
            if needed:
                lines.append(f"  not answered, but needed: {', '.join(needed)}")
            if others:
                lines.append(f"  not answered: {', '.join(others)}")
        if self.unknown:
            lines.append(f"  not among the vectors: {', '.join(self.unknown)}")
        return "\n".join(lines)


def verify(stored: Stored, precision: str, answers: dict[str, Array]) -> Verdict:
    """Compare answers with vectors, in the order in which a port computes them.

    Forward values come step by step from the first to the last, adjoints from the last to the
    first, then the gradients.
    """
    arrays = {name: array for name, array in stored.arrays.items() if not name.startswith("input.")}
    compared = [name for name in arrays if name in answers]
    tolerances = {name: stored.manifest["arrays"][name]["tolerance"][precision] for name in arrays}
    # How many times more an answer is off than rounding explains; a wrong shape is infinitely so.
    times = {name: excess(answers[name], arrays[name], tolerances[name]) for name in compared}
    first, agree = None, 0
    for name, index in order_of_computing(arrays):
        if name not in times:
            continue
        part = times[name][index]
        if (part > 1).any():
            first = first_in(name, index, times[name], answers[name], arrays[name])
            break
        agree += part.size
    return Verdict(
        cell=stored.manifest["cell"],
        precision=precision,
        compared=compared,
        first_wrong=first,
        agree_before=agree,
        wrong={
            name: extent(name, times[name], answers[name])
            for name in compared
            if (times[name] > 1).any()
        },
        missing=[name for name in arrays if name not in answers],
        unknown=[name for name in answers if name not in stored.arrays],
    )


def order_of_computing(arrays: dict[str, Array]) -> list[tuple[str, Any]]:
    """Return (name, index of the part) in the order in which the parts are computed."""
    T = next(len(array) for name, array in arrays.items() if name.startswith(_BY_STEP))

    def by_step(kind: str, steps: Any) -> list[tuple[str, Any]]:
        return [(name, t) for t in steps for name in arrays if name.startswith(kind)]

    def whole(kind: str) -> list[tuple[str, Any]]:
        return [(name, ...) for name in arrays if name.startswith(kind)]

    return [
        *by_step("forward.", range(T)),
        *whole("output."),
        *by_step("backward.", reversed(range(T))),
        *whole("gradient."),
    ]


def excess(answer: Array, reference: Array, tolerance: float) -> Array:
    """Return each entry's error as a multiple of what rounding explains."""
    if answer.shape != reference.shape:
        return np.full(reference.shape, np.inf)
    error = np.abs(answer.astype(np.float64) - reference.astype(np.float64))
    return np.where(np.isnan(error), np.inf, error) / tolerance


def first_in(name: str, index: Any, times: Array, answer: Array, reference: Array) -> Wrong:
    """Return the first wrong value of a part that has one."""
    if answer.shape != reference.shape:
        return Wrong(name, (), float("nan"), float("nan"), float("inf"))
    within = tuple(int(k) for k in np.argwhere(times[index] > 1)[0])
    place = within if index is ... else (index, *within)
    return Wrong(name, place, float(answer[place]), float(reference[place]), float(times[place]))


def extent(name: str, times: Array, answer: Array) -> str:
    """Tell how much of an array is wrong."""
    if answer.shape != times.shape:
        return f"shape {answer.shape}, but must be {times.shape}"
    wrong = times > 1
    text = f"{int(wrong.sum())} of {wrong.size} values"
    if name.startswith(_BY_STEP):
        steps = [str(t) for t in range(len(wrong)) if wrong[t].any()]
        text += f", at t {', '.join(steps)}"
    return text


def words(name: str, index: tuple[int, ...]) -> list[str]:
    """Return what each number of an index counts."""
    if name.startswith(_BY_STEP):
        return ["t", "batch", "unit", "column"][: len(index)]
    if name in ("output.hs", "gradient.xs"):
        return ["t", "batch", "unit" if name == "output.hs" else "input"]
    if "state" in name:
        return ["batch", "unit", "column"][: len(index)]
    return ["row", "column"][: len(index)] if len(index) > 1 else ["column"][: len(index)]
