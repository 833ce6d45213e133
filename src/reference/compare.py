"""Element-wise comparison of a manual and a reference result, into `Mismatch` records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.sequence_checks import named_leaves_of_shapes
from manual_lstm.shapes import parse
from manual_lstm.trees import output_of

NOT_COUNTED = "the others were not looked at"  # the note of one entry of a large array
_WORDS = {"T": "t", "B": "batch", "D": "input", "H": "unit", "P": "projected unit"}


@dataclass(frozen=True)
class Mismatch:
    """One result that differs from the reference by more than rounding explains.

    Parameters
    ----------
    stage : str
        Which check found it: VALUE, LOCAL, CARRY, ACCUM, EFFECT or TOTAL.
    name : str
        Such as ``params.W_h``, ``xs``, ``state0.c``, ``hs``.
    index : tuple of int
        Place of the largest difference.
    place : dict
        The same place decoded: gate, unit, t, batch, ... as far as known.
    manual, reference : float
        The two values at that place.
    error : float
        Their difference, in the unit of the result.
    explained : float
        The largest difference that rounding explains.
    wrong, size : int
        How many entries differ by more than that, of how many.
    where : dict
        For each decoded axis, the values at which anything is wrong, such as the gates.
    reproduce : str
        A line that shows it again.
    note : str
        What else is known, in one sentence.
    """

    stage: str
    name: str
    index: tuple[int, ...]
    place: dict[str, Any]
    manual: float
    reference: float
    error: float
    explained: float
    wrong: int
    size: int
    where: dict[str, list[Any]] = field(default_factory=dict)
    reproduce: str = ""
    note: str = ""

    @property
    def times(self) -> float:
        """The error in multiples of what rounding explains."""
        return self.error / self.explained if self.explained else float("inf")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"times": self.times}


def compare(
    stage: str,
    name: str,
    manual: Array,
    reference: Array,
    explained: float,
    *,
    axes: tuple[str, ...] | None = None,
    gates: str | None = None,
    fixed: dict[str, Any] | None = None,
) -> Mismatch | None:
    """Return a `Mismatch` if any entry differs by more than `explained`, else None.

    Parameters
    ----------
    stage, name
        As in `Mismatch`.
    manual, reference : ndarray
        A difference in shape is a mismatch of every entry.
    explained : float
        As from `reference.tolerance.bound`.
    axes : tuple of str, optional
        Symbolic shape of the result, such as ``("H", "4H")``.
    gates : str, optional
        One letter for each block of an axis such as 4H.
    fixed : dict, optional
        Known coordinates, such as ``{"t": 3}``, that are put before the decoded ones.
    """
    fixed = fixed or {}
    if np.shape(manual) != reference.shape:
        note = f"shape {np.shape(manual)} where {reference.shape} is right"
        nan, size = float("nan"), reference.size
        return Mismatch(stage, name, (), dict(fixed), nan, nan, np.inf, explained, size, size,
                        note=note)  # fmt: skip
    difference = np.abs(np.asarray(manual, np.float64) - reference)
    difference = np.where(np.isnan(difference), np.inf, difference)
    wrong = difference > explained
    if not wrong.any():
        return None
    worst = np.unravel_index(int(difference.argmax()), difference.shape)
    index = tuple(int(k) for k in worst)
    places = [decode(tuple(int(k) for k in at), wrong.shape, axes, gates)
              for at in np.argwhere(wrong)[:10_000]]  # fmt: skip
    where = {
        key: sorted({place[key] for place in places}, key=str if key == "gate" else None)
        for key in (places[0] if places else {})
    }
    return Mismatch(
        stage=stage,
        name=name,
        index=index,
        place=fixed | decode(index, wrong.shape, axes, gates),
        manual=float(manual[index]),
        reference=float(reference[index]),
        error=float(difference[index]),
        explained=explained,
        wrong=int(wrong.sum()),
        size=wrong.size,
        where=where,
    )


def axes_of(name: str, cell: Any) -> tuple[str, ...] | None:
    """Return the symbolic shape of a result of `cell` by its name, if known."""
    if name == "xs":
        return ("T", "B", "D")
    if name == "hs":
        states = getattr(cell, "state_shapes", None)
        return ("T", "B", "H") if states is None else ("T", *output_of(states))
    kind, _, leaf = name.partition(".")
    shapes = getattr(cell, "param_shapes" if kind == "params" else "state_shapes", None)
    return named_leaves_of_shapes(shapes).get(leaf)


def decode(
    index: tuple[int, ...],
    shape: tuple[int, ...],
    axes: tuple[str, ...] | None,
    gates: str | None,
) -> dict[str, Any]:
    """Tell an index in the words of the cell: gate, unit, t, batch, input.

    Examples
    --------
    >>> decode((2, 7), (5, 20), ("H", "4H"), "ifgo")
    {'from unit': 2, 'gate': 'f', 'unit': 2}
    """
    if axes is None or len(axes) != len(index):
        return {}
    place: dict[str, Any] = {}
    letters = [parse(axis)[1] for axis in axes]
    for position, (axis, k) in enumerate(zip(axes, index, strict=True)):
        blocks, letter = parse(axis)
        word = _WORDS.get(letter, letter)
        if letter in letters[position + 1 :]:
            word = f"from {word}"
        if blocks > 1:
            size = shape[position] // blocks
            # A matrix may hold another number of blocks than there are gates.
            place["gate"] = gates[k // size] if gates and len(gates) == blocks else k // size
            k = k % size
        place[word] = k
    return place
