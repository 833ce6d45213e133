"""Check every subject: right programs are right, mistakes are wrong as described.

Usage: ``python benchmarks/debugger/verify.py [--mutants] [NAME ...]``
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from cases import KINDS, SYMPTOMS, Mistake, Mutant, Subject, load
from observe import RIGHT, WRONG, symptoms
from oracle import complex_steps, errors, examples
from subjects import half, mistakes, mutants, right


def check_right(subject: Subject, count: int = 3) -> tuple[list[str], bool]:
    """Complaints about a right program, and whether complex steps could witness it."""
    module = load(subject.source, subject.name)
    complaints = []
    params, inputs = examples(module, 1)[0]
    manual = module.backward(params, inputs)
    missing = set(params) - set(manual)
    if missing:
        complaints.append(f"no gradient of {sorted(missing)}")
    if seen := symptoms(module, subject.name, count):
        complaints.append(f"shows {seen}")
    witness = complex_steps(subject.source, params, inputs, set(manual))
    if witness is not None and not max(errors(manual, witness).values()) < RIGHT:
        complaints.append(f"differs from complex steps by {max(errors(manual, witness).values())}")
    return complaints, witness is not None


def check_mistake(mistake: Mistake) -> list[str]:
    """Complaints about a mistake."""
    complaints = []
    source = mistake.source
    seen = symptoms(load(source, mistake.name), mistake.program)
    if set(seen) != set(mistake.shows):
        complaints.append(f"shows {sorted(seen)}, but is said to show {sorted(mistake.shows)}")
    if "gradient" in seen and not seen["gradient"] > WRONG:
        complaints.append(f"gradients are wrong by {seen['gradient']:.1e} only")
    for fault in mistake.faults:
        if not set(fault.kinds) <= set(KINDS):
            complaints.append(f"unknown kind {fault.kind!r}")
        try:
            fault.line_numbers(source)
        except ValueError as error:
            complaints.append(str(error))
    if not set(mistake.shows) <= set(SYMPTOMS):
        complaints.append(f"unknown symptom in {mistake.shows}")
    if len(mistake.edits) == len(mistake.faults) > 1:
        for index in range(len(mistake.edits)):
            part = symptoms(load(mistake.apply([index]), mistake.name), mistake.program)
            if not part:
                complaints.append(f"fault {index} alone shows nothing")
    return complaints


def same(cases: Iterable[Mistake]) -> list[tuple[str, str]]:
    """Pairs of mistakes that make the same program, however it is laid out."""
    seen: dict[tuple[str, str], str] = {}
    pairs = []
    for mistake in cases:
        try:
            made = ast.dump(ast.parse(mistake.source))
        except SyntaxError:
            made = mistake.source
        first = seen.setdefault((mistake.program, made), mistake.name)
        if first != mistake.name:
            pairs.append((first, mistake.name))
    return pairs


def tally(words: Iterable[str]) -> str:
    """Words with their counts, the most frequent first."""
    return ", ".join(f"{word} {count}" for word, count in Counter(words).most_common())


def main() -> int:
    """Check what is named, or everything; print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these cases")
    parser.add_argument("--mutants", action="store_true", help="count the mutants too (slow)")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()

    def wanted(name: str) -> bool:
        return not options.names or name in options.names

    start = time.perf_counter()
    programs = [subject for subject in right() if wanted(subject.name)]
    cases = [mistake for mistake in mistakes() if wanted(mistake.name)]
    cases.sort(key=lambda mistake: mistake.program)  # so that a process meets a program once
    failed = witnessed = 0
    made: list[Mutant] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for subject, (complaints, by_complex_steps) in zip(
            programs, pool.map(check_right, programs), strict=True
        ):
            witnessed += by_complex_steps
            failed += bool(complaints)
            for complaint in complaints:
                print(f"right program {subject.name}: {complaint}")
        for mistake, complaints in zip(
            cases, pool.map(check_mistake, cases, chunksize=8), strict=True
        ):
            failed += bool(complaints)
            for complaint in complaints:
                print(f"mistake {mistake.name}: {complaint}")
        if options.mutants:
            for some in pool.map(mutants, [subject.name for subject in programs]):
                made += some
    for one, other in same(cases):
        failed += 1
        print(f"mistakes {one} and {other} are the same: in two halves they would tell each other")
    faults = [fault for mistake in cases for fault in mistake.faults]
    halves = Counter(half(mistake.name) for mistake in cases)
    right_halves = Counter(half(subject.name) for subject in programs)
    print(
        f"right programs: {len(programs)} ({right_halves['develop']} develop, "
        f"{right_halves['report']} report), {witnessed} witnessed by complex steps too"
    )
    print(
        f"mistakes: {len(cases)} ({halves['develop']} develop, {halves['report']} report) in "
        f"{len({mistake.program for mistake in cases})} programs, {len(faults)} faults of "
        f"{len({fault.kinds[0] for fault in faults})} kinds"
    )
    print("kinds: " + tally(fault.kinds[0] for fault in faults))
    if options.mutants:
        by_half = Counter(half(mutant.name) for mutant in made)
        print(
            f"mutants: {len(made)} ({by_half['develop']} develop, {by_half['report']} report) by "
            f"{len({mutant.operator for mutant in made})} operators"
        )
        print("operators: " + tally(mutant.operator for mutant in made))
    print(f"failed: {failed}; {time.perf_counter() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
