"""What a second reader calls the faults, who saw the changes and not what their authors call them.

    python benchmarks/debugger/readers.py      # how far the two agree

`second_reader.json` holds, for each fault of each mistake, the kinds and the time steps that the
second reader accepts, the best first.
"""

from __future__ import annotations

import json
from pathlib import Path

from cases import Fault
from subjects import mistakes

_READ: dict[str, list[dict[str, list[str]]]] = json.loads(
    (Path(__file__).parent / "second_reader.json").read_text()
)


def of_either(name: str, faults: tuple[Fault, ...]) -> list[dict[str, list[str]]]:
    """Kinds and steps of each fault of a mistake that its author or the second reader accepts."""
    second = _READ.get(name) or [{"kinds": [], "steps": []}] * len(faults)
    return [
        {
            "kinds": [*fault.kinds, *read["kinds"]],
            "steps": [*fault.steps.split(" | "), *read["steps"]],
        }
        for fault, read in zip(faults, second, strict=True)
    ]


def agreement() -> str:
    """Say how often the second reader's words are among the author's, in a table."""
    rows = []
    for key in ("kinds", "steps"):
        pairs = [
            (read[key], fault.kinds if key == "kinds" else fault.steps.split(" | "))
            for mistake in mistakes()
            for fault, read in zip(mistake.faults, _READ.get(mistake.name, ()), strict=False)
        ]
        first = sum(said[0] in accepted for said, accepted in pairs)
        any_of = sum(bool(set(said) & set(accepted)) for said, accepted in pairs)
        count = len(pairs)
        rows.append(
            f"{key}: of {count} faults the second reader's first word is one of the author's in "
            f"{100 * first / count:.0f} %, any of them in {100 * any_of / count:.0f} %"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(agreement())
